//! What does not fit about single messages, and about who left twice.

use std::collections::BTreeMap;

use callfold_engine::calls::Moment;
use callfold_engine::wire::{Body, Frame, given};
use callfold_engine::{Event, InputKind, PartyKey};

use super::{Found, OddityKind};
use crate::log::{Log, LogError, StreamId};

/// The most who have left that are remembered.
const MOST: usize = 1_000;
/// The longest name of an event that is repeated, in characters.
const LONGEST: usize = 64;

/// What is odd about an event by itself.
pub(super) fn of(event: &Event, now: Moment) -> Option<Found> {
    let (kind, words) = if let Event::ClockSteppedBack { by } = event {
        (OddityKind::ClockSteppedBack, format!("the clock was set back by {by}"))
    } else if let Event::UnknownEvent { name } = event {
        let name: String = name.as_str().chars().take(LONGEST).map(harmless).collect();
        (OddityKind::UnknownFrame, format!("the server told `{name}`, which is not known"))
    } else if let Event::FrameUnreadable { why } = event {
        (OddityKind::UnreadableFrame, format!("a message cannot be read: {why}"))
    } else if let Event::MultipartRefused { why } = event {
        (OddityKind::RefusedPiece, format!("a long message was refused: {}", why.text()))
    } else if let Event::BoundHit { bound } = event {
        (OddityKind::BoundHit, format!("more was told than is held: {}", bound.text()))
    } else {
        return None;
    };
    Some(Found::new(kind, now, words))
}

fn harmless(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

/// Who has left the conference, and who the queue.
#[derive(Default)]
pub(super) struct Parties {
    conference: Gone,
    queue: Gone,
}

/// Who left, and at which record, until they come back.
#[derive(Default)]
struct Gone(BTreeMap<String, u64>);

impl Gone {
    fn entered(&mut self, key: &PartyKey) {
        self.0.remove(key.as_str());
    }

    fn left(&mut self, key: &str, now: Moment, of: &str) -> Option<Found> {
        if let Some(before) = self.0.get(key) {
            let words = format!("somebody who had left {of} was told to leave it again");
            return Some(Found::new(OddityKind::PartyLeftTwice, now, words).after(*before));
        }
        if self.0.len() < MOST {
            self.0.insert(key.to_owned(), now.seq);
        }
        None
    }
}

impl Parties {
    /// Follows a record; what it shows to be odd. Who is told to have left a conference and was not in it any more is
    /// seen in the message only: the rules pass over it.
    pub(super) fn record(
        &mut self,
        log: &Log,
        stream: StreamId,
        events: &[Event],
        now: Moment,
    ) -> Result<Vec<Found>, LogError> {
        let mut found = Vec::new();
        let mut left_now = Vec::new();
        let mut is_of_one = false;
        for event in events {
            if let Event::ConferenceEntered { party } = event {
                self.conference.entered(&party.key);
            } else if let Event::ConferenceLeft { party } = event {
                found.extend(self.conference.left(party.key.as_str(), now, "the conference"));
                left_now.push(party.key.clone());
            } else if let Event::ConferenceChanged { conference: None } = event {
                self.conference = Gone::default();
            } else if let Event::QueueEntered { party } = event {
                self.queue.entered(&party.key);
            } else if let Event::QueueLeft { party } = event {
                found.extend(self.queue.left(party.key.as_str(), now, "the queue"));
            } else if let Event::Disconnected { .. } | Event::ConnectionDropped = event {
                *self = Self::default();
            } else if let Event::NativeEvent { name } = event {
                is_of_one |= name.text() == "confcompetitorstatechanged";
            }
        }
        if is_of_one && !self.conference.0.is_empty() {
            let gone = told_gone(log, stream, now.seq)?;
            let gone = gone.filter(|key| !left_now.iter().any(|left| left.as_str() == key));
            if let Some(key) = gone.filter(|key| self.conference.0.contains_key(key)) {
                found.extend(self.conference.left(&key, now, "the conference"));
            }
        }
        Ok(found)
    }
}

/// Who a record's message says has left a conference.
fn told_gone(log: &Log, stream: StreamId, seq: u64) -> Result<Option<String>, LogError> {
    let Some(record) = log.records(stream, seq).next().transpose()? else { return Ok(None) };
    let InputKind::Frame { text, .. } = &record.record.input.kind else { return Ok(None) };
    let Ok(frame) = Frame::decode(text.as_str()) else { return Ok(None) };
    let Body::CompetitorState(told) = &frame.body else { return Ok(None) };
    let competitor = told.eventinfo.as_ref().and_then(|info| info.competitor.as_ref());
    let gone = competitor.filter(|of| given(&of.confstatestr) == Some("Exited"));
    Ok(gone.and_then(|of| given(&of.competitorid)).map(str::to_owned))
}
