//! What comes out otherwise: of a log as it was told and by the rules of today, or of two logs with the same streams.
//!
//! Both sides are read side by side, record by record. Calls are compared when they are over; what is held are those that
//! are over on one side only. A call that differs is told with what of it differs, and the first record of which the two
//! sides tell something else.
//!
//! ```
//! use callfold::diff::{DiffQuery, Difference};
//! use callfold::log::{Log, to_the_end};
//!
//! let log = Log::in_memory()?;
//! let summary = log.diff_today(&DiffQuery::default(), &mut to_the_end, &mut |differs| {
//!     if let Difference::Call(call) = &differs.what {
//!         println!("{}: call {} from record {} on", differs.stream, call.id, call.first);
//!     }
//!     Ok(())
//! })?;
//! assert!(summary.is_same());
//! # Ok::<(), callfold::log::LogError>(())
//! ```

mod call;
mod json;
mod pair;

use std::collections::BTreeSet;

use callfold_engine::calls::TimeKind;
use callfold_engine::record::first_difference;
use callfold_engine::{Event, Machine, Outcome, Span};

pub use call::{CallDifference, FieldDifference};
use pair::Pair;

use crate::log::{Log, LogError, OnProgress, Progress, Stream, StreamId};

/// What is compared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DiffQuery {
    /// These streams of the first log; all, if none is named.
    pub streams: Vec<StreamId>,
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamDifference {
    /// The name of the stream.
    pub stream: String,
    /// What differs.
    pub what: Difference,
}

/// One of the two that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first log; the log as it was told.
    One,
    /// The other log; the rules of today.
    Other,
}

/// What may differ of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// A call.
    Call(CallDifference),
    /// How much of a kind of time there is in all.
    Time {
        /// Of which kind.
        kind: TimeKind,
        /// On the first side.
        one: Span,
        /// On the other.
        other: Span,
    },
    /// What was decided on single inputs.
    Events {
        /// On how many.
        records: u64,
        /// The record of the first.
        first: u64,
        /// Which event of it is the first that differs, from 1.
        event: usize,
        /// What it is on the first side; none if there is none.
        one: Option<&'static str>,
        /// What it is on the other.
        other: Option<&'static str>,
    },
    /// One side has more records.
    Records {
        /// How many the first has.
        one: u64,
        /// How many the other has.
        other: u64,
    },
    /// One side does not have the stream.
    Missing(Side),
    /// One side cannot be read further; what was read before was compared.
    Damaged {
        /// Which.
        side: Side,
        /// From this record on.
        seq: u64,
        /// Why.
        why: String,
    },
}

/// What was compared, and how much of it differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffSummary {
    /// How many streams were compared.
    pub streams: u64,
    /// How many records of the first side were read.
    pub records: u64,
    /// How many calls there are, those counted once that both sides have.
    pub calls: u64,
    /// How many of them differ.
    pub differ: u64,
    /// How many differences were told in all.
    pub told: u64,
    /// Whether something could not be read to its end.
    pub damaged: bool,
}

impl DiffSummary {
    /// Whether nothing differs.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.told == 0
    }
}

/// How often progress is told, in records.
const PROGRESS_EVERY: u64 = 1_000;

/// Is handed what differs, stream by stream; an error ends the comparison.
pub type OnDifference<'e> = &'e mut dyn FnMut(&StreamDifference) -> Result<(), LogError>;

impl Log {
    /// Compares what was told with what the rules of today make of the same inputs.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all, [`LogError::Interrupted`] if it is broken off, and whatever
    /// `each` says.
    pub fn diff_today(
        &self,
        query: &DiffQuery,
        progress: OnProgress<'_>,
        each: OnDifference<'_>,
    ) -> Result<DiffSummary, LogError> {
        let streams = self.compared(query)?;
        let mut teller = Teller::new(&streams, progress, each);
        for stream in &streams {
            teller.begin(stream.info.name.as_str())?;
            let mut machine = Machine::new(stream.info.config.clone());
            let mut outcome = Outcome::default();
            let mut pair = Pair::default();
            for record in self.records(stream.id, 1) {
                let record = match record {
                    Ok(record) => record.record,
                    Err(damage) => {
                        teller.damaged(Side::One, pair.last() + 1, &damage)?;
                        break;
                    }
                };
                machine.handle(&record.input, &mut outcome);
                let (seq, at) = (record.head.seq, record.head.at);
                teller.events(seq, &record.events, &outcome.events, record.erased);
                pair.one(seq, at, &record.events);
                pair.other(seq, at, &outcome.events);
                teller.calls(pair.over())?;
                teller.reached(seq)?;
            }
            teller.end(pair, stream.head.seq)?;
        }
        Ok(teller.summary)
    }

    /// Compares this log with another one, stream by stream of the same name, both as they were told.
    ///
    /// # Errors
    /// As [`Log::diff_today`].
    pub fn diff(
        &self,
        with: &Self,
        query: &DiffQuery,
        progress: OnProgress<'_>,
        each: OnDifference<'_>,
    ) -> Result<DiffSummary, LogError> {
        let streams = self.compared(query)?;
        let others = with.streams()?;
        let named = |name: &str| others.iter().find(|stream| stream.info.name.as_str() == name);
        let mut teller = Teller::new(&streams, progress, each);
        for stream in &streams {
            teller.begin(stream.info.name.as_str())?;
            match named(stream.info.name.as_str()) {
                Some(other) => self.diff_streams(stream, with, other, &mut teller)?,
                None => teller.tell(Difference::Missing(Side::Other))?,
            }
        }
        if query.streams.is_empty() {
            let known: BTreeSet<&str> = streams.iter().map(|stream| stream.info.name.as_str()).collect();
            for other in others.iter().filter(|other| !known.contains(other.info.name.as_str())) {
                teller.begin(other.info.name.as_str())?;
                teller.tell(Difference::Missing(Side::One))?;
            }
        }
        Ok(teller.summary)
    }

