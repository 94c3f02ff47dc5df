//! What a machine and a recorder have in common: inputs go in, events and effects are asked for.

use std::collections::VecDeque;

use callfold::log::{Recorder, input_from_json};
use callfold::problem::{Problem, ProblemCode};
use callfold::wire::{FrameText, LoginSecret};
use callfold::{
    Command, Config, Connection, CredentialHandle, CtiConfig, Effect, Event, Input, InputKind, Machine,
    ModelCommand, Outcome, SocketId, Timestamp,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::command::{Proof, callfold_command, callfold_endpoint};
use crate::event::{self, Place, callfold_event};
use crate::options::{Options, callfold_flag};
use crate::text::{bad, callfold_str};
use crate::view::Seen;

/// How a machine behaves.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_config {
    /// sizeof(callfold_config)
    pub size: usize,
    /// Whether it runs sessions that the reference client recorded, and behaves as that did; if not, it is for a live server.
    pub is_replay: callfold_flag,
    /// Whether the CTI model is kept.
    pub has_cti: callfold_flag,
    /// Whether the CTI model's agent stays out of the call centre on connecting.
    pub stays_out: callfold_flag,
}

// SAFETY: it is repr(C), begins with its size, and is made of bools, which may be zero.
unsafe impl Options for callfold_config {
    const NAME: &'static str = "callfold_config";
}

impl callfold_config {
    pub(crate) fn made(&self) -> Config {
        let config = if self.is_replay.is() { Config::replay() } else { Config::live() };
        if self.has_cti.is() { config.with_cti(CtiConfig { operator: !self.stays_out.is() }) } else { config }
    }
}

/// What happened (`CALLFOLD_INPUT_FRAME`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_input_kind = u32;

/// A socket that was to be dialled is open.
pub const CALLFOLD_INPUT_OPENED: u32 = 1;
/// A socket that was to be dialled could not be opened.
pub const CALLFOLD_INPUT_REFUSED: u32 = 2;
/// An open socket was closed, by either side. Owed for every socket that was opened.
pub const CALLFOLD_INPUT_CLOSED: u32 = 3;
/// A text message came: `text`. Secrets in it are taken out before anything is made of it.
pub const CALLFOLD_INPUT_FRAME: u32 = 4;
/// A binary message came: `text`. The protocol has none; it is told as unreadable.
pub const CALLFOLD_INPUT_BINARY: u32 = 5;
/// The application commands something: `command`.
pub const CALLFOLD_INPUT_COMMAND: u32 = 6;
/// It is so late: timers that are due by now are handled.
pub const CALLFOLD_INPUT_WAKE: u32 = 7;

/// Something that happened to a machine. Fill in `size`, `kind` and `at`, and what the kind needs; zero the rest.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_input {
    /// sizeof(callfold_input)
    pub size: usize,
    /// What happened.
    pub kind: callfold_input_kind,
    /// When: microseconds of UTC since 1970. A clock that steps back is held, and that is told.
    pub at: i64,
    /// Which socket, by the number that the machine gave it.
    pub socket: u64,
    /// The message.
    pub text: callfold_str,
    /// The command.
    pub command: *const callfold_command,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers and pointers, which may be zero.
unsafe impl Options for callfold_input {
    const NAME: &'static str = "callfold_input";
}

/// What is to be done (`CALLFOLD_EFFECT_DIAL`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_effect_kind = u32;

/// Open a WebSocket with subprotocol `json` to `url`: only to that host, and `wss` never becomes `ws`. Answer with
/// CALLFOLD_INPUT_OPENED or CALLFOLD_INPUT_REFUSED.
pub const CALLFOLD_EFFECT_DIAL: u32 = 1;
/// Send `frame`. It may carry a login: do not log it.
pub const CALLFOLD_EFFECT_SEND: u32 = 2;
/// Close a socket, after what was sent. Answer with CALLFOLD_INPUT_CLOSED; messages until then are still taken.
pub const CALLFOLD_EFFECT_CLOSE: u32 = 3;

