//! Who did what to whom, in order: the agent, callfold, the PBX and the other sides, with arrows between them.

pub(super) mod mermaid;
pub(super) mod svg;
pub(super) mod text;

use callfold_engine::calls::{
    Call, CommandTrail, EndedBy, HoldEnd, HoldReason, Moment, OtherSide, RequestFate, SpellKind, TransferKind,
};
use callfold_engine::cti::Direction;

use super::entries::{self, comes, first_list, is_told, leaves, lists};
use super::there::{self, Answer, at_the_other_end};
use super::words::{self, is_same, who};

const AGENT: usize = 0;
const CALLFOLD: usize = 1;
const PBX: usize = 2;
const OTHERS: usize = 3;
/// The most other sides with a column of their own; who comes later is in the last one.
const MOST_SIDES: usize = 4;
/// The most steps.
const MOST: usize = 1_000;

/// Who did what to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ladder {
    /// Whose columns they are: the agent, callfold, the PBX, and everybody else.
    pub columns: Vec<String>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// How many steps there are that are not in [`Ladder::steps`].
    pub left_out: usize,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// When, and the record that proves it.
    pub at: Moment,
    /// How it is drawn.
    pub kind: StepKind,
    /// The column from which it comes.
    pub from: usize,
    /// The column to which it goes.
    pub to: usize,
    /// What it is.
    pub words: String,
}

/// How a step is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Somebody did something to somebody: an arrow.
    Arrow,
    /// Something is so between two columns: a line.
    Note,
    /// Nobody knows what was done, or by whom: a broken line.
    Unknown,
    /// A message was waited for that did not come: a broken arrow.
    Lost,
}

/// The ladder of a call.
pub(super) fn of(call: &Call, commands: &[&CommandTrail]) -> Ladder {
    let mut maker = Maker { sides: sides(call), is_full: false, steps: Vec::new() };
    maker.beginning(call);
    maker.parties(call);
    maker.holds(call);
    maker.links(call);
    maker.conferences(call);
    commands.iter().for_each(|command| maker.command(command));
    maker.ends(call);
    let Maker { sides, is_full, mut steps } = maker;
    steps.sort_by_key(|step| step.at);
    let left_out = steps.len().saturating_sub(MOST);
    steps.truncate(MOST);
    let mut columns = vec!["agent".to_owned(), "callfold".to_owned(), "PBX".to_owned()];
    let last = sides.len();
    columns.extend(sides.into_iter().enumerate().map(|(place, side)| {
        if is_full && place + 1 == last { format!("{}, others", who(side)) } else { who(side) }
    }));
    Ladder { columns, steps, left_out }
}

/// The other sides that have a column of their own, by when they came.
fn sides(call: &Call) -> Vec<&OtherSide> {
    let of_legs = call.legs.iter().map(|leg| there::side(call, leg));
    let members = call.conferences.iter().flat_map(|conference| &conference.members);
    let members = members.filter(|member| !member.agent).map(|member| &member.who);
    let of_transfers = call.transfers.iter().filter_map(|transfer| transfer.with.as_ref());
    let mut sides: Vec<&OtherSide> = Vec::new();
    for side in std::iter::once(&call.other).chain(of_legs).chain(members).chain(of_transfers) {
        // A conference has nobody at the other end of whom nothing else is known.
        let is_nobody = side.is_unknown() && !side.menu && !call.conferences.is_empty();
        if sides.len() < MOST_SIDES && !is_nobody && !sides.iter().any(|known| is_same(known, side)) {
            sides.push(side);
        }
    }
    sides
}

struct Maker<'c> {
    sides: Vec<&'c OtherSide>,
    /// Whether somebody had to go to the last column.
    is_full: bool,
    steps: Vec<Step>,
}

