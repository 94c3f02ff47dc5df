//! What was decided, in past tense. A record keeps the events of its input; [`View`](crate::View) is what
//! they add up to.
//!
//! Some events are *announcements*: the reference client tells them to its application (spec part 0).
//! The others are quiet facts that the view or a reader of the log needs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codes::{DisconnectReason, ErrorCode};
use crate::command::{CommandId, CommandName};
use crate::cti::{CtiModel, ProviderEvent};
use crate::directory::DirectoryUser;
use crate::input::SocketId;
use crate::party::{Parties, Party};
use crate::text::{ChainId, ConferenceId, JsonText, PersonName, PhoneNumber, Text, UserId};
use crate::time::{Span, Timestamp};
use crate::view::{AgentFacts, AgentState, Answering, BreakReason, Held, LineState, WebStatus};
use crate::wire::{PhoneEvent, RefusedPart, Unreadable};

/// Something that was decided or found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Event {
    // ---- connection ----
    /// A connection was asked for (announced `connecting`).
    Connecting {
        /// As whom.
        login: Text,
    },
    /// A socket was dialled.
    Dialled {
        /// Its name.
        socket: SocketId,
        /// Where to.
        url: Text,
    },
    /// A socket was given up before it won.
    SocketGivenUp {
        /// Its name.
        socket: SocketId,
    },
    /// The first socket that answered; the others are closed.
    SocketWon {
        /// Its name.
        socket: SocketId,
    },
    /// The login was accepted.
    LoggedIn {
        /// The agent's user id.
        user: UserId,
    },
    /// The server told its version.
    ServerVersionTold {
        /// `version.dated`
        dated: Option<i64>,
        /// `version.build`
        build: Option<Text>,
        /// Stored procedures that may be run, in lower case.
        procedures: Arc<[Text]>,
    },
    /// The server told who the agent is.
    AgentTold {
        /// The agent's number.
        number: Option<PhoneNumber>,
        /// The agent's name.
        name: Option<PersonName>,
        /// Whether the agent is an operator.
        operator: bool,
    },
    /// The reasons for a break, by id.
    BreakReasonsTold {
        /// Id and name.
        reasons: Arc<[(i64, Text)]>,
    },
    /// The number that calls are redirected to, or none.
    RedirectNumberTold {
        /// The number.
        number: Option<PhoneNumber>,
    },
    /// The number plan, with the state of each number.
    NumberPlanTold {
        /// Number and state (1 free, 2 no phone, 5 busy).
        numbers: Arc<[(PhoneNumber, i64)]>,
    },
    /// A number of the plan changed its state.
    NumberStateTold {
        /// The number.
        number: PhoneNumber,
        /// Its state.
        state: i64,
    },
    /// The users and their numbers.
    UsersTold {
        /// Every user.
        users: Arc<[DirectoryUser]>,
    },
    /// Login and loading are through (announced `connect`).
    Connected,
    /// The connection could not be made (announced `connectError`).
    ConnectFailed {
        /// Why.
        code: ErrorCode,
        /// What the server said of it.
        server: Option<ServerError>,
    },
    /// The goodbye was said; the close is awaited.
    Leaving,
    /// The connection is closed (announced `disconnect`).
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
    /// The connection went before it was made, and nobody was told (as the reference client has it).
    ConnectionDropped,
    /// What the line, hold and parties are is not known any more.
    LineWentStale {
        /// Since when.
        since: Timestamp,
    },
    /// A line picture was read again.
    LineKnownAgain,

    // ---- line ----
    /// The line entered a state (announced `stateChange`).
    LineChanged {
        /// The state.
        to: LineState,
        /// The state before.
        from: LineState,
    },
    /// The old state ended (announced `…Stop`).
    LineStopped {
        /// The old state.
        state: LineState,
        /// With whom; `None` where the line is put to `disconnected` without a picture.
        parties: Option<Parties>,
    },
    /// The new state began (announced `…Start`).
    LineStarted {
        /// The new state.
        state: LineState,
        /// With whom: the parties now, or those from before if there are none.
        parties: Parties,
    },
    /// The talk clock was set.
    TalkClockSet {
        /// When the talk began.
        since: Timestamp,
    },
    /// The talk clock was stopped.
    TalkClockStopped,
    /// Whether the phone can be answered from the application.
    AnsweringFound {
        /// What was found.
        answering: Answering,
    },

    // ---- parties ----
    /// The list of parties changed (announced `abonentsChange`).
    PartiesChanged {
        /// The list.
        parties: Parties,
    },
    /// The list of parties was renewed, and nobody told.
    PartiesRefreshed {
        /// The list.
        parties: Parties,
    },

    // ---- hold ----
    /// Someone entered hold (announced `holdAbonentEnter`).
    HoldEntered {
        /// Who.
        held: Held,
    },
    /// Someone left hold (announced `holdAbonentLeave`).
    HoldLeft {
        /// Who.
        held: Held,
    },
    /// Hold changed (announced `holdStateChange`).
    HoldChanged {
        /// Who is held, if anyone.
        held: Option<Held>,
    },
    /// The data of the one held were renewed, and nobody told.
    HoldRefreshed {
        /// Who is held.
        held: Held,
    },

    // ---- conference ----
    /// A conference became ours, or none is.
    ConferenceChanged {
        /// Which.
        conference: Option<ConferenceId>,
    },
    /// What is known of our conference.
    ConferenceInfoTold {
        /// Whether we are in it as a ghost.
        ghost: bool,
    },
    /// A competitor entered while talking (announced `conferenceAbonentEnter`).
    ConferenceEntered {
        /// Who.
        party: Arc<Party>,
    },
    /// A competitor left while talking (announced `conferenceAbonentLeave`).
    ConferenceLeft {
        /// Who.
        party: Arc<Party>,
    },

    // ---- queue ----
    /// Someone entered the queue (announced `queueAbonentEnter`).
    QueueEntered {
        /// Who.
        party: Arc<Party>,
    },
    /// Someone left the queue (announced `queueAbonentLeave`).
    QueueLeft {
        /// Who.
        party: Arc<Party>,
    },
    /// The queue changed (announced `queueChange`).
    QueueChanged {
        /// The whole queue as told.
        parties: Parties,
    },

    // ---- agent ----
    /// The agent entered or left the call centre (announced `callCenterStateChange`).
    CallCentreChanged {
        /// Whether in it.
        active: bool,
    },
    /// What the server says of the agent.
    AgentFactsTold {
        /// All of it.
        facts: AgentFacts,
    },
    /// The web status changed (announced `statusChange`).
    StatusChanged {
        /// The status.
        to: WebStatus,
        /// The status before; none at first.
        from: Option<WebStatus>,
    },
    /// User state, user status or break reason changed (announced `userStateChange`).
    AgentStateChanged {
        /// What the agent does.
        state: AgentState,
        /// What the agent has chosen.
        status: AgentState,
        /// Why on break.
        reason: Option<BreakReason>,
    },

    // ---- commands ----
    /// The application gave a command.
    CommandGiven {
        /// Its name in the log.
        id: CommandId,
        /// Which command.
        name: CommandName,
        /// The number or user that it names, if it names one.
        target: Option<PhoneNumber>,
    },
    /// A request was sent for a command.
    RequestSent {
        /// For which.
        command: CommandId,
        /// Its id on the wire.
        qid: u64,
        /// The wire's method.
        method: Text,
    },
    /// The server answered a request that was sent for a command.
    RequestAnswered {
        /// For which.
        command: CommandId,
        /// Its id on the wire.
        qid: u64,
        /// Whether it agreed.
        accepted: bool,
    },
    /// A request that was sent for a command had no answer in time, or was lost with its connection.
    RequestFailed {
        /// For which.
        command: CommandId,
        /// Its id on the wire.
        qid: u64,
        /// Why.
        code: ErrorCode,
    },
    /// A command ended (announced as its result).
    CommandDone {
        /// Its name in the log.
        id: CommandId,
        /// Which command.
        name: CommandName,
        /// How.
        result: CommandResult,
    },

    // ---- the CTI model ----
    /// The CTI provider announced something.
    Provider {
        /// What.
        event: Box<ProviderEvent>,
    },
    /// The values of the CTI model changed.
    CtiModelChanged {
        /// All of them.
        model: Arc<CtiModel>,
    },

    // ---- what the server said besides ----
    /// The server reported something about the phone (announced as the native event).
    PhoneReported {
        /// What.
        event: PhoneEvent,
        /// On which chain.
        chain: Option<ChainId>,
        /// In which commutation.
        commutation: Option<Text>,
        /// In which conference, for a conference's commutation.
        conference: Option<ConferenceId>,
    },
    /// The hold was worked (announced as the native event `flashstatechanged`).
    FlashReported {
        /// `flashtypeid`: 1 put, 2 return, 3 abort, 4 lost, 5 switch, …
        kind: Option<i64>,
    },
    /// The server sent another event that is known (announced as the native event).
    NativeEvent {
        /// Its name.
        name: NativeName,
    },
    /// The server passed a custom event on (announced `customEvent`).
    CustomEvent {
        /// Its name.
        name: Text,
        /// What it carries.
        parameter: Option<JsonText>,
    },
    /// The server sent an event that this engine does not know.
    UnknownEvent {
        /// Its name, cut to 64 bytes.
        name: Text,
    },

    // ---- what went wrong with an input ----
    /// A message could not be read; the record has it as it came.
    FrameUnreadable {
        /// Why, and where.
        why: Unreadable,
    },
    /// A piece of a long message was refused, and the message given up.
    MultipartRefused {
        /// Why.
        why: RefusedPart,
    },
    /// The server told of more than is kept; what is over the bound was left out.
    BoundHit {
        /// Which bound.
        bound: Bound,
    },
    /// A frame came on a socket that has been given up. It counts for nothing.
    FrameOnDeadSocket {
        /// Which socket.
        socket: SocketId,
    },
    /// The clock stood before that of the last input: time was held there.
    ClockSteppedBack {
        /// By how much.
        by: Span,
    },
}

