//! Names of what the simulator keeps, and where new ones come from.

use std::fmt;

use callfold_engine::PhoneNumber;

/// A client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub(crate) u64);

/// Somebody outside the PBX who calls or is called: one for each call, also where the number is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutsideId(pub(crate) u64);

/// A call between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(crate) u64);

/// A phone that can be worked: an agent's, by its number, or that of somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phone {
    /// The phone on an agent's line.
    Line(PhoneNumber),
    /// Somebody outside.
    Outside(OutsideId),
}

impl From<&str> for Phone {
    fn from(number: &str) -> Self {
        Self::Line(number.into())
    }
}

impl From<OutsideId> for Phone {
    fn from(id: OutsideId) -> Self {
        Self::Outside(id)
    }
}

/// A GUID as the wire has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Guid(pub(crate) String);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the wire has where there is no chain.
pub(crate) const NO_CHAIN: &str = "00000000-0000-0000-0000-000000000000";

/// Draws ids. The same seed draws the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    random: fastrand::Rng,
    last: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), last: 0 }
    }

    /// A random GUID (version 4).
    pub(crate) fn guid(&mut self) -> Guid {
        let bits = self.random.u128(..);
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
        Guid(format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)))
    }

    /// The next number of a row.
    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_guids_of_version_4() {
        let (mut one, mut two) = (Ids::new(7), Ids::new(7));
        let guid = one.guid();
        assert_eq!(guid.0, two.guid().0);
        assert_ne!(guid.0, two.guid().0);
        assert_eq!(guid.0.len(), 36);
        assert_eq!(guid.0.as_bytes()[14], b'4');
        assert!(matches!(guid.0.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