impl Maker<'_> {
    fn step(&mut self, kind: StepKind, at: Moment, (from, to): (usize, usize), words: String) {
        self.steps.push(Step { at, kind, from, to, words });
    }

    fn arrow(&mut self, at: Moment, way: (usize, usize), words: impl Into<String>) {
        self.step(StepKind::Arrow, at, way, words.into());
    }

    /// A line through all columns.
    fn note(&mut self, at: Moment, words: impl Into<String>) {
        self.step(StepKind::Note, at, (AGENT, self.last()), words.into());
    }

    fn last(&self) -> usize {
        PBX + self.sides.len()
    }

    fn column(&mut self, side: &OtherSide) -> usize {
        if let Some(place) = self.sides.iter().position(|known| is_same(known, side)) {
            return OTHERS + place;
        }
        // Of whom nobody knows who they are has no column of their own.
        self.is_full |= self.sides.len() >= MOST_SIDES;
        self.last()
    }

    /// Where who was at the other end at a moment has a column; all of them, if there is nobody.
    fn there(&mut self, call: &Call, at: Moment) -> usize {
        match at_the_other_end(call, at).first() {
            Some(side) => self.column(side),
            None => self.last(),
        }
    }

    fn beginning(&mut self, call: &Call) {
        let with = who(&call.other);
        let is_conference = there::first_conference(call).is_some();
        if call.up_when_connected {
            self.note(call.began, format!("{}, up already when the line was first seen", words::title(call)));
        } else if is_conference || (call.callback && call.direction != Direction::In) {
            self.note(call.began, words::title(call));
        } else {
            let other = self.column(&call.other);
            match call.direction {
                Direction::In => self.arrow(call.began, (other, AGENT), format!("{with} calls")),
                Direction::Out => self.arrow(call.began, (AGENT, other), format!("calls {with}")),
                Direction::Unknown | _ => self.note(call.began, words::title(call)),
            }
        }
        self.callback(call);
        let Some((at, who)) = there::answer(call) else { return };
        match who {
            Answer::Agent => {
                let other = self.there(call, at);
                self.arrow(at, (AGENT, other), "answers");
            }
            Answer::OwnPhone => self.arrow(at, (AGENT, PBX), "answers the own phone"),
            Answer::OtherSide => {
                let other = self.there(call, at);
                self.arrow(at, (other, AGENT), "answers");
            }
            Answer::Nobody if there::conference_at(call, at).is_some() => {
                self.note(at, "the agent enters the conference");
            }
            Answer::Nobody => self.note(at, "talk begins"),
        }
    }

    fn links(&mut self, call: &Call) {
        for link in call.links.iter().filter(|link| !is_told(call, link)) {
            let side = self.column(&link.with);
            self.step(StepKind::Note, link.at, (AGENT, side), words::link(link));
        }
    }

    /// How a callback comes about: what the PBX does, whose phone rings, when the other side is called.
    fn callback(&mut self, call: &Call) {
        for spell in call.spells.iter().filter(|_| call.callback) {
            let with = at_the_other_end(call, spell.from);
            let words = entries::stretch(spell.kind, spell.callback, &with);
            match (spell.kind, spell.callback) {
                (SpellKind::Dial, true) => self.step(StepKind::Note, spell.from, (PBX, PBX), words),
                (SpellKind::Ring, true) => self.arrow(spell.from, (PBX, AGENT), words),
                (SpellKind::Dial, false) => {
                    let other = self.there(call, spell.from);
                    self.arrow(spell.from, (PBX, other), words);
                }
                (_, _) => {}
            }
        }
    }

    fn parties(&mut self, call: &Call) {
        for leg in call.legs.iter().skip(1) {
            let side = self.column(&leg.who);
            self.step(StepKind::Note, leg.from, (AGENT, side), format!("now with {}", who(&leg.who)));
        }
    }

    fn holds(&mut self, call: &Call) {
        for hold in &call.holds {
            let held = match there::conference_at(call, hold.from) {
                Some(_) => self.last(),
                None => self.there(call, hold.from),
            };
            let words = format!("on hold: {}", words::hold_reason(call, hold));
            match hold.reason {
                HoldReason::PutByUs | HoldReason::Consultation => {
                    self.arrow(hold.from, (AGENT, held), words);
                }
                // Nobody put it there then.
                HoldReason::FoundHeld | _ => self.step(StepKind::Note, hold.from, (AGENT, held), words),
            }
            let Some(to) = hold.to else { continue };
            let words = entries::hold_ended(hold.end, words::hold_end(hold));
            match hold.end {
                Some(HoldEnd::Returned) => self.arrow(to, (AGENT, held), words),
                Some(HoldEnd::Left) => self.arrow(to, (held, AGENT), words),
                Some(HoldEnd::Connected | HoldEnd::Conferenced) => {
                    self.step(StepKind::Note, to, (AGENT, held), words);
                }
                Some(HoldEnd::Lost | HoldEnd::Unknown | _) | None => {
                    self.step(StepKind::Unknown, to, (AGENT, held), words);
                }
            }
        }
    }

    fn conferences(&mut self, call: &Call) {
        for conference in &call.conferences {
            let name = words::conference(conference);
            let (first, there, later) = lists(conference);
            match first {
                None => self.note(conference.from, format!("{name}: who is in it is unknown")),
                Some(at) if at <= conference.from => {
                    self.note(conference.from, format!("{name}; {}", first_list(conference, &there)));
                }
                Some(at) => {
                    self.note(conference.from, name);
                    let words = format!("the conference's list is told; {}", first_list(conference, &there));
                    self.note(at, words);
                }
            }
            for member in later {
                self.note(member.from, comes(member));
            }
            for member in &conference.members {
                let left = member.to.filter(|to| conference.to.is_none_or(|ended| to.at < ended.at));
                if let Some(to) = left {
                    self.note(to, leaves(member));
                }
            }
            if let Some(to) = conference.to {
                self.note(to, "the conference ends for the agent");
            }
        }
    }

    fn command(&mut self, command: &CommandTrail) {
        let name = words::command(command);
        let is_own = words::is_own(command);
        if is_own {
            let words = format!("callfold's own command {name}");
            self.step(StepKind::Note, command.asked, (CALLFOLD, CALLFOLD), words);
        } else {
            self.arrow(command.asked, (AGENT, CALLFOLD), format!("command {name}"));
        }
        for request in &command.requests {
            let method = words::shown(request.method.as_str());
            self.arrow(request.sent, (CALLFOLD, PBX), method.clone());
            let words = format!("{method}: {}", words::fate(request));
            match (request.fate, request.settled) {
                (RequestFate::Failed(_), Some(at)) => {
                    self.step(StepKind::Lost, at, (PBX, CALLFOLD), words);
                }
                (_, Some(at)) => self.arrow(at, (PBX, CALLFOLD), words),
                (_, None) => {}
            }
        }
        if let Some(done) = command.done {
            let words = format!("{name}: {}", words::result(command));
            if is_own {
                self.step(StepKind::Note, done, (CALLFOLD, CALLFOLD), words);
            } else {
                self.arrow(done, (CALLFOLD, AGENT), words);
            }
        }
        if let Some(effect) = command.effect {
            let words = format!("{name} led to: {}", words::effect(effect.change));
            self.step(StepKind::Note, effect.at, (CALLFOLD, PBX), words);
        }
    }

    fn ends(&mut self, call: &Call) {
        for transfer in &call.transfers {
            let words = words::transfer(transfer);
            let side = transfer.with.as_ref().map_or(PBX, |with| self.column(with));
            match transfer.kind {
                TransferKind::ToUs => self.arrow(transfer.at, (side, AGENT), words),
                TransferKind::Blind | TransferKind::Attended | _ => {
                    self.arrow(transfer.at, (AGENT, side), words);
                }
            }
        }
        for gap in &call.gaps {
            let all = (AGENT, self.last());
            self.step(StepKind::Unknown, gap.from, all, "connection down: nothing is known".to_owned());
            if let Some(to) = gap.to {
                self.note(to, "connection is back");
            }
        }
        for irregularity in &call.irregularities {
            self.note(irregularity.at, words::irregular(irregularity.kind));
        }
        let Some(ended) = call.ended else { return };
        // Who leaves a conference ends it for nobody else.
        let is_conference = call.conferences.last().is_some_and(|conference| conference.to == Some(ended));
        let other = self.there(call, ended);
        match call.ended_by {
            _ if is_conference => self.note(ended, words::end(call)),
            // A callback that came to nobody else's phone is ended with the PBX.
            Some(EndedBy::Agent) if words::not_reached(call).is_some() => {
                self.arrow(ended, (AGENT, PBX), words::end(call));
            }
            Some(EndedBy::Agent) => self.arrow(ended, (AGENT, other), words::end(call)),
            Some(EndedBy::OtherSide) => self.arrow(ended, (other, AGENT), words::end(call)),
            _ => self.note(ended, words::end(call)),
        }
    }
}
