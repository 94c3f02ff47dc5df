//! A floor of agents: machines of the engine, coupled with a PBX in virtual time and without sockets.

use callfold_engine::wire::{FrameText, LoginSecret, Request};
use callfold_engine::{
    CallSequence, Command, CommandResult, Config, Credential, CredentialHandle, Effect, Endpoint, Event,
    Input, InputKind, LineState, Machine, NewConference, Outcome, SocketId, Span, Timestamp,
};
use callfold_simulator::{Account, ClientId, Manners, Pbx, PbxBuilder, Tell};

pub(crate) const CUSTOMER: &str = "+79161234567";

pub(crate) struct Agent {
    pub(crate) number: &'static str,
    login: &'static str,
    pub(crate) machine: Machine,
    connection: Option<(SocketId, ClientId)>,
    pub(crate) events: Vec<Event>,
    /// Every frame that came, as it came.
    pub(crate) frames: Vec<String>,
}

pub(crate) struct Floor {
    pub(crate) pbx: Pbx,
    pub(crate) now: Timestamp,
    pub(crate) agents: Vec<Agent>,
}

pub(crate) fn layout() -> PbxBuilder {
    Pbx::builder()
        .user(Account::new("ivanov", "Secret1", "101").name("Иванов Иван"))
        .user(Account::new("petrova", "Secret2", "102").name("Петрова Анна").subordinate_of("ivanov"))
        .user(Account::new("sidorov", "Secret3", "103").name("Сидоров Пётр"))
        .spare_number("104")
        .outside(CUSTOMER, "ООО Ромашка", Manners::Waits)
        .seed(1)
}

impl Floor {
    /// Three agents, connected.
    pub(crate) fn new(layout: PbxBuilder) -> Self {
        let mut floor = Self::empty(layout);
        for (at, _) in [0, 1, 2].into_iter().enumerate() {
            floor.log_in(at);
        }
        floor.pass(2_000);
        for agent in &mut floor.agents {
            assert!(
                agent.events.iter().any(|event| matches!(event, Event::Connected)),
                "{} is in",
                agent.login
            );
            agent.events.clear();
            agent.frames.clear();
        }
        floor
    }

    pub(crate) fn empty(layout: PbxBuilder) -> Self {
        let agent = |number, login| Agent {
            number,
            login,
            machine: Machine::new(Config::live()),
            connection: None,
            events: Vec::new(),
            frames: Vec::new(),
        };
        Self {
            pbx: layout.build().unwrap(),
            now: Timestamp::from_millis(1_768_197_600_000),
            agents: vec![agent("101", "ivanov"), agent("102", "petrova"), agent("103", "sidorov")],
        }
    }

    pub(crate) fn log_in(&mut self, at: usize) {
        let endpoint = Endpoint {
            addresses: vec!["pbx.local:4066".into()],
            login: self.agents[at].login.into(),
            credential: Credential::Password(CredentialHandle(at as u64)),
            workplace: None,
            expires: None,
        };
        self.command(at, Command::Connect(endpoint));
    }

    pub(crate) fn command(&mut self, at: usize, command: Command) {
        self.input(at, InputKind::Command(command));
        self.pump();
    }

    /// The result of the agent's last command.
    pub(crate) fn result(&self, at: usize) -> &CommandResult {
        let done = |event: &'_ Event| matches!(event, Event::CommandDone { .. });
        match self.agents[at].events.iter().rfind(|event| done(event)) {
            Some(Event::CommandDone { result, .. }) => result,
            _ => panic!("no command of {} was answered", self.agents[at].login),
        }
    }

    pub(crate) fn accepted(&self, at: usize) -> bool {
        matches!(self.result(at), CommandResult::Done { .. } | CommandResult::UserStatus { .. })
    }

    fn input(&mut self, at: usize, kind: InputKind<'_>) {
        let mut outcome = Outcome::default();
        self.agents[at].machine.handle(&Input { at: self.now, kind }, &mut outcome);
        self.agents[at].events.append(&mut outcome.events);
        for effect in outcome.effects {
            self.effect(at, effect);
        }
    }

    fn effect(&mut self, at: usize, effect: Effect) {
        match effect {
            Effect::Dial { socket, .. } => {
                let client = self.pbx.connect();
                self.agents[at].connection = Some((socket, client));
                self.input(at, InputKind::Opened(socket));
            }
            Effect::Send { qid, login, request, .. } => self.send(at, &request, qid, login.as_str(), None),
            Effect::SendLogin { qid, login, request, .. } => {
                let secret = LoginSecret::from_password(&format!("Secret{}", at + 1));
                self.send(at, &request, qid, login.as_str(), Some(&secret));
            }
            Effect::Close { .. } => self.lose_connection(at),
            _ => panic!("an effect that the floor does not know"),
        }
    }

