//! The floor as text, and as JSON lines.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use callfold::Timestamp;
use callfold::calls::TimeKind;
use callfold::live::watchers::WatchedRow;
use callfold::live::{Clock as _, SystemClock};
use jiff::tz::TimeZone;
use serde_json::json;

use super::cells;
use super::floor::Floor;
use super::source::{Fed, Source};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::store::Io;
use crate::style::{TIME, Tone};
use crate::table;
use crate::time::{clock, time_of_day};
use crate::words::shown;

/// How long all rows of a recorder are waited for. It reads the day of each line first.
const ALL_ROWS: Duration = Duration::from_secs(60);

/// One table; then, if asked to, lines as they change.
pub(super) fn text(
    source: Source,
    filter: &str,
    follow: bool,
    zone: &TimeZone,
    io: &mut Io<'_>,
) -> Result<Outcome, Failed> {
    let mut floor = Floor::new(filter);
    let rows = match source {
        Source::Still(rows) => {
            floor.still(rows);
            None
        }
        Source::Live(rows) => {
            gather(&rows, &mut floor)?;
            Some(rows)
        }
    };
    let now = SystemClock.now();
    write_table(&floor, now, zone, io)?;
    match &rows {
        None => {
            let text = "not recorded now: this was so at the end of each stream";
            writeln!(io.out, "\n{TIME}{text}{TIME:#}")?;
        }
        Some(rows) if follow => {
            io.out.flush()?;
            changes(rows, &mut floor, zone, io)?;
        }
        Some(_) => {}
    }
    Ok(Outcome::Good)
}

/// Waits for the rows of all lines.
fn gather(rows: &Receiver<Fed>, floor: &mut Floor) -> Result<(), Failed> {
    let until = Instant::now() + ALL_ROWS;
    let mut wanted = None;
    while wanted.is_none_or(|wanted| floor.len() < wanted) {
        match rows.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Fed::Lost { why, .. }) => return Err(Failed::System(format!("the recorder: {why}"))),
            Ok(fed) => {
                if let Fed::Hello { lines } = fed {
                    wanted = Some(lines);
                }
                floor.feed(fed);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let (have, of) = (floor.len(), wanted.unwrap_or_default());
                return Err(Failed::System(format!("the recorder told of {have} of {of} lines only")));
            }
        }
    }
    Ok(())
}

fn write_table(floor: &Floor, now: Timestamp, zone: &TimeZone, io: &mut Io<'_>) -> Result<(), Failed> {
    let rows = floor.shown();
    if rows.is_empty() {
        writeln!(io.out, "no lines")?;
        return Ok(());
    }
    let head = [
        "agent", "number", "line", "since", "for", "with", "on hold", "agent is", "talk", "hold", "wrap-up",
        "break", "stream",
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let is_over = floor.is_over(row);
            let state = cells::state(row);
            let cells = vec![
                cells::name(row),
                cells::number(row),
                if is_over { "not recorded".to_owned() } else { state.text },
                cells::since(row).map(|since| clock(since, zone)).unwrap_or_default(),
                cells::clock(row, now),
                last_known(row, is_over, cells::others(row)),
                last_known(row, is_over, cells::held(row)),
                last_known(row, is_over, cells::agent(row)),
                cells::today(row, &cells::TALK, now),
                cells::today(row, &[TimeKind::Hold], now),
                cells::today(row, &[TimeKind::WrapUp], now),
                cells::today(row, &[TimeKind::Break], now),
                shown(&row.row.stream),
            ];
            (if is_over { Tone::Bad.style() } else { state.tone.style() }, cells)
        })
        .collect();
    table::write(&mut io.out, &head, &rows)?;
    Ok(())
}

/// Text cannot be dimmed: what is not known to be so any more stands in brackets.
fn last_known(row: &WatchedRow, is_over: bool, text: String) -> String {
    if !text.is_empty() && (is_over || cells::is_unknown(row)) { format!("({text})") } else { text }
}

/// Writes lines as they change, until nobody reads them.
fn changes(rows: &Receiver<Fed>, floor: &mut Floor, zone: &TimeZone, io: &mut Io<'_>) -> Result<(), Failed> {
    while let Ok(fed) = rows.recv() {
        match &fed {
            Fed::Row(row) if floor.passes(row) => {
                let before = floor.row(&row.row.stream).map(|before| sentence(before, false));
                let is_over = !row.recorded;
                let said = sentence(row, is_over);
                if before.as_ref() != Some(&said) {
                    let style = if is_over { Tone::Bad } else { cells::state(row).tone }.style();
                    let at = time_of_day(row.until, zone);
                    let name = cells::name(row);
                    writeln!(io.out, "{TIME}{at}{TIME:#}  {name}: {style}{said}{style:#}")?;
                }
            }
            Fed::Row(_) | Fed::Hello { .. } => {}
            Fed::Lost { at, why, wait } => {
                let (at, wait) = (time_of_day(*at, zone), wait.as_secs_f32());
                io.complain(&format!("{at}: the recorder: {why}; asked again in {wait} s"));
            }
        }
        // A recorder that was started anew tells everything again; what was so before is compared with.
        if !matches!(fed, Fed::Hello { .. }) {
            floor.feed(fed);
        }
        io.out.flush()?;
    }
    Ok(())
}

/// What is so on a line, in a few words.
fn sentence(row: &WatchedRow, is_over: bool) -> String {
    if is_over {
        return "not recorded any more".to_owned();
    }
    let mut said = cells::state(row).text;
    for (word, text) in
        [("with", cells::others(row)), ("on hold:", cells::held(row)), ("agent is", cells::agent(row))]
    {
        if !text.is_empty() {
            let text = last_known(row, false, text);
            said = format!("{said}, {word} {text}");
        }
    }
    said
}

/// Rows as JSON lines.
pub(super) fn json(source: Source, filter: &str, follow: bool, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let mut floor = Floor::new(filter);
    match source {
        Source::Still(rows) => {
            for row in rows.iter().filter(|row| floor.passes(row)) {
                line(row, io)?;
            }
        }
        Source::Live(rows) => {
            gather(&rows, &mut floor)?;
            for row in floor.shown() {
                line(row, io)?;
            }
            io.out.flush()?;
            while let Some(fed) = follow.then(|| rows.recv().ok()).flatten() {
                match fed {
                    Fed::Row(row) if floor.passes(&row) => line(&row, io)?,
                    Fed::Row(_) | Fed::Hello { .. } => {}
                    Fed::Lost { at, why, .. } => {
                        writeln!(io.out, "{}", json!({ "lost": { "at": at.as_micros(), "why": why } }))?;
                    }
                }
                io.out.flush()?;
            }
        }
    }
    Ok(Outcome::Good)
}

fn line(row: &WatchedRow, io: &mut Io<'_>) -> Result<(), Failed> {
    let mut value = json!(row);
    // Totals of eleven kinds are told by name.
    let today = row.today(row.until);
    let today: serde_json::Map<_, _> =
        today.iter().map(|(kind, span)| (kind.text().to_owned(), span.as_micros().into())).collect();
    if let Some(fields) = value.get_mut("row").and_then(|row| row.as_object_mut()) {
        fields.insert("today".to_owned(), today.into());
    }
    writeln!(io.out, "{value}")?;
    Ok(())
}
