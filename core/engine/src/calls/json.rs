//! Calls, commands and time as JSON, for programs: the same text from every surface.
//!
//! Moments are `{"at": microseconds of UTC since 1970, "seq": record}`; lengths are microseconds.

use serde_json::{Map, Value, json};

use super::call::{
    Call, CallId, ConferenceSpell, EndedBy, Gap, HoldEnd, HoldSpell, Irregularity, Leg, Link, Moment,
    OtherSide, Spell, Transfer,
};
use super::change::Change;
use super::commands::{CommandTrail, GivenBy, RequestFate, RequestTrail};
use super::time::{TimeLedger, Totals};
use crate::announce::result_value;
use crate::text::{ChainId, PersonName, PhoneNumber, Text, UserId};

/// A call.
#[must_use]
pub fn call(call: &Call) -> Value {
    json!({
        "id": call.id.as_str(),
        "chain": call.chain.as_ref().map(ChainId::as_str),
        "direction": call.direction.text(),
        "callback": call.callback,
        "other": other_side(&call.other),
        "upWhenConnected": call.up_when_connected,
        "began": moment(call.began),
        "answered": call.answered.map(moment),
        "ended": call.ended.map(moment),
        "endedBy": call.ended_by.map(EndedBy::text),
        "outcome": call.outcome.text(),
        "spells": call.spells.iter().map(spell).collect::<Vec<_>>(),
        "legs": call.legs.iter().map(leg).collect::<Vec<_>>(),
        "holds": call.holds.iter().map(hold).collect::<Vec<_>>(),
        "consultsFor": call.consults_for.as_ref().map(CallId::as_str),
        "consultations": call.consultations.iter().map(CallId::as_str).collect::<Vec<_>>(),
        "links": call.links.iter().map(link).collect::<Vec<_>>(),
        "transfers": call.transfers.iter().map(transfer).collect::<Vec<_>>(),
        "conferences": call.conferences.iter().map(conference).collect::<Vec<_>>(),
        "gaps": call.gaps.iter().map(gap).collect::<Vec<_>>(),
        "commands": call.commands.iter().map(|id| id.0).collect::<Vec<_>>(),
        "irregularities": call.irregularities.iter().map(irregularity).collect::<Vec<_>>(),
        "time": totals(&call.time),
    })
}

/// A command, with what the server answered and what it led to.
#[must_use]
pub fn command(trail: &CommandTrail) -> Value {
    json!({
        "id": trail.id.0,
        "name": trail.name.text(),
        "target": trail.target.as_ref().map(PhoneNumber::as_str),
        "others": trail.others.iter().map(PhoneNumber::as_str).collect::<Vec<_>>(),
        "about": trail.about.iter().map(Text::as_str).collect::<Vec<_>>(),
        "by": trail.by.map(GivenBy::text),
        "asked": moment(trail.asked),
        "requests": trail.requests.iter().map(request).collect::<Vec<_>>(),
        "done": trail.done.map(moment),
        "result": trail.result.as_ref().map(result_value),
        "effect": trail.effect.as_ref().map(|effect| json!({
            "change": change(effect.change),
            "at": moment(effect.at),
        })),
    })
}

/// The time ledger.
#[must_use]
pub fn ledger(ledger: &TimeLedger) -> Value {
    let days: Vec<_> = ledger
        .by_agent_and_day()
        .map(|(agent, day, of)| json!({ "agent": agent.as_str(), "day": day.0, "time": totals(of) }))
        .collect();
    json!({ "loggedIn": ledger.logged_in().as_micros(), "time": totals(&ledger.totals()), "days": days })
}

/// Every kind of time that is not nothing.
#[must_use]
pub fn totals(totals: &Totals) -> Value {
    let times = totals.iter().filter(|(_, span)| span.as_micros() != 0);
    times.map(|(kind, span)| (kind.text().to_owned(), span.as_micros().into())).collect::<Map<_, _>>().into()
}

fn moment(moment: Moment) -> Value {
    json!({ "at": moment.at.as_micros(), "seq": moment.seq })
}

fn other_side(other: &OtherSide) -> Value {
    json!({
        "number": other.number.as_ref().map(PhoneNumber::as_str),
        "name": other.name.as_ref().map(PersonName::as_str),
        "user": other.user.as_ref().map(UserId::as_str),
        "external": other.external,
        "menu": other.menu,
    })
}

fn spell(spell: &Spell) -> Value {
    json!({
        "kind": spell.kind.text(),
        "callback": spell.callback,
        "from": moment(spell.from),
        "to": spell.to.map(moment),
    })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "who": other_side(&leg.who),
        "agent": leg.agent,
        "from": moment(leg.from),
        "to": leg.to.map(moment),
    })
}

fn link(link: &Link) -> Value {
    json!({
        "at": moment(link.at),
        "kind": link.kind.text(),
        "call": link.call.as_str(),
        "with": other_side(&link.with),
    })
}

fn hold(hold: &HoldSpell) -> Value {
    json!({
        "from": moment(hold.from),
        "to": hold.to.map(moment),
        "reason": hold.reason.text(),
        "end": hold.end.map(HoldEnd::text),
    })
}

fn transfer(transfer: &Transfer) -> Value {
    json!({
        "at": moment(transfer.at),
        "kind": transfer.kind.text(),
        "with": transfer.with.as_ref().map(other_side),
    })
}

fn conference(spell: &ConferenceSpell) -> Value {
    json!({
        "conference": spell.conference.as_str(),
        "name": spell.name.as_ref().map(Text::as_str),
        "room": spell.room,
        "ghost": spell.ghost,
        "from": moment(spell.from),
        "to": spell.to.map(moment),
        "members": spell.members.iter().map(leg).collect::<Vec<_>>(),
    })
}

fn gap(gap: &Gap) -> Value {
    json!({ "from": moment(gap.from), "to": gap.to.map(moment) })
}

fn irregularity(irregularity: &Irregularity) -> Value {
    json!({ "kind": irregularity.kind.text(), "at": moment(irregularity.at) })
}

fn request(request: &RequestTrail) -> Value {
    let (fate, code) = match request.fate {
        RequestFate::Waiting => ("waiting", None),
        RequestFate::Accepted => ("accepted", None),
        RequestFate::Refused => ("refused", None),
        RequestFate::Failed(code) => ("failed", Some(code.number())),
    };
    json!({
        "method": request.method.as_str(),
        "qid": request.qid,
        "sent": moment(request.sent),
        "settled": request.settled.map(moment),
        "fate": fate,
        "code": code,
    })
}

/// A change in words: `line talk`, `hold`, `taken back`, …
#[must_use]
pub fn change(change: Change) -> String {
    match change {
        Change::Line(state) => format!("line {}", state.name().unwrap_or("unknown")),
        Change::Hold => "hold".to_owned(),
        Change::TakenBack => "taken back".to_owned(),
        Change::Exchanged => "exchanged".to_owned(),
        Change::HoldEnded => "hold ended".to_owned(),
        Change::Parties => "parties".to_owned(),
        Change::Came => "somebody came".to_owned(),
        Change::Gone => "somebody left".to_owned(),
        Change::Conference => "conference".to_owned(),
        Change::ConferenceLeft => "conference left".to_owned(),
        Change::Agent => "agent".to_owned(),
        Change::CallCentre => "call centre".to_owned(),
        Change::Redirect => "redirect number".to_owned(),
        Change::Connection => "connection".to_owned(),
    }
}
