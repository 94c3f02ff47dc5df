//! The machine: all rules, none of the world.
//!
//! [`Machine::handle`] takes one input and says what was decided (events) and what is to be done (effects).
//! Each module here has the rules of one part of the spec; all of them work on a [`Turn`], which is one
//! input being handled.

mod address;
mod agent;
mod ask;
mod commands;
mod conference;
mod connection;
mod cti;
mod hold;
mod line;
mod loading;
mod queue;
mod snapshot;

use serde::{Deserialize, Serialize};

use crate::command::CommandId;
use crate::directory::DirectoryPool;
use crate::effect::Effect;
use crate::event::{Event, NativeName};
use crate::input::{Input, InputKind, SocketId};
use crate::text::{ChainId, ConferenceId, Text};
use crate::time::{Span, Timestamp};
use crate::timer::{Timer, Timers};
use crate::view::{LineState, View};
use crate::wire::{Assembled, Body, Frame, Multipart, RefusedPart, Unreadable, UnreadableReason, given};

use ask::Pending;
use commands::{Answers, Builds};
use connection::Link;

pub use snapshot::SnapshotError;

/// How the machine is to behave. Who connects, where and as whom comes with the command `connect`; a secret
/// is never part of either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// Whether a live server is at the other end, or a recorded session is replayed.
    pub mode: Mode,
    /// Whether the CTI model (spec part 5) is kept, and how. None: it is not.
    pub cti: Option<CtiConfig>,
}

/// How the CTI model is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CtiConfig {
    /// Whether the agent enters the call centre on connecting (`IS_OPERATOR` of the seed).
    pub operator: bool,
}

impl Default for CtiConfig {
    fn default() -> Self {
        Self { operator: true }
    }
}

impl Config {
    /// For a live server.
    #[must_use]
    pub const fn live() -> Self {
        Self { mode: Mode::Live, cti: None }
    }

    /// For the replay of a session that the reference client recorded.
    #[must_use]
    pub const fn replay() -> Self {
        Self { mode: Mode::Replay, cti: None }
    }

    /// The same, with the CTI model.
    #[must_use]
    pub fn with_cti(self, cti: CtiConfig) -> Self {
        Self { cti: Some(cti), ..self }
    }
}

/// Where the machine differs between a live server and the replay of the reference client's sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Refused sockets are noticed at once; every command is answered, also when its connection is lost;
    /// answers to questions that were not asked are left alone.
    #[default]
    Live,
    /// As the reference client: refused sockets are noticed at the open timeout, a connection lost before it
    /// was made is not told, and unanswered questions about line, queue and conference do not fail. An answer
    /// to a question that this engine did not ask is taken for what it is.
    Replay,
}

/// What came of one input. Reuse one for all inputs: it keeps its memory.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// What was decided, in order.
    pub events: Vec<Event>,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// The long message of which the input was the last piece. A record keeps it beside the pieces.
    pub message: Option<LongMessage>,
}

/// A long message that came in pieces.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LongMessage {
    /// Its text, without secrets.
    pub text: String,
    /// Whether a secret was taken out of it. Its pieces hold that still.
    pub had_secret: bool,
}

impl std::fmt::Debug for LongMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LongMessage({} bytes)", self.text.len())
    }
}

/// The reducer for one agent's line.
///
/// 1. Make one with [`Machine::new`], or bring one back with [`Machine::restore`].
/// 2. Hand it every input, in order, with [`Machine::handle`].
/// 3. Keep the events, carry out the effects.
/// 4. Ask [`Machine::poll_timeout`] when to come back with [`InputKind::Timer`]; ask again after every input.
///
/// The same inputs give the same events and effects, on every machine and at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    config: Config,
    view: View,
    memory: Memory,
}

/// What the rules remember and nobody else needs to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// The moment of the last input, if there was one.
    now: Option<Timestamp>,
    last_qid: u64,
    last_socket: u64,
    last_command: u64,
    timers: Timers,
    multipart: Multipart,
    pending: Vec<Pending>,
    link: Link,
    marks: Marks,
    after_busy: agent::AfterBusy,
    answers: Answers,
    builds: Builds,
    ghosts: commands::Ghosts,
    provider: cti::Provider,
}

/// The session marks of spec part 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    autocall_pending: bool,
    commutation_stopped: bool,
}

