//! Where time went, as it crosses.

use callfold::calls::{TimeLedger, Totals};
use callfold::{PersonName, Span};

use crate::convert::naming;
use crate::words::TimeKind;

/// Time of one kind.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TimeTotal {
    /// Which kind.
    pub kind: TimeKind,
    /// How much.
    pub length: Span,
}

impl TimeTotal {
    /// What there is of each kind.
    pub(crate) fn all(totals: &Totals) -> Vec<Self> {
        let some = totals.iter().filter(|(_, length)| *length != Span::ZERO);
        some.map(|(kind, length)| Self { kind: kind.into(), length }).collect()
    }
}

/// The time of one agent on one day: it adds up to the time that the agent was logged in.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TimeRow {
    /// The stream.
    pub stream: String,
    /// The agent's login.
    pub agent: PersonName,
    /// The day, counted from 1970-01-01.
    pub day: i64,
    /// The sum.
    pub logged_in: Span,
    /// The parts; kinds without any are left out.
    pub totals: Vec<TimeTotal>,
}

impl TimeRow {
    /// A row for each agent and day of a stream.
    pub(crate) fn all(stream: &str, ledger: &TimeLedger) -> Vec<Self> {
        let row = |(agent, day, totals): (&callfold::Text, callfold::calls::Day, &Totals)| Self {
            stream: stream.to_owned(),
            agent: naming(agent),
            day: day.0,
            logged_in: totals.sum(),
            totals: TimeTotal::all(totals),
        };
        ledger.by_agent_and_day().map(row).collect()
    }
}
