//! Calls and time, by property and against a reference model.
//!
//! - `hostile`: events in any order, possible or not.
//! - `pbx`: a small truthful server that plays one agent's line; `session` runs it against a live machine.
//! - `model`: what a call is, kept by the PBX as it happens, in the simplest way.
//! - `watch`: what must hold of any log, whoever made it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod hostile;
mod model;
mod pbx;
mod session;
mod watch;
