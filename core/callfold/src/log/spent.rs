//! What a line's time was spent on, stretch by stretch, for any range of time. Derived from the log as told beside the
//! index of calls, which keeps totals of whole days only; brought up to date when it is asked, and safe to lose.

use std::sync::PoisonError;

use callfold_engine::calls::{CallLog, TimeKind};
use callfold_engine::record::{Hash, Record, RecordError, read_sealed, write_sealed};
use callfold_engine::{Span, Timestamp};
use callfold_store::{DerivedChange, StoreError, StreamId};
use serde::{Deserialize, Serialize};

use super::index::OnReached;
use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, tell};
use crate::report::Stretch;

/// Raised with every change of what is put away: what is of another version is derived anew.
const VERSION: u8 = 1;
/// How many stretches are put away as one value: it stays well below what the store would put in a file of its own.
const BATCH: usize = 400;
/// How many records are folded before what came of them is put away.
const STEP: u64 = 20_000;

/// How far it is has a key that begins as that of the index: the store forgets those first.
const STATE: (u8, u8) = (b'i', b'z');
const STRETCHES: u8 = b'z';

fn state_key(stream: StreamId, end: &[u8]) -> Vec<u8> {
    [&[STATE.0][..], &stream.0.to_be_bytes(), &[STATE.1], end].concat()
}

/// Sorts as the times do.
fn batch_key(stream: StreamId, from: Timestamp) -> Vec<u8> {
    let from = (from.as_micros() as u64 ^ (1 << 63)).to_be_bytes();
    [&[STRETCHES][..], &stream.0.to_be_bytes(), &from].concat()
}

/// How far the stretches of a stream are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    seq: u64,
    hash: Hash,
    fold: Stretches,
}

/// Follows the ledger of a stream, and cuts its time into stretches of one kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stretches {
    pub(super) log: CallLog,
    /// Those that are over and not put away.
    pub(super) over: Vec<Stretch>,
    open: Option<(TimeKind, Timestamp)>,
    last: Option<Timestamp>,
}

impl Stretches {
    pub(super) fn record(&mut self, seq: u64, at: Timestamp, events: &[callfold_engine::Event]) {
        // As the ledger has it: a clock that stepped back stands still.
        let at = self.last.map_or(at, |last| at.max(last));
        self.last = Some(at);
        self.log.record(seq, at, events);
        let now = self.log.ledger().now();
        if now != self.open {
            self.end(at);
            self.open = now;
        }
    }

    /// What goes on, until the last record.
    pub(super) fn end(&mut self, at: Timestamp) {
        if let Some((kind, from)) = self.open.take()
            && from < at
        {
            self.over.push(Stretch { kind, from, to: at });
        }
    }

    pub(super) fn finish(mut self) -> (CallLog, Vec<Stretch>) {
        if let Some(last) = self.last {
            self.end(last);
        }
        (self.log, self.over)
    }
}

/// A batch as it is put away: kinds by their place, moments by what is between them.
fn packed(batch: &[Stretch]) -> Vec<(u8, i64, i64)> {
    let mut before = 0;
    let pack = |stretch: &Stretch| {
        let kind = TimeKind::ALL.iter().position(|kind| *kind == stretch.kind);
        let from = stretch.from.as_micros();
        let since = from.wrapping_sub(before);
        before = from;
        let kind = kind.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX);
        (kind, since, (stretch.to - stretch.from).as_micros())
    };
    batch.iter().map(pack).collect()
}

fn unpacked(batch: &[(u8, i64, i64)]) -> Result<Vec<Stretch>, RecordError> {
    let mut before = 0_i64;
    let unpack = |(kind, since, length): &(u8, i64, i64)| {
        before = before.wrapping_add(*since);
        let kind = TimeKind::ALL.get(usize::from(*kind)).copied();
        let kind = kind.ok_or(RecordError::Damaged("a kind of time that there is not"))?;
        let from = Timestamp::from_micros(before);
        Ok(Stretch { kind, from, to: from + Span::from_micros(*length) })
    };
    batch.iter().map(unpack).collect()
}

