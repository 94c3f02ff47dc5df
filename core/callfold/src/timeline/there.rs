//! Who was there when, as far as the log tells: between two moments nothing is said of somebody that it does not show.

use callfold_engine::calls::{Call, ConferenceSpell, Leg, Moment, OtherSide, Spell, SpellKind};
use callfold_engine::cti::Direction;

use super::BarKind;
use super::words::is_same;

/// The most people of one moment.
const MAX_PEOPLE: usize = 16;

/// A part of something that went on: from when, and until when.
pub(super) type Stretch = (Moment, Option<Moment>);

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The agent, whose phone rang.
    Agent,
    /// The agent, whose own phone rang for a callback.
    OwnPhone,
    /// The other side, who was dialled.
    OtherSide,
    /// Nothing rang or was dialled: nobody is known to have answered.
    Nobody,
}

/// When the first talk began, and who answered: what went on just before says it.
pub(super) fn answer(call: &Call) -> Option<(Moment, Answer)> {
    let at = call.answered?;
    let before = call.spells.iter().rfind(|spell| spell.from < at);
    let who = match before.map(|spell| (spell.kind, spell.callback)) {
        Some((SpellKind::Ring, false)) => Answer::Agent,
        Some((SpellKind::Ring, true)) => Answer::OwnPhone,
        Some((SpellKind::Dial, false)) => Answer::OtherSide,
        _ => Answer::Nobody,
    };
    Some((at, who))
}

/// The conference that the call was from its beginning.
pub(super) fn first_conference(call: &Call) -> Option<&ConferenceSpell> {
    call.conferences.first().filter(|conference| conference.from == call.began)
}

/// The conference that the call was in at a moment.
pub(super) fn conference_at(call: &Call, at: Moment) -> Option<&ConferenceSpell> {
    let is_then =
        |conference: &&ConferenceSpell| conference.from <= at && conference.to.is_none_or(|to| at < to);
    call.conferences.iter().rfind(is_then)
}

/// Everybody who was ever in a conference's list, each once, though they came back.
pub(super) fn members(conference: &ConferenceSpell) -> Vec<&Leg> {
    let mut all: Vec<&Leg> = Vec::new();
    for member in &conference.members {
        let is_it = |known: &&Leg| {
            known.is_same_party(member) || (!member.who.is_unknown() && is_same(&known.who, &member.who))
        };
        if !all.iter().any(is_it) {
            all.push(member);
        }
    }
    all
}

/// Who a leg is. The first one of a call that the server told without a name or number is who was called.
pub(super) fn side<'c>(call: &'c Call, leg: &'c Leg) -> &'c OtherSide {
    let is_first = call.legs.first().is_some_and(|first| first.from == leg.from);
    if is_first && leg.who.is_unknown() && !leg.who.menu { &call.other } else { &leg.who }
}

/// Who was at the other end at a moment; who was there last, if nobody was.
pub(super) fn at_the_other_end(call: &Call, at: Moment) -> Vec<&OtherSide> {
    let begun = call.legs.iter().filter(|leg| leg.from <= at);
    let is_there = |leg: &&Leg| leg.to.is_none_or(|to| to > at);
    let there: Vec<_> = begun.clone().filter(is_there).map(|leg| side(call, leg)).take(MAX_PEOPLE).collect();
    if !there.is_empty() {
        return there;
    }
    vec![begun.max_by_key(|leg| leg.from).map_or(&call.other, |leg| side(call, leg))]
}

/// A stretch of a call, cut where somebody else came to the other end.
pub(super) fn pieces(call: &Call, spell: &Spell) -> Vec<Stretch> {
    let is_inside = |at: &Moment| *at > spell.from && spell.to.is_none_or(|to| *at < to);
    let mut cuts: Vec<Moment> = match spell.kind {
        SpellKind::Ring | SpellKind::Dial | SpellKind::Talk => {
            call.legs.iter().map(|leg| leg.from).filter(is_inside).collect()
        }
        // Who is in a conference is told by itself; who is on hold stays the same.
        SpellKind::Conference | SpellKind::Hold | SpellKind::Gap | _ => Vec::new(),
    };
    cuts.sort_unstable();
    cuts.dedup();
    let from = std::iter::once(spell.from).chain(cuts.iter().copied());
    let to = cuts.iter().copied().map(Some).chain(std::iter::once(spell.to));
    from.zip(to).collect()
}

/// What is known of somebody while they were at the other end: what they did, piece by piece.
pub(super) fn stays(call: &Call, leg: &Leg) -> Vec<(BarKind, &'static str, Stretch)> {
    let calls = call.direction == Direction::In;
    known(call, (leg.from, leg.to), |spell| match (spell.kind, spell.callback) {
        // Nothing says whom a callback's beginning reaches but the agent.
        (_, true) => None,
        (SpellKind::Ring, false) if calls => Some((BarKind::Party, "there")),
        (SpellKind::Ring, false) => Some((BarKind::Ring, "rings")),
        (SpellKind::Dial, false) => Some((BarKind::Dial, "dialled")),
        (SpellKind::Talk | SpellKind::Hold, false) => Some((BarKind::Party, "there")),
        (SpellKind::Gap, false) => Some((BarKind::Unknown, "unknown")),
        (_, false) => None,
    })
}

/// What is known of somebody while they were in a conference's list.
pub(super) fn listed(call: &Call, member: &Leg) -> Vec<(BarKind, &'static str, Stretch)> {
    known(call, (member.from, member.to), |spell| match spell.kind {
        SpellKind::Conference | SpellKind::Hold => {
            Some((BarKind::Conference, "in the conference or invited"))
        }
        SpellKind::Gap => Some((BarKind::Unknown, "unknown")),
        SpellKind::Ring | SpellKind::Dial | SpellKind::Talk | _ => None,
    })
}

/// Something of a call that went on, cut where the connection was down.
pub(super) fn seen(call: &Call, stretch: Stretch, kind: BarKind) -> Vec<(BarKind, Stretch)> {
    let pieces = known(call, stretch, |spell| {
        Some((if spell.kind == SpellKind::Gap { BarKind::Unknown } else { kind }, ""))
    });
    pieces.into_iter().map(|(kind, _, stretch)| (kind, stretch)).collect()
}

/// Whether the connection was down in the midst of it.
pub(super) fn has_gap(call: &Call, (from, to): Stretch) -> bool {
    call.gaps.iter().any(|gap| gap.from >= from && to.is_none_or(|to| gap.from < to))
}

/// What the stretches of a call make of a part of it. What comes to the same goes on.
fn known(
    call: &Call,
    (from, to): Stretch,
    of: impl Fn(&Spell) -> Option<(BarKind, &'static str)>,
) -> Vec<(BarKind, &'static str, Stretch)> {
    let mut all: Vec<(BarKind, &'static str, Stretch)> = Vec::new();
    for spell in &call.spells {
        let begins = spell.from.max(from);
        let ends = match (spell.to, to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        // What lasted no time is seen all the same.
        let is_part = ends.is_none_or(|ends| begins < ends || (begins == ends && Some(from) == to));
        let Some((kind, label)) = of(spell).filter(|_| is_part) else { continue };
        match all.last_mut() {
            Some((last, known, (_, until))) if (*last, *known, *until) == (kind, label, Some(begins)) => {
                *until = ends;
            }
            _ => all.push((kind, label, (begins, ends))),
        }
    }
    all
}
