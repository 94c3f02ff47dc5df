//! Finding the server, logging in, saying goodbye, and losing the connection (spec part 1).

use serde::{Deserialize, Serialize};

use super::Turn;
use super::address;
use super::ask::{Ask, Reply, is_qid};
use super::commands::Cmd;
use crate::codes::{DisconnectReason, ErrorCode};
use crate::command::{Credential, CredentialHandle, Endpoint};
use crate::effect::Effect;
use crate::event::{CommandResult, Event, NativeName, ServerError};
use crate::input::SocketId;
use crate::text::{Text, UserId};
use crate::time::Span;
use crate::timer::Timer;
use crate::view::{Connection, LineState};
use crate::wire::{Body, Frame, Request, Subscription};

/// A socket that has not won by then is given up.
const OPEN_TIMEOUT: Span = Span::from_secs(10);
/// How often an open connection sends `ping`.
const KEEP_ALIVE: Span = Span::from_secs(15);

/// The connection: the sockets that are tried, and the one that won.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    attempt: Option<Attempt>,
    probes: Vec<Probe>,
    main: Option<SocketId>,
    leaving: Option<DisconnectReason>,
}

/// Who connects, and for which command. The command is taken when it has its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    command: Option<Cmd>,
    endpoint: Endpoint,
}

/// A socket that has not won yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Probe {
    socket: SocketId,
    host: Text,
    state: ProbeState,
    /// The id of its `ping` on the wire, where another client chose it.
    wire: Option<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ProbeState {
    /// Dialled.
    Dialled,
    /// Dialled because the server sent us to its secure port: wins when it opens.
    Redirected,
    /// Open, and asked for a sign of life.
    Asked { qid: u64 },
    /// Refused or closed; noticed at the open timeout.
    Dead,
}

impl Link {
    /// The socket that won.
    pub(super) const fn main(&self) -> Option<SocketId> {
        self.main
    }

    /// Those that are dialled or open.
    pub(super) fn sockets(&self) -> impl Iterator<Item = SocketId> {
        let tried = self.probes.iter().filter(|probe| probe.state != ProbeState::Dead);
        tried.map(|probe| probe.socket).chain(self.main)
    }

    /// Whether frames of this socket count.
    pub(super) fn knows(&self, socket: SocketId) -> bool {
        self.main == Some(socket) || self.is_probed(socket)
    }

    /// Whether this socket is tried.
    pub(super) fn is_probed(&self, socket: SocketId) -> bool {
        self.probes.iter().any(|probe| probe.socket == socket && probe.state != ProbeState::Dead)
    }

    /// A ping has another id on the wire.
    pub(super) fn name_ping(&mut self, qid: u64, wire: &Text) {
        for probe in &mut self.probes {
            if probe.state == (ProbeState::Asked { qid }) {
                probe.wire = Some(wire.clone());
            }
        }
    }

    /// As whom, and by which credential.
    pub(super) fn identity(&self) -> (Text, Option<CredentialHandle>) {
        let Some(attempt) = &self.attempt else { return (Text::default(), None) };
        let credential = match attempt.endpoint.credential {
            Credential::Password(handle) | Credential::Session(handle) => Some(handle),
            Credential::Missing => None,
        };
        (attempt.endpoint.login.clone(), credential)
    }

    /// The agent's login.
    pub(super) fn login(&self) -> Text {
        self.identity().0
    }

    fn take_command(&mut self) -> Option<Cmd> {
        self.attempt.as_mut()?.command.take()
    }
}