/// A bound on what a server can make us hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Bound {
    /// 1,000 parties of a conference.
    Conference,
    /// 1,000 parties of a queue.
    Queue,
    /// 256 requests that wait for an answer.
    Requests,
}

impl Bound {
    /// The bound in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Conference => "1,000 parties of a conference",
            Self::Queue => "1,000 parties of a queue",
            Self::Requests => "256 requests that wait for an answer",
        }
    }
}

impl Event {
    /// Whether this says that something is wrong with an input: it could not be read, broke a bound, or came
    /// with a clock that stepped back.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::FrameUnreadable { .. }
                | Self::MultipartRefused { .. }
                | Self::BoundHit { .. }
                | Self::ClockSteppedBack { .. }
        )
    }
}

/// What `flashtypeid` says, where a rule asks for it.
pub(crate) mod flash {
    /// The held party left.
    pub(crate) const LOST: i64 = 4;
    /// The held party was given to another.
    pub(crate) const SWITCH: i64 = 5;
}

/// An event of the wire that is known but has no facts of its own in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NativeName {
    /// `linestatechanged`
    LineStateChanged,
    /// `userstatechanged`
    UserStateChanged,
    /// `pbxnumberstatechanged`
    PbxNumberStateChanged,
    /// `confcompositionchanged`
    ConferenceComposition,
    /// `confcompetitorstatechanged`
    ConferenceCompetitor,
    /// `httpresponsecopy`
    HttpResponseCopy,
    /// `websocketredirect`, where it is not obeyed.
    Redirect,
}

