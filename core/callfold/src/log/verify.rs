//! Whether a log is whole: chain, numbers, times, and what the rules of today make of the same inputs.

use callfold_engine::record::{Hash, Record, first_difference};
use callfold_engine::{Event, Machine, Outcome, Timestamp};
use callfold_store::{Keys, StoreError, StoredRecord, StreamId};

use super::{HeadLine, Log, LogError, OnProgress, Progress, tell};

/// What is looked at.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Whether the inputs are run again, and what is decided is compared with what was told.
    pub rerun: bool,
    /// Heads that were kept elsewhere: each must be in its stream.
    pub heads: Vec<HeadLine>,
}

impl VerifyOptions {
    /// Also runs the inputs again.
    #[must_use]
    pub fn rerun(self) -> Self {
        Self { rerun: true, ..self }
    }

    /// Also looks for these heads.
    #[must_use]
    pub fn with_heads(self, heads: Vec<HeadLine>) -> Self {
        Self { heads, ..self }
    }
}

/// Something that is wrong, and at which record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The record's number.
    pub seq: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What may be wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is not there, or the block that should have it makes no sense.
    Missing(String),
    /// Its hash does not follow from that of the record before and its bytes: it was changed, or one before it was
    /// taken out or put in.
    Chain,
    /// It says that it is another record.
    Number(u64),
    /// It happened before the record before it.
    Time,
    /// It cannot be read, although it is what was written; or its keys are damaged.
    Unreadable(String),
    /// A head that was kept elsewhere has another hash here.
    Head,
    /// The stream ends before a head that was kept elsewhere: its end was cut off.
    CutOff {
        /// The last record there is.
        last: u64,
    },
    /// The engine of today decides otherwise.
    Decides {
        /// Which event of the record, from 1.
        event: usize,
        /// What was told there; none if nothing was.
        told: Option<&'static str>,
        /// What is decided today; none if nothing is.
        now: Option<&'static str>,
    },
}

impl Flaw {
    /// Whether the log is damaged by it. If not, it is whole, and there is something to look at.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Missing(_)
            | Self::Chain
            | Self::Number(_)
            | Self::Time
            | Self::Unreadable(_)
            | Self::Head
            | Self::CutOff { .. } => true,
            Self::Decides { .. } => false,
        }
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(why) => f.write_str(why),
            Self::Chain => f.write_str("its hash does not follow from the record before"),
            Self::Number(found) => write!(f, "it says that it is record {found}"),
            Self::Time => f.write_str("it happened before the record before it"),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Head => f.write_str("not the record of the head that was kept"),
            Self::CutOff { last } => {
                write!(f, "cut off: a head was kept of it, and the stream ends at {last}")
            }
            Self::Decides { event, told, now } => {
                let (told, now) = (told.unwrap_or("nothing"), now.unwrap_or("nothing"));
                write!(f, "event {event}: told was {told}, today's rules say {now}")
            }
        }
    }
}

/// What was found of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamReport {
    /// The stream.
    pub stream: StreamId,
    /// How many records were looked at.
    pub records: u64,
    /// How many have something that was erased.
    pub erased: u64,
    /// The hash of the last record that follows from the ones before.
    pub head: Hash,
    /// What is wrong, in order; the first [`StreamReport::MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub found: u64,
    /// Whether one of them is damage.
    pub is_damaged: bool,
}

impl StreamReport {
    /// The most findings that are told one by one.
    pub const MAX_FINDINGS: usize = 100;

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.found == 0
    }

    fn add(&mut self, seq: u64, flaw: Flaw) {
        self.found += 1;
        self.is_damaged |= flaw.is_damage();
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(Finding { seq, flaw });
        }
    }
}

/// How often progress is told, in records.
pub(super) const PROGRESS_EVERY: u64 = 1_000;

