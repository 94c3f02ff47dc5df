//! What is so at a moment: a copy that nothing changes any more.

use callfold::problem::{Problem, ProblemCode};
use callfold::{Held, PersonName, PhoneNumber, Text, Timestamp, View, announce};
use serde_json::json;
use std::mem::MaybeUninit;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::handle::{self, Kind, Object};
use crate::text::{bad, callfold_buffer, callfold_str, fill, owned};
use crate::words::{
    Numbered, callfold_agent_state, callfold_answering, callfold_connection, callfold_line_state,
    callfold_web_status, maybe,
};

/// What was so on a line at a moment.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_view {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// A moment that is not known, or did not come.
pub const CALLFOLD_NEVER: i64 = i64::MIN;

/// Line and agent at a moment. Strings are borrowed until the view is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_state {
    /// Which moment it is of: microseconds of UTC since 1970; CALLFOLD_NEVER if nothing happened yet.
    pub at: i64,
    /// The last record that is in it; 0 where nothing is recorded.
    pub seq: u64,
    /// The last turn of a live line that is in it; 0 for others.
    pub turn: u64,
    /// How far the connection is.
    pub connection: callfold_connection,
    /// The line's state.
    pub line: callfold_line_state,
    /// Whether the phone can be answered by command.
    pub answering: callfold_answering,
    /// What the agent does.
    pub agent_state: callfold_agent_state,
    /// What the agent has chosen.
    pub agent_status: callfold_agent_state,
    /// The web status, the older way; zero at first.
    pub web_status: callfold_web_status,
    /// Since when line, hold and parties are stale; CALLFOLD_NEVER if they are not.
    pub stale_since: i64,
    /// When the talk began; CALLFOLD_NEVER while the talk clock does not run.
    pub talk_since: i64,
    /// How many are at the other end.
    pub parties: usize,
    /// How many are held: none, or one.
    pub held: usize,
    /// How many are in the queue.
    pub queue: usize,
    /// The id of the conference that is ours.
    pub conference: callfold_str,
    /// The agent's login.
    pub agent_login: callfold_str,
    /// The agent's number.
    pub agent_number: callfold_str,
    /// The agent's name.
    pub agent_name: callfold_str,
    /// Whether the agent is in the call centre: 1, 0, or -1 while it is not known.
    pub call_centre: i32,
    /// Whether the agent is an operator.
    pub is_operator: bool,
}

/// Somebody at the other end. Strings are borrowed until the view is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_party {
    /// What tells it from others.
    pub key: callfold_str,
    /// The number.
    pub number: callfold_str,
    /// The name.
    pub name: callfold_str,
    /// The chain.
    pub chain: callfold_str,
    /// The user id, if it is a user of the PBX.
    pub user: callfold_str,
    /// Whether it is behind an external line.
    pub is_external: bool,
    /// Whether it is a voice menu.
    pub is_menu: bool,
    /// Whether it is a whole conference that is held: `key` is its id, `name` its name.
    pub is_conference: bool,
}

/// Which parties: CALLFOLD_PARTIES_ON_LINE, CALLFOLD_PARTIES_HELD or CALLFOLD_PARTIES_IN_QUEUE.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_parties = u32;

/// Those at the other end.
pub const CALLFOLD_PARTIES_ON_LINE: u32 = 1;
/// Who is held.
pub const CALLFOLD_PARTIES_HELD: u32 = 2;
/// Those in the queue.
pub const CALLFOLD_PARTIES_IN_QUEUE: u32 = 3;

/// A view, and which moment it is of.
pub(crate) struct Seen {
    pub(crate) view: View,
    pub(crate) at: Option<Timestamp>,
    pub(crate) seq: u64,
    pub(crate) turn: u64,
    /// Numbers of which the stream says what may be done with them.
    pub(crate) numbers: Vec<String>,
}

impl Object for Seen {
    const KIND: Kind = Kind::View;
    const BOUND_TO_PROCESS: bool = false;
}

impl Seen {
    /// Gives it to the caller.
    pub(crate) fn put(self) -> Result<callfold_view, Problem> {
        Ok(callfold_view { handle: handle::put(self)? })
    }
}

pub(crate) fn at(at: Option<Timestamp>) -> i64 {
    at.map_or(CALLFOLD_NEVER, Timestamp::as_micros)
}

fn text(text: Option<&Text>) -> callfold_str {
    callfold_str::maybe(text.map(Text::as_str))
}

pub(crate) fn number(number: Option<&PhoneNumber>) -> callfold_str {
    callfold_str::maybe(number.map(PhoneNumber::as_str))
}

pub(crate) fn person(name: Option<&PersonName>) -> callfold_str {
    callfold_str::maybe(name.map(PersonName::as_str))
}