impl Turn<'_> {
    /// The command `connect`.
    pub(super) fn connect(&mut self, command: Option<Cmd>, endpoint: &Endpoint) {
        if self.view.connection == Connection::Connected {
            return self.connect_done(command, CommandResult::DONE);
        }
        // A second connect takes the place of one that is under way.
        self.give_up_attempt();
        self.tell(Event::Connecting { login: endpoint.login.clone() });
        let attempt = Attempt { command, endpoint: endpoint.clone() };
        self.memory.link.attempt = Some(attempt);
        if endpoint.credential == Credential::Missing {
            return self.refuse_connect(ErrorCode::NoCredential);
        }
        let Some(addresses) = address::parse_all(&endpoint.addresses) else {
            return self.refuse_connect(ErrorCode::BadAddress);
        };
        for address in addresses {
            self.dial(address.host, address.url, ProbeState::Dialled);
        }
    }

    fn connect_done(&mut self, command: Option<Cmd>, result: CommandResult) {
        if let Some(command) = command {
            self.done(command, result);
        }
    }

    /// Refused before any dialling: the result, then the announcement, and nothing else.
    fn refuse_connect(&mut self, code: ErrorCode) {
        let command = self.memory.link.take_command();
        self.connect_done(command, CommandResult::refused(code));
        self.tell(Event::ConnectFailed { code, server: None });
    }

    fn give_up_attempt(&mut self) {
        for probe in std::mem::take(&mut self.memory.link.probes) {
            self.give_up(&probe);
        }
        if let Some(socket) = self.memory.link.main.take() {
            self.effect(Effect::Close { socket });
            self.memory.link.leaving = None;
            self.connection_gone();
        }
        let command = self.memory.link.take_command();
        if self.is_live() {
            self.connect_done(command, CommandResult::refused(ErrorCode::NoConnection));
        }
    }

    fn dial(&mut self, host: Text, url: Text, state: ProbeState) {
        self.memory.last_socket += 1;
        let socket = SocketId(self.memory.last_socket);
        self.memory.link.probes.push(Probe { socket, host, state, wire: None });
        self.tell(Event::Dialled { socket, url: url.clone() });
        self.effect(Effect::Dial { socket, url });
        self.wake_in(OPEN_TIMEOUT, Timer::Open(socket));
    }

    fn give_up(&mut self, probe: &Probe) {
        self.memory.timers.cancel(Timer::Open(probe.socket));
        self.tell(Event::SocketGivenUp { socket: probe.socket });
        if probe.state != ProbeState::Dead {
            self.effect(Effect::Close { socket: probe.socket });
        }
    }

    /// A socket opened.
    pub(super) fn opened(&mut self, socket: SocketId) {
        let Some(place) = self.memory.link.probes.iter().position(|probe| probe.socket == socket) else {
            return;
        };
        let state = self.memory.link.probes.get(place).map(|probe| probe.state);
        match state {
            Some(ProbeState::Redirected) => self.won(socket),
            Some(ProbeState::Dialled) => {
                let qid = self.next_qid();
                if let Some(probe) = self.memory.link.probes.get_mut(place) {
                    probe.state = ProbeState::Asked { qid };
                }
                let login = self.memory.link.login();
                self.effect(Effect::Send { socket, qid, login, request: Request::Ping });
            }
            Some(ProbeState::Asked { .. } | ProbeState::Dead) | None => {}
        }
    }

    /// A frame came on a socket that is tried.
    pub(super) fn probe_answered(&mut self, socket: SocketId, frame: &Frame<'_>) {
        let Some(probe) = self.memory.link.probes.iter().find(|probe| probe.socket == socket).cloned() else {
            return;
        };
        let ProbeState::Asked { qid } = probe.state else { return };
        if matches!(frame.body, Body::Redirect(_)) {
            self.memory.link.probes.retain(|probe| probe.socket != socket);
            self.tell(Event::NativeEvent { name: NativeName::Redirect });
            let url = address::secure(&probe.host);
            self.dial(probe.host.clone(), url, ProbeState::Redirected);
            self.give_up(&probe);
        } else if frame.body.head().qid.is_some_and(|told| is_qid(qid, probe.wire.as_ref(), told)) {
            self.won(socket);
        }
    }

    /// The first socket that answered: the others are closed, and we log in.
    fn won(&mut self, socket: SocketId) {
        for probe in std::mem::take(&mut self.memory.link.probes) {
            if probe.socket == socket {
                self.memory.timers.cancel(Timer::Open(socket));
            } else {
                self.give_up(&probe);
            }
        }
        self.memory.link.main = Some(socket);
        self.memory.link.leaving = None;
        self.tell(Event::SocketWon { socket });
        let endpoint = self.memory.link.attempt.as_ref().map(|attempt| &attempt.endpoint);
        let workplace = endpoint.and_then(|endpoint| endpoint.workplace.clone());
        let expires = endpoint.and_then(|endpoint| endpoint.expires);
        self.ask(Request::Login { workplace, expires }, Ask::Login);
    }

    /// A socket could not be opened.
    pub(super) fn refused(&mut self, socket: SocketId) {
        self.probe_died(socket);
    }

    fn probe_died(&mut self, socket: SocketId) {
        for probe in &mut self.memory.link.probes {
            if probe.socket == socket {
                probe.state = ProbeState::Dead;
            }
        }
        let probes = &self.memory.link.probes;
        if self.is_live() && !probes.is_empty() && probes.iter().all(|probe| probe.state == ProbeState::Dead)
        {
            for probe in std::mem::take(&mut self.memory.link.probes) {
                self.give_up(&probe);
            }
            self.nobody_answered();
        }
    }

    /// A socket did not win in time.
    pub(super) fn open_timeout(&mut self, socket: SocketId) {
        let Some(place) = self.memory.link.probes.iter().position(|probe| probe.socket == socket) else {
            return;
        };
        let probe = self.memory.link.probes.remove(place);
        self.give_up(&probe);
        if self.memory.link.probes.is_empty() {
            self.nobody_answered();
        }
    }

    fn nobody_answered(&mut self) {
        let code = ErrorCode::CannotConnect;
        self.tell(Event::ConnectFailed { code, server: None });
        let command = self.memory.link.take_command();
        self.connect_done(command, CommandResult::refused(code));
    }

    /// The login was answered.
    pub(super) fn login_answered(&mut self, reply: Reply<'_>) {
        if self.memory.link.leaving.is_some() {
            return;
        }
        if let (true, Some(Body::Login(login))) = (reply.accepted(), reply.body()) {
            let user = UserId::from(crate::wire::given(&login.userid).unwrap_or_default());
            self.tell(Event::LoggedIn { user });
            self.wake_in(KEEP_ALIVE, Timer::KeepAlive);
            self.wake_in(super::queue::POLL, Timer::Queue);
            self.ask(Request::Queue, Ask::Queue);
            self.subscribe(Subscription::CustomEvent);
            self.subscribe(Subscription::UserStateChanged);
            return self.load();
        }
        match reply {
            Reply::Answer { frame, .. } => {
                let head = frame.body.head();
                let server =
                    ServerError { code: head.error.map(Text::from), message: head.message.map(Text::from) };
                let said = server.code.is_some() || server.message.is_some();
                let code = login_error(head.error, head.message);
                // A refusal with an error is closed without a word; a bare one is taken leave of.
                let goodbye = if said { Goodbye::Silent } else { Goodbye::Logout };
                self.fail_connect(code, said.then_some(server), DisconnectReason::ByUser, goodbye);
            }
            Reply::Failed(code) => {
                self.fail_connect(code, None, DisconnectReason::ByUser, Goodbye::Logout);
            }
        }
    }

    /// Everything is loaded: the command's result, then the announcement.
    pub(super) fn connect_succeeded(&mut self) {
        let command = self.memory.link.take_command();
        self.connect_done(command, CommandResult::DONE);
        self.tell(Event::Connected);
    }

    pub(super) fn subscribe(&mut self, event: Subscription) {
        self.ask(Request::Subscribe(event), Ask::Nothing);
    }

    /// The connection fails after a socket was won.
    pub(super) fn fail_connect(
        &mut self,
        code: ErrorCode,
        server: Option<ServerError>,
        reason: DisconnectReason,
        goodbye: Goodbye,
    ) {
        let command = self.memory.link.take_command();
        let refused = CommandResult::RefusedAtLogin { code, server: server.clone() };
        self.connect_done(command, refused);
        self.tell(Event::ConnectFailed { code, server });
        if goodbye == Goodbye::Logout {
            self.ask(Request::Logout, Ask::Nothing);
        }
        self.leave(reason);
    }

    /// Ends a connection in order: what is left is the close.
    fn leave(&mut self, reason: DisconnectReason) {
        self.enter_line(LineState::Disconnected, super::line::Entry::WithoutPicture);
        self.memory.timers.clear(|timer| matches!(timer, Timer::KeepAlive | Timer::Queue));
        if let Some(socket) = self.memory.link.main {
            self.memory.link.leaving = Some(reason);
            self.tell(Event::Leaving);
            self.effect(Effect::Close { socket });
        }
    }

    /// The command `disconnect`.
    pub(super) fn disconnect(&mut self) {
        if self.memory.link.main.is_some() {
            if self.memory.link.leaving.is_none() {
                self.ask(Request::Logout, Ask::Nothing);
                self.ask_picture();
                self.leave(DisconnectReason::ByUser);
            }
        } else if !self.memory.link.probes.is_empty() {
            self.give_up_attempt();
            self.tell(Event::Disconnected { reason: DisconnectReason::ByUser });
        }
    }

    /// A method that the client cannot do without is missing.
    pub(super) fn end_without_method(&mut self) {
        if self.memory.link.leaving.is_none() {
            self.ask(Request::Logout, Ask::Nothing);
            self.leave(DisconnectReason::ByUser);
        }
        self.ask(Request::Logout, Ask::Nothing);
    }

    /// A socket was closed.
    pub(super) fn closed(&mut self, socket: SocketId) {
        if self.memory.link.main != Some(socket) {
            return self.probe_died(socket);
        }
        self.memory.link.main = None;
        let leaving = self.memory.link.leaving.take();
        let before = self.view.connection;
        match (leaving, before) {
            (Some(reason), _) => self.tell(Event::Disconnected { reason }),
            (None, Connection::Connected) => {
                self.tell(Event::Disconnected { reason: DisconnectReason::ConnectionClosed });
            }
            (
                None,
                Connection::Offline | Connection::Dialling | Connection::Loading | Connection::Leaving,
            ) => {
                self.lost_before_connected();
            }
        }
        self.connection_gone();
    }

    /// The reference falls silent; ours tells what happened (spec part 1).
    fn lost_before_connected(&mut self) {
        if !self.is_live() {
            return self.tell(Event::ConnectionDropped);
        }
        let code = ErrorCode::NoConnection;
        self.tell(Event::ConnectFailed { code, server: None });
        self.tell(Event::Disconnected { reason: DisconnectReason::ConnectionClosed });
        let command = self.memory.link.take_command();
        self.connect_done(command, CommandResult::refused(code));
    }

    /// What goes with a connection: its requests, its polls, and the certainty of what the line is.
    fn connection_gone(&mut self) {
        self.memory.multipart.clear();
        self.memory.timers.clear(|timer| {
            matches!(timer, Timer::KeepAlive | Timer::Queue | Timer::Picture | Timer::Multipart)
        });
        if self.view.line != LineState::Unknown && self.view.stale_since.is_none() {
            self.tell(Event::LineWentStale { since: self.at });
        }
        self.drop_pending();
    }

    /// `ping` is due.
    pub(super) fn keep_alive(&mut self) {
        self.ask(Request::Ping, Ask::Nothing);
        self.wake_in(KEEP_ALIVE, Timer::KeepAlive);
    }
}

