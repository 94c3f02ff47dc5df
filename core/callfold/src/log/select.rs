//! Events, chosen by stream, time, kind and number.

use std::collections::BTreeSet;

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
            // Short streams never come to the next thousand: so it is told before each, too.
            if progress(told_of).is_break() {
                return Err(LogError::Interrupted);
            }
            // Several records may be of that very time: it is looked for from the last one before it.
            let first = match query.from {
                Some(from) => {
                    let before = Timestamp::from_micros(from.as_micros().saturating_sub(1));
                    self.store().seek(stream.id, before)?.max(1)
                }
                None => 1,
            };
            for record in self.told(stream.id, first) {
                let ToldRecord { seq, at, events } = record?;
                told_of.done = before + seq.min(stream.head.seq);
                if seq.is_multiple_of(PROGRESS_EVERY) && progress(told_of).is_break() {
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::log::to_the_end;

    /// A log with the same session twice.
    fn log() -> Log {
        let log = Log::in_memory().unwrap();
        let session = include_bytes!("../../../../tests/vectors/named/seed-incoming-consult-connect.jsonl");
        for name in ["a", "b"] {
            log.import_trace(&session[..], Some(name)).unwrap();
        }
        log
    }

    /// Stream, record, place and name of each event that is found.
    fn found(log: &Log, query: &EventQuery) -> Vec<(StreamId, u64, u32, Timestamp, &'static str)> {
        let mut found = Vec::new();
        log.events(query, &mut to_the_end, &mut |event| {
            found.push((event.stream.id, event.seq, event.place, event.at, event.event.name()));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn every_range_has_what_began_in_it_and_events_keep_their_places() {
        let log = log();
        let all = found(&log, &EventQuery::default());
        assert!(all.len() > 200 && all.iter().any(|(_, _, place, ..)| *place > 0));
        let moments: BTreeSet<Timestamp> = all.iter().map(|(_, _, _, at, _)| *at).collect();
        for moment in moments {
            let after = EventQuery { from: Some(moment), ..EventQuery::default() };
            let before = EventQuery { to: Some(moment), ..EventQuery::default() };
            let (after, before) = (found(&log, &after), found(&log, &before));
            assert!(after.iter().all(|(_, _, _, at, _)| *at >= moment), "{moment:?}");
            assert!(before.iter().all(|(_, _, _, at, _)| *at < moment), "{moment:?}");
            assert_eq!(after.len() + before.len(), all.len(), "{moment:?}");
        }
        let changes = EventQuery { names: Some(["line_changed".to_owned()].into()), ..EventQuery::default() };
        let changes = found(&log, &changes);
        assert!(changes.iter().all(|change| change.4 == "line_changed" && all.contains(change)));
        assert_eq!(changes.len(), all.iter().filter(|event| event.4 == "line_changed").count());
    }

    #[test]
    fn streams_and_numbers_choose_and_it_can_be_broken_off_before_each_stream() {
        let log = log();
        let one = EventQuery { streams: vec![StreamId(1)], ..EventQuery::default() };
        assert!(found(&log, &one).iter().all(|event| event.0 == StreamId(1)));
        let number = EventQuery { number: Some("102".to_owned()), ..EventQuery::default() };
        assert!(!found(&log, &number).is_empty());
        let nobody = EventQuery { number: Some("999".to_owned()), ..EventQuery::default() };
        assert!(found(&log, &nobody).is_empty());

        let mut asked = 0;
        let broken = log.events(
            &EventQuery::default(),
            &mut |_| {
                asked += 1;
                if asked == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
            &mut |event| {
                assert_eq!(event.stream.id, StreamId(0));
                Ok(())
            },
        );
        assert!(matches!(broken, Err(LogError::Interrupted)));
    }
}
