//! What an event is about, for readers that put events into columns: its name, and the line state, chain,
//! number, person, command and code that it tells of.

use crate::codes::{DisconnectReason, ErrorCode};
use crate::command::{CommandId, CommandName};
use crate::cti::{CtiCall, ProviderEvent};
use crate::event::{CommandResult, Event};
use crate::party::{Parties, Party};
use crate::text::{ChainId, PersonName, PhoneNumber};
use crate::view::{Held, LineState};

/// What one event is about. What it does not tell of is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct About<'e> {
    /// The state that the line entered.
    pub line: Option<LineState>,
    /// The chain; of several parties, the one that all who have one agree on.
    pub chain: Option<&'e ChainId>,
    /// The number of the party, the agent or the target; none where there are several parties.
    pub number: Option<&'e PhoneNumber>,
    /// The name of the party or the agent; none where there are several parties.
    pub name: Option<&'e PersonName>,
    /// The command.
    pub command: Option<CommandId>,
    /// Which command it is, where the event says so itself.
    pub command_name: Option<CommandName>,
    /// The number of the [`ErrorCode`] or [`DisconnectReason`]; no number means both.
    pub code: Option<u16>,
}

impl Event {
    /// The event's name: that of its variant, such as `line_changed`. Names are promises: tables have them.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting { .. } => "connecting",
            Self::Dialled { .. } => "dialled",
            Self::SocketGivenUp { .. } => "socket_given_up",
            Self::SocketWon { .. } => "socket_won",
            Self::LoggedIn { .. } => "logged_in",
            Self::ServerVersionTold { .. } => "server_version_told",
            Self::AgentTold { .. } => "agent_told",
            Self::BreakReasonsTold { .. } => "break_reasons_told",
            Self::RedirectNumberTold { .. } => "redirect_number_told",
            Self::NumberPlanTold { .. } => "number_plan_told",
            Self::NumberStateTold { .. } => "number_state_told",
            Self::UsersTold { .. } => "users_told",
            Self::Connected => "connected",
            Self::ConnectFailed { .. } => "connect_failed",
            Self::Leaving => "leaving",
            Self::Disconnected { .. } => "disconnected",
            Self::ConnectionDropped => "connection_dropped",
            Self::LineWentStale { .. } => "line_went_stale",
            Self::LineKnownAgain => "line_known_again",
            Self::LineChanged { .. } => "line_changed",
            Self::LineStopped { .. } => "line_stopped",
            Self::LineStarted { .. } => "line_started",
            Self::TalkClockSet { .. } => "talk_clock_set",
            Self::TalkClockStopped => "talk_clock_stopped",
            Self::AnsweringFound { .. } => "answering_found",
            Self::PartiesChanged { .. } => "parties_changed",
            Self::PartiesRefreshed { .. } => "parties_refreshed",
            Self::HoldEntered { .. } => "hold_entered",
            Self::HoldLeft { .. } => "hold_left",
            Self::HoldChanged { .. } => "hold_changed",
            Self::HoldRefreshed { .. } => "hold_refreshed",
            Self::ConferenceChanged { .. } => "conference_changed",
            Self::ConferenceInfoTold { .. } => "conference_info_told",
            Self::ConferenceEntered { .. } => "conference_entered",
            Self::ConferenceLeft { .. } => "conference_left",
            Self::QueueEntered { .. } => "queue_entered",
            Self::QueueLeft { .. } => "queue_left",
            Self::QueueChanged { .. } => "queue_changed",
            Self::CallCentreChanged { .. } => "call_centre_changed",
            Self::AgentFactsTold { .. } => "agent_facts_told",
            Self::StatusChanged { .. } => "status_changed",
            Self::AgentStateChanged { .. } => "agent_state_changed",
            Self::CommandGiven { .. } => "command_given",
            Self::RequestSent { .. } => "request_sent",
            Self::RequestAnswered { .. } => "request_answered",
            Self::RequestFailed { .. } => "request_failed",
            Self::CommandDone { .. } => "command_done",
            Self::Provider { .. } => "provider",
            Self::CtiModelChanged { .. } => "cti_model_changed",
            Self::PhoneReported { .. } => "phone_reported",
            Self::FlashReported { .. } => "flash_reported",
            Self::NativeEvent { .. } => "native_event",
            Self::CustomEvent { .. } => "custom_event",
            Self::UnknownEvent { .. } => "unknown_event",
            Self::FrameUnreadable { .. } => "frame_unreadable",
            Self::MultipartRefused { .. } => "multipart_refused",
            Self::BoundHit { .. } => "bound_hit",
            Self::FrameOnDeadSocket { .. } => "frame_on_dead_socket",
            Self::ClockSteppedBack { .. } => "clock_stepped_back",
        }
    }

    /// What the event is about.
    #[must_use]
    pub fn about(&self) -> About<'_> {
        let nothing = About::default();
        match self {
            Self::AgentTold { number, name, .. } => {
                About { number: number.as_ref(), name: name.as_ref(), ..nothing }
            }
            Self::RedirectNumberTold { number } => About { number: number.as_ref(), ..nothing },
            Self::NumberStateTold { number, .. } => About { number: Some(number), ..nothing },
            Self::ConnectFailed { code, .. } => About::failed(*code),
            Self::Disconnected { reason } => About::ended(*reason),

            Self::LineChanged { to, .. } => About { line: Some(*to), ..nothing },
            Self::LineStopped { parties, .. } => parties.as_ref().map_or(nothing, About::parties),
            Self::LineStarted { state, parties } => About { line: Some(*state), ..About::parties(parties) },
            Self::PartiesChanged { parties }
            | Self::PartiesRefreshed { parties }
            | Self::QueueChanged { parties } => About::parties(parties),

            Self::HoldEntered { held } | Self::HoldLeft { held } | Self::HoldRefreshed { held } => {
                About::held(held)
            }
            Self::HoldChanged { held } => held.as_ref().map_or(nothing, About::held),
            Self::ConferenceEntered { party }
            | Self::ConferenceLeft { party }
            | Self::QueueEntered { party }
            | Self::QueueLeft { party } => About::party(party),

            Self::CommandGiven { id, name, target } => {
                About { number: target.as_ref(), command: Some(*id), command_name: Some(*name), ..nothing }
            }
            Self::RequestSent { command, .. } | Self::RequestAnswered { command, .. } => {
                About { command: Some(*command), ..nothing }
            }
            Self::RequestFailed { command, code, .. } => {
                About { command: Some(*command), ..About::failed(*code) }
            }
            Self::CommandDone { id, name, result } => About {
                command: Some(*id),
                command_name: Some(*name),
                code: result.code().map(ErrorCode::number),
                ..nothing
            },

            Self::Provider { event } => About::provider(event),
            Self::PhoneReported { chain, .. } => About { chain: real(chain.as_ref()), ..nothing },

            Self::Connecting { .. }
            | Self::Dialled { .. }
            | Self::SocketGivenUp { .. }
            | Self::SocketWon { .. }
            | Self::LoggedIn { .. }
            | Self::ServerVersionTold { .. }
            | Self::BreakReasonsTold { .. }
            | Self::NumberPlanTold { .. }
            | Self::UsersTold { .. }
            | Self::Connected
            | Self::Leaving
            | Self::ConnectionDropped
            | Self::LineWentStale { .. }
            | Self::LineKnownAgain
            | Self::TalkClockSet { .. }
            | Self::TalkClockStopped
            | Self::AnsweringFound { .. }
            | Self::ConferenceChanged { .. }
            | Self::ConferenceInfoTold { .. }
            | Self::CallCentreChanged { .. }
            | Self::AgentFactsTold { .. }
            | Self::StatusChanged { .. }
            | Self::AgentStateChanged { .. }
            | Self::CtiModelChanged { .. }
            | Self::FlashReported { .. }
            | Self::NativeEvent { .. }
            | Self::CustomEvent { .. }
            | Self::UnknownEvent { .. }
            | Self::FrameUnreadable { .. }
            | Self::MultipartRefused { .. }
            | Self::BoundHit { .. }
            | Self::FrameOnDeadSocket { .. }
            | Self::ClockSteppedBack { .. } => nothing,
        }
    }
}

