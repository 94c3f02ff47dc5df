//! The CTI model of the seed (spec part 5): calls with features, as a contact-centre desktop sees them.
//!
//! The *provider* turns what happens on the line into announcements about calls; the *model* keeps the
//! values a desktop binds to. Where this view is weak (a call replaced without an end, a state kept over a
//! lost connection) it is so on purpose: applications rely on it. The rules are in `machine::cti`.

use serde::{Deserialize, Serialize};

use crate::codes::{DisconnectReason, ErrorCode};
use crate::text::{ChainId, PhoneNumber, Text};
use crate::time::Span;
use crate::view::WebStatus;

/// What can be done with a call now: bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Features(u32);

impl Features {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Call the last number again.
    pub const RECALL: Self = Self(0x1);
    /// Call a number.
    pub const DIAL: Self = Self(0x2);
    /// Answer.
    pub const ANSWER: Self = Self(0x4);
    /// End the call.
    pub const DROP: Self = Self(0x8);
    /// Put on hold.
    pub const HOLD: Self = Self(0x10);
    /// Take back from hold.
    pub const UNHOLD: Self = Self(0x20);
    /// Prepare a transfer.
    pub const SETUP_TRANSFER: Self = Self(0x40);
    /// Connect the two others.
    pub const COMPLETE_TRANSFER: Self = Self(0x80);
    /// Pass the call on without consulting.
    pub const BLIND_TRANSFER: Self = Self(0x100);
    /// Consult someone.
    pub const MAKE_CONSULT_CALL: Self = Self(0x200);
    /// Send tones.
    pub const DTMF: Self = Self(0x400);
    /// Video.
    pub const VIDEO: Self = Self(0x800);
    /// Mute.
    pub const MUTE: Self = Self(0x1000);
    /// Undo a transfer.
    pub const CANCEL_COMPLETE_TRANSFER: Self = Self(0x2000);
    /// What can be done while talking.
    pub const TALKING: Self =
        Self::HOLD.and(Self::DROP).and(Self::MAKE_CONSULT_CALL).and(Self::BLIND_TRANSFER);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits, as the seed numbers them.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// The state of a call. The numbers are the seed's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CallState {
    /// None yet, or none any more.
    #[default]
    None = 0,
    /// Rings, on either side.
    Alerting = 1,
    /// Conversation.
    Connected = 2,
    /// On hold.
    Holded = 3,
    /// In a conference.
    Conferenced = 4,
    /// Not known.
    Unknown = 5,
    /// The other side is busy.
    Busy = 6,
}

impl CallState {
    /// The seed's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Direction {
    /// The other side called.
    In,
    /// The agent called.
    Out,
    /// Not known.
    Unknown,
}

impl Direction {
    /// The GUID by which the wire names the direction.
    #[must_use]
    pub const fn guid(self) -> &'static str {
        match self {
            Self::In => "1d96a65f-2131-4916-8825-2d142b1000b2",
            Self::Out => "53f71b5f-7e17-4cf5-bf14-6a59212db422",
            Self::Unknown => "c072be2c-3d82-4468-9d4a-6db47d1f4cca",
        }
    }

    /// The direction in a word, as the agent sees it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::In => "incoming",
            Self::Out => "outgoing",
            Self::Unknown => "unknown",
        }
    }
}

/// A call as the provider tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CtiCall {
    /// The chain, a colon and the digits of the other side's number, as far as they are known.
    pub id: Text,
    /// The chain.
    pub chain: Option<ChainId>,
    /// Who called whom.
    pub direction: Direction,
    /// The agent's number.
    pub device: Option<PhoneNumber>,
    /// Who called.
    pub caller: Option<PhoneNumber>,
    /// Who was called.
    pub called: Option<PhoneNumber>,
    /// The state.
    pub state: CallState,
    /// The state before it was connected, or before it ended.
    pub old_state: CallState,
    /// What can be done with it.
    pub features: Features,
    /// Who consults: set for a consultation.
    pub redirecting: Option<PhoneNumber>,
    /// Who is consulted: set for a consultation.
    pub redirection: Option<PhoneNumber>,
}

