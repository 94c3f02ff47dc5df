//! Reading: blocks in their order, a moment, derived values.

use std::ops::Bound;

use callfold_engine::Timestamp;
use callfold_engine::record::Hash;

use super::{Inner, MAX_VALUE_BYTES, caught, key, locked, read_key};
use crate::block::BlockHeader;
use crate::check::{CHECK_BYTES, check};
use crate::log_store::{Derived, DerivedChange, StreamId};
use crate::{Block, Place, StoreError};

/// How many derived values are removed at once.
const CLEARED_AT_ONCE: usize = 16;

impl Inner {
    pub(super) fn descriptions(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        let mut all: Vec<(StreamId, Vec<u8>)> = Vec::new();
        for found in self.streams.iter() {
            let (name, part) = self.ask("reading the streams", || found)?;
            match name.split_first_chunk::<4>() {
                Some((id, [])) => all.push((StreamId(u32::from_be_bytes(*id)), part.to_vec())),
                // Parts follow their first. Those without one are of a stream that a crash left half added.
                Some((id, _)) => {
                    let last = all.last_mut().filter(|(last, _)| last.0.to_be_bytes() == *id);
                    if let Some((_, description)) = last {
                        description.extend_from_slice(&part);
                    }
                }
                None => all.push((StreamId(u32::MAX), part.to_vec())),
            }
        }
        Ok(all)
    }

    /// Writes a description; a long one in parts.
    pub(super) fn put_description(&self, id: StreamId, description: &[u8]) -> Result<(), StoreError> {
        let id = id.0.to_be_bytes();
        // What a crash left of one that was never added is not to be taken for a part of this one.
        let mut left_over = sled::Batch::default();
        for found in self.streams.scan_prefix(id) {
            let (name, _) = self.ask("adding a stream", || found)?;
            left_over.remove(name);
        }
        self.ask("adding a stream", || self.streams.apply_batch(left_over))?;
        let (first, rest) = description.split_at_checked(MAX_VALUE_BYTES).unwrap_or((description, &[]));
        // The first is written last: without it the others are nothing.
        for (part, bytes) in (1_u16..).zip(rest.chunks(MAX_VALUE_BYTES)) {
            let name = [&id[..], &part.to_be_bytes()].concat();
            self.ask("adding a stream", || self.streams.insert(name, bytes))?;
            self.gave(bytes.len())?;
        }
        self.ask("adding a stream", || self.streams.insert(id, first))?;
        self.gave(first.len())
    }

    /// Where a stream's chain begins.
    pub(super) fn first_hash(&self, stream: StreamId) -> Result<Hash, StoreError> {
        Ok(Hash::of_stream(&self.description(stream)?))
    }

    pub(super) fn description(&self, stream: StreamId) -> Result<Vec<u8>, StoreError> {
        let mut description = Vec::new();
        let mut has_first = false;
        for found in self.streams.scan_prefix(stream.0.to_be_bytes()) {
            let (name, part) = self.ask("reading the streams", || found)?;
            has_first |= name.len() == 4;
            description.extend_from_slice(&part);
        }
        if has_first { Ok(description) } else { Err(StoreError::NoStream(stream)) }
    }

