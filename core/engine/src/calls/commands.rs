//! Every command with what the server answered and what it led to.

use serde::{Deserialize, Serialize};

use super::call::Moment;
use super::change::{Change, Fit, Standing};
use crate::codes::ErrorCode;
use crate::command::{Command, CommandId, CommandName};
use crate::event::{CommandResult, Event};
use crate::input::InputKind;
use crate::text::{PhoneNumber, Text};
use crate::time::Span;
use crate::view::View;

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
    /// The number or user that it names first.
    pub target: Option<PhoneNumber>,
    /// The other numbers or users that it names, where the log was read with its [inputs](super::CallLog::input).
    pub others: Vec<PhoneNumber>,
    /// What it names besides ([`Command::about`]), where the log was read with its inputs.
    pub about: Vec<Text>,
    /// Whose command it is; none where the log was read without its inputs.
    pub by: Option<GivenBy>,
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

impl CommandTrail {
    /// Every number or user that it names, as far as it is known.
    pub fn targets(&self) -> impl Iterator<Item = &PhoneNumber> {
        self.target.iter().chain(&self.others)
    }
}

/// Whose command it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum GivenBy {
    /// The application gave it.
    Application,
    /// The engine gave it itself: a timer of the CTI model, or a rule that another command or a message set off.
    Engine,
}

impl GivenBy {
    /// Whose, in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Engine => "engine",
        }
    }
}

/// What the input of a record says of the commands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The application's command, until the event of it was read.
    given: Option<(CommandName, Vec<PhoneNumber>, Vec<Text>)>,
}

impl Asked {
    pub(super) fn of(input: &InputKind<'_>) -> Self {
        let of_command =
            |command: &Command| (command.name(), command.other_targets().to_vec(), command.about());
        Self { given: if let InputKind::Command(command) = input { Some(of_command(command)) } else { None } }
    }

    /// Whose the command of this event is, and what it names that the event does not.
    fn take(&mut self, name: CommandName) -> (GivenBy, Vec<PhoneNumber>, Vec<Text>) {
        // The first of its name is the application's; what the rules make of it comes after.
        match self.given.take_if(|(given, ..)| *given == name) {
            Some((_, others, about)) => (GivenBy::Application, others, about),
            None => (GivenBy::Engine, Vec::new(), Vec::new()),
        }
    }
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

/// The commands of a stream that are still followed, and those that are through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commands {
    followed: Vec<CommandTrail>,
}

impl Commands {
    /// Follows an event; `asked` is what the record's input says, if it is known.
    pub(super) fn event(&mut self, event: &Event, asked: Option<&mut Asked>, at: Moment) {
        if let Event::CommandGiven { id, name, target } = event {
            let told = asked.map(|asked| asked.take(*name));
            let by = told.as_ref().map(|(by, ..)| *by);
            let (_, others, about) = told.unwrap_or((GivenBy::Engine, Vec::new(), Vec::new()));
            self.followed.push(CommandTrail {
                id: *id,
                name: *name,
                target: target.clone(),
                others,
                about,
                by,
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
        } else if let Event::CommandDone { id, result, .. } = event
            && let Some(trail) = self.of(*id)
        {
            trail.done = Some(at);
            trail.result = Some(result.clone());
        }
    }

    /// Whether there is a command that a change may belong to.
    pub(super) fn is_following(&self) -> bool {
        !self.followed.is_empty()
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

    /// The record is over: what it changed belongs, each thing to the oldest command that is for it and has had none.
    pub(super) fn changed(&mut self, before: &Standing, view: &View, events: &[Event], at: Moment) {
        let after = Standing::of(view);
        for changes in Change::all(before, &after, events) {
            let fits = |trail: &CommandTrail, change: Change| {
                change.fit(trail.name, trail.targets(), before, &after) != Fit::No
            };
            let waits = |trail: &CommandTrail| {
                trail.effect.is_none()
                    && at.at - trail.asked.at <= LEADS_TO
                    && trail.result.as_ref().is_none_or(CommandResult::is_done)
            };
            let effect = self.followed.iter_mut().filter(|trail| waits(trail)).find_map(|trail| {
                let change = changes.iter().copied().find(|change| fits(trail, *change))?;
                Some((trail, change))
            });
            if let Some((trail, change)) = effect {
                trail.effect = Some(CommandEffect { change, at });
            }
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
