//! Commands of the application and their results (spec part 4).

mod calls;
mod conferences;
mod exec;

use serde::{Deserialize, Serialize};

use super::Turn;
use super::ask::{Ask, Reply};
use crate::codes::ErrorCode;
use crate::command::{Command, CommandId, CommandName};
use crate::event::{CommandResult, Event};
use crate::text::{PhoneNumber, Text};
use crate::wire::{CompetitorRef, Request};

pub(super) use calls::Answers;
pub(super) use conferences::{Builds, Ghosts};

/// A command that waits for its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cmd {
    pub(super) id: CommandId,
    pub(super) name: CommandName,
}

impl Turn<'_> {
    /// The application gave a command.
    pub(super) fn command(&mut self, command: &Command) {
        let cmd = self.given(command.name(), command.target().cloned());
        match command {
            Command::Connect(endpoint) => self.connect(Some(cmd), endpoint),
            Command::Disconnect => {
                self.disconnect();
                self.done(cmd, CommandResult::DONE);
            }
            Command::Call { number, sequence } => self.call(cmd, number, *sequence, false),
            Command::Intercom { number } => {
                self.call(cmd, number, crate::command::CallSequence::AgentFirst, true);
            }
            Command::Answer => self.answer_call(cmd),
            Command::EndCall { targets: None } => self.end_call(cmd),
            Command::EndCall { targets: Some(targets) } => self.end_call_with(cmd, targets),
            Command::Hold => self.hold(cmd),
            Command::Toggle => self.toggle(cmd),
            Command::Transfer { number } => self.transfer(cmd, number.as_ref()),
            Command::Commutate => self.commutate(cmd),
            Command::Conference { numbers, given } => {
                self.conference(cmd, numbers.as_deref(), given.as_ref());
            }
            Command::Ghost { mode, target } => self.ghost(cmd, *mode, target),
            Command::SetStatus { status, reason } => self.set_status(cmd, status.as_str(), reason.as_ref()),
            Command::SetUserStatus { status, reason } => {
                self.set_user_status(cmd, status.as_str(), reason.as_ref());
            }
            Command::SetRedirectNumber { number } => self.set_redirect_number(cmd, number),
            Command::Exec { method, params } => self.exec(cmd, method, params.as_ref()),
            Command::TriggerCustomEvent { name, recipients, data, send_back } => {
                let Some(user) = self.view.agent.user.clone() else {
                    return self.done(cmd, CommandResult::refused(ErrorCode::NoConnection));
                };
                let request = Request::CustomEvent {
                    user,
                    name: name.clone(),
                    params: data.clone(),
                    recipients: recipients.clone(),
                    send_back: *send_back,
                };
                self.ask_for(cmd, request, Ask::Plain { refused: ErrorCode::MethodFailed });
            }
            Command::HttpPassword => {
                self.ask_for(cmd, Request::HttpPassword, Ask::Plain { refused: ErrorCode::MethodFailed });
            }
            Command::CallJournal { chain } => {
                let request = Request::CallJournal(chain.clone());
                self.ask_for(cmd, request, Ask::Passing { refused: ErrorCode::MethodFailed });
            }
            Command::Dtmf | Command::Resume => {
                self.done(cmd, CommandResult::refused(ErrorCode::IncorrectState));
            }
            Command::Model(model) => self.model_command(cmd, model),
        }
    }

    /// Names a command, and records that it was given.
    fn given(&mut self, name: CommandName, target: Option<PhoneNumber>) -> Cmd {
        let cmd = Cmd { id: self.new_command(), name };
        self.tell(Event::CommandGiven { id: cmd.id, name, target });
        cmd
    }

    /// A command that the machine gives itself.
    pub(super) fn own_command(&mut self, name: CommandName) -> Cmd {
        self.given(name, None)
    }

    /// A command ended.
    pub(super) fn done(&mut self, command: Cmd, result: CommandResult) {
        if self.config.cti.is_some() {
            self.provider_hears_result(command.name, &result);
        }
        self.tell(Event::CommandDone { id: command.id, name: command.name, result });
    }

    pub(super) fn refuse(&mut self, command: Cmd, code: ErrorCode) {
        self.done(command, CommandResult::refused(code));
    }

    pub(super) fn plain_answered(&mut self, command: Cmd, refused: ErrorCode, reply: Reply<'_>) {
        match reply {
            Reply::Answer { .. } if reply.accepted() => self.done(command, CommandResult::DONE),
            // No answer counts as a refusal.
            Reply::Answer { .. } | Reply::Failed(ErrorCode::NoAnswer) => self.refuse(command, refused),
            Reply::Failed(code) => self.refuse(command, code),
        }
    }

    pub(super) fn passing_answered(&mut self, command: Cmd, refused: ErrorCode, reply: Reply<'_>) {
        let server = reply.server();
        let result = if reply.accepted() {
            CommandResult::Done { server }
        } else {
            CommandResult::Refused { code: refused, method: None, server }
        };
        self.done(command, result);
    }

    /// The server's refusal, passed on as it is.
    pub(super) fn refused_by_server(&mut self, command: Cmd, method: &str, reply: Reply<'_>) {
        let result = match (reply, reply.server()) {
            (_, Some(server)) => CommandResult::RefusedByServer { server },
            (Reply::Failed(code), None) => {
                CommandResult::Refused { code, method: Some(Text::from(method)), server: None }
            }
            (Reply::Answer { .. }, None) => CommandResult::refused(ErrorCode::SomethingGoesWrong),
        };
        self.done(command, result);
    }

    /// A target as the server wants it named: a GUID is a user, anything else a number.
    fn competitor_ref(&self, target: &str) -> CompetitorRef {
        /// Servers dated from then on know `number`.
        const KNOWS_NUMBER: i64 = 140_929;
        if is_guid(target) {
            CompetitorRef::User(target.into())
        } else if self.view.server.dated.is_some_and(|dated| dated < KNOWS_NUMBER) {
            CompetitorRef::InternalNumber(target.into())
        } else {
            CompetitorRef::Number(target.into())
        }
    }
}

/// Whether this is a GUID, in either case.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::is_guid;

    #[test]
    fn a_guid_is_told_from_a_number() {
        assert!(is_guid("d8af50ea-74a6-4a57-b0d5-451962f6c042"));
        assert!(is_guid("D8AF50EA-74A6-4A57-B0D5-451962F6C042"));
        assert!(!is_guid("84951112233") && !is_guid("d8af50ea-74a6-4a57-b0d5-451962f6c04x") && !is_guid(""));
    }
}
