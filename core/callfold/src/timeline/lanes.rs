//! What went on when, lane by lane.

use callfold_engine::calls::{Call, CommandTrail, Moment, OtherSide, RequestFate, SpellKind};

use super::entries::{on_hold, stretch};
use super::there::{self, Answer, Stretch, at_the_other_end};
use super::words::{self, is_same, who};
use super::{Bar, BarKind, Lane, Mark, MarkKind};

/// The lanes: the call, its holds, its conferences, everybody, and its commands.
pub(super) fn of(call: &Call, commands: &[&CommandTrail]) -> Vec<Lane> {
    let mut lanes = vec![spells(call)];
    lanes.extend(holds(call));
    lanes.extend(conferences(call));
    lanes.extend(parties(call));
    lanes.extend(commands.iter().map(|command| of_command(command)));
    lanes
}

/// What happened at once, to the call as a whole.
pub(super) fn marks(call: &Call) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut mark = |kind, at, words: String| marks.push(Mark { kind, at, words });
    if let Some((at, who)) = there::answer(call) {
        let words = match who {
            Answer::Agent | Answer::OwnPhone | Answer::OtherSide => "answered",
            Answer::Nobody if there::conference_at(call, at).is_some() => "enters the conference",
            Answer::Nobody => "talk begins",
        };
        mark(MarkKind::Answered, at, words.to_owned());
    }
    for transfer in &call.transfers {
        mark(MarkKind::Transfer, transfer.at, words::transfer(transfer));
    }
    for irregularity in &call.irregularities {
        mark(MarkKind::Irregular, irregularity.at, words::irregular(irregularity.kind));
    }
    if let Some(at) = call.ended {
        mark(MarkKind::Ended, at, words::end(call));
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

fn spells(call: &Call) -> Lane {
    let bars = call.spells.iter().flat_map(|spell| {
        let kind = BarKind::of(spell.kind);
        let label = match (spell.kind, spell.callback) {
            (SpellKind::Ring, true) => "own phone rings",
            (SpellKind::Dial, true) => "set up",
            (_, _) => kind.text(),
        };
        let bar = move |(from, to): Stretch| {
            let with = at_the_other_end(call, from);
            // Who was in a conference when, and who was on hold, have lanes of their own.
            let words = if spell.kind == SpellKind::Hold {
                format!("hold: {}", on_hold(call, from))
            } else if spell.kind == SpellKind::Talk {
                format!("talk: {}", words::people(with.into_iter()))
            } else {
                stretch(spell.kind, spell.callback, &with)
            };
            Bar { kind, from, to, label: label.to_owned(), words }
        };
        there::pieces(call, spell).into_iter().map(bar)
    });
    Lane { name: "call".to_owned(), bars: bars.collect(), marks: Vec::new() }
}

fn holds(call: &Call) -> Option<Lane> {
    let bars = call.holds.iter().flat_map(|hold| {
        let label = format!("{}, {}", words::hold_reason(call, hold), words::hold_end(hold));
        let words = format!("hold: {}, {label}", on_hold(call, hold.from));
        bars(call, (hold.from, hold.to), BarKind::Hold, label, words)
    });
    lane("hold", bars.collect())
}

fn conferences(call: &Call) -> Option<Lane> {
    let bars = call.conferences.iter().flat_map(|conference| {
        let (name, members) = (words::conference(conference), there::members(conference));
        let (label, words) = match members.len() {
            0 => ("who is in it is unknown".to_owned(), format!("{name}: who is in it is unknown")),
            count => {
                let named = words::people(members.into_iter().map(|member| &member.who));
                (format!("{count} listed in all"), format!("{name}; in it or invited at some time: {named}"))
            }
        };
        bars(call, (conference.from, conference.to), BarKind::Conference, label, words)
    });
    lane("conference", bars.collect())
}

fn lane(name: &str, bars: Vec<Bar>) -> Option<Lane> {
    (!bars.is_empty()).then(|| Lane { name: name.to_owned(), bars, marks: Vec::new() })
}

/// The bars of something that went on, without a word of what it was while the connection was down.
fn bars(call: &Call, stretch: Stretch, kind: BarKind, label: String, words: String) -> Vec<Bar> {
    let bar = |(of, (from, to)): (BarKind, Stretch)| {
        let (label, words) = if of == BarKind::Unknown {
            ("unknown".to_owned(), NOTHING_KNOWN.to_owned())
        } else {
            (label.clone(), words.clone())
        };
        Bar { kind: of, from, to, label, words }
    };
    there::seen(call, stretch, kind).into_iter().map(bar).collect()
}

const NOTHING_KNOWN: &str = "connection down: nothing is known";

/// A lane for everybody who was at the other end, or in the list of a conference.
fn parties(call: &Call) -> Vec<Lane> {
    let mut lanes: Vec<(&OtherSide, Lane)> = Vec::new();
    for leg in &call.legs {
        let side = there::side(call, leg);
        put(&mut lanes, side, who(side), there::stays(call, leg));
    }
    let members = call.conferences.iter().flat_map(|conference| &conference.members);
    for member in members {
        put(&mut lanes, &member.who, words::member(member), there::listed(call, member));
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

fn put<'a>(
    lanes: &mut Vec<(&'a OtherSide, Lane)>,
    side: &'a OtherSide,
    name: String,
    stays: Vec<(BarKind, &'static str, Stretch)>,
) {
    let bars = stays.into_iter().map(|(kind, label, (from, to))| {
        let words =
            if kind == BarKind::Unknown { NOTHING_KNOWN.to_owned() } else { format!("{name}: {label}") };
        Bar { kind, from, to, label: label.to_owned(), words }
    });
    let bars: Vec<Bar> = bars.collect();
    if bars.is_empty() {
        return;
    }
    match lanes.iter_mut().find(|(known, _)| is_same(known, side)) {
        Some((_, lane)) => lane.bars.extend(bars),
        None => lanes.push((side, Lane { name, bars, marks: Vec::new() })),
    }
}

fn of_command(command: &CommandTrail) -> Lane {
    let name = words::command(command);
    let whose = if words::is_own(command) { "own command" } else { "command" };
    let mut marks = Vec::new();
    let mut mark = |kind, at: Moment, words: String| marks.push(Mark { kind, at, words });
    for request in &command.requests {
        let method = words::shown(request.method.as_str());
        mark(MarkKind::Sent, request.sent, format!("request {method}"));
        if let Some(settled) = request.settled {
            let agreed = matches!(request.fate, RequestFate::Accepted);
            let kind = if agreed { MarkKind::Agreed } else { MarkKind::Refused };
            mark(kind, settled, format!("request {method}: {}", words::fate(request)));
        }
    }
    let is_done = command.result.as_ref().is_some_and(|result| result.is_done());
    if let Some(done) = command.done {
        let kind = if is_done { MarkKind::Agreed } else { MarkKind::Refused };
        mark(kind, done, format!("command {name}: {}", words::result(command)));
    }
    if let Some(effect) = command.effect {
        mark(MarkKind::Effect, effect.at, format!("led to: {}", words::effect(effect.change)));
    }
    let bar = Bar {
        kind: BarKind::Command,
        from: command.asked,
        to: command.done,
        label: words::result(command),
        words: format!("{whose} {name}: {}", words::result(command)),
    };
    Lane { name: format!("{whose} {name}"), bars: vec![bar], marks }
}
