//! The agent's state, and how it is set (spec part 3).

use serde::{Deserialize, Serialize};

use super::Turn;
use super::ask::{Ask, Reply};
use super::commands::Cmd;
use super::line::{AFTER_USER_STATE, Entry};
use crate::codes::ErrorCode;
use crate::event::{CommandResult, Event};
use crate::text::{PhoneNumber, Text, UserId};
use crate::view::{AgentFacts, AgentState, BreakReason, LineState, WebStatus};
use crate::wire::body::Scalar;
use crate::wire::{Body, Request, SetUserState, body};

/// User state ids that rules ask for.
mod id {
    pub(super) const READY: i64 = 1;
    pub(super) const BREAK: i64 = 2;
    pub(super) const OFF: i64 = 3;
    pub(super) const BUSY: i64 = 5;
    pub(super) const RESERVED: i64 = 6;
    pub(super) const NO_PHONE: i64 = 7;
}

/// Servers dated from then on say themselves whether an agent is on a task.
const TELLS_TASK: i64 = 150_416;

/// What an older status command left for the end of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AfterBusy {
    ready: bool,
    dnd: bool,
}

/// The id of the rule by which clients of this kind redirect a user's calls.
pub(super) fn redirect_rule(user: &UserId) -> Text {
    let user = user.as_str().to_lowercase();
    Text::from(crate::wire::hex_md5(&format!("{user}{user}")))
}

