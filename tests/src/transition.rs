//! Sessions of any kind: one transition each, written as one line of text, and a walk that holds the engine to
//! its laws after every step.
//!
//! The property tests draw transitions, the fuzzer mutates their text, and a session that once failed is kept
//! as a file of such lines. What a walk checks, whatever the inputs are:
//!
//! - no input panics;
//! - the same inputs give the same events, effects and snapshot: a twin machine is fed too, and is replaced by
//!   a restored snapshot wherever a session says so;
//! - the events, folded from nothing, give the machine's view;
//! - time never runs backwards inside the machine;
//! - a timer that was fired is not due again at that moment, and few fire in a second.

// A broken law is reported by a panic: that is what tests and fuzzer look for.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt;

use callfold_engine::wire::FrameText;
use callfold_engine::{
    Command, Config, Effect, Input, InputKind, Machine, Outcome, SocketId, Timer, Timestamp, View,
};

/// When a session begins, in milliseconds.
pub const EPOCH: i64 = 1_768_197_600_000;

/// More timers than this in one wait are a machine that never sleeps.
const MAX_TIMERS_PER_WAIT: u32 = 2_000;

/// The longest wait, in milliseconds.
const MAX_WAIT: i64 = 60_000;

/// One step of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `o`: a dialled socket opens; the last one for 0, the one before for 1, and so on.
    Opened(u8),
    /// `r`: a dialled socket is refused.
    Refused(u8),
    /// `c`: a socket is closed.
    Closed(u8),
    /// `a`: the newest unanswered request of a method is answered with a body, its id filled in.
    Answer(String, String),
    /// `n`: an unanswered request is answered with a body; the newest for 0, and so on.
    AnswerAny(u8, String),
    /// `[`: a frame as it is, on the socket dialled last.
    Frame(String),
    /// `s`: a frame on an earlier socket, or one that never was.
    FrameOn(u8, String),
    /// `b`: bytes as a text message, in hex.
    Bytes(Vec<u8>),
    /// `y`: bytes as a binary message, in hex.
    Binary(Vec<u8>),
    /// `!`: a command, as JSON.
    Command(Command),
    /// `w`: milliseconds pass, every due timer fires at its moment.
    Wait(i64),
    /// `t`: the timer due next fires at its moment.
    NextTimer,
    /// `j`: the clock jumps by milliseconds, forward or back, and nothing fires.
    Jump(i64),
    /// `@`: the clock is set to microseconds since 1970, anywhere.
    Clock(i64),
    /// `?`: a timer is fired out of turn, as JSON.
    Stray(Timer),
    /// `q`: the newest unanswered request goes by another id on the wire.
    Named(String),
    /// `z`: the twin is put aside for a machine restored from a snapshot.
    Restore,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line is one line: what cannot be written in one is written as bytes.
        let one_line = |text: &str| !text.contains(['\n', '\r']);
        match self {
            Self::Opened(socket) => write!(f, "o{socket}"),
            Self::Refused(socket) => write!(f, "r{socket}"),
            Self::Closed(socket) => write!(f, "c{socket}"),
            Self::Answer(method, body) => write!(f, "a{method} {}", body.replace(['\n', '\r'], " ")),
            Self::AnswerAny(place, body) => write!(f, "n{place} {}", body.replace(['\n', '\r'], " ")),
            Self::Frame(text) if one_line(text) && text.starts_with('[') => f.write_str(text),
            Self::Frame(text) => Self::Bytes(text.as_bytes().to_vec()).fmt(f),
            Self::FrameOn(socket, text) => write!(f, "s{socket} {}", text.replace(['\n', '\r'], " ")),
            Self::Bytes(bytes) => write!(f, "b{}", hex(bytes)),
            Self::Binary(bytes) => write!(f, "y{}", hex(bytes)),
            Self::Command(command) => {
                write!(f, "!{}", serde_json::to_string(command).map_err(|_| fmt::Error)?)
            }
            Self::Wait(millis) => write!(f, "w{millis}"),
            Self::NextTimer => f.write_str("t"),
            Self::Jump(millis) => write!(f, "j{millis}"),
            Self::Clock(micros) => write!(f, "@{micros}"),
            Self::Stray(timer) => write!(f, "?{}", serde_json::to_string(timer).map_err(|_| fmt::Error)?),
            Self::Named(name) => write!(f, "q{}", name.replace(['\n', '\r'], " ")),
            Self::Restore => f.write_str("z"),
        }
    }
}

