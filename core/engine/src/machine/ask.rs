//! Requests and their answers: what was asked, for what, and what is to happen with the answer.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Turn;
use super::commands::Cmd;
use super::conference::AfterList;
use super::line::AfterPicture;
use super::loading::Step;
use crate::codes::ErrorCode;
use crate::command::GhostMode;
use crate::effect::Effect;
use crate::event::{Bound, Event};
use crate::text::{ConferenceId, JsonText, PhoneNumber, Text};
use crate::time::{Span, Timestamp};
use crate::timer::Timer;
use crate::view::BreakReason;
use crate::wire::{Body, Critical, Frame, Request};

/// How long an answer is waited for (spec part 1).
const ANSWER_TIMEOUT: Span = Span::from_secs(20);

/// The most requests that may wait for an answer. A server that answers nothing makes us hold no more.
const MAX_PENDING: usize = 256;

/// A request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    qid: u64,
    /// The id on the wire, where another client chose it.
    wire: Option<Text>,
    since: Timestamp,
    ask: Ask,
    command: Option<Cmd>,
}

impl Pending {
    /// Whether `qid` is its id; `number` is the number that `qid` is, if it is one.
    fn is_answered_by(&self, qid: &str, number: Option<u64>) -> bool {
        match &self.wire {
            Some(wire) => wire.as_str() == qid,
            None => number == Some(self.qid),
        }
    }
}

/// Whether `told` is the id of a request: its number, or the name it has on the wire.
pub(super) fn is_qid(qid: u64, wire: Option<&Text>, told: &str) -> bool {
    match wire {
        Some(wire) => wire.as_str() == told,
        None => told.parse() == Ok(qid),
    }
}

/// What is to happen with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ask {
    /// Nothing.
    Nothing,
    /// Logs in.
    Login,
    /// Goes on loading.
    Load(Step),
    /// Reads the line picture.
    Picture(AfterPicture),
    /// Reads the queue.
    Queue,
    /// Takes over the list of a conference.
    ConferenceInfo { conference: ConferenceId, then: AfterList },
    /// Ends the command as the server answers, with this code for a refusal.
    Plain { refused: ErrorCode },
    /// Ends the command, passing the server's fields on.
    Passing { refused: ErrorCode },
    /// Takes the user state over and ends the command.
    UserStatus { reason: Option<BreakReason>, then_redirect: bool },
    /// Remembers the redirect number and ends the command.
    Redirect { number: Option<PhoneNumber>, method: Text },
    /// Ends the command with the method named.
    Exec { method: Text },
    /// Ends the command with the stored procedure's tables.
    Procedure { procedure: Text },
    /// Makes the conference ours and ends the command.
    Create { conference: ConferenceId },
    /// Brings the held party into the conference, if it can be.
    CanConnectHeld { conference: ConferenceId, others: Vec<PhoneNumber> },
    /// Puts these out of the conference.
    PutOut { conference: ConferenceId, targets: Vec<PhoneNumber> },
    /// Joins as a ghost.
    AttachGhost { mode: GhostMode, target: PhoneNumber },
    /// Ends the ghost command.
    SetGhost,
}

