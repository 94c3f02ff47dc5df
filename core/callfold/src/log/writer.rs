//! Appends records to a stream: numbers, chain, and pieces of long messages that must not stay.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use callfold_engine::record::{Hash, RecordWriter, Recording, SubjectId};
use callfold_engine::{Event, Input, Machine, Outcome};
use callfold_store::{Append, LogStore, NewRecord, StreamId};

use super::{Log, LogError, StreamInfo, Turns};

/// How many pieces of long messages are remembered: more than can be under way at once.
const MAX_PIECES: usize = 1_024;
/// How many records are staged before they are appended.
const MAX_STAGED: usize = 1_000;
const MAX_STAGED_BYTES: usize = 1 << 20;

/// Appends records to one stream. There is one writer to a stream at a time; a second one is refused when it appends.
#[derive(Debug)]
pub struct StreamWriter {
    store: Arc<dyn LogStore>,
    turns: Arc<Turns>,
    stream: StreamId,
    seq: u64,
    hash: Hash,
    writer: RecordWriter,
    staged: Vec<NewRecord>,
    staged_bytes: usize,
    pieces: VecDeque<SubjectId>,
}

impl Log {
    /// Begins a stream.
    ///
    /// # Errors
    /// [`LogError::NameTaken`] if there is one of this name.
    pub fn begin(&self, info: &StreamInfo) -> Result<StreamWriter, LogError> {
        // Two that begin at once must not both find the name free.
        let _one_at_a_time = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = self.named(info.name.as_str())? {
            return Err(LogError::NameTaken { name: info.name.as_str().to_owned(), id });
        }
        let stream = {
            let _no_erasure = self.turns.write();
            let description = info.write(&mut self.store.keys())?;
            self.store.add_stream(&description)?
        };
        self.continue_stream(stream)
    }

    /// Goes on with a stream.
    ///
    /// # Errors
    /// [`LogError::Store`] if there is none of this name.
    pub fn continue_stream(&self, stream: StreamId) -> Result<StreamWriter, LogError> {
        let head = self.store.head(stream)?;
        Ok(StreamWriter {
            store: Arc::clone(&self.store),
            turns: Arc::clone(&self.turns),
            stream,
            seq: head.seq,
            hash: head.hash,
            writer: RecordWriter::default(),
            staged: Vec::new(),
            staged_bytes: 0,
            pieces: VecDeque::new(),
        })
    }
}

impl StreamWriter {
    /// The stream.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.stream
    }

    /// The number and hash of the last record, staged ones included.
    #[must_use]
    pub const fn head(&self) -> (u64, Hash) {
        (self.seq, self.hash)
    }

    /// Makes a record of an input that `machine` has just handled; its number. It is appended with the next
    /// [`StreamWriter::commit`], or sooner if many wait.
    ///
    /// # Errors
    /// [`LogError`] if it cannot be written, or those that waited cannot be appended.
    pub fn stage(
        &mut self,
        input: &Input<'_>,
        machine: &Machine,
        outcome: &Outcome,
    ) -> Result<u64, LogError> {
        let turns = Arc::clone(&self.turns);
        let _no_erasure = turns.write();
        let message = outcome.message.as_ref();
        let recording = Recording {
            seq: self.seq + 1,
            at: machine.now(),
            input,
            events: &outcome.events,
            message: message.map(|message| message.text.as_str()),
        };
        let bytes = self.writer.write(&recording, &mut self.store.keys())?.to_vec();
        self.pieces.extend(self.writer.pieces());
        let excess = self.pieces.len().saturating_sub(MAX_PIECES);
        self.pieces.drain(..excess);
        // Pieces are masked by no name: one that holds half a secret must not stay. Before the login, any may; and of a
        // message that is given up, nobody will ever know.
        let may_have_secret = message.is_some_and(|message| message.had_secret)
            || !machine.view().connection.is_logged_in()
            || outcome.events.iter().any(|event| matches!(event, Event::MultipartRefused { .. }));
        if may_have_secret && !self.pieces.is_empty() {
            let pieces: Vec<SubjectId> = self.pieces.drain(..).collect();
            self.store.keys().erase(&pieces)?;
        }
        self.hash = self.hash.after(&bytes);
        self.seq += 1;
        self.staged_bytes += bytes.len();
        self.staged.push(NewRecord { bytes, hash: self.hash, at: machine.now() });
        self.turns.staged.fetch_add(1, Ordering::AcqRel);
        if self.staged.len() >= MAX_STAGED || self.staged_bytes >= MAX_STAGED_BYTES {
            self.append()?;
        }
        Ok(self.seq)
    }

    /// Appends what was staged; returns when it is as durable as the store was opened for.
    ///
    /// # Errors
    /// [`LogError::Store`]; nothing that was staged is then acknowledged.
    pub fn commit(&mut self) -> Result<(), LogError> {
        let turns = Arc::clone(&self.turns);
        let _no_erasure = turns.write();
        self.append()
    }

    /// Called with the turn to write.
    fn append(&mut self) -> Result<(), LogError> {
        if self.staged.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.staged);
        self.staged_bytes = 0;
        let first = self.seq + 1 - records.len() as u64;
        let count = records.len() as u64;
        let appended = self.store.append(&[Append { stream: self.stream, first, records }]);
        self.turns.staged.fetch_sub(count, Ordering::AcqRel);
        Ok(appended?)
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        // What was never appended needs its keys no longer.
        self.turns.staged.fetch_sub(self.staged.len() as u64, Ordering::AcqRel);
    }
}
