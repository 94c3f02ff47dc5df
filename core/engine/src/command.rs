//! What the agent's application asks for (spec part 4). Commands are inputs; a refusal is an event.

use serde::{Deserialize, Serialize};

use crate::text::{ChainId, ConferenceId, JsonText, PhoneNumber, Text};
use crate::view::BreakReason;

/// Names a command in the log: the n-th that the machine was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandId(pub u64);

/// A command of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Command {
    /// Dial, log in, load. Ends with the event `Connected` or `ConnectFailed`.
    Connect(Endpoint),
    /// Log out and close.
    Disconnect,
    /// Call a number; while talking, as a consultation.
    Call {
        /// Whom.
        number: PhoneNumber,
        /// Whose phone rings first.
        sequence: CallSequence,
    },
    /// Call a number so that its phone answers by itself.
    Intercom {
        /// Whom.
        number: PhoneNumber,
    },
    /// Answer the ringing call, if the phone can be told to.
    Answer,
    /// End the call, or that with the given parties.
    EndCall {
        /// Whom to part with; none for the whole call.
        targets: Option<Vec<PhoneNumber>>,
    },
    /// Put on hold, or take back.
    Hold,
    /// Change between the call and the held one.
    Toggle,
    /// Pass the call on; without a number, and with someone held, connect the two.
    Transfer {
        /// To whom.
        number: Option<PhoneNumber>,
    },
    /// Connect the held party and the present one, and leave.
    Commutate,
    /// Make a conference, or invite to it.
    Conference {
        /// Whom. An empty list is not the same as none.
        numbers: Option<Vec<PhoneNumber>>,
        /// Id and room for a new conference, drawn by the caller. Needed only where one is created.
        given: Option<NewConference>,
    },
    /// Join a subordinate's call.
    Ghost {
        /// How.
        mode: GhostMode,
        /// A user's number or id.
        target: PhoneNumber,
    },
    /// Set the web status, the older way.
    SetStatus {
        /// `ready`, `dnd`, `redirect` or `break`; anything else is ignored.
        status: Text,
        /// Why, for a break.
        reason: Option<BreakReason>,
    },
    /// Set the user status.
    SetUserStatus {
        /// `ready`, `readyCC`, `readyCCManual`, `busy`, `dnd`, `redirect` or `break`.
        status: Text,
        /// Why, for a break.
        reason: Option<BreakReason>,
    },
    /// Set the number that calls are redirected to, or forget it.
    SetRedirectNumber {
        /// Empty to forget.
        number: PhoneNumber,
    },
    /// Call a method of the server, or one of its stored procedures.
    Exec {
        /// Which.
        method: Text,
        /// A JSON object.
        params: Option<JsonText>,
    },
    /// Pass an event on to other clients.
    TriggerCustomEvent {
        /// Its name.
        name: Text,
        /// Who gets it, as the server wants it told.
        recipients: Option<JsonText>,
        /// What it carries.
        data: Option<JsonText>,
        /// Whether this client gets it too.
        send_back: bool,
    },
    /// Ask for a password for the server's web part. The password itself reaches only the caller's transport.
    HttpPassword,
    /// Ask for the journal of a chain.
    CallJournal {
        /// Which chain.
        chain: ChainId,
    },
    /// Tones of the browser's soft phone: out of scope, refused.
    Dtmf,
    /// Sound of the browser's soft phone: out of scope, refused.
    Resume,
    /// A command of the CTI model (spec part 5).
    Model(ModelCommand),
}

/// A command of the CTI model (spec part 5). Refused with 1000 unless the model is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModelCommand {
    /// Connect, and reconnect whenever the connection is lost.
    Connect(Endpoint),
    /// Call a number.
    MakeCall(PhoneNumber),
    /// Answer the current call.
    AnswerCall,
    /// End the current call.
    DropCall,
    /// Put on hold or take back.
    HoldOrUnholdCall,
    /// Consult a number while the customer waits.
    MakeConsultCall(PhoneNumber),
    /// Connect the customer and the consultant.
    TransferCall,
    /// End the consultation, back to the customer.
    CancelTransfer,
    /// Pass the call on without consulting.
    BlindTransferCall(PhoneNumber),
    /// Set the web status.
    SetAgentState(Text),
    /// Begin (`true`) or end wrap-up.
    SetWrapUpUserState(bool),
    /// Enter (`true`) or leave the call centre.
    ChangeCallCentreState(bool),
}

/// Whom to connect to, and as whom. The credential is named, never given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// One to ten addresses; all are dialled at once.
    pub addresses: Vec<Text>,
    /// The agent's login.
    pub login: Text,
    /// What proves who the agent is.
    pub credential: Credential,
    /// `workplace` of the login, if the server asks for it.
    pub workplace: Option<Text>,
    /// `expires` of the login, in seconds, if the session is to end by itself.
    pub expires: Option<i64>,
}

