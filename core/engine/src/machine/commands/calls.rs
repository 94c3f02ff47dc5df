//! Calling, answering, ending, holding, passing on (spec part 4, "Calls").

use serde::{Deserialize, Serialize};

use super::Cmd;
use crate::codes::ErrorCode;
use crate::command::{CallSequence, CommandId};
use crate::event::{CommandResult, Event};
use crate::machine::Turn;
use crate::machine::ask::Ask;
use crate::text::PhoneNumber;
use crate::time::{Span, Timestamp};
use crate::timer::Timer;
use crate::view::{Answering, Held, LineState};
use crate::wire::{FlashMode, Request};

/// How often the line is looked at after `answer`.
const LOOK: Span = Span::from_millis(50);
/// How long.
const LOOK_FOR: Span = Span::from_secs(3);

/// The answers whose effect is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::machine) struct Answers(Vec<(Cmd, Timestamp)>);

impl Turn<'_> {
    /// `call` and `intercom`. The last refusal that applies is the one told.
    pub(in crate::machine) fn call(
        &mut self,
        command: Cmd,
        number: &PhoneNumber,
        sequence: CallSequence,
        intercom: bool,
    ) {
        let view = &*self.view;
        let user_state = view.agent.facts.id;
        let held = view.held.is_some();
        let mut refused = None;
        let mut refuse_if = |applies: bool, code: ErrorCode| {
            if applies {
                refused = Some(code);
            }
        };
        refuse_if(number.as_str().is_empty(), ErrorCode::BadNumber);
        refuse_if(user_state == 0, ErrorCode::UserDisconnected);
        refuse_if(view.line == LineState::Disconnected, ErrorCode::PhoneNotConnected);
        refuse_if(held && view.line == LineState::Talk, ErrorCode::HoldAndTalk);
        refuse_if(view.conference.is_some(), ErrorCode::InConference);
        let under_way = matches!(
            view.line,
            LineState::BackCall | LineState::BackRing | LineState::Call | LineState::Ring
        );
        refuse_if(under_way, ErrorCode::BadLineForCall);
        refuse_if(view.line == LineState::Ready && user_state == 5 && !held, ErrorCode::UserBusy);
        if let Some(code) = refused {
            return self.refuse(command, code);
        }
        if view.parties.find(number.as_str()).is_some() {
            return self.refuse(command, ErrorCode::AlreadyTalking);
        }
        if !matches!(view.line, LineState::Ready | LineState::Talk) {
            return self.refuse(command, ErrorCode::BadStateForCall);
        }
        let sequence = if intercom { CallSequence::AgentFirst } else { sequence };
        let request = Request::Autocall { sequence, intercom, number: number.clone() };
        self.ask_for(command, request, Ask::Passing { refused: ErrorCode::AutocallFailed });
    }

    /// `answer`
    pub(in crate::machine) fn answer_call(&mut self, command: Cmd) {
        if !self.view.server.can_answer() || !self.view.answering.may_answer() {
            return self.refuse(command, ErrorCode::AnswerNotSupported);
        }
        if !matches!(self.view.line, LineState::Ring | LineState::BackRing) {
            return self.refuse(command, ErrorCode::IncorrectState);
        }
        self.memory.answers.0.push((command, self.at + LOOK_FOR));
        self.ask_for(command, Request::AnswerCall, Ask::Nothing);
        self.wake_in(LOOK, Timer::LookAfterAnswer(command.id));
    }

    /// The line is looked at after `answer`.
    pub(in crate::machine) fn look_after_answer(&mut self, command: CommandId) {
        let Some(place) = self.memory.answers.0.iter().position(|(cmd, _)| cmd.id == command) else { return };
        let Some((cmd, until)) = self.memory.answers.0.get(place).copied() else { return };
        let (found, result) = match self.view.line {
            LineState::Talk | LineState::Call => (Answering::Supported, Some(CommandResult::DONE)),
            LineState::Unknown
            | LineState::Disconnected
            | LineState::Ready
            | LineState::Ring
            | LineState::BackRing
            | LineState::BackCall => {
                if self.at >= until {
                    let refused = CommandResult::refused(ErrorCode::AnswerNotSupported);
                    (Answering::NotSupported, Some(refused))
                } else {
                    (Answering::Looking, None)
                }
            }
        };
        if self.view.answering != found {
            self.tell(Event::AnsweringFound { answering: found });
        }
        match result {
            Some(result) => {
                self.memory.answers.0.remove(place);
                self.done(cmd, result);
            }
            None => self.wake_in(LOOK, Timer::LookAfterAnswer(command)),
        }
    }

    fn plain(&mut self, command: Cmd, request: Request) {
        self.ask_for(command, request, Ask::Plain { refused: ErrorCode::MethodFailed });
    }

    fn nothing_to_do(&mut self, command: Cmd) {
        self.refuse(command, ErrorCode::IncorrectState);
    }

    /// `endCall()`
    pub(in crate::machine) fn end_call(&mut self, command: Cmd) {
        match self.view.line {
            LineState::Talk | LineState::Call => self.plain(command, Request::AbortCall),
            _ if self.view.held.is_some() => self.plain(command, Request::AbortCall),
            LineState::BackCall => self.plain(command, Request::AutocallAbort),
            LineState::Ring | LineState::BackRing => self.plain(command, Request::DeclineCall),
            LineState::Unknown | LineState::Disconnected | LineState::Ready => self.nothing_to_do(command),
        }
    }

    /// `endCall(targets)`
    pub(in crate::machine) fn end_call_with(&mut self, command: Cmd, targets: &[PhoneNumber]) {
        let view = &*self.view;
        let is_me = targets.iter().any(|target| view.agent.is(target.as_str()));
        let is_party = targets.iter().any(|target| view.parties.find(target.as_str()).is_some());
        if view.held.is_some() && (is_me || (view.conference.is_none() && is_party)) {
            return self.plain(command, Request::Flash(FlashMode::Abort));
        }
        if !is_me && !is_party {
            return self.nothing_to_do(command);
        }
        match (view.line, &view.conference) {
            (LineState::Talk, Some(conference)) => {
                let conference = conference.id.clone();
                let request = Request::Competitors(conference.clone());
                let ask = Ask::PutOut { conference, targets: targets.to_vec() };
                self.ask_for(command, request, ask);
            }
            (LineState::Talk | LineState::Call, _) => self.plain(command, Request::AbortCall),
            (LineState::BackCall, _) => self.plain(command, Request::AutocallAbort),
            (LineState::Ring | LineState::BackRing, _) => self.plain(command, Request::DeclineCall),
            (LineState::Unknown | LineState::Disconnected | LineState::Ready, _) => {
                self.nothing_to_do(command);
            }
        }
    }

    /// `hold`
    pub(in crate::machine) fn hold(&mut self, command: Cmd) {
        if self.view.line == LineState::Talk || self.view.held.is_some() {
            let ask = Ask::Plain { refused: ErrorCode::FlashFailed };
            self.ask_for(command, Request::Flash(FlashMode::Switch), ask);
        } else {
            self.nothing_to_do(command);
        }
    }

    /// `toggle`: done as soon as it is asked.
    pub(super) fn toggle(&mut self, command: Cmd) {
        if self.view.held.is_none() {
            return self.refuse(command, ErrorCode::NothingToToggle);
        }
        self.ask_for(command, Request::Flash(FlashMode::Switch), Ask::Nothing);
        self.done(command, CommandResult::DONE);
    }

    /// `transfer`: done as soon as it is asked.
    pub(in crate::machine) fn transfer(&mut self, command: Cmd, number: Option<&PhoneNumber>) {
        let number = number.filter(|number| !number.as_str().is_empty());
        let talking = self.view.line == LineState::Talk;
        let held = self.view.held.clone();
        let Some(number) = number else {
            if talking && held.is_some() {
                self.ask_for(command, Request::AbortCall, Ask::Nothing);
            }
            return self.refuse(command, ErrorCode::BadNumberForTransfer);
        };
        if !talking {
            return self.refuse(command, ErrorCode::NothingToTransfer);
        }
        let is_held = held.as_ref().and_then(Held::party).is_some_and(|party| party.is(number.as_str()));
        let request = if is_held { Request::AbortCall } else { Request::Transfer(number.clone()) };
        self.ask_for(command, request, Ask::Nothing);
        self.done(command, CommandResult::DONE);
    }

    /// `commutate`
    pub(super) fn commutate(&mut self, command: Cmd) {
        if self.view.line == LineState::Talk && self.view.held.is_some() {
            self.plain(command, Request::AbortCall);
        } else {
            self.nothing_to_do(command);
        }
    }
}
