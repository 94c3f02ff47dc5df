//! The pure core of callfold: what the PBX says and what the agent does, folded into events and a view.
//!
//! One law: **the same inputs give the same events, effects and view**, on every machine and at any time. The engine has no clock, no
//! randomness, no I/O, no threads and no floats; time and chance are arguments.
//!
//! - [`Machine::handle`] takes one [`Input`] and fills an [`Outcome`] with [`Event`]s (what was decided) and
//!   [`Effect`]s (what is to be done).
//! - [`View`] is what the events add up to; it changes through [`View::apply`] only.
//! - [`announce`] tells events as the reference client tells them to its application.
//!
//! ```
//! use callfold_engine::{
//!     Command, Config, Credential, CredentialHandle, Effect, Endpoint, Event, Input, InputKind, Machine,
//!     Outcome, Timestamp,
//! };
//!
//! let mut machine = Machine::new(Config::live());
//! let mut outcome = Outcome::default();
//! let connect = Command::Connect(Endpoint {
//!     addresses: vec!["pbx.local:4066".into()],
//!     login: "ivanov".into(),
//!     credential: Credential::Password(CredentialHandle(1)), // the password itself stays with the caller
//!     workplace: None,
//!     expires: None,
//! });
//! let input = Input { at: Timestamp::from_millis(1_768_197_600_000), kind: InputKind::Command(connect) };
//! machine.handle(&input, &mut outcome);
//!
//! assert!(outcome.events.iter().any(|event| matches!(event, Event::Connecting { .. })));
//! let [Effect::Dial { url, .. }] = outcome.effects.as_slice() else { panic!("one address, one dial") };
//! assert_eq!(url.as_str(), "ws://pbx.local:4066");
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod about;
mod actions;
pub mod announce;
pub mod calls;
mod codes;
mod command;
pub mod cti;
mod directory;
mod effect;
mod event;
mod input;
mod machine;
mod party;
pub mod phone;
pub mod record;
mod text;
mod time;
mod timer;
mod view;
pub mod wire;

pub use about::About;
pub use actions::Action;
pub use codes::{DisconnectReason, ErrorCode};
pub use command::{
    CallSequence, Command, CommandId, CommandName, Credential, CredentialHandle, Endpoint, GhostMode,
    ModelCommand, NewConference,
};
pub use directory::{Directory, DirectoryPool, DirectoryUser, NumberPlan};
pub use effect::Effect;
pub use event::{Bound, CommandResult, Event, Misuse, NativeName, ServerError};
pub use input::{Input, InputKind, SocketId};
pub use machine::{Config, CtiConfig, LongMessage, Machine, Mode, Outcome, SnapshotError};
pub use party::{Competitor, Menu, Parties, Party, PartyUser};
pub use text::{ChainId, ConferenceId, JsonText, PartyKey, PersonName, PhoneNumber, Text, UserId};
pub use time::{Span, Timestamp};
pub use timer::Timer;
pub use view::{
    Agent, AgentFacts, AgentState, Answering, BreakReason, Conference, Connection, Held, LineState, Server,
    View, WebStatus,
};
