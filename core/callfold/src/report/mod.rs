//! A floor's figures for a stretch of time: calls by hour and outcome, speed of answer, service level, handling time,
//! occupancy, and where each agent's time went. What each figure means, and what is in its base, stands in
//! [`FIGURES.md`](https://github.com/callfold/callfold/blob/main/core/callfold/FIGURES.md).
//!
//! [`Log::report`](crate::log::Log::report) makes a [`Report`] of a log; [`Gathering`] makes one of calls and times from
//! anywhere. Figures are data: lengths are microseconds, shares are parts and bases, nothing is a float. Every figure that
//! is made of calls says which ([`Among`]); [`Report::html`] is the same as a page.
//!
//! ```
//! use callfold::log::Log;
//! use callfold::report::ReportOptions;
//!
//! let log = Log::in_memory()?;
//! let report = log.report(&ReportOptions::default(), &mut callfold::log::to_the_end)?;
//! assert_eq!(report.floor.inbound.offered.count, 0);
//! assert_eq!(report.floor.inbound.service_level.per_mille, None); // nothing to divide by
//! assert!(report.html().starts_with("<!DOCTYPE html>"));
//! # Ok::<(), callfold::log::LogError>(())
//! ```

mod floor;
mod gather;
mod listing;
mod markup;
mod page;
mod row;
mod when;

use callfold_engine::calls::{CallId, HoldReason, IrregularityKind, OtherSide, Outcome, TimeKind, Totals};
use callfold_engine::cti::Direction;
use callfold_engine::{Span, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

pub use gather::{Gathering, Line};
pub use row::Stretches;

/// A stretch of an agent's time that was spent on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// On what.
    pub kind: TimeKind,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl Stretch {
    /// How long.
    #[must_use]
    pub fn length(&self) -> Span {
        self.to - self.from
    }

    /// What of it lies from `from` until before `to`; none if nothing does.
    #[must_use]
    pub fn within(mut self, from: Timestamp, to: Timestamp) -> Option<Self> {
        (self.from, self.to) = (self.from.max(from), self.to.min(to));
        (self.from < self.to).then_some(self)
    }
}

/// What a report is of, and by which thresholds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportOptions {
    /// Calls that began at or after; time from then on. None: from the first record on.
    pub from: Option<Timestamp>,
    /// Calls that began before; time until then. None: up to the last record.
    pub to: Option<Timestamp>,
    /// Only the lines of these agents, by login. None: all lines.
    pub agents: Vec<String>,
    /// How many seconds ahead of UTC the clock is by which hours and days begin.
    pub offset: i32,
    /// Whoever was answered within this time counts for the service level.
    pub threshold: Span,
    /// Whoever gives up sooner than this is a short abandon.
    pub short_abandon: Span,
    /// How many calls a figure lists at most.
    pub listed: usize,
    /// How many of the longest holds and gaps are told.
    pub longest: usize,
}

impl Default for ReportOptions {
    /// All of the log in UTC; the service level within 20 s, short abandons below 5 s.
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            agents: Vec::new(),
            offset: 0,
            threshold: Span::from_secs(20),
            short_abandon: Span::from_secs(5),
            listed: 20,
            longest: 20,
        }
    }
}

