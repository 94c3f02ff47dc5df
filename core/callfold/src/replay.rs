//! Runs a trace through the engine, in virtual time.
//!
//! The inputs are those of the trace; timers fire when the engine wants them, up to the trace's end. What
//! the recorded client sent is read only for the ids that the server's answers repeat.

use std::collections::VecDeque;
use std::io::BufRead;

use callfold_engine::wire::{FrameText, LoginSecret};
use callfold_engine::{
    Config, CtiConfig, Effect, Event, Input, InputKind, LineState, Machine, Outcome, SocketId, Text, Timer,
    Timestamp, View,
};
use serde_json::{Value, json};

use crate::announce::{self, Announcement};
use crate::calls::{Call, CallLog, Over, TimeLedger};
use crate::trace::{Entry, Header, Level, Line, SocketChange, TraceError, TraceReader};

/// Why a replay ended before its trace did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The trace cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// What is made of it cannot be written.
    #[error("cannot write: {0}")]
    Io(#[from] std::io::Error),
}

/// One input or timer, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step<'s> {
    /// The trace's first line.
    pub header: &'s Header,
    /// The number of the step, from 1: the sequence number that its record would have.
    pub seq: u64,
    /// Milliseconds since the trace's epoch.
    pub t: i64,
    /// What went in.
    pub input: &'s Input<'s>,
    /// The machine, after the step.
    pub machine: &'s Machine,
    /// What was decided, and what is to be done.
    pub outcome: &'s Outcome,
    secret: Option<&'s LoginSecret>,
}

impl Step<'_> {
    /// The frame that an effect sends, with the login filled in; `None` for other effects.
    ///
    /// Made for the replay of a made-up user's traces: the frame of a login has its secret.
    #[must_use]
    pub fn frame(&self, effect: &Effect) -> Option<String> {
        match effect {
            Effect::Send { qid, login, request, .. } => request.write(&qid.to_string(), login.as_str()).ok(),
            Effect::SendLogin { qid, login, request, .. } => {
                request.write_login(&qid.to_string(), login.as_str(), self.secret?).ok()
            }
            Effect::Dial { .. } | Effect::Close { .. } => None,
            _ => None,
        }
    }
}

/// Something that follows a replay.
pub trait Watch {
    /// Called once, when the trace's first line was read.
    ///
    /// # Errors
    /// Whatever keeps the watcher from going on; the replay ends with it.
    fn begin(&mut self, _header: &Header) -> std::io::Result<()> {
        Ok(())
    }

    /// Called after every input and timer, in order.
    ///
    /// # Errors
    /// Whatever keeps the watcher from going on; the replay ends with it.
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()>;

    /// Called once, when the trace has come to its end: the moment of its last line.
    fn end(&mut self, _at: Timestamp) {}

    /// Called for a line of a kind that the reader does not know. It is passed over.
    fn unknown_line(&mut self, _number: usize) {}
}

/// Replays a trace to its end.
///
/// # Errors
/// [`ReplayError`] if the trace cannot be read to its end, or the watcher cannot go on. What was replayed
/// until then was shown to the watcher.
pub fn run(trace: impl BufRead, watch: &mut impl Watch) -> Result<(), ReplayError> {
    let mut reader = TraceReader::new(trace)?;
    let mut session = Session {
        header: reader.header().clone(),
        machine: Machine::new(config(reader.header().level)),
        outcome: Outcome::default(),
        secret: None,
        sockets: Vec::new(),
        sent: VecDeque::new(),
        t: 0,
        seq: 0,
    };
    watch.begin(&session.header)?;
    let mut last = 0;
    while let Some(entry) = reader.next_entry()? {
        last = last.max(entry.t);
        session.entry(entry, watch)?;
    }
    session.timers_until(last, Due::ByThen, watch)?;
    watch.end(session.moment(last));
    Ok(())
}

