//! A machine and a PBX that talk to each other, in virtual time.

use std::collections::VecDeque;

use callfold_engine::wire::{FrameText, LoginSecret};
use callfold_engine::{
    Command, Credential, CredentialHandle, Effect, Endpoint, Input, InputKind, Machine, Outcome, Span,
    Timestamp, View,
};
use callfold_simulator::{ClientId, OutsideId, Pbx, Tell};

use super::office;
use crate::Done;

/// When every session begins, in milliseconds.
const EPOCH: i64 = 1_768_197_600_000;

/// What somebody on the floor will do.
#[derive(Clone, Debug)]
enum Intent {
    /// A colleague lifts the phone.
    Lift(String),
    /// A colleague puts it down.
    PutDown(String),
    /// A customer puts it down.
    Leave(OutsideId),
}

pub(super) struct Stage {
    pub(super) pbx: Pbx,
    pub(super) chance: fastrand::Rng,
    pub(super) now: Timestamp,
    machine: Machine,
    outcome: Outcome,
    client: Option<ClientId>,
    /// What is on its way to the machine.
    coming: VecDeque<(Timestamp, InputKind<'static>)>,
    inputs: Vec<Input<'static>>,
    intents: Vec<(Timestamp, Intent)>,
}

impl Stage {
    pub(super) fn new(seed: u64) -> Done<Self> {
        Ok(Self {
            pbx: office::pbx(seed)?,
            chance: fastrand::Rng::with_seed(seed),
            now: Timestamp::from_millis(EPOCH),
            machine: Machine::new(super::config()),
            outcome: Outcome::default(),
            client: None,
            coming: VecDeque::new(),
            inputs: Vec::new(),
            intents: Vec::new(),
        })
    }

    /// What went into the machine since the last time.
    pub(super) fn take_inputs(&mut self) -> Vec<Input<'static>> {
        std::mem::take(&mut self.inputs)
    }

    pub(super) const fn view(&self) -> &View {
        self.machine.view()
    }

    /// The agent's application connects and loads.
    pub(super) fn log_in(&mut self) -> Done<()> {
        self.command(Command::Connect(Endpoint {
            addresses: vec!["pbx.local".into()],
            login: office::LOGIN.into(),
            credential: Credential::Password(CredentialHandle(1)),
            workplace: None,
            expires: None,
        }))?;
        self.pass(3_000)?;
        if self.view().connection.is_logged_in() { Ok(()) } else { Err("the login failed".into()) }
    }

    pub(super) fn command(&mut self, command: Command) -> Done<()> {
        self.input(InputKind::Command(command))
    }