/// Which secret the caller has for the login. The secret itself is filled in when the login is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// A password, known to the caller by this handle.
    Password(CredentialHandle),
    /// A session id of an earlier login, known to the caller by this handle.
    Session(CredentialHandle),
    /// Neither: refused with 1213.
    Missing,
}

/// The caller's own name for a secret. It says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CredentialHandle(pub u64);

/// What is drawn at random for a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewConference {
    /// A new GUID.
    pub id: ConferenceId,
    /// 0 to 9999.
    pub room: u16,
}

/// Whose phone rings first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallSequence {
    /// The agent's, then the other's (a callback).
    AgentFirst,
    /// The other's, then the agent's.
    PartyFirst,
}

impl CallSequence {
    pub(crate) const fn wire(self) -> &'static str {
        match self {
            Self::AgentFirst => "user",
            Self::PartyFirst => "abonent",
        }
    }
}

/// How a supervisor joins a subordinate's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GhostMode {
    /// Hears, is not heard.
    Listen,
    /// Is heard by the subordinate only.
    Help,
    /// Is heard by all.
    Conference,
}

impl GhostMode {
    pub(crate) const fn wire(self) -> &'static str {
        match self {
            Self::Listen => "monitor",
            Self::Help => "help",
            Self::Conference => "conference",
        }
    }
}

impl Command {
    /// The command's name, as the reference client calls it.
    #[must_use]
    pub const fn name(&self) -> CommandName {
        match self {
            Self::Connect(_) => CommandName::Connect,
            Self::Disconnect => CommandName::Disconnect,
            Self::Call { .. } => CommandName::Call,
            Self::Intercom { .. } => CommandName::Intercom,
            Self::Answer => CommandName::Answer,
            Self::EndCall { .. } => CommandName::EndCall,
            Self::Hold => CommandName::Hold,
            Self::Toggle => CommandName::Toggle,
            Self::Transfer { .. } => CommandName::Transfer,
            Self::Commutate => CommandName::Commutate,
            Self::Conference { .. } => CommandName::Conference,
            Self::Ghost { mode: GhostMode::Listen, .. } => CommandName::GhostListen,
            Self::Ghost { mode: GhostMode::Help, .. } => CommandName::GhostHelp,
            Self::Ghost { mode: GhostMode::Conference, .. } => CommandName::GhostConference,
            Self::SetStatus { .. } => CommandName::SetStatus,
            Self::SetUserStatus { .. } => CommandName::SetUserStatus,
            Self::SetRedirectNumber { .. } => CommandName::SetRedirectNumber,
            Self::Exec { .. } => CommandName::Exec,
            Self::TriggerCustomEvent { .. } => CommandName::TriggerCustomEvent,
            Self::HttpPassword => CommandName::HttpPassword,
            Self::CallJournal { .. } => CommandName::CallJournal,
            Self::Dtmf => CommandName::Dtmf,
            Self::Resume => CommandName::Resume,
            Self::Model(model) => model.name(),
        }
    }
}

impl Command {
    /// The number or user that the command names first, if it names one.
    #[must_use]
    pub fn target(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Call { number, .. } | Self::Intercom { number } | Self::SetRedirectNumber { number } => {
                Some(number)
            }
            Self::Transfer { number } => number.as_ref(),
            Self::Ghost { target, .. } => Some(target),
            Self::EndCall { targets: Some(numbers) } | Self::Conference { numbers: Some(numbers), .. } => {
                numbers.first()
            }
            Self::Model(
                ModelCommand::MakeCall(number)
                | ModelCommand::MakeConsultCall(number)
                | ModelCommand::BlindTransferCall(number),
            ) => Some(number),
            Self::Connect(_)
            | Self::Disconnect
            | Self::Answer
            | Self::EndCall { targets: None }
            | Self::Hold
            | Self::Toggle
            | Self::Commutate
            | Self::Conference { numbers: None, .. }
            | Self::SetStatus { .. }
            | Self::SetUserStatus { .. }
            | Self::Exec { .. }
            | Self::TriggerCustomEvent { .. }
            | Self::HttpPassword
            | Self::CallJournal { .. }
            | Self::Dtmf
            | Self::Resume
            | Self::Model(_) => None,
        }
    }
}

impl Command {
    /// The numbers or users that the command names after the [first](Command::target).
    #[must_use]
    pub fn other_targets(&self) -> &[PhoneNumber] {
        let (Self::EndCall { targets: Some(numbers) } | Self::Conference { numbers: Some(numbers), .. }) =
            self
        else {
            return &[];
        };
        numbers.get(1..).unwrap_or_default()
    }

