//! What went on when, lane by lane.

use callfold_engine::calls::{Call, CommandTrail, Leg, Moment, OtherSide, RequestFate, json};

use super::words::{self, is_same, people, who, with_at};
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
    if let Some(at) = call.answered {
        mark(MarkKind::Answered, at, "answered".to_owned());
    }
    for transfer in &call.transfers {
        mark(MarkKind::Transfer, transfer.at, words::transfer(transfer));
    }
    for irregularity in &call.irregularities {
        mark(MarkKind::Irregular, irregularity.at, irregularity.kind.text().to_owned());
    }
    if let Some(at) = call.ended {
        mark(MarkKind::Ended, at, words::end(call));
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

fn spells(call: &Call) -> Lane {
    let bars = call.spells.iter().map(|spell| {
        let kind = BarKind::of(spell.kind);
        let words = if kind == BarKind::Unknown {
            "connection down: nothing is known".to_owned()
        } else {
            format!("{}: {}", kind.text(), people(with_at(call, spell.from).into_iter()))
        };
        Bar { kind, from: spell.from, to: spell.to, label: kind.text().to_owned(), words }
    });
    Lane { name: "call".to_owned(), bars: bars.collect(), marks: Vec::new() }
}

fn holds(call: &Call) -> Option<Lane> {
    let bars = call.holds.iter().map(|hold| {
        let label = format!("{}, {}", hold.reason.text(), words::hold_end(hold));
        let words = format!("hold: {}, {label}", people(with_at(call, hold.from).into_iter()));
        Bar { kind: BarKind::Hold, from: hold.from, to: hold.to, label, words }
    });
    let bars: Vec<_> = bars.collect();
    (!bars.is_empty()).then(|| Lane { name: "hold".to_owned(), bars, marks: Vec::new() })
}

fn conferences(call: &Call) -> Option<Lane> {
    let bars = call.conferences.iter().map(|conference| {
        let words = words::conference(conference.members.iter().map(|member| &member.who));
        let label = format!("{} people", conference.members.len());
        Bar { kind: BarKind::Conference, from: conference.from, to: conference.to, label, words }
    });
    let bars: Vec<_> = bars.collect();
    (!bars.is_empty()).then(|| Lane { name: "conference".to_owned(), bars, marks: Vec::new() })
}

/// A lane for everybody: at the other end, or in a conference alone.
fn parties(call: &Call) -> Vec<Lane> {
    let mut lanes: Vec<(&OtherSide, Lane)> = Vec::new();
    for leg in &call.legs {
        put(&mut lanes, leg, BarKind::Party, "there");
    }
    let at_the_end = lanes.len();
    let members = call.conferences.iter().flat_map(|conference| &conference.members);
    for member in members {
        let known = lanes.iter().take(at_the_end).any(|(known, _)| is_same(known, &member.who));
        if !known {
            put(&mut lanes, member, BarKind::Conference, "in the conference");
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

fn put<'a>(lanes: &mut Vec<(&'a OtherSide, Lane)>, leg: &'a Leg, kind: BarKind, label: &str) {
    let words = format!("{}: {label}", who(&leg.who));
    let bar = Bar { kind, from: leg.from, to: leg.to, label: label.to_owned(), words };
    match lanes.iter_mut().find(|(known, _)| is_same(known, &leg.who)) {
        Some((_, lane)) => lane.bars.push(bar),
        None => {
            lanes.push((&leg.who, Lane { name: who(&leg.who), bars: vec![bar], marks: Vec::new() }));
        }
    }
}

fn of_command(command: &CommandTrail) -> Lane {
    let name = words::command(command);
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
        mark(MarkKind::Effect, effect.at, format!("led to: {}", json::change(effect.change)));
    }
    let bar = Bar {
        kind: BarKind::Command,
        from: command.asked,
        to: command.done,
        label: words::result(command),
        words: format!("command {name}: {}", words::result(command)),
    };
    Lane { name, bars: vec![bar], marks }
}