    fn compared(&self, query: &DiffQuery) -> Result<Vec<Stream>, LogError> {
        let mut streams = self.streams()?;
        if !query.streams.is_empty() {
            streams.retain(|stream| query.streams.contains(&stream.id));
        }
        Ok(streams)
    }

    fn diff_streams(
        &self,
        stream: &Stream,
        with: &Self,
        other: &Stream,
        teller: &mut Teller<'_, '_>,
    ) -> Result<(), LogError> {
        let mut pair = Pair::default();
        let (mut ours, mut theirs) = (self.told(stream.id, 1), with.told(other.id, 1));
        loop {
            let (one, other) = match (ours.next().transpose(), theirs.next().transpose()) {
                (Ok(None), Ok(None)) => break,
                (Err(damage), _) => {
                    teller.damaged(Side::One, pair.last() + 1, &damage)?;
                    break;
                }
                (_, Err(damage)) => {
                    teller.damaged(Side::Other, pair.last() + 1, &damage)?;
                    break;
                }
                (Ok(one), Ok(other)) => (one, other),
            };
            if let (Some(one), Some(other)) = (&one, &other) {
                teller.events(one.seq, &one.events, &other.events, false);
            }
            if let Some(one) = &one {
                pair.one(one.seq, one.at, &one.events);
            }
            if let Some(other) = &other {
                pair.other(other.seq, other.at, &other.events);
            }
            teller.calls(pair.over())?;
            teller.reached(pair.last())?;
        }
        if stream.head.seq != other.head.seq {
            teller.tell(Difference::Records { one: stream.head.seq, other: other.head.seq })?;
        }
        teller.end(pair, stream.head.seq)
    }
}

/// The inputs on which something else was decided.
#[derive(Clone, Copy)]
struct Decided {
    records: u64,
    first: u64,
    event: usize,
    one: Option<&'static str>,
    other: Option<&'static str>,
}

/// Tells what differs, and counts it.
struct Teller<'p, 'e> {
    progress: OnProgress<'p>,
    each: OnDifference<'e>,
    summary: DiffSummary,
    stream: String,
    decided: Option<Decided>,
    done: u64,
    of: u64,
}

impl<'p, 'e> Teller<'p, 'e> {
    fn new(streams: &[Stream], progress: OnProgress<'p>, each: OnDifference<'e>) -> Self {
        let of = streams.iter().map(|stream| stream.head.seq).sum();
        let (summary, stream) = (DiffSummary::default(), String::new());
        Self { progress, each, summary, stream, decided: None, done: 0, of }
    }

    fn begin(&mut self, stream: &str) -> Result<(), LogError> {
        // Short streams never come to the next thousand: so it is told before each, too.
        self.ask(0)?;
        stream.clone_into(&mut self.stream);
        self.decided = None;
        self.summary.streams += 1;
        Ok(())
    }

    /// Tells that so many records of the stream are compared, and asks whether to go on.
    fn ask(&mut self, seq: u64) -> Result<(), LogError> {
        let now = Progress::new((self.done + seq).min(self.of), self.of);
        if (self.progress)(now).is_break() { Err(LogError::Interrupted) } else { Ok(()) }
    }

    fn tell(&mut self, what: Difference) -> Result<(), LogError> {
        self.summary.told += 1;
        (self.each)(&StreamDifference { stream: self.stream.clone(), what })
    }

    fn damaged(&mut self, side: Side, seq: u64, damage: &LogError) -> Result<(), LogError> {
        self.summary.damaged = true;
        self.tell(Difference::Damaged { side, seq, why: damage.to_string() })
    }

    fn events(&mut self, seq: u64, one: &[Event], other: &[Event], erased: bool) {
        let Some(place) = first_difference(one, other, erased) else { return };
        let (one, other) = (one.get(place).map(Event::name), other.get(place).map(Event::name));
        let first = Decided { records: 0, first: seq, event: place + 1, one, other };
        self.decided.get_or_insert(first).records += 1;
    }

    fn calls(&mut self, compared: pair::Compared) -> Result<(), LogError> {
        self.summary.calls += compared.calls;
        for call in compared.differ {
            self.summary.differ += 1;
            self.tell(Difference::Call(call))?;
        }
        Ok(())
    }

    fn reached(&mut self, seq: u64) -> Result<(), LogError> {
        self.summary.records += 1;
        if seq.is_multiple_of(PROGRESS_EVERY) { self.ask(seq) } else { Ok(()) }
    }

    fn end(&mut self, mut pair: Pair, records: u64) -> Result<(), LogError> {
        let times = pair.times();
        self.calls(pair.close())?;
        for (kind, one, other) in times {
            self.tell(Difference::Time { kind, one, other })?;
        }
        if let Some(Decided { records, first, event, one, other }) = self.decided.take() {
            self.tell(Difference::Events { records, first, event, one, other })?;
        }
        self.done += records;
        Ok(())
    }
}