    pub(super) fn blocks(&self, stream: StreamId, from: u64) -> Blocks<'_> {
        Blocks { inner: self, stream, state: State::Start(from.max(1)), found: None }
    }

    /// The block that has record `seq`, if that is in a block and not in the tail: its first record.
    pub(super) fn block_of(&self, stream: StreamId, seq: u64) -> Result<Option<u64>, StoreError> {
        let range = key(stream, 0, 0)..=key(stream, seq, u16::MAX);
        let found = self.ask("reading", || self.blocks.range(range).next_back().transpose())?;
        Ok(found.and_then(|(key, _)| read_key(&key)).map(|(_, first, _)| first))
    }

    pub(super) fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError> {
        let head = locked(&self.appender).stream(stream)?.head;
        // The last block that begins at or before the moment: its records and those of the tail are left to look at.
        let (mut low, mut high) = (1, head.seq.max(1));
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let Some(first) = self.block_of(stream, middle)? else { break };
            let value = self.ask("reading", || self.blocks.get(key(stream, first, 0)))?.unwrap_or_default();
            let place = Place { stream, seq: first };
            let header = BlockHeader::read(&value).map_err(|what| StoreError::Block { place, what })?;
            if header.at <= at {
                if first <= low {
                    // `middle` is in the block of `low`: look behind it.
                    low = middle;
                } else {
                    low = first;
                }
            } else {
                high = first.saturating_sub(1).max(1);
            }
        }
        Ok(self.block_of(stream, low)?.unwrap_or(1))
    }

    pub(super) fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError> {
        let mut giving = Giving { inner: self, batch: sled::Batch::default(), bytes: 0 };
        for (name, value) in changes {
            // Parts of what was there before, as far as they are not written anew.
            let before = self.ask("reading", || self.derived.get(part_key(&name, 0)))?;
            let before = before.and_then(|first| parts_of(&first)).unwrap_or(0);
            let mut parts = 0_u16;
            if let Some(value) = value {
                let value = [&check(&value)[..], &value].concat();
                let chunks = value.chunks(MAX_VALUE_BYTES - 2);
                let count = u16::try_from(chunks.len()).map_err(|_| StoreError::Block {
                    place: Place { stream: StreamId(0), seq: 0 },
                    what: "a derived value that is too long",
                })?;
                for chunk in chunks {
                    giving.put(part_key(&name, parts), [&count.to_be_bytes()[..], chunk].concat())?;
                    parts += 1;
                }
            }
            for part in parts..before.max(parts) {
                giving.remove(part_key(&name, part))?;
            }
        }
        giving.give()
    }

    pub(super) fn clear_derived(&self) -> Result<(), StoreError> {
        self.clear_derived_from(b"i", Some(b"j"))?;
        self.clear_derived_from(b"", None)
    }

    fn clear_derived_from(&self, from: &[u8], to: Option<&[u8]>) -> Result<(), StoreError> {
        let range = (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
        while self.ask("clearing", || self.derived.range::<&[u8], _>(range).next().transpose())?.is_some() {
            let mut batch = sled::Batch::default();
            let mut bytes = 0;
            for found in self.derived.range::<&[u8], _>(range).take(CLEARED_AT_ONCE) {
                let (name, value) = self.ask("clearing", || found)?;
                bytes += name.len() + value.len();
                batch.remove(name);
            }
            self.ask("clearing", || self.derived.apply_batch(batch))?;
            self.gave(bytes)?;
        }
        Ok(())
    }

    pub(super) fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_> {
        if from >= to {
            return Box::new(std::iter::empty());
        }
        // Names stand there with the number of the part behind them, so that one which is the beginning of `to` may
        // stand behind it.
        let (from, to) = (from.to_vec(), to.to_vec());
        let end = [&to[..], &[0xff; 2]].concat();
        let mut found = self.derived.range(&from[..]..&end[..]);
        Box::new(std::iter::from_fn(move || {
            loop {
                let next = if last_first { caught(|| found.next_back()) } else { caught(|| found.next()) };
                let part = match next {
                    None => return Some(Err(StoreError::Broke { path: self.root(), doing: "reading" })),
                    Some(None) => return None,
                    Some(Some(part)) => part,
                };
                let (name, value) = match self.ask("reading", || part) {
                    Ok(part) => part,
                    Err(error) => return Some(Err(error)),
                };
                // A value is told at its first part; the others are fetched then.
                let Some((name, [0, 0])) = name.split_last_chunk::<2>() else { continue };
                if name < &from[..] || name >= &to[..] {
                    continue;
                }
                match self.joined(name, &value) {
                    Ok(Some(value)) => return Some(Ok((name.to_vec(), value))),
                    // A crash came between its parts: it is as if it had been lost.
                    Ok(None) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
        }))
    }

    /// A derived value put together; none if its parts do not belong together.
    fn joined(&self, name: &[u8], first: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut value = first.get(2..).unwrap_or_default().to_vec();
        for part in 1..parts_of(first).unwrap_or(1) {
            let more = self.ask("reading", || self.derived.get(part_key(name, part)))?.unwrap_or_default();
            value.extend_from_slice(more.get(2..).unwrap_or_default());
        }
        let whole = value.split_at_checked(CHECK_BYTES).filter(|(found, value)| *found == check(value));
        Ok(whole.map(|(_, value)| value.to_vec()))
    }
}

/// How many bytes of derived values sled is given at once: few, so that its file is synced often enough in between.
const GIVEN_AT_ONCE: usize = 16 * 1024;

/// Changes of derived values on their way to sled.
struct Giving<'s> {
    inner: &'s Inner,
    batch: sled::Batch,
    bytes: usize,
}

impl Giving<'_> {
    fn put(&mut self, name: Vec<u8>, part: Vec<u8>) -> Result<(), StoreError> {
        self.bytes += name.len() + part.len();
        self.batch.insert(name, part);
        self.give_if_much()
    }

    fn remove(&mut self, name: Vec<u8>) -> Result<(), StoreError> {
        // sled writes the page anew that it is taken from.
        self.bytes += name.len() + MAX_VALUE_BYTES;
        self.batch.remove(name);
        self.give_if_much()
    }

    fn give_if_much(&mut self) -> Result<(), StoreError> {
        if self.bytes < GIVEN_AT_ONCE { Ok(()) } else { self.give() }
    }

    fn give(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        self.inner.ask("deriving", || self.inner.derived.apply_batch(batch))?;
        self.inner.gave(std::mem::take(&mut self.bytes))
    }
}

fn part_key(name: &[u8], part: u16) -> Vec<u8> {
    [name, &part.to_be_bytes()].concat()
}

fn parts_of(first: &[u8]) -> Option<u16> {
    first.first_chunk::<2>().map(|count| u16::from_be_bytes(*count))
}

