//! Events, as they cross.

use callfold::problem::{Problem, ProblemCode};
use callfold::{ChainId, Event, announce};

use crate::text::callfold_str;
use crate::view::{number, person};
use crate::words::{callfold_event_kind, callfold_line_state, event_kind, maybe};

/// Something that was decided. Strings are borrowed: from whom, and for how long, the function that gives it says.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_event {
    /// When: microseconds of UTC since 1970.
    pub at: i64,
    /// The record that has it, from 1; 0 where nothing is recorded.
    pub seq: u64,
    /// Which event of the record, from 0.
    pub place: u32,
    /// Which event it is.
    pub kind: callfold_event_kind,
    /// Its name, such as `line_changed`: for good, also for kinds that this version has no number for.
    pub name: callfold_str,
    /// How the reference client announces it; nothing for what it keeps quiet.
    pub announced: callfold_str,
    /// The stream that it is of; nothing where there is none.
    pub stream: callfold_str,
    /// The state that the line entered; zero if it tells of none.
    pub line: callfold_line_state,
    /// The protocol's error code, or the reason of a disconnect; 0 if it tells of none.
    pub code: u32,
    /// The command that it is of, from 1; 0 if it is of none.
    pub command: u64,
    /// The chain that it is about.
    pub chain: callfold_str,
    /// The number that it is about: that of the party, the agent or the target.
    pub number: callfold_str,
    /// The name that it is about.
    pub person: callfold_str,
}

/// Where an event stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    pub(crate) place: u32,
    pub(crate) stream: Option<&'a str>,
}

/// An event as C has it. What it borrows is the event's.
pub(crate) fn told(event: &Event, place: Place<'_>) -> callfold_event {
    let about = event.about();
    callfold_event {
        at: place.at,
        seq: place.seq,
        place: place.place,
        kind: event_kind(event),
        name: callfold_str::of(event.name()),
        announced: callfold_str::maybe(announce::announced_name(event)),
        stream: callfold_str::maybe(place.stream),
        line: maybe(about.line),
        code: about.code.map_or(0, u32::from),
        command: about.command.map_or(0, |command| command.0),
        chain: callfold_str::maybe(about.chain.map(ChainId::as_str)),
        number: number(about.number),
        person: person(about.name),
    }
}

/// All that an event says, as JSON: the same text on every surface.
pub(crate) fn json(event: &Event) -> Result<String, Problem> {
    serde_json::to_string(event).map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))
}
