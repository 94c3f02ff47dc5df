//! Words for what a call has, made harmless: names come from whoever calls.

use callfold_engine::announce::result_value;
use callfold_engine::calls::{
    Call, Change, CommandTrail, ConferenceSpell, EndedBy, GivenBy, HoldEnd, HoldReason, HoldSpell,
    IrregularityKind, Leg, Link, LinkKind, OtherSide, Outcome, RequestFate, RequestTrail, SpellKind,
    Transfer, TransferKind, json,
};
use callfold_engine::cti::Direction;
use callfold_engine::{CommandName, CommandResult, LineState, Misuse, Text, phone};

use super::there::{self, Answer};

/// The most columns of one thing that a server or an application named.
const MAX_NAME: usize = 120;
/// The most people who are named at once.
pub(super) const MAX_PEOPLE: usize = 16;

/// Text on one line, without anything that a terminal obeys, turns a line round or XML forbids, cut to `most` columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut cut = String::new();
    let mut used = 0;
    let mut kept = 0;
    for c in text.chars() {
        let c = if is_harmless(c) { c } else { '\u{fffd}' };
        used += columns_of(c);
        // Marks that take no column must not come without end.
        if used > most || cut.len() > most.saturating_mul(8) {
            cut.truncate(kept);
            cut.push('…');
            break;
        }
        cut.push(c);
        if used < most {
            kept = cut.len();
        }
    }
    cut
}

/// A name of someone else's.
pub(super) fn shown(text: &str) -> String {
    cut(text, MAX_NAME)
}

/// How many columns a text takes, about.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Neither a control character, nor one that turns the direction of a line, nor one that XML does not have.
pub(super) fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'
                | '\u{ffff}'
        )
}

/// Who is at the other end.
pub(super) fn who(other: &OtherSide) -> String {
    let number = other.number.as_ref().map(|number| number.as_str()).filter(|number| !number.is_empty());
    let name = other.name.as_ref().map(|name| name.as_str());
    let name = name.filter(|name| Some(*name) != number && !name.is_empty()).map(shown);
    let number = number.map(|number| shown(&phone::formatted(number)));
    match (name, number) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if other.menu => "a voice menu".to_owned(),
        (None, None) => "somebody unknown".to_owned(),
    }
}

/// Whether two are the same as far as the log tells: by number, else by user, else by name.
pub(super) fn is_same(one: &OtherSide, other: &OtherSide) -> bool {
    if one.number.is_some() || other.number.is_some() {
        one.number == other.number
    } else if one.user.is_some() || other.user.is_some() {
        one.user == other.user
    } else {
        one.name == other.name
    }
}

/// Some people, named.
pub(super) fn people<'a>(people: impl Iterator<Item = &'a OtherSide>) -> String {
    let mut people = people;
    let mut named: Vec<_> = people.by_ref().take(MAX_PEOPLE).map(who).collect();
    let more = people.count();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}

/// A conference, by what the server told of it.
pub(super) fn conference(spell: &ConferenceSpell) -> String {
    let name = spell.name.as_ref().map(Text::as_str).filter(|name| !name.is_empty());
    let name = name.map_or_else(|| "conference".to_owned(), |name| format!("conference {}", shown(name)));
    match spell.room {
        Some(room) => format!("{name}, room {room}"),
        None => name,
    }
}

/// Somebody of a conference's list.
pub(super) fn member(member: &Leg) -> String {
    let who = who(&member.who);
    if member.agent { format!("{who} (the agent)") } else { who }
}

/// A call in a few words.
pub(super) fn title(call: &Call) -> String {
    if let Some(conference) = there::first_conference(call) {
        return title_of_conference(call, conference);
    }
    let other = who(&call.other);
    match (call.direction, call.callback) {
        (Direction::In, _) => format!("incoming call from {other}"),
        (Direction::Out, true) => format!("outgoing call to {other}, set up by the PBX"),
        (Direction::Out, false) => format!("outgoing call to {other}"),
        (_, _) => format!("call with {other}"),
    }
}

fn title_of_conference(call: &Call, conference: &ConferenceSpell) -> String {
    let name = words_of_role(call, conference);
    let others = there::members(conference).into_iter().filter(|member| !member.agent);
    match people(others.map(|member| &member.who)) {
        _ if conference.members.is_empty() => format!("{name}: who is in it is unknown"),
        nobody if nobody.is_empty() => format!("{name}: nobody else is listed in it"),
        named => format!("{name}, listed in it: {named}"),
    }
}

