//! What does not fit in a log: calls, commands and messages that an auditor should look at, each by its name, with the
//! records that show it.
//!
//! The log is read once, as told by the engine that recorded it; what is held does not grow with it. Nobody's name or
//! number is in what is found: a call is named by its id.
//!
//! ```
//! use callfold::lint::LintQuery;
//! use callfold::log::{Log, to_the_end};
//!
//! let log = Log::in_memory()?;
//! let summary = log.lint(&LintQuery::default(), &mut to_the_end, &mut |oddity| {
//!     println!("record {}: {}", oddity.at.seq, oddity.words);
//!     Ok(())
//! })?;
//! assert_eq!(summary.found, 0);
//! # Ok::<(), callfold::log::LogError>(())
//! ```

mod calls;
mod commands;
mod events;
mod kind;

use std::collections::{BTreeMap, BTreeSet};

use callfold_engine::calls::{Call, CallLog, CommandTrail, Moment, Standing};
use callfold_engine::{CommandId, Timestamp};
use serde_json::{Value, json};

pub use kind::OddityKind;
pub(crate) use kind::sentence;

use crate::log::{Log, LogError, OnProgress, Progress, Stream, StreamId};
use commands::Commands;
use events::Parties;

/// What is looked for, and where. Whatever is none, or empty, does not matter.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LintQuery {
    /// In these streams; in all, if none is named.
    pub streams: Vec<StreamId>,
    /// What shows at this time or later.
    pub from: Option<Timestamp>,
    /// What shows before this time.
    pub to: Option<Timestamp>,
    /// Of these kinds; of all, if none is named.
    pub kinds: BTreeSet<OddityKind>,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oddity {
    /// In which stream.
    pub stream: StreamId,
    /// What it is.
    pub kind: OddityKind,
    /// When it showed, and the record that shows it.
    pub at: Moment,
    /// All records that belong to it, in order.
    pub records: Vec<u64>,
    /// The call that it is of, by its id.
    pub call: Option<String>,
    /// The command that it is of, by its number.
    pub command: Option<u64>,
    /// What it is, in a sentence.
    pub words: String,
}

/// What was found in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintSummary {
    /// How many streams were read.
    pub streams: u64,
    /// How many records were read.
    pub records: u64,
    /// How many oddities were found.
    pub found: u64,
    /// How many of each kind, where there are any.
    pub by_kind: BTreeMap<OddityKind, u64>,
}

impl LintSummary {
    /// Whether a stream could not be read to its end.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.by_kind.contains_key(&OddityKind::Damaged)
    }
}

/// How often progress is told, in records.
const PROGRESS_EVERY: u64 = 1_000;
/// How many oddities of a stream are put in order before they are handed out.
const IN_ORDER: usize = 10_000;

/// Is handed what is found, stream by stream and in the order of the records; an error ends the reading.
pub type OnOddity<'e> = &'e mut dyn FnMut(&Oddity) -> Result<(), LogError>;

impl Log {
    /// Looks for what does not fit. A stream that is damaged is read up to the damage, which is named.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all, [`LogError::Interrupted`] if it is broken off, and whatever
    /// `each` says.
    pub fn lint(
        &self,
        query: &LintQuery,
        progress: OnProgress<'_>,
        each: OnOddity<'_>,
    ) -> Result<LintSummary, LogError> {
        let mut streams = self.streams()?;
        if !query.streams.is_empty() {
            streams.retain(|stream| query.streams.contains(&stream.id));
        }
        let of = streams.iter().map(|stream| stream.head.seq).sum();
        let mut summary = LintSummary::default();
        let mut done = 0;
        for stream in &streams {
            // Short streams never come to the next thousand: so it is told before each, too.
            if progress(Progress::new(done, of)).is_break() {
                return Err(LogError::Interrupted);
            }
            let mut walk = Walk::new(query, stream.id, &mut summary, each);
            walk.read(self, stream, &mut |seq| progress(Progress::new((done + seq).min(of), of)).is_break())?;
            walk.hand_out()?;
            done += stream.head.seq;
            summary.streams += 1;
        }
        Ok(summary)
    }
}

/// What was found so far of a stream.
struct Walk<'w> {
    query: &'w LintQuery,
    stream: StreamId,
    summary: &'w mut LintSummary,
    each: OnOddity<'w>,
    ready: Vec<Oddity>,
}

impl<'w> Walk<'w> {
    fn new(
        query: &'w LintQuery,
        stream: StreamId,
        summary: &'w mut LintSummary,
        each: &'w mut dyn FnMut(&Oddity) -> Result<(), LogError>,
    ) -> Self {
        Self { query, stream, summary, each, ready: Vec::new() }
    }

