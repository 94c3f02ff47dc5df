//! What a record changed, and whether that is what a command was for.

use serde::{Deserialize, Serialize};

use crate::command::CommandName;
use crate::event::Event;
use crate::party::{Parties, Party};
use crate::text::{ConferenceId, PhoneNumber};
use crate::view::{Held, LineState, View};

/// A change that a command may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Change {
    /// The line entered this state.
    Line(LineState),
    /// Somebody is on hold who was not.
    Hold,
    /// Who was on hold is on the line again, and nobody is on hold.
    TakenBack,
    /// Who was on hold is on the line again, and somebody else is on hold.
    Exchanged,
    /// Nobody is on hold any more, and who was is not on the line.
    HoldEnded,
    /// Somebody else is at the other end.
    Parties,
    /// Somebody came to those at the other end.
    Came,
    /// Somebody left of those at the other end.
    Gone,
    /// A conference is ours that was not.
    Conference,
    /// No conference is ours any more.
    ConferenceLeft,
    /// The agent's state or status.
    Agent,
    /// The agent entered or left the call centre.
    CallCentre,
    /// The number that calls are redirected to.
    Redirect,
    /// The connection was made or ended.
    Connection,
}

/// Whether a change is what a command was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is something else.
    No,
    /// It may be: what the log says does not tell it from something else.
    Maybe,
    /// It is just that.
    Surely,
}

/// What of a view commands are for, as it stands between two records. Cheap to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    line: LineState,
    parties: Parties,
    held: Option<Held>,
    conference: Option<ConferenceId>,
    redirect: Option<PhoneNumber>,
}

impl Standing {
    /// How things stand.
    #[must_use]
    pub fn of(view: &View) -> Self {
        Self {
            line: view.line,
            parties: view.parties.clone(),
            held: view.held.clone(),
            conference: view.conference.as_ref().map(|ours| ours.id.clone()),
            redirect: view.agent.redirect_number.clone(),
        }
    }

    fn has(&self, party: &Party) -> bool {
        self.parties.by_key(party.key.as_str()).is_some()
    }

    /// Whether something is on the line or on hold that can be ended.
    const fn is_busy(&self) -> bool {
        self.held.is_some() || !self.is_at_rest()
    }

    const fn is_at_rest(&self) -> bool {
        matches!(self.line, LineState::Unknown | LineState::Disconnected | LineState::Ready)
    }

    /// Whether who `target` names is there, on the line or on hold.
    fn finds(&self, target: &PhoneNumber) -> bool {
        let is_held = self.held.as_ref().and_then(Held::party).is_some_and(|held| held.is(target.as_str()));
        is_held || self.parties.find(target.as_str()).is_some()
    }

    /// Whether the one who is held, or the held conference, is on the line.
    fn has_on_line(&self, held: &Held) -> bool {
        match held {
            Held::Party(party) => self.has(party),
            Held::Conference { id, .. } => self.conference.as_ref() == Some(id),
        }
    }
}

fn is_same(one: &Held, other: &Held) -> bool {
    match (one, other) {
        (Held::Party(one), Held::Party(other)) => one.key == other.key,
        (Held::Conference { id: one, .. }, Held::Conference { id: other, .. }) => one == other,
        (Held::Party(_), Held::Conference { .. }) | (Held::Conference { .. }, Held::Party(_)) => false,
    }
}

impl Change {
    /// What the events of a record changed, given how things stood before and after them. Changes that are one happening
    /// are together, the one that says most of it first.
    #[must_use]
    pub fn all(before: &Standing, after: &Standing, events: &[Event]) -> Vec<Vec<Self>> {
        let mut call = Vec::new();
        for event in events {
            // A state that is announced again is no change.
            if let Event::LineChanged { to, from } = event
                && to != from
            {
                // The state that the record leaves the line in says more than those on the way to it.
                call.insert(0, Self::Line(*to));
            }
        }
        call.extend(Self::of_conference(before, after));
        call.extend(Self::of_hold(before, after));
        call.extend(Self::of_parties(before, after));
        let told = |is: fn(&Event) -> bool| events.iter().any(is);
        let others = [
            (
                told(|event| matches!(event, Event::AgentStateChanged { .. } | Event::StatusChanged { .. })),
                Self::Agent,
            ),
            (told(|event| matches!(event, Event::CallCentreChanged { .. })), Self::CallCentre),
            (before.redirect != after.redirect, Self::Redirect),
            (told(|event| matches!(event, Event::Connected | Event::Disconnected { .. })), Self::Connection),
        ];
        let others = others.into_iter().filter(|(is, _)| *is).map(|(_, change)| vec![change]);
        std::iter::once(call).filter(|changes| !changes.is_empty()).chain(others).collect()
    }

    fn of_conference(before: &Standing, after: &Standing) -> Option<Self> {
        match (&before.conference, &after.conference) {
            (one, Some(other)) if one.as_ref() != Some(other) => Some(Self::Conference),
            (Some(_), None) => Some(Self::ConferenceLeft),
            (_, _) => None,
        }
    }

    fn of_hold(before: &Standing, after: &Standing) -> Vec<Self> {
        match (&before.held, &after.held) {
            (None, Some(_)) => vec![Self::Hold],
            (Some(was), None) if after.has_on_line(was) => vec![Self::TakenBack],
            (Some(_), None) => vec![Self::HoldEnded],
            (Some(was), Some(is)) if is_same(was, is) => Vec::new(),
            (Some(was), Some(_)) if after.has_on_line(was) => vec![Self::Exchanged],
            (Some(_), Some(_)) => vec![Self::Hold],
            (None, None) => Vec::new(),
        }
    }

