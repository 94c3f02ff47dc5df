"use strict";
// Tables sort by a click on a head, rows are filtered by what is typed, and a figure shows the calls that it is made of.
const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.s === undefined ? cell.textContent : Number(cell.dataset.s);
};
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
        return down ? -order : order;
      });
      body.append(...rows);
    });
  });
}
const wanted = new Map();
let chosen = null;
const sieve = (table) => {
  const text = (wanted.get(table.id) || "").toLowerCase();
  let seen = 0;
  for (const row of table.tBodies[0].rows) {
    const inChosen = table.id !== "calls" || chosen === null || chosen.has(row.id);
    row.hidden = !(inChosen && row.textContent.toLowerCase().includes(text));
    seen += row.hidden ? 0 : 1;
  }
  const count = document.querySelector(`[data-count="${table.id}"]`);
  if (count) count.textContent = `${seen} of ${table.tBodies[0].rows.length}`;
};
for (const input of document.querySelectorAll("input[data-for]")) {
  const table = document.getElementById(input.dataset.for);
  input.parentElement.hidden = false;
  input.addEventListener("input", () => {
    wanted.set(table.id, input.value);
    sieve(table);
  });
}
const calls = document.getElementById("calls");
const banner = document.getElementById("chosen");
const show = (link) => {
  const places = link.dataset.c ? link.dataset.c.split(" ") : [];
  chosen = new Set(places.map((place) => `c${place}`));
  const count = Number(link.dataset.n);
  const title = document.getElementById("chosen-title");
  title.textContent = `${link.dataset.t || label(link)}: ${count} ${count === 1 ? "call" : "calls"}, ${places.length} shown here`;
  const more = document.getElementById("chosen-more");
  more.hidden = count <= places.length;
  const scope = link.closest("[data-q]");
  document.getElementById("chosen-command").textContent = scope ? scope.dataset.q : "";
  banner.hidden = false;
  sieve(calls);
};
const label = (link) => {
  const cell = link.closest("td");
  if (!cell) return "";
  const head = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent;
  return `${cell.parentElement.cells[0].textContent}, ${head}`;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-c]");
  if (link) show(link);
  // A call that is not among the chosen ones is to be seen all the same.
  else if (event.target.closest('a[href^="#c"]')) all();
});
const all = () => {
  chosen = null;
  banner.hidden = true;
  sieve(calls);
};
document.getElementById("chosen-all").addEventListener("click", all);