impl Ask {
    /// The usual name of the answer, where its body is read.
    fn answer_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Login => "loginresult",
            Self::Load(step) => step.answer_name(),
            Self::Picture(_) => "getextendedlineinforesult",
            Self::Queue => "getcurrentqueueresult",
            Self::ConferenceInfo { .. } => "getconferenceinforesult",
            Self::UserStatus { .. } => "setuserstateresult",
            Self::Procedure { .. } => "execpredefineddbstoredprocresult",
            Self::CanConnectHeld { .. } => "checkcanconnecttogathertoconferenceresult",
            Self::PutOut { .. } => "getconferencecompetitorsresult",
            Self::Nothing
            | Self::Plain { .. }
            | Self::Passing { .. }
            | Self::Redirect { .. }
            | Self::Exec { .. }
            | Self::Create { .. }
            | Self::AttachGhost { .. }
            | Self::SetGhost => return None,
        })
    }

    /// Whether this is one of the questions that are asked again and again, and nothing waits for the answer.
    const fn is_poll(&self) -> bool {
        match self {
            Self::Nothing | Self::Queue => true,
            Self::Picture(then) => !then.is_awaited(),
            Self::ConferenceInfo { then, .. } => !then.is_awaited(),
            Self::Login
            | Self::Load(_)
            | Self::Plain { .. }
            | Self::Passing { .. }
            | Self::UserStatus { .. }
            | Self::Redirect { .. }
            | Self::Exec { .. }
            | Self::Procedure { .. }
            | Self::Create { .. }
            | Self::CanConnectHeld { .. }
            | Self::PutOut { .. }
            | Self::AttachGhost { .. }
            | Self::SetGhost => false,
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply<'f> {
    /// It was answered.
    Answer { frame: &'f Frame<'f>, text: &'f str },
    /// It was not: 1101, 1102 or 1201.
    Failed(ErrorCode),
}

impl<'f> Reply<'f> {
    /// Whether the server agreed.
    pub(super) fn accepted(&self) -> bool {
        match self {
            Self::Answer { frame, .. } => frame.body.head().accepted,
            Self::Failed(_) => false,
        }
    }

    /// What was answered.
    pub(super) const fn body(&self) -> Option<&'f Body<'f>> {
        match self {
            Self::Answer { frame, .. } => Some(&frame.body),
            Self::Failed(_) => None,
        }
    }

    /// The fields of the answer as they came.
    pub(super) fn server(&self) -> Option<JsonText> {
        match self {
            Self::Answer { text, .. } => {
                let (_, body): (&RawValue, &RawValue) = serde_json::from_str(text).ok()?;
                Some(JsonText::new(body.get()))
            }
            Self::Failed(_) => None,
        }
    }
}

impl Turn<'_> {
    /// Sends a request for the machine's own sake.
    pub(super) fn ask(&mut self, request: Request, ask: Ask) {
        self.send(request, ask, None);
    }

    /// Sends a request for a command.
    pub(super) fn ask_for(&mut self, command: Cmd, request: Request, ask: Ask) {
        self.send(request, ask, Some(command));
    }

    fn send(&mut self, request: Request, ask: Ask, command: Option<Cmd>) {
        let Some(socket) = self.memory.link.main() else {
            return self.settle(ask, command, Reply::Failed(ErrorCode::NoConnection));
        };
        if let Some(critical) = self.too_new(&request) {
            self.settle(ask, command, Reply::Failed(ErrorCode::MethodNotSupported));
            if critical == Critical::Yes {
                self.end_without_method();
            }
            return;
        }
        if self.memory.pending.len() >= MAX_PENDING {
            self.tell(Event::BoundHit { bound: Bound::Requests });
            return self.settle(ask, command, Reply::Failed(ErrorCode::NoAnswer));
        }
        let qid = self.next_qid();
        if let Some(command) = command {
            self.tell(Event::RequestSent { command: command.id, qid, method: Text::from(request.method()) });
        }
        let (login, credential) = self.memory.link.identity();
        let effect = match (&ask, credential) {
            (Ask::Login, Some(credential)) => Effect::SendLogin { socket, qid, login, request, credential },
            (_, _) => Effect::Send { socket, qid, login, request },
        };
        self.effect(effect);
        self.memory.pending.push(Pending { qid, wire: None, since: self.at, ask, command });
        if !self.memory.timers.is_set(Timer::Answer) {
            self.wake_in(ANSWER_TIMEOUT, Timer::Answer);
        }
    }

    /// A request has another id on the wire.
    pub(super) fn name_request(&mut self, qid: u64, wire: &Text) {
        match self.memory.pending.iter_mut().find(|pending| pending.qid == qid) {
            Some(pending) => pending.wire = Some(wire.clone()),
            None => self.memory.link.name_ping(qid, wire),
        }
    }

    pub(super) fn next_qid(&mut self) -> u64 {
        self.memory.last_qid += 1;
        self.memory.last_qid
    }

    fn too_new(&self, request: &Request) -> Option<Critical> {
        let (since, critical) = request.since()?;
        let dated = self.view.server.dated?;
        (dated < since).then_some(critical)
    }

    /// An answer came, or a frame that looks like one.
    pub(super) fn answer(&mut self, frame: &Frame<'_>, text: &str) {
        let qid = frame.body.head().qid.unwrap_or_default();
        let number = qid.parse().ok();
        let asked = self.memory.pending.iter().position(|pending| pending.is_answered_by(qid, number));
        let Some(place) = asked else {
            return self.stray(frame);
        };
        // The order of what waits means nothing, but removing in order keeps the oldest first.
        let pending = self.memory.pending.remove(place);
        if let Some(command) = pending.command {
            let accepted = frame.body.head().accepted;
            self.tell(Event::RequestAnswered { command: command.id, qid: pending.qid, accepted });
        }
        let usual = pending.ask.answer_name();
        match usual.filter(|usual| frame.name != **usual) {
            None => self.settle(pending.ask, pending.command, Reply::Answer { frame, text }),
            Some(usual) => match Frame::decode_as(text, usual) {
                Ok(frame) => self.settle(pending.ask, pending.command, Reply::Answer { frame: &frame, text }),
                Err(why) => {
                    self.tell(Event::FrameUnreadable { why });
                    self.settle(pending.ask, pending.command, Reply::Failed(ErrorCode::NoAnswer));
                }
            },
        }
    }

    /// An answer to nothing that was asked, or an event of a newer server.
    fn stray(&mut self, frame: &Frame<'_>) {
        match &frame.body {
            Body::Other(_) if !frame.name.ends_with("result") && frame.name != "pong" => {
                self.unknown_event(&frame.name);
            }
            Body::Picture(picture) if !self.is_live() => self.read_picture(picture, AfterPicture::Nothing),
            Body::Queue(queue) if !self.is_live() => self.read_queue(queue),
            Body::ConferenceInfo(info) if !self.is_live() => self.stray_conference_info(info),
            Body::Other(_)
            | Body::Multipart(_)
            | Body::Redirect(_)
            | Body::Login(_)
            | Body::Version(_)
            | Body::MyInfo(_)
            | Body::LunchTypes(_)
            | Body::UserState(_)
            | Body::UserStateChanged(_)
            | Body::RedirectRules(_)
            | Body::PbxNumbers(_)
            | Body::UserNumbers(_)
            | Body::Picture(_)
            | Body::Queue(_)
            | Body::ConferenceInfo(_)
            | Body::Competitors(_)
            | Body::CanConnect(_)
            | Body::Datasets(_)
            | Body::LineChanged(_)
            | Body::FlashChanged(_)
            | Body::NumberStates(_)
            | Body::Composition(_)
            | Body::CompetitorState(_)
            | Body::Phone(..)
            | Body::Custom(_) => {}
        }
    }

    fn unknown_event(&mut self, name: &str) {
        if name == "httpresponsecopy" {
            return self.tell(Event::NativeEvent { name: crate::event::NativeName::HttpResponseCopy });
        }
        let end = (0..=name.len().min(64)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
        self.tell(Event::UnknownEvent { name: Text::from(name.get(..end).unwrap_or_default()) });
    }

    /// Fails the requests that have waited too long.
    pub(super) fn answer_timeout(&mut self) {
        let late = |pending: &Pending, now| pending.since + ANSWER_TIMEOUT <= now;
        while let Some(place) = self.memory.pending.iter().position(|pending| late(pending, self.at)) {
            let pending = self.memory.pending.remove(place);
            if self.is_live() || !pending.ask.is_poll() {
                self.fail(pending, ErrorCode::NoAnswer);
            }
        }
        let next = self.memory.pending.iter().map(|pending| pending.since + ANSWER_TIMEOUT).min();
        self.memory.timers.reset(next, Timer::Answer);
    }

    fn fail(&mut self, pending: Pending, code: ErrorCode) {
        if let Some(command) = pending.command {
            self.tell(Event::RequestFailed { command: command.id, qid: pending.qid, code });
        }
        self.settle(pending.ask, pending.command, Reply::Failed(code));
    }

    /// The connection is gone, and the requests on it with it.
    ///
    /// The reference client never hears of them again; ours ends their commands.
    pub(super) fn drop_pending(&mut self) {
        let pending = std::mem::take(&mut self.memory.pending);
        self.memory.timers.cancel(Timer::Answer);
        if self.is_live() {
            for pending in pending.into_iter().filter(|pending| pending.command.is_some()) {
                self.fail(pending, ErrorCode::NoConnection);
            }
            self.drop_builds();
        }
    }

    /// Does with an answer what it was asked for.
    fn settle(&mut self, ask: Ask, command: Option<Cmd>, reply: Reply<'_>) {
        match (ask, command) {
            (Ask::Nothing, _) => {}
            (Ask::Login, _) => self.login_answered(reply),
            (Ask::Load(step), _) => self.loaded(step, reply),
            (Ask::Picture(then), _) => self.picture_answered(then, reply),
            (Ask::Queue, _) => {
                if let (true, Some(Body::Queue(queue))) = (reply.accepted(), reply.body()) {
                    self.read_queue(queue);
                }
            }
            (Ask::ConferenceInfo { conference, then }, _) => {
                self.conference_info_answered(&conference, then, reply);
            }
            (Ask::CanConnectHeld { conference, others }, Some(command)) => {
                self.can_connect_held(command, conference, others, reply);
            }
            (Ask::Plain { refused }, Some(command)) => self.plain_answered(command, refused, reply),
            (Ask::Passing { refused }, Some(command)) => self.passing_answered(command, refused, reply),
            (Ask::UserStatus { reason, then_redirect }, Some(command)) => {
                self.user_status_answered(command, reason, then_redirect, reply);
            }
            (Ask::Redirect { number, method }, Some(command)) => {
                self.redirect_answered(command, number, method, reply);
            }
            (Ask::Exec { method }, Some(command)) => self.exec_answered(command, method, reply),
            (Ask::Procedure { procedure }, Some(command)) => {
                self.procedure_answered(command, procedure, reply);
            }
            (Ask::Create { conference }, Some(command)) => self.created(command, conference, reply),
            (Ask::PutOut { conference, targets }, command) => {
                self.put_out(command, &conference, &targets, reply);
            }
            (Ask::AttachGhost { mode, target }, Some(command)) => {
                self.ghost_attached(command, mode, target, reply);
            }
            (Ask::SetGhost, Some(command)) => self.ghost_set(command, reply),
            // These are asked with a command only.
            (
                Ask::CanConnectHeld { .. }
                | Ask::Plain { .. }
                | Ask::Passing { .. }
                | Ask::UserStatus { .. }
                | Ask::Redirect { .. }
                | Ask::Exec { .. }
                | Ask::Procedure { .. }
                | Ask::Create { .. }
                | Ask::AttachGhost { .. }
                | Ask::SetGhost,
                None,
            ) => {}
        }
    }
}