/// A floor's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Calls that began at or after; time from then on.
    pub from: Timestamp,
    /// Calls that began before; time until then.
    pub to: Timestamp,
    /// How many seconds ahead of UTC the clock is by which hours and days begin.
    pub offset: i32,
    /// Whoever was answered within this time counts for the service level.
    pub threshold: Span,
    /// Whoever gives up sooner than this is a short abandon.
    pub short_abandon: Span,
    /// The agents that were asked for; empty if it is of all.
    pub only: Vec<String>,
    /// Agents that were asked for and have no line.
    pub unknown_agents: Vec<String>,
    /// How many lines it is of.
    pub lines: u64,
    /// What could not be read. Figures are of what comes before it.
    pub damage: Vec<Damage>,
    /// Calls of the floor: one that several lines had is one.
    pub floor: Calls,
    /// What handling took, of the floor.
    pub handling: Handling,
    /// Where all agents' time went.
    pub time: Time,
    /// By hour of the day, all days together: 24 of them.
    pub hours: Vec<Slot>,
    /// By day; those without calls are left out.
    pub days: Vec<Slot>,
    /// By agent.
    pub agents: Vec<Agent>,
    /// Calls that were on hold.
    pub held: Among,
    /// The longest holds, the longest first.
    pub longest_holds: Vec<LongHold>,
    /// Calls that were passed on, and those that were passed on to an agent.
    pub transfers: Transfers,
    /// Calls that were in a conference.
    pub conferences: Among,
    /// Times while nothing is known of a line.
    pub gaps: u64,
    /// The longest of them, the longest first.
    pub longest_gaps: Vec<LongGap>,
    /// Calls that went on while nothing was known of their line.
    pub with_gap: Among,
    /// What does not fit, by kind; kinds without a call are left out.
    pub irregularities: Vec<Irregular>,
    /// The calls that figures list, as lines had them, by when they began.
    pub calls: Vec<ListedCall>,
}

impl Report {
    /// The report as a page: no other file, nothing from the network, the same bytes for the same report.
    #[must_use]
    pub fn html(&self) -> String {
        page::write(self)
    }

    /// Whether something could not be read.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        !self.damage.is_empty()
    }
}

/// A line that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Damage {
    /// The name of the stream.
    pub stream: String,
    /// The last record that was read.
    pub until: u64,
    /// What is wrong.
    pub what: String,
}

/// Calls that a figure is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Among {
    /// How many.
    pub count: u64,
    /// Some of them, by their places in [`Report::calls`].
    pub listed: Vec<u32>,
}

/// A mean length. It is of the calls that are named with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mean {
    /// All of it.
    pub sum: Span,
    /// Of how many.
    pub of: u64,
    /// The sum by the number, rounded down to a microsecond; none of nothing.
    pub mean: Option<Span>,
}

impl Mean {
    pub(crate) fn of(sum: Span, of: u64) -> Self {
        let mean = i64::try_from(of).ok().and_then(|of| sum.as_micros().checked_div_euclid(of));
        Self { sum, of, mean: mean.map(Span::from_micros) }
    }
}

/// A share of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Share {
    /// Those that count.
    pub part: u64,
    /// Those of which it is a share.
    pub base: Among,
    /// The part in thousandths of the base, rounded to the nearest; none of nothing.
    pub per_mille: Option<u64>,
}

/// `part` in thousandths of `base`, rounded to the nearest.
pub(crate) fn per_mille(part: u128, base: u128) -> Option<u64> {
    let doubled = part.saturating_mul(2_000).saturating_add(base);
    u64::try_from(doubled.checked_div(base.saturating_mul(2))?).ok()
}

/// Calls of the floor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Calls {
    /// Calls that came in.
    pub inbound: Inbound,
    /// Calls that agents made.
    pub outbound: Outbound,
    /// Calls that were made while another was held: no calls of their own.
    pub consultations: Among,
    /// Calls that were up before their line was seen, so that nobody knows who called.
    pub unplaced: Among,
}

/// Calls that came in. Each is in exactly one of the six after `offered`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Inbound {
    /// All of them.
    pub offered: Among,
    /// An agent talked to the caller.
    pub answered: Among,
    /// The caller gave up, and not at once.
    pub abandoned: Among,
    /// The caller gave up before the threshold of short abandons.
    pub short_abandoned: Among,
    /// An agent declined it, and nobody else took it.
    pub declined: Among,
    /// The agent's phone went away.
    pub failed: Among,
    /// The log does not say what became of it, or it still rings.
    pub undetermined: Among,
    /// Those answered within the threshold.
    pub in_time: Among,
    /// How long those that were answered had waited, where that is known (ASA).
    pub answer_speed: Mean,
    /// Answered within the threshold, of all that count.
    pub service_level: Share,
    /// Given up, of all that count.
    pub abandonment: Share,
}

