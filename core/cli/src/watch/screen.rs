//! The floor on a terminal. It is drawn from the floor and the time, and from nothing else.
//!
//! Colours are those of the terminal's own palette on its own ground, so that light and dark ones can be read.

use callfold::Timestamp;
use callfold::calls::TimeKind;
use callfold::live::watchers::WatchedRow;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Text};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState};

use super::cells;
use super::floor::{Feed, Floor};
use crate::store::count;
use crate::style::Tone;
use crate::time::time_of_day;
use crate::words::shown;

/// How it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) zone: TimeZone,
    pub(super) colours: bool,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Agent,
    Number,
    State,
    Since,
    Others,
    Held,
    AgentState,
    Talk,
    Hold,
    WrapUp,
    Break,
}

impl Column {
    /// As they stand beside each other.
    const ALL: [Self; 11] = [
        Self::Agent,
        Self::Number,
        Self::State,
        Self::Since,
        Self::Others,
        Self::Held,
        Self::AgentState,
        Self::Talk,
        Self::Hold,
        Self::WrapUp,
        Self::Break,
    ];
    /// Those that a narrow terminal has room for come first.
    const BY_WORTH: [Self; 11] = [
        Self::Agent,
        Self::State,
        Self::Since,
        Self::Others,
        Self::Held,
        Self::Number,
        Self::Talk,
        Self::AgentState,
        Self::Hold,
        Self::WrapUp,
        Self::Break,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Number => "number",
            Self::State => "line",
            Self::Since => "for",
            Self::Others => "with",
            Self::Held => "on hold",
            Self::AgentState => "agent is",
            Self::Talk => "talk",
            Self::Hold => "hold",
            Self::WrapUp => "wrap-up",
            Self::Break => "break",
        }
    }

    /// The least width that is of use, and whether more is of more use.
    const fn width(self) -> (u16, bool) {
        match self {
            Self::Agent => (10, true),
            Self::Number => (6, false),
            Self::State => (16, false),
            Self::Since | Self::Talk | Self::Hold | Self::WrapUp | Self::Break => (8, false),
            Self::Others | Self::Held => (16, true),
            Self::AgentState => (18, true),
        }
    }

    /// Those that fit.
    fn fitting(width: u16) -> Vec<Self> {
        let mut fitting = Vec::new();
        let mut used = 0;
        for column in Self::BY_WORTH {
            let (least, _) = column.width();
            if !fitting.is_empty() && used + least + 1 > width {
                break;
            }
            used += least + 1;
            fitting.push(column);
        }
        Self::ALL.into_iter().filter(|column| fitting.contains(column)).collect()
    }
}

impl Look {
    /// A tone in the colours of the terminal.
    fn tone(&self, tone: Tone) -> Style {
        let style = Style::new();
        let colour = |colour| if self.colours { style.fg(colour) } else { style };
        match tone {
            Tone::Quiet => style.add_modifier(Modifier::DIM),
            Tone::Plain => style,
            Tone::Connection => colour(Color::Blue),
            Tone::Agent => colour(Color::Cyan),
            Tone::Command => style.add_modifier(Modifier::BOLD),
            Tone::Ringing => colour(Color::Magenta),
            Tone::Talk => colour(Color::Green),
            Tone::Waiting => colour(Color::Yellow),
            Tone::Bad => colour(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Warning => colour(Color::Yellow).add_modifier(Modifier::BOLD),
        }
    }

    const fn dim(is_dim: bool) -> Style {
        if is_dim { Style::new().add_modifier(Modifier::DIM) } else { Style::new() }
    }
}

/// Draws the floor as it is at `now`, and says how many rows there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, floor: &Floor, look: &Look, now: Timestamp) -> usize {
    let area = frame.area();
    // What went on after the recorder went away is not known.
    let now = if let Feed::Lost { at, .. } = &floor.feed { *at } else { now };
    let detail = if floor.detail && area.height >= 16 { 9 } else { 0 };
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(detail),
        Constraint::Length(1),
    ]);
    let [head, table, pane, foot] = parts.areas(area);
    let rows = floor.shown();
    let place = floor.place(&rows);
    frame.render_widget(Paragraph::new(header(floor, look, rows.len())), head);
    lines(frame, table, floor, look, (&rows, place), now);
    if detail > 0
        && let Some(row) = rows.get(place)
    {
        frame.render_widget(details(row, floor, look, now), pane);
    }
    frame.render_widget(Paragraph::new(footer(floor, look)), foot);
    usize::from(table.height.saturating_sub(1))
}

