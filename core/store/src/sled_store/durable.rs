//! How far each stream is known to be durable: written after every sync, so that a reader can tell a tail that was
//! never acknowledged from records that were acknowledged and are gone.
//!
//! Two slots a stream, written in turn: a torn one leaves the other. The file itself is not synced: after a power cut
//! it may know less than was durable, never more.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use callfold_engine::record::Hash;

use crate::{StoreError, StreamId};

const SLOT_BYTES: usize = 64;
const STREAM_BYTES: usize = 2 * SLOT_BYTES;

/// The file of durable heads.
#[derive(Debug)]
pub(super) struct DurableHeads {
    path: PathBuf,
    file: File,
    heads: Vec<DurableHead>,
}

/// How far a stream is durable.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DurableHead {
    /// How often it was written.
    written: u64,
    /// The last record that is durable; 0 if none is known to be.
    pub(super) seq: u64,
    hash: [u8; 32],
}

impl DurableHead {
    pub(super) const fn hash(&self) -> Hash {
        Hash(self.hash)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        bytes.extend_from_slice(&self.written.to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.hash);
        let check = *blake3::hash(&bytes).as_bytes();
        bytes.extend_from_slice(check.get(..16).unwrap_or_default());
        bytes
    }

    fn read(slot: &[u8]) -> Option<Self> {
        let (front, check) = slot.split_at_checked(48)?;
        if !blake3::hash(front).as_bytes().starts_with(check) || check.len() != 16 {
            return None;
        }
        let (written, rest) = front.split_first_chunk::<8>()?;
        let (seq, hash) = rest.split_first_chunk::<8>()?;
        Some(Self {
            written: u64::from_be_bytes(*written),
            seq: u64::from_be_bytes(*seq),
            hash: hash.try_into().ok()?,
        })
    }
}

impl DurableHeads {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        Self::of(path, options.open(path).map_err(StoreError::io(path))?)
    }

    /// Those in the file at `path`, to be looked at only. None if it is not there.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Ok(file) => Self::of(path, file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    fn of(path: &Path, mut file: File) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StoreError::io(path))?;
        let streams = bytes.chunks(STREAM_BYTES).map(|stream| {
            let slots = stream.chunks(SLOT_BYTES).filter_map(DurableHead::read);
            slots.max_by_key(|head| head.written).unwrap_or_default()
        });
        let heads = streams.collect();
        Ok(Self { path: path.to_owned(), file, heads })
    }

    pub(super) fn get(&self, stream: StreamId) -> DurableHead {
        let place = usize::try_from(stream.0).unwrap_or(usize::MAX);
        self.heads.get(place).copied().unwrap_or_default()
    }

    /// The first stream from this one on that was there when the store was synced.
    pub(super) fn first_from(&self, stream: StreamId) -> Option<StreamId> {
        (0..)
            .map(StreamId)
            .zip(&self.heads)
            .find(|(id, head)| *id >= stream && head.written > 0)
            .map(|(id, _)| id)
    }

    pub(super) fn set(&mut self, stream: StreamId, seq: u64, hash: Hash) -> Result<(), StoreError> {
        let place = usize::try_from(stream.0).unwrap_or(usize::MAX);
        if self.heads.len() <= place {
            self.heads.resize(place + 1, DurableHead::default());
        }
        let Some(head) = self.heads.get_mut(place) else { return Ok(()) };
        *head = DurableHead { written: head.written + 1, seq, hash: hash.0 };
        let slot = usize::from(head.written % 2 == 1);
        let offset = place * STREAM_BYTES + slot * SLOT_BYTES;
        self.file.write_all_at(&head.bytes(), offset as u64).map_err(StoreError::io(&self.path))
    }
}
