//! What is so on a line at a moment, as it crosses.

use callfold::{PersonName, PhoneNumber, Timestamp, View};

use crate::command::BreakReason;
use crate::convert::naming;
use crate::cti::CtiModel;
use crate::party::{Conference, Held, Party, parties};
use crate::words::{AgentState, Answering, Connection, LineState, WebStatus};

/// What is so on a line at a moment. What the PBX has of numbers and users, which may be much, is asked for by itself
/// (`Line.users`, `Line.numbers`).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LineSnapshot {
    /// The last turn of the line that is in it, for a live line; events of this turn and before are in it.
    pub turn: Option<u64>,
    /// The last record that is in it, for a state read from a log.
    pub seq: Option<u64>,
    /// Which moment it is of, for a state read from a log or a machine.
    pub at: Option<Timestamp>,
    /// How far the connection is.
    pub connection: Connection,
    /// Since when line, hold and parties are stale: the connection was lost and no picture was read since.
    pub stale_since: Option<Timestamp>,
    /// The line's state.
    pub line: LineState,
    /// When the talk began, while the talk clock runs.
    pub talk_since: Option<Timestamp>,
    /// Who is at the other end.
    pub parties: Vec<Party>,
    /// Who is held.
    pub held: Option<Held>,
    /// The conference that is ours.
    pub conference: Option<Conference>,
    /// Who entered the queue and has not left it.
    pub queue: Vec<Party>,
    /// The agent.
    pub agent: AgentSnapshot,
    /// Whether the phone can be answered from the application.
    pub answering: Answering,
    /// The values of the CTI model, where it is kept.
    pub cti: Option<CtiModel>,
}

/// The agent whose line it is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AgentSnapshot {
    /// The agent's login.
    pub login: Option<PersonName>,
    /// The agent's user id.
    pub user: Option<String>,
    /// The agent's number.
    pub number: Option<PhoneNumber>,
    /// The agent's name.
    pub name: Option<PersonName>,
    /// Whether the agent is an operator.
    pub operator: bool,
    /// Whether the agent is in the call centre; not known at first.
    pub call_centre: Option<bool>,
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

/// Which moment a state is of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) turn: Option<u64>,
    pub(crate) seq: Option<u64>,
    pub(crate) at: Option<Timestamp>,
}

impl LineSnapshot {
    /// The state that a view has.
    pub(crate) fn of(view: &View, place: Place) -> Self {
        let agent = &view.agent;
        Self {
            turn: place.turn,
            seq: place.seq,
            at: place.at,
            connection: view.connection.into(),
            stale_since: view.stale_since,
            line: view.line.into(),
            talk_since: view.talk_since,
            parties: parties(view.parties.as_slice()),
            held: view.held.as_ref().map(Held::from),
            conference: view.conference.as_ref().map(Conference::from),
            queue: parties(&view.queue),
            agent: AgentSnapshot {
                login: agent.login.as_ref().map(naming),
                user: agent.user.as_ref().map(|user| user.as_str().to_owned()),
                number: agent.number.clone(),
                name: agent.name.clone(),
                operator: agent.operator,
                call_centre: agent.call_centre,
                web_status: agent.web_status.map(WebStatus::from),
                state: agent.state.into(),
                status: agent.status.into(),
                break_reason: agent.break_reason.as_ref().map(BreakReason::from),
                redirect_number: agent.redirect_number.clone(),
            },
            answering: view.answering.into(),
            cti: view.cti.as_deref().map(CtiModel::from),
        }
    }
}