impl CtiCall {
    /// The number of the other side.
    #[must_use]
    pub const fn other_side(&self) -> Option<&PhoneNumber> {
        match self.direction {
            Direction::Out => self.called.as_ref(),
            Direction::In | Direction::Unknown => self.caller.as_ref(),
        }
    }
}

/// What kind of error the provider tells. The numbers are the seed's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CtiErrorKind {
    /// Anything else.
    General = 0,
    /// The connection could not be opened.
    OpenConnection = 2,
    /// A command was refused.
    Command = 3,
    /// The call centre is not there.
    CallCentreNotAvailable = 5,
    /// The login was refused.
    Authentication = 6,
    /// An event could not be handled.
    EventHandler = 8,
}

impl CtiErrorKind {
    /// The seed's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Where an error the provider tells comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CtiErrorSource {
    /// Connecting.
    Server,
    /// `makeCall`
    Call,
    /// `answerCall`
    Answer,
    /// `blindTransferCall`
    BlindTransfer,
}

impl CtiErrorSource {
    /// The seed's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "Oktell server",
            Self::Call => "oktell.call",
            Self::Answer => "oktell.answer",
            Self::BlindTransfer => "oktell.blindTransferCall",
        }
    }
}

/// What the provider announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProviderEvent {
    /// `initialized`: connected.
    Initialized,
    /// `error`
    Error {
        /// Which error.
        code: ErrorCode,
        /// Where it comes from.
        source: CtiErrorSource,
        /// Of what kind it is.
        kind: CtiErrorKind,
    },
    /// `disconnected`
    Disconnected {
        /// Why.
        reason: DisconnectReason,
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
        /// What can be done on the line.
        features: Features,
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
        replaced: Text,
    },
}

/// The values that a desktop binds to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CtiModel {
    /// What can be done on the line; not known at first.
    pub line_features: Option<Features>,
    /// The id of the current call.
    pub current: Option<Text>,
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

impl CtiModel {
    /// The current call.
    #[must_use]
    pub fn current_call(&self) -> Option<&CtiCall> {
        let id = self.current.as_ref()?;
        self.call(id).or(self.ended_current.as_ref())
    }

    /// The consultation: a call that is not the current one.
    #[must_use]
    pub fn consult_call(&self) -> Option<&CtiCall> {
        self.calls.iter().find(|call| Some(&call.id) != self.current.as_ref())
    }

    fn call(&self, id: &Text) -> Option<&CtiCall> {
        self.calls.iter().find(|call| call.id == *id)
    }

    /// The values after an announcement of the provider.
    #[must_use]
    pub fn after(&self, event: &ProviderEvent) -> Self {
        let mut model = self.clone();
        match event {
            ProviderEvent::Initialized => {
                model.connected = true;
                if model.calls.is_empty() {
                    model.line_features = Some(Features::DIAL);
                }
            }
            ProviderEvent::Disconnected { .. } => {
                model.connected = false;
                model.line_features = Some(Features::NONE);
                model.calls.clear();
                model.ended_current = None;
                model.current = None;
                model.current_number = Some(PhoneNumber::from(""));
                model.consulting = false;
            }
            ProviderEvent::AgentStateChanged { status } => model.agent_state = Some(*status),
            ProviderEvent::CallCentreStateChanged { active } => model.call_centre = Some(*active),
            ProviderEvent::LineStateChanged { features } => model.line_features = Some(*features),
            ProviderEvent::CallStarted { call }
            | ProviderEvent::CommutationStarted { call }
            | ProviderEvent::Hold { call }
            | ProviderEvent::Unhold { call } => model.told(call),
            ProviderEvent::CallFinished { call } => model.finished(call),
            ProviderEvent::CallInfoChanged { call, replaced } => model.replaced(call, replaced),
            ProviderEvent::Error { .. } => {}
        }
        model
    }

