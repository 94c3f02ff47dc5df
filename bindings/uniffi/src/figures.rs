//! The figures of a report, as they cross. What each means, and what is in its base, stands in
//! `core/callfold/FIGURES.md`.

use callfold::report;
use callfold::{PersonName, PhoneNumber, Span, Timestamp};

use crate::time::TimeTotal;
use crate::words::{CallDirection, CallOutcome, HoldReason, IrregularityKind};

/// A floor's figures. Calls are those that began within its time.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReportFigures {
    /// Calls that began at or after; time from then on.
    pub from: Timestamp,
    /// Calls that began before; time until then.
    pub to: Timestamp,
    /// How far ahead of UTC the clock is by which hours and days begin.
    pub offset: Span,
    /// Whoever was answered within this time counts for the service level.
    pub threshold: Span,
    /// Whoever gives up sooner than this is a short abandon.
    pub short_abandon: Span,
    /// The agents that were asked for; empty if it is of all.
    pub only: Vec<PersonName>,
    /// Agents that were asked for and have no line.
    pub unknown_agents: Vec<PersonName>,
    /// How many lines it is of.
    pub lines: u64,
    /// What could not be read. Figures are of what comes before it.
    pub damage: Vec<ReportDamage>,
    /// Calls of the floor: one that several lines had is one.
    pub floor: FloorCalls,
    /// What handling took, of the floor.
    pub handling: Handling,
    /// Where all agents' time went.
    pub time: TimeSpent,
    /// By hour of the day, all days together: 24 of them.
    pub hours: Vec<CallSlot>,
    /// By day; those without calls are left out.
    pub days: Vec<CallSlot>,
    /// By agent.
    pub agents: Vec<AgentFigures>,
    /// Calls that were on hold.
    pub held: CallFigure,
    /// The longest holds, the longest first.
    pub longest_holds: Vec<LongHold>,
    /// Calls that were passed on, and those that were passed on to an agent.
    pub transfers: TransferFigures,
    /// Calls that were in a conference.
    pub conferences: CallFigure,
    /// Times while nothing is known of a line.
    pub gaps: u64,
    /// The longest of them, the longest first.
    pub longest_gaps: Vec<LongGap>,
    /// Calls that went on while nothing was known of their line.
    pub with_gap: CallFigure,
    /// What does not fit, by kind; kinds without a call are left out.
    pub irregularities: Vec<IrregularFigure>,
    /// The calls that figures list, as lines had them, by when they began.
    pub calls: Vec<ListedCall>,
}

/// A line that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReportDamage {
    /// The stream.
    pub stream: String,
    /// The last record that was read.
    pub until: u64,
    /// What is wrong.
    pub what: String,
}

/// Calls that a figure is made of.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallFigure {
    /// How many.
    pub count: u64,
    /// Some of them, by their places in `ReportFigures.calls`.
    pub listed: Vec<u32>,
}

/// A mean length. It is of the calls that are named with it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MeanLength {
    /// All of it.
    pub sum: Span,
    /// Of how many.
    pub of: u64,
    /// The sum by the number, rounded down to a microsecond; none of nothing.
    pub mean: Option<Span>,
}

/// A share of calls.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallShare {
    /// Those that count.
    pub part: u64,
    /// Those of which it is a share.
    pub base: CallFigure,
    /// The part in thousandths of the base, rounded to the nearest; none of nothing.
    pub per_mille: Option<u64>,
}

/// Calls of the floor.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FloorCalls {
    /// Calls that came in.
    pub inbound: InboundCalls,
    /// Calls that agents made.
    pub outbound: OutboundCalls,
    /// Calls that were made while another was held: no calls of their own.
    pub consultations: CallFigure,
    /// Calls that were up before their line was seen, so that nobody knows who called.
    pub unplaced: CallFigure,
}