    /// What the command names besides numbers and users: a status and the reason of a break, a method, an event, a chain,
    /// `true` or `false`. Neither addresses nor what is passed on to the server is in it.
    #[must_use]
    pub fn about(&self) -> Vec<Text> {
        match self {
            Self::SetStatus { status, reason } | Self::SetUserStatus { status, reason } => {
                let reason = reason.as_ref().map(BreakReason::text);
                std::iter::once(status.clone()).chain(reason).collect()
            }
            Self::Exec { method, .. } => vec![method.clone()],
            Self::TriggerCustomEvent { name, .. } => vec![name.clone()],
            Self::CallJournal { chain } => vec![Text::from(chain.as_str())],
            Self::Model(ModelCommand::SetAgentState(state)) => vec![state.clone()],
            Self::Model(ModelCommand::SetWrapUpUserState(on) | ModelCommand::ChangeCallCentreState(on)) => {
                vec![Text::from(if *on { "true" } else { "false" })]
            }
            Self::Connect(_)
            | Self::Disconnect
            | Self::Call { .. }
            | Self::Intercom { .. }
            | Self::Answer
            | Self::EndCall { .. }
            | Self::Hold
            | Self::Toggle
            | Self::Transfer { .. }
            | Self::Commutate
            | Self::Conference { .. }
            | Self::Ghost { .. }
            | Self::SetRedirectNumber { .. }
            | Self::HttpPassword
            | Self::Dtmf
            | Self::Resume
            | Self::Model(_) => Vec::new(),
        }
    }
}

impl ModelCommand {
    const fn name(&self) -> CommandName {
        match self {
            Self::Connect(_) => CommandName::ModelConnect,
            Self::MakeCall(_) => CommandName::ModelMakeCall,
            Self::AnswerCall => CommandName::ModelAnswerCall,
            Self::DropCall => CommandName::ModelDropCall,
            Self::HoldOrUnholdCall => CommandName::ModelHoldOrUnholdCall,
            Self::MakeConsultCall(_) => CommandName::ModelMakeConsultCall,
            Self::TransferCall => CommandName::ModelTransferCall,
            Self::CancelTransfer => CommandName::ModelCancelTransfer,
            Self::BlindTransferCall(_) => CommandName::ModelBlindTransferCall,
            Self::SetAgentState(_) => CommandName::ModelSetAgentState,
            Self::SetWrapUpUserState(_) => CommandName::ModelSetWrapUpUserState,
            Self::ChangeCallCentreState(_) => CommandName::ModelChangeCallCentreState,
        }
    }
}

macro_rules! command_names {
    ($($variant:ident $text:literal,)+) => {
        /// Which command: its name without its arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum CommandName {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl CommandName {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name as the reference client has it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

impl CommandName {
    /// Whether the command may end a call on the line or on hold, passing it on included.
    #[must_use]
    pub const fn ends_calls(self) -> bool {
        matches!(
            self,
            Self::EndCall
                | Self::Commutate
                | Self::Transfer
                | Self::ModelDropCall
                | Self::ModelTransferCall
                | Self::ModelCancelTransfer
                | Self::ModelBlindTransferCall
        )
    }

    /// Whether the command may begin a call.
    #[must_use]
    pub const fn makes_calls(self) -> bool {
        matches!(
            self,
            Self::Conference
                | Self::GhostListen
                | Self::GhostHelp
                | Self::GhostConference
                | Self::Call
                | Self::Intercom
                | Self::ModelMakeCall
                | Self::ModelMakeConsultCall
        )
    }

    /// Whether the command calls the number that it names.
    #[must_use]
    pub const fn calls_its_target(self) -> bool {
        matches!(self, Self::Call | Self::Intercom | Self::ModelMakeCall | Self::ModelMakeConsultCall)
    }

    /// Whether the command has the agent join a call of somebody else's.
    #[must_use]
    pub const fn joins_as_ghost(self) -> bool {
        matches!(self, Self::GhostListen | Self::GhostHelp | Self::GhostConference)
    }
}

command_names!(
    Connect "connect",
    Disconnect "disconnect",
    Call "call",
    Intercom "intercom",
    Answer "answer",
    EndCall "endCall",
    Hold "hold",
    Toggle "toggle",
    Transfer "transfer",
    Commutate "commutate",
    Conference "conference",
    GhostListen "ghostListen",
    GhostHelp "ghostHelp",
    GhostConference "ghostConference",
    SetStatus "setStatus",
    SetUserStatus "setUserStatus",
    SetRedirectNumber "setRedirectNumber",
    Exec "exec",
    TriggerCustomEvent "triggerCustomEvent",
    HttpPassword "getHttpPassword",
    CallJournal "callJournal",
    Dtmf "dtmf",
    Resume "resume",
    ModelConnect "model.connect",
    ModelMakeCall "model.makeCall",
    ModelAnswerCall "model.answerCall",
    ModelDropCall "model.dropCall",
    ModelHoldOrUnholdCall "model.holdOrUnholdCall",
    ModelMakeConsultCall "model.makeConsultCall",
    ModelTransferCall "model.transferCall",
    ModelCancelTransfer "model.cancelTransfer",
    ModelBlindTransferCall "model.blindTransferCall",
    ModelSetAgentState "model.setAgentState",
    ModelSetWrapUpUserState "model.setWrapUpUserState",
    ModelChangeCallCentreState "model.changeCallCentreState",
);
