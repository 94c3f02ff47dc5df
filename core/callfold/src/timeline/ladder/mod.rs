//! Who did what to whom, in order: the agent, callfold, the PBX and the other sides, with arrows between them.

pub(super) mod mermaid;
pub(super) mod svg;
pub(super) mod text;

use callfold_engine::calls::{
    Call, CommandTrail, EndedBy, HoldEnd, Moment, OtherSide, RequestFate, TransferKind, json,
};
use callfold_engine::cti::Direction;

use super::words::{self, is_same, who, with_at};

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
    /// Nobody knows what was done: a broken line.
    Unknown,
}

/// The ladder of a call.
pub(super) fn of(call: &Call, commands: &[&CommandTrail]) -> Ladder {
    let mut maker = Maker { sides: sides(call), is_full: false, steps: Vec::new() };
    maker.beginning(call);
    maker.parties(call);
    maker.holds(call);
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
    let of_transfers = call.transfers.iter().filter_map(|transfer| transfer.with.as_ref());
    let of_legs = call.legs.iter().map(|leg| &leg.who);
    let mut sides: Vec<&OtherSide> = Vec::new();
    for side in std::iter::once(&call.other).chain(of_legs).chain(of_transfers) {
        if sides.len() < MOST_SIDES && !sides.iter().any(|known| is_same(known, side)) {
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
        self.is_full = true;
        self.last()
    }

    fn beginning(&mut self, call: &Call) {
        let other = self.column(&call.other);
        let with = who(&call.other);
        if call.up_when_connected {
            self.note(call.began, format!("{}, up already when the line was first seen", words::title(call)));
        } else if call.callback {
            self.arrow(call.began, (PBX, AGENT), format!("rings first, then calls {with}"));
        } else {
            match call.direction {
                Direction::In => self.arrow(call.began, (other, AGENT), format!("{with} calls")),
                Direction::Out => self.arrow(call.began, (AGENT, other), format!("calls {with}")),
                Direction::Unknown | _ => self.note(call.began, words::title(call)),
            }
        }
        if let Some(parent) = &call.consults_for {
            let words = format!("consultation for the call {}", words::shown(parent.as_str()));
            self.step(StepKind::Note, call.began, (AGENT, other), words);
        }
        if let Some(at) = call.answered {
            let is_ours = call.direction == Direction::In && !call.callback;
            let way = if is_ours { (AGENT, other) } else { (other, AGENT) };
            self.arrow(at, way, "answers");
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
            let held = with_at(call, hold.from).first().map_or(OTHERS, |side| self.column(side));
            self.arrow(hold.from, (AGENT, held), format!("on hold: {}", hold.reason.text()));
            let Some(to) = hold.to else { continue };
            match hold.end {
                Some(HoldEnd::Returned) => self.arrow(to, (AGENT, held), "back from hold"),
                Some(HoldEnd::Left) => self.arrow(to, (held, AGENT), "leaves while on hold"),
                Some(HoldEnd::Connected | HoldEnd::Conferenced) => {
                    let words = format!("hold ended: {}", words::hold_end(hold));
                    self.step(StepKind::Note, to, (AGENT, held), words);
                }
                Some(HoldEnd::Lost | HoldEnd::Unknown | _) | None => {
                    let words = format!("hold ended: {}", words::hold_end(hold));
                    self.step(StepKind::Unknown, to, (AGENT, held), words);
                }
            }
        }
    }

    fn conferences(&mut self, call: &Call) {
        for conference in &call.conferences {
            let first = conference.members.iter().filter(|member| member.from.at <= conference.from.at);
            self.note(conference.from, words::conference(first.map(|member| &member.who)));
            for member in conference.members.iter().filter(|member| member.from.at > conference.from.at) {
                self.note(member.from, format!("{} joins the conference", who(&member.who)));
            }
            if let Some(to) = conference.to {
                self.note(to, "the conference ends for the agent");
            }
        }
    }

    fn command(&mut self, command: &CommandTrail) {
        let name = words::command(command);
        self.arrow(command.asked, (AGENT, CALLFOLD), format!("command {name}"));
        for request in &command.requests {
            let method = words::shown(request.method.as_str());
            self.arrow(request.sent, (CALLFOLD, PBX), method.clone());
            let words = format!("{method}: {}", words::fate(request));
            match (request.fate, request.settled) {
                (RequestFate::Failed(_), Some(at)) => {
                    self.step(StepKind::Unknown, at, (PBX, CALLFOLD), words);
                }
                (_, Some(at)) => self.arrow(at, (PBX, CALLFOLD), words),
                (_, None) => {}
            }
        }
        if let Some(done) = command.done {
            self.arrow(done, (CALLFOLD, AGENT), format!("{name}: {}", words::result(command)));
        }
        if let Some(effect) = command.effect {
            let words = format!("{name} led to: {}", json::change(effect.change));
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
            self.note(irregularity.at, format!("irregular: {}", irregularity.kind.text()));
        }
        let Some(ended) = call.ended else { return };
        let other = with_at(call, ended).first().map_or(OTHERS, |side| self.column(side));
        match call.ended_by {
            Some(EndedBy::Agent) => self.arrow(ended, (AGENT, other), words::end(call)),
            Some(EndedBy::OtherSide) => self.arrow(ended, (other, AGENT), words::end(call)),
            _ => self.note(ended, words::end(call)),
        }
    }
}
