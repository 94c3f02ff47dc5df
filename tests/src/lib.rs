//! What the tests of callfold share.
//!
//! - [`vectors`] keeps the recorded sessions honest: a manifest of what must be there, byte for byte.
//! - [`compare`] holds what the engine announces for a session against what the reference client announced.
//! - [`transition`] makes sessions of any kind, and holds the laws that are true in all of them.
//! - [`fuzz`] runs the fuzzers' bytes through the same laws.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

pub mod compare;
pub mod fuzz;
pub mod transition;
pub mod vectors;
