//! Commands, and how they end.

use callfold::problem::{Problem, ProblemCode};
use callfold::{
    CallSequence, ChainId, Command as Made, ConferenceId, DisconnectReason, JsonText, ModelCommand,
    NewConference, PhoneNumber, Text,
};

use crate::convert::text;
use crate::error::{CallfoldError, Problem as Told};
use crate::words::{AgentState, GhostMode, WebStatus};

/// A code of the protocol (10 to 14, 1000 to 4003), and its text.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ProtocolCode {
    /// The number. It is never reused.
    pub number: u16,
    /// The protocol's text, spelling included.
    pub text: String,
}

impl From<callfold::ErrorCode> for ProtocolCode {
    fn from(code: callfold::ErrorCode) -> Self {
        Self { number: code.number(), text: code.text().to_owned() }
    }
}

impl From<DisconnectReason> for ProtocolCode {
    fn from(reason: DisconnectReason) -> Self {
        Self { number: reason.number(), text: reason.text().to_owned() }
    }
}

/// What a server said of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServerError {
    /// `error`
    pub code: Option<String>,
    /// `errormsg`
    pub text: Option<String>,
}

impl From<&callfold::ServerError> for ServerError {
    fn from(said: &callfold::ServerError) -> Self {
        Self { code: text(said.code.as_ref()), text: text(said.message.as_ref()) }
    }
}

/// Why an agent is on break: an id of the server's, or a text.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BreakReason {
    /// An id.
    Id {
        /// Which.
        id: i64,
    },
    /// Anything else.
    Text {
        /// What.
        text: String,
    },
}

impl From<&callfold::BreakReason> for BreakReason {
    fn from(reason: &callfold::BreakReason) -> Self {
        match reason {
            callfold::BreakReason::Id(id) => Self::Id { id: *id },
            callfold::BreakReason::Text(text) => Self::Text { text: text.as_str().to_owned() },
        }
    }
}