/// The machine that replays traces of a level.
#[must_use]
pub fn config(level: Level) -> Config {
    match level {
        Level::Oktell => Config::replay(),
        Level::Cti => Config::replay().with_cti(CtiConfig::default()),
    }
}

/// A socket that the machine asked for.
#[derive(Debug)]
struct Socket {
    id: SocketId,
    url: Text,
    open: bool,
}

/// A request that the machine sent, and that has no id on the wire yet.
#[derive(Debug)]
struct Sent {
    qid: u64,
    method: String,
    t: i64,
}

/// The most requests that are remembered for their ids.
const MAX_SENT: usize = 1_024;

/// Which timers fire before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Those due before its moment.
    Before,
    /// Those due at its moment too.
    ByThen,
}

struct Session {
    header: Header,
    machine: Machine,
    outcome: Outcome,
    secret: Option<LoginSecret>,
    sockets: Vec<Socket>,
    /// In the order in which they were sent, so with rising times.
    sent: VecDeque<Sent>,
    /// The moment of the last step.
    t: i64,
    seq: u64,
}

impl Session {
    fn entry(&mut self, entry: Entry, watch: &mut impl Watch) -> Result<(), ReplayError> {
        let Entry { t, number, line } = entry;
        match line {
            Line::Output => {}
            Line::Unknown => watch.unknown_line(number),
            Line::Sent { method, qid } => self.was_sent(t, &method, qid, watch)?,
            Line::Frame { text } => {
                self.timers_until(t, Due::Before, watch)?;
                // Where nothing is open, it is of a connection that the recorded client had and ours has not.
                let open = self.sockets.iter().rev().find(|socket| socket.open);
                let socket = open.map_or(SocketId(u64::MAX), |socket| socket.id);
                let (text, _) = FrameText::from_wire(&text);
                self.input(t, InputKind::Frame { socket, text }, watch)?;
            }
            Line::Command(given) => {
                self.timers_until(t, Due::Before, watch)?;
                if given.secret.is_some() {
                    self.secret.clone_from(&given.secret);
                }
                self.input(t, InputKind::Command(given.command), watch)?;
            }
            Line::Socket { what, url } => {
                self.timers_until(t, Due::Before, watch)?;
                self.socket_changed(t, what, &url, watch)?;
            }
        }
        Ok(())
    }

    fn socket_changed(
        &mut self,
        t: i64,
        what: SocketChange,
        url: &str,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let open = what == SocketChange::Closed;
        let place = self.sockets.iter().position(|socket| socket.url.as_str() == url && socket.open == open);
        // A socket that was given up before it opened is closed, too.
        let place =
            place.or_else(|| self.sockets.iter().position(|socket| open && socket.url.as_str() == url));
        let Some(socket) = place.and_then(|place| self.sockets.get_mut(place)) else { return Ok(()) };
        let id = socket.id;
        let kind = match what {
            SocketChange::Opened => {
                socket.open = true;
                InputKind::Opened(id)
            }
            SocketChange::Refused => InputKind::Refused(id),
            SocketChange::Closed => InputKind::Closed(id),
        };
        if what != SocketChange::Opened {
            self.sockets.retain(|socket| socket.id != id);
        }
        self.input(t, kind, watch)
    }

    /// The recorded client sent a request: its id is that of our request of the same method.
    fn was_sent(
        &mut self,
        t: i64,
        method: &str,
        qid: Option<String>,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let Some(wire) = qid else { return Ok(()) };
        self.timers_until(t, Due::Before, watch)?;
        // The oldest one of this moment; only those of this moment are looked at.
        let made_now = |sent: &VecDeque<Sent>| {
            let since = sent.partition_point(|sent| sent.t < t);
            sent.iter()
                .skip(since)
                .position(|sent| sent.method == method && sent.t == t)
                .map(|place| since + place)
        };
        let mut place = made_now(&self.sent);
        if place.is_none() {
            self.timers_until(t, Due::ByThen, watch)?;
            place = made_now(&self.sent);
        }
        let place = place.or_else(|| self.sent.iter().rposition(|sent| sent.method == method));
        if let Some(Sent { qid, .. }) = place.and_then(|place| self.sent.remove(place)) {
            self.input(t, InputKind::Named { qid, wire: Text::from(wire) }, watch)?;
        }
        Ok(())
    }

