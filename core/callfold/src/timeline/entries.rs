//! Everything that is known of a call, in order, each with its record.

use callfold_engine::calls::{Call, CommandTrail, ConferenceSpell, Moment, SpellKind, json};

use super::Entry;
use super::words::{self, people, who, with_at};

/// The most entries of a call.
const MOST: usize = 1_000;

/// The entries, and how many there are that are too many.
pub(super) fn of(call: &Call, commands: &[&CommandTrail]) -> (Vec<Entry>, usize) {
    let mut story = Story::default();
    story.beginning(call);
    story.spells(call);
    story.parties(call);
    story.holds(call);
    call.conferences.iter().for_each(|conference| story.conference(conference));
    for gap in &call.gaps {
        story.lasting(gap.from, gap.to, "connection down: nothing is known".to_owned());
    }
    for transfer in &call.transfers {
        story.at(transfer.at, words::transfer(transfer));
    }
    commands.iter().for_each(|command| story.command(command));
    for irregularity in &call.irregularities {
        story.at(irregularity.at, format!("irregular: {}", irregularity.kind.text()));
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

    fn beginning(&mut self, call: &Call) {
        self.at(call.began, words::title(call));
        if call.up_when_connected {
            self.at(call.began, "was up already when the line was first seen".to_owned());
        }
        if let Some(parent) = &call.consults_for {
            self.at(call.began, format!("consultation for the call {}", words::shown(parent.as_str())));
        }
        if let Some(at) = call.answered {
            self.at(at, "answered".to_owned());
        }
    }

    fn spells(&mut self, call: &Call) {
        for spell in &call.spells {
            let with = || people(with_at(call, spell.from).into_iter());
            let words = match spell.kind {
                SpellKind::Ring => format!("rings: {}", with()),
                SpellKind::Dial => format!("dials: {}", with()),
                SpellKind::Talk => format!("talk with {}", with()),
                // What has an entry of its own with more in it is not told twice.
                SpellKind::Conference if call.conferences.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Hold if call.holds.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Gap if call.gaps.iter().any(|of| of.from == spell.from) => continue,
                SpellKind::Conference | SpellKind::Hold | SpellKind::Gap | _ => spell.kind.text().to_owned(),
            };
            self.lasting(spell.from, spell.to, words);
        }
    }

    fn parties(&mut self, call: &Call) {
        for (place, leg) in call.legs.iter().enumerate() {
            if place > 0 {
                self.at(leg.from, format!("now with {}", who(&leg.who)));
            }
            if let Some(to) = leg.to.filter(|to| call.ended.is_none_or(|ended| to.at < ended.at)) {
                self.at(to, format!("no longer with {}", who(&leg.who)));
            }
        }
    }

    fn holds(&mut self, call: &Call) {
        for hold in &call.holds {
            let held = people(with_at(call, hold.from).into_iter());
            self.lasting(hold.from, hold.to, format!("on hold: {held}, {}", hold.reason.text()));
            if let Some(to) = hold.to {
                self.at(to, format!("hold ended: {}", words::hold_end(hold)));
            }
        }
    }

    fn conference(&mut self, conference: &ConferenceSpell) {
        let (first, later): (Vec<_>, Vec<_>) =
            conference.members.iter().partition(|member| member.from.at <= conference.from.at);
        let words = words::conference(first.into_iter().map(|member| &member.who));
        self.lasting(conference.from, conference.to, words);
        for member in later {
            self.at(member.from, format!("{} joins the conference", who(&member.who)));
        }
        for member in &conference.members {
            if let Some(to) = member.to.filter(|to| conference.to.is_none_or(|ended| to.at < ended.at)) {
                self.at(to, format!("{} leaves the conference", who(&member.who)));
            }
        }
    }

    fn command(&mut self, command: &CommandTrail) {
        let name = words::command(command);
        self.at(command.asked, format!("command {name}"));
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
            self.at(effect.at, format!("command {name} led to: {}", json::change(effect.change)));
        }
    }
}
