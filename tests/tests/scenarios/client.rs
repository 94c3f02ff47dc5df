//! The client that is tried: a live line over a machine, whose every announcement is kept.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callfold::announce::{Announcement, announcement};
use callfold::trace::Level;
use callfold::{
    Config, CtiConfig, Effect, Event, Input, InputKind, Machine, Outcome, SocketId, Span, Timer, Timestamp,
    View,
};
use callfold_transport::{Clock, Handle, Handled, Place, SystemClock};
use serde_json::{Value, json};

use crate::recorded::Said;

/// How much faster time goes for the machine: its pauses between a cause and a question are most of a session. Not more than
/// this, for a busy machine needs its time too.
const HASTE: i64 = 2;

/// Longer than any pause between a cause and the question for a line picture.
const LONGEST_PAUSE: Span = Span::from_millis(800);

/// What the client said and does, as the test sees it.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) said: Vec<Said>,
    pub(crate) commands: usize,
    unanswered: BTreeSet<u64>,
    /// When the machine wants to be woken, by its own time.
    due: Option<Timestamp>,
    began: Option<Timestamp>,
    /// The moment of the last input, by the machine's time.
    last: Option<Timestamp>,
}

impl Heard {
    /// Whether the client has no question open, and does not mean to ask one soon.
    pub(crate) fn is_quiet(&self) -> bool {
        let now = self.machine_time(SystemClock.now());
        self.unanswered.is_empty() && self.due.is_none_or(|due| due - now > LONGEST_PAUSE)
    }

    fn machine_time(&self, at: Timestamp) -> Timestamp {
        self.began
            .map_or(at, |began| Timestamp::from_micros(began.as_micros() + (at - began).as_micros() * HASTE))
    }

    fn clock_time(&self, at: Timestamp) -> Timestamp {
        self.began.map_or(at, |began| {
            Timestamp::from_micros(began.as_micros() + ((at - began).as_micros() + HASTE - 1) / HASTE)
        })
    }

    fn take(&mut self, input: &Input<'_>, outcome: &Outcome, level: Level) {
        match &input.kind {
            InputKind::Frame { text, .. } => self.answered(text.as_str()),
            InputKind::Closed(_) => self.unanswered.clear(),
            InputKind::Command(_) => self.commands += 1,
            _ => {}
        }
        if let Some(message) = &outcome.message {
            self.answered(&message.text);
        }
        for effect in &outcome.effects {
            if let Effect::Send { qid, request, .. } | Effect::SendLogin { qid, request, .. } = effect
                && !matches!(request.method(), "ping" | "getcurrentqueue")
            {
                self.unanswered.insert(*qid);
            }
        }
        for event in &outcome.events {
            if let Event::RequestFailed { qid, .. } = event {
                self.unanswered.remove(qid);
            }
            let line = match announcement(event) {
                Some(Announcement::Event { name, args }) => json!({ "event": name, "args": args }),
                Some(Announcement::Provider { name, args }) => json!({ "provider": name, "args": args }),
                Some(Announcement::Throws { text }) => json!({ "throws": text }),
                Some(Announcement::Result { command, value }) if level == Level::Oktell => {
                    json!({ "result": command.text(), "value": value })
                }
                _ => continue,
            };
            Said::push(&mut self.said, line);
        }
    }

    fn answered(&mut self, frame: &str) {
        let frame: Value = serde_json::from_str(frame).unwrap_or_default();
        let qid = frame[1]["qid"].as_str().and_then(|qid| qid.parse().ok());
        if let Some(qid) = qid {
            self.unanswered.remove(&qid);
        }
    }
}

/// The same [`Heard`], from both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A machine in a hurry, whose outcomes are listened to.
pub(crate) struct Hasty {
    machine: Machine,
    level: Level,
    ear: Ear,
}

impl Hasty {
    pub(crate) fn new(level: Level, ear: Ear) -> Self {
        let config = match level {
            Level::Oktell => Config::live(),
            Level::Cti => Config::live().with_cti(CtiConfig::default()),
        };
        Self { machine: Machine::new(config), level, ear }
    }
}

impl Handle for Hasty {
    type Error = Infallible;

    const PLACE: Place = Place::Here;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Infallible> {
        let mut heard = self.ear.lock();
        let mut all = Vec::new();
        for input in inputs {
            heard.began.get_or_insert(input.at);
            // What came together came one after the other, as in the traces: pictures that are due at one moment would
            // be asked for once.
            let next = heard.last.map(|last| last + Span::from_micros(1));
            let at = heard.machine_time(input.at).max(next.unwrap_or_default());
            heard.last = Some(at);
            let input = Input { at, kind: input.kind.clone() };
            let mut outcome = Outcome::default();
            self.machine.handle(&input, &mut outcome);
            heard.take(&input, &outcome, self.level);
            all.push(Handled::new(outcome, None));
        }
        heard.due = self.machine.poll_timeout().map(|(due, _)| due);
        Ok(all)
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        let heard = self.ear.lock();
        self.machine.poll_timeout().map(|(due, timer)| (heard.clock_time(due), timer))
    }

    fn view(&self) -> &View {
        self.machine.view()
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.machine.sockets().collect()
    }

    fn now(&self) -> Timestamp {
        self.machine.now()
    }
}
