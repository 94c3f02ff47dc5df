//! Chance that is the same every time: a failure is repeated by its seed.

use std::env;

/// The seed where none is asked for.
const SEED: u64 = 20_260_101;

/// xorshift64*. Nobody is to be kept from guessing it, only faults are to be spread.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed. `purpose` keeps tests with the same seed apart.
    pub fn new(seed: u64, purpose: &str) -> Random {
        let mixed = purpose.bytes().fold(seed ^ 0x9E37_79B9_7F4A_7C15, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let mut random = Random(mixed | 1);
        // The first numbers of close seeds are close.
        for _ in 0..8 {
            random.draw();
        }
        random
    }

    /// By `FAULTS_SEED`, or by the fixed seed.
    pub fn from_environment(purpose: &str) -> Random {
        Random::new(setting("FAULTS_SEED", SEED), purpose)
    }

    fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below `bound`; 0 when that is 0. The bias of the remainder is of no concern here.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }

    /// An index into something of this length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// A number from the environment, for longer runs. What is no number is not taken for one.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().unwrap_or(otherwise),
        Err(_) => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_and_a_purpose_say_it_all() {
        let drawn = |seed, purpose| {
            let mut random = Random::new(seed, purpose);
            (0..20).map(|_| random.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1, "kills"), drawn(1, "kills"));
        assert_ne!(drawn(1, "kills"), drawn(2, "kills"));
        assert_ne!(drawn(1, "kills"), drawn(1, "cuts"));
    }

    #[test]
    fn all_below_the_bound_comes() {
        let mut random = Random::new(1, "bound");
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| random.below(5)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(random.below(0), 0);
    }
}