/// Where what is shown is from, and how much of it is shown.
fn header(floor: &Floor, look: &Look, shown_rows: usize) -> Line<'static> {
    let all = floor.len();
    let lines = count(all as u64, "line", "lines");
    let count = if shown_rows == all { lines } else { format!("{shown_rows} of {lines}") };
    let (tone, from) = match &floor.feed {
        Feed::Asked => (Tone::Connection, "the recorder is asked".to_owned()),
        Feed::Live { lines } if all < *lines => {
            (Tone::Connection, format!("live; read so far of {lines} lines"))
        }
        Feed::Live { .. } => (Tone::Talk, "live".to_owned()),
        Feed::Lost { at, why, again } => (
            Tone::Bad,
            format!(
                "the recorder went away at {}: {}; asked again at {}; shown is what was so then",
                time_of_day(*at, &look.zone),
                shown(why),
                time_of_day(*again, &look.zone)
            ),
        ),
        Feed::Still => {
            (Tone::Warning, "not recorded now: shown is what was so at the end of each stream".to_owned())
        }
    };
    Line::from(vec![
        Text::styled("callfold  ", Style::new().add_modifier(Modifier::BOLD)),
        Text::raw(format!("{count}  ")),
        Text::styled(from, look.tone(tone)),
    ])
}

fn footer(floor: &Floor, look: &Look) -> Line<'static> {
    if floor.typing {
        let text = format!("filter: {}_   Enter keeps it, Ctrl-U empties it", shown(&floor.filter));
        return Line::styled(text, look.tone(Tone::Command));
    }
    let order = if floor.reversed { ", turned round" } else { "" };
    let filter =
        if floor.filter.is_empty() { String::new() } else { format!("   filter: {}", shown(&floor.filter)) };
    Line::styled(
        format!(
            "q leaves  / filters  s sorts ({}{order})  r turns round  Enter details{filter}",
            floor.order.text()
        ),
        look.tone(Tone::Quiet),
    )
}

fn lines(
    frame: &mut Frame<'_>,
    area: Rect,
    floor: &Floor,
    look: &Look,
    (rows, place): (&[&WatchedRow], usize),
    now: Timestamp,
) {
    let is_lost = matches!(floor.feed, Feed::Lost { .. });
    let columns = Column::fitting(area.width);
    let room = usize::from(area.height.saturating_sub(1)).max(1);
    // Only what is seen is made: there may be a thousand.
    let first = (place / room) * room;
    let first = if rows.len() > room { first.min(rows.len() - room) } else { 0 };
    let seen = rows.iter().skip(first).take(room).map(|row| {
        let is_over = floor.is_over(row);
        let cells = columns.iter().map(|column| cell(*column, row, (is_over, is_lost), look, now));
        Row::new(cells.collect::<Vec<_>>())
    });
    let widths = columns.iter().map(|column| match column.width() {
        (least, true) => Constraint::Min(least),
        (least, false) => Constraint::Length(least),
    });
    let titles = Row::new(columns.iter().map(|column| column.title())).style(look.tone(Tone::Quiet));
    let table = Table::new(seen, widths.collect::<Vec<_>>())
        .header(titles)
        .column_spacing(1)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected((!rows.is_empty()).then_some(place - first));
    frame.render_stateful_widget(table, area, &mut state);
}