    /// A call was told: it is added, or its copy brought up to date.
    fn told(&mut self, call: &CtiCall) {
        let added = match self.calls.iter_mut().find(|copy| copy.id == call.id) {
            Some(copy) => {
                *copy = call.clone();
                false
            }
            None => {
                self.calls.push(call.clone());
                true
            }
        };
        if self.current.is_none() {
            self.current = Some(call.id.clone());
        }
        if self.current.as_ref() == Some(&call.id) {
            self.ended_current = None;
            self.carry(call);
        } else {
            self.consulting |= added;
            self.consult_number = call.other_side().cloned();
        }
    }

    fn carry(&mut self, current: &CtiCall) {
        self.line_features = Some(current.features);
        self.current_number = current.other_side().cloned();
    }

    fn finished(&mut self, call: &CtiCall) {
        if self.call(&call.id).is_some() {
            self.told(call);
        }
        self.calls.retain(|copy| copy.id != call.id);
        match self.calls.as_slice() {
            [] => {
                self.ended_current = None;
                self.current = None;
                self.current_number = Some(PhoneNumber::from(""));
            }
            [last] => {
                let last = last.clone();
                self.ended_current = None;
                self.consulting = false;
                self.consult_number = Some(PhoneNumber::from(""));
                self.current = Some(last.id.clone());
                self.carry(&last);
            }
            [_, _, ..] => {
                if self.current.as_ref() == Some(&call.id) {
                    self.ended_current = Some(call.clone());
                }
            }
        }
    }

    fn replaced(&mut self, call: &CtiCall, replaced: &Text) {
        if self.call(replaced).is_none() {
            return; // the model was cleared, the provider's calls were not
        }
        let was_current = self.current.as_ref() == Some(replaced);
        self.calls.retain(|copy| copy.id != *replaced && copy.id != call.id);
        self.calls.push(call.clone());
        if was_current {
            self.current = Some(call.id.clone());
        }
    }
}

/// 5 + 2·atan(5n·π/180)·180/π, rounded, for every n.
const RECONNECT_SECS: [u8; 200] = [
    5, 15, 25, 34, 43, 52, 60, 68, 75, 81, 87, 93, 98, 102, 106, 110, 114, 117, 120, 123, 125, 128, 130, 132,
    134, 136, 137, 139, 140, 142, 143, 144, 146, 147, 148, 149, 150, 151, 151, 152, 153, 154, 154, 155, 156,
    156, 157, 158, 158, 159, 159, 160, 160, 161, 161, 161, 162, 162, 163, 163, 163, 164, 164, 164, 165, 165,
    165, 166, 166, 166, 166, 167, 167, 167, 167, 168, 168, 168, 168, 168, 169, 169, 169, 169, 169, 170, 170,
    170, 170, 170, 170, 171, 171, 171, 171, 171, 171, 172, 172, 172, 172, 172, 172, 172, 172, 173, 173, 173,
    173, 173, 173, 173, 173, 173, 174, 174, 174, 174, 174, 174, 174, 174, 174, 174, 174, 175, 175, 175, 175,
    175, 175, 175, 175, 175, 175, 175, 175, 175, 176, 176, 176, 176, 176, 176, 176, 176, 176, 176, 176, 176,
    176, 176, 176, 176, 176, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177, 177,
    177, 177, 177, 177, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178, 178,
    178, 178, 178, 178, 178, 178, 178, 178,
];

/// How long the model waits before its `tries`-th try (from 0) to connect again; none after the last.
#[must_use]
pub fn reconnect_after(tries: u8) -> Option<Span> {
    RECONNECT_SECS.get(usize::from(tries)).map(|secs| Span::from_secs(i64::from(*secs)))
}