impl Log {
    /// Looks whether a stream is whole.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all. What is wrong with the stream is in the report.
    /// [`LogError::Interrupted`]: there is no report then.
    pub fn verify(
        &self,
        stream: StreamId,
        options: &VerifyOptions,
        progress: OnProgress<'_>,
    ) -> Result<StreamReport, LogError> {
        let origin = self.origin(stream)?;
        let of = self.store.head(stream)?.seq;
        let kept = options.heads.iter().filter(|head| head.origin == origin).collect();
        let report = StreamReport {
            stream,
            records: 0,
            erased: 0,
            head: origin,
            findings: Vec::new(),
            found: 0,
            is_damaged: false,
        };
        let machine = match options.rerun {
            true => Some(Machine::new(self.info(stream)?.config)),
            false => None,
        };
        let mut walk = Walk {
            report,
            keys: self.store.keys(),
            kept,
            origin,
            last: 0,
            at: None,
            machine,
            outcome: Outcome::default(),
        };
        for block in self.store.blocks(stream, 1) {
            match block {
                Ok(block) => {
                    for record in block.records() {
                        match record {
                            Ok(record) => walk.record(&record),
                            Err(error) => walk.missing(&error),
                        }
                        if walk.last.is_multiple_of(PROGRESS_EVERY) {
                            tell(progress, walk.last, of)?;
                        }
                    }
                }
                Err(error) => walk.missing(&error),
            }
        }
        walk.end(of);
        // It is done: nothing is left to be broken off.
        let _ = progress(Progress { done: of, of });
        Ok(walk.report)
    }

    /// The heads of streams that this log does not have at all.
    ///
    /// # Errors
    /// [`LogError`] if the streams cannot be read.
    pub fn missing_heads<'h>(&self, heads: &'h [HeadLine]) -> Result<Vec<&'h HeadLine>, LogError> {
        let descriptions = self.store.streams()?;
        let origins: Vec<Hash> = descriptions.iter().map(|(_, text)| Hash::of_stream(text)).collect();
        Ok(heads.iter().filter(|head| !origins.contains(&head.origin)).collect())
    }
}

/// A walk through a stream.
struct Walk<'v> {
    report: StreamReport,
    keys: &'v Keys,
    kept: Vec<&'v HeadLine>,
    origin: Hash,
    last: u64,
    at: Option<Timestamp>,
    /// What the inputs are run through again; none once the stream is damaged, or if it was not asked for.
    machine: Option<Machine>,
    outcome: Outcome,
}

impl Walk<'_> {
    fn record(&mut self, stored: &StoredRecord<'_>) {
        let seq = stored.place.seq;
        self.last = seq;
        self.report.records += 1;
        let follows = self.report.head.after(stored.bytes) == stored.hash;
        // The walk goes on from what stands there, so that one fault is not told of every record after it.
        self.report.head = stored.hash;
        if self.kept.iter().any(|head| head.seq == seq && head.hash != stored.hash) {
            self.report.add(seq, Flaw::Head);
        }
        if !follows {
            self.machine = None;
            return self.report.add(seq, Flaw::Chain);
        }
        let record = match Record::read(stored.bytes, self.keys) {
            Ok(record) => record,
            Err(error) => {
                self.machine = None;
                return self.report.add(seq, Flaw::Unreadable(error.to_string()));
            }
        };
        self.report.erased += u64::from(record.erased);
        if record.head.seq != seq {
            self.report.add(seq, Flaw::Number(record.head.seq));
        }
        if self.at.is_some_and(|before| before > record.head.at) {
            self.report.add(seq, Flaw::Time);
        }
        self.at = Some(record.head.at);
        self.rerun(&record);
    }

    fn rerun(&mut self, record: &Record) {
        let Some(machine) = &mut self.machine else { return };
        machine.handle(&record.input, &mut self.outcome);
        let now = &self.outcome.events;
        if let Some(place) = first_difference(&record.events, now, record.erased) {
            let flaw = Flaw::Decides {
                event: place + 1,
                told: record.events.get(place).map(Event::name),
                now: now.get(place).map(Event::name),
            };
            self.report.add(record.head.seq, flaw);
        }
    }

    fn missing(&mut self, error: &StoreError) {
        self.machine = None;
        if let StoreError::Block { place, what } = error {
            self.report.add(place.seq, Flaw::Missing((*what).to_owned()));
        } else {
            self.report.add(self.last + 1, Flaw::Missing(error.to_string()));
        }
    }

    fn end(&mut self, of: u64) {
        if self.last < of && self.report.found == 0 {
            self.report.add(self.last + 1, Flaw::Missing("the record is not there".to_owned()));
        }
        for head in std::mem::take(&mut self.kept) {
            if head.seq > self.last {
                self.report.add(head.seq, Flaw::CutOff { last: self.last });
            } else if head.seq == 0 && head.hash != self.origin {
                self.report.add(0, Flaw::Head);
            }
        }
    }
}
