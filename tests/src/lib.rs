//! What the tests of callfold share.
//!
//! - [`vectors`] keeps the recorded sessions honest: a manifest of what must be there, byte for byte.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

pub mod vectors;