/// The blocks of a stream. Records move from the tail into blocks while this reads.
pub(super) struct Blocks<'s> {
    inner: &'s Inner,
    stream: StreamId,
    state: State,
    found: Option<sled::Iter>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// To be begun with the block of this record.
    Start(u64),
    /// This record is the next.
    Next(u64),
    Ended,
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let expected = match self.state {
            State::Ended => return None,
            State::Next(expected) => expected,
            State::Start(from) => {
                self.state = State::Next(from);
                match self.begin(from) {
                    Ok(()) => from,
                    Err(error) => return Some(Err(self.end(error))),
                }
            }
        };
        // Between two looks a record may have been appended, or have moved from the tail into a block.
        for _ in 0..3 {
            match self.block(expected) {
                Ok(Some(block)) => {
                    let next = block.next();
                    // A block that is damaged at its front is the last: there is no telling what follows.
                    self.state = if next > expected { State::Next(next) } else { State::Ended };
                    return Some(Ok(block.from(expected)));
                }
                Ok(None) => {}
                Err(error) => return Some(Err(self.end(error))),
            }
            let head = locked(&self.inner.appender).stream(self.stream).map(|stream| stream.head.seq);
            match head {
                Ok(head) if head < expected => {
                    // What is appended later is found when this is asked again.
                    return None;
                }
                Ok(_) => {}
                Err(error) => return Some(Err(self.end(error))),
            }
        }
        let place = Place { stream: self.stream, seq: expected };
        Some(Err(self.end(StoreError::Block { place, what: "the record is not there" })))
    }
}

impl Blocks<'_> {
    fn end(&mut self, error: StoreError) -> StoreError {
        self.state = State::Ended;
        error
    }

    /// Finds where to begin: the block that has `from`, if it is in a block.
    fn begin(&mut self, from: u64) -> Result<(), StoreError> {
        let first = self.inner.block_of(self.stream, from)?.unwrap_or(from);
        self.found =
            Some(self.inner.blocks.range(key(self.stream, first, 0)..=key(self.stream, u64::MAX, u16::MAX)));
        Ok(())
    }

    /// The block that has record `expected`.
    fn block(&mut self, expected: u64) -> Result<Option<Block>, StoreError> {
        while let Some(found) = &mut self.found {
            let next = caught(|| found.next());
            let next = next.ok_or_else(|| StoreError::Broke { path: self.inner.root(), doing: "reading" })?;
            let Some(item) = next else {
                self.found = None;
                break;
            };
            let (name, value) = self.inner.ask("reading", || item)?;
            // sled looks which pages it can let go after every 64 accesses to one of its 256 shards, and going on in a
            // page is none: so each block is asked for once more. Without it a long read holds half a gigabyte,
            // whatever the cache is set to.
            self.inner.ask("reading", || self.inner.blocks.contains_key(&name))?;
            let Some((_, first, part)) = read_key(&name) else { continue };
            if part > 0 {
                // Parts of a long record are fetched with its first.
                continue;
            }
            if first > expected {
                return Ok(None);
            }
            let block = self.whole(first, value)?;
            // The first block that is found may end before the tail begins, where `expected` is.
            if first == expected || block.next() > expected {
                return Ok(Some(block));
            }
        }
        let last = {
            let range = key(self.stream, 0, 0)..=key(self.stream, expected, 0);
            self.inner.ask("reading", || self.inner.tail.range(range).next_back().transpose())?
        };
        if let Some((first, value)) = last.and_then(|(name, value)| Some((read_key(&name)?.1, value))) {
            let block = Block::new(self.stream, first, value)?;
            if first == expected || block.next() > expected {
                return Ok(Some(block));
            }
        }
        // Folded meanwhile, perhaps with records before it.
        let Some(first) = self.inner.block_of(self.stream, expected)? else { return Ok(None) };
        let name = key(self.stream, first, 0);
        let Some(value) = self.inner.ask("reading", || self.inner.blocks.get(name))? else { return Ok(None) };
        let block = self.whole(first, value)?;
        if first != expected && block.next() <= expected {
            return Ok(None);
        }
        let rest = key(self.stream, first, u16::MAX)..=key(self.stream, u64::MAX, u16::MAX);
        self.found = Some(self.inner.blocks.range(rest));
        Ok(Some(block))
    }

    /// The block, put together if it has parts.
    fn whole(&self, first: u64, value: sled::IVec) -> Result<Block, StoreError> {
        let parts = BlockHeader::read(&value).map_or(1, |header| header.parts);
        if parts == 1 {
            return Block::new(self.stream, first, value);
        }
        let mut whole = value.to_vec();
        for part in 1..parts {
            let name = key(self.stream, first, part);
            let place = Place { stream: self.stream, seq: first };
            let missing = StoreError::Block { place, what: "a part of the record is not there" };
            let value = self.inner.ask("reading", || self.inner.blocks.get(name))?.ok_or(missing)?;
            whole.extend_from_slice(&value);
        }
        Block::new(self.stream, first, whole.into())
    }
}
