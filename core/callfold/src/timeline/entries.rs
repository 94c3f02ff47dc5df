//! Everything that is known of a call, in order, each with its record.

use callfold_engine::calls::{
    Call, CommandTrail, ConferenceSpell, HoldEnd, Leg, LinkKind, Moment, OtherSide, SpellKind, TransferKind,
};

use super::there::{self, Answer, at_the_other_end};
use super::words::{self, people, who};
use super::{Entry, say};

/// The most entries of a call.
const MOST: usize = 1_000;

/// The entries, and how many there are that are too many.
pub(super) fn of(call: &Call, commands: &[&CommandTrail]) -> (Vec<Entry>, usize) {
    let mut story = Story::default();
    story.beginning(call);
    story.ends_of_holds(call);
    story.parties(call);
    story.spells(call);
    story.holds(call);
    call.conferences.iter().for_each(|conference| story.conference(call, conference));
    for gap in &call.gaps {
        story.lasting(gap.from, gap.to, "connection down: nothing is known".to_owned());
    }
    for transfer in &call.transfers {
        story.at(transfer.at, words::transfer(transfer));
    }
    call.links
        .iter()
        .filter(|link| !is_told(call, link))
        .for_each(|link| story.at(link.at, words::link(link)));
    commands.iter().for_each(|command| story.command(command));
    for irregularity in &call.irregularities {
        story.at(irregularity.at, words::irregular(irregularity.kind));
    }
    if let Some(ended) = call.ended {
        story.at(ended, words::end(call));
    }
    let mut entries = story.0;
    // What is of one moment stays in the order of above: what began, what went on, what was asked, what ended.
    entries.sort_by_key(|entry| entry.at);
    let left_out = entries.len().saturating_sub(MOST);
    entries.truncate(MOST);
    (entries, left_out)
}

/// Whether a transfer tells a connection already.
pub(super) fn is_told(call: &Call, link: &callfold_engine::calls::Link) -> bool {
    let attended = |transfer: &callfold_engine::calls::Transfer| {
        transfer.kind == TransferKind::Attended && transfer.at == link.at
    };
    link.kind == LinkKind::ConnectedTo && call.transfers.iter().any(attended)
}

/// How a stretch is told: what goes on, and with whom.
pub(super) fn stretch(kind: SpellKind, callback: bool, with: &[&OtherSide]) -> String {
    let is_known = with.iter().any(|side| !side.is_unknown() || side.menu);
    let with = people(with.iter().copied());
    match (kind, callback) {
        (SpellKind::Ring, true) if is_known => format!("the agent's own phone rings, for the call to {with}"),
        (SpellKind::Ring, true) => "the agent's own phone rings, for a call that was asked for".to_owned(),
        (SpellKind::Dial, true) if is_known => format!("the PBX sets up the call to {with}"),
        (SpellKind::Dial, true) => "the PBX sets up a call".to_owned(),
        (SpellKind::Ring, false) => format!("rings: {with}"),
        (SpellKind::Dial, false) => format!("dials: {with}"),
        (SpellKind::Talk, _) => format!("talk with {with}"),
        (SpellKind::Hold, _) => format!("hold: {with}"),
        (SpellKind::Gap, _) => "connection down: nothing is known".to_owned(),
        (_, _) => kind.text().to_owned(),
    }
}

/// Whom a conference's list had first, and since when; who came to it later.
pub(super) fn lists(conference: &ConferenceSpell) -> (Option<Moment>, Vec<&Leg>, Vec<&Leg>) {
    let first = conference.members.iter().map(|member| member.from).min();
    let (there, later) = conference.members.iter().partition(|member| Some(member.from) == first);
    (first, there, later)
}

/// Somebody is in a conference's list now.
pub(super) fn comes(member: &Leg) -> String {
    format!("{} is in the conference, or invited to it", words::member(member))
}

/// Somebody is not in a conference's list any more.
pub(super) fn leaves(member: &Leg) -> String {
    format!("{} is in the conference no more, nor invited to it", words::member(member))
}

/// Whom a conference's list had first.
pub(super) fn first_list(conference: &ConferenceSpell, there: &[&Leg]) -> String {
    let mut named: Vec<_> =
        there.iter().take(words::MAX_PEOPLE).map(|member| words::member(member)).collect();
    if let Some(more) = there.len().checked_sub(named.len()).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    let named = named.join(", ");
    if conference.ghost {
        format!("in it or invited, of what a ghost is shown: {named}")
    } else {
        format!("in it or invited: {named}")
    }
}

#[derive(Default)]
struct Story(Vec<Entry>);

impl Story {
    fn at(&mut self, at: Moment, words: String) {
        self.0.push(Entry { at, words, length: None, goes_on: false });
    }

    fn lasting(&mut self, from: Moment, to: Option<Moment>, words: String) {
        let length = to.map(|to| to.at - from.at);
        self.0.push(Entry { at: from, words, length, goes_on: to.is_none() });
    }