impl Transition {
    /// Reads a line. Every line means something: one of no known kind is a frame of just these bytes.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Self {
        Self::parse(line).unwrap_or_else(|| Self::Bytes(line.to_vec()))
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let mut letters = text.chars();
        let kind = letters.next()?;
        let rest = letters.as_str();
        let pair = || rest.split_once(' ').unwrap_or((rest, "{}"));
        Some(match kind {
            'o' => Self::Opened(rest.parse().ok()?),
            'r' => Self::Refused(rest.parse().ok()?),
            'c' => Self::Closed(rest.parse().ok()?),
            'a' => Self::Answer(pair().0.to_owned(), pair().1.to_owned()),
            'n' => Self::AnswerAny(pair().0.parse().ok()?, pair().1.to_owned()),
            '[' => Self::Frame(text.to_owned()),
            's' => Self::FrameOn(pair().0.parse().ok()?, pair().1.to_owned()),
            'b' => Self::Bytes(unhex(rest)?),
            'y' => Self::Binary(unhex(rest)?),
            '!' => Self::Command(serde_json::from_str(rest).ok()?),
            'w' => Self::Wait(rest.parse().ok()?),
            't' if rest.is_empty() => Self::NextTimer,
            'j' => Self::Jump(rest.parse().ok()?),
            '@' => Self::Clock(rest.parse().ok()?),
            '?' => Self::Stray(serde_json::from_str(rest).ok()?),
            'q' => Self::Named(rest.to_owned()),
            'z' if rest.is_empty() => Self::Restore,
            _ => return None,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// A session as text: one transition a line.
#[must_use]
pub fn to_text(session: &[Transition]) -> String {
    session.iter().map(|transition| format!("{transition}\n")).collect()
}

/// The session that a text, or any bytes, mean. Lines that begin with `#` are remarks.
pub fn from_text(text: &[u8]) -> impl Iterator<Item = Transition> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(Transition::from_line)
}

/// A request that has no answer yet.
#[derive(Clone, Debug)]
struct Asked {
    qid: u64,
    method: String,
}

/// A machine, its twin, and the world around them.
#[derive(Clone, Debug)]
pub struct Walk {
    machine: Machine,
    twin: Machine,
    folded: View,
    outcome: Outcome,
    twin_outcome: Outcome,
    /// Microseconds since 1970: what the clock outside says.
    clock: i64,
    sockets: Vec<SocketId>,
    asked: Vec<Asked>,
    /// What was decided, as it would be stored.
    stored: Vec<u8>,
    stores: bool,
    began: bool,
}

impl Walk {
    /// A new machine in a world where nothing has happened.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            machine: Machine::new(config.clone()),
            twin: Machine::new(config),
            folded: View::default(),
            outcome: Outcome::default(),
            twin_outcome: Outcome::default(),
            clock: EPOCH * 1_000,
            sockets: Vec::new(),
            asked: Vec::new(),
            stored: Vec::new(),
            stores: false,
            began: false,
        }
    }

    /// Keeps the bytes of every event, as a log would.
    #[must_use]
    pub fn storing(mut self) -> Self {
        self.stores = true;
        self
    }

    /// The machine as it is now.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The bytes of all events, if they are kept.
    #[must_use]
    pub fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// Takes every step of a session, and checks the machine's snapshot at the end.
    pub fn run(&mut self, session: impl IntoIterator<Item = Transition>) -> &mut Self {
        for transition in session {
            self.step(&transition);
        }
        self.check_restore();
        self
    }

    fn socket(&self, back: u8) -> SocketId {
        let place = self.sockets.len().checked_sub(1 + usize::from(back));
        place.map_or(SocketId(u64::MAX), |place| self.sockets[place])
    }

