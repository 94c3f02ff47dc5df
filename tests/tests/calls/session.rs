//! A live machine at the PBX's line, in virtual time.

use callfold_engine::wire::{FrameText, Request};
use callfold_engine::{
    Command, Config, Credential, CredentialHandle, Effect, Endpoint, Input, InputKind, Machine, Outcome,
    SocketId, Span, Timestamp,
};
use serde_json::{Value, json};

use crate::pbx::Pbx;
use crate::watch::{Told, Watch};

/// How long an answer of the server takes.
const LATENCY: i64 = 9_000;
/// After that long every picture of a change is read.
const SETTLED: i64 = 1_200_000;

enum Due {
    Opened,
    Closed,
    Asked(u64, Request),
    Event(&'static str, Value),
}

pub(crate) struct Session {
    pub(crate) pbx: Pbx,
    pub(crate) watch: Watch,
    machine: Machine,
    outcome: Outcome,
    at: i64,
    due: Vec<(i64, SocketId, Due)>,
    socket: Option<SocketId>,
}

impl Session {
    pub(crate) fn new() -> Self {
        let mut session = Self {
            pbx: Pbx::new(),
            watch: Watch::new(Span::ZERO),
            machine: Machine::new(Config::live()),
            outcome: Outcome::default(),
            at: 1_768_197_600_000_000,
            due: Vec::new(),
            socket: None,
        };
        session.connect();
        session
    }

    pub(crate) fn connect(&mut self) {
        self.pbx.connection_back();
        self.command(Command::Connect(Endpoint {
            addresses: vec!["pbx.local".into()],
            login: "ivanov".into(),
            credential: Credential::Password(CredentialHandle(1)),
            workplace: None,
            expires: None,
        }));
        self.settle();
    }

    pub(crate) fn lose_connection(&mut self) {
        self.pbx.connection_lost();
        self.due.clear();
        if let Some(socket) = self.socket.take() {
            self.input(InputKind::Closed(socket));
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.input(InputKind::Command(command));
    }

    pub(crate) fn settle(&mut self) {
        self.pass(SETTLED);
    }

    /// Time passes, and what is due in it happens.
    pub(crate) fn pass(&mut self, micros: i64) {
        let until = self.at + micros;
        loop {
            self.send_events();
            let wire = (0..self.due.len()).min_by_key(|place| self.due[*place].0);
            let wire = wire.filter(|place| self.due[*place].0 <= until);
            let timer = self.machine.poll_timeout().filter(|(at, _)| at.as_micros() <= until);
            match (wire, timer) {
                (None, None) => break,
                (Some(place), timer) if timer.is_none_or(|(at, _)| at.as_micros() >= self.due[place].0) => {
                    let (at, socket, due) = self.due.remove(place);
                    self.at = self.at.max(at);
                    self.happens(socket, due);
                }
                (_, Some((at, timer))) => {
                    self.at = self.at.max(at.as_micros());
                    self.input(InputKind::Timer(timer));
                }
                (Some(_), None) => unreachable!("a guard that holds without a timer"),
            }
        }
        self.at = until;
    }

    pub(crate) fn finish(self) -> (Pbx, Told) {
        (self.pbx, self.watch.finish())
    }

    fn send_events(&mut self) {
        let Some(socket) = self.socket else { return };
        for (place, (name, body)) in std::mem::take(&mut self.pbx.events).into_iter().enumerate() {
            self.due.push((self.at + 1_000 + place as i64, socket, Due::Event(name, body)));
        }
    }

    fn happens(&mut self, socket: SocketId, due: Due) {
        match due {
            Due::Opened => self.input(InputKind::Opened(socket)),
            Due::Closed => self.input(InputKind::Closed(socket)),
            Due::Asked(qid, request) => {
                let mut body = self.pbx.asked(&request);
                body["result"] = json!(1);
                body["qid"] = json!(qid.to_string());
                self.frame(socket, &format!("{}result", request.method()), &body);
            }
            Due::Event(name, body) => self.frame(socket, name, &body),
        }
    }

    fn frame(&mut self, socket: SocketId, name: &str, body: &Value) {
        let text = json!([name, body]).to_string();
        let (text, _) = FrameText::from_wire(&text);
        self.input(InputKind::Frame { socket, text });
    }

    fn input(&mut self, kind: InputKind<'_>) {
        let at = Timestamp::from_micros(self.at);
        self.machine.handle(&Input { at, kind }, &mut self.outcome);
        self.watch.record(at, &self.outcome.events);
        for effect in self.outcome.effects.drain(..) {
            match effect {
                Effect::Dial { socket, .. } => {
                    self.socket = Some(socket);
                    self.due.push((self.at + LATENCY, socket, Due::Opened));
                }
                Effect::Send { socket, qid, request, .. }
                | Effect::SendLogin { socket, qid, request, .. } => {
                    self.due.push((self.at + LATENCY, socket, Due::Asked(qid, request)));
                }
                Effect::Close { socket } => self.due.push((self.at + LATENCY, socket, Due::Closed)),
                _ => {}
            }
        }
    }
}
