//! A machine as bytes and back: what follows a restore is what would have followed without it.

use super::{Config, Machine, Memory};
use crate::view::View;

/// The first byte of a snapshot. Raised with every change of what follows it.
const VERSION: u8 = 1;

/// Why bytes are no snapshot of this engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There are no bytes.
    #[error("a snapshot has at least one byte")]
    Empty,
    /// It was made by an engine whose snapshots this one does not read. Replay the log instead.
    #[error("snapshot of version {0}; this engine reads version {VERSION}")]
    Version(u8),
    /// It is damaged.
    #[error("snapshot is damaged")]
    Damaged,
}

impl Machine {
    /// The machine as bytes. A snapshot is a cache: it saves replaying, and is never trusted over a log.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let parts = (&self.config, &self.view, &self.memory);
        // Writing to memory cannot fail, and every part can be written; an empty snapshot is refused on reading.
        postcard::to_extend(&parts, vec![VERSION]).unwrap_or_default()
    }

    /// The machine that [`Machine::snapshot`] wrote.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are none of this engine's.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, parts) = bytes.split_first().ok_or(SnapshotError::Empty)?;
        if *version != VERSION {
            return Err(SnapshotError::Version(*version));
        }
        let ((config, view, memory), rest): ((Config, View, Memory), _) =
            postcard::take_from_bytes(parts).map_err(|_| SnapshotError::Damaged)?;
        if rest.is_empty() { Ok(Self { config, view, memory }) } else { Err(SnapshotError::Damaged) }
    }
}