fn state(seen: &Seen) -> callfold_state {
    let view = &seen.view;
    let agent = &view.agent;
    callfold_state {
        at: at(seen.at),
        seq: seen.seq,
        turn: seen.turn,
        connection: view.connection.number(),
        line: view.line.number(),
        answering: view.answering.number(),
        agent_state: agent.state.number(),
        agent_status: agent.status.number(),
        web_status: maybe(agent.web_status),
        stale_since: at(view.stale_since),
        talk_since: at(view.talk_since),
        parties: view.parties.as_slice().len(),
        held: usize::from(view.held.is_some()),
        queue: view.queue.len(),
        conference: callfold_str::maybe(view.conference.as_ref().map(|conference| conference.id.as_str())),
        agent_login: text(agent.login.as_ref()),
        agent_number: number(agent.number.as_ref()),
        agent_name: person(agent.name.as_ref()),
        call_centre: agent.call_centre.map_or(-1, i32::from),
        is_operator: agent.operator,
    }
}

fn party(party: &callfold::Party) -> callfold_party {
    callfold_party {
        key: callfold_str::of(party.key.as_str()),
        number: number(party.number.as_ref()),
        name: person(party.name.as_ref()),
        chain: callfold_str::maybe(party.chain.as_ref().map(|chain| chain.as_str())),
        user: callfold_str::maybe(party.user.as_ref().map(|user| user.id.as_str())),
        is_external: party.external,
        is_menu: party.menu.is_some(),
        is_conference: false,
    }
}

fn held(held: &Held) -> callfold_party {
    match held {
        Held::Party(who) => party(who),
        Held::Conference { id, name, .. } => callfold_party {
            key: callfold_str::of(id.as_str()),
            number: callfold_str::NONE,
            name: text(name.as_ref()),
            chain: callfold_str::NONE,
            user: callfold_str::NONE,
            is_external: false,
            is_menu: false,
            is_conference: true,
        },
        _ => callfold_party {
            key: callfold_str::NONE,
            number: callfold_str::NONE,
            name: callfold_str::NONE,
            chain: callfold_str::NONE,
            user: callfold_str::NONE,
            is_external: false,
            is_menu: false,
            is_conference: false,
        },
    }
}

/// Line and agent. The strings are borrowed until the view is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_state(
    view: callfold_view,
    borrowed: Option<&mut MaybeUninit<callfold_state>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        borrowed.with(state(&*handle::get::<Seen>(view.handle)?));
        Ok(())
    })
}

/// The party at place `index` (from 0) of those that `parties` names. CALLFOLD_END behind the last. The strings are
/// borrowed until the view is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_party(
    view: callfold_view,
    parties: callfold_parties,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_party>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let seen = handle::get::<Seen>(view.handle)?;
        let found = match parties {
            CALLFOLD_PARTIES_ON_LINE => seen.view.parties.as_slice().get(index).map(|who| party(who)),
            CALLFOLD_PARTIES_HELD => seen.view.held.as_ref().filter(|_| index == 0).map(held),
            CALLFOLD_PARTIES_IN_QUEUE => seen.view.queue.get(index).map(|who| party(who)),
            other => return Err(bad(format!("parties: there is no list {other}"))),
        };
        let Some(found) = found else { return Ok(Status::End) };
        borrowed.with(found);
        Ok(Status::Ok)
    })
}

/// What may be done with a number or user now, in the order in which to show it, as a JSON array: `["call","transfer"]`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_actions_json(
    view: callfold_view,
    target: callfold_str,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let seen = handle::get::<Seen>(view.handle)?;
        let actions = seen.view.actions(target.text("target")?).into_iter();
        let actions: Vec<_> = actions.map(|action| action.name()).collect();
        owned_json.with(owned(json!(actions).to_string())?);
        Ok(())
    })
}

/// Everything, as JSON: what `callfold state --json` writes.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_json(
    view: callfold_view,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let seen = handle::get::<Seen>(view.handle)?;
        let now = seen.at.unwrap_or(Timestamp::from_micros(0));
        let snapshot = if seen.view.cti.is_some() {
            announce::snapshot_with_model(&seen.view, now, &seen.numbers)
        } else {
            announce::snapshot(&seen.view, now, &seen.numbers)
        };
        let json = json!({
            "at": seen.at.map(Timestamp::as_micros),
            "seq": (seen.seq > 0).then_some(seen.seq),
            "staleSince": seen.view.stale_since.map(Timestamp::as_micros),
            "snapshot": snapshot,
        });
        owned_json.with(owned(json.to_string())?);
        Ok(())
    })
}

/// What the PBX told of its numbers, users and reasons for a break, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_directory_json(
    view: callfold_view,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let seen = handle::get::<Seen>(view.handle)?;
        let json = serde_json::to_string(&seen.view.directory);
        owned_json
            .with(owned(json.map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?)?);
        Ok(())
    })
}

/// Frees a view, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_view_free(view: callfold_view) -> callfold_result {
    done(|| handle::free::<Seen>(view.handle))
}
