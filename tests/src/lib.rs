//! What the tests of callfold share.
//!
//! - [`vectors`] keeps the recorded sessions honest: a manifest of what must be there, byte for byte.
//! - [`compare`] holds what the engine announces for a session against what the reference client announced.
//! - [`transition`] makes sessions of any kind, and holds the laws that are true in all of them.
//! - [`floor`] makes a floor of agents out of recorded calls, of any size.
//! - [`fuzz`] runs the fuzzers' bytes through the same laws.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

pub mod compare;
pub mod floor;
pub mod fuzz;
pub mod transition;
pub mod vectors;

use proptest::test_runner::{Config, RngSeed};

/// How many cases a property is tried on, and which: the same ones every time, so that a change and not
/// chance decides whether the tests pass. To search for more: `PROPTEST_CASES=20000 PROPTEST_RNG_SEED=7`.
/// Shrunk failures are kept by hand, as named tests and files.
#[must_use]
pub fn cases(usual: u32) -> Config {
    let set = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    Config {
        cases: set("PROPTEST_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(usual),
        rng_seed: RngSeed::Fixed(set("PROPTEST_RNG_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..Config::default()
    }
}
