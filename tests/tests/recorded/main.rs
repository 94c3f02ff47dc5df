//! Lines that are recorded from a server over sockets: what was received is in the log, whatever happens on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod floor;
mod secrets;
mod whole;
