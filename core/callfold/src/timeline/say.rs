//! The words that the pictures have, for lists of calls and commands.
//!
//! They are on one line, cut, and without what a terminal obeys.

use callfold_engine::calls::{
    Call, Change, CommandTrail, ConferenceSpell, HoldSpell, IrregularityKind, Moment, RequestTrail,
};

use super::there::{self, Answer, at_the_other_end};
use super::{entries, words};

/// The most people whom a cell of a list names.
const MOST: usize = 3;

/// Who is at the other end of a call: of one that began as a conference, whom its list had.
#[must_use]
pub fn other_side(call: &Call) -> String {
    let Some(conference) = there::first_conference(call) else { return words::who(&call.other) };
    let name = words::conference(conference);
    let others: Vec<_> = there::members(conference).into_iter().filter(|member| !member.agent).collect();
    let named = words::people(others.iter().take(MOST).map(|member| &member.who));
    match others.len().saturating_sub(MOST) {
        _ if named.is_empty() => name,
        0 => format!("{name}: {named}"),
        more => format!("{name}: {named}, {more} more"),
    }
}

/// When the first talk began, and how: answered by whom, or without anything that rang or was dialled.
#[must_use]
pub fn answered(call: &Call) -> Option<(Moment, String)> {
    let (at, who) = there::answer(call)?;
    let words = match who {
        Answer::Agent => "answered by the agent".to_owned(),
        Answer::OwnPhone => "answered by the agent, whose own phone rang".to_owned(),
        Answer::OtherSide => {
            format!("answered by {}", words::people(at_the_other_end(call, at).into_iter()))
        }
        Answer::Nobody if there::conference_at(call, at).is_some() => "enters the conference".to_owned(),
        Answer::Nobody => "talk begins".to_owned(),
    };
    Some((at, words))
}

/// What a call has to do with other calls of the line, and since when.
pub fn links(call: &Call) -> impl Iterator<Item = (Moment, String)> {
    let links = call.links.iter().filter(|link| !entries::is_told(call, link));
    links.map(|link| (link.at, words::link(link)))
}

/// Why a call was on hold, and how that ended.
#[must_use]
pub fn hold(call: &Call, hold: &HoldSpell) -> String {
    format!("{}, {}", words::hold_reason(call, hold), words::hold_end(hold))
}

/// A conference, with whom its list ever had.
#[must_use]
pub fn conference(conference: &ConferenceSpell) -> String {
    let members = there::members(conference);
    if members.is_empty() {
        return "who is in it is unknown".to_owned();
    }
    let named: Vec<_> = members.iter().take(words::MAX_PEOPLE).map(|member| words::member(member)).collect();
    let more = match members.len() - named.len() {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    format!("in it or invited at some time: {}{more}", named.join(", "))
}

/// How a call ended, and by whom.
#[must_use]
pub fn end(call: &Call) -> String {
    words::end(call)
}

/// What does not fit about a call, in a sentence.
#[must_use]
pub fn irregular(kind: IrregularityKind) -> String {
    words::irregular(kind)
}

/// A command with what it names, and whose it is if it is not the application's.
#[must_use]
pub fn command(command: &CommandTrail) -> String {
    let name = words::command(command);
    if words::is_own(command) { format!("{name} (callfold's own)") } else { name }
}

/// How a command ended, with what the server said if it refused.
#[must_use]
pub fn result(command: &CommandTrail) -> String {
    words::result(command)
}

/// What became of a request.
#[must_use]
pub fn fate(request: &RequestTrail) -> String {
    words::fate(request)
}

/// What a command led to.
#[must_use]
pub fn effect(change: Change) -> String {
    words::effect(change)
}
