//! What is so at this moment: the events added up. [`View::apply`] has no rules and cannot fail.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cti::CtiModel;
use crate::directory::{Directory, DirectoryUser};
use crate::event::Event;
use crate::party::{Parties, Party};
use crate::text::{ConferenceId, PersonName, PhoneNumber, Text, UserId};
use crate::time::{Span, Timestamp};

/// A line, its agent, and what is known of the PBX around them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct View {
    /// How far the connection is.
    pub connection: Connection,
    /// Since when line, hold and parties are stale: the connection was lost and no picture was read since.
    pub stale_since: Option<Timestamp>,
    /// The line's state.
    pub line: LineState,
    /// When the talk began, while the talk clock runs.
    pub talk_since: Option<Timestamp>,
    /// Who is at the other end.
    pub parties: Parties,
    /// Who is held.
    pub held: Option<Held>,
    /// The conference that is ours.
    pub conference: Option<Conference>,
    /// Who entered the queue and has not left it.
    pub queue: Vec<Arc<Party>>,
    /// The agent.
    pub agent: Agent,
    /// What the server told of itself.
    pub server: Server,
    /// Numbers, users, reasons.
    pub directory: Directory,
    /// Whether the phone can be answered from the application.
    pub answering: Answering,
    /// The values of the CTI model, where it is switched on.
    pub cti: Option<Arc<CtiModel>>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Connection {
    /// There is none.
    #[default]
    Offline,
    /// Sockets are dialled, or the login is awaited.
    Dialling,
    /// Logged in, loading.
    Loading,
    /// Logged in, loaded.
    Connected,
    /// The goodbye was said.
    Leaving,
}

impl Connection {
    /// Whether the server knows us and we know it: logged in, on an open socket.
    #[must_use]
    pub const fn is_logged_in(self) -> bool {
        match self {
            Self::Loading | Self::Connected => true,
            Self::Offline | Self::Dialling | Self::Leaving => false,
        }
    }
}

/// The state of a line (spec part 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LineState {
    /// No picture was read yet.
    #[default]
    Unknown,
    /// No phone.
    Disconnected,
    /// Nothing goes on.
    Ready,
    /// An incoming call rings.
    Ring,
    /// The agent's own phone rings, for a callback.
    BackRing,
    /// An outgoing call is under way.
    Call,
    /// A callback is under way.
    BackCall,
    /// Conversation.
    Talk,
}

impl LineState {
    /// The outward name; `None` before the first picture.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Disconnected => Some("disconnected"),
            Self::Ready => Some("ready"),
            Self::Ring => Some("ring"),
            Self::BackRing => Some("backring"),
            Self::Call | Self::BackCall => Some("call"),
            Self::Talk => Some("talk"),
        }
    }
}

/// Who is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Held {
    /// A party.
    Party(Arc<Party>),
    /// A whole conference.
    Conference {
        /// Its id.
        id: ConferenceId,
        /// Its name.
        name: Option<Text>,
        /// Its room.
        room: Option<i64>,
    },
}

impl Held {
    /// The party held; none for a conference.
    #[must_use]
    pub const fn party(&self) -> Option<&Arc<Party>> {
        match self {
            Self::Party(party) => Some(party),
            Self::Conference { .. } => None,
        }
    }
}

/// A conference that is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conference {
    /// Its id.
    pub id: ConferenceId,
    /// Whether we are in it as a ghost.
    pub ghost: bool,
}

/// Whether the phone can be answered from the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answering {
    /// It was not tried yet.
    #[default]
    Untried,
    /// It was looked at after an answer, and did not talk yet.
    Looking,
    /// It can.
    Supported,
    /// It cannot.
    NotSupported,
}

impl Answering {
    /// Whether a command to answer is worth sending.
    #[must_use]
    pub const fn may_answer(self) -> bool {
        match self {
            Self::Untried | Self::Supported => true,
            Self::Looking | Self::NotSupported => false,
        }
    }
}

/// The agent whose line this is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Agent {
    /// The agent's login.
    pub login: Option<Text>,
    /// The agent's user id.
    pub user: Option<UserId>,
    /// The agent's number.
    pub number: Option<PhoneNumber>,
    /// The agent's name.
    pub name: Option<PersonName>,
    /// Whether the agent is an operator.
    pub operator: bool,
    /// Whether the agent is in the call centre; not known at first.
    pub call_centre: Option<bool>,
    /// What the server says of the agent.
    pub facts: AgentFacts,
    /// The web status; none at first.
    pub web_status: Option<WebStatus>,
    /// What the agent does.
    pub state: AgentState,
    /// What the agent has chosen.
    pub status: AgentState,
    /// Why the agent is on break, as told.
    pub break_reason: Option<BreakReason>,
    /// The number that calls are redirected to.
    pub redirect_number: Option<PhoneNumber>,
}