    /// A list that was told again with nobody new and nobody gone changed nothing.
    fn of_parties(before: &Standing, after: &Standing) -> Option<Self> {
        let came = after.parties.as_slice().iter().any(|party| !before.has(party));
        let gone = before.parties.as_slice().iter().any(|party| !after.has(party));
        match (came, gone) {
            (true, true) => Some(Self::Parties),
            (true, false) => Some(Self::Came),
            (false, true) => Some(Self::Gone),
            (false, false) => None,
        }
    }

    /// Whether this is what a command was for that names these, given how things stood before and after the record.
    #[must_use]
    pub fn fit<'t>(
        self,
        name: CommandName,
        mut targets: impl Iterator<Item = &'t PhoneNumber>,
        before: &Standing,
        after: &Standing,
    ) -> Fit {
        match name {
            CommandName::Connect | CommandName::ModelConnect | CommandName::Disconnect => {
                surely(self == Self::Connection)
            }
            CommandName::Call
            | CommandName::Intercom
            | CommandName::ModelMakeCall
            | CommandName::ModelMakeConsultCall => self.calls(targets.next(), before, after),
            CommandName::Answer | CommandName::ModelAnswerCall => {
                let rang = matches!(before.line, LineState::Ring | LineState::BackRing);
                surely(rang && matches!(self, Self::Line(LineState::Talk | LineState::Call)))
            }
            CommandName::EndCall
            | CommandName::Commutate
            | CommandName::Transfer
            | CommandName::ModelDropCall
            | CommandName::ModelTransferCall
            | CommandName::ModelCancelTransfer
            | CommandName::ModelBlindTransferCall => self.ends(name, targets, before, after),
            CommandName::Hold | CommandName::ModelHoldOrUnholdCall => surely(self.is_of_hold()),
            // It changes places with who is held already.
            CommandName::Toggle => surely(before.held.is_some() && self.is_of_hold()),
            CommandName::Conference => {
                let comes_in = before.conference.is_some() && matches!(self, Self::Came | Self::Parties);
                // Who came from hold was known before; who was invited was in no list.
                let came = |target: &PhoneNumber| {
                    before.parties.find(target.as_str()).is_none()
                        && after.parties.find(target.as_str()).is_some()
                };
                if self == Self::Conference || (comes_in && targets.any(came)) {
                    Fit::Surely
                } else {
                    maybe(comes_in)
                }
            }
            // How a ghost is heard shows nowhere but in the answer.
            CommandName::GhostListen | CommandName::GhostHelp | CommandName::GhostConference => {
                surely(self == Self::Conference)
            }
            // Which state was wanted is not in the events.
            CommandName::SetStatus
            | CommandName::SetUserStatus
            | CommandName::ModelSetAgentState
            | CommandName::ModelSetWrapUpUserState => maybe(self == Self::Agent),
            CommandName::ModelChangeCallCentreState => maybe(self == Self::CallCentre),
            CommandName::SetRedirectNumber => {
                let wanted = targets.next().filter(|number| !number.as_str().is_empty());
                surely(self == Self::Redirect && after.redirect.as_ref() == wanted)
            }
            CommandName::Exec
            | CommandName::TriggerCustomEvent
            | CommandName::HttpPassword
            | CommandName::CallJournal
            | CommandName::Dtmf
            | CommandName::Resume => Fit::No,
        }
    }

    const fn is_of_hold(self) -> bool {
        matches!(self, Self::Hold | Self::TakenBack | Self::Exchanged | Self::HoldEnded)
    }

    /// A call is made; to whom it goes is not always told.
    fn calls(self, target: Option<&PhoneNumber>, before: &Standing, after: &Standing) -> Fit {
        let Self::Line(state) = self else { return Fit::No };
        let is_there = target.is_some_and(|target| after.parties.find(target.as_str()).is_some());
        match state {
            LineState::Call | LineState::BackCall | LineState::BackRing if is_there => Fit::Surely,
            LineState::Call | LineState::BackCall | LineState::BackRing => Fit::Maybe,
            LineState::Talk if is_there && before.line != LineState::Ring => Fit::Surely,
            LineState::Unknown
            | LineState::Disconnected
            | LineState::Ready
            | LineState::Ring
            | LineState::Talk => Fit::No,
        }
    }

    /// Something ends or is passed on; there must have been something.
    fn ends<'t>(
        self,
        name: CommandName,
        targets: impl Iterator<Item = &'t PhoneNumber>,
        before: &Standing,
        after: &Standing,
    ) -> Fit {
        if !before.is_busy() {
            return Fit::No;
        }
        match self {
            Self::Line(LineState::Ready | LineState::Disconnected) => Fit::Surely,
            Self::HoldEnded | Self::TakenBack => Fit::Surely,
            Self::Gone | Self::Parties => {
                if name != CommandName::EndCall {
                    return Fit::Surely;
                }
                // Who is named is gone; of the agent alone, or of nobody that is known, it cannot be told.
                let mut known = targets.filter(|target| before.finds(target)).peekable();
                match known.peek() {
                    None => Fit::Maybe,
                    Some(_) => surely(known.any(|target| !after.finds(target))),
                }
            }
            Self::Line(_)
            | Self::Hold
            | Self::Exchanged
            | Self::Came
            | Self::Conference
            | Self::ConferenceLeft
            | Self::Agent
            | Self::CallCentre
            | Self::Redirect
            | Self::Connection => Fit::No,
        }
    }
}

const fn surely(is: bool) -> Fit {
    if is { Fit::Surely } else { Fit::No }
}

const fn maybe(is: bool) -> Fit {
    if is { Fit::Maybe } else { Fit::No }
}
