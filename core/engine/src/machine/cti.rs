//! The rules of the CTI provider and the commands of the CTI model (spec part 5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Turn;
use super::ask::Ask;
use super::commands::Cmd;
use crate::codes::ErrorCode;
use crate::command::{CallSequence, CommandName, Endpoint, ModelCommand};
use crate::cti::{
    CallState, CtiCall, CtiErrorKind, CtiErrorSource, Direction, Features, ProviderEvent, reconnect_after,
};
use crate::event::{CommandResult, Event, Misuse, flash};
use crate::party::{Parties, Party};
use crate::text::{ChainId, PhoneNumber, Text};
use crate::timer::Timer;
use crate::view::LineState;
use crate::wire::{Request, SetUserState, body};

/// What the provider remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Provider {
    /// Announcements are listened to from a dial to the disconnect.
    listening: bool,
    /// The agent's number, known from `connect` on.
    my_number: Option<PhoneNumber>,
    active: Option<CtiCall>,
    consult: Option<CtiCall>,
    /// An answer has ended with 2902: no call after it can be answered from here.
    answer_refused: bool,
    endpoint: Option<Endpoint>,
    tries: u8,
}

/// The chain of a call id: what stands before the colon.
fn chain_of(id: &str) -> Option<&str> {
    id.split_once(':').map(|(chain, _)| chain)
}

/// The id of a party's call.
fn call_id(party: &Party) -> Text {
    let chain = party.chain.as_ref().map_or("", ChainId::as_str);
    match party.phone() {
        None => Text::from(chain),
        Some(phone) => {
            let digits: String = phone.as_str().chars().filter(char::is_ascii_digit).collect();
            let digits = match (digits.as_str(), digits.trim_start_matches('0')) {
                ("", _) => phone.as_str(),
                (_, "") => "0",
                (_, significant) => significant,
            };
            Text::from(format!("{chain}:{digits}"))
        }
    }
}

fn first(parties: &Parties) -> Option<&Arc<Party>> {
    parties.as_slice().first()
}

