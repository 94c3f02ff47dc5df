//! Calls of the floor: what several lines had of one call is one call. What became of it is decided here.

use std::collections::HashMap;

use callfold_engine::calls::Outcome;
use callfold_engine::cti::Direction;
use callfold_engine::{Span, Timestamp};

use super::row::Row;

/// What a call is to the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Inbound(Came),
    Outbound(Went),
    Consultation,
    Unplaced,
}

/// What became of a call that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Answered,
    Abandoned,
    ShortAbandoned,
    Declined,
    Failed,
    Undetermined,
}

/// What became of a call that an agent made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    Answered,
    NotAnswered,
    Busy,
    Failed,
    Undetermined,
}

/// A call of the floor.
#[derive(Clone, Debug)]
pub(super) struct FloorCall {
    /// When it began, on the first line.
    pub(super) began: Timestamp,
    pub(super) kind: Kind,
    /// How long it waited for an answer, if it had one and all of the wait was seen.
    pub(super) waited: Option<Span>,
    /// The row that is listed for it: the one that answered, else the first.
    pub(super) row: u32,
    /// Whether somebody talked to the other side and it is over, and that was no consultation.
    pub(super) is_handled: bool,
    pub(super) talk: Span,
    pub(super) held: Span,
}

/// The calls of the floor by when they began, and for each row its call. The rows are by when they began.
pub(super) fn calls(rows: &[Row], short_abandon: Span) -> (Vec<FloorCall>, Vec<u32>) {
    // Looked up, never gone through: its order is nobody's.
    let mut by_chain: HashMap<&str, u32> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut call_of = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let next = number(groups.len());
        let call = if row.has_chain { *by_chain.entry(row.id.as_str()).or_insert(next) } else { next };
        match groups.get_mut(call as usize) {
            Some(group) => group.push(number(place)),
            None => groups.push(vec![number(place)]),
        }
        call_of.push(call);
    }
    let call = |group: &Vec<u32>| {
        let parts: Vec<(u32, &Row)> =
            group.iter().filter_map(|place| Some((*place, rows.get(*place as usize)?))).collect();
        one(&parts, short_abandon)
    };
    (groups.iter().filter_map(call).collect(), call_of)
}

/// A place in a list: there are never as many as do not fit.
pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What lines had of one call, by when it began there, as one. None of no line.
fn one(parts: &[(u32, &Row)], short_abandon: Span) -> Option<FloorCall> {
    let (first_place, first) = *parts.first()?;
    let talked = parts.iter().any(|(_, row)| row.talked);
    let answered = parts.iter().filter(|(_, row)| row.answered.is_some()).min_by_key(|(_, row)| row.answered);
    let saw_wait = !parts.iter().any(|(_, row)| row.talked && row.answered.is_none())
        && answered.is_some_and(|(_, row)| row.saw_wait);
    let waited = answered.filter(|_| saw_wait).and_then(|(_, row)| Some(row.answered? - first.began));
    let kind = match first.direction {
        Direction::In | Direction::Out | Direction::Unknown if first.consultation => Kind::Consultation,
        Direction::In => Kind::Inbound(came(parts, talked, first.began, short_abandon)),
        Direction::Out => Kind::Outbound(went(parts, talked)),
        // A direction that is not known to this crate is not known.
        Direction::Unknown | _ => Kind::Unplaced,
    };
    let sum = |of: fn(&Row) -> Span| parts.iter().fold(Span::ZERO, |sum, (_, row)| sum + of(row));
    Some(FloorCall {
        began: first.began,
        kind,
        waited,
        row: answered
            .or_else(|| parts.iter().find(|(_, row)| row.talked))
            .map_or(first_place, |(place, _)| *place),
        is_handled: talked && !first.consultation && parts.iter().all(|(_, row)| row.ended.is_some()),
        talk: sum(|row| row.talk),
        held: sum(|row| row.held),
    })
}

/// The last line to have it says what became of a call that nobody talked on.
fn last<'r>(parts: &[(u32, &'r Row)]) -> Option<&'r Row> {
    parts.iter().map(|(_, row)| *row).max_by_key(|row| row.ended)
}

/// Whether some line does not know what became of it.
fn is_open(parts: &[(u32, &Row)]) -> bool {
    parts.iter().any(|(_, row)| matches!(row.outcome, Outcome::Open | Outcome::Lost | Outcome::Unknown))
}

fn came(parts: &[(u32, &Row)], talked: bool, began: Timestamp, short_abandon: Span) -> Came {
    if talked {
        return Came::Answered;
    }
    let Some(last) = last(parts).filter(|_| !is_open(parts)) else { return Came::Undetermined };
    match last.outcome {
        Outcome::Abandoned if last.ended.is_some_and(|ended| ended - began < short_abandon) => {
            Came::ShortAbandoned
        }
        Outcome::Abandoned => Came::Abandoned,
        Outcome::Declined => Came::Declined,
        Outcome::Failed => Came::Failed,
        // It goes on or nobody knows; the others are not of calls that came in and that nobody talked on.
        Outcome::Open
        | Outcome::Lost
        | Outcome::Unknown
        | Outcome::Answered
        | Outcome::Transferred
        | Outcome::NotAnswered
        | Outcome::Busy
        | _ => Came::Undetermined,
    }
}

fn went(parts: &[(u32, &Row)], talked: bool) -> Went {
    if talked {
        return Went::Answered;
    }
    // The line that made it knows best: at the other end the same call may be one that was declined.
    let made = parts.iter().map(|(_, row)| *row).find(|row| row.direction == Direction::Out);
    let Some(made) = made else { return Went::Undetermined };
    match made.outcome {
        Outcome::NotAnswered => Went::NotAnswered,
        Outcome::Busy => Went::Busy,
        Outcome::Failed => Went::Failed,
        // It goes on or nobody knows; the others are not of calls that were made and that nobody talked on.
        Outcome::Open
        | Outcome::Lost
        | Outcome::Unknown
        | Outcome::Answered
        | Outcome::Transferred
        | Outcome::Abandoned
        | Outcome::Declined
        | _ => Went::Undetermined,
    }
}
