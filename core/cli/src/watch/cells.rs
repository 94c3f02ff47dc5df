//! A row in words, as short as a table wants them.

// The engine's enums are non-exhaustive, so a match here has a `_`: a state of a newer engine is told as one that has no
// words yet.
#![allow(clippy::wildcard_enum_match_arm)]

use callfold::calls::TimeKind;
use callfold::live::WhoRow;
use callfold::live::watchers::WatchedRow;
use callfold::{AgentState, Connection, LineState, Span, Timestamp};

use crate::style::Tone;
use crate::words::{self, Said, shown};

/// The kinds of time that are talk to who looks at a day.
pub(super) const TALK: [TimeKind; 3] = [TimeKind::Talk, TimeKind::Consult, TimeKind::Conference];

/// What a row is called: the agent, else the stream.
pub(super) fn name(row: &WatchedRow) -> String {
    shown(row.row.agent.as_ref().unwrap_or(&row.row.stream))
}

/// The agent's number.
pub(super) fn number(row: &WatchedRow) -> String {
    row.row.number.as_ref().map(|number| shown(number)).unwrap_or_default()
}

/// Whether what the line does is not known now; what the row says of it was so before.
pub(super) fn is_unknown(row: &WatchedRow) -> bool {
    // After a logout there is nothing to know.
    row.row.doing.is_some_and(|(kind, _)| kind == TimeKind::Unknown || row.row.stale_since.is_some())
}

/// Since when the line does what it does, or is not known to do anything.
pub(super) fn since(row: &WatchedRow) -> Option<Timestamp> {
    let (_, since) = row.row.doing?;
    Some(row.row.stale_since.unwrap_or(since))
}

/// What the line does, in a word or two.
pub(super) fn state(row: &WatchedRow) -> Said {
    if is_unknown(row) {
        return Said::new(Tone::Bad, "unknown");
    }
    let (tone, text) = match row.row.doing {
        None => match row.row.connection {
            Connection::Dialling | Connection::Loading => (Tone::Connection, "connecting"),
            _ => (Tone::Quiet, "logged out"),
        },
        Some((TimeKind::Ring, _)) if row.row.line == LineState::BackRing => {
            (Tone::Ringing, "own phone rings")
        }
        Some((TimeKind::Ring, _)) => (Tone::Ringing, "rings"),
        Some((TimeKind::Dial, _)) => (Tone::Ringing, "calls"),
        Some((TimeKind::Talk, _)) => (Tone::Talk, "talks"),
        Some((TimeKind::Conference, _)) => (Tone::Talk, "conference"),
        Some((TimeKind::Consult, _)) if row.row.line == LineState::Talk => (Tone::Talk, "consults"),
        Some((TimeKind::Consult, _)) => (Tone::Ringing, "calls, holding"),
        Some((TimeKind::Hold, _)) => (Tone::Waiting, "holds"),
        Some((TimeKind::WrapUp, _)) => (Tone::Agent, "wrap-up"),
        Some((TimeKind::Break, _)) => (Tone::Agent, "break"),
        Some((TimeKind::Away, _)) if row.row.line == LineState::Disconnected => (Tone::Bad, "no phone"),
        Some((TimeKind::Away, _)) => (Tone::Agent, "away"),
        Some((TimeKind::Idle, _)) => (Tone::Plain, "ready"),
        Some(_) => (Tone::Warning, "no words for it"),
    };
    Said::new(tone, text)
}

/// What matters most comes first.
pub(super) fn rank(row: &WatchedRow) -> u8 {
    if is_unknown(row) {
        return 0;
    }
    match row.row.doing.map(|(kind, _)| kind) {
        Some(TimeKind::Ring) => 1,
        Some(TimeKind::Dial) => 2,
        Some(TimeKind::Hold) => 3,
        Some(TimeKind::Consult) => 4,
        Some(TimeKind::Talk | TimeKind::Conference) => 5,
        Some(TimeKind::WrapUp) => 6,
        Some(TimeKind::Idle) => 7,
        Some(TimeKind::Break) => 8,
        Some(_) => 9,
        None => 10,
    }
}

/// What the agent does, by the server.
pub(super) fn agent(row: &WatchedRow) -> String {
    if row.row.doing.is_none() {
        return String::new();
    }
    let doing = words::doing(row.row.state);
    let is_break = matches!(row.row.state, AgentState::Break | AgentState::BusyThenBreak);
    match row.row.reason.as_ref().filter(|reason| is_break && !reason.is_empty()) {
        Some(reason) => format!("{doing}: {}", shown(reason)),
        None => doing.to_owned(),
    }
}

/// Who is at the other end.
pub(super) fn others(row: &WatchedRow) -> String {
    let mut others: Vec<_> = row.row.others.iter().map(who).collect();
    if row.row.others_more > 0 {
        others.push(format!("{} more", row.row.others_more));
    }
    others.join(", ")
}

/// Who is held.
pub(super) fn held(row: &WatchedRow) -> String {
    row.row.held.as_ref().map(who).unwrap_or_default()
}

fn who(who: &WhoRow) -> String {
    let name = who.name.as_ref().filter(|name| !name.is_empty() && Some(*name) != who.number.as_ref());
    match (name, &who.number) {
        (Some(name), Some(number)) => format!("{} {}", shown(name), words::telephone(number)),
        (Some(name), None) => shown(name),
        (None, Some(number)) => words::telephone(number),
        (None, None) => "somebody unknown".to_owned(),
    }
}

/// How long it has been so.
pub(super) fn clock(row: &WatchedRow, now: Timestamp) -> String {
    let now = if row.recorded { now.max(row.until) } else { row.until };
    since(row).map(|since| length(now - since)).unwrap_or_default()
}

/// A length as a clock shows it; nothing for nothing.
pub(super) fn length(span: Span) -> String {
    let secs = span.as_secs().max(0);
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

/// Today's time of one kind; nothing if there was none.
pub(super) fn today(row: &WatchedRow, kinds: &[TimeKind], now: Timestamp) -> String {
    let totals = row.today(now);
    let sum = kinds.iter().fold(Span::ZERO, |sum, kind| sum + totals.of(*kind));
    if sum == Span::ZERO { String::new() } else { length(sum) }
}

/// What a filter looks at, in lower case.
pub(super) fn text_of(row: &WatchedRow) -> String {
    let numbers = row.row.others.iter().chain(&row.row.held).filter_map(|who| who.number.clone());
    let cells =
        [row.row.stream.clone(), name(row), number(row), state(row).text, agent(row), others(row), held(row)];
    cells.into_iter().chain(numbers).collect::<Vec<_>>().join("\n").to_lowercase()
}