/// Calls that came in. Each is in exactly one of the six after `offered`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InboundCalls {
    /// All of them.
    pub offered: CallFigure,
    /// An agent talked to the caller.
    pub answered: CallFigure,
    /// The caller gave up, and not at once.
    pub abandoned: CallFigure,
    /// The caller gave up before the threshold of short abandons.
    pub short_abandoned: CallFigure,
    /// An agent declined it, and nobody else took it.
    pub declined: CallFigure,
    /// The agent's phone went away.
    pub failed: CallFigure,
    /// The log does not say what became of it, or it still rings.
    pub undetermined: CallFigure,
    /// Those answered within the threshold.
    pub in_time: CallFigure,
    /// How long those that were answered had waited, where that is known (ASA).
    pub answer_speed: MeanLength,
    /// Answered within the threshold, of all that count.
    pub service_level: CallShare,
    /// Given up, of all that count.
    pub abandonment: CallShare,
}

/// Calls that agents made. Each is in exactly one of the five after `made`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OutboundCalls {
    /// All of them.
    pub made: CallFigure,
    /// Somebody answered.
    pub answered: CallFigure,
    /// Nobody answered.
    pub not_answered: CallFigure,
    /// The number was busy.
    pub busy: CallFigure,
    /// It could not be made.
    pub failed: CallFigure,
    /// The log does not say what became of it, or it is still dialled.
    pub undetermined: CallFigure,
}

/// What handling calls took.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Handling {
    /// Calls that were talked on and are over, consultations aside.
    pub handled: CallFigure,
    /// Their conversation, conferences included.
    pub talk: MeanLength,
    /// Their time on hold.
    pub hold: MeanLength,
    /// Work after calls, of the same agents in the same time.
    pub wrap_up: MeanLength,
    /// The three together (AHT).
    pub time: MeanLength,
}

/// Where time went.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TimeSpent {
    /// By kind: all kinds together are the time logged in; kinds without any are left out.
    pub totals: Vec<TimeTotal>,
    /// Between login and logout.
    pub logged_in: Span,
    /// Time on calls and after them: dial, talk, hold, consult, conference, wrap-up.
    pub busy: Span,
    /// That, and time in which a call could come: ring and idle.
    pub staffed: Span,
    /// Busy in thousandths of staffed; none of nothing.
    pub occupancy: Option<u64>,
}

/// Calls of an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallSlot {
    /// Which: `09:00` or `2026-01-12`.
    pub name: String,
    /// The calls that began in it.
    pub calls: FloorCalls,
}

/// What an agent did. Calls are as the agent's lines had them.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AgentFigures {
    /// The login; none if nobody has logged in on the line.
    pub login: Option<PersonName>,
    /// How many lines.
    pub lines: u64,
    /// Calls that rang at the agent.
    pub presented: CallFigure,
    /// Of these, those that the agent answered.
    pub answered: CallFigure,
    /// Those that rang and that nobody answered.
    pub missed: CallFigure,
    /// Those that rang here and that another agent answered.
    pub taken_by_others: CallFigure,
    /// Calls that the agent made, consultations aside.
    pub made: CallFigure,
    /// Of these, those that were answered.
    pub reached: CallFigure,
    /// How long those that the agent answered had rung here.
    pub answer_speed: MeanLength,
    /// What handling took.
    pub handling: Handling,
    /// Consultations that the agent made.
    pub consultations: CallFigure,
    /// Calls that the agent passed on.
    pub transferred: CallFigure,
    /// Calls that were in a conference.
    pub conferences: CallFigure,
    /// Calls that were on hold.
    pub held: CallFigure,
    /// Calls that went on while nothing was known of the line.
    pub with_gap: CallFigure,
    /// Calls of which something does not fit.
    pub irregular: CallFigure,
    /// Where the time went.
    pub time: TimeSpent,
}

/// A time on hold.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LongHold {
    /// The call, by its place in `ReportFigures.calls`.
    pub call: Option<u32>,
    /// Whose line.
    pub agent: Option<PersonName>,
    /// From when.
    pub from: Timestamp,
    /// How long; until the last record if it goes on.
    pub length: Span,
    /// Why.
    pub reason: HoldReason,
    /// How it ended, in a word.
    pub end: String,
}

