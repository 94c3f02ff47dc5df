//! What agents do: ready, on a break, off, busy; in the call centre; redirected.

use callfold_engine::PhoneNumber;
use serde_json::{Map, Value, json};

use super::Pbx;
use super::request::SetState;
use super::station::End;

/// What an agent has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) presence: Presence,
    pub(super) call_centre: bool,
    pub(super) manual: bool,
    pub(super) redirect: bool,
    /// On a break, also while busy.
    on_break: bool,
    /// The last reason given for a break; told also when the break is over.
    pub(super) reason: Option<Value>,
    /// What the agent's clients were told last.
    told: Option<Map<String, Value>>,
}

/// What the agent chose to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Ready for calls.
    Ready,
    /// On a break.
    Break,
    /// Not to be disturbed.
    Off,
    /// Busy without a call.
    Busy,
}

/// An agent's state, as it is set at another client. See [`Pbx::set_agent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentState {
    /// What the agent is.
    pub presence: Presence,
    /// Whether they work in the call centre.
    pub call_centre: bool,
    /// Whether they are on a break: also one who is busy may be.
    pub on_break: bool,
    /// Why, for a break. None leaves the last one.
    pub reason: Option<i64>,
}

impl AgentState {
    /// Ready, busy or off, outside of the call centre.
    #[must_use]
    pub const fn new(presence: Presence) -> Self {
        let on_break = matches!(presence, Presence::Break);
        Self { presence, call_centre: false, on_break, reason: None }
    }
}

impl Presence {
    /// By the wire's user state id; the others cannot be chosen.
    pub(super) const fn from_id(id: i64) -> Option<Self> {
        Some(match id {
            1 => Self::Ready,
            2 => Self::Break,
            3 => Self::Off,
            5 => Self::Busy,
            _ => return None,
        })
    }

    const fn id(self) -> i64 {
        match self {
            Self::Ready => 1,
            Self::Break => 2,
            Self::Off => 3,
            Self::Busy => 5,
        }
    }
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            presence: Presence::Ready,
            call_centre: false,
            manual: false,
            redirect: false,
            on_break: false,
            reason: None,
            told: None,
        }
    }
}

impl Pbx {
    /// The user state's id: what the agent chose, unless the phone says otherwise.
    pub(super) fn state_id(&self, number: &PhoneNumber) -> i64 {
        if self.unplugged.contains(number) {
            7
        } else if self.is_engaged(&End::Line(number.clone())) {
            5
        } else {
            self.users.get(number).map_or(0, |user| user.agent.presence.id())
        }
    }

    /// The user state, as answers and events tell it.
    pub(super) fn user_state(&self, number: &PhoneNumber) -> Map<String, Value> {
        let id = self.state_id(number);
        let mut told = Map::new();
        if let Some(user) = self.users.get(number) {
            let agent = &user.agent;
            told.insert("userstateid".to_owned(), id.into());
            told.insert("oncallcenter".to_owned(), agent.call_centre.into());
            told.insert("onccmanual".to_owned(), agent.manual.into());
            told.insert("onlunch".to_owned(), agent.on_break.into());
            told.insert("onredirect".to_owned(), agent.redirect.into());
            if let Some(reason) = &agent.reason {
                told.insert("lunchreasonid".to_owned(), reason.clone());
            }
        }
        told
    }

    /// Takes over what a client sets.
    pub(super) fn set_state(&mut self, number: &PhoneNumber, set: SetState) {
        if let Some(user) = self.users.get_mut(number) {
            let agent = &mut user.agent;
            agent.presence = set.presence.unwrap_or(agent.presence);
            match set.presence {
                Some(Presence::Break) => agent.on_break = true,
                Some(Presence::Ready | Presence::Off) => agent.on_break = false,
                // Who is busy on a break is on a break.
                Some(Presence::Busy) | None => {}
            }
            agent.call_centre = set.call_centre.unwrap_or(agent.call_centre);
            agent.redirect = set.redirect.unwrap_or(agent.redirect);
            agent.manual = agent.call_centre && set.manual.unwrap_or(agent.manual);
            if agent.presence == Presence::Break && set.reason.is_some() {
                agent.reason = set.reason;
            }
        }
        self.refresh_always(number);
    }

    /// Takes over what is set at another client, the whole of it at once.
    pub(super) fn take_over_state(&mut self, number: &PhoneNumber, state: AgentState) {
        if let Some(user) = self.users.get_mut(number) {
            let agent = &mut user.agent;
            agent.presence = state.presence;
            agent.call_centre = state.call_centre;
            agent.on_break = state.on_break;
            if let Some(reason) = state.reason {
                agent.reason = Some(reason.into());
            }
        }
        self.refresh_always(number);
    }

    /// Tells the agent's state and the number's, where they are no longer as they were told.
    pub(super) fn refresh(&mut self, end: &End) {
        let End::Line(number) = end else { return };
        let state = self.user_state(number);
        if self.users.get(number).is_some_and(|user| user.agent.told.as_ref() != Some(&state)) {
            self.tell_user_state(number, state);
        }
        self.refresh_number(number);
    }

    /// Tells the agent's state, changed or not: the server says it after every `setuserstate`.
    fn refresh_always(&mut self, number: &PhoneNumber) {
        let state = self.user_state(number);
        self.tell_user_state(number, state);
        self.refresh_number(number);
    }

    fn tell_user_state(&mut self, number: &PhoneNumber, state: Map<String, Value>) {
        let mut body = Map::new();
        body.insert("userstate".to_owned(), state.get("userstateid").cloned().unwrap_or_default());
        body.extend(state.clone());
        self.tell(number, "userstatechanged", body);
        if let Some(user) = self.users.get_mut(number) {
            user.agent.told = Some(state);
        }
    }

    fn refresh_number(&mut self, number: &PhoneNumber) {
        let state = self.number_state(number);
        if self.told_numbers.insert(number.clone(), state) != Some(state) {
            let body = json!({ "numbers": [{ "num": number.as_str(), "numstateid": state }] });
            self.tell_everybody("pbxnumberstatechanged", &body);
        }
    }

    /// What is true at the start counts as told.
    pub(super) fn know_states(&mut self) {
        let numbers: Vec<_> = self.users.keys().cloned().collect();
        for number in numbers {
            let state = self.user_state(&number);
            self.told_numbers.insert(number.clone(), self.number_state(&number));
            if let Some(user) = self.users.get_mut(&number) {
                user.agent.told = Some(state);
            }
        }
    }
}