impl Agent {
    /// Whether `target` is the agent's number or user id.
    #[must_use]
    pub fn is(&self, target: &str) -> bool {
        self.number.as_ref().is_some_and(|number| number.as_str() == target)
            || self.user.as_ref().is_some_and(|user| user.as_str() == target)
    }
}

/// What the server says of an agent (spec part 3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFacts {
    /// The user state's id: 0 disconnected, 1 ready, 2 break, 3 off, 5 busy, 6 reserved, 7 no phone.
    pub id: i64,
    /// On break.
    pub on_break: bool,
    /// In the call centre, calls taken by hand.
    pub manual: bool,
    /// Calls are redirected.
    pub redirect: bool,
    /// On a task.
    pub on_task: bool,
    /// The last break reason told.
    pub reason: Option<BreakReason>,
}

/// The web status: what the agent chose, the older way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WebStatus {
    /// `ready`
    Ready,
    /// `break`
    Break,
    /// `dnd`
    DoNotDisturb,
    /// `redirect`
    Redirect,
}

impl WebStatus {
    /// The wire's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Break => "break",
            Self::DoNotDisturb => "dnd",
            Self::Redirect => "redirect",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ready, Self::Break, Self::DoNotDisturb, Self::Redirect]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// User state and user status: what the agent does, and what the agent has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AgentState {
    /// `disconnected`
    #[default]
    Disconnected,
    /// `ready`
    Ready,
    /// `readyCC`: in the call centre.
    ReadyInCallCentre,
    /// `readyCCManual`: in the call centre, calls taken by hand.
    ReadyByHand,
    /// `break`
    Break,
    /// `dnd`
    DoNotDisturb,
    /// `busy`
    Busy,
    /// `busyBreak`: busy, on break after it.
    BusyThenBreak,
    /// `noPhone`
    NoPhone,
    /// `redirect`
    Redirect,
}

impl AgentState {
    const ALL: [Self; 10] = [
        Self::Disconnected,
        Self::Ready,
        Self::ReadyInCallCentre,
        Self::ReadyByHand,
        Self::Break,
        Self::DoNotDisturb,
        Self::Busy,
        Self::BusyThenBreak,
        Self::NoPhone,
        Self::Redirect,
    ];

    /// The wire's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Ready => "ready",
            Self::ReadyInCallCentre => "readyCC",
            Self::ReadyByHand => "readyCCManual",
            Self::Break => "break",
            Self::DoNotDisturb => "dnd",
            Self::Busy => "busy",
            Self::BusyThenBreak => "busyBreak",
            Self::NoPhone => "noPhone",
            Self::Redirect => "redirect",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why an agent is on break: an id of the server's, or a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BreakReason {
    /// An id.
    Id(i64),
    /// Anything else.
    Text(Text),
}

impl BreakReason {
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Id(id) => Value::from(*id),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }

    /// The reason as text.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Id(id) => Text::from(id.to_string()),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What a server told of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Server {
    /// `version.dated`, such as 150601.
    pub dated: Option<i64>,
    /// `version.build`
    pub build: Option<Text>,
    /// Stored procedures that may be run, in lower case.
    pub procedures: Arc<[Text]>,
}

impl Server {
    /// Whether this server can tell a phone to answer: those dated from 131218 on can, and one that has not
    /// told its date may.
    #[must_use]
    pub fn can_answer(&self) -> bool {
        self.dated.is_none_or(|dated| dated >= 131_218)
    }
}

/// The states of a number of the plan that rules ask for.
pub(crate) mod number_state {
    pub(crate) const NO_PHONE: i64 = 2;
    pub(crate) const BUSY: i64 = 5;
}

impl View {
    /// How long the talk has lasted at `now`; none while the talk clock stands.
    #[must_use]
    pub fn talk_length(&self, now: Timestamp) -> Option<Span> {
        self.talk_since.map(|since| now - since)
    }

    /// Whether the agent made the conference that is ours.
    #[must_use]
    pub fn made_conference(&self) -> bool {
        self.conference.is_some()
            && self.parties.as_slice().iter().any(|party| {
                party.competitor.is_some_and(|marks| marks.creator)
                    && party.user.as_ref().is_some_and(|user| Some(&user.id) == self.agent.user.as_ref())
            })
    }