/// Calls that were passed on.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TransferFigures {
    /// By an agent who had not spoken to the other first.
    pub blind: CallFigure,
    /// By an agent who had consulted the other.
    pub attended: CallFigure,
    /// To an agent.
    pub to_us: CallFigure,
}

/// A time while nothing is known of a line.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LongGap {
    /// The line's stream.
    pub stream: String,
    /// Whose line.
    pub agent: Option<PersonName>,
    /// From when.
    pub from: Timestamp,
    /// How long.
    pub length: Span,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct IrregularFigure {
    /// What.
    pub kind: IrregularityKind,
    /// In which calls.
    pub calls: CallFigure,
}

/// A call that a figure lists, as a line had it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ListedCall {
    /// The stream.
    pub stream: String,
    /// Its name there.
    pub id: String,
    /// The record with which it began.
    pub record: u64,
    /// Whose line.
    pub agent: Option<PersonName>,
    /// When it began.
    pub began: Timestamp,
    /// Who called whom.
    pub direction: CallDirection,
    /// Whether it was made while another was held.
    pub consultation: bool,
    /// Who was at the other end first.
    pub number: Option<PhoneNumber>,
    /// The name of whoever that was.
    pub name: Option<PersonName>,
    /// How long it rang, or was dialled.
    pub waited: Span,
    /// How long it was talked on.
    pub talk: Span,
    /// How long it was on hold.
    pub held: Span,
    /// What became of it.
    pub outcome: CallOutcome,
    /// Whether something does not fit.
    pub irregular: bool,
}

fn all<'o, Of, Crosses: From<&'o Of>>(of: &'o [Of]) -> Vec<Crosses> {
    of.iter().map(Crosses::from).collect()
}

/// A login or a name: masked where it is printed.
fn masked(of: &str) -> PersonName {
    PersonName::from(of)
}

impl From<&report::Report> for ReportFigures {
    fn from(of: &report::Report) -> Self {
        Self {
            from: of.from,
            to: of.to,
            offset: Span::from_secs(i64::from(of.offset)),
            threshold: of.threshold,
            short_abandon: of.short_abandon,
            only: of.only.iter().map(|login| masked(login)).collect(),
            unknown_agents: of.unknown_agents.iter().map(|login| masked(login)).collect(),
            lines: of.lines,
            damage: all(&of.damage),
            floor: (&of.floor).into(),
            handling: (&of.handling).into(),
            time: (&of.time).into(),
            hours: all(&of.hours),
            days: all(&of.days),
            agents: all(&of.agents),
            held: (&of.held).into(),
            longest_holds: all(&of.longest_holds),
            transfers: (&of.transfers).into(),
            conferences: (&of.conferences).into(),
            gaps: of.gaps,
            longest_gaps: all(&of.longest_gaps),
            with_gap: (&of.with_gap).into(),
            irregularities: all(&of.irregularities),
            calls: all(&of.calls),
        }
    }
}

impl From<&report::Damage> for ReportDamage {
    fn from(of: &report::Damage) -> Self {
        Self { stream: of.stream.clone(), until: of.until, what: of.what.clone() }
    }
}

impl From<&report::Among> for CallFigure {
    fn from(of: &report::Among) -> Self {
        Self { count: of.count, listed: of.listed.clone() }
    }
}

impl From<&report::Mean> for MeanLength {
    fn from(of: &report::Mean) -> Self {
        Self { sum: of.sum, of: of.of, mean: of.mean }
    }
}

impl From<&report::Share> for CallShare {
    fn from(of: &report::Share) -> Self {
        Self { part: of.part, base: (&of.base).into(), per_mille: of.per_mille }
    }
}

impl From<&report::Calls> for FloorCalls {
    fn from(of: &report::Calls) -> Self {
        Self {
            inbound: (&of.inbound).into(),
            outbound: (&of.outbound).into(),
            consultations: (&of.consultations).into(),
            unplaced: (&of.unplaced).into(),
        }
    }
}

