//! What was so at any moment, and the snapshots that make it quick to say.

use callfold_engine::record::{EngineVersion, Hash};
use callfold_engine::{Machine, Outcome, Timestamp, View};
use callfold_store::StreamId;

use super::{Log, LogError};

/// A snapshot is kept every so many records.
pub(super) const SNAPSHOT_EVERY: u64 = 1_000;

/// A moment in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instant {
    /// Right after this record.
    Seq(u64),
    /// After everything that happened at or before this time.
    At(Timestamp),
}

/// What was so at a moment, as told by the engine that recorded it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AsOf {
    /// What was so.
    pub view: View,
    /// The last record that counts.
    pub seq: u64,
    /// Its time.
    pub at: Timestamp,
    /// The snapshot that it was read from, by its record; the records after it were folded.
    pub snapshot: Option<u64>,
}

const PREFIX: u8 = b's';
const VERSION: u8 = 1;

fn key(stream: StreamId, seq: u64) -> Vec<u8> {
    [&[PREFIX][..], &stream.0.to_be_bytes(), &seq.to_be_bytes()].concat()
}

impl Log {
    /// What was so in a stream at a moment.
    ///
    /// # Errors
    /// [`LogError::NoRecord`] if there is no such record, [`LogError::TooEarly`] if nothing had happened yet.
    pub fn as_of(&self, stream: StreamId, instant: Instant) -> Result<AsOf, LogError> {
        let head = self.store.head(stream)?;
        let before = match instant {
            Instant::Seq(seq) if seq == 0 || seq > head.seq => {
                return Err(LogError::NoRecord { stream, seq, last: head.seq });
            }
            Instant::Seq(seq) => seq,
            Instant::At(at) => self.store.seek(stream, at)?,
        };
        let mut found = self.snapshot_before(stream, before, instant).map(|(seq, machine)| AsOf {
            view: machine.view().clone(),
            seq,
            at: machine.now(),
            snapshot: Some(seq),
        });
        let from = found.as_ref().map_or(1, |found| found.seq + 1);
        for told in self.told(stream, from) {
            let told = told?;
            let is_past = match instant {
                Instant::Seq(seq) => told.seq > seq,
                Instant::At(at) => told.at > at,
            };
            if is_past {
                break;
            }
            let now = found.get_or_insert_with(|| AsOf {
                view: View::default(),
                seq: told.seq,
                at: told.at,
                snapshot: None,
            });
            for event in &told.events {
                now.view.apply(event);
            }
            (now.seq, now.at) = (told.seq, told.at);
        }
        found.ok_or(LogError::TooEarly(stream))
    }

    /// The machine after the last record of a stream, by the rules of this engine.
    pub(super) fn machine_at_end(&self, stream: StreamId) -> Result<Machine, LogError> {
        let head = self.store.head(stream)?;
        let snapshot = self.snapshot_before(stream, head.seq, Instant::Seq(head.seq));
        let (seq, mut machine) = match snapshot {
            Some(found) => found,
            None => (0, Machine::new(self.info(stream)?.config)),
        };
        let mut outcome = Outcome::default();
        for record in self.records(stream, seq + 1) {
            machine.handle(&record?.record.input, &mut outcome);
        }
        Ok(machine)
    }

    /// Keeps a snapshot of a machine after the record of this number and hash; whether it could be made now. None is
    /// kept, now or later, of a machine that was there before the last erasure, when there were `erasures`: it still
    /// has the name in memory.
    pub(super) fn keep_snapshot(
        &self,
        stream: StreamId,
        (seq, hash): (u64, Hash),
        machine: &Machine,
        erasures: u64,
    ) -> Result<bool, LogError> {
        let _no_erasure = self.turns.write();
        if self.turns.erasures() != erasures {
            return Ok(true);
        }
        let Some(machine) = machine.snapshot_sealed(&mut self.store.keys())? else { return Ok(false) };
        let EngineVersion { major, minor, patch } = EngineVersion::THIS;
        let mut bytes = vec![VERSION];
        for part in [major, minor, patch] {
            bytes.extend_from_slice(&part.to_be_bytes());
        }
        bytes.extend_from_slice(&hash.0);
        bytes.extend_from_slice(&machine);
        self.store.put_derived(vec![(key(stream, seq), Some(bytes))])?;
        Ok(true)
    }

    /// The nearest snapshot at or before record `seq` that can be used. One that is of another engine, does not belong
    /// to the record that it names, or is damaged, is passed over: the log says the same, slower.
    fn snapshot_before(&self, stream: StreamId, seq: u64, instant: Instant) -> Option<(u64, Machine)> {
        let end = key(stream, seq.saturating_add(1));
        let all = self.store.derived(&key(stream, 0), &end, true);
        all.map_while(Result::ok).find_map(|(key, bytes)| {
            let (_, seq) = key.split_last_chunk::<8>()?;
            let seq = u64::from_be_bytes(*seq);
            let machine = self.usable(stream, seq, &bytes)?;
            let is_past = match instant {
                Instant::Seq(_) => false,
                Instant::At(at) => machine.now() > at,
            };
            (!is_past).then_some((seq, machine))
        })
    }

    fn usable(&self, stream: StreamId, seq: u64, bytes: &[u8]) -> Option<Machine> {
        let (front, rest) = bytes.split_first_chunk::<7>()?;
        let EngineVersion { major, minor, patch } = EngineVersion::THIS;
        let mut wanted = vec![VERSION];
        for part in [major, minor, patch] {
            wanted.extend_from_slice(&part.to_be_bytes());
        }
        let (hash, machine) = rest.split_first_chunk::<32>()?;
        let block = self.store.blocks(stream, seq).next()?.ok()?;
        let record = block.records().next()?.ok()?;
        if front[..] != wanted[..] || record.place.seq != seq || record.hash != Hash(*hash) {
            return None;
        }
        Machine::restore_sealed(machine, self.store.keys()).ok()
    }
}