impl<'e> About<'e> {
    fn failed(code: ErrorCode) -> Self {
        Self { code: Some(code.number()), ..Self::default() }
    }

    fn ended(reason: DisconnectReason) -> Self {
        Self { code: Some(reason.number()), ..Self::default() }
    }

    fn party(party: &'e Party) -> Self {
        Self {
            chain: real(party.chain.as_ref()),
            number: party.phone(),
            name: party.name.as_ref(),
            ..Self::default()
        }
    }

    fn parties(parties: &'e Parties) -> Self {
        if let [party] = parties.as_slice() {
            return Self::party(party);
        }
        let mut chains = parties.as_slice().iter().filter_map(|party| real(party.chain.as_ref()));
        let first = chains.next();
        Self { chain: first.filter(|first| chains.all(|chain| chain == *first)), ..Self::default() }
    }

    fn held(held: &'e Held) -> Self {
        held.party().map_or_else(Self::default, |party| Self::party(party))
    }

    fn call(call: &'e CtiCall) -> Self {
        Self { chain: real(call.chain.as_ref()), number: call.other_side(), ..Self::default() }
    }

    fn provider(event: &'e ProviderEvent) -> Self {
        match event {
            ProviderEvent::Error { code, .. } => Self::failed(*code),
            ProviderEvent::Disconnected { reason } => Self::ended(*reason),
            ProviderEvent::CallStarted { call }
            | ProviderEvent::CommutationStarted { call }
            | ProviderEvent::Hold { call }
            | ProviderEvent::Unhold { call }
            | ProviderEvent::CallFinished { call }
            | ProviderEvent::CallInfoChanged { call, .. } => Self::call(call),
            ProviderEvent::Initialized
            | ProviderEvent::AgentStateChanged { .. }
            | ProviderEvent::CallCentreStateChanged { .. }
            | ProviderEvent::LineStateChanged { .. } => Self::default(),
        }
    }
}

/// The chain, unless it is the server's way to say that there is none.
fn real(chain: Option<&ChainId>) -> Option<&ChainId> {
    chain.filter(|chain| !chain.is_none())
}

impl CommandResult {
    /// The result in a word.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Done { .. } | Self::UserStatus { .. } | Self::Datasets { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::RefusedAtLogin { .. } => "refused at login",
            Self::Misused { .. } => "misused",
            Self::RefusedByServer { .. } => "refused by server",
        }
    }

    /// Why it was refused, where a code says so.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } | Self::RefusedAtLogin { code, .. } => Some(*code),
            Self::Done { .. }
            | Self::UserStatus { .. }
            | Self::Datasets { .. }
            | Self::Misused { .. }
            | Self::RefusedByServer { .. } => None,
        }
    }
}
