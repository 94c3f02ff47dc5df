//! A machine as bytes and back: what follows a restore is what would have followed without it.

use super::{Config, Machine, Memory};
use crate::record::{self, RecordError, Seal, Unseal};
use crate::view::View;

/// The first byte of a snapshot. Raised with every change of what follows it.
const VERSION: u8 = 1;
/// The first byte of a snapshot whose personal data are sealed.
const SEALED_VERSION: u8 = 2;

/// Why bytes are no snapshot of this engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There are no bytes.
    #[error("a snapshot has at least one byte")]
    Empty,
    /// It was made by an engine whose snapshots this one does not read. Replay the log instead.
    #[error(
        "snapshot of version {0}; this engine reads version {VERSION}, or {SEALED_VERSION} with its keys"
    )]
    Version(u8),
    /// It is damaged.
    #[error("snapshot is damaged")]
    Damaged,
    /// Its personal data cannot be sealed or unsealed.
    #[error("snapshot: {0}")]
    Record(#[from] RecordError),
}

impl Machine {
    /// The machine as bytes, personal data readable: for memory, not for files. A snapshot is a cache: it saves
    /// replaying, and is never trusted over a log.
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
        let parts = parts(bytes, VERSION)?;
        let ((config, view, memory), rest): ((Config, View, Memory), _) =
            postcard::take_from_bytes(parts).map_err(|_| SnapshotError::Damaged)?;
        if rest.is_empty() { Ok(Self { config, view, memory }) } else { Err(SnapshotError::Damaged) }
    }

    /// The machine as bytes, personal data sealed as in a record: what a store keeps.
    ///
    /// None while a long message is under way: its pieces are kept as they came, and cannot be sealed name by name.
    /// Ask again after a later input.
    ///
    /// # Errors
    /// [`SnapshotError::Record`] if personal data cannot be put under their keys.
    pub fn snapshot_sealed(&self, seal: &mut dyn Seal) -> Result<Option<Vec<u8>>, SnapshotError> {
        if !self.memory.multipart.is_empty() {
            return Ok(None);
        }
        let mut bytes = vec![SEALED_VERSION];
        bytes.extend(record::write_sealed(&(&self.config, &self.view, &self.memory), seal)?);
        Ok(Some(bytes))
    }

    /// The machine that [`Machine::snapshot_sealed`] wrote, with tokens for what was erased since.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are none of this engine's.
    pub fn restore_sealed(bytes: &[u8], unseal: &dyn Unseal) -> Result<Self, SnapshotError> {
        let (config, view, memory) = record::read_sealed(parts(bytes, SEALED_VERSION)?, unseal)?;
        Ok(Self { config, view, memory })
    }
}

fn parts(bytes: &[u8], wanted: u8) -> Result<&[u8], SnapshotError> {
    match bytes.split_first() {
        None => Err(SnapshotError::Empty),
        Some((version, parts)) if *version == wanted => Ok(parts),
        Some((version, _)) => Err(SnapshotError::Version(*version)),
    }
}
