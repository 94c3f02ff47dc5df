//! Words for what a call has, made harmless: names come from whoever calls.

use callfold_engine::announce::result_value;
use callfold_engine::calls::{
    Call, CommandTrail, EndedBy, HoldEnd, HoldSpell, Moment, OtherSide, RequestFate, RequestTrail, Transfer,
    TransferKind,
};
use callfold_engine::cti::Direction;
use callfold_engine::phone;

/// The most columns of one thing that a server or an application named.
const MAX_NAME: usize = 120;
/// The most people who are named at once.
const MAX_PEOPLE: usize = 16;

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

/// Who was at the other end at a moment; whoever was there last, if nobody was.
pub(super) fn with_at(call: &Call, at: Moment) -> Vec<&OtherSide> {
    let begun = call.legs.iter().filter(|leg| leg.from <= at);
    let there: Vec<_> = begun
        .clone()
        .filter(|leg| leg.to.is_none_or(|to| to > at))
        .map(|leg| &leg.who)
        .take(MAX_PEOPLE)
        .collect();
    if !there.is_empty() {
        return there;
    }
    vec![begun.max_by_key(|leg| leg.from).map_or(&call.other, |leg| &leg.who)]
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

/// A conference with those who are in it.
pub(super) fn conference<'a>(members: impl Iterator<Item = &'a OtherSide>) -> String {
    let named = people(members);
    if named.is_empty() { "conference".to_owned() } else { format!("conference: {named}") }
}

/// Which way a call went.
pub(super) fn direction(call: &Call) -> &'static str {
    match (call.direction, call.callback) {
        (_, true) => "callback",
        (Direction::In, false) => "incoming call",
        (Direction::Out, false) => "outgoing call",
        (_, false) => "call",
    }
}

/// A call in a few words.
pub(super) fn title(call: &Call) -> String {
    let word = match (call.direction, call.callback) {
        (_, true) | (Direction::Out, false) => "to",
        (Direction::In, false) => "from",
        (_, false) => "with",
    };
    format!("{} {word} {}", direction(call), who(&call.other))
}

/// How a call ended, and by whom.
pub(super) fn end(call: &Call) -> String {
    let by = match call.ended_by {
        Some(EndedBy::Agent) => " by the agent",
        Some(EndedBy::OtherSide) => " by the other side",
        _ => "",
    };
    format!("ended{by}: {}", call.outcome.text())
}

/// How a hold ended.
pub(super) fn hold_end(hold: &HoldSpell) -> &'static str {
    hold.end.map_or("goes on", HoldEnd::text)
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

/// A command with what it names.
pub(super) fn command(command: &CommandTrail) -> String {
    match &command.target {
        Some(target) if !target.as_str().is_empty() => {
            format!("{} {}", command.name.text(), shown(target.as_str()))
        }
        Some(_) | None => command.name.text().to_owned(),
    }
}

/// How a command ended.
pub(super) fn result(command: &CommandTrail) -> String {
    match &command.result {
        Some(result) if result.is_done() => "done".to_owned(),
        Some(result) => {
            let value = result_value(result);
            let text =
                ["errorMessage", "errormsg", "throws"].iter().find_map(|name| value.get(name)?.as_str());
            format!("refused: {}", shown(text.unwrap_or("the PBX does not agree")))
        }
        None => "no result".to_owned(),
    }
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
