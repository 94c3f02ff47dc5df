//! The commands that talk to a server, or are one.
//!
//! - [`record`]: records agents' lines; [`simulate`]: a server to talk to;
//! - [`server`]: how a command reaches a server as an agent, [`password`]: where the password comes from;
//! - [`runtime`]: what such a command runs on, [`interrupt`]: how it is asked to end;
//! - [`logging`]: what the program logs of itself, [`figures`]: what it counts;
//! - [`span`]: a time as people write it.

pub(crate) mod figures;
pub(crate) mod interrupt;
pub(crate) mod logging;
pub(crate) mod password;
pub(crate) mod record;
pub(crate) mod runtime;
pub(crate) mod server;
pub(crate) mod simulate;
pub(crate) mod span;