fn words_of_role(call: &Call, conference: &ConferenceSpell) -> String {
    let name = self::conference(conference);
    if conference.ghost {
        format!("{name} that the agent joined as a ghost")
    } else if call.direction == Direction::Out {
        format!("{name} that the agent made")
    } else {
        name
    }
}

/// What became of a call, in a few words.
pub(super) fn outcome(call: &Call) -> String {
    match call.outcome {
        Outcome::Answered => match there::answer(call) {
            None => "on hold when first seen".to_owned(),
            Some((_, Answer::Nobody)) => "talked on".to_owned(),
            Some(_) => call.outcome.text().to_owned(),
        },
        Outcome::NotAnswered => match not_reached(call) {
            Some(how) => format!("not answered: it ended {how}"),
            None => call.outcome.text().to_owned(),
        },
        Outcome::Open
        | Outcome::Transferred
        | Outcome::Abandoned
        | Outcome::Declined
        | Outcome::Busy
        | Outcome::Failed
        | Outcome::Lost
        | Outcome::Unknown
        | _ => call.outcome.text().to_owned(),
    }
}

/// How far a callback came that came to nobody else's phone, as far as the log tells.
pub(super) fn not_reached(call: &Call) -> Option<&'static str> {
    let last =
        call.spells.iter().rfind(|spell| spell.kind != SpellKind::Gap).filter(|spell| spell.callback)?;
    Some(if last.kind == SpellKind::Ring {
        "while the agent's own phone rang"
    } else {
        "while the PBX set it up"
    })
}

/// How a call ended, and by whom.
pub(super) fn end(call: &Call) -> String {
    let by = match call.ended_by {
        Some(EndedBy::Agent) => " by the agent",
        Some(EndedBy::OtherSide) => " by the other side",
        _ => "",
    };
    let how = match call.outcome {
        Outcome::Open | Outcome::Answered => "",
        Outcome::Transferred => ": passed on",
        Outcome::Abandoned => " before it was answered",
        Outcome::Declined => ": declined",
        Outcome::NotAnswered => match not_reached(call) {
            Some(how) => return format!("ended{by} {how}"),
            None => " before it was answered",
        },
        Outcome::Busy => ": the number was busy",
        Outcome::Failed => ": the agent's phone went away",
        Outcome::Lost => ": it was gone when the connection came back",
        Outcome::Unknown | _ => ": what became of it is unknown",
    };
    format!("ended{by}{how}")
}

/// Why a call is on hold.
pub(super) fn hold_reason(call: &Call, hold: &HoldSpell) -> String {
    let during = |link: &&Link| {
        link.kind == LinkKind::Consults && link.at >= hold.from && hold.to.is_none_or(|to| link.at <= to)
    };
    match hold.reason {
        HoldReason::PutByUs => "put by the agent".to_owned(),
        HoldReason::Consultation => match call.links.iter().find(during) {
            Some(link) => format!("for a consultation with {}", who(&link.with)),
            None => "for a consultation".to_owned(),
        },
        HoldReason::FoundHeld => "since before it was first seen".to_owned(),
        _ => "nobody knows why".to_owned(),
    }
}

/// How a hold ended.
pub(super) fn hold_end(hold: &HoldSpell) -> &'static str {
    match hold.end {
        None => "goes on",
        Some(HoldEnd::Returned) => "taken back",
        Some(HoldEnd::Left) => "the held party left",
        Some(HoldEnd::Connected) => "the held party was connected to somebody else",
        Some(HoldEnd::Conferenced) => "the held party was brought into a conference",
        Some(HoldEnd::Lost) => "it was gone when the connection came back",
        Some(HoldEnd::Unknown | _) => "how is unknown",
    }
}

/// How a call was passed on.
pub(super) fn transfer(transfer: &Transfer) -> String {
    let with = transfer.with.as_ref().map_or("somebody unknown".to_owned(), who);
    if transfer.kind == TransferKind::ToUs {
        format!("passed on to us, from {with}")
    } else {
        format!("passed on to {with} ({})", transfer.kind.text())
    }
}

/// What a call has to do with another.
pub(super) fn link(link: &Link) -> String {
    let (with, call) = (who(&link.with), shown(link.call.as_str()));
    match link.kind {
        LinkKind::ConsultsFor => format!("is a consultation for the call with {with} ({call})"),
        LinkKind::Consults => format!("the agent consults {with} meanwhile ({call})"),
        LinkKind::ConnectedTo => format!("connected to {with} ({call})"),
        LinkKind::GoesOnIn => format!("goes on in the conference of the call {call}"),
        _ => format!("has to do with the call {call}"),
    }
}