    /// Changes the view by what an event says. The only way in which a view changes.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Connecting { login } => {
                self.connection = Connection::Dialling;
                self.agent.login = Some(login.clone());
            }
            Event::LoggedIn { user } => {
                self.connection = Connection::Loading;
                self.agent.user = Some(user.clone());
            }
            Event::ServerVersionTold { dated, build, procedures } => {
                self.server =
                    Server { dated: *dated, build: build.clone(), procedures: Arc::clone(procedures) };
            }
            Event::AgentTold { number, name, operator } => {
                self.agent.number.clone_from(number);
                self.agent.name.clone_from(name);
                self.agent.operator = *operator;
            }
            Event::BreakReasonsTold { reasons } => {
                self.directory.reasons = reasons.iter().cloned().collect();
            }
            Event::RedirectNumberTold { number } => self.agent.redirect_number.clone_from(number),
            Event::NumberPlanTold { numbers } => {
                self.directory.numbers = numbers.iter().cloned().collect();
            }
            Event::NumberStateTold { number, state } => {
                self.directory.numbers.set(number, *state);
            }
            Event::UsersTold { users } => self.apply_users(users),
            Event::Connected => self.connection = Connection::Connected,
            Event::Leaving => self.connection = Connection::Leaving,
            Event::ConnectFailed { .. } => {
                if self.connection != Connection::Leaving {
                    self.connection = Connection::Offline;
                }
            }
            Event::Disconnected { .. } | Event::ConnectionDropped => self.connection = Connection::Offline,
            Event::LineWentStale { since } => self.stale_since = Some(*since),
            Event::LineKnownAgain => self.stale_since = None,

            Event::LineChanged { to, .. } => self.line = *to,
            Event::TalkClockSet { since } => self.talk_since = Some(*since),
            Event::TalkClockStopped => self.talk_since = None,
            Event::AnsweringFound { answering } => self.answering = *answering,

            Event::PartiesChanged { parties } | Event::PartiesRefreshed { parties } => {
                self.parties = parties.clone();
            }
            Event::CtiModelChanged { model } => self.cti = Some(Arc::clone(model)),
            Event::HoldChanged { held } => self.held.clone_from(held),
            Event::HoldRefreshed { held } => self.held = Some(held.clone()),
            Event::ConferenceChanged { conference } => {
                // What was known of the last conference holds until something is told of the new one.
                let ghost = self.conference.as_ref().is_some_and(|last| last.ghost);
                self.conference = conference.as_ref().map(|id| Conference { id: id.clone(), ghost });
            }
            Event::ConferenceInfoTold { ghost } => {
                if let Some(conference) = &mut self.conference {
                    conference.ghost = *ghost;
                }
            }
            Event::QueueEntered { party } => self.queue.push(Arc::clone(party)),
            Event::QueueLeft { party } => self.queue.retain(|queued| queued.key != party.key),

            Event::CallCentreChanged { active } => self.agent.call_centre = Some(*active),
            Event::AgentFactsTold { facts } => self.agent.facts = facts.clone(),
            Event::StatusChanged { to, .. } => self.agent.web_status = Some(*to),
            Event::AgentStateChanged { state, status, reason } => {
                self.agent.state = *state;
                self.agent.status = *status;
                self.agent.break_reason.clone_from(reason);
            }

            // Told for the application or for a reader of the log; nothing that is so changes by them.
            Event::Dialled { .. }
            | Event::SocketGivenUp { .. }
            | Event::SocketWon { .. }
            | Event::LineStopped { .. }
            | Event::LineStarted { .. }
            | Event::HoldEntered { .. }
            | Event::HoldLeft { .. }
            | Event::ConferenceEntered { .. }
            | Event::ConferenceLeft { .. }
            | Event::QueueChanged { .. }
            | Event::CommandGiven { .. }
            | Event::RequestSent { .. }
            | Event::RequestAnswered { .. }
            | Event::RequestFailed { .. }
            | Event::CommandDone { .. }
            | Event::Provider { .. }
            | Event::PhoneReported { .. }
            | Event::FlashReported { .. }
            | Event::NativeEvent { .. }
            | Event::CustomEvent { .. }
            | Event::UnknownEvent { .. }
            | Event::FrameUnreadable { .. }
            | Event::MultipartRefused { .. }
            | Event::BoundHit { .. }
            | Event::FrameOnDeadSocket { .. }
            | Event::ClockSteppedBack { .. } => {}
        }
    }

    fn apply_users(&mut self, users: &[DirectoryUser]) {
        let owned = |user: &DirectoryUser| {
            let id = user.id.clone();
            let numbers = user.numbers.iter().chain(&user.main).cloned().collect::<Vec<_>>();
            numbers.into_iter().map(move |number| (number, id.clone()))
        };
        self.directory.owners = Arc::new(users.iter().flat_map(owned).collect());
        let users = users.iter().map(|user| (user.id.clone(), user.clone()));
        self.directory.users = Arc::new(users.collect());
    }
}
