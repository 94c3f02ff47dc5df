//! An Oktell server to talk to: for tests of clients, for demos, for trying things out.
//!
//! [`Pbx`] is the PBX itself, pure and deterministic: users with their phones, calls, chains, holds, conferences, a
//! queue, voice menus. Clients' messages and what people do at phones go in, with the time; what every client is to be
//! told comes out. It has no clock, no sockets and no chance but its seed, so that a test runs in virtual time.
//! [`Simulator`] serves one on a socket, by the clock; [`Faults`] make it misbehave.
//!
//! ```
//! use callfold_engine::Timestamp;
//! use callfold_simulator::{Account, OutsideState, Pbx, Tell};
//!
//! let mut pbx = Pbx::builder().user(Account::new("ivanov", "Secret1", "101").name("Иванов Иван")).seed(1).build()?;
//! let now = Timestamp::from_millis(1_768_197_600_000);
//!
//! // A client connects, and says something.
//! let client = pbx.connect();
//! pbx.request(now, client, r#"["ping",{"qid":"1"}]"#);
//! let told = pbx.take_told();
//! assert_eq!(told[0].what, Tell::Frame(r#"["pong",{"qid":"1"}]"#.to_owned()));
//!
//! // Somebody outside calls, and the agent lifts the phone.
//! let customer = pbx.external_call(now, "+79161234567", "101");
//! assert_eq!(pbx.outside(customer), OutsideState::Calling);
//! pbx.answer(now, "101")?;
//! assert_eq!(pbx.outside(customer), OutsideState::Talking);
//! assert_eq!(pbx.line_picture(now, "101").unwrap()["linestatestr"], "lsCommutated");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod faults;
mod names;
mod pbx;
mod server;

pub use faults::{Chance, Cut, Faults};
pub use names::{ClientId, OutsideId, Phone};
pub use pbx::{
    Account, AgentState, BuildError, Manners, OutsideState, Pbx, PbxBuilder, Presence, Refused, Tell, Told,
};
pub use server::{Simulator, SimulatorBuilder, StartError};