impl From<&report::Inbound> for InboundCalls {
    fn from(of: &report::Inbound) -> Self {
        Self {
            offered: (&of.offered).into(),
            answered: (&of.answered).into(),
            abandoned: (&of.abandoned).into(),
            short_abandoned: (&of.short_abandoned).into(),
            declined: (&of.declined).into(),
            failed: (&of.failed).into(),
            undetermined: (&of.undetermined).into(),
            in_time: (&of.in_time).into(),
            answer_speed: (&of.answer_speed).into(),
            service_level: (&of.service_level).into(),
            abandonment: (&of.abandonment).into(),
        }
    }
}

impl From<&report::Outbound> for OutboundCalls {
    fn from(of: &report::Outbound) -> Self {
        Self {
            made: (&of.made).into(),
            answered: (&of.answered).into(),
            not_answered: (&of.not_answered).into(),
            busy: (&of.busy).into(),
            failed: (&of.failed).into(),
            undetermined: (&of.undetermined).into(),
        }
    }
}

impl From<&report::Handling> for Handling {
    fn from(of: &report::Handling) -> Self {
        Self {
            handled: (&of.handled).into(),
            talk: (&of.talk).into(),
            hold: (&of.hold).into(),
            wrap_up: (&of.wrap_up).into(),
            time: (&of.time).into(),
        }
    }
}

impl From<&report::Time> for TimeSpent {
    fn from(of: &report::Time) -> Self {
        Self {
            totals: TimeTotal::all(&of.totals),
            logged_in: of.logged_in,
            busy: of.busy,
            staffed: of.staffed,
            occupancy: of.occupancy,
        }
    }
}

impl From<&report::Slot> for CallSlot {
    fn from(of: &report::Slot) -> Self {
        Self { name: of.name.clone(), calls: (&of.calls).into() }
    }
}

impl From<&report::Agent> for AgentFigures {
    fn from(of: &report::Agent) -> Self {
        Self {
            login: of.login.as_deref().map(masked),
            lines: of.lines,
            presented: (&of.presented).into(),
            answered: (&of.answered).into(),
            missed: (&of.missed).into(),
            taken_by_others: (&of.taken_by_others).into(),
            made: (&of.made).into(),
            reached: (&of.reached).into(),
            answer_speed: (&of.answer_speed).into(),
            handling: (&of.handling).into(),
            consultations: (&of.consultations).into(),
            transferred: (&of.transferred).into(),
            conferences: (&of.conferences).into(),
            held: (&of.held).into(),
            with_gap: (&of.with_gap).into(),
            irregular: (&of.irregular).into(),
            time: (&of.time).into(),
        }
    }
}

impl From<&report::LongHold> for LongHold {
    fn from(of: &report::LongHold) -> Self {
        Self {
            call: of.call,
            agent: of.agent.as_deref().map(masked),
            from: of.from,
            length: of.length,
            reason: of.reason.into(),
            end: of.end.to_owned(),
        }
    }
}

impl From<&report::Transfers> for TransferFigures {
    fn from(of: &report::Transfers) -> Self {
        Self { blind: (&of.blind).into(), attended: (&of.attended).into(), to_us: (&of.to_us).into() }
    }
}

impl From<&report::LongGap> for LongGap {
    fn from(of: &report::LongGap) -> Self {
        Self {
            stream: of.stream.clone(),
            agent: of.agent.as_deref().map(masked),
            from: of.from,
            length: of.length,
        }
    }
}

impl From<&report::Irregular> for IrregularFigure {
    fn from(of: &report::Irregular) -> Self {
        Self { kind: of.kind.into(), calls: (&of.calls).into() }
    }
}

impl From<&report::ListedCall> for ListedCall {
    fn from(of: &report::ListedCall) -> Self {
        Self {
            stream: of.stream.clone(),
            id: of.id.as_str().to_owned(),
            record: of.record,
            agent: of.agent.as_deref().map(masked),
            began: of.began,
            direction: of.direction.into(),
            consultation: of.consultation,
            number: of.number.as_deref().map(PhoneNumber::from),
            name: of.name.as_deref().map(masked),
            waited: of.waited,
            talk: of.talk,
            held: of.held,
            outcome: of.outcome.into(),
            irregular: of.irregular,
        }
    }
}