/// Something to do, in the order told. Strings are borrowed until the next call with this machine or recorder.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_effect {
    /// What is to be done.
    pub kind: callfold_effect_kind,
    /// With which socket: the machine's number for it.
    pub socket: u64,
    /// Where to dial.
    pub url: callfold_str,
    /// The wire's method of what is to be sent, for logs.
    pub method: callfold_str,
    /// The message. Nothing for a login whose secret was not given.
    pub frame: callfold_str,
}

/// What decides.
enum Reducer {
    Machine(Box<(Machine, Outcome)>),
    Recorder(Box<Recorder>, String),
}

/// The effect that was handed out last: what it borrows.
#[derive(Default)]
struct Written {
    text: String,
    frame: Option<Zeroizing<String>>,
}

/// A machine or a recorder, with what it decided and nobody asked for yet.
pub(crate) struct Fed {
    reducer: Reducer,
    secret: Option<LoginSecret>,
    /// Of the last call that handled something: each with its moment, its record and its place there.
    events: Vec<(Event, i64, u64, u32)>,
    next: usize,
    effects: VecDeque<Effect>,
    written: Written,
}

impl Fed {
    fn over(reducer: Reducer) -> Self {
        let (events, effects) = (Vec::new(), VecDeque::new());
        Self { reducer, secret: None, events, next: 0, effects, written: Written::default() }
    }

    pub(crate) fn machine(machine: Machine) -> Self {
        Self::over(Reducer::Machine(Box::new((machine, Outcome::default()))))
    }

    /// Of a stream of this name.
    pub(crate) fn recorder(recorder: Recorder, stream: &str) -> Self {
        Self::over(Reducer::Recorder(Box::new(recorder), stream.to_owned()))
    }

    const fn reduced(&self) -> &Machine {
        match &self.reducer {
            Reducer::Machine(machine) => &machine.0,
            Reducer::Recorder(recorder, _) => recorder.machine(),
        }
    }

    /// Forgets the events of the call before.
    fn begin(&mut self) {
        self.events.clear();
        self.next = 0;
    }

    fn input(&mut self, at: Timestamp, kind: InputKind<'_>) -> Result<(), Problem> {
        let input = Input { at, kind };
        let Self { reducer, events, effects, .. } = self;
        match reducer {
            Reducer::Machine(held) => {
                let (machine, outcome) = &mut **held;
                machine.handle(&input, outcome);
                let now = machine.now().as_micros();
                events
                    .extend((0..).zip(outcome.events.drain(..)).map(|(place, event)| (event, now, 0, place)));
                effects.extend(outcome.effects.drain(..));
            }
            Reducer::Recorder(recorder, _) => {
                let all = recorder.handle_all(std::slice::from_ref(&input))?;
                let now = recorder.machine().now().as_micros();
                for handled in all {
                    let seq = handled.seq.unwrap_or_default();
                    let told = handled.outcome.events;
                    events.extend((0..).zip(told).map(|(place, event)| (event, now, seq, place)));
                    effects.extend(handled.outcome.effects);
                }
            }
        }
        Ok(())
    }

    /// Handles what C says has happened.
    pub(crate) fn handle(&mut self, input: &callfold_input) -> Result<(), Problem> {
        let at = Timestamp::from_micros(input.at);
        let socket = SocketId(input.socket);
        let kind = match input.kind {
            CALLFOLD_INPUT_OPENED => InputKind::Opened(socket),
            CALLFOLD_INPUT_REFUSED => InputKind::Refused(socket),
            CALLFOLD_INPUT_CLOSED => InputKind::Closed(socket),
            CALLFOLD_INPUT_FRAME => {
                // An empty message has no first byte, in many a library.
                let (text, _) = FrameText::from_wire(input.text.given("input.text")?.unwrap_or_default());
                InputKind::Frame { socket, text }
            }
            CALLFOLD_INPUT_BINARY => {
                let bytes = input.text.bytes("input.text")?.unwrap_or_default();
                InputKind::Binary { socket, bytes: bytes.into() }
            }
            CALLFOLD_INPUT_COMMAND => InputKind::Command(callfold_command::read(input.command)?),
            CALLFOLD_INPUT_WAKE => {
                self.begin();
                return self.wake(at);
            }
            other => {
                let why = format!("input.kind: there is no input {other}");
                return Err(Problem::new(ProblemCode::UnknownName, why));
            }
        };
        self.begin();
        self.input(at, kind)
    }

