//! A store that goes with the process: for applications that keep no log, and as the measure for the one on disk.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use callfold_engine::Timestamp;
use callfold_engine::record::Hash;

use crate::block::{put_header, put_record};
use crate::log_store::{Append, Derived, DerivedChange, LogStore, StreamHead, StreamId};
use crate::{Block, Keys, NewRecord, Place, StoreError};

/// A store in memory. Nothing of it is durable, and it says so: [`LogStore::durable_head`] is what was appended.
#[derive(Debug)]
pub struct MemoryStore {
    keys: Keys,
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    streams: Vec<Stream>,
    derived: BTreeMap<Vec<u8>, Vec<u8>>,
}

#[derive(Debug)]
struct Stream {
    description: Vec<u8>,
    records: Vec<NewRecord>,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// # Errors
    /// [`StoreError::Random`] if there are no random numbers for its keys.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { keys: Keys::in_memory()?, inner: RwLock::default() })
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn stream(&self, id: StreamId) -> Result<&Stream, StoreError> {
        let place = usize::try_from(id.0).ok().and_then(|place| self.streams.get(place));
        place.ok_or(StoreError::NoStream(id))
    }
}

impl Stream {
    fn head(&self) -> StreamHead {
        StreamHead {
            seq: self.records.len() as u64,
            hash: self.records.last().map_or_else(|| Hash::of_stream(&self.description), |last| last.hash),
            at: self.records.last().map(|last| last.at),
        }
    }
}

/// How many records one block of a reader has.
const BLOCK: usize = 32;

impl LogStore for MemoryStore {
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        let inner = self.read();
        let ids = (0..).map(StreamId);
        Ok(ids.zip(inner.streams.iter().map(|stream| stream.description.clone())).collect())
    }

    fn description(&self, stream: StreamId) -> Result<Vec<u8>, StoreError> {
        let inner = self.read();
        let place = usize::try_from(stream.0).ok();
        let found = place.and_then(|place| inner.streams.get(place));
        found.map(|stream| stream.description.clone()).ok_or(StoreError::NoStream(stream))
    }

    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError> {
        let mut inner = self.write();
        let id = |place: usize| StreamId(u32::try_from(place).unwrap_or(u32::MAX));
        if let Some(place) = inner.streams.iter().position(|stream| stream.description == description) {
            return Err(StoreError::SameStream(id(place)));
        }
        inner.streams.push(Stream { description: description.to_vec(), records: Vec::new() });
        Ok(id(inner.streams.len() - 1))
    }

    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError> {
        Ok(self.read().stream(stream)?.head())
    }

    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError> {
        self.head(stream).map(|head| (head.seq, head.hash))
    }

    fn append(&self, appends: &[Append]) -> Result<(), StoreError> {
        let mut inner = self.write();
        for append in appends {
            let head = inner.stream(append.stream)?.head();
            if append.first != head.seq + 1 {
                let place = Place { stream: append.stream, seq: append.first };
                return Err(StoreError::OutOfOrder { place, after: head.seq });
            }
            let place = usize::try_from(append.stream.0).unwrap_or(usize::MAX);
            if let Some(stream) = inner.streams.get_mut(place) {
                stream.records.extend(append.records.iter().cloned());
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn blocks(
        &self,
        stream: StreamId,
        from: u64,
    ) -> Box<dyn Iterator<Item = Result<Block, StoreError>> + '_> {
        let mut next = from.max(1);
        let mut ended = false;
        Box::new(std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let inner = self.read();
            let records = match inner.stream(stream) {
                Ok(stream) => &stream.records,
                Err(error) => {
                    ended = true;
                    return Some(Err(error));
                }
            };
            let start = usize::try_from(next - 1).unwrap_or(usize::MAX);
            let records = records.get(start..(start.saturating_add(BLOCK)).min(records.len()))?;
            let first = records.first()?;
            let mut bytes = Vec::new();
            put_header(&mut bytes, first.at);
            for record in records {
                put_record(&mut bytes, &record.bytes, record.hash);
            }
            let block = Block::new(stream, next, bytes.into());
            next += records.len() as u64;
            Some(block)
        }))
    }

    fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError> {
        let inner = self.read();
        let before = inner.stream(stream)?.records.partition_point(|record| record.at <= at);
        Ok(before.max(1) as u64)
    }

    fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError> {
        let mut inner = self.write();
        for (key, value) in changes {
            match value {
                Some(value) => inner.derived.insert(key, value),
                None => inner.derived.remove(&key),
            };
        }
        Ok(())
    }

    fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_> {
        if from >= to {
            return Box::new(std::iter::empty());
        }
        let inner = self.read();
        let found = inner.derived.range(from.to_vec()..to.to_vec());
        let mut found: Vec<_> = found.map(|(key, value)| Ok((key.clone(), value.clone()))).collect();
        if last_first {
            found.reverse();
        }
        Box::new(found.into_iter())
    }

    fn clear_derived(&self) -> Result<(), StoreError> {
        self.write().derived.clear();
        Ok(())
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }
}