impl Log {
    /// What the time of a line was spent on from `from` until before `to`: stretches of one kind each, in order, cut at
    /// both ends. They add up to the ledger's totals ([`Log::time`]) for all of the time.
    ///
    /// # Errors
    /// [`LogError`] if the log or what was derived from it cannot be read.
    pub fn spent(&self, stream: StreamId, from: Timestamp, to: Timestamp) -> Result<Vec<Stretch>, LogError> {
        self.spent_with(stream, from, to, &mut |_| Ok(()))
    }

    /// Derives all that questions are answered from: what [`Log::bring_up_to_date`] does, and where time went. For who has
    /// taken much in and wants the first question answered as soon as the next; they derive by themselves what is not.
    /// Broken off, what was derived stays.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, or it was broken off.
    pub fn derive_all(&self, progress: OnProgress<'_>) -> Result<(), LogError> {
        let streams = self.streams()?;
        let of = streams.iter().map(|stream| stream.head.seq).sum();
        let mut done = 0;
        for stream in streams {
            let last = stream.head.seq;
            tell(progress, done, of)?;
            // Each record is read twice: once for its calls, once for its time.
            self.derive_stream(stream.id, &mut |seq| tell(progress, (done + seq / 2).min(of), of))?;
            // Nothing is before the first time that there is: nothing is handed out.
            let never = Timestamp::from_micros(i64::MIN);
            let mut reached = |seq: u64| tell(progress, (done + (last + seq) / 2).min(of), of);
            self.spent_with(stream.id, never, never, &mut reached)?;
            done += last;
        }
        let _ = progress(Progress { done: of, of });
        Ok(())
    }

    /// The same; is told how far it is when it has to be derived first.
    pub(super) fn spent_with(
        &self,
        stream: StreamId,
        from: Timestamp,
        to: Timestamp,
        reached: OnReached<'_>,
    ) -> Result<Vec<Stretch>, LogError> {
        let _one_at_a_time = self.deriving.lock().unwrap_or_else(PoisonError::into_inner);
        match self.spent_once(stream, from, to, reached) {
            // What cannot be read was derived; the log's own records are the store's errors.
            Err(LogError::Record(_)) => {
                self.forget_spent(stream)?;
                self.spent_once(stream, from, to, reached)
            }
            done => done,
        }
    }

    fn spent_once(
        &self,
        stream: StreamId,
        from: Timestamp,
        to: Timestamp,
        reached: OnReached<'_>,
    ) -> Result<Vec<Stretch>, LogError> {
        let state = self.derive_spent(stream, reached)?;
        let first = batch_key(stream, Timestamp::from_micros(i64::MIN));
        // The batch before the range may reach into it.
        let before = self.store.derived(&first, &batch_key(stream, from), true).next().transpose()?;
        let mut end = batch_key(stream, to);
        end.push(0);
        let begin = before.map_or(first, |(name, _)| name);
        let mut stretches = Vec::new();
        for entry in self.store.derived(&begin, &end, false) {
            let batch: Vec<(u8, i64, i64)> = read_sealed(&entry?.1, self.store.keys())?;
            stretches.extend(unpacked(&batch)?);
        }
        stretches.extend(state.fold.finish().1);
        Ok(stretches.into_iter().filter_map(|stretch| stretch.within(from, to)).collect())
    }

