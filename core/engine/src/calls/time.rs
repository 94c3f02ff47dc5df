//! Where an agent's time went: every microsecond between login and logout in exactly one kind.
//!
//! The kind follows from the view, first rule that fits:
//! 1. the connection is down, or no line picture was read since login → unknown;
//! 2. the line rings → ring; it dials → consult if someone is held, else dial;
//! 3. it talks → conference if one is ours, consult if someone is held, else talk;
//! 4. someone is held → hold;
//! 5. the line has no phone, or calls are redirected → away; the agent is on break → break; off → away;
//! 6. the agent is busy and a call has ended since, or a command set it so → wrap-up;
//! 7. else → idle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::time::{Span, Timestamp};
use crate::view::{AgentState, Connection, LineState, View};

/// What an agent's time is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TimeKind {
    /// Ready, and nothing goes on.
    Idle,
    /// A call rings.
    Ring,
    /// A call is dialled.
    Dial,
    /// Conversation.
    Talk,
    /// Someone is on hold, and the line is free.
    Hold,
    /// Someone is on hold, and the agent dials or talks to another.
    Consult,
    /// Conversation in a conference.
    Conference,
    /// Work after a call.
    WrapUp,
    /// On break.
    Break,
    /// Not to be disturbed, without a phone, or redirected.
    Away,
    /// Not known: the connection was down.
    Unknown,
}

impl TimeKind {
    /// Every kind, in the order in which totals are told.
    pub const ALL: [Self; 11] = [
        Self::Idle,
        Self::Ring,
        Self::Dial,
        Self::Talk,
        Self::Hold,
        Self::Consult,
        Self::Conference,
        Self::WrapUp,
        Self::Break,
        Self::Away,
        Self::Unknown,
    ];

    /// The kind in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ring => "ring",
            Self::Dial => "dial",
            Self::Talk => "talk",
            Self::Hold => "hold",
            Self::Consult => "consult",
            Self::Conference => "conference",
            Self::WrapUp => "wrap-up",
            Self::Break => "break",
            Self::Away => "away",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of the time in which the view is so.
    fn of(view: &View, wrap_up: bool) -> Self {
        let known = view.connection.is_logged_in() && view.stale_since.is_none();
        if !known || view.line == LineState::Unknown {
            return Self::Unknown;
        }
        let held = view.held.is_some();
        match view.line {
            LineState::Ring | LineState::BackRing => Self::Ring,
            LineState::Call | LineState::BackCall => {
                if held {
                    Self::Consult
                } else {
                    Self::Dial
                }
            }
            LineState::Talk if view.conference.is_some() => Self::Conference,
            LineState::Talk => {
                if held {
                    Self::Consult
                } else {
                    Self::Talk
                }
            }
            LineState::Ready | LineState::Disconnected | LineState::Unknown if held => Self::Hold,
            LineState::Disconnected => Self::Away,
            LineState::Ready | LineState::Unknown => Self::of_agent(view, wrap_up),
        }
    }

    fn of_agent(view: &View, wrap_up: bool) -> Self {
        let agent = &view.agent;
        if agent.facts.redirect {
            return Self::Away;
        }
        match agent.state {
            AgentState::Break => Self::Break,
            AgentState::DoNotDisturb
            | AgentState::NoPhone
            | AgentState::Redirect
            | AgentState::Disconnected => Self::Away,
            AgentState::Busy | AgentState::BusyThenBreak if wrap_up => Self::WrapUp,
            AgentState::Busy
            | AgentState::BusyThenBreak
            | AgentState::Ready
            | AgentState::ReadyInCallCentre
            | AgentState::ReadyByHand => Self::Idle,
        }
    }
}

/// Time by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals([Span; 11]);

impl Totals {
    /// The time of one kind.
    #[must_use]
    pub fn of(&self, kind: TimeKind) -> Span {
        self.iter().find(|(of, _)| *of == kind).map_or(Span::ZERO, |(_, span)| span)
    }

    /// Every kind with its time, in order.
    pub fn iter(&self) -> impl Iterator<Item = (TimeKind, Span)> {
        TimeKind::ALL.into_iter().zip(self.0)
    }

    /// All of it.
    #[must_use]
    pub fn sum(&self) -> Span {
        self.0.into_iter().fold(Span::ZERO, |a, b| a + b)
    }

    pub(super) fn add(&mut self, kind: TimeKind, span: Span) {
        for (of, total) in TimeKind::ALL.into_iter().zip(&mut self.0) {
            if of == kind {
                *total = *total + span;
            }
        }
    }

