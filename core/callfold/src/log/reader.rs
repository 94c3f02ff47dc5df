//! Reads the records of a stream, in order.

use callfold_engine::record::{Hash, Head, Record};
use callfold_engine::{Event, Timestamp};
use callfold_store::{Block, Keys, Records as BlockRecords, StoreError, StreamId};

use super::{Log, LogError};

/// A record of a log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogRecord {
    /// What it says.
    pub record: Record,
    /// Its hash.
    pub hash: Hash,
}

/// What was decided on an input, and when; the input itself is not read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ToldRecord {
    /// The record's number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was decided, as told by the engine of then.
    pub events: Vec<Event>,
}

/// Blocks of a store, cut into what is made of each record.
pub struct Each<'l, T> {
    blocks: Box<dyn Iterator<Item = Result<Block, StoreError>> + 'l>,
    keys: &'l Keys,
    read: fn(&callfold_store::StoredRecord<'_>, &Keys) -> Result<T, StoreError>,
    open: Option<BlockRecords>,
}

/// The records of a stream.
pub type Records<'l> = Each<'l, LogRecord>;
/// What was decided in a stream.
pub type Told<'l> = Each<'l, ToldRecord>;

impl<T> std::fmt::Debug for Each<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("records of a stream")
    }
}

impl Log {
    /// The records of a stream, from number `from` on. What is appended meanwhile is read too.
    #[must_use]
    pub fn records(&self, stream: StreamId, from: u64) -> Records<'_> {
        self.each(stream, from, |record, keys| {
            let read = Record::read(record.bytes, keys);
            let read = read.map_err(|source| StoreError::Record { place: record.place, source })?;
            Ok(LogRecord { record: read, hash: record.hash })
        })
    }

    /// What was decided in a stream, from record `from` on: all that folding the log as told needs.
    #[must_use]
    pub fn told(&self, stream: StreamId, from: u64) -> Told<'_> {
        self.each(stream, from, |record, keys| {
            let read = Record::read_events(record.bytes, keys);
            let (Head { seq, at, .. }, events) =
                read.map_err(|source| StoreError::Record { place: record.place, source })?;
            Ok(ToldRecord { seq, at, events })
        })
    }

    fn each<T>(
        &self,
        stream: StreamId,
        from: u64,
        read: fn(&callfold_store::StoredRecord<'_>, &Keys) -> Result<T, StoreError>,
    ) -> Each<'_, T> {
        Each { blocks: self.store.blocks(stream, from), keys: self.store.keys(), read, open: None }
    }
}

impl<T> Iterator for Each<'_, T> {
    type Item = Result<T, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.open.as_mut().and_then(BlockRecords::next_record) {
                Some(Ok(record)) => return Some((self.read)(&record, self.keys).map_err(LogError::from)),
                Some(Err(error)) => return Some(Err(error.into())),
                None => {}
            }
            match self.blocks.next()? {
                Err(error) => return Some(Err(error.into())),
                Ok(block) => self.open = Some(block.into_records()),
            }
        }
    }
}
