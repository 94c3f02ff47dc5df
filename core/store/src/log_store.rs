//! What every store can do, whatever it keeps its bytes in.

use std::fmt;

use callfold_engine::Timestamp;
use callfold_engine::record::Hash;

use crate::{Block, Keys, NewRecord, StoreError};

/// Names a stream within its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A record's place in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which stream.
    pub stream: StreamId,
    /// Its number there, from 1.
    pub seq: u64,
}

/// The last record of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamHead {
    /// Its number; 0 if there is none.
    pub seq: u64,
    /// Its hash; that of the stream's description if there is no record.
    pub hash: Hash,
    /// Its time; none if there is no record.
    pub at: Option<Timestamp>,
}

/// Records of one stream that are to be appended, in order.
#[derive(Clone, Debug)]
pub struct Append {
    /// Which stream.
    pub stream: StreamId,
    /// The number of the first.
    pub first: u64,
    /// The records.
    pub records: Vec<NewRecord>,
}

/// When an append is safe from a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before `append` returns. Appends that wait at the same time share one sync.
    Always,
    /// At most this many milliseconds later: one sync for all that was appended by then.
    Every(u64),
    /// When the operating system sees fit, or [`LogStore::sync`] is called.
    Never,
}

impl Default for Durability {
    fn default() -> Self {
        Self::Every(50)
    }
}

/// A change of what can be derived from the log again: a key with its new value, or none to remove it.
pub type DerivedChange = (Vec<u8>, Option<Vec<u8>>);

/// Derived values, each with its key.
pub type Derived<'s> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + 's>;

/// Streams of records that only grow, and what is derived from them.
///
/// [`SledStore`](crate::SledStore) keeps them on disk, [`MemoryStore`](crate::MemoryStore) does not; one suite of
/// tests runs on both.
pub trait LogStore: Send + Sync + fmt::Debug {
    /// Every stream, with the description it was added with.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError>;

    /// The description that a stream was added with.
    ///
    /// # Errors
    /// [`StoreError::NoStream`] if there is none of this name.
    fn description(&self, stream: StreamId) -> Result<Vec<u8>, StoreError> {
        let found = self.streams()?.into_iter().find(|(id, _)| *id == stream);
        found.map(|(_, description)| description).ok_or(StoreError::NoStream(stream))
    }

    /// Adds a stream. The description is part of its chain and never changes.
    ///
    /// # Errors
    /// [`StoreError::SameStream`] if a stream of this description is there.
    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError>;

    /// The last record of a stream.
    ///
    /// # Errors
    /// [`StoreError::NoStream`] if there is none of this name.
    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError>;

    /// The last record of a stream that is safe from a power cut: its number and hash.
    ///
    /// # Errors
    /// [`StoreError::NoStream`] if there is none of this name.
    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError>;

    /// Appends records of one or several streams; returns when they are as durable as the store was opened for.
    /// What is kept after a crash is a part of them from the front.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is then acknowledged, and after a failed write the store is read-only.
    fn append(&self, appends: &[Append]) -> Result<(), StoreError>;

    /// Makes everything appended durable now.
    ///
    /// # Errors
    /// [`StoreError`]; the store is then read-only.
    fn sync(&self) -> Result<(), StoreError>;

    /// The blocks of a stream, from the one that has record `from`. Sees what is appended while it reads.
    fn blocks(&self, stream: StreamId, from: u64)
    -> Box<dyn Iterator<Item = Result<Block, StoreError>> + '_>;

    /// The number of a record of the stream at or before which nothing later than `at` stands in the blocks before
    /// it: a place to start looking for a moment. At most one block is read in vain.
    ///
    /// # Errors
    /// [`StoreError`] if the blocks cannot be read.
    fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError>;

    /// Puts away, replaces and removes derived values, in this order: a crash may keep the first of the changes, and
    /// never half a value. They can be lost at any time.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written.
    fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError>;

    /// The derived values with keys from `from` up to but not `to`, in order; with `last_first`, from the end.
    fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_>;

    /// Removes everything derived; what has a key that begins with `i` before the rest: by that an index says how far
    /// it is, and a crash must not leave that behind alone.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be removed.
    fn clear_derived(&self) -> Result<(), StoreError>;

    /// The keys of the personal data.
    fn keys(&self) -> &Keys;
}
