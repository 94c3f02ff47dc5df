//! The CTI model, as it crosses.

use callfold::{JsonText, PhoneNumber, Text};

use crate::command::ProtocolCode;
use crate::convert::MaskedId;
use crate::words::{CallDirection, CtiCallState, WebStatus};

/// A call as the CTI provider tells of it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CtiCall {
    /// The chain, a colon and the digits of the other side's number, as far as they are known.
    pub id: MaskedId,
    /// The chain.
    pub chain: Option<String>,
    /// Who called whom.
    pub direction: CallDirection,
    /// The agent's number.
    pub device: Option<PhoneNumber>,
    /// Who called.
    pub caller: Option<PhoneNumber>,
    /// Who was called.
    pub called: Option<PhoneNumber>,
    /// The number of the other side.
    pub other_side: Option<PhoneNumber>,
    /// The state.
    pub state: CtiCallState,
    /// The state before it was connected, or before it ended.
    pub old_state: CtiCallState,
    /// What can be done with it: bits, as the seed has them.
    pub features: u32,
    /// Who consults: set for a consultation.
    pub redirecting: Option<PhoneNumber>,
    /// Who is consulted: set for a consultation.
    pub redirection: Option<PhoneNumber>,
}

/// What the CTI provider announces.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ProviderEvent {
    /// `initialized`: connected.
    Initialized,
    /// `error`
    Failed {
        /// Which error.
        code: ProtocolCode,
        /// Where it comes from, such as `oktell.call`.
        source: String,
        /// Of what kind it is, by the seed's number.
        kind: u8,
    },
    /// `disconnected`
    Disconnected {
        /// Why.
        reason: ProtocolCode,
    },
    /// `agentStateChanged`
    AgentStateChanged {
        /// The web status.
        status: WebStatus,
    },
    /// `callCentreStateChanged`
    CallCentreStateChanged {
        /// Whether the agent is in the call centre.
        active: bool,
    },
    /// `lineStateChanged`
    LineStateChanged {
        /// What can be done on the line: bits, as the seed has them.
        features: u32,
    },
    /// `callStarted`
    CallStarted {
        /// The call.
        call: CtiCall,
    },
    /// `commutationStarted`
    CommutationStarted {
        /// The call.
        call: CtiCall,
    },
    /// `hold`
    Hold {
        /// The call.
        call: CtiCall,
    },
    /// `unhold`
    Unhold {
        /// The call.
        call: CtiCall,
    },
    /// `callFinished`
    CallFinished {
        /// The call.
        call: CtiCall,
    },
    /// `callInfoChanged`: a consultation takes the place of another.
    CallInfoChanged {
        /// The new consultation.
        call: CtiCall,
        /// The id of the one it replaces.
        replaced: MaskedId,
    },
    /// Something that this version has no case for; the event's JSON says it.
    Other {
        /// What.
        json: JsonText,
    },
}

/// The values that a desktop binds to.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CtiModel {
    /// What can be done on the line; not known at first.
    pub line_features: Option<u32>,
    /// The id of the current call.
    pub current: Option<MaskedId>,
    /// The other side of the current call; empty when it has ended.
    pub current_number: Option<PhoneNumber>,
    /// The other side of the consultation; empty when it has ended.
    pub consult_number: Option<PhoneNumber>,
    /// Whether the agent consults.
    pub consulting: bool,
    /// The web status.
    pub agent_state: Option<WebStatus>,
    /// Whether the connection is made.
    pub connected: bool,
    /// Whether the agent is in the call centre; not known at first.
    pub call_centre: Option<bool>,
    /// The calls, in the order in which they were told.
    pub calls: Vec<CtiCall>,
    /// The current call after it has ended, while two or more others are left: it stays current.
    pub ended_current: Option<CtiCall>,
}

fn masked(id: &Text) -> MaskedId {
    MaskedId(id.as_str().to_owned())
}

impl From<&callfold::cti::CtiCall> for CtiCall {
    fn from(call: &callfold::cti::CtiCall) -> Self {
        Self {
            id: masked(&call.id),
            chain: call.chain.as_ref().map(|chain| chain.as_str().to_owned()),
            direction: call.direction.into(),
            device: call.device.clone(),
            caller: call.caller.clone(),
            called: call.called.clone(),
            other_side: call.other_side().cloned(),
            state: call.state.into(),
            old_state: call.old_state.into(),
            features: call.features.bits(),
            redirecting: call.redirecting.clone(),
            redirection: call.redirection.clone(),
        }
    }
}

impl From<&callfold::cti::ProviderEvent> for ProviderEvent {
    fn from(event: &callfold::cti::ProviderEvent) -> Self {
        use callfold::cti::ProviderEvent as Of;
        match event {
            Of::Initialized => Self::Initialized,
            Of::Error { code, source, kind } => Self::Failed {
                code: ProtocolCode::from(*code),
                source: source.name().to_owned(),
                kind: kind.number(),
            },
            Of::Disconnected { reason } => Self::Disconnected { reason: ProtocolCode::from(*reason) },
            Of::AgentStateChanged { status } => Self::AgentStateChanged { status: (*status).into() },
            Of::CallCentreStateChanged { active } => Self::CallCentreStateChanged { active: *active },
            Of::LineStateChanged { features } => Self::LineStateChanged { features: features.bits() },
            Of::CallStarted { call } => Self::CallStarted { call: call.into() },
            Of::CommutationStarted { call } => Self::CommutationStarted { call: call.into() },
            Of::Hold { call } => Self::Hold { call: call.into() },
            Of::Unhold { call } => Self::Unhold { call: call.into() },
            Of::CallFinished { call } => Self::CallFinished { call: call.into() },
            Of::CallInfoChanged { call, replaced } => {
                Self::CallInfoChanged { call: call.into(), replaced: masked(replaced) }
            }
            _ => Self::Other { json: JsonText::new(&serde_json::to_string(event).unwrap_or_default()) },
        }
    }
}

impl From<&callfold::cti::CtiModel> for CtiModel {
    fn from(model: &callfold::cti::CtiModel) -> Self {
        Self {
            line_features: model.line_features.map(callfold::cti::Features::bits),
            current: model.current.as_ref().map(masked),
            current_number: model.current_number.clone(),
            consult_number: model.consult_number.clone(),
            consulting: model.consulting,
            agent_state: model.agent_state.map(WebStatus::from),
            connected: model.connected,
            call_centre: model.call_centre,
            calls: model.calls.iter().map(CtiCall::from).collect(),
            ended_current: model.ended_current.as_ref().map(CtiCall::from),
        }
    }
}