    /// With so much more of one kind.
    #[must_use]
    pub fn with(mut self, kind: TimeKind, span: Span) -> Self {
        self.add(kind, span);
        self
    }

    /// These and those.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (kind, span) in other.iter() {
            self.add(kind, span);
        }
        self
    }
}

/// A day, counted from 1970-01-01 in the ledger's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i64);

/// A stretch of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimeSpan {
    /// On what.
    pub kind: TimeKind,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// The time ledger of a stream. It balances: its totals add up to the time between login and logout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeLedger {
    /// What a day's midnight is behind that of UTC.
    offset: Span,
    open: Option<Open>,
    logged_in: Span,
    by_day: BTreeMap<(Text, Day), Totals>,
    wrap_up: WrapUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    agent: Text,
    kind: TimeKind,
    /// Since when it is of this kind.
    since: Timestamp,
    /// From when it is not booked yet.
    from: Timestamp,
}

impl Open {
    fn turn(&mut self, kind: TimeKind, at: Timestamp) {
        if self.kind != kind {
            (self.kind, self.since) = (kind, at);
        }
    }
}

/// Whether a busy agent without a call wraps up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct WrapUp {
    after_call: bool,
    by_command: bool,
    /// When a command last asked for a user status.
    asked: Option<Timestamp>,
}

/// A user status that a command asked for comes within this time, or not because of it.
const ASKED_FOR: Span = Span::from_secs(20);

/// In microseconds.
const DAY: i64 = 86_400_000_000;

/// The most days of agents that are told apart: one agent's working life.
const MAX_DAYS: usize = 20_000;

impl TimeLedger {
    /// A ledger whose days begin `offset` before midnight UTC (three hours for Moscow).
    #[must_use]
    pub fn new(offset: Span) -> Self {
        Self { offset, ..Self::default() }
    }

    /// The time between login and logout, so far.
    #[must_use]
    pub const fn logged_in(&self) -> Span {
        self.logged_in
    }