/// Calls that agents made. Each is in exactly one of the five after `made`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outbound {
    /// All of them.
    pub made: Among,
    /// Somebody answered.
    pub answered: Among,
    /// Nobody answered.
    pub not_answered: Among,
    /// The number was busy.
    pub busy: Among,
    /// It could not be made.
    pub failed: Among,
    /// The log does not say what became of it, or it is still dialled.
    pub undetermined: Among,
}

/// What handling calls took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Handling {
    /// Calls that were talked on and are over, consultations aside.
    pub handled: Among,
    /// Their conversation, conferences included.
    pub talk: Mean,
    /// Their time on hold.
    pub hold: Mean,
    /// Work after calls, of the same agents in the same time.
    pub wrap_up: Mean,
    /// The three together (AHT).
    pub time: Mean,
}

/// Where time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Time {
    /// By kind: all kinds together are the time logged in.
    #[serde(serialize_with = "totals")]
    pub totals: Totals,
    /// Between login and logout.
    pub logged_in: Span,
    /// Time on calls and after them: dial, talk, hold, consult, conference, wrap-up.
    pub busy: Span,
    /// That, and time in which a call could come: ring and idle.
    pub staffed: Span,
    /// Busy in thousandths of staffed (occupancy).
    pub occupancy: Option<u64>,
}

impl Time {
    pub(crate) fn of(totals: Totals) -> Self {
        use TimeKind::{Conference, Consult, Dial, Hold, Idle, Ring, Talk, WrapUp};
        let sum = |kinds: &[TimeKind]| kinds.iter().fold(Span::ZERO, |sum, kind| sum + totals.of(*kind));
        let busy = sum(&[Dial, Talk, Hold, Consult, Conference, WrapUp]);
        let staffed = busy + sum(&[Ring, Idle]);
        let micros = |span: Span| u128::from(span.as_micros().unsigned_abs());
        let occupancy = per_mille(micros(busy), micros(staffed));
        Self { totals, logged_in: totals.sum(), busy, staffed, occupancy }
    }
}

/// Calls of an hour or a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Slot {
    /// Which: `09:00` or `2026-01-12`.
    pub name: String,
    /// The calls that began in it.
    pub calls: Calls,
}

impl Slot {
    /// Whether a call began in it.
    #[must_use]
    pub const fn has_calls(&self) -> bool {
        let of = &self.calls;
        of.inbound.offered.count + of.outbound.made.count + of.consultations.count + of.unplaced.count > 0
    }
}

/// What an agent did. Calls are as the agent's lines had them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Agent {
    /// The login; none if nobody has logged in on the line.
    pub login: Option<String>,
    /// How many lines.
    pub lines: u64,
    /// Calls that rang at the agent.
    pub presented: Among,
    /// Of these, those that the agent answered.
    pub answered: Among,
    /// Those that rang and that nobody answered.
    pub missed: Among,
    /// Those that rang here and that another agent answered.
    pub taken_by_others: Among,
    /// Calls that the agent made, consultations aside.
    pub made: Among,
    /// Of these, those that were answered.
    pub reached: Among,
    /// How long those that the agent answered had rung here.
    pub answer_speed: Mean,
    /// What handling took.
    pub handling: Handling,
    /// Consultations that the agent made.
    pub consultations: Among,
    /// Calls that the agent passed on.
    pub transferred: Among,
    /// Calls that were in a conference.
    pub conferences: Among,
    /// Calls that were on hold.
    pub held: Among,
    /// Calls that went on while nothing was known of the line.
    pub with_gap: Among,
    /// Calls of which something does not fit.
    pub irregular: Among,
    /// Where the time went.
    pub time: Time,
}

