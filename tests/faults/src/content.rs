//! What the record `seq` of a stream holds: anybody can say it, so nobody has to remember what was written.

use std::collections::BTreeMap;

use blake3::Hasher;

/// The content of a record: 60 to 400 characters of text, different in every record.
pub fn record(stream: u32, seq: u64) -> String {
    let name = format!("record {stream} {seq} ");
    let mut drawn = [0_u8; 190];
    Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut drawn);
    let length = drawn.first().map_or(20, |first| 20 + usize::from(*first) * 2 / 3);
    let hex = drawn.iter().take(length).map(|byte| format!("{byte:02x}"));
    name + &hex.collect::<String>()
}

/// The hash over the records of a stream, one after the other from the first. It is the protocol's own: a store's
/// chain has more in it than the content, and is for the store to verify.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    last: [u8; 32],
    seq: u64,
}

impl Chain {
    /// Goes on by one record, and says the hash so far.
    pub fn push(&mut self, content: &[u8]) -> String {
        self.last = *Hasher::new().update(&self.last).update(content).finalize().as_bytes();
        self.seq += 1;
        self.hash()
    }

    /// How many records there were.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The hash so far, shortened: it is compared, and not defended.
    pub fn hash(&self) -> String {
        self.last.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The hashes that have to come out, kept as far as they were asked for.
#[derive(Debug, Default)]
pub struct Expected {
    streams: BTreeMap<u32, (Chain, Vec<String>)>,
}

impl Expected {
    /// The hash over the records 1 to `seq` of a stream.
    pub fn hash(&mut self, stream: u32, seq: u64) -> String {
        let (chain, hashes) = self.streams.entry(stream).or_insert_with(|| {
            let chain = Chain::default();
            let hashes = vec![chain.hash()];
            (chain, hashes)
        });
        while chain.seq() < seq {
            let next = chain.seq() + 1;
            hashes.push(chain.push(record(stream, next).as_bytes()));
        }
        usize::try_from(seq).ok().and_then(|seq| hashes.get(seq)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, Expected, record};

    #[test]
    fn records_differ_and_stay() {
        assert_eq!(record(1, 2), record(1, 2));
        assert_ne!(record(1, 2), record(2, 1));
        assert!((1..200).all(|seq| (50..=410).contains(&record(3, seq).len())));
    }

    #[test]
    fn what_is_expected_is_the_chain_over_the_records() {
        let mut expected = Expected::default();
        let mut chain = Chain::default();
        let hashes: Vec<String> = (1..=5).map(|seq| chain.push(record(7, seq).as_bytes())).collect();
        // Not in order: what was asked for before is remembered.
        for seq in [5, 1, 3] {
            assert_eq!(Some(&expected.hash(7, seq as u64)), hashes.get(seq - 1));
        }
        assert_ne!(expected.hash(8, 1), expected.hash(7, 1));
    }

    #[test]
    fn order_is_in_the_hash() {
        let over = |first: &str, second: &str| {
            let mut chain = Chain::default();
            chain.push(first.as_bytes());
            chain.push(second.as_bytes())
        };
        assert_ne!(over("a", "b"), over("b", "a"));
    }
}