impl From<BreakReason> for callfold::BreakReason {
    fn from(reason: BreakReason) -> Self {
        match reason {
            BreakReason::Id { id } => Self::Id(id),
            BreakReason::Text { text } => Self::Text(Text::from(text)),
        }
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CommandResult {
    /// It was done.
    Done {
        /// The fields of the server's answer, where the command passes them on.
        server: Option<JsonText>,
    },
    /// The user status was set, or was so already.
    UserStatus {
        /// What the agent does.
        state: AgentState,
        /// What the agent has chosen.
        status: AgentState,
    },
    /// A stored procedure was run.
    Datasets {
        /// Its tables, as they came.
        tables: JsonText,
    },
    /// It was refused.
    Refused {
        /// Why.
        code: ProtocolCode,
        /// The method that failed, where the text names it.
        method: Option<String>,
        /// The fields of the server's answer, where the command passes them on.
        server: Option<JsonText>,
    },
    /// The connection was refused after a server answered, or could not be made.
    RefusedAtLogin {
        /// Why.
        code: ProtocolCode,
        /// What the server said of it.
        server: Option<ServerError>,
    },
    /// A command of the CTI model was misused.
    Misused {
        /// `ArgumentNullOrEmpty` or `InvalidOperation`.
        misuse: String,
    },
    /// The server's own refusal, passed on as it is.
    RefusedByServer {
        /// The fields of the answer.
        server: JsonText,
    },
}

impl From<&callfold::CommandResult> for CommandResult {
    fn from(result: &callfold::CommandResult) -> Self {
        use callfold::CommandResult as Of;
        match result {
            Of::Done { server } => Self::Done { server: server.clone() },
            Of::UserStatus { state, status } => {
                Self::UserStatus { state: (*state).into(), status: (*status).into() }
            }
            Of::Datasets { tables } => Self::Datasets { tables: tables.clone() },
            Of::Refused { code, method, server } => Self::Refused {
                code: ProtocolCode::from(*code),
                method: text(method.as_ref()),
                server: server.clone(),
            },
            Of::RefusedAtLogin { code, server } => Self::RefusedAtLogin {
                code: ProtocolCode::from(*code),
                server: server.as_ref().map(ServerError::from),
            },
            Of::Misused { misuse } => Self::Misused { misuse: misuse.name().to_owned() },
            Of::RefusedByServer { server } => Self::RefusedByServer { server: server.clone() },
            // The engine's may grow; clippy counts its words.
            _ => Self::Misused { misuse: String::new() },
        }
    }
}

/// The result of a command that was done; fails for one that was not.
///
/// # Errors
/// [`CallfoldError::Refused`].
#[uniffi::export]
pub fn done(result: CommandResult) -> Result<CommandResult, CallfoldError> {
    let problem = match &result {
        CommandResult::Done { .. } | CommandResult::UserStatus { .. } | CommandResult::Datasets { .. } => {
            return Ok(result);
        }
        CommandResult::Refused { code, .. } => refused(code, None),
        CommandResult::RefusedAtLogin { code, server } => {
            refused(code, server.as_ref().and_then(|said| said.text.as_deref()))
        }
        CommandResult::RefusedByServer { .. } => {
            Problem::new(ProblemCode::CommandRefused, "refused by the server")
        }
        CommandResult::Misused { misuse } => {
            let problem = Problem::new(ProblemCode::CommandMisused, format!("misused: {misuse}"));
            problem.with("misuse", misuse)
        }
    };
    Err(CallfoldError::Refused { problem: Told::from(problem), result })
}

fn refused(code: &ProtocolCode, server: Option<&str>) -> Problem {
    let said = server.map(|said| format!(" ({said})")).unwrap_or_default();
    let text = format!("refused: {} {}{said}", code.number, code.text);
    Problem::new(ProblemCode::CommandRefused, text).with("code", code.number)
}

/// A command of the agent's application.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Command {
    /// Logs out and closes.
    Disconnect,
    /// Calls a number; while talking, as a consultation.
    Call {
        /// Whom.
        number: PhoneNumber,
        /// Whether the other side's phone rings first, and the agent's own then.
        party_first: bool,
    },
    /// Calls a number so that its phone answers by itself.
    Intercom {
        /// Whom.
        number: PhoneNumber,
    },
    /// Answers the ringing call, if the phone can be told to.
    Answer,
    /// Ends the call, or parts with the given parties of a conference.
    EndCall {
        /// Whom to part with; none for the whole call.
        targets: Option<Vec<PhoneNumber>>,
    },
    /// Puts on hold, or takes back.
    Hold,
    /// Changes between the call and the held one.
    Toggle,
    /// Passes the call on; without a number, and with someone held, connects the two.
    Transfer {
        /// To whom.
        number: Option<PhoneNumber>,
    },
    /// Connects the held party and the present one, and leaves.
    Commutate,
    /// Makes a conference with these numbers, or invites them to it; without any, of the call and the held one.
    Conference {
        /// Whom. An empty list is not the same as none.
        numbers: Option<Vec<PhoneNumber>>,
        /// The id (a GUID) of a new conference. It is drawn if it is not given: give it where the same inputs are to
        /// give the same log.
        id: Option<String>,
        /// The room of a new conference, 0 to 9999. It is drawn if it is not given.
        room: Option<u16>,
    },
    /// Joins a subordinate's call.
    Ghost {
        /// How.
        mode: GhostMode,
        /// A user's number or id.
        target: PhoneNumber,
    },
    /// Sets the web status, the older way.
    SetStatus {
        /// Which.
        status: WebStatus,
        /// Why, for a break.
        reason: Option<BreakReason>,
    },
    /// Sets the user status.
    SetUserStatus {
        /// Which: `Ready`, `ReadyInCallCentre`, `ReadyByHand`, `Busy`, `DoNotDisturb`, `Redirect` or `Break`.
        status: AgentState,
        /// Why, for a break.
        reason: Option<BreakReason>,
    },
    /// Sets the number that calls are redirected to; forgets it, if it is empty.
    SetRedirectNumber {
        /// Which.
        number: PhoneNumber,
    },
    /// Calls a method of the server, or one of its stored procedures.
    Exec {
        /// Which.
        method: String,
        /// A JSON object.
        params: Option<JsonText>,
    },
    /// Passes an event on to other clients.
    TriggerCustomEvent {
        /// Its name.
        name: String,
        /// Who gets it, as the server wants it told.
        recipients: Option<JsonText>,
        /// What it carries.
        data: Option<JsonText>,
        /// Whether this client gets it too.
        send_back: bool,
    },
    /// Asks for the journal of a chain.
    CallJournal {
        /// Which chain.
        chain: String,
    },
    /// The CTI model calls a number. Refused with 1000 unless the model is kept, as are all commands of the model.
    ModelMakeCall {
        /// Whom.
        number: PhoneNumber,
    },
    /// The CTI model answers the current call.
    ModelAnswerCall,
    /// The CTI model ends the current call.
    ModelDropCall,
    /// The CTI model puts on hold or takes back.
    ModelHoldOrUnholdCall,
    /// The CTI model consults a number while the customer waits.
    ModelMakeConsultCall {
        /// Whom.
        number: PhoneNumber,
    },
    /// The CTI model connects the customer and the consultant.
    ModelTransferCall,
    /// The CTI model ends the consultation, back to the customer.
    ModelCancelTransfer,
    /// The CTI model passes the call on without consulting.
    ModelBlindTransferCall {
        /// To whom.
        number: PhoneNumber,
    },
    /// The CTI model sets the web status.
    ModelSetAgentState {
        /// Which.
        status: WebStatus,
    },
    /// The CTI model begins or ends wrap-up.
    ModelSetWrapUp {
        /// Whether it begins.
        active: bool,
    },
    /// The CTI model enters or leaves the call centre.
    ModelChangeCallCentre {
        /// Whether it enters.
        active: bool,
    },
}

impl Command {
    /// The command as the engine has it.
    pub(crate) fn made(self) -> Result<Made, CallfoldError> {
        Ok(match self {
            Self::Disconnect => Made::Disconnect,
            Self::Call { number, party_first } => Made::Call {
                number,
                sequence: if party_first { CallSequence::PartyFirst } else { CallSequence::AgentFirst },
            },
            Self::Intercom { number } => Made::Intercom { number },
            Self::Answer => Made::Answer,
            Self::EndCall { targets } => Made::EndCall { targets },
            Self::Hold => Made::Hold,
            Self::Toggle => Made::Toggle,
            Self::Transfer { number } => Made::Transfer { number },
            Self::Commutate => Made::Commutate,
            Self::Conference { numbers, id, room } => {
                Made::Conference { numbers, given: Some(new_conference(id, room)?) }
            }
            Self::Ghost { mode, target } => Made::Ghost { mode: mode.into(), target },
            Self::SetStatus { status, reason } => Made::SetStatus {
                status: Text::from(callfold::WebStatus::from(status).name()),
                reason: reason.map(Into::into),
            },
            Self::SetUserStatus { status, reason } => Made::SetUserStatus {
                status: Text::from(callfold::AgentState::from(status).name()),
                reason: reason.map(Into::into),
            },
            Self::SetRedirectNumber { number } => Made::SetRedirectNumber { number },
            Self::Exec { method, params } => {
                Made::Exec { method: Text::from(method), params: params.map(object).transpose()? }
            }
            Self::TriggerCustomEvent { name, recipients, data, send_back } => Made::TriggerCustomEvent {
                name: Text::from(name),
                recipients: recipients.map(json).transpose()?,
                data: data.map(json).transpose()?,
                send_back,
            },
            Self::CallJournal { chain } => Made::CallJournal { chain: ChainId::from(chain.as_str()) },
            Self::ModelMakeCall { number } => Made::Model(ModelCommand::MakeCall(number)),
            Self::ModelAnswerCall => Made::Model(ModelCommand::AnswerCall),
            Self::ModelDropCall => Made::Model(ModelCommand::DropCall),
            Self::ModelHoldOrUnholdCall => Made::Model(ModelCommand::HoldOrUnholdCall),
            Self::ModelMakeConsultCall { number } => Made::Model(ModelCommand::MakeConsultCall(number)),
            Self::ModelTransferCall => Made::Model(ModelCommand::TransferCall),
            Self::ModelCancelTransfer => Made::Model(ModelCommand::CancelTransfer),
            Self::ModelBlindTransferCall { number } => Made::Model(ModelCommand::BlindTransferCall(number)),
            Self::ModelSetAgentState { status } => {
                let status = callfold::WebStatus::from(status).name();
                Made::Model(ModelCommand::SetAgentState(Text::from(status)))
            }
            Self::ModelSetWrapUp { active } => Made::Model(ModelCommand::SetWrapUpUserState(active)),
            Self::ModelChangeCallCentre { active } => {
                Made::Model(ModelCommand::ChangeCallCentreState(active))
            }
        })
    }
}

/// The parameters of a method: an object.
fn object(given: JsonText) -> Result<JsonText, CallfoldError> {
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(given.as_str()) {
        Ok(_) => Ok(given),
        Err(_) => Err(CallfoldError::of(ProblemCode::NotJson, "parameters that are not a JSON object")),
    }
}

/// JSON that an application gives. What is none is told now, and not by a server later.
fn json(given: JsonText) -> Result<JsonText, CallfoldError> {
    match serde_json::from_str::<serde::de::IgnoredAny>(given.as_str()) {
        Ok(_) => Ok(given),
        Err(_) => Err(CallfoldError::of(ProblemCode::NotJson, "an argument that is not JSON")),
    }
}

/// What a new conference needs: what is not given is drawn.
fn new_conference(id: Option<String>, room: Option<u16>) -> Result<NewConference, CallfoldError> {
    let mut drawn = [0; 18];
    getrandom::fill(&mut drawn)
        .map_err(|_| CallfoldError::of(ProblemCode::NoRandom, "there are no random numbers"))?;
    let [high, low, guid @ ..] = drawn;
    let id = id.unwrap_or_else(|| {
        let number = u128::from_be_bytes(guid) & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
        let hex = format!("{number:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    });
    match room.unwrap_or(u16::from_be_bytes([high, low]) % 10_000) {
        room @ 0..=9_999 => Ok(NewConference { id: ConferenceId::from(id.as_str()), room }),
        room => {
            let why = format!("a conference's room is from 0 to 9999, not {room}");
            Err(CallfoldError::of(ProblemCode::BadArgument, why))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_conference_that_is_not_named_gets_a_guid_and_a_room_of_its_own() {
        let (one, two) = (new_conference(None, None).unwrap(), new_conference(None, None).unwrap());
        assert_ne!(one.id, two.id);
        let id = one.id.as_str();
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(id.get(14..15) == Some("4") && id.get(19..20).is_some_and(|v| "89ab".contains(v)), "{id}");
        assert!(one.room <= 9_999);
        assert_eq!(new_conference(Some("x".into()), Some(7)).unwrap().room, 7);
        assert!(new_conference(None, Some(10_000)).is_err());
    }

    #[test]
    fn what_is_not_json_is_refused_before_it_is_sent() {
        let of =
            |params: &str| Command::Exec { method: "m".into(), params: Some(JsonText::new(params)) }.made();
        assert!(of("{\"a\":1}").is_ok());
        let CallfoldError::Failed { problem } = of("{a}").unwrap_err() else { panic!("another error") };
        assert_eq!(problem.name, "not_json");
    }
}