impl Machine {
    /// A machine that knows nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, view: View::default(), memory: Memory::default() }
    }

    /// What is so now.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// The moment of the last input; 1970 before the first.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.memory.now.unwrap_or_default()
    }

    /// When to come back with [`InputKind::Timer`], and for what. Changes with every input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        self.memory.timers.next()
    }

    /// Keeps the directory together with those of other machines. Changes nothing that is so.
    pub fn share(&mut self, pool: &mut DirectoryPool) {
        pool.share(&mut self.view.directory);
    }

    /// The sockets that the machine takes to be dialled or open. Of a machine that was brought back they are all gone:
    /// it is owed [`InputKind::Closed`] for each before anything else.
    pub fn sockets(&self) -> impl Iterator<Item = SocketId> {
        self.memory.link.sockets()
    }

    /// Handles one input; `outcome` is emptied first.
    ///
    /// Never fails: what cannot be read or is not allowed is an event that says so.
    pub fn handle(&mut self, input: &Input<'_>, outcome: &mut Outcome) {
        self.turn(input.at, outcome).input(&input.kind);
    }

    /// As [`Machine::handle`] with the frame that was decoded of `text`. For benches: it is how the rules are measured
    /// apart from decoding.
    #[doc(hidden)]
    pub fn handle_decoded(
        &mut self,
        at: Timestamp,
        socket: SocketId,
        frame: &Frame<'_>,
        text: &str,
        outcome: &mut Outcome,
    ) {
        self.turn(at, outcome).decoded(socket, frame, text);
    }

    /// The turn of an input that happened at `told`.
    fn turn<'m>(&'m mut self, told: Timestamp, outcome: &'m mut Outcome) -> Turn<'m> {
        outcome.events.clear();
        outcome.effects.clear();
        outcome.message = None;
        let at = self.memory.now.map_or(told, |last| told.max(last));
        self.memory.now = Some(at);
        let mut turn = Turn {
            config: &self.config,
            view: &mut self.view,
            memory: &mut self.memory,
            outcome,
            at,
            entering: None,
        };
        if at != told {
            turn.tell(Event::ClockSteppedBack { by: at - told });
        }
        turn
    }
}

/// One input being handled: what the rules work on.
struct Turn<'m> {
    config: &'m Config,
    view: &'m mut View,
    memory: &'m mut Memory,
    outcome: &'m mut Outcome,
    at: Timestamp,
    /// The line state that is being entered: set before the application is told of it.
    entering: Option<LineState>,
}

