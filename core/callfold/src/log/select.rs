//! Events, chosen by stream, time, kind and number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use callfold_engine::{Event, Timestamp};
use callfold_store::StreamId;

use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, Stream, ToldRecord};

/// Which events are wanted. Whatever is none does not matter.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EventQuery {
    /// Of these streams; of all, if none is named.
    pub streams: Vec<StreamId>,
    /// Of records at or after.
    pub from: Option<Timestamp>,
    /// Of records before.
    pub to: Option<Timestamp>,
    /// With one of these [names](Event::name).
    pub names: Option<BTreeSet<String>>,
    /// [About](Event::about) this number, as it was told.
    pub number: Option<String>,
}

impl EventQuery {
    fn wants(&self, event: &Event) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(event.name()))
            && self
                .number
                .as_ref()
                .is_none_or(|number| event.about().number.is_some_and(|told| told.as_str() == number))
    }
}

/// An event where it stands.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FoundEvent<'e> {
    /// The stream.
    pub stream: &'e Stream,
    /// The record's number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which event of the record it is, from 0.
    pub place: u32,
    /// What was decided.
    pub event: &'e Event,
}

impl Log {
    /// Reads the events that are wanted, stream by stream and in order, and hands them to `each`.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, [`LogError::Interrupted`] if it is broken off, and whatever `each` says.
    pub fn events(
        &self,
        query: &EventQuery,
        progress: OnProgress<'_>,
        each: &mut dyn FnMut(FoundEvent<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let mut streams = self.streams()?;
        if !query.streams.is_empty() {
            streams.retain(|stream| query.streams.contains(&stream.id));
        }
        let mut told_of = Progress { done: 0, of: streams.iter().map(|stream| stream.head.seq).sum() };
        for stream in &streams {
            let before = told_of.done;
            // The last record at or before that time may be of that very time.
            let first = match query.from {
                Some(from) => self.store().seek(stream.id, from)?.max(1),
                None => 1,
            };
            for record in self.told(stream.id, first) {
                let ToldRecord { seq, at, events } = record?;
                told_of.done = before + seq.min(stream.head.seq);
                if seq.is_multiple_of(PROGRESS_EVERY)
                    && let ControlFlow::Break(()) = progress(told_of)
                {
                    return Err(LogError::Interrupted);
                }
                if query.from.is_some_and(|from| at < from) {
                    continue;
                }
                if query.to.is_some_and(|to| at >= to) {
                    break;
                }
                for (place, event) in (0..).zip(&events).filter(|(_, event)| query.wants(event)) {
                    each(FoundEvent { stream, seq, at, place, event })?;
                }
            }
            told_of.done = before + stream.head.seq;
        }
        Ok(())
    }
}