    fn timers_until(&mut self, t: i64, due: Due, watch: &mut impl Watch) -> Result<(), ReplayError> {
        let until = self.moment(t);
        while let Some((at, timer)) = self.next_timer(until, due) {
            let t = self.millis(at);
            self.input_at(t, at, InputKind::Timer(timer), watch)?;
        }
        Ok(())
    }

    fn next_timer(&self, until: Timestamp, due: Due) -> Option<(Timestamp, Timer)> {
        let (at, timer) = self.machine.poll_timeout()?;
        (at < until || (due == Due::ByThen && at == until)).then_some((at, timer))
    }

    fn moment(&self, t: i64) -> Timestamp {
        Timestamp::from_millis(self.header.epoch_ms.saturating_add(t))
    }

    fn millis(&self, at: Timestamp) -> i64 {
        (at.as_micros().div_euclid(1_000)).saturating_sub(self.header.epoch_ms)
    }

    fn input(&mut self, t: i64, kind: InputKind<'_>, watch: &mut impl Watch) -> Result<(), ReplayError> {
        let at = self.moment(t);
        self.input_at(t, at, kind, watch)
    }

    fn input_at(
        &mut self,
        t: i64,
        at: Timestamp,
        kind: InputKind<'_>,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        self.t = self.t.max(t);
        let input = Input { at, kind };
        self.machine.handle(&input, &mut self.outcome);
        for effect in &self.outcome.effects {
            match effect {
                Effect::Dial { socket, url } => {
                    self.sockets.push(Socket { id: *socket, url: url.clone(), open: false });
                }
                Effect::Send { qid, request, .. } | Effect::SendLogin { qid, request, .. } => {
                    if self.sent.len() >= MAX_SENT {
                        self.sent.pop_front();
                    }
                    self.sent.push_back(Sent { qid: *qid, method: request.method().to_owned(), t: self.t });
                }
                Effect::Close { .. } => {}
                _ => {}
            }
        }
        self.seq += 1;
        let step = Step {
            header: &self.header,
            seq: self.seq,
            t: self.t,
            input: &input,
            machine: &self.machine,
            outcome: &self.outcome,
            secret: self.secret.as_ref(),
        };
        Ok(watch.step(&step)?)
    }
}

/// Writes a replay as the reference's traces have it: announcements, results, snapshots, what is dialled and
/// sent, one JSON object a line. As a [`Watch`] it writes all of a replay; its methods write what came of the same
/// session in another way, such as over sockets.
#[derive(Debug)]
pub struct Announcer<W> {
    out: W,
    last: Option<Value>,
}