impl Turn<'_> {
    fn provider(&mut self) -> &mut Provider {
        &mut self.memory.provider
    }

    fn says(&mut self, event: ProviderEvent) {
        let model = self.view.cti.as_deref().cloned().unwrap_or_default();
        let after = model.after(&event);
        let reconnect = match &event {
            ProviderEvent::Disconnected { .. } => true,
            ProviderEvent::Error { kind, .. } => {
                matches!(kind, CtiErrorKind::OpenConnection | CtiErrorKind::CallCentreNotAvailable)
            }
            ProviderEvent::Initialized => {
                self.provider().tries = 0;
                false
            }
            ProviderEvent::AgentStateChanged { .. }
            | ProviderEvent::CallCentreStateChanged { .. }
            | ProviderEvent::LineStateChanged { .. }
            | ProviderEvent::CallStarted { .. }
            | ProviderEvent::CommutationStarted { .. }
            | ProviderEvent::Hold { .. }
            | ProviderEvent::Unhold { .. }
            | ProviderEvent::CallFinished { .. }
            | ProviderEvent::CallInfoChanged { .. } => false,
        };
        self.tell(Event::Provider { event: Box::new(event) });
        if after != model {
            self.tell(Event::CtiModelChanged { model: Arc::new(after) });
        }
        if reconnect {
            self.reconnect_later();
        }
    }

    /// The line's state as the provider sees it: the one that is being entered, if one is.
    fn line(&self) -> LineState {
        self.entering.unwrap_or(self.view.line)
    }

    fn line_state(&mut self, features: Features) {
        self.says(ProviderEvent::LineStateChanged { features });
    }

    /// The provider hears an announcement, before the application does.
    pub(super) fn provider_hears(&mut self, event: &Event) {
        if let Event::Connecting { .. } = event {
            self.provider().listening = true;
        }
        if !self.memory.provider.listening {
            return;
        }
        if let Event::LineStarted { state, parties } = event {
            self.on_line_started(*state, parties);
        } else if let Event::LineStopped { state, parties } = event {
            self.on_line_stopped(*state, parties.as_ref().and_then(first));
        } else if let Event::PartiesChanged { parties } = event {
            if parties.is_empty() {
                self.on_nobody_left();
            }
        } else if let Event::HoldChanged { held } = event {
            self.on_hold_changed(held.is_some());
        } else if let Event::StatusChanged { to, .. } = event {
            self.says(ProviderEvent::AgentStateChanged { status: *to });
        } else if let Event::Connected = event {
            self.on_connect();
        } else if let Event::ConnectFailed { code, .. } = event {
            let kind = match code.number() {
                1200 => CtiErrorKind::CallCentreNotAvailable,
                1202 => CtiErrorKind::Authentication,
                _ => CtiErrorKind::OpenConnection,
            };
            self.says(ProviderEvent::Error { code: *code, source: CtiErrorSource::Server, kind });
        } else if let Event::Disconnected { reason } = event {
            self.says(ProviderEvent::Disconnected { reason: *reason });
            self.provider().listening = false;
        }
    }

    fn on_line_started(&mut self, state: LineState, parties: &Parties) {
        match state {
            LineState::Ring => self.on_ring_start(parties),
            LineState::Call | LineState::BackCall => self.on_call_start(parties),
            LineState::Talk => self.on_talk_start(parties),
            LineState::Unknown | LineState::Disconnected | LineState::Ready | LineState::BackRing => {}
        }
    }

    fn on_line_stopped(&mut self, state: LineState, party: Option<&Arc<Party>>) {
        match state {
            LineState::Ring if self.line() == LineState::Ready => self.finish_party(party),
            LineState::Call | LineState::BackCall => self.on_call_stop(party),
            LineState::Talk => self.on_talk_stop(party),
            LineState::Ring
            | LineState::Unknown
            | LineState::Disconnected
            | LineState::Ready
            | LineState::BackRing => {}
        }
    }

    fn on_connect(&mut self) {
        self.memory.provider.my_number = self.view.agent.number.clone();
        let operator = self.config.cti.as_ref().is_none_or(|cti| cti.operator);
        let call_centre = SetUserState { oncallcenter: Some(operator), ..SetUserState::default() };
        let ready = SetUserState { userstateid: Some(1), ..SetUserState::default() };
        self.ask(Request::SetUserState(call_centre), Ask::Nothing);
        self.ask(Request::SetUserState(ready), Ask::Nothing);
        self.says(ProviderEvent::Initialized);
    }

    /// `userstatechanged`, after what the line makes of it.
    pub(super) fn provider_hears_user_state(&mut self, told: &body::UserState<'_>) {
        if !self.memory.provider.listening {
            return;
        }
        if let Some(active) = told.oncallcenter {
            self.says(ProviderEvent::CallCentreStateChanged { active: active.0 });
        }
        if matches!(told.userstate.map(|state| state.0), Some(1 | 2)) {
            let provider = self.provider();
            let calls = [provider.active.as_mut(), provider.consult.as_mut()];
            let mut any = false;
            for call in calls.into_iter().flatten() {
                call.features = Features::DIAL;
                any = true;
            }
            if !any {
                self.line_state(Features::DIAL);
            }
        }
    }

    /// `flashstatechanged`, after what the line makes of it: 4 says that the held party left.
    pub(super) fn provider_hears_flash(&mut self, kind: Option<i64>) {
        if !self.memory.provider.listening || kind != Some(flash::LOST) {
            return;
        }
        let provider = self.provider();
        let is_held = |call: &&CtiCall| call.state == CallState::Holded;
        let held = provider.active.as_ref().filter(is_held).or(provider.consult.as_ref().filter(is_held));
        if let Some(held) = held.cloned() {
            let id = held.id.clone();
            self.says(ProviderEvent::Unhold { call: held });
            self.finish(Some(&id));
        }
    }

    /// A call that begins.
    fn new_call(&self, party: &Party, direction: Direction) -> CtiCall {
        let provider = &self.memory.provider;
        let mine = provider.my_number.clone();
        let theirs = party.phone().cloned();
        let (caller, called) = match direction {
            Direction::In => (theirs, mine.clone()),
            Direction::Out | Direction::Unknown => (mine.clone(), theirs),
        };
        CtiCall {
            id: call_id(party),
            chain: party.chain.clone(),
            direction,
            device: mine,
            caller,
            called,
            state: CallState::None,
            old_state: CallState::None,
            features: Features::NONE,
            redirecting: None,
            redirection: None,
        }
    }

    fn on_ring_start(&mut self, parties: &Parties) {
        let Some(party) = first(parties).filter(|party| party.external || party.user.is_some()) else {
            return;
        };
        let mut call = self.new_call(party, Direction::In);
        call.state = CallState::Alerting;
        call.features = if self.memory.provider.answer_refused {
            Features::DROP
        } else {
            Features::DROP.and(Features::ANSWER)
        };
        self.provider().active = Some(call.clone());
        let features = call.features;
        self.says(ProviderEvent::CallStarted { call });
        self.line_state(features);
    }

    fn on_call_start(&mut self, parties: &Parties) {
        let Some(party) = first(parties) else { return };
        let mut call = self.new_call(party, Direction::Out);
        let phone = party.phone();
        let is_consultation = self
            .memory
            .provider
            .active
            .as_ref()
            .is_some_and(|active| active.caller.as_ref() != phone && active.called.as_ref() != phone);
        if is_consultation {
            call.redirecting.clone_from(&self.memory.provider.my_number);
            call.redirection = phone.cloned();
            if let Some(replaced) = self.memory.provider.consult.as_ref().map(|old| old.id.clone()) {
                self.says(ProviderEvent::CallInfoChanged { call: call.clone(), replaced });
            }
            call.state = CallState::Alerting;
            self.provider().consult = Some(call.clone());
        } else {
            call.state = CallState::Alerting;
            call.features = Features::DROP;
            self.provider().active = Some(call.clone());
        }
        let features = call.features;
        self.says(ProviderEvent::CallStarted { call });
        self.line_state(features);
    }

    fn on_call_stop(&mut self, party: Option<&Arc<Party>>) {
        if self.memory.provider.active.is_none() {
            return;
        }
        let held = self.view.held.is_some();
        match self.line() {
            LineState::Ready => {
                self.finish_party(party);
                if held {
                    let command = self.own_command(CommandName::Hold);
                    self.hold(command);
                }
            }
            LineState::Ring => self.finish_party(party),
            LineState::Talk if !held => {
                if party.is_some_and(|party| self.is_consultation(call_id(party).as_str())) {
                    self.finish_party(party);
                }
            }
            LineState::Unknown
            | LineState::Disconnected
            | LineState::BackRing
            | LineState::Call
            | LineState::BackCall
            | LineState::Talk => {}
        }
    }

    fn on_talk_start(&mut self, parties: &Parties) {
        let Some(party) = first(parties) else { return };
        let id = call_id(party);
        let is_active = |turn: &Self| turn.memory.provider.active.as_ref().is_some_and(|call| call.id == id);
        if self.memory.provider.active.is_none() {
            self.on_ring_start(parties);
        } else if self.memory.provider.consult.is_none() && !is_active(self) {
            self.on_call_start(parties);
        }
        let is_active = is_active(self);
        let is_consultation = !is_active && self.is_consultation(id.as_str());
        let provider = self.provider();
        let call = if is_active {
            provider.active.as_mut()
        } else if is_consultation {
            if let Some(active) = &mut provider.active {
                active.features = Features::COMPLETE_TRANSFER;
            }
            if let Some(consult) = &mut provider.consult
                && consult.called.as_ref() != party.phone()
            {
                consult.called = party.phone().cloned();
                consult.redirection = party.phone().cloned();
            }
            provider.consult.as_mut()
        } else {
            None
        };
        let Some(call) = call else { return };
        let was_alerting = call.state == CallState::Alerting;
        call.old_state = call.state;
        call.state = CallState::Connected;
        call.features = Features::TALKING;
        let call = call.clone();
        if was_alerting {
            self.says(ProviderEvent::CommutationStarted { call });
        }
        if let Some(features) = self.memory.provider.active.as_ref().map(|active| active.features) {
            self.line_state(features);
        }
    }

    fn on_talk_stop(&mut self, party: Option<&Arc<Party>>) {
        if self.view.held.is_some() {
            return;
        }
        match self.line() {
            LineState::Talk => {
                let ours = party.is_some_and(|party| {
                    let id = call_id(party);
                    self.is_consultation(id.as_str())
                        || self.memory.provider.active.as_ref().is_some_and(|active| active.id == id)
                });
                if ours {
                    self.finish_party(party);
                }
            }
            LineState::Ready => {
                self.finish_party(party);
                if self.memory.provider.active.is_some() {
                    self.finish(None);
                }
            }
            LineState::Unknown
            | LineState::Disconnected
            | LineState::Ring
            | LineState::BackRing
            | LineState::Call
            | LineState::BackCall => self.finish_party(party),
        }
    }

    fn on_hold_changed(&mut self, held: bool) {
        let calling = matches!(self.line(), LineState::Call | LineState::BackCall);
        let Some(active) = &mut self.memory.provider.active else { return };
        if held {
            if active.state != CallState::Holded {
                active.state = CallState::Holded;
                active.features = Features::UNHOLD;
                let call = active.clone();
                self.says(ProviderEvent::Hold { call });
            }
        } else {
            (active.state, active.features) = if calling {
                (CallState::Alerting, Features::DROP)
            } else {
                (CallState::Connected, Features::TALKING)
            };
            let call = active.clone();
            self.says(ProviderEvent::Unhold { call });
        }
        if let Some(features) = self.memory.provider.active.as_ref().map(|active| active.features) {
            self.line_state(features);
        }
    }

    fn on_nobody_left(&mut self) {
        let ready = self.line() == LineState::Ready && self.view.held.is_none();
        if ready && self.memory.provider.active.is_some() {
            if let Some(id) = self.memory.provider.consult.as_ref().map(|consult| consult.id.clone()) {
                self.finish(Some(&id));
            }
            if self.memory.provider.active.is_some() {
                self.finish(None);
            }
        }
    }

    /// Whether a call id is the consultation's: its chain is.
    fn is_consultation(&self, id: &str) -> bool {
        let Some(consult) = &self.memory.provider.consult else { return false };
        let chain = chain_of(id).filter(|chain| !chain.is_empty());
        chain.is_some() && chain == consult.chain.as_ref().map(ChainId::as_str)
    }

    fn finish_party(&mut self, party: Option<&Arc<Party>>) {
        let id = party.map(|party| call_id(party));
        self.finish(id.as_ref());
    }

    /// Ends a call: the active one, or that with the id.
    fn finish(&mut self, id: Option<&Text>) {
        let id = id.filter(|id| !id.as_str().is_empty());
        let is_active = match id {
            None => true,
            Some(id) => self.memory.provider.active.as_ref().is_some_and(|active| active.id == *id),
        };
        let finished = if is_active {
            self.provider().active.take()
        } else if id.is_some_and(|id| self.is_consultation(id.as_str())) {
            self.provider().consult.take()
        } else {
            None
        };
        let Some(mut call) = finished else { return };
        call.old_state = call.state;
        call.state = CallState::None;
        let features = call.features;
        self.says(ProviderEvent::CallFinished { call });
        let provider = self.provider();
        match (&provider.active, provider.consult.take()) {
            (Some(active), consult) => {
                let features = active.features;
                provider.consult = consult;
                self.line_state(features);
            }
            // The consultation takes its place, and nobody is told.
            (None, Some(consult)) => provider.active = Some(consult),
            (None, None) => self.line_state(features),
        }
    }

    fn reconnect_later(&mut self) {
        if self.memory.timers.is_set(Timer::Reconnect) || self.memory.provider.endpoint.is_none() {
            return;
        }
        if let Some(after) = reconnect_after(self.memory.provider.tries) {
            self.provider().tries += 1;
            self.wake_in(after, Timer::Reconnect);
        }
    }

    /// The model dials again.
    pub(super) fn reconnect(&mut self) {
        if let Some(endpoint) = self.memory.provider.endpoint.clone() {
            let command = self.own_command(CommandName::ModelConnect);
            self.connect(Some(command), &endpoint);
        }
    }

    /// A command of the model.
    pub(super) fn model_command(&mut self, command: Cmd, model: &ModelCommand) {
        if self.config.cti.is_none() {
            return self.refuse(command, ErrorCode::SomethingGoesWrong);
        }
        let values = self.view.cti.as_deref().cloned().unwrap_or_default();
        match model {
            ModelCommand::Connect(endpoint) => {
                self.provider().endpoint = Some(endpoint.clone());
                self.connect(Some(command), endpoint);
            }
            ModelCommand::MakeCall(number)
            | ModelCommand::MakeConsultCall(number)
            | ModelCommand::BlindTransferCall(number)
                if number.as_str().is_empty() =>
            {
                self.misused(command, Misuse::ArgumentNullOrEmpty);
            }
            ModelCommand::MakeCall(number) => self.call(command, number, CallSequence::AgentFirst, false),
            ModelCommand::MakeConsultCall(_)
            | ModelCommand::BlindTransferCall(_)
            | ModelCommand::AnswerCall
            | ModelCommand::DropCall
            | ModelCommand::HoldOrUnholdCall
            | ModelCommand::TransferCall
            | ModelCommand::CancelTransfer
                if values.current.is_none() =>
            {
                self.misused(command, Misuse::InvalidOperation);
            }
            ModelCommand::MakeConsultCall(number) => {
                self.call(command, number, CallSequence::AgentFirst, false);
            }
            ModelCommand::BlindTransferCall(number) => self.transfer(command, Some(number)),
            ModelCommand::AnswerCall => self.answer_call(command),
            ModelCommand::DropCall => self.end_call_of(command, values.current_call()),
            ModelCommand::HoldOrUnholdCall => self.hold(command),
            ModelCommand::TransferCall | ModelCommand::CancelTransfer if values.consult_call().is_none() => {
                self.misused(command, Misuse::InvalidOperation);
            }
            ModelCommand::TransferCall => self.end_call(command),
            ModelCommand::CancelTransfer => self.end_call_of(command, values.consult_call()),
            ModelCommand::SetAgentState(status) => self.set_status(command, status.as_str(), None),
            ModelCommand::SetWrapUpUserState(wrap_up) => {
                let id = if *wrap_up { 5 } else { 1 };
                let set = SetUserState { userstateid: Some(id), ..SetUserState::default() };
                let ask = Ask::Plain { refused: ErrorCode::MethodFailed };
                self.ask_for(command, Request::SetUserState(set), ask);
            }
            ModelCommand::ChangeCallCentreState(active) => {
                let request = if *active { Request::EnterCallCentre } else { Request::ExitCallCentre };
                self.ask_for(command, request, Ask::Plain { refused: ErrorCode::MethodFailed });
            }
        }
    }

    fn end_call_of(&mut self, command: Cmd, call: Option<&CtiCall>) {
        let number = call.and_then(CtiCall::other_side);
        match number.filter(|number| !number.as_str().is_empty()) {
            Some(number) => self.end_call_with(command, std::slice::from_ref(number)),
            None => self.end_call(command),
        }
    }

    fn misused(&mut self, command: Cmd, misuse: Misuse) {
        self.done(command, CommandResult::Misused { misuse });
    }

    /// A command ended: refusals of some are told by the provider.
    pub(super) fn provider_hears_result(&mut self, name: CommandName, result: &CommandResult) {
        let CommandResult::Refused { code, .. } = result else { return };
        if *code == ErrorCode::AnswerNotSupported {
            self.provider().answer_refused = true;
        }
        let sources = [
            (CommandName::ModelMakeCall, CtiErrorSource::Call),
            (CommandName::ModelAnswerCall, CtiErrorSource::Answer),
            (CommandName::ModelBlindTransferCall, CtiErrorSource::BlindTransfer),
        ];
        let Some((_, source)) = sources.into_iter().find(|(of, _)| *of == name) else { return };
        self.says(ProviderEvent::Error { code: *code, source, kind: CtiErrorKind::Command });
    }
}