    fn wake(&mut self, at: Timestamp) -> Result<(), Problem> {
        while let Some((due, timer)) = self.reduced().poll_timeout() {
            if due > at {
                break;
            }
            self.input(at, InputKind::Timer(timer))?;
        }
        Ok(())
    }

    /// Handles an input as an exported log has it, with its moment: `{"at":…,"frame":…,"socket":1}`.
    pub(crate) fn handle_json(&mut self, text: &str) -> Result<(), Problem> {
        let not_json = |why: String| Problem::new(ProblemCode::NotJson, format!("input_json: {why}"));
        let value: Value = serde_json::from_str(text).map_err(|_| not_json("it is no JSON".to_owned()))?;
        let at = value.get("at").and_then(Value::as_i64);
        let at =
            Timestamp::from_micros(at.ok_or_else(|| not_json("`at` is missing, or no number".to_owned()))?);
        if value.get("wake").and_then(Value::as_bool) == Some(true) {
            self.begin();
            return self.wake(at);
        }
        let kind = input_from_json(&value).map_err(|error| not_json(error.to_string()))?;
        self.begin();
        self.input(at, kind)
    }

    /// Connects. The secret stays here, and is written into the login when that is to be sent.
    pub(crate) fn connect(&mut self, at: i64, endpoint: &callfold_endpoint) -> Result<(), Problem> {
        let handle = CredentialHandle(1);
        let proof = endpoint.proof()?;
        let credential =
            proof.as_ref().map_or(callfold::Credential::Missing, |proof| proof.credential(handle));
        let endpoint = endpoint.made(credential)?;
        let secret = proof.map(|proof| match proof {
            Proof::Password(password) => LoginSecret::from_password(&password),
            Proof::Session(id) => LoginSecret::from_session(&id),
        });
        let command = if self.reduced().view().cti.is_some() {
            Command::Model(ModelCommand::Connect(endpoint))
        } else {
            Command::Connect(endpoint)
        };
        self.begin();
        let was_offline = self.reduced().view().connection == Connection::Offline;
        self.input(Timestamp::from_micros(at), InputKind::Command(command))?;
        // One that is refused, because it is connected already, leaves the secret of the one that was not.
        if was_offline {
            self.secret = secret;
        }
        Ok(())
    }

    /// The sockets of a recorder that went on are gone.
    pub(crate) fn close_all(&mut self, at: i64) -> Result<(), Problem> {
        let sockets: Vec<_> = self.reduced().sockets().collect();
        for socket in sockets {
            self.input(Timestamp::from_micros(at), InputKind::Closed(socket))?;
        }
        Ok(())
    }

    fn told(&self, index: usize) -> Option<(&Event, callfold_event)> {
        let (event, at, seq, place) = self.events.get(index)?;
        let stream = match &self.reducer {
            Reducer::Machine(_) => None,
            Reducer::Recorder(_, stream) => Some(stream.as_str()),
        };
        Some((event, event::told(event, Place { at: *at, seq: *seq, place: *place, stream })))
    }

    /// The next event of the last call that handled something.
    pub(crate) fn next_event(&mut self) -> Option<callfold_event> {
        let (_, told) = self.told(self.next)?;
        self.next += 1;
        Some(told)
    }

    /// The event that was handed out last, as JSON.
    pub(crate) fn event_json(&self) -> Result<String, Problem> {
        let last = self.next.checked_sub(1).and_then(|last| self.told(last));
        let (event, _) = last.ok_or_else(|| bad("no event was asked for yet"))?;
        event::json(event)
    }