impl<W: std::io::Write> Announcer<W> {
    /// Writes to `out`.
    pub const fn new(out: W) -> Self {
        Self { out, last: None }
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes what was announced at `t`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn told(&mut self, t: i64, level: Level, events: &[Event]) -> std::io::Result<()> {
        for event in events {
            match announce::announcement(event) {
                Some(Announcement::Event { name, args }) => {
                    self.line(&json!({ "t": t, "event": name, "args": args }))?;
                }
                Some(Announcement::Provider { name, args }) => {
                    self.line(&json!({ "t": t, "provider": name, "args": args }))?;
                }
                Some(Announcement::Throws { text }) => self.line(&json!({ "t": t, "throws": text }))?,
                Some(Announcement::Result { command, value }) if level == Level::Oktell => {
                    self.line(&json!({ "t": t, "result": command.text(), "value": value }))?;
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Writes that an address was dialled.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn dialled(&mut self, t: i64, url: &str) -> std::io::Result<()> {
        self.line(&json!({ "t": t, "ws": "open", "url": url }))
    }

    /// Writes a frame that was sent. It is JSON already, and is put into the line as it is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn sent(&mut self, t: i64, frame: &str) -> std::io::Result<()> {
        writeln!(self.out, r#"{{"t":{t},"wire":{frame}}}"#)
    }

    /// Writes the snapshot of what is so at `now`, where it differs from the last one that was written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn state(
        &mut self,
        t: i64,
        level: Level,
        numbers: &[String],
        view: &View,
        now: Timestamp,
    ) -> std::io::Result<()> {
        let snapshot = match level {
            Level::Oktell => announce::snapshot(view, now, numbers),
            Level::Cti => announce::snapshot_with_model(view, now, numbers),
        };
        if self.last.as_ref() != Some(&snapshot) {
            self.line(&json!({ "t": t, "after": snapshot }))?;
            self.last = Some(snapshot);
        }
        Ok(())
    }

    fn line(&mut self, line: &Value) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

impl<W: std::io::Write> Watch for Announcer<W> {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        let t = step.t;
        self.told(t, step.header.level, &step.outcome.events)?;
        for effect in &step.outcome.effects {
            if let Effect::Dial { url, .. } = effect {
                self.dialled(t, url.as_str())?;
            } else if let Some(frame) = step.frame(effect) {
                self.sent(t, &frame)?;
            }
        }
        if !step.outcome.events.is_empty() || step.machine.view().talk_since.is_some() {
            let Header { level, numbers, .. } = step.header;
            self.state(t, *level, numbers, step.machine.view(), step.machine.now())?;
        }
        Ok(())
    }
}

/// Reads the calls, commands and times of a replay.
#[derive(Debug, Default)]
pub struct CallReader {
    log: CallLog,
    over: Over,
}

impl CallReader {
    /// The calls and commands of the whole session, in the order in which they began, and the ledger. Calls that began with
    /// the same record are in the order of their ids, as a log has them.
    #[must_use]
    pub fn finish(mut self) -> (Over, TimeLedger) {
        let rest = self.log.close();
        self.over.calls.extend(rest.calls);
        self.over.commands.extend(rest.commands);
        self.over.calls.sort_by(Call::by_began);
        self.over.commands.sort_by_key(|command| command.id);
        (self.over, self.log.ledger().clone())
    }
}

impl Watch for CallReader {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        self.log.input(&step.input.kind);
        self.log.record(step.seq, step.machine.now(), &step.outcome.events);
        let over = self.log.take_over();
        self.over.calls.extend(over.calls);
        self.over.commands.extend(over.commands);
        Ok(())
    }

    fn end(&mut self, at: Timestamp) {
        self.log.time_passes_until(at);
    }
}

/// Counts what a replay makes of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Inputs and timers.
    pub inputs: u64,
    /// Events.
    pub events: u64,
    /// Calls that were talked on: talks begun.
    pub talks: u64,
    /// Commands given.
    pub commands: u64,
    /// Commands refused.
    pub refused: u64,
    /// Messages that could not be read, and clocks that stepped back.
    pub findings: u64,
    /// Lines of an unknown kind.
    pub unknown_lines: u64,
}

impl Watch for Tally {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        self.inputs += 1;
        for event in &step.outcome.events {
            self.count(event);
        }
        Ok(())
    }

    fn unknown_line(&mut self, _number: usize) {
        self.unknown_lines += 1;
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.events += other.events;
        self.talks += other.talks;
        self.commands += other.commands;
        self.refused += other.refused;
        self.findings += other.findings;
        self.unknown_lines += other.unknown_lines;
    }
}

impl Tally {
    /// Counts an event.
    pub fn count(&mut self, event: &Event) {
        self.events += 1;
        self.talks += u64::from(matches!(event, Event::LineStarted { state: LineState::Talk, .. }));
        self.commands += u64::from(matches!(event, Event::CommandGiven { .. }));
        self.refused += u64::from(matches!(event, Event::CommandDone { result, .. } if !result.is_done()));
        self.findings += u64::from(event.is_finding());
    }
}