    fn input(&mut self, kind: InputKind<'static>) -> Done<()> {
        let input = Input { at: self.now, kind };
        self.machine.handle(&input, &mut self.outcome);
        self.inputs.push(input);
        for effect in std::mem::take(&mut self.outcome.effects) {
            self.carry_out(effect)?;
        }
        self.listen();
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Done<()> {
        let (qid, text) = match effect {
            Effect::Dial { socket, .. } => {
                self.client = Some(self.pbx.connect());
                self.coming.push_back((self.now + Span::from_millis(3), InputKind::Opened(socket)));
                return Ok(());
            }
            Effect::Send { qid, login, request, .. } => {
                (qid, request.write(&qid.to_string(), login.as_str())?)
            }
            Effect::SendLogin { qid, login, request, .. } => {
                let secret = LoginSecret::from_password(office::PASSWORD);
                (qid, request.write_login(&qid.to_string(), login.as_str(), &secret)?)
            }
            Effect::Close { socket } => {
                self.coming.push_back((self.now, InputKind::Closed(socket)));
                return Ok(());
            }
            other => return Err(format!("an effect that is not known here: {other:?}").into()),
        };
        let client = self.client.ok_or_else(|| format!("request {qid} without a connection"))?;
        self.pbx.request(self.now, client, &text);
        Ok(())
    }

    /// Takes what the server tells, to come a little later.
    fn listen(&mut self) {
        let socket = callfold_engine::SocketId(1);
        for told in self.pbx.take_told() {
            let Tell::Frame(text) = told.what else { continue };
            if Some(told.client) != self.client {
                continue;
            }
            let late = Span::from_micros(self.chance.i64(2_000..12_000));
            let at = self.coming.back().map_or(self.now + late, |(last, _)| (*last).max(self.now + late));
            let text = FrameText::from_record(FrameText::from_wire(&text).0.as_str().to_owned());
            self.coming.push_back((at, InputKind::Frame { socket, text }));
        }
    }

    /// Lets time pass: what is due happens at its moment, and the floor goes on.
    pub(super) fn pass(&mut self, millis: i64) -> Done<()> {
        let end = self.now + Span::from_millis(millis);
        let mut tick = self.now + Span::from_millis(1_000);
        loop {
            let frame = self.coming.front().map(|(at, _)| *at);
            let timer = self.machine.poll_timeout().map(|(at, _)| at);
            let pbx = self.pbx.poll_timeout();
            let next = [frame, timer, pbx, Some(tick)].into_iter().flatten().min().unwrap_or(end);
            if next > end {
                self.now = end;
                return Ok(());
            }
            self.now = self.now.max(next);
            if frame == Some(next) {
                if let Some((_, kind)) = self.coming.pop_front() {
                    self.input(kind)?;
                }
            } else if pbx == Some(next) {
                self.pbx.tick(self.now);
                self.listen();
            } else if let Some((_, timer)) = self.machine.poll_timeout().filter(|(at, _)| *at == next) {
                self.input(InputKind::Timer(timer))?;
            } else {
                tick = tick + Span::from_millis(1_000);
                self.floor_goes_on();
            }
        }
    }

    /// Somewhere between so many milliseconds and so many.
    pub(super) fn pass_between(&mut self, from: i64, to: i64) -> Done<()> {
        let millis = self.chance.i64(from..to);
        self.pass(millis)
    }

    fn intend(&mut self, from: i64, to: i64, intent: Intent) {
        let at = self.now + Span::from_millis(self.chance.i64(from..to));
        self.intents.push((at, intent));
    }

    /// A second on the floor: colleagues are called, lift and put down; callers wait in the queue and lose patience.
    fn floor_goes_on(&mut self) {
        let now = self.now;
        let (due, later) = std::mem::take(&mut self.intents).into_iter().partition(|(at, _)| *at <= now);
        self.intents = later;
        let due: Vec<(Timestamp, Intent)> = due;
        for (_, intent) in due {
            // Who was quicker decides: a phone that rings no more is not lifted.
            let _ = match intent {
                Intent::Lift(number) => self.pbx.answer(now, number.as_str()),
                Intent::PutDown(number) => self.pbx.hang_up(now, number.as_str()),
                Intent::Leave(customer) => self.pbx.hang_up(now, customer),
            };
        }
        if self.chance.u32(0..12) == 0 {
            let number = office::colleague(self.chance.usize(..));
            let caller = office::customer(self.chance.usize(..));
            self.pbx.external_call(now, &caller, &number);
            self.intend(2_000, 9_000, Intent::Lift(number.clone()));
            self.intend(20_000, 200_000, Intent::PutDown(number));
        }
        if self.chance.u32(0..18) == 0 {
            let caller = office::customer(self.chance.usize(..));
            let waiting = self.pbx.external_call(now, &caller, office::QUEUE);
            self.intend(10_000, 90_000, Intent::Leave(waiting));
        }
        self.listen();
    }

    /// Somebody outside calls the agent.
    pub(super) fn customer_calls(&mut self) -> OutsideId {
        let caller = office::customer(self.chance.usize(..));
        let customer = self.pbx.external_call(self.now, &caller, office::AGENT);
        self.listen();
        customer
    }

    /// Something is done at a phone; nothing, if it is not the time for it.
    pub(super) fn at_phone<T, E>(
        &mut self,
        deed: impl FnOnce(&mut Pbx, Timestamp) -> Result<T, E>,
    ) -> Option<T> {
        let done = deed(&mut self.pbx, self.now);
        self.listen();
        done.ok()
    }

    /// Whether the agent's line is free, as the machine has it.
    pub(super) fn is_free(&self) -> bool {
        self.view().line == callfold_engine::LineState::Ready && self.view().held.is_none()
    }
}