impl Turn<'_> {
    /// Records an event. The view follows at once.
    fn tell(&mut self, event: Event) {
        if self.config.cti.is_some() {
            self.provider_hears(&event);
        }
        self.view.apply(&event);
        self.outcome.events.push(event);
    }

    fn effect(&mut self, effect: Effect) {
        self.outcome.effects.push(effect);
    }

    fn wake_in(&mut self, span: Span, timer: Timer) {
        let due = self.at + span;
        // At the end of time nothing is later: a timer that sets itself again would be due for ever.
        if due > self.at {
            self.memory.timers.set(due, timer);
        }
    }

    fn is_live(&self) -> bool {
        self.config.mode == Mode::Live
    }

    fn input(&mut self, kind: &InputKind<'_>) {
        match kind {
            InputKind::Opened(socket) => self.opened(*socket),
            InputKind::Refused(socket) => self.refused(*socket),
            InputKind::Closed(socket) => self.closed(*socket),
            InputKind::Frame { socket, text } => self.message(*socket, text.as_str()),
            InputKind::Binary { socket, .. } => {
                let event = if self.memory.link.knows(*socket) {
                    Event::FrameUnreadable { why: Unreadable::new(UnreadableReason::Binary) }
                } else {
                    Event::FrameOnDeadSocket { socket: *socket }
                };
                self.tell(event);
            }
            InputKind::Named { qid, wire } => self.name_request(*qid, wire),
            InputKind::Command(command) => self.command(command),
            InputKind::Timer(timer) => {
                // A timer that is not due any more, or never was set, is nothing.
                if self.memory.timers.take_due(self.at, *timer) {
                    self.timer(*timer);
                }
            }
        }
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Open(socket) => self.open_timeout(socket),
            Timer::Answer => self.answer_timeout(),
            Timer::KeepAlive => self.keep_alive(),
            Timer::Queue => self.poll_queue(),
            Timer::Picture => self.ask_picture(),
            Timer::LookAfterAnswer(command) => self.look_after_answer(command),
            Timer::ConferenceBuilt(command) => self.build_timeout(command),
            Timer::GhostMode(command) => self.ghost_mode_due(command),
            Timer::Multipart => {
                for _ in 0..self.memory.multipart.expire(self.at) {
                    self.tell(Event::MultipartRefused { why: RefusedPart::Age });
                }
                self.memory.timers.reset(self.memory.multipart.expires_at(), Timer::Multipart);
            }
            Timer::Reconnect => self.reconnect(),
        }
    }

    fn message(&mut self, socket: SocketId, text: &str) {
        if !self.memory.link.knows(socket) {
            return self.tell(Event::FrameOnDeadSocket { socket });
        }
        match Frame::decode(text) {
            Ok(frame) => self.of_known(socket, &frame, text),
            Err(why) => self.tell(Event::FrameUnreadable { why }),
        }
    }

    fn decoded(&mut self, socket: SocketId, frame: &Frame<'_>, text: &str) {
        if self.memory.link.knows(socket) {
            self.of_known(socket, frame, text);
        } else {
            self.tell(Event::FrameOnDeadSocket { socket });
        }
    }

    /// A frame on a socket that is known.
    fn of_known(&mut self, socket: SocketId, frame: &Frame<'_>, text: &str) {
        if let Body::Multipart(piece) = &frame.body {
            self.piece(socket, piece);
        } else {
            self.frame(socket, frame, text);
        }
    }

    fn piece(&mut self, socket: SocketId, piece: &crate::wire::body::Multipart<'_>) {
        match self.memory.multipart.take(self.at, piece) {
            Assembled::Waiting => {}
            Assembled::Refused(why) => self.tell(Event::MultipartRefused { why }),
            Assembled::Whole(bytes) => match std::str::from_utf8(&bytes) {
                Err(_) => {
                    self.tell(Event::FrameUnreadable { why: Unreadable::new(UnreadableReason::NotUtf8) });
                }
                Ok(text) => {
                    let (text, removed) = crate::wire::FrameText::from_wire(text);
                    self.outcome.message =
                        Some(LongMessage { text: text.as_str().to_owned(), had_secret: !removed.is_empty() });
                    match Frame::decode(text.as_str()) {
                        // A piece inside a joined message would be a way to make us join without end.
                        Ok(Frame { body: Body::Multipart(_), .. }) => {
                            self.tell(Event::MultipartRefused { why: RefusedPart::Incomplete });
                        }
                        Ok(frame) => self.frame(socket, &frame, text.as_str()),
                        Err(why) => self.tell(Event::FrameUnreadable { why }),
                    }
                }
            },
        }
        self.memory.timers.reset(self.memory.multipart.expires_at(), Timer::Multipart);
    }

    fn frame(&mut self, socket: SocketId, frame: &Frame<'_>, text: &str) {
        if self.memory.link.is_probed(socket) {
            return self.probe_answered(socket, frame);
        }
        match &frame.body {
            Body::LineChanged(_) => {
                self.tell(Event::NativeEvent { name: NativeName::LineStateChanged });
                self.picture_in(line::AFTER_LINE_CHANGE);
            }
            Body::FlashChanged(body) => {
                let kind = body.flashtypeid.map(|kind| kind.0);
                self.tell(Event::FlashReported { kind });
                self.picture_in(line::AFTER_LINE_CHANGE);
                if self.config.cti.is_some() {
                    self.provider_hears_flash(kind);
                }
            }
            Body::UserStateChanged(body) => {
                self.tell(Event::NativeEvent { name: NativeName::UserStateChanged });
                self.take_user_state(body, None);
                if self.config.cti.is_some() {
                    self.provider_hears_user_state(body);
                }
            }
            Body::NumberStates(body) => {
                self.tell(Event::NativeEvent { name: NativeName::PbxNumberStateChanged });
                self.number_states(body);
            }
            Body::Composition(body) => {
                self.tell(Event::NativeEvent { name: NativeName::ConferenceComposition });
                self.conference_composition(body);
            }
            Body::CompetitorState(body) => {
                self.tell(Event::NativeEvent { name: NativeName::ConferenceCompetitor });
                self.conference_competitor(body);
            }
            Body::Phone(event, body) => {
                let chain = self.chain(given(&body.chainid));
                self.tell(Event::PhoneReported {
                    event: *event,
                    chain,
                    commutation: given(&body.commutationid).map(Text::from),
                    conference: given(&body.confid).filter(|_| body.isconference.0).map(ConferenceId::from),
                });
                self.phone_event(*event, body);
            }
            Body::Custom(body) => self.tell(Event::CustomEvent {
                name: Text::from(given(&body.eventname).unwrap_or_default()),
                parameter: body.eventparam.map(|json| crate::text::JsonText::new(json.get())),
            }),
            Body::Redirect(_) => self.tell(Event::NativeEvent { name: NativeName::Redirect }),
            Body::Multipart(_) => {}
            Body::Login(_)
            | Body::Version(_)
            | Body::MyInfo(_)
            | Body::LunchTypes(_)
            | Body::UserState(_)
            | Body::RedirectRules(_)
            | Body::PbxNumbers(_)
            | Body::UserNumbers(_)
            | Body::Picture(_)
            | Body::Queue(_)
            | Body::ConferenceInfo(_)
            | Body::Competitors(_)
            | Body::CanConnect(_)
            | Body::Datasets(_)
            | Body::Other(_) => self.answer(frame, text),
        }
    }

    /// The chain's id, shared with a party that has it.
    fn chain(&self, id: Option<&str>) -> Option<ChainId> {
        let id = id?;
        let known = self.view.parties.as_slice().iter().filter_map(|party| party.chain.as_ref());
        Some(
            known
                .into_iter()
                .find(|chain| chain.as_str() == id)
                .cloned()
                .unwrap_or_else(|| ChainId::from(id)),
        )
    }

    fn new_command(&mut self) -> CommandId {
        self.memory.last_command += 1;
        CommandId(self.memory.last_command)
    }
}