    fn read(
        &mut self,
        log: &Log,
        stream: &Stream,
        is_broken_off: &mut dyn FnMut(u64) -> bool,
    ) -> Result<(), LogError> {
        let mut calls = CallLog::default();
        let mut commands = Commands::default();
        let mut parties = Parties::default();
        let mut last = Moment { at: stream.info.began, seq: 0 };
        for told in log.told(stream.id, 1) {
            let told = match told {
                Ok(told) => told,
                Err(damage) => {
                    let at = Moment { seq: last.seq + 1, ..last };
                    self.add(Found::new(
                        OddityKind::Damaged,
                        at,
                        format!("cannot be read from here on: {damage}"),
                    ))?;
                    break;
                }
            };
            let now = Moment { at: told.at, seq: told.seq };
            for event in &told.events {
                if let Some(found) = events::of(event, now) {
                    self.add(found)?;
                }
            }
            for found in parties.record(log, stream.id, &told.events, now)? {
                self.add(found)?;
            }
            let before = Standing::of(calls.view());
            calls.record(told.seq, told.at, &told.events);
            let after = Standing::of(calls.view());
            for found in commands.record(&told.events, (&before, &after), now) {
                self.add(found)?;
            }
            let over = calls.take_over();
            self.over(&over.calls, &over.commands)?;
            last = now;
            self.summary.records += 1;
            if told.seq.is_multiple_of(PROGRESS_EVERY) && is_broken_off(told.seq) {
                return Err(LogError::Interrupted);
            }
        }
        let over = calls.close();
        self.over(&over.calls, &over.commands)
    }

    fn over(&mut self, calls: &[Call], commands: &[CommandTrail]) -> Result<(), LogError> {
        for found in calls.iter().flat_map(calls::of).chain(commands.iter().flat_map(commands::of)) {
            self.add(found)?;
        }
        Ok(())
    }

    fn add(&mut self, found: Found) -> Result<(), LogError> {
        let Found { kind, at, mut records, call, command, words } = found;
        let query = self.query;
        let is_wanted = (query.kinds.is_empty() || query.kinds.contains(&kind))
            && query.from.is_none_or(|from| at.at >= from)
            && query.to.is_none_or(|to| at.at < to);
        // Damage is told whatever was asked for: nobody knows what it hides.
        if is_wanted || kind == OddityKind::Damaged {
            records.push(at.seq);
            records.sort_unstable();
            records.dedup();
            self.summary.found += 1;
            *self.summary.by_kind.entry(kind).or_default() += 1;
            self.ready.push(Oddity { stream: self.stream, kind, at, records, call, command, words });
        }
        if self.ready.len() >= IN_ORDER { self.hand_out() } else { Ok(()) }
    }

    fn hand_out(&mut self) -> Result<(), LogError> {
        self.ready.sort_by_key(|oddity| (oddity.at.seq, oddity.kind));
        self.ready.drain(..).try_for_each(|oddity| (self.each)(&oddity))
    }
}

/// An oddity before it is known of which stream.
struct Found {
    kind: OddityKind,
    at: Moment,
    records: Vec<u64>,
    call: Option<String>,
    command: Option<u64>,
    words: String,
}

impl Found {
    fn new(kind: OddityKind, at: Moment, words: impl Into<String>) -> Self {
        Self { kind, at, records: Vec::new(), call: None, command: None, words: words.into() }
    }

    /// The same, with what happened before and belongs to it.
    fn after(mut self, seq: u64) -> Self {
        self.records.push(seq);
        self
    }

    fn of_call(mut self, id: &str) -> Self {
        self.call = Some(id.to_owned());
        self
    }

    fn of_command(mut self, id: CommandId) -> Self {
        self.command = Some(id.0);
        self
    }
}

impl Oddity {
    /// As JSON, for programs: moments are microseconds of UTC since 1970.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "kind": self.kind.text(),
            "at": { "at": self.at.at.as_micros(), "seq": self.at.seq },
            "records": self.records,
            "call": self.call,
            "command": self.command,
            "words": self.words,
        })
    }
}

impl LintSummary {
    /// As JSON, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let by_kind: serde_json::Map<_, _> =
            self.by_kind.iter().map(|(kind, count)| (kind.text().to_owned(), (*count).into())).collect();
        json!({ "streams": self.streams, "records": self.records, "found": self.found, "kinds": by_kind })
    }
}
