//! The report as a page. Its script sorts, filters and shows the calls of a figure; without it everything is there, too.

use std::fmt::{self, Write as _};

use callfold_engine::calls::{SpellKind, TimeKind};
use callfold_engine::cti::Direction;
use callfold_engine::{Span, Timestamp, phone};

use super::markup::{Escaped, quoted};
use super::when::{self, length};
use super::{Agent, Among, Handling, ListedCall, Mean, Report, Slot};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// What the page's policy lets run: this script and nothing else, whatever a name says. A test holds it.
const SCRIPT_HASH: &str = "sha256-AgO2/5q23KiTHyv2nD+TSS6cGw5aIx59rRtWI1mI5bI=";

/// What the calls of a figure are looked for with: `callfold calls` of the same time, and of the agent.
const SCOPE: &str = "callfold calls";

pub(super) fn write(report: &Report) -> String {
    let mut page = Page { report, out: String::new() };
    page.head();
    page.tiles();
    page.slots("hours", "Calls by hour", "Hour", &report.hours);
    if report.days.len() > 1 {
        page.slots("days", "Calls by day", "Day", &report.days);
    }
    page.agents();
    page.times();
    page.holds();
    page.passed_on();
    page.gaps();
    page.irregularities();
    page.calls();
    page.put(format_args!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    page.out
}

struct Page<'r> {
    report: &'r Report,
    out: String,
}

/// A column: its head, what it says, and whether it has numbers.
type Column = (&'static str, &'static str, bool);

