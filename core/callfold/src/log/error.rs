//! What can go wrong with a log.

use std::io;

use callfold_engine::SnapshotError;
use callfold_engine::record::{RecordError, SealError};
use callfold_store::{StoreError, StreamId};

use crate::replay::ReplayError;

/// Why something cannot be done with a log. Names the culprit, and nobody's name or number.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value that stands in the store cannot be read, or one cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A snapshot cannot be made.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// There is no stream of this name or number.
    #[error("there is no stream `{0}`")]
    NoStream(String),
    /// A stream has this name already.
    #[error("there is a stream `{name}` already, number {id}")]
    NameTaken {
        /// The name.
        name: String,
        /// The stream that has it.
        id: StreamId,
    },
    /// Another recorder of this log records the stream at this moment.
    #[error("stream {0} is being recorded already")]
    StreamInUse(StreamId),
    /// The log begins later, or ends before.
    #[error("stream {stream} has no record {seq}: it has {last}")]
    NoRecord {
        /// Which stream.
        stream: StreamId,
        /// Which record was asked for.
        seq: u64,
        /// How many it has.
        last: u64,
    },
    /// Nothing had happened yet.
    #[error("stream {0} had no record yet at that time")]
    TooEarly(StreamId),
    /// An append failed before: the machine is ahead of the log, so this recorder records no more.
    #[error("the recorder stopped when an append failed: {0}")]
    Stopped(String),
    /// A trace cannot be read.
    #[error(transparent)]
    Trace(#[from] ReplayError),
    /// An exported log cannot be taken in.
    #[error("line {line}: {source}")]
    Import {
        /// At which line.
        line: usize,
        /// Why.
        source: ImportError,
    },
    /// A list of heads cannot be read.
    #[error("line {line}: not a head of a log: {why}")]
    Heads {
        /// At which line.
        line: usize,
        /// Why not.
        why: &'static str,
    },
    /// A list of heads has none: nothing could be compared with it.
    #[error("no head of a log in it")]
    NoHeads,
    /// Text that nobody can be erased by.
    #[error("cannot erase: {0}")]
    NotErasable(&'static str),
    /// Who is told of the progress wanted no more of it. What was done until then is whole.
    #[error("broken off when asked to")]
    Interrupted,
    /// Something cannot be read or written.
    #[error("{0}")]
    Io(io::Error),
    /// A table cannot be made.
    #[cfg(feature = "tables")]
    #[error(transparent)]
    Table(#[from] crate::tables::TableError),
}

impl From<io::Error> for LogError {
    fn from(error: io::Error) -> Self {
        // What was wrapped to get through a reader or writer is unwrapped: who broke off is told so.
        error.downcast().unwrap_or_else(Self::Io)
    }
}

impl From<SealError> for LogError {
    fn from(error: SealError) -> Self {
        Self::Record(RecordError::Seal(error))
    }
}

/// Why a line of an exported log cannot be taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no line of an exported log.
    #[error("not a line of an exported log: {0}")]
    NotALine(&'static str),
    /// The file is of a newer callfold, or is none.
    #[error("not an exported log of a version that can be read (1)")]
    Version,
    /// The line is too long.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// The record does not follow the one before it.
    #[error("record {found} of stream `{stream}` where record {expected} should follow")]
    Order {
        /// Of which stream.
        stream: String,
        /// Which should follow.
        expected: u64,
        /// Which does.
        found: u64,
    },
    /// The record's hash does not follow from the one before and its bytes.
    #[error(
        "record {seq} of stream `{stream}`: its hash does not follow from the one before: changed, or one is missing"
    )]
    Hash {
        /// Of which stream.
        stream: String,
        /// Which record.
        seq: u64,
    },
    /// What people read is not what the bytes say.
    #[error("record {seq} of stream `{stream}`: `{field}` is not what its bytes say")]
    Readable {
        /// Of which stream.
        stream: String,
        /// Which record.
        seq: u64,
        /// Which field.
        field: &'static str,
    },
    /// The record cannot be read.
    #[error("record {seq} of stream `{stream}`: {source}")]
    Record {
        /// Of which stream.
        stream: String,
        /// Which record.
        seq: u64,
        /// Why.
        source: RecordError,
    },
    /// The file ends in the middle, or its counts are wrong.
    #[error("the file is cut short, or has more than it says")]
    CutShort,
    /// The same stream is in the log already.
    #[error("stream `{stream}` is in the log already, as number {id}")]
    SameStream {
        /// Which.
        stream: String,
        /// Its number here.
        id: StreamId,
    },
    /// The same stream, or another one of its name, stands before it in the file.
    #[error("stream `{stream}`, or another one of its name, is in the file twice")]
    Twice {
        /// Which.
        stream: String,
    },
    /// The text beside a key is not what is sealed under it.
    #[error("the text beside the key is not what the key opens")]
    KeyText,
    /// The log has another key under the same number.
    #[error("the log has another key of this number")]
    OtherKey,
}