    fn send(&mut self, at: usize, request: &Request, qid: u64, login: &str, secret: Option<&LoginSecret>) {
        let qid = qid.to_string();
        let frame = match secret {
            Some(secret) => request.write_login(&qid, login, secret),
            None => request.write(&qid, login),
        };
        if let Some((_, client)) = self.agents[at].connection {
            self.pbx.request(self.now, client, &frame.unwrap());
        }
    }

    pub(crate) fn lose_connection(&mut self, at: usize) {
        if let Some((socket, client)) = self.agents[at].connection.take() {
            self.pbx.disconnect(client);
            self.input(at, InputKind::Closed(socket));
        }
    }

    /// Hands over what the PBX has to tell, until nobody has anything to say.
    pub(crate) fn pump(&mut self) {
        loop {
            let told = self.pbx.take_told();
            if told.is_empty() {
                return;
            }
            for told in told {
                let whose = self
                    .agents
                    .iter()
                    .position(|agent| agent.connection.is_some_and(|(_, client)| client == told.client));
                let Some(at) = whose else { continue };
                let Some((socket, _)) = self.agents[at].connection else { continue };
                match told.what {
                    Tell::Frame(text) => {
                        let frame = FrameText::from_wire(&text).0;
                        self.input(at, InputKind::Frame { socket, text: frame });
                        self.agents[at].frames.push(text);
                    }
                    _ => self.lose_connection(at),
                }
            }
        }
    }

    /// Lets milliseconds pass.
    pub(crate) fn pass(&mut self, millis: i64) {
        let end = self.now + Span::from_millis(millis);
        self.pump();
        loop {
            let timers =
                self.agents.iter().filter_map(|agent| agent.machine.poll_timeout().map(|(due, _)| due));
            let Some(next) = timers.chain(self.pbx.poll_timeout()).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.pbx.tick(self.now);
            self.pump();
            for at in 0..self.agents.len() {
                if let Some((due, timer)) = self.agents[at].machine.poll_timeout()
                    && due <= self.now
                {
                    self.input(at, InputKind::Timer(timer));
                }
            }
            self.pump();
        }
        self.now = end;
    }

    // ---- what agents do and see ----

    pub(crate) fn call(&mut self, at: usize, number: &str) {
        self.command(at, Command::Call { number: number.into(), sequence: CallSequence::AgentFirst });
        self.pass(1_000);
    }

    pub(crate) fn line(&self, at: usize) -> LineState {
        self.agents[at].machine.view().line
    }

    /// The numbers of the parties on the line.
    pub(crate) fn parties(&self, at: usize) -> Vec<String> {
        let parties = self.agents[at].machine.view().parties.as_slice();
        parties
            .iter()
            .map(|party| party.phone().map_or_else(String::new, |phone| phone.as_str().into()))
            .collect()
    }

    pub(crate) fn held(&self, at: usize) -> Option<String> {
        let held = self.agents[at].machine.view().held.as_ref()?;
        Some(
            held.party()
                .and_then(|party| party.phone())
                .map_or("conference", |phone| phone.as_str())
                .to_owned(),
        )
    }

    pub(crate) fn chain(&self, at: usize) -> String {
        let parties = self.agents[at].machine.view().parties.as_slice();
        parties.first().and_then(|party| party.chain.as_ref()).map(|chain| chain.as_str().to_owned()).unwrap()
    }

    pub(crate) fn agent_state(&self, at: usize) -> i64 {
        self.agents[at].machine.view().agent.facts.id
    }

    /// The names of the events that came as frames.
    pub(crate) fn told(&self, at: usize) -> Vec<String> {
        let names =
            self.agents[at].frames.iter().map(|frame| frame.split('"').nth(1).unwrap_or_default().to_owned());
        names.filter(|name| !name.ends_with("result") && name != "pong").collect()
    }

    /// A customer calls an agent, who answers at the phone.
    pub(crate) fn customer_talks_to(&mut self, at: usize) -> callfold_simulator::OutsideId {
        let customer = self.pbx.external_call(self.now, CUSTOMER, self.agents[at].number);
        self.pass(2_000);
        assert_eq!(self.line(at), LineState::Ring);
        self.pbx.answer(self.now, self.agents[at].number).unwrap();
        self.pass(1_500);
        assert_eq!(self.line(at), LineState::Talk);
        customer
    }

    pub(crate) fn new_conference(&self) -> Option<NewConference> {
        Some(NewConference { id: "86aa5a93-31da-4127-9b2f-61810c75fbf5".into(), room: 8009 })
    }
}