/// A time on hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LongHold {
    /// The call, by its place in [`Report::calls`].
    pub call: Option<u32>,
    /// Whose line.
    pub agent: Option<String>,
    /// From when.
    pub from: Timestamp,
    /// How long; until the last record if it goes on.
    pub length: Span,
    /// Why.
    #[serde(serialize_with = "hold_reason")]
    pub reason: HoldReason,
    /// How it ended, in a word.
    pub end: &'static str,
}

/// Calls that were passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Transfers {
    /// By an agent who had not spoken to the other first.
    pub blind: Among,
    /// By an agent who had consulted the other.
    pub attended: Among,
    /// To an agent.
    pub to_us: Among,
}

/// A time while nothing is known of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LongGap {
    /// The line's stream.
    pub stream: String,
    /// Whose line.
    pub agent: Option<String>,
    /// From when.
    pub from: Timestamp,
    /// How long.
    pub length: Span,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Irregular {
    /// What.
    #[serde(serialize_with = "irregularity")]
    pub kind: IrregularityKind,
    /// In which calls.
    pub calls: Among,
}

/// A call that a figure lists, as a line had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListedCall {
    /// The stream.
    pub stream: String,
    /// Its name there.
    pub id: CallId,
    /// The record with which it began.
    pub record: u64,
    /// Whose line.
    pub agent: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// Who called whom.
    #[serde(serialize_with = "direction")]
    pub direction: Direction,
    /// Whether it was made while another was held.
    pub consultation: bool,
    /// Who was at the other end first.
    pub number: Option<String>,
    /// The name of whoever that was.
    pub name: Option<String>,
    /// How long it rang, or was dialled.
    pub waited: Span,
    /// How long it was talked on.
    pub talk: Span,
    /// How long it was on hold.
    pub held: Span,
    /// What became of it.
    #[serde(serialize_with = "outcome")]
    pub outcome: Outcome,
    /// Whether something does not fit.
    pub irregular: bool,
    /// What went on, in order, and how long.
    #[serde(skip)]
    pub spells: Stretches,
}

impl ListedCall {
    /// Who was at the other end, as it is told.
    fn of_other(other: &OtherSide) -> (Option<String>, Option<String>) {
        let number = other.number.as_ref().map(|number| number.as_str().to_owned());
        (number, other.name.as_ref().map(|name| name.as_str().to_owned()))
    }
}

fn totals<S: Serializer>(totals: &Totals, to: S) -> Result<S::Ok, S::Error> {
    callfold_engine::calls::json::totals(totals).serialize(to)
}

fn outcome<S: Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(outcome.text())
}

fn direction<S: Serializer>(direction: &Direction, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(direction.text())
}

fn hold_reason<S: Serializer>(reason: &HoldReason, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(reason.text())
}

fn irregularity<S: Serializer>(kind: &IrregularityKind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(kind.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_to_the_nearest_and_of_nothing_there_is_none() {
        assert_eq!(per_mille(1, 3), Some(333));
        assert_eq!(per_mille(2, 3), Some(667));
        assert_eq!(per_mille(1, 2_000), Some(1));
        assert_eq!(per_mille(5, 5), Some(1_000));
        assert_eq!(per_mille(0, 0), None);
        assert_eq!(Mean::of(Span::from_secs(1), 0).mean, None);
        assert_eq!(Mean::of(Span::from_micros(10), 3).mean, Some(Span::from_micros(3)));
    }

    #[test]
    fn a_stretch_is_cut_at_both_ends() {
        let at = Timestamp::from_micros;
        let stretch = Stretch { kind: TimeKind::Idle, from: at(10), to: at(20) };
        assert_eq!(stretch.within(at(0), at(15)).map(|cut| cut.length()), Some(Span::from_micros(5)));
        assert_eq!(stretch.within(at(12), at(13)).map(|cut| cut.length()), Some(Span::from_micros(1)));
        assert_eq!(stretch.within(at(20), at(30)), None);
        assert_eq!(stretch.within(at(0), at(10)), None);
    }
}