impl Page<'_> {
    /// Writes; to a string that cannot fail.
    fn put(&mut self, what: fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(what);
    }

    fn head(&mut self) {
        let report = self.report;
        let (from, to) = (when::moment(report.from, report.offset), when::moment(report.to, report.offset));
        let zone = when::zone(report.offset);
        let whose = if report.only.is_empty() { "All lines".to_owned() } else { report.only.join(", ") };
        self.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src '{SCRIPT_HASH}'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>Calls from {from} to {to}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<main data-q=\"{}\">\n<h1>Calls from {from} to {to}</h1>\n\
             <p class=\"soft\">{} · {} {} · times are of {zone} · service level within {} · short abandons below {}</p>\n",
            Escaped(&self.scope(None)),
            Escaped(&whose),
            report.lines,
            if report.lines == 1 { "line" } else { "lines" },
            length(report.threshold),
            length(report.short_abandon),
        ));
        for agent in &report.unknown_agents {
            self.put(format_args!("<p class=\"bad\">No line is of the agent {}.</p>\n", Escaped(agent)));
        }
        for damage in &report.damage {
            self.put(format_args!(
                "<p class=\"bad\">The line {} is damaged after record {}: {}. What came before is told, and nothing of \
                 what came after.</p>\n",
                Escaped(&damage.stream),
                damage.until,
                Escaped(&damage.what),
            ));
        }
    }

    /// The command that lists the calls of the time, and of an agent.
    fn scope(&self, agent: Option<&str>) -> String {
        let (from, to) = (when::rfc3339(self.report.from), when::rfc3339(self.report.to));
        let agents = agent.map(str::to_owned).or_else(|| match self.report.only.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        });
        let agent = agents.map_or(String::new(), |agent| format!(" --agent {}", quoted(&agent)));
        format!("{SCOPE} --from {from} --to {to}{agent}")
    }

    fn tiles(&mut self) {
        let (floor, handling) = (&self.report.floor, &self.report.handling);
        let inbound = &floor.inbound;
        self.put(format_args!("<dl class=\"tiles\">\n"));
        self.tile("Offered", &link("Offered", &inbound.offered), "calls that came in");
        self.tile(
            "Service level",
            &linked(
                "Service level, base",
                &thousandths(inbound.service_level.per_mille),
                &inbound.service_level.base,
            ),
            &format!("{} of {}", inbound.service_level.part, inbound.service_level.base.count),
        );
        self.tile(
            "Average speed of answer",
            &linked("Answered", &mean(inbound.answer_speed), &inbound.answered),
            &format!("of {} answered", inbound.answer_speed.of),
        );
        self.tile(
            "Abandoned",
            &linked("Abandoned", &thousandths(inbound.abandonment.per_mille), &inbound.abandoned),
            &format!(
                "{} of {}, and {} short",
                inbound.abandonment.part, inbound.abandonment.base.count, inbound.short_abandoned.count
            ),
        );
        self.tile(
            "Average handling time",
            &linked("Handled", &mean(handling.time), &handling.handled),
            &parts(handling),
        );
        let time = &self.report.time;
        self.tile(
            "Occupancy",
            &thousandths(time.occupancy),
            &format!("{} of {}", length(time.busy), length(time.staffed)),
        );
        self.tile("Outgoing", &link("Outgoing", &floor.outbound.made), &{
            format!("{} answered", floor.outbound.answered.count)
        });
        self.tile(
            "Not known",
            &linked("Calls with a gap", &length(time.totals.of(TimeKind::Unknown)), &self.report.with_gap),
            &format!("{} gaps", self.report.gaps),
        );
        self.put(format_args!("</dl>\n"));
        self.put(format_args!(
            "<p class=\"soft\">What each figure means, and what is in its base: FIGURES.md of callfold. A figure shows the \
             calls that it is made of, in the list at the end.</p>\n"
        ));
    }

    fn tile(&mut self, name: &str, big: &str, of: &str) {
        self.put(format_args!(
            "<div><dt>{name}</dt><dd class=\"big\">{big}</dd><dd class=\"of\">{}</dd></div>\n",
            Escaped(of)
        ));
    }

    /// Begins a table that sorts; with a field to filter its rows by.
    fn begin(&mut self, id: &str, title: &str, filter: bool, columns: &[Column]) {
        self.put(format_args!("<h2>{title}</h2>\n"));
        if filter {
            self.put(format_args!(
                "<p hidden><input type=\"search\" data-for=\"{id}\" placeholder=\"Filter\" aria-label=\"Filter {title}\"/> \
                 <span class=\"soft\" data-count=\"{id}\"></span></p>\n"
            ));
        }
        self.put(format_args!("<div class=\"wide\"><table class=\"sorts\" id=\"{id}\">\n<thead><tr>"));
        for (head, title, is_number) in columns {
            let class = if *is_number { " class=\"n\"" } else { "" };
            self.put(format_args!("<th scope=\"col\"{class} title=\"{title}\">{head}</th>"));
        }
        self.put(format_args!("</tr></thead>\n<tbody>\n"));
    }

    fn end(&mut self) {
        self.put(format_args!("</tbody>\n</table></div>\n"));
    }

    fn number(&mut self, figure: &Among) {
        self.put(format_args!("<td class=\"n\" data-s=\"{}\">{}</td>", figure.count, link("", figure)));
    }

    fn share(&mut self, per_mille: Option<u64>, base: &Among) {
        let sort = per_mille.map_or(-1, |of| i64::try_from(of).unwrap_or(i64::MAX));
        self.put(format_args!(
            "<td class=\"n\" data-s=\"{sort}\">{}</td>",
            linked("", &thousandths(per_mille), base)
        ));
    }

    fn mean(&mut self, of: Mean, calls: &Among) {
        let sort = of.mean.map_or(-1, Span::as_micros);
        self.put(format_args!("<td class=\"n\" data-s=\"{sort}\">{}</td>", linked("", &mean(of), calls)));
    }

    fn span(&mut self, span: Span) {
        let told = if span == Span::ZERO { "–".to_owned() } else { length(span) };
        self.put(format_args!("<td class=\"n\" data-s=\"{}\">{told}</td>", span.as_micros()));
    }

    fn span_of(&mut self, span: Span, calls: &Among) {
        let told = if span == Span::ZERO { "–".to_owned() } else { linked("", &length(span), calls) };
        self.put(format_args!("<td class=\"n\" data-s=\"{}\">{told}</td>", span.as_micros()));
    }

    fn slots(&mut self, id: &str, title: &str, head: &'static str, slots: &[Slot]) {
        let columns: [Column; 16] = [
            (head, "when the call began", false),
            ("Offered", "calls that came in", true),
            ("Answered", "an agent talked to the caller", true),
            ("Abandoned", "the caller gave up, and not at once", true),
            ("Short", "the caller gave up at once", true),
            ("Declined", "an agent declined it, and nobody else took it", true),
            ("Failed", "the phone went away", true),
            ("Not known", "the log does not say, or it still rings", true),
            ("Service level", "answered in time, of those that count", true),
            ("ASA", "average speed of answer", true),
            ("Abandonment", "given up, of those that count", true),
            ("Outgoing", "calls that agents made", true),
            ("Reached", "of these, those that were answered", true),
            ("Not reached", "of these, not answered, busy, or failed", true),
            ("Not known", "of these, those of which the log does not say", true),
            ("Consultations", "calls made while another was held", true),
        ];
        self.begin(id, title, false, &columns);
        if id == "hours" {
            // The picture belongs between the heading and the table.
            let table = self.out.rfind("<div class=\"wide\">").unwrap_or(self.out.len());
            let table = self.out.split_off(table);
            self.chart(slots);
            self.out.push_str(&table);
        }
        for slot in slots.iter().filter(|slot| slot.has_calls()) {
            self.put(format_args!("<tr><td>{}</td>", Escaped(&slot.name)));
            let (inbound, outbound) = (&slot.calls.inbound, &slot.calls.outbound);
            for figure in [
                &inbound.offered,
                &inbound.answered,
                &inbound.abandoned,
                &inbound.short_abandoned,
                &inbound.declined,
                &inbound.failed,
                &inbound.undetermined,
            ] {
                self.number(figure);
            }
            self.share(inbound.service_level.per_mille, &inbound.service_level.base);
            self.mean(inbound.answer_speed, &inbound.answered);
            self.share(inbound.abandonment.per_mille, &inbound.abandonment.base);
            self.number(&outbound.made);
            self.number(&outbound.answered);
            let not_reached = [&outbound.not_answered, &outbound.busy, &outbound.failed];
            let mut listed: Vec<u32> =
                not_reached.iter().flat_map(|figure| figure.listed.iter().copied()).collect();
            listed.sort_unstable();
            self.number(&Among { count: not_reached.iter().map(|figure| figure.count).sum(), listed });
            self.number(&outbound.undetermined);
            self.number(&slot.calls.consultations);
            self.put(format_args!("</tr>\n"));
        }
        self.end();
    }

    /// Calls by hour as bars: answered, not answered, of unknown fate, and beside them those that agents made.
    fn chart(&mut self, slots: &[Slot]) {
        let most = slots
            .iter()
            .map(|slot| slot.calls.inbound.offered.count.max(slot.calls.outbound.made.count))
            .max()
            .unwrap_or(0);
        if most == 0 {
            return self.put(format_args!("<p>No calls.</p>\n"));
        }
        self.put(format_args!(
            "<p class=\"soft\"><i class=\"k ki\"></i>answered<i class=\"k kl\"></i>not answered<i class=\"k ku\"></i>not \
             known<i class=\"k ko\"></i>outgoing</p>\n<div class=\"wide\"><svg viewBox=\"0 0 980 150\" width=\"980\" \
             height=\"150\" role=\"img\"><title>Calls by hour, at most {most}</title><path class=\"ax\" d=\"M20 \
             130H980\"/><text x=\"0\" y=\"14\">{most}</text>"
        ));
        let height = |count: u64| 120 * count / most;
        for (place, slot) in slots.iter().enumerate() {
            let x = 24 + 40 * place;
            let inbound = &slot.calls.inbound;
            let lost = inbound.abandoned.count
                + inbound.short_abandoned.count
                + inbound.declined.count
                + inbound.failed.count;
            let mut bottom = 130;
            for (class, count) in
                [("bi", inbound.answered.count), ("bl", lost), ("bu", inbound.undetermined.count)]
            {
                let high = height(count);
                if high > 0 {
                    bottom -= high;
                    self.put(format_args!(
                        "<rect class=\"{class}\" x=\"{x}\" y=\"{bottom}\" width=\"17\" height=\"{high}\"/>"
                    ));
                }
            }
            let (high, x_out) = (height(slot.calls.outbound.made.count), x + 19);
            if high > 0 {
                let top = 130 - high;
                self.put(format_args!(
                    "<rect class=\"bo\" x=\"{x_out}\" y=\"{top}\" width=\"11\" height=\"{high}\"/>"
                ));
            }
            self.put(format_args!("<text x=\"{x}\" y=\"144\">{}</text>", Escaped(&slot.name)));
        }
        self.put(format_args!("</svg></div>\n"));
    }

    fn agents(&mut self) {
        let columns: [Column; 18] = [
            ("Agent", "login", false),
            ("Presented", "calls that rang at the agent", true),
            ("Answered", "of these, those that the agent answered", true),
            ("Missed", "of these, those that nobody answered", true),
            ("By others", "of these, those that another agent answered", true),
            ("ASA", "average speed of answer", true),
            ("Made", "calls that the agent made", true),
            ("Reached", "of these, those that were answered", true),
            ("Handled", "calls that were talked on and are over", true),
            ("AHT", "average handling time: talk, hold and wrap-up", true),
            ("Talk", "average, conferences included", true),
            ("Hold", "average", true),
            ("Wrap-up", "average", true),
            ("Consulted", "consultations that the agent made", true),
            ("Passed on", "calls that the agent passed on", true),
            ("Conferences", "calls that were in a conference", true),
            ("With gaps", "calls that went on while nothing was known", true),
            ("Irregular", "calls of which something does not fit", true),
        ];
        self.begin("agents", "Agents: calls", true, &columns);
        for agent in &self.report.agents {
            self.agent_row(agent);
            self.number(&agent.presented);
            self.number(&agent.answered);
            self.number(&agent.missed);
            self.number(&agent.taken_by_others);
            self.mean(agent.answer_speed, &agent.answered);
            self.number(&agent.made);
            self.number(&agent.reached);
            let handling = &agent.handling;
            self.number(&handling.handled);
            for part in [handling.time, handling.talk, handling.hold, handling.wrap_up] {
                self.mean(part, &handling.handled);
            }
            self.number(&agent.consultations);
            self.number(&agent.transferred);
            self.number(&agent.conferences);
            self.number(&agent.with_gap);
            self.number(&agent.irregular);
            self.put(format_args!("</tr>\n"));
        }
        self.end();
    }

    fn agent_row(&mut self, agent: &Agent) {
        let name = whose(agent.login.as_deref());
        let scope = self.scope(agent.login.as_deref());
        self.put(format_args!(
            "<tr data-q=\"{}\"><td class=\"w\">{}</td>",
            EscapedWhole(&scope),
            Escaped(name)
        ));
    }

    fn times(&mut self) {
        let mut columns: Vec<Column> = vec![
            ("Agent", "login", false),
            ("Logged in", "between login and logout: all kinds together", true),
            ("Occupancy", "time on calls and after them, of that and time in which a call could come", true),
        ];
        let heads = [
            "Idle",
            "Ring",
            "Dial",
            "Talk",
            "Hold",
            "Consult",
            "Conference",
            "Wrap-up",
            "Break",
            "Away",
            "Not known",
        ];
        columns.extend(heads.map(|head| (head, "hours:minutes:seconds", true)));
        self.begin("times", "Agents: time", true, &columns);
        for agent in &self.report.agents {
            self.agent_row(agent);
            self.span(agent.time.logged_in);
            let sort = agent.time.occupancy.map_or(-1, |of| i64::try_from(of).unwrap_or(i64::MAX));
            self.put(format_args!(
                "<td class=\"n\" data-s=\"{sort}\">{}</td>",
                thousandths(agent.time.occupancy)
            ));
            for (kind, span) in agent.time.totals.iter() {
                match calls_of(agent, kind) {
                    Some(calls) => self.span_of(span, calls),
                    None => self.span(span),
                }
            }
            self.put(format_args!("</tr>\n"));
        }
        self.end();
    }

    fn holds(&mut self) {
        let columns: [Column; 6] = [
            ("Length", "how long", true),
            ("From", "when it began", false),
            ("Agent", "whose line", false),
            ("Call", "who was at the other end first", false),
            ("Why", "why it was put on hold", false),
            ("End", "how the hold ended", false),
        ];
        self.begin("holds", "Longest holds", false, &columns);
        for hold in &self.report.longest_holds {
            self.put(format_args!("<tr>"));
            self.span(hold.length);
            let call = hold.call.and_then(|place| Some((place, self.report.calls.get(place as usize)?)));
            let call = call.map_or("–".to_owned(), |(place, call)| {
                format!("<a href=\"#c{place}\">{}</a>", Escaped(&other(call)))
            });
            self.put(format_args!(
                "<td>{}</td><td class=\"w\">{}</td><td class=\"w\">{call}</td><td>{}</td><td>{}</td></tr>\n",
                self.moment(hold.from),
                Escaped(whose(hold.agent.as_deref())),
                hold.reason.text(),
                hold.end,
            ));
        }
        self.end();
        self.put(format_args!(
            "<p>{} on hold at least once.</p>\n",
            linked("On hold", &calls_were(self.report.held.count), &self.report.held)
        ));
    }

    fn passed_on(&mut self) {
        let columns: [Column; 2] =
            [("What", "what happened to the call", false), ("Calls", "how many", true)];
        self.begin("transfers", "Transfers and conferences", false, &columns);
        let transfers = &self.report.transfers;
        for (what, calls) in [
            ("passed on without speaking to the other first (blind)", &transfers.blind),
            ("passed on after a consultation (attended)", &transfers.attended),
            ("passed on to an agent", &transfers.to_us),
            ("in a conference", &self.report.conferences),
        ] {
            self.put(format_args!("<tr><td>{what}</td>"));
            self.number(calls);
            self.put(format_args!("</tr>\n"));
        }
        self.end();
    }

    fn gaps(&mut self) {
        let columns: [Column; 4] = [
            ("Length", "how long nothing was known", true),
            ("From", "when it began", false),
            ("Agent", "whose line", false),
            ("Stream", "the line", false),
        ];
        self.begin("gaps", "Longest gaps", false, &columns);
        for gap in &self.report.longest_gaps {
            self.put(format_args!("<tr>"));
            self.span(gap.length);
            self.put(format_args!(
                "<td>{}</td><td class=\"w\">{}</td><td class=\"w\">{}</td></tr>\n",
                self.moment(gap.from),
                Escaped(whose(gap.agent.as_deref())),
                Escaped(&gap.stream)
            ));
        }
        self.end();
        self.put(format_args!(
            "<p>{} in all; {} going on meanwhile.</p>\n",
            if self.report.gaps == 1 { "1 gap".to_owned() } else { format!("{} gaps", self.report.gaps) },
            linked("Calls with a gap", &calls_were(self.report.with_gap.count), &self.report.with_gap)
        ));
    }

    fn irregularities(&mut self) {
        let columns: [Column; 2] = [("What does not fit", "", false), ("Calls", "in how many", true)];
        self.begin("irregular", "Irregularities", false, &columns);
        for irregular in &self.report.irregularities {
            self.put(format_args!("<tr><td>{}</td>", irregular.kind.text()));
            self.number(&irregular.calls);
            self.put(format_args!("</tr>\n"));
        }
        self.end();
    }

    fn calls(&mut self) {
        let columns: [Column; 12] = [
            ("Began", "when", false),
            ("Agent", "whose line", false),
            ("Direction", "who called whom", false),
            ("Other side", "who was there first", false),
            ("Waited", "how long it rang or was dialled", true),
            ("Talk", "how long it was talked on", true),
            ("Hold", "how long it was on hold", true),
            ("Outcome", "what became of it", false),
            ("", "what does not fit", false),
            ("Course", "ring and dial, talk, conference, hold, gap", false),
            ("Stream", "the line, and the record with which it began", false),
            ("Id", "callfold show ID --stream STREAM", false),
        ];
        self.begin("calls", "Calls", true, &columns);
        for (place, call) in self.report.calls.iter().enumerate() {
            self.put(format_args!(
                "<tr id=\"c{place}\"><td data-s=\"{}\">{}</td><td class=\"w\">{}</td><td>{}</td><td class=\"w\">{}</td>",
                call.began.as_micros(),
                self.moment(call.began),
                Escaped(whose(call.agent.as_deref())),
                direction(call),
                Escaped(&other(call)),
            ));
            self.span(call.waited);
            self.span(call.talk);
            self.span(call.held);
            self.put(format_args!(
                "<td>{}</td><td class=\"bad\">{}</td><td>",
                call.outcome.text(),
                if call.irregular { "irregular" } else { "" },
            ));
            self.course(call);
            self.put(format_args!(
                "</td><td class=\"w\">{} #{}</td><td class=\"w\"><code>{}</code></td></tr>\n",
                Escaped(&call.stream),
                call.record,
                Escaped(call.id.as_str()),
            ));
        }
        self.end();
        // Before the table, where a figure leads to.
        let banner = "<div id=\"chosen\" hidden><b id=\"chosen-title\"></b> <button type=\"button\" id=\"chosen-all\">all \
                      that are listed</button><p id=\"chosen-more\">The others are among those that this lists: <code \
                      id=\"chosen-command\"></code></p></div>\n";
        if let Some(place) = self.out.rfind("<p hidden><input") {
            self.out.insert_str(place, banner);
        }
        self.put(format_args!(
            "<p class=\"soft\">Calls as lines had them, at most 2,000: some of each figure. <code>{}</code> lists all.</p>\n",
            EscapedWhole(&self.scope(None))
        ));
    }

    /// What went on, as a small picture.
    fn course(&mut self, call: &ListedCall) {
        let whole = call.spells.iter().fold(Span::ZERO, |sum, (_, span)| sum + *span).as_micros();
        if whole <= 0 {
            return;
        }
        self.put(format_args!(
            "<svg width=\"120\" height=\"12\" viewBox=\"0 0 120 12\" aria-hidden=\"true\">"
        ));
        let mut passed = 0_i128;
        for (kind, span) in &call.spells {
            let x = |micros: i128| micros * 120 / i128::from(whole);
            let from = x(passed);
            passed += i128::from(span.as_micros());
            let width = (x(passed) - from).max(1);
            let (class, y, height) = match kind {
                SpellKind::Ring => ("cr", 5, 6),
                SpellKind::Dial => ("cd", 5, 6),
                SpellKind::Talk => ("ct", 1, 10),
                SpellKind::Conference => ("cc", 1, 10),
                SpellKind::Hold => ("ch", 3, 6),
                // What is not known to this crate is not known.
                SpellKind::Gap | _ => ("cg", 1, 10),
            };
            self.put(format_args!(
                "<rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
            ));
        }
        self.put(format_args!("</svg>"));
    }

    fn moment(&self, at: Timestamp) -> String {
        when::moment(at, self.report.offset)
    }
}