    /// Takes one step.
    pub fn step(&mut self, transition: &Transition) {
        match transition {
            Transition::Opened(back) => self.input(InputKind::Opened(self.socket(*back))),
            Transition::Refused(back) => self.input(InputKind::Refused(self.socket(*back))),
            Transition::Closed(back) => self.input(InputKind::Closed(self.socket(*back))),
            Transition::Answer(method, body) => {
                let place = self.asked.iter().rposition(|asked| asked.method == *method);
                self.answer(place, method, body);
            }
            Transition::AnswerAny(back, body) => {
                let place = self.asked.len().checked_sub(1 + usize::from(*back));
                let method = place.map_or_else(String::new, |place| self.asked[place].method.clone());
                self.answer(place, &method, body);
            }
            Transition::Frame(text) => self.frame(self.socket(0), text),
            Transition::FrameOn(back, text) => self.frame(self.socket(*back), text),
            Transition::Bytes(bytes) => self.frame(self.socket(0), &String::from_utf8_lossy(bytes)),
            Transition::Binary(bytes) => {
                self.input(InputKind::Binary { socket: self.socket(0), bytes: bytes.as_slice().into() });
            }
            Transition::Command(command) => self.input(InputKind::Command(command.clone())),
            Transition::Wait(millis) => self.wait(*millis),
            Transition::NextTimer => {
                if let Some((at, timer)) = self.machine.poll_timeout() {
                    self.clock = self.clock.max(at.as_micros());
                    self.fire(at, timer);
                }
            }
            Transition::Jump(millis) => {
                self.clock = self.clock.saturating_add(millis.saturating_mul(1_000));
            }
            Transition::Clock(micros) => self.clock = *micros,
            Transition::Stray(timer) => self.input(InputKind::Timer(*timer)),
            Transition::Named(name) => {
                let qid = self.asked.last().map_or(0, |asked| asked.qid);
                self.input(InputKind::Named { qid, wire: name.as_str().into() });
            }
            Transition::Restore => self.check_restore(),
        }
    }

    /// The machine's snapshot is a machine that is the same, and takes the twin's place.
    fn check_restore(&mut self) {
        let snapshot = self.machine.snapshot();
        assert!(snapshot == self.twin.snapshot(), "the same inputs, another snapshot");
        self.twin = Machine::restore(&snapshot).expect("a snapshot can be restored");
        assert!(self.twin == self.machine, "a snapshot restores another machine");
    }

    fn answer(&mut self, place: Option<usize>, method: &str, body: &str) {
        let qid = place.map_or(0, |place| self.asked.remove(place).qid);
        let fields = body.trim().trim_start_matches('{');
        let comma = if fields.starts_with('}') { "" } else { "," };
        let name = if method == "ping" { "pong".to_owned() } else { format!("{method}result") };
        self.frame(self.socket(0), &format!("[\"{name}\",{{\"qid\":\"{qid}\"{comma}{fields}]"));
    }

    fn frame(&mut self, socket: SocketId, text: &str) {
        let (text, _) = FrameText::from_wire(text);
        self.input(InputKind::Frame { socket, text });
    }

    fn wait(&mut self, millis: i64) {
        let until = self.clock.saturating_add(millis.clamp(0, MAX_WAIT).saturating_mul(1_000));
        for _ in 0..MAX_TIMERS_PER_WAIT {
            match self.machine.poll_timeout() {
                Some((at, timer)) if at.as_micros() <= until => {
                    self.clock = self.clock.max(at.as_micros());
                    self.fire(at, timer);
                }
                Some(_) | None => {
                    self.clock = until;
                    return;
                }
            }
        }
        panic!("timers without end: {:?} is due once more", self.machine.poll_timeout());
    }

    /// Fires a timer that is due. The same deadline may not stand again.
    fn fire(&mut self, due: Timestamp, timer: Timer) {
        self.input(InputKind::Timer(timer));
        assert!(self.machine.poll_timeout() != Some((due, timer)), "{timer:?} is due at {due:?} again");
    }

    fn input(&mut self, kind: InputKind<'_>) {
        let before = self.machine.now();
        let input = Input { at: Timestamp::from_micros(self.clock), kind };
        self.machine.handle(&input, &mut self.outcome);
        self.twin.handle(&input, &mut self.twin_outcome);
        assert!(self.outcome.events == self.twin_outcome.events, "the same input, other events");
        assert!(self.outcome.effects == self.twin_outcome.effects, "the same input, other effects");
        assert!(!self.began || self.machine.now() >= before, "time ran backwards");
        self.began = true;
        for event in &self.outcome.events {
            self.folded.apply(event);
            if self.stores {
                self.stored.extend(postcard::to_allocvec(event).expect("an event can be stored"));
            }
        }
        assert!(self.folded == *self.machine.view(), "the events do not add up to the view");
        for effect in &self.outcome.effects {
            match effect {
                Effect::Dial { socket, .. } => self.sockets.push(*socket),
                Effect::Send { qid, request, .. } | Effect::SendLogin { qid, request, .. } => {
                    self.asked.push(Asked { qid: *qid, method: request.method().to_owned() });
                }
                Effect::Close { .. } => {}
                _ => {}
            }
        }
        // A server that answers nothing is remembered no longer than the machine remembers it.
        let surplus = self.asked.len().saturating_sub(512);
        self.asked.drain(..surplus);
    }
}