impl Turn<'_> {
    /// Takes over what the server says of the agent. `asked` is the break reason that was asked for, which
    /// the answer lacks.
    pub(super) fn take_user_state(&mut self, told: &body::UserState<'_>, asked: Option<&BreakReason>) {
        if let Some(active) = told.oncallcenter.map(|flag| flag.0)
            && self.view.agent.call_centre != Some(active)
        {
            self.tell(Event::CallCentreChanged { active });
        }
        let old = self.view.agent.facts.id;
        let known = told.userstateid.map(|id| id.0);
        self.take_facts(told, known.unwrap_or(old), asked);
        if let Some(new) = known.filter(|new| *new != old) {
            self.user_state_moves_line(new);
        }
        let after_busy = &mut self.memory.after_busy;
        if self.view.agent.web_status == Some(WebStatus::DoNotDisturb)
            && after_busy.dnd
            && old == id::BUSY
            && known == Some(id::READY)
        {
            after_busy.dnd = false;
            let off = SetUserState { userstateid: Some(id::OFF), ..SetUserState::default() };
            return self.ask(Request::SetUserState(off), Ask::Nothing);
        }
        if let Some(status) = web_status(&self.view.agent.facts, self.in_call_centre()) {
            self.set_web_status(status);
        }
        self.tell_agent_state();
    }

    fn take_facts(&mut self, told: &body::UserState<'_>, id: i64, asked: Option<&BreakReason>) {
        let old = &self.view.agent.facts;
        let or = |told: Option<crate::wire::Flag>, old: bool| told.map_or(old, |flag| flag.0);
        let told_reason = match &told.lunchreasonid {
            Some(Scalar::Int(id)) => Some(BreakReason::Id(*id)),
            Some(Scalar::Text(text)) if !text.as_str().is_empty() => {
                Some(BreakReason::Text(Text::from(text.as_str())))
            }
            Some(Scalar::Text(_)) | None => asked.cloned(),
        };
        let tells_task = self.view.server.dated.is_some_and(|dated| dated >= TELLS_TASK);
        let facts = AgentFacts {
            id,
            on_break: or(told.onlunch, old.on_break),
            manual: or(told.onccmanual, old.manual),
            redirect: or(told.onredirect, old.redirect),
            on_task: if tells_task { told.ontask.is_some_and(|flag| flag.0) } else { id == id::BUSY },
            reason: if matches!(id, id::BREAK | id::BUSY) { told_reason } else { old.reason.clone() },
        };
        if facts != *old {
            self.tell(Event::AgentFactsTold { facts });
        }
    }

    /// The line follows the user state (spec part 2, "When a picture is asked for").
    fn user_state_moves_line(&mut self, new: i64) {
        if new == id::NO_PHONE {
            self.enter_line(LineState::Disconnected, Entry::WithoutPicture);
        } else if new != id::BUSY {
            self.ask_picture();
        }
        self.picture_in(AFTER_USER_STATE);
    }

    fn set_web_status(&mut self, to: WebStatus) {
        let from = self.view.agent.web_status;
        if from != Some(to) {
            self.tell(Event::StatusChanged { to, from });
        }
    }

    fn in_call_centre(&self) -> bool {
        self.view.agent.call_centre.unwrap_or_default()
    }

    fn tell_agent_state(&mut self) {
        let agent = &self.view.agent;
        let (state, status) = agent_state(&agent.facts, self.in_call_centre(), (agent.state, agent.status));
        let reason =
            (status == AgentState::Break).then(|| self.corrected(agent.facts.reason.as_ref())).flatten();
        let reason_news = reason.is_some() && reason != agent.break_reason;
        if (state, status) != (agent.state, agent.status) || reason_news {
            self.tell(Event::AgentStateChanged { state, status, reason });
        }
    }

    /// A break reason of the server's: the one given if it is one, else its first, else the one given.
    fn corrected(&self, reason: Option<&BreakReason>) -> Option<BreakReason> {
        let known = &self.view.directory.reasons;
        match reason {
            Some(BreakReason::Id(id)) if known.contains_key(id) => Some(BreakReason::Id(*id)),
            given => known.keys().next().map(|first| BreakReason::Id(*first)).or_else(|| given.cloned()),
        }
    }

    /// The command `setUserStatus`.
    pub(super) fn set_user_status(&mut self, command: Cmd, status: &str, reason: Option<&BreakReason>) {
        let agent = &self.view.agent;
        let (state, current) = (agent.state, agent.status);
        let wanted = AgentState::from_name(status);
        let is_so = Some(current) == wanted && state != AgentState::BusyThenBreak;
        let mut then_redirect = false;
        let mut asked = None;
        let off_redirect = Some(false);
        let set = match wanted {
            None | Some(AgentState::Disconnected) => {
                return self.done(command, CommandResult::refused(ErrorCode::UnknownUserStatus));
            }
            Some(AgentState::BusyThenBreak | AgentState::NoPhone) => {
                return self.done(command, CommandResult::refused(ErrorCode::UnsettableUserStatus));
            }
            Some(AgentState::Break) => {
                let reason = self.corrected(reason);
                if reason == agent.facts.reason && state == AgentState::Break {
                    return self.user_status_done(command);
                }
                asked.clone_from(&reason);
                SetUserState {
                    userstateid: Some(id::BREAK),
                    oncallcenter: self.unless_in_call_centre(true),
                    onredirect: off_redirect,
                    lunchreasonid: reason,
                    ..SetUserState::default()
                }
            }
            Some(_) if is_so => return self.user_status_done(command),
            Some(AgentState::Ready) => SetUserState {
                userstateid: Some(id::READY),
                oncallcenter: self.unless_in_call_centre(false),
                onccmanual: self.unless_manual(false),
                onredirect: off_redirect,
                ..SetUserState::default()
            },
            Some(by_hand @ (AgentState::ReadyInCallCentre | AgentState::ReadyByHand)) => SetUserState {
                userstateid: Some(id::READY),
                oncallcenter: self.unless_in_call_centre(true),
                onccmanual: self.unless_manual(by_hand == AgentState::ReadyByHand),
                onredirect: off_redirect,
                ..SetUserState::default()
            },
            Some(AgentState::Busy) => {
                if agent.facts.id == id::BUSY {
                    return self.user_status_done(command);
                }
                SetUserState {
                    userstateid: Some(id::BUSY),
                    onredirect: off_redirect,
                    ..SetUserState::default()
                }
            }
            Some(AgentState::DoNotDisturb) => SetUserState {
                userstateid: Some(id::OFF),
                oncallcenter: self.unless_in_call_centre(false),
                onredirect: off_redirect,
                ..SetUserState::default()
            },
            Some(AgentState::Redirect) => {
                if agent.redirect_number.is_none() {
                    return self.done(command, CommandResult::refused(ErrorCode::NoRedirectNumber));
                }
                if agent.facts.id == id::BUSY {
                    return self.user_status_done(command);
                }
                then_redirect = true;
                SetUserState {
                    userstateid: Some(id::OFF),
                    oncallcenter: self.unless_in_call_centre(false),
                    ..SetUserState::default()
                }
            }
        };
        let ask = Ask::UserStatus { reason: asked, then_redirect };
        self.ask_for(command, Request::SetUserState(set), ask);
    }

    /// `oncallcenter` is left out where it holds already; so is `onccmanual`.
    fn unless_in_call_centre(&self, wanted: bool) -> Option<bool> {
        (self.in_call_centre() != wanted).then_some(wanted)
    }

    fn unless_manual(&self, wanted: bool) -> Option<bool> {
        (self.view.agent.facts.manual != wanted).then_some(wanted)
    }

    fn user_status_done(&mut self, command: Cmd) {
        let (state, status) = (self.view.agent.state, self.view.agent.status);
        self.done(command, CommandResult::UserStatus { state, status });
    }

    pub(super) fn user_status_answered(
        &mut self,
        command: Cmd,
        reason: Option<BreakReason>,
        then_redirect: bool,
        reply: Reply<'_>,
    ) {
        match (reply.accepted(), reply.body()) {
            (true, Some(_)) if then_redirect => {
                let redirect = SetUserState { onredirect: Some(true), ..SetUserState::default() };
                let ask = Ask::UserStatus { reason: None, then_redirect: false };
                self.ask_for(command, Request::SetUserState(redirect), ask);
            }
            (true, Some(Body::UserState(told))) => {
                self.take_user_state(told, reason.as_ref());
                self.user_status_done(command);
            }
            (_, _) => self.refused_by_server(command, "setuserstate", reply),
        }
    }

    /// The command `setStatus`: older, and without a result in the reference.
    pub(super) fn set_status(&mut self, command: Cmd, status: &str, reason: Option<&BreakReason>) {
        let marked = self.memory.after_busy.ready || self.memory.after_busy.dnd;
        let wanted = WebStatus::from_name(status);
        let Some(wanted) = wanted else {
            return self.done(command, CommandResult::refused(ErrorCode::UnknownUserStatus));
        };
        if self.view.agent.web_status == Some(wanted) && !marked {
            return self.done(command, CommandResult::DONE);
        }
        if !self.view.connection.is_logged_in() {
            return self.done(command, CommandResult::refused(ErrorCode::NoConnection));
        }
        let user_state = self.view.agent.facts.id;
        let busy = user_state == id::BUSY;
        let mut set = None;
        match wanted {
            WebStatus::Ready if busy => self.memory.after_busy = AfterBusy { ready: true, dnd: false },
            WebStatus::Ready => {
                self.memory.after_busy = AfterBusy::default();
                set = Some(SetUserState { userstateid: Some(id::READY), ..SetUserState::default() });
            }
            WebStatus::DoNotDisturb if busy => self.memory.after_busy = AfterBusy { ready: false, dnd: true },
            WebStatus::DoNotDisturb => {
                if matches!(user_state, id::READY | id::BREAK | id::OFF) {
                    set = Some(SetUserState { userstateid: Some(id::OFF), ..SetUserState::default() });
                }
            }
            WebStatus::Redirect => {
                if self.view.agent.redirect_number.is_none() {
                    return self.done(command, CommandResult::refused(ErrorCode::NoRedirectNumber));
                }
                set = Some(SetUserState { onredirect: Some(true), ..SetUserState::default() });
            }
            WebStatus::Break => {
                if self.in_call_centre() {
                    set = Some(self.break_by_status(reason));
                }
            }
        }
        match set {
            Some(set) => {
                let ask = Ask::Plain { refused: ErrorCode::MethodFailed };
                self.ask_for(command, Request::SetUserState(set), ask);
            }
            None => self.done(command, CommandResult::DONE),
        }
        self.set_web_status(wanted);
    }

    fn break_by_status(&self, reason: Option<&BreakReason>) -> SetUserState {
        let is_known =
            matches!(reason, Some(BreakReason::Id(id)) if self.view.directory.reasons.contains_key(id));
        let (lunchreasonid, lunchreasonmsg) =
            if is_known { (reason.cloned(), None) } else { (None, reason.cloned()) };
        SetUserState {
            userstateid: Some(id::BREAK),
            lunchreasonid,
            lunchreasonmsg,
            ..SetUserState::default()
        }
    }

    /// The command `setRedirectNumber`.
    pub(super) fn set_redirect_number(&mut self, command: Cmd, number: &PhoneNumber) {
        let Some(user) = self.view.agent.user.clone() else {
            return self.done(command, CommandResult::refused(ErrorCode::NoConnection));
        };
        let rule = redirect_rule(&user);
        let (request, number) = if number.as_str().is_empty() {
            (Request::DeleteRedirect(rule), None)
        } else {
            (Request::SaveRedirect { rule, user, number: number.clone() }, Some(number.clone()))
        };
        let method = Text::from(request.method());
        self.ask_for(command, request, Ask::Redirect { number, method });
    }

    pub(super) fn redirect_answered(
        &mut self,
        command: Cmd,
        number: Option<PhoneNumber>,
        method: Text,
        reply: Reply<'_>,
    ) {
        let server = reply.server();
        if !reply.accepted() {
            let code = ErrorCode::MethodFailed;
            return self.done(command, CommandResult::Refused { code, method: Some(method), server });
        }
        let forgotten = number.is_none();
        if number != self.view.agent.redirect_number {
            self.tell(Event::RedirectNumberTold { number });
        }
        if forgotten && self.view.agent.web_status == Some(WebStatus::Redirect) {
            let command = self.own_command(crate::command::CommandName::SetStatus);
            self.set_status(command, WebStatus::Ready.name(), None);
        }
        self.done(command, CommandResult::Done { server });
    }
}