impl NativeName {
    /// The wire's name.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::LineStateChanged => "linestatechanged",
            Self::UserStateChanged => "userstatechanged",
            Self::PbxNumberStateChanged => "pbxnumberstatechanged",
            Self::ConferenceComposition => "confcompositionchanged",
            Self::ConferenceCompetitor => "confcompetitorstatechanged",
            Self::HttpResponseCopy => "httpresponsecopy",
            Self::Redirect => "websocketredirect",
        }
    }
}

/// What a server said of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerError {
    /// `error`
    pub code: Option<Text>,
    /// `errormsg`
    pub message: Option<Text>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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
        code: ErrorCode,
        /// The method that failed, where the text names it.
        method: Option<Text>,
        /// The fields of the server's answer, where the command passes them on.
        server: Option<JsonText>,
    },
    /// The connection was refused after a server answered, or could not be made.
    RefusedAtLogin {
        /// Why.
        code: ErrorCode,
        /// What the server said of it.
        server: Option<ServerError>,
    },
    /// The CTI model threw.
    Misused {
        /// What.
        misuse: Misuse,
    },
    /// The server's own refusal, passed on as it is.
    RefusedByServer {
        /// The fields of the answer.
        server: JsonText,
    },
}

/// How a command of the CTI model was misused. The application gets an exception of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Misuse {
    /// A number is needed.
    ArgumentNullOrEmpty,
    /// There is no call to do it with.
    InvalidOperation,
}

impl Misuse {
    /// The name of the exception.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArgumentNullOrEmpty => "ArgumentNullOrEmpty",
            Self::InvalidOperation => "InvalidOperation",
        }
    }
}

impl CommandResult {
    /// Done, with nothing to add.
    pub const DONE: Self = Self::Done { server: None };

    /// Refused for a reason that says it all.
    #[must_use]
    pub const fn refused(code: ErrorCode) -> Self {
        Self::Refused { code, method: None, server: None }
    }

    /// Whether the command was done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        match self {
            Self::Done { .. } | Self::UserStatus { .. } | Self::Datasets { .. } => true,
            Self::Refused { .. }
            | Self::RefusedAtLogin { .. }
            | Self::Misused { .. }
            | Self::RefusedByServer { .. } => false,
        }
    }
}