/// A command in an attribute or between tags: never cut, for it must run.
struct EscapedWhole<'t>(&'t str);

impl fmt::Display for EscapedWhole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while !rest.is_empty() {
            let end = rest.char_indices().nth(100).map_or(rest.len(), |(place, _)| place);
            let (part, after) = rest.split_at(end);
            Escaped(part).fmt(f)?;
            rest = after;
        }
        Ok(())
    }
}

/// The calls that time of a kind was spent on; none for time without calls.
fn calls_of(agent: &Agent, kind: TimeKind) -> Option<&Among> {
    match kind {
        TimeKind::Ring => Some(&agent.presented),
        TimeKind::Dial => Some(&agent.made),
        TimeKind::Talk | TimeKind::WrapUp => Some(&agent.handling.handled),
        TimeKind::Hold => Some(&agent.held),
        TimeKind::Consult => Some(&agent.consultations),
        TimeKind::Conference => Some(&agent.conferences),
        TimeKind::Unknown => Some(&agent.with_gap),
        // Idle, break and away, and what is not known to this crate.
        TimeKind::Idle | TimeKind::Break | TimeKind::Away | _ => None,
    }
}

/// A count that leads to its calls.
fn link(title: &str, figure: &Among) -> String {
    if figure.count == 0 { "–".to_owned() } else { linked(title, &figure.count.to_string(), figure) }
}