/// The web status that follows from the facts; none where it stays as it is.
fn web_status(facts: &AgentFacts, in_call_centre: bool) -> Option<WebStatus> {
    if facts.redirect {
        return Some(WebStatus::Redirect);
    }
    match facts.id {
        id::READY | id::NO_PHONE => Some(WebStatus::Ready),
        id::BREAK => Some(WebStatus::Break),
        id::OFF => Some(WebStatus::DoNotDisturb),
        id::BUSY if facts.on_break && in_call_centre => Some(WebStatus::Break),
        id::BUSY => Some(WebStatus::Ready),
        _ => None,
    }
}

/// User state and user status that follow from the facts (the table of spec part 3).
fn agent_state(
    facts: &AgentFacts,
    in_call_centre: bool,
    before: (AgentState, AgentState),
) -> (AgentState, AgentState) {
    let ready = match (in_call_centre, facts.manual) {
        (false, _) => AgentState::Ready,
        (true, false) => AgentState::ReadyInCallCentre,
        (true, true) => AgentState::ReadyByHand,
    };
    let (state, status) = match facts.id {
        id::READY => (ready, ready),
        id::BREAK => (AgentState::Break, AgentState::Break),
        id::OFF => (AgentState::DoNotDisturb, AgentState::DoNotDisturb),
        id::BUSY | id::RESERVED => match (facts.on_break, facts.on_task) {
            (true, true) => (AgentState::BusyThenBreak, ready),
            (true, false) => (AgentState::Busy, AgentState::Break),
            (false, _) => (AgentState::Busy, ready),
        },
        id::NO_PHONE => (AgentState::NoPhone, AgentState::NoPhone),
        _ => before,
    };
    (state, if facts.redirect { AgentState::Redirect } else { status })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(id: i64) -> AgentFacts {
        AgentFacts { id, ..AgentFacts::default() }
    }

    #[test]
    fn the_redirect_rule_is_the_digest_of_the_user_id_written_twice() {
        let user = UserId::from("D8AF50EA-74a6-4a57-b0d5-451962f6c042");
        assert_eq!(redirect_rule(&user).as_str(), "d4d8be7a703d5b4721d80cd1abff6ba1");
    }

    #[test]
    fn user_state_and_status_follow_the_table() {
        let before = (AgentState::Disconnected, AgentState::Disconnected);
        let of = |facts: AgentFacts, centre: bool| agent_state(&facts, centre, before);
        assert_eq!(of(facts(0), false), before);
        assert_eq!(of(facts(1), false), (AgentState::Ready, AgentState::Ready));
        assert_eq!(of(facts(1), true).0, AgentState::ReadyInCallCentre);
        assert_eq!(of(AgentFacts { manual: true, ..facts(1) }, true).1, AgentState::ReadyByHand);
        assert_eq!(of(facts(6), false), (AgentState::Busy, AgentState::Ready));
        let on_break = AgentFacts { on_break: true, ..facts(5) };
        assert_eq!(of(on_break.clone(), true), (AgentState::Busy, AgentState::Break));
        let on_task = AgentFacts { on_task: true, ..on_break };
        assert_eq!(of(on_task, true), (AgentState::BusyThenBreak, AgentState::ReadyInCallCentre));
        let redirect = AgentFacts { redirect: true, ..facts(3) };
        assert_eq!(of(redirect, false), (AgentState::DoNotDisturb, AgentState::Redirect));
    }

    #[test]
    fn the_web_status_is_break_while_busy_only_in_the_call_centre() {
        let on_break = AgentFacts { on_break: true, ..facts(5) };
        assert_eq!(web_status(&on_break, true), Some(WebStatus::Break));
        assert_eq!(web_status(&on_break, false), Some(WebStatus::Ready));
        assert_eq!(web_status(&facts(6), false), None);
    }
}