    /// Brings the stretches of a stream up to date. For who holds `deriving`.
    fn derive_spent(&self, stream: StreamId, on_reached: OnReached<'_>) -> Result<State, LogError> {
        let head = self.store.head(stream)?;
        let there = match self.spent_state(stream)? {
            Some(state) if (state.seq, state.hash) == (head.seq, head.hash) => return Ok(state),
            Some(state) if self.has_record(stream, state.seq, state.hash, head.seq)? => Some(state),
            Some(_) | None => None,
        };
        let mut state = match there {
            Some(state) => state,
            None => {
                self.forget_spent(stream)?;
                State { seq: 0, hash: self.origin(stream)?, fold: Stretches::default() }
            }
        };
        let mut since = 0;
        for block in self.store.blocks(stream, state.seq + 1) {
            for record in block?.records() {
                let record = record?;
                let place = record.place;
                let (told, events) = Record::read_events(record.bytes, self.store.keys())
                    .map_err(|source| StoreError::Record { place, source })?;
                state.fold.record(told.seq, told.at, &events);
                // Calls and commands are the index's.
                state.fold.log.take_over();
                (state.seq, state.hash) = (told.seq, record.hash);
                since += 1;
                if told.seq.is_multiple_of(PROGRESS_EVERY)
                    && let Err(broken_off) = on_reached(told.seq)
                {
                    self.put_spent(stream, &mut state)?;
                    return Err(broken_off);
                }
            }
            if since >= STEP {
                since = 0;
                self.put_spent(stream, &mut state)?;
            }
        }
        self.put_spent(stream, &mut state)?;
        Ok(state)
    }

    /// Puts full batches away, and last how far it is, with what is no full batch.
    fn put_spent(&self, stream: StreamId, state: &mut State) -> Result<(), LogError> {
        let mut changes: Vec<DerivedChange> = Vec::new();
        while state.fold.over.len() >= BATCH {
            let rest = state.fold.over.split_off(BATCH);
            let batch = std::mem::replace(&mut state.fold.over, rest);
            if let Some(first) = batch.first() {
                let value = write_sealed(&packed(&batch), &mut self.store.keys())?;
                changes.push((batch_key(stream, first.from), Some(value)));
            }
        }
        let mut bytes = vec![VERSION];
        bytes.extend(write_sealed(state, &mut self.store.keys())?);
        changes.push((state_key(stream, &[]), Some(bytes)));
        Ok(self.store.put_derived(changes)?)
    }

    fn spent_state(&self, stream: StreamId) -> Result<Option<State>, LogError> {
        let entry = self.store.derived(&state_key(stream, &[]), &state_key(stream, &[0]), false).next();
        let Some((_, bytes)) = entry.transpose()? else { return Ok(None) };
        Ok(match bytes.split_first() {
            Some((&VERSION, sealed)) => read_sealed(sealed, self.store.keys()).ok(),
            Some(_) | None => None,
        })
    }

    /// Whether the record that was reached is in the log as it was then.
    fn has_record(&self, stream: StreamId, seq: u64, hash: Hash, last: u64) -> Result<bool, LogError> {
        if seq == 0 || seq > last {
            return Ok(false);
        }
        let Some(block) = self.store.blocks(stream, seq).next().transpose()? else { return Ok(false) };
        let first = block.records().next();
        Ok(first.is_some_and(|record| record.is_ok_and(|found| found.place.seq == seq && found.hash == hash)))
    }

    fn forget_spent(&self, stream: StreamId) -> Result<(), LogError> {
        // How far it is goes first: a part that says it is whole would be believed.
        let mut gone: Vec<DerivedChange> = vec![(state_key(stream, &[]), None)];
        let first = batch_key(stream, Timestamp::from_micros(i64::MIN));
        let mut end = batch_key(stream, Timestamp::from_micros(i64::MAX));
        end.push(0);
        for entry in self.store.derived(&first, &end, false) {
            gone.push((entry?.0, None));
        }
        Ok(self.store.put_derived(gone)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_as_it_was_put_away() {
        let at = Timestamp::from_micros;
        let batch = vec![
            Stretch { kind: TimeKind::Idle, from: at(-5), to: at(7) },
            Stretch { kind: TimeKind::Unknown, from: at(7), to: at(7_000_000_000) },
        ];
        assert_eq!(unpacked(&packed(&batch)).unwrap(), batch);
        assert!(unpacked(&[(11, 0, 1)]).is_err());
    }
}