    /// The next thing to do.
    pub(crate) fn next_effect(&mut self) -> Result<Option<callfold_effect>, Problem> {
        let Some(effect) = self.effects.pop_front() else { return Ok(None) };
        let unwritable = |_| Problem::new(ProblemCode::NotJson, "a request's parameters are no JSON object");
        let (kind, socket) = match &effect {
            Effect::Dial { socket, url } => {
                self.written = Written { text: url.as_str().to_owned(), frame: None };
                (CALLFOLD_EFFECT_DIAL, socket)
            }
            Effect::Send { socket, qid, login, request } => {
                let frame = request.write(&qid.to_string(), login.as_str()).map_err(unwritable)?;
                self.written =
                    Written { text: request.method().to_owned(), frame: Some(Zeroizing::new(frame)) };
                (CALLFOLD_EFFECT_SEND, socket)
            }
            Effect::SendLogin { socket, qid, login, request, .. } => {
                let secret = self.secret.as_ref();
                let frame =
                    secret.map(|secret| request.write_login(&qid.to_string(), login.as_str(), secret));
                let frame = frame.transpose().map_err(unwritable)?.map(Zeroizing::new);
                self.written = Written { text: request.method().to_owned(), frame };
                (CALLFOLD_EFFECT_SEND, socket)
            }
            Effect::Close { socket } => {
                self.written = Written::default();
                (CALLFOLD_EFFECT_CLOSE, socket)
            }
            _ => return Err(Problem::new(ProblemCode::Internal, "an effect that is not known here")),
        };
        let text = |is| if is { callfold_str::of(&self.written.text) } else { callfold_str::NONE };
        Ok(Some(callfold_effect {
            kind,
            socket: socket.0,
            url: text(kind == CALLFOLD_EFFECT_DIAL),
            method: text(kind == CALLFOLD_EFFECT_SEND),
            frame: callfold_str::maybe(self.written.frame.as_ref().map(|frame| frame.as_str())),
        }))
    }

    /// When to come back.
    pub(crate) fn timeout(&self) -> Option<i64> {
        self.reduced().poll_timeout().map(|(at, _)| at.as_micros())
    }

    /// What came of the last call that handled something, as JSON. Its events and all effects that are to be done count as
    /// asked for.
    pub(crate) fn step_json(&mut self) -> Result<String, Problem> {
        let mut events = Vec::new();
        while let Some((event, told)) = self.told(self.next) {
            let json: Value = serde_json::from_str(&event::json(event)?).unwrap_or_default();
            let seq = (told.seq > 0).then_some(told.seq);
            events.push(json!({ "at": told.at, "seq": seq, "name": event.name(), "event": json }));
            self.next += 1;
        }
        let mut effects = Vec::new();
        while let Some(effect) = self.next_effect()? {
            let text = |text: &callfold_str| text.given("effect").ok().flatten().map(str::to_owned);
            let socket = effect.socket;
            effects.push(match effect.kind {
                CALLFOLD_EFFECT_DIAL => json!({ "dial": text(&effect.url), "socket": socket }),
                CALLFOLD_EFFECT_SEND => {
                    json!({ "send": text(&effect.frame), "method": text(&effect.method), "socket": socket })
                }
                _ => json!({ "close": socket }),
            });
        }
        Ok(json!({ "events": events, "effects": effects, "timeout": self.timeout() }).to_string())
    }

    /// What is so now.
    pub(crate) fn seen(&self) -> Seen {
        let machine = self.reduced();
        let seq = match &self.reducer {
            Reducer::Machine(_) => 0,
            Reducer::Recorder(recorder, _) => recorder.seq(),
        };
        Seen { view: machine.view().clone(), at: Some(machine.now()), seq, turn: 0, numbers: Vec::new() }
    }

    pub(crate) fn snapshot(&self) -> Vec<u8> {
        self.reduced().snapshot()
    }
}
