//! Calls, commands and time, read from events (DESIGN §4).
//!
//! A [`CallLog`] is fed the records of a stream in order. It holds what goes on; what is over is handed out
//! and not kept, so that its memory does not grow with the log. It reads events as told: a log gives the
//! same calls whoever recorded it.
//!
//! ```
//! use callfold_engine::calls::CallLog;
//! use callfold_engine::{Event, LineState, Span, Timestamp};
//!
//! let mut log = CallLog::new(Span::ZERO);
//! log.record(1, Timestamp::from_millis(0), &[Event::LineChanged { to: LineState::Ready, from: LineState::Unknown }]);
//! let over = log.close();
//! assert!(over.calls.is_empty());
//! ```

mod book;
mod call;
mod change;
mod commands;
pub mod json;
mod time;

use serde::{Deserialize, Serialize};

use crate::command::CommandName;
use crate::directory::DirectoryPool;
use crate::event::{CommandResult, Event};
use crate::input::InputKind;
use crate::time::{Span, Timestamp};
use crate::view::{AgentState, View};
use book::Book;
use commands::{Asked, Commands};

pub use call::{
    Call, CallId, ConferenceSpell, EndedBy, Gap, HoldEnd, HoldReason, HoldSpell, Irregularity,
    IrregularityKind, Leg, Link, LinkKind, Moment, OtherSide, Outcome, Spell, SpellKind, Transfer,
    TransferKind,
};
pub use change::{Change, Fit, Standing};
pub use commands::{CommandEffect, CommandTrail, GivenBy, RequestFate, RequestTrail};
pub use time::{Day, TimeKind, TimeLedger, TimeSpan, Totals};

/// Reads the records of a stream into calls, commands and time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLog {
    view: View,
    book: Book,
    commands: Commands,
    ledger: TimeLedger,
    last: Option<Moment>,
    over: Over,
    /// What the input of the record says that is read next. Nothing of it goes on after that.
    #[serde(skip)]
    asked: Option<Asked>,
}

/// What is over, handed out once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Over {
    /// Calls, by their end. A call whose chain may still return (for five minutes) is not over.
    pub calls: Vec<Call>,
    /// Commands, by when nothing more could come of them.
    pub commands: Vec<CommandTrail>,
}

impl CallLog {
    /// Begins. Days of the ledger begin `day_offset` before midnight UTC.
    #[must_use]
    pub fn new(day_offset: Span) -> Self {
        Self { ledger: TimeLedger::new(day_offset), ..Self::default() }
    }

    /// Begins in the midst of a stream, where the view was so at `at`. What only earlier records say is not known: when a
    /// call that goes on began, whether a busy agent wraps up.
    #[must_use]
    pub fn starting(day_offset: Span, view: View, at: Timestamp) -> Self {
        let mut log = Self { view, ..Self::new(day_offset) };
        log.ledger.from(at, &log.view);
        log
    }

    /// Hears what the input was of the record that is read next. Events do not tell whose a command is, nor all that it
    /// names: without its input a command of the record has neither. Only records in which a command was given need it.
    pub fn input(&mut self, input: &InputKind<'_>) {
        self.asked = Some(Asked::of(input));
    }

    /// Reads one record. Call it in the order of the log; take what is over with [`CallLog::take_over`].
    pub fn record(&mut self, seq: u64, at: Timestamp, events: &[Event]) {
        let at = self.last.map_or(at, |last| at.max(last.at));
        let now = Moment { at, seq };
        self.time_passes(at);
        let mut asked = self.asked.take();
        let before = (!events.is_empty()).then(|| Standing::of(&self.view));
        for event in events {
            self.book.event(&self.view, event, now);
            self.commands.event(event, asked.as_mut(), now);
            self.ledger_hears(event, at);
            self.view.apply(event);
        }
        if let Some(before) = before.filter(|_| self.commands.is_following()) {
            self.commands.changed(&before, &self.view, events, now);
        }
        if !events.is_empty() && self.book.settle(&self.view, now) {
            self.ledger.call_ended();
        }
        self.ledger.from(at, &self.view);
        self.over.calls.extend(self.book.finished(now));
        self.over.commands.extend(self.commands.through(now));
        self.last = Some(now);
    }

    /// Nothing happened until `at`: the log ends then, or goes on later.
    pub fn time_passes_until(&mut self, at: Timestamp) {
        let at = self.last.map_or(at, |last| at.max(last.at));
        self.time_passes(at);
    }

    /// The time until `at` is booked, to the ledger and to the call that it was spent on.
    fn time_passes(&mut self, at: Timestamp) {
        if let Some(spent) = self.ledger.until(at)
            && let Some(call) = self.book.current_mut()
        {
            call.time.add(spent.kind, spent.to - spent.from);
        }
    }

    fn ledger_hears(&mut self, event: &Event, at: Timestamp) {
        if let Event::CommandGiven {
            name: CommandName::SetUserStatus | CommandName::ModelSetWrapUpUserState,
            ..
        } = event
        {
            self.ledger.status_asked(at);
        } else if let Event::CommandDone {
            name: CommandName::SetUserStatus,
            result: CommandResult::UserStatus { state, .. },
            ..
        } = event
        {
            if *state != AgentState::Busy {
                self.ledger.status_not_busy();
            }
        } else if let Event::AgentStateChanged {
            state: AgentState::Busy | AgentState::BusyThenBreak, ..
        } = event
        {
            self.ledger.became_busy(at);
        }
    }

    /// The calls that go on: the one on the line, the one on hold.
    pub fn open_calls(&self) -> impl Iterator<Item = &Call> {
        self.book.open()
    }

    /// The time ledger.
    #[must_use]
    pub const fn ledger(&self) -> &TimeLedger {
        &self.ledger
    }

    /// The view after the last record.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Keeps the view's directory together with those of other lines. Changes nothing that is so.
    pub fn share(&mut self, pool: &mut DirectoryPool) {
        pool.share(&mut self.view.directory);
    }

    /// What is over since this was last asked.
    pub fn take_over(&mut self) -> Over {
        std::mem::take(&mut self.over)
    }

    /// The log ends: everything that is left, calls that go on too.
    pub fn close(&mut self) -> Over {
        let mut over = self.take_over();
        if let Some(last) = self.last {
            over.calls.extend(self.book.close(last));
        }
        over.commands.extend(self.commands.close());
        over
    }
}
