//! The commands that talk to a server, or are one.
//!
//! - [`server`]: how a command reaches a server as an agent, [`password`]: where the password comes from;
//! - [`runtime`]: what such a command runs on, [`logging`]: what the program logs of itself.

pub(crate) mod logging;
pub(crate) mod password;
pub(crate) mod runtime;
pub(crate) mod server;