/// A figure that leads to the calls that it is made of.
fn linked(title: &str, told: &str, calls: &Among) -> String {
    if calls.count == 0 {
        return told.to_owned();
    }
    let places: Vec<_> = calls.listed.iter().map(u32::to_string).collect();
    let title = if title.is_empty() { String::new() } else { format!(" data-t=\"{title}\"") };
    format!("<a href=\"#calls\" data-c=\"{}\" data-n=\"{}\"{title}>{told}</a>", places.join(" "), calls.count)
}

fn thousandths(per_mille: Option<u64>) -> String {
    per_mille.map_or("–".to_owned(), |of| format!("{}.{} %", of / 10, of % 10))
}

fn mean(mean: Mean) -> String {
    mean.mean.map_or("–".to_owned(), length)
}

fn parts(handling: &Handling) -> String {
    format!(
        "talk {}, hold {}, wrap-up {}; {} handled",
        mean(handling.talk),
        mean(handling.hold),
        mean(handling.wrap_up),
        handling.handled.count
    )
}

fn calls_were(count: u64) -> String {
    if count == 1 { "1 call was".to_owned() } else { format!("{count} calls were") }
}

fn whose(agent: Option<&str>) -> &str {
    agent.filter(|agent| !agent.is_empty()).unwrap_or("nobody logged in")
}

fn direction(call: &ListedCall) -> &'static str {
    match call.direction {
        Direction::In | Direction::Out | Direction::Unknown if call.consultation => "consultation",
        Direction::In => "incoming",
        Direction::Out => "outgoing",
        // What is not known to this crate is not known.
        Direction::Unknown | _ => "not known",
    }
}

fn other(call: &ListedCall) -> String {
    let number = call.number.as_deref().filter(|number| !number.is_empty());
    let name = call.name.as_deref().filter(|name| !name.is_empty() && Some(*name) != number);
    match (name, number.map(phone::formatted)) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(number)) => number,
        (None, None) => "somebody unknown".to_owned(),
    }
}