fn cell(
    column: Column,
    row: &WatchedRow,
    (is_over, floor_is_lost): (bool, bool),
    look: &Look,
    now: Timestamp,
) -> Cell<'static> {
    let was = floor_is_lost || is_over || cells::is_unknown(row);
    let dim = |text: String| Cell::new(text).style(Look::dim(was));
    match column {
        Column::Agent => Cell::new(cells::name(row)),
        Column::Number => Cell::new(cells::number(row)),
        Column::State => {
            let said = floor_state(row, is_over, look);
            let tone =
                if floor_is_lost { Style::new().add_modifier(Modifier::DIM) } else { look.tone(said.1) };
            Cell::new(said.0).style(tone)
        }
        Column::Since if is_over => Cell::new(cells::length(now - row.until)),
        Column::Since => Cell::new(cells::clock(row, now)),
        Column::Others => dim(cells::others(row)),
        Column::Held => {
            let held = cells::held(row);
            let style = if was { Look::dim(true) } else { look.tone(Tone::Waiting) };
            Cell::new(held).style(style)
        }
        Column::AgentState => dim(cells::agent(row)),
        Column::Talk => Cell::new(cells::today(row, &cells::TALK, now)),
        Column::Hold => Cell::new(cells::today(row, &[TimeKind::Hold], now)),
        Column::WrapUp => Cell::new(cells::today(row, &[TimeKind::WrapUp], now)),
        Column::Break => Cell::new(cells::today(row, &[TimeKind::Break], now)),
    }
}

/// What the line does; since when that is not known, if it is not.
fn floor_state(row: &WatchedRow, is_over: bool, look: &Look) -> (String, Tone) {
    if is_over {
        return ("not recorded".to_owned(), Tone::Bad);
    }
    let said = cells::state(row);
    match cells::since(row).filter(|_| cells::is_unknown(row)) {
        Some(since) => (format!("unknown {}", time_of_day(since, &look.zone)), said.tone),
        None => (said.text, said.tone),
    }
}

/// All there is to say of a line.
fn details(row: &WatchedRow, floor: &Floor, look: &Look, now: Timestamp) -> Paragraph<'static> {
    let said = cells::state(row);
    let is_over = floor.is_over(row);
    let was = is_over || cells::is_unknown(row);
    let title = format!(" {} {} ", cells::name(row), cells::number(row));
    let name = |name: &'static str| Text::styled(format!("{name:<11}"), look.tone(Tone::Quiet));
    let known = |text: String| Text::styled(text, Look::dim(was));
    let since = cells::since(row).map(|since| format!(" since {}", time_of_day(since, &look.zone)));
    let state = match (is_over, was) {
        (true, _) => format!("not recorded since {}", time_of_day(row.until, &look.zone)),
        (false, true) => format!("{}{}; last known:", said.text, since.unwrap_or_default()),
        (false, false) => {
            format!("{}{}, for {}", said.text, since.unwrap_or_default(), cells::clock(row, now))
        }
    };
    let times: Vec<_> = row
        .today(now)
        .iter()
        .filter(|(_, span)| *span != callfold::Span::ZERO)
        .map(|(kind, span)| format!("{} {}", kind.text(), cells::length(span)))
        .collect();
    let last = row.row.at.map(|at| format!("{}, at {}", row.row.seq, time_of_day(at, &look.zone)));
    let lines = vec![
        Line::from(vec![
            name("line"),
            Text::styled(state, look.tone(if is_over { Tone::Bad } else { said.tone })),
        ]),
        Line::from(vec![name("with"), known(or_nobody(cells::others(row)))]),
        Line::from(vec![name("on hold"), known(or_nobody(cells::held(row)))]),
        Line::from(vec![name("agent is"), known(cells::agent(row))]),
        Line::from(vec![name("today"), Text::raw(times.join(", "))]),
        Line::from(vec![name("stream"), Text::raw(shown(&row.row.stream))]),
        Line::from(vec![name("record"), Text::raw(last.unwrap_or_else(|| "none".to_owned()))]),
    ];
    let block = Block::new().borders(Borders::TOP).title(title);
    Paragraph::new(lines).block(block)
}

