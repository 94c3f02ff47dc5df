//! Every command with what the server answered and what it led to.

use serde::{Deserialize, Serialize};

use super::call::Moment;
use crate::codes::ErrorCode;
use crate::command::{CommandId, CommandName};
use crate::event::{CommandResult, Event};
use crate::text::{PhoneNumber, Text};
use crate::time::Span;
use crate::view::LineState;

/// A change that comes later than this after a command is not of its doing.
const LEADS_TO: Span = Span::from_secs(20);
/// The most commands that are followed at once.
const MAX_FOLLOWED: usize = 256;
/// The most requests that are told of one command.
const MAX_REQUESTS: usize = 64;

/// A command from asking to effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommandTrail {
    /// Its name in the log.
    pub id: CommandId,
    /// Which command.
    pub name: CommandName,
    /// The number or user that it names.
    pub target: Option<PhoneNumber>,
    /// When it was asked.
    pub asked: Moment,
    /// What was sent for it.
    pub requests: Vec<RequestTrail>,
    /// When it ended; none while it goes on.
    pub done: Option<Moment>,
    /// How it ended.
    pub result: Option<CommandResult>,
    /// What it led to; none if nothing came of it in time.
    pub effect: Option<CommandEffect>,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestTrail {
    /// The wire's method.
    pub method: Text,
    /// Its id on the wire.
    pub qid: u64,
    /// When it was sent.
    pub sent: Moment,
    /// When it was answered, or given up; none while it waits.
    pub settled: Option<Moment>,
    /// What became of it.
    pub fate: RequestFate,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RequestFate {
    /// It waits.
    Waiting,
    /// The server agreed.
    Accepted,
    /// The server refused.
    Refused,
    /// It had no answer.
    Failed(ErrorCode),
}

/// What a command led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommandEffect {
    /// What changed.
    pub change: Change,
    /// When.
    pub at: Moment,
}

/// A change that a command may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Change {
    /// The line entered this state.
    Line(LineState),
    /// Someone was put on hold, or taken back, or changed.
    Hold,
    /// Someone else is at the other end.
    Parties,
    /// Another conference is ours, or none.
    Conference,
    /// The agent's state or status.
    Agent,
    /// The agent entered or left the call centre.
    CallCentre,
    /// The number that calls are redirected to.
    Redirect,
    /// The connection was made or ended.
    Connection,
}

impl Change {
    /// The change that an event is, if it is one.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        if let Event::LineChanged { to, .. } = event {
            return Some(Self::Line(*to));
        }
        let agent = matches!(event, Event::AgentStateChanged { .. } | Event::StatusChanged { .. });
        [
            (agent, Self::Agent),
            (matches!(event, Event::CallCentreChanged { .. }), Self::CallCentre),
            (matches!(event, Event::HoldChanged { .. }), Self::Hold),
            (matches!(event, Event::PartiesChanged { .. }), Self::Parties),
            (matches!(event, Event::ConferenceChanged { .. }), Self::Conference),
            (matches!(event, Event::RedirectNumberTold { .. }), Self::Redirect),
            (matches!(event, Event::Connected | Event::Disconnected { .. }), Self::Connection),
        ]
        .into_iter()
        .find_map(|(is, change)| is.then_some(change))
    }

    /// Whether this is what the command is for.
    #[must_use]
    pub fn is_wanted_by(self, name: CommandName) -> bool {
        use LineState::{BackCall, BackRing, Call, Disconnected, Ready, Talk};
        match name {
            CommandName::Connect | CommandName::ModelConnect | CommandName::Disconnect => {
                self == Self::Connection
            }
            CommandName::Call
            | CommandName::Intercom
            | CommandName::ModelMakeCall
            | CommandName::ModelMakeConsultCall => {
                matches!(self, Self::Line(Call | BackCall | BackRing | Talk))
            }
            CommandName::Answer | CommandName::ModelAnswerCall => matches!(self, Self::Line(Talk | Call)),
            CommandName::EndCall
            | CommandName::Commutate
            | CommandName::Transfer
            | CommandName::ModelDropCall
            | CommandName::ModelTransferCall
            | CommandName::ModelCancelTransfer
            | CommandName::ModelBlindTransferCall => {
                matches!(self, Self::Line(Ready | Disconnected) | Self::Hold | Self::Parties)
            }
            CommandName::Hold | CommandName::Toggle | CommandName::ModelHoldOrUnholdCall => {
                self == Self::Hold
            }
            CommandName::Conference
            | CommandName::GhostListen
            | CommandName::GhostHelp
            | CommandName::GhostConference => matches!(self, Self::Conference | Self::Parties),
            CommandName::SetStatus
            | CommandName::SetUserStatus
            | CommandName::ModelSetAgentState
            | CommandName::ModelSetWrapUpUserState => self == Self::Agent,
            CommandName::ModelChangeCallCentreState => self == Self::CallCentre,
            CommandName::SetRedirectNumber => self == Self::Redirect,
            CommandName::Exec
            | CommandName::TriggerCustomEvent
            | CommandName::HttpPassword
            | CommandName::CallJournal
            | CommandName::Dtmf
            | CommandName::Resume => false,
        }
    }
}