    /// Something that the call was all the while, as far as it is known.
    fn seen(&mut self, call: &Call, stretch: there::Stretch, words: String) {
        let gap =
            if there::has_gap(call, stretch) { ", not known while the connection was down" } else { "" };
        self.lasting(stretch.0, stretch.1, format!("{words}{gap}"));
    }

    fn beginning(&mut self, call: &Call) {
        self.at(call.began, words::title(call));
        if call.up_when_connected {
            self.at(call.began, "was up already when the line was first seen".to_owned());
        }
        let is_known = there::answer(call).is_some_and(|(_, who)| who != Answer::Nobody);
        // That talk begins without an answer is told by the talk.
        if let Some((at, words)) = say::answered(call).filter(|_| is_known) {
            self.at(at, words);
        }
    }

    fn spells(&mut self, call: &Call) {
        for spell in &call.spells {
            match spell.kind {
                // What has an entry of its own with more in it is not told twice.
                SpellKind::Conference if call.conferences.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Hold if call.holds.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Gap if call.gaps.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Ring
                | SpellKind::Dial
                | SpellKind::Talk
                | SpellKind::Conference
                | SpellKind::Hold
                | SpellKind::Gap
                | _ => {}
            }
            for (from, to) in there::pieces(call, spell) {
                let with = at_the_other_end(call, from);
                self.lasting(from, to, stretch(spell.kind, spell.callback, &with));
            }
        }
    }

    fn parties(&mut self, call: &Call) {
        for (place, leg) in call.legs.iter().enumerate() {
            let who = who(there::side(call, leg));
            if place > 0 {
                self.at(leg.from, format!("now with {who}"));
            }
            // Of who is in a conference its list says when they leave.
            let is_in_conference = |to: Moment| there::conference_at(call, to).is_some();
            let left = leg.to.filter(|to| call.ended.is_none_or(|ended| to.at < ended.at));
            if let Some(to) = left.filter(|to| !is_in_conference(*to)) {
                self.at(to, format!("no longer with {who}"));
            }
        }
    }

    fn holds(&mut self, call: &Call) {
        for hold in &call.holds {
            let held = on_hold(call, hold.from);
            let words = format!("on hold: {held}, {}", words::hold_reason(call, hold));
            self.seen(call, (hold.from, hold.to), words);
        }
    }

    fn ends_of_holds(&mut self, call: &Call) {
        for hold in &call.holds {
            if let (Some(to), Some(_)) = (hold.to, hold.end) {
                self.at(to, hold_ended(hold.end, words::hold_end(hold)));
            }
        }
    }

    fn conference(&mut self, call: &Call, conference: &ConferenceSpell) {
        let name = words::conference(conference);
        let (first, there, later) = lists(conference);
        let stretch = (conference.from, conference.to);
        match first {
            None => self.seen(call, stretch, format!("{name}: who is in it is unknown")),
            Some(at) if at <= conference.from => {
                self.seen(call, stretch, format!("{name}; {}", first_list(conference, &there)));
            }
            Some(at) => {
                self.seen(call, stretch, name);
                self.at(at, format!("the conference's list is told; {}", first_list(conference, &there)));
            }
        }
        for member in later {
            self.at(member.from, comes(member));
        }
        for member in &conference.members {
            if let Some(to) = member.to.filter(|to| conference.to.is_none_or(|ended| to.at < ended.at)) {
                self.at(to, leaves(member));
            }
        }
    }

    fn command(&mut self, command: &CommandTrail) {
        let name = words::command(command);
        let whose = if words::is_own(command) { "callfold's own command" } else { "command" };
        self.at(command.asked, format!("{whose} {name}"));
        for request in &command.requests {
            let method = words::shown(request.method.as_str());
            match request.settled {
                Some(settled) => {
                    self.lasting(request.sent, Some(settled), format!("request {method}"));
                    self.at(settled, format!("request {method}: {}", words::fate(request)));
                }
                None => self.at(request.sent, format!("request {method}: {}", words::fate(request))),
            }
        }
        if let Some(done) = command.done {
            self.at(done, format!("command {name}: {}", words::result(command)));
        }
        if let Some(effect) = command.effect {
            self.at(effect.at, format!("command {name} led to: {}", words::effect(effect.change)));
        }
    }
}

/// Who or what is on hold.
pub(super) fn on_hold(call: &Call, at: Moment) -> String {
    match there::conference_at(call, at) {
        Some(conference) => words::conference(conference),
        None => people(at_the_other_end(call, at).into_iter()),
    }
}

/// That a hold ended, and how.
pub(super) fn hold_ended(end: Option<HoldEnd>, how: &str) -> String {
    match end {
        Some(HoldEnd::Returned) => "taken back from hold".to_owned(),
        _ => format!("hold ended: {how}"),
    }
}