fn or_nobody(text: String) -> String {
    if text.is_empty() { "nobody".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use callfold::calls::Totals;
    use callfold::{AgentState, Connection, LineState, Span};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use serde_json::json;

    use super::super::keys::{Next, pressed};
    use super::super::source::Fed;
    use super::*;

    const MARKS: [(Color, char); 7] = [
        (Color::Reset, '.'),
        (Color::Red, 'r'),
        (Color::Green, 'g'),
        (Color::Yellow, 'y'),
        (Color::Blue, 'b'),
        (Color::Magenta, 'm'),
        (Color::Cyan, 'c'),
    ];
    const NOW: i64 = 1_768_197_600; // 2026-01-12 06:00:00 UTC

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis((NOW + secs) * 1_000)
    }

    /// A line whose agent has done `kind` for so many seconds.
    fn row(stream: &str, name: &str, number: &str, line: LineState, kind: TimeKind, secs: i64) -> WatchedRow {
        let today = Totals::default()
            .with(TimeKind::Talk, Span::from_secs(3_725))
            .with(TimeKind::Idle, Span::from_secs(60));
        let row = json!({
            "stream": stream, "agent": name, "number": number, "connection": Connection::Connected,
            "stale_since": null, "line": line, "others": [], "others_more": 0, "held": null,
            "doing": [kind, at(-secs)], "state": AgentState::ReadyInCallCentre, "reason": null,
            "today": today, "seq": 17, "at": at(-secs),
        });
        WatchedRow { row: serde_json::from_value(row).unwrap(), until: at(0), recorded: true }
    }

    fn who(name: &str, number: &str) -> callfold::live::WhoRow {
        serde_json::from_value(json!({ "name": name, "number": number })).unwrap()
    }

    fn floor() -> Floor {
        let mut talks = row("ivanov", "Иванов Иван", "101", LineState::Talk, TimeKind::Talk, 83);
        talks.row.others = vec![who("ООО Ромашка", "+79161234567")];
        talks.row.state = AgentState::Busy;
        let mut consults = row("petrova", "Петрова Анна", "102", LineState::Talk, TimeKind::Consult, 12);
        consults.row.others = vec![who("Сидоров Пётр", "103")];
        consults.row.held = Some(who("", "+79031112233"));
        consults.row.state = AgentState::Busy;
        let mut lost = row("sidorov", "Сидоров Пётр", "103", LineState::Talk, TimeKind::Unknown, 200);
        lost.row.stale_since = Some(at(-200));
        lost.row.others = vec![who("Петрова Анна", "102")];
        lost.row.connection = Connection::Offline;
        let mut rings = row("k", "Кузнецова\u{1b}[2J", "104", LineState::Ring, TimeKind::Ring, 4);
        rings.row.others = vec![who("", "+74951234567")];
        let mut rests = row("m", "Морозова Ольга", "105", LineState::Ready, TimeKind::Break, 4_000);
        rests.row.state = AgentState::Break;
        rests.row.reason = Some("Обед".to_owned());
        let mut over = row("n", "Николаев Олег", "106", LineState::Ready, TimeKind::Idle, 900);
        (over.recorded, over.until) = (false, at(-600));
        let mut out = row("o", "Орлова Вера", "107", LineState::Disconnected, TimeKind::Idle, 0);
        (out.row.doing, out.row.connection) = (None, Connection::Offline);
        let mut floor = Floor::new("");
        floor.feed(Fed::Hello { lines: 7 });
        for row in [talks, consults, lost, rings, rests, over, out] {
            floor.feed(Fed::Row(Box::new(row)));
        }
        floor
    }

    fn big() -> Floor {
        let mut floor = Floor::new("");
        floor.feed(Fed::Hello { lines: 1_000 });
        for number in 0..1_000 {
            let name = format!("agent {number:03}");
            let row = row(&name, &name, &format!("1{number:03}"), LineState::Ready, TimeKind::Idle, number);
            floor.feed(Fed::Row(Box::new(row)));
        }
        floor
    }

    fn press(floor: &mut Floor, keys: &str) {
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '<' => KeyCode::Esc,
                'v' => KeyCode::Down,
                'E' => KeyCode::End,
                letter => KeyCode::Char(letter),
            };
            assert_eq!(pressed(KeyEvent::new(code, KeyModifiers::NONE), floor, 10), Next::On);
        }
    }

    /// What is on the screen, and below it where it is dim, bold or turned round.
    fn drawn(floor: &Floor, (width, height): (u16, u16)) -> String {
        let look = Look { zone: TimeZone::UTC, colours: true };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| assert!(draw(frame, floor, &look, at(0)) < 100)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        let mut marks = String::new();
        for y in 0..height {
            for x in 0..width {
                let cell = &buffer[(x, y)];
                text.push_str(cell.symbol());
                let mark = match cell.modifier {
                    m if m.contains(Modifier::REVERSED) => 'R',
                    m if m.contains(Modifier::DIM) => 'd',
                    _ => MARKS.iter().find(|(colour, _)| *colour == cell.fg).map_or('?', |(_, mark)| *mark),
                };
                marks.push(mark);
            }
            text = format!("{}\n", text.trim_end());
            marks = format!("{}\n", marks.trim_end_matches('.'));
        }
        format!("{text}---- looks ----\n{marks}")
    }

    /// Kept in `tests/watch`. After a wanted change, look at what changed: `CALLFOLD_BLESS=1 cargo test -p callfold-cli`.
    #[test]
    fn screens_are_as_they_were() {
        let with = |keys: &str, mut floor: Floor| {
            press(&mut floor, keys);
            floor
        };
        let mut lost = floor();
        let wait = Duration::from_secs(0);
        lost.feed(Fed::Lost { at: at(-30), why: "it has ended".to_owned(), wait });
        if let Feed::Lost { again, .. } = &mut lost.feed {
            *again = at(4);
        }
        let mut still = Floor::new("");
        let mut rows = vec![row("ivanov", "Иванов Иван", "101", LineState::Ready, TimeKind::WrapUp, 30)];
        rows[0].recorded = false;
        still.still(rows);
        let screens: [(&str, Floor, (u16, u16)); 13] = [
            ("wide", floor(), (150, 12)),
            ("usual", floor(), (100, 12)),
            ("narrow", floor(), (60, 10)),
            ("very-narrow", floor(), (28, 10)),
            ("tiny", floor(), (5, 3)),
            ("by-state", with("s", floor()), (100, 12)),
            ("longest-turned-round", with("ssr", floor()), (100, 12)),
            ("detail", with("vvvv\n", floor()), (100, 24)),
            ("detail-of-a-lost-line", with("/сидоров пётр\nvv\n", floor()), (100, 24)),
            ("typing-a-filter", with("/ромаш", floor()), (100, 8)),
            ("recorder-away", lost, (130, 12)),
            ("still", still, (100, 6)),
            ("end-of-a-thousand", with("E", big()), (100, 12)),
        ];
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/watch");
        let mut changed = Vec::new();
        for (name, floor, size) in screens {
            let screen = drawn(&floor, size);
            let kept = directory.join(name).with_extension("txt");
            if std::env::var_os("CALLFOLD_BLESS").is_some() {
                fs::create_dir_all(&directory).unwrap();
                fs::write(&kept, &screen).unwrap();
            }
            if fs::read_to_string(&kept).ok().as_ref() != Some(&screen) {
                changed.push(format!("{}:\n{screen}", kept.display()));
            }
        }
        assert!(changed.is_empty(), "{}", changed.join("\n"));
    }

    #[test]
    fn the_row_that_is_looked_at_stays_it_when_rows_move() {
        let mut floor = floor();
        press(&mut floor, "vv");
        let looked_at = |floor: &Floor| {
            let rows = floor.shown();
            rows[floor.place(&rows)].row.stream.clone()
        };
        let before = looked_at(&floor);
        press(&mut floor, "s");
        assert_eq!(looked_at(&floor), before);
        press(&mut floor, "r");
        assert_eq!(looked_at(&floor), before);
        // One that is filtered away is not looked at; when it is back, it is.
        press(&mut floor, "/нет такого\n");
        assert!(floor.shown().is_empty());
        press(&mut floor, "<");
        assert_eq!(looked_at(&floor), before);
    }

    #[test]
    fn every_size_can_be_drawn_and_without_colours_too() {
        let mut floor = floor();
        floor.detail = true;
        for width in 0..40 {
            for height in 0..30 {
                let look = Look { zone: TimeZone::UTC, colours: false };
                let mut terminal = Terminal::new(TestBackend::new(width * 5, height)).unwrap();
                terminal.draw(|frame| assert!(draw(frame, &floor, &look, at(0)) < 100)).unwrap();
                let cells = &terminal.backend().buffer().content;
                assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
            }
        }
    }
}