/// How a connection that failed is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goodbye {
    /// With `logout`.
    Logout,
    /// Without a word.
    Silent,
}

/// What a refused login means (spec part 1, "Login").
fn login_error(error: Option<&str>, message: Option<&str>) -> ErrorCode {
    match (error, message) {
        (Some("50093"), _) => ErrorCode::DesktopClientInUse,
        (Some("50025"), _) => ErrorCode::LicenceLimit,
        (_, Some("Service not available")) => ErrorCode::ServiceNotAvailable,
        (_, Some("Wrong login/pass combination")) => ErrorCode::WrongLogin,
        (_, Some("Bad request. Session does not exist" | "Bad request. Invalid session user")) => {
            ErrorCode::BadSession
        }
        (None, None) => ErrorCode::LoginFailed,
        (_, _) => ErrorCode::SomethingGoesWrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_told_by_number_or_text() {
        for (error, message, code) in [
            (Some("50093"), None, 1204),
            (Some("50025"), Some("whatever"), 1214),
            (None, Some("Service not available"), 1215),
            (Some("50013"), Some("Wrong login/pass combination"), 1202),
            (None, Some("Bad request. Session does not exist"), 1212),
            (None, Some("Bad request. Invalid session user"), 1212),
            (Some("7"), None, 1000),
            (None, None, 1211),
        ] {
            assert_eq!(login_error(error, message).number(), code);
        }
    }
}