/// The commands of a stream that are still followed, and those that are through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commands {
    followed: Vec<CommandTrail>,
}

impl Commands {
    pub(super) fn event(&mut self, event: &Event, at: Moment) {
        if let Event::CommandGiven { id, name, target } = event {
            self.followed.push(CommandTrail {
                id: *id,
                name: *name,
                target: target.clone(),
                asked: at,
                requests: Vec::new(),
                done: None,
                result: None,
                effect: None,
            });
        } else if let Event::RequestSent { command, qid, method } = event {
            if let Some(trail) = self.of(*command).filter(|trail| trail.requests.len() < MAX_REQUESTS) {
                trail.requests.push(RequestTrail {
                    method: method.clone(),
                    qid: *qid,
                    sent: at,
                    settled: None,
                    fate: RequestFate::Waiting,
                });
            }
        } else if let Event::RequestAnswered { command, qid, accepted } = event {
            let fate = if *accepted { RequestFate::Accepted } else { RequestFate::Refused };
            self.settle(*command, *qid, fate, at);
        } else if let Event::RequestFailed { command, qid, code } = event {
            self.settle(*command, *qid, RequestFate::Failed(*code), at);
        } else if let Event::CommandDone { id, result, .. } = event {
            if let Some(trail) = self.of(*id) {
                trail.done = Some(at);
                trail.result = Some(result.clone());
            }
        } else {
            self.change(event, at);
        }
    }

    fn of(&mut self, id: CommandId) -> Option<&mut CommandTrail> {
        self.followed.iter_mut().find(|trail| trail.id == id)
    }

    fn settle(&mut self, command: CommandId, qid: u64, fate: RequestFate, at: Moment) {
        let request = self.of(command).and_then(|trail| {
            trail.requests.iter_mut().find(|request| request.qid == qid && request.settled.is_none())
        });
        if let Some(request) = request {
            request.settled = Some(at);
            request.fate = fate;
        }
    }

    /// A change belongs to the oldest command that is for it and has had none.
    fn change(&mut self, event: &Event, at: Moment) {
        let Some(change) = Change::of(event) else { return };
        // A list of parties that changes with the line says less than the line.
        let said_less = |effect: &CommandEffect| {
            effect.at == at && effect.change == Change::Parties && matches!(change, Change::Line(_))
        };
        let trail = self.followed.iter_mut().find(|trail| {
            trail.effect.as_ref().is_none_or(said_less)
                && change.is_wanted_by(trail.name)
                && at.at - trail.asked.at <= LEADS_TO
                && trail.result.as_ref().is_none_or(CommandResult::is_done)
        });
        if let Some(trail) = trail {
            trail.effect = Some(CommandEffect { change, at });
        }
    }

    /// The commands of which nothing more will be heard.
    pub(super) fn through(&mut self, now: Moment) -> Vec<CommandTrail> {
        let is_through = |trail: &CommandTrail| {
            let late = now.at - trail.asked.at > LEADS_TO + LEADS_TO;
            let refused = trail.result.as_ref().is_some_and(|result| !result.is_done());
            late || (trail.done.is_some() && (trail.effect.is_some() || refused))
        };
        let surplus = self.followed.len().saturating_sub(MAX_FOLLOWED);
        let mut through = Vec::new();
        let mut place = 0;
        self.followed.retain(|trail| {
            let goes = place < surplus || is_through(trail);
            place += 1;
            if goes {
                through.push(trail.clone());
            }
            !goes
        });
        through
    }

    /// The log ends here.
    pub(super) fn close(&mut self) -> Vec<CommandTrail> {
        std::mem::take(&mut self.followed)
    }
}