/// What does not fit.
pub(super) fn irregular(kind: IrregularityKind) -> String {
    format!("irregular: {}", crate::lint::sentence(kind))
}

/// A command with what it names, and whose it is if it is not the application's.
pub(super) fn command(command: &CommandTrail) -> String {
    let targets = command.targets().map(|target| target.as_str());
    let names = targets.chain(command.about.iter().map(Text::as_str)).filter(|name| !name.is_empty());
    let mut all: Vec<_> = names.take(MAX_PEOPLE + 1).map(shown).collect();
    if all.len() > MAX_PEOPLE {
        all.truncate(MAX_PEOPLE);
        all.push("…".to_owned());
    }
    format!("{} {}", command.name.text(), all.join(", ")).trim_end().to_owned()
}

/// Whether the engine gave the command itself.
pub(super) fn is_own(command: &CommandTrail) -> bool {
    command.by == Some(GivenBy::Engine)
}

/// How a command ended, with what the server said if it refused.
pub(super) fn result(command: &CommandTrail) -> String {
    let Some(result) = &command.result else { return "no result".to_owned() };
    if result.is_done() {
        let whom = || command.target.as_ref().map_or(String::new(), |target| shown(target.as_str()));
        return if command.name == CommandName::GhostListen {
            "done: the agent hears, and is not heard".to_owned()
        } else if command.name == CommandName::GhostHelp {
            format!("done: the agent is heard by {} only", whom())
        } else if command.name == CommandName::GhostConference {
            "done: the agent is heard by all".to_owned()
        } else {
            "done".to_owned()
        };
    }
    format!("refused: {}", shown(&refusal(result)))
}

/// Why something was refused: the protocol's words, and the server's own where it had some.
pub(crate) fn refusal(result: &CommandResult) -> String {
    if let CommandResult::Misused { misuse } = result {
        return match misuse {
            Misuse::ArgumentNullOrEmpty => "a number is needed".to_owned(),
            Misuse::InvalidOperation => "there is no call to do it with".to_owned(),
            _ => misuse.name().to_owned(),
        };
    }
    let value = result_value(result);
    let text =
        |names: [&str; 2]| names.into_iter().find_map(|name| value.get(name)?.as_str().map(str::to_owned));
    let ours = value.get("errorMessage").and_then(|text| text.as_str());
    match (ours, text(["serverErrorMessage", "errormsg"]).filter(|text| !text.is_empty())) {
        (Some(ours), Some(theirs)) => format!("{ours} (the PBX says: {theirs})"),
        (Some(one), None) => one.to_owned(),
        (None, Some(theirs)) => format!("the PBX says: {theirs}"),
        (None, None) => "the PBX does not agree".to_owned(),
    }
}

/// What a command led to.
pub(super) fn effect(change: Change) -> String {
    let words = match change {
        Change::Line(LineState::Ready) => "the line is free",
        Change::Line(LineState::Disconnected) => "the line has no phone",
        Change::Line(LineState::Talk) => "talk",
        Change::Line(LineState::Ring) => "the agent's phone rings",
        Change::Line(LineState::BackRing) => "the agent's own phone rings, for a call that was asked for",
        Change::Line(LineState::Call) => "a call is made",
        Change::Line(LineState::BackCall) => "the PBX sets up a call",
        Change::Hold => "somebody is on hold",
        Change::TakenBack => "who was on hold is taken back",
        Change::Exchanged => "who was on hold is taken back, and somebody else is on hold",
        Change::HoldEnded => "nobody is on hold any more",
        Change::Parties => "somebody else is at the other end",
        Change::Came => "somebody comes",
        Change::Gone => "somebody leaves",
        Change::Conference => "a conference",
        Change::ConferenceLeft => "no conference any more",
        Change::Agent => "another state of the agent",
        Change::CallCentre => "the call centre entered or left",
        Change::Redirect => "another number that calls are redirected to",
        Change::Connection => "a connection made or ended",
        // What has no words of its own is told as programs are told it.
        Change::Line(_) | _ => return json::change(change),
    };
    words.to_owned()
}

/// What became of a request.
pub(super) fn fate(request: &RequestTrail) -> String {
    match request.fate {
        RequestFate::Waiting => "never answered".to_owned(),
        RequestFate::Accepted => "agreed".to_owned(),
        RequestFate::Refused => "refused".to_owned(),
        RequestFate::Failed(code) => format!("failed: {} {}", code.number(), code.text()),
        _ => "not known".to_owned(),
    }
}
