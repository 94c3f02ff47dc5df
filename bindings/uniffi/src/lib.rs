//! callfold for Kotlin and Swift: what crosses between them and the engine, by uniffi.
//!
//! The types here are records and sealed enumerations that say what the engine's say ([`Event`], [`LineSnapshot`],
//! [`Call`]), and objects over the facade: a live [`Line`], a [`Recorder`] for it, a [`Machine`] for apps that own their
//! socket, a [`LogReader`], and a [`Simulator`] for tests. It holds no rule about calls. `bindings/kotlin` and
//! `bindings/swift` put a thin layer on what is generated from it.
//!
//! A call across costs tens of microseconds, so things cross in batches: the events of a line with its state
//! ([`Batch`]), the inputs of a machine ([`Machine::handle`]), the rows of a log.

#![allow(clippy::result_large_err, reason = "an error is written into bytes where it is made, not handed on")]

#[cfg(target_os = "android")]
mod android;
mod call;
mod check;
mod command;
mod convert;
mod cti;
mod diff;
mod error;
mod event;
mod figures;
mod find;
mod line;
mod lint;
mod listen;
mod log;
mod machine;
mod party;
mod pictures;
mod recorder;
mod replay;
mod report;
mod run;
mod secret;
#[cfg(feature = "simulator")]
mod simulator;
mod state;
mod time;
mod words;

pub use call::{
    Call, CallGap, CallHold, CallLeg, CallLink, CallSpell, CallTransfer, CommandTrail, ConferenceSpell,
    Irregularity, Moment, OtherSide,
};
pub use command::{BreakReason, Command, CommandResult, ProtocolCode, ServerError, done};
pub use cti::{CtiCall, CtiModel, ProviderEvent};
pub use diff::{CallDifference, DiffReport, Difference, FieldDifference, StreamDifference};
pub use error::{CallfoldError, Problem, ProblemRow, problem_codes};
pub use event::{Event, Told};
pub use figures::{
    AgentFigures, CallFigure, CallShare, CallSlot, FloorCalls, Handling, InboundCalls, IrregularFigure,
    ListedCall, LongGap, LongHold, MeanLength, OutboundCalls, ReportDamage, ReportFigures, TimeSpent,
    TransferFigures,
};
pub use find::{DamagedStream, FindQuery, FoundCalls};
pub use line::{Line, LineOptions, NumberState, Reason, Reconnect, User};
pub use lint::{LintQuery, LintReport, Oddity, OddityCount, oddity_kind};
pub use listen::{Batch, LineListener, Subscription};
pub use log::{
    CallQuery, ErasedPlace, ErasedReport, Finding, LogReader, StreamInfo, StreamReport, VerifyReport,
};
pub use machine::{Effect, Endpoint, Machine, MachineInput, MachineMode, Step};
pub use party::{Competitor, Conference, Held, Menu, Party, PartyUser};
pub use pictures::Picture;
pub use recorder::{Durability, Recorder, RecorderOptions};
pub use replay::{Replay, replay_file};
pub use report::{FloorReport, ReportOptions};
pub use run::ProgressListener;
pub use secret::Secret;
#[cfg(feature = "simulator")]
pub use simulator::{
    Account, Faults, OutsideNumber, OutsideState, Phone, Simulator, SimulatorOptions, SimulatorPresence,
};
pub use state::{AgentSnapshot, LineSnapshot};
pub use time::{TimeRow, TimeTotal};
pub use words::{
    AgentState, Answering, CallDirection, CallOutcome, Connection, CtiCallState, DiffSide, EndedBy,
    GhostMode, GivenBy, HoldEnd, HoldReason, IrregularityKind, LineState, LinkKind, OddityKind, SpellKind,
    TimeKind, TransferKind, WebStatus,
};

uniffi::setup_scaffolding!("callfold");

/// The version of callfold.
#[uniffi::export]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
