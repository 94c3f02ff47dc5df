//! What can go wrong with a store. Every error names the culprit; none repeats personal data.

use std::io;
use std::path::{Path, PathBuf};

use callfold_engine::record::{RecordError, SealError};

use crate::{Place, StreamId};

/// Why a store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or directory cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process, or another handle of this one, has the store open.
    #[error("{}: the store is open already; it has one owner at a time", path.display())]
    Locked {
        /// Where.
        path: PathBuf,
    },
    /// There is something, but it is no store of callfold's.
    #[error("{}: not a callfold store: {why}", path.display())]
    NotAStore {
        /// Where.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// There is no store, and none was to be made.
    #[error("{}: there is no store", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The store was made by a newer callfold.
    #[error("{}: a store of version {version}; this one reads version {}", path.display(), crate::VERSION)]
    Version {
        /// Where.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// The database under the store is damaged or refuses.
    #[error("{}: the database is damaged or refuses: {why}", path.display())]
    Database {
        /// Where.
        path: PathBuf,
        /// What it says.
        why: String,
    },
    /// The database panicked, as sled does over damaged files. The store is closed for writing.
    #[error("{}: the database is damaged: it broke off while {doing}", path.display())]
    Broke {
        /// Where.
        path: PathBuf,
        /// While what.
        doing: &'static str,
    },
    /// A write failed before. What was acknowledged is safe; nothing more is written, and no sync is tried again.
    #[error("{}: read-only since a write failed: {why}", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
        /// What failed.
        why: String,
    },
    /// Records before the durable head are damaged or gone.
    #[error("stream {}, record {}: {what}, and it had been acknowledged as durable", place.stream, place.seq)]
    DurableDamaged {
        /// Which record.
        place: Place,
        /// What is wrong.
        what: &'static str,
    },
    /// A record cannot be read.
    #[error("stream {}, record {}: {source}", place.stream, place.seq)]
    Record {
        /// Which.
        place: Place,
        /// Why.
        source: RecordError,
    },
    /// A block of records makes no sense.
    #[error("stream {}, record {}: {what}", place.stream, place.seq)]
    Block {
        /// Where.
        place: Place,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no such stream.
    #[error("there is no stream {0}")]
    NoStream(StreamId),
    /// A stream of this description is there already.
    #[error("the same stream is there already, as {0}")]
    SameStream(StreamId),
    /// Records must follow those that are there.
    #[error("stream {}: record {} cannot follow record {after}", place.stream, place.seq)]
    OutOfOrder {
        /// Which was to be appended.
        place: Place,
        /// The last one there.
        after: u64,
    },
    /// The table of keys is damaged.
    #[error("{}: key {number}: {what}", path.display())]
    Key {
        /// Where.
        path: PathBuf,
        /// Which entry.
        number: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A value cannot be made of what is there, or be stored.
    #[error("{0}")]
    Value(#[from] RecordError),
    /// The operating system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(String),
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl From<StoreError> for SealError {
    fn from(error: StoreError) -> Self {
        Self::new(error)
    }
}
