//! What may be done with a number now (spec part 4, `actions`).

use serde::{Deserialize, Serialize};

use crate::party::Party;
use crate::view::{Held, LineState, View, number_state};

/// Something that may be done with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs)] // each is the command of the same name
pub enum Action {
    Answer,
    EndCall,
    Toggle,
    Commutate,
    Conference,
    Transfer,
    Call,
    Intercom,
    GhostListen,
    GhostHelp,
    GhostConference,
}

use Action::{
    Answer, Call, Commutate, Conference, EndCall, GhostConference, GhostHelp, GhostListen, Intercom, Toggle,
    Transfer,
};

const GHOST: [Action; 3] = [GhostListen, GhostHelp, GhostConference];

impl Action {
    /// The command's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Answer => "answer",
            EndCall => "endCall",
            Toggle => "toggle",
            Commutate => "commutate",
            Conference => "conference",
            Transfer => "transfer",
            Call => "call",
            Intercom => "intercom",
            GhostListen => "ghostListen",
            GhostHelp => "ghostHelp",
            GhostConference => "ghostConference",
        }
    }

    /// Whether the line's state lets it be done at all.
    const fn line_allows(self, line: LineState) -> bool {
        match line {
            LineState::Unknown | LineState::Disconnected => false,
            LineState::BackCall | LineState::Call => matches!(self, EndCall),
            LineState::BackRing | LineState::Ring => matches!(self, EndCall | Answer),
            LineState::Ready => !matches!(self, Answer | Commutate),
            LineState::Talk => !matches!(self, Answer),
        }
    }

    /// Whether the user state lets it be done at all.
    const fn user_allows(self, user_state: i64) -> bool {
        match user_state {
            1 | 3 => !matches!(self, Answer | Commutate),
            2 => !matches!(self, Answer | Commutate | Conference),
            5 => true,
            _ => false,
        }
    }
}

impl View {
    /// What may be done with `target`, a number or a user id, in the order in which to show it.
    #[must_use]
    pub fn actions(&self, target: &str) -> Vec<Action> {
        if !self.connection.is_logged_in() {
            return Vec::new();
        }
        let target = self.number_for(target);
        let mut actions = self.actions_in_principle(target);
        let user_state = self.agent.facts.id;
        actions.retain(|action| action.line_allows(self.line) && action.user_allows(user_state));
        actions
    }

    /// A user id stands for the user's number where that number is not in the number plan.
    fn number_for<'t>(&'t self, target: &'t str) -> &'t str {
        let number =
            self.directory.users.get(target).and_then(|user| user.main.as_ref().or(user.numbers.first()));
        number
            .filter(|number| self.directory.numbers.get(number.as_str()).is_none())
            .map_or(target, |number| number.as_str())
    }

    fn actions_in_principle(&self, target: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.queue.iter().any(|party| party.is(target)) {
            return actions;
        }
        let ringing = matches!(self.line, LineState::Ring | LineState::BackRing);
        let may_answer = ringing && self.answering.may_answer() && self.server.can_answer();
        if self.agent.is(target) {
            if !matches!(self.line, LineState::Unknown | LineState::Disconnected | LineState::Ready) {
                actions.extend(may_answer.then_some(Answer));
                actions.push(EndCall);
            }
            return actions;
        }
        if self.held.as_ref().and_then(Held::party).is_some_and(|party| party.is(target)) {
            return vec![Toggle, Commutate];
        }
        let state = self.directory.numbers.get(target);
        let has_phone = state != Some(number_state::NO_PHONE);
        match self.parties.find(target) {
            None => self.actions_with_a_stranger(target, state, has_phone, &mut actions),
            Some(party) => {
                actions.extend(may_answer.then_some(Answer));
                self.actions_with_a_party(party, target, has_phone, &mut actions);
            }
        }
        actions
    }

    fn actions_with_a_stranger(
        &self,
        target: &str,
        state: Option<i64>,
        has_phone: bool,
        actions: &mut Vec<Action>,
    ) {
        let talking = self.line == LineState::Talk;
        let ready = self.line == LineState::Ready;
        let held = self.held.is_some();
        if self.conference.is_some() {
            actions.extend(has_phone.then_some(Conference));
            actions.push(Transfer);
        } else if (talking && !held) || ready {
            actions.push(Call);
            actions.extend(talking.then_some(Transfer));
            actions.extend(has_phone.then_some(Conference));
            actions.push(Intercom);
        } else if talking {
            actions.push(Transfer);
        }
        if state == Some(number_state::BUSY) && ready && self.controls(target) {
            actions.extend(GHOST);
        }
    }

    fn actions_with_a_party(&self, party: &Party, target: &str, has_phone: bool, actions: &mut Vec<Action>) {
        if self.conference.is_some() {
            actions.extend(self.made_conference().then_some(EndCall));
        } else {
            actions.push(EndCall);
            actions.extend(has_phone.then_some(Conference));
        }
        let ghost_in = self.conference.as_ref().is_some_and(|ours| ours.ghost);
        let user = party.user.as_ref().map(|user| user.id.as_str());
        if ghost_in && (self.controls(target) || user.is_some_and(|user| self.controls(user))) {
            actions.extend(GHOST);
        }
    }

    /// Whether `target` is a user whose calls the agent may join.
    fn controls(&self, target: &str) -> bool {
        self.directory.user(target).is_some_and(|user| user.subordinate)
    }
}