    /// The totals of the stream.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.by_day.values().fold(Totals::default(), Totals::plus)
    }

    /// The totals by agent and day.
    pub fn by_agent_and_day(&self) -> impl Iterator<Item = (&Text, Day, &Totals)> {
        self.by_day.iter().map(|((agent, day), totals)| (agent, *day, totals))
    }

    /// What the time is spent on now, and since when; none while nobody is logged in.
    #[must_use]
    pub fn now(&self) -> Option<(TimeKind, Timestamp)> {
        self.open.as_ref().map(|open| (open.kind, open.since))
    }

    /// All that was spent on the day of `at`, by whomever; what goes on counts until then.
    #[must_use]
    pub fn on_day_of(&self, at: Timestamp) -> Totals {
        let mut ledger = self.clone();
        ledger.until(at);
        ledger.day_of(at)
    }

    fn day_of(&self, at: Timestamp) -> Totals {
        let day = self.day(at);
        let that_day = self.by_day.iter().filter(|((_, of), _)| *of == day);
        that_day.fold(Totals::default(), |sum, (_, totals)| sum.plus(totals))
    }

    fn day(&self, at: Timestamp) -> Day {
        Day((at + self.offset).as_micros().div_euclid(DAY))
    }

    /// Books the time until `at`, and says what it was spent on.
    pub(super) fn until(&mut self, at: Timestamp) -> Option<TimeSpan> {
        let open = self.open.as_mut()?;
        if at <= open.from {
            return None;
        }
        let span = TimeSpan { kind: open.kind, from: open.from, to: at };
        open.from = at;
        let agent = open.agent.clone();
        self.logged_in = self.logged_in + (span.to - span.from);
        self.book(&agent, span);
        Some(span)
    }

    /// Splits a stretch at midnights. When there are too many days, the rest is booked on the last of them: a
    /// clock that leaps must not make us hold a day for each day it leaps over.
    fn book(&mut self, agent: &Text, span: TimeSpan) {
        let mut from = span.from;
        while from < span.to {
            let Day(day) = self.day(from);
            let midnight = Timestamp::from_micros(day.saturating_add(1).saturating_mul(DAY)) - self.offset;
            let to = midnight.min(span.to);
            let key = (agent.clone(), Day(day));
            if self.by_day.len() >= MAX_DAYS
                && !self.by_day.contains_key(&key)
                && let Some(mut last) = self.by_day.last_entry()
            {
                last.get_mut().add(span.kind, span.to - from);
                return;
            }
            self.by_day.entry(key).or_default().add(span.kind, to - from);
            // At the end of the calendar there are no more midnights.
            from = if to > from { to } else { span.to };
        }
    }

    /// A call ended.
    pub(super) fn call_ended(&mut self) {
        self.wrap_up.after_call = true;
    }

    /// A command asked for a user status.
    pub(super) fn status_asked(&mut self, at: Timestamp) {
        self.wrap_up.asked = Some(at);
    }

    /// The command asked for another status than busy.
    pub(super) fn status_not_busy(&mut self) {
        self.wrap_up.asked = None;
    }

    /// The agent became busy.
    pub(super) fn became_busy(&mut self, at: Timestamp) {
        self.wrap_up.by_command |= self.wrap_up.asked.is_some_and(|asked| at - asked <= ASKED_FOR);
    }

    /// From `at` on the view is so.
    pub(super) fn from(&mut self, at: Timestamp, view: &View) {
        let busy = matches!(view.agent.state, AgentState::Busy | AgentState::BusyThenBreak);
        let ready = matches!(view.line, LineState::Ready | LineState::Disconnected | LineState::Unknown);
        if !busy || !ready {
            self.wrap_up.after_call = false;
            self.wrap_up.by_command = false;
        }
        let kind = TimeKind::of(view, self.wrap_up.after_call || self.wrap_up.by_command);
        let agent = view.agent.login.clone().unwrap_or_default();
        match (view.connection, &mut self.open) {
            // The goodbye was said: nobody is logged in any more.
            (Connection::Leaving, open) => *open = None,
            (Connection::Loading | Connection::Connected, None) => {
                self.open = Some(Open { agent, kind, since: at, from: at });
            }
            (Connection::Loading | Connection::Connected, Some(open)) => {
                open.turn(kind, at);
                open.agent = agent;
            }
            // Lost while logged in: the time is unknown until the agent is back.
            (Connection::Offline | Connection::Dialling, Some(open)) => open.turn(TimeKind::Unknown, at),
            (Connection::Offline | Connection::Dialling, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged_in() -> View {
        View { connection: Connection::Connected, line: LineState::Ready, ..View::default() }
    }

    #[test]
    fn a_stretch_over_midnight_is_split_in_the_ledgers_time() {
        let moscow = Span::from_secs(3 * 3600);
        let mut ledger = TimeLedger::new(moscow);
        let view = logged_in();
        ledger.from(Timestamp::from_millis(20 * 3_600_000), &view);
        ledger.until(Timestamp::from_millis(23 * 3_600_000));
        let days: Vec<_> = ledger.by_agent_and_day().map(|(_, day, totals)| (day.0, totals.sum())).collect();
        assert_eq!(days, [(0, Span::from_secs(3600)), (1, Span::from_secs(2 * 3600))]);
        assert_eq!(ledger.totals().sum(), ledger.logged_in());
    }

    #[test]
    fn time_without_a_connection_is_unknown_until_the_agent_is_back() {
        let mut ledger = TimeLedger::default();
        let mut view = logged_in();
        view.line = LineState::Talk;
        ledger.from(Timestamp::from_millis(0), &view);
        ledger.until(Timestamp::from_millis(1_000));
        view.connection = Connection::Offline;
        view.stale_since = Some(Timestamp::from_millis(1_000));
        ledger.from(Timestamp::from_millis(1_000), &view);
        ledger.until(Timestamp::from_millis(5_000));
        assert_eq!(ledger.totals().of(TimeKind::Talk), Span::from_secs(1));
        assert_eq!(ledger.totals().of(TimeKind::Unknown), Span::from_secs(4));
    }

    #[test]
    fn no_clock_makes_the_ledger_go_wrong() {
        let mut ledger = TimeLedger::new(Span::from_secs(-3600));
        ledger.from(Timestamp::from_micros(i64::MAX - 5), &logged_in());
        ledger.until(Timestamp::from_micros(i64::MAX));
        assert_eq!(ledger.totals().sum(), Span::from_micros(5));
    }

    #[test]
    fn busy_before_any_call_is_not_wrap_up() {
        let mut view = logged_in();
        view.agent.state = AgentState::Busy;
        assert_eq!(TimeKind::of(&view, false), TimeKind::Idle);
        assert_eq!(TimeKind::of(&view, true), TimeKind::WrapUp);
    }
}
