//! Making conferences, inviting, putting out, joining as a ghost (spec part 4, "Conferences").

use serde::{Deserialize, Serialize};

use super::Cmd;
use crate::codes::ErrorCode;
use crate::command::{CommandId, GhostMode, NewConference};
use crate::event::CommandResult;
use crate::machine::Turn;
use crate::machine::ask::{Ask, Reply};
use crate::machine::conference::AfterList;
use crate::machine::line::ListWanted;
use crate::text::{ConferenceId, PhoneNumber, Text, UserId};
use crate::time::Span;
use crate::timer::Timer;
use crate::view::{Held, LineState};
use crate::wire::{Body, CompetitorRef, CreateConference, Request, given};

/// A conference must come of the talk within this time.
const BUILD_TIMEOUT: Span = Span::from_secs(2);
/// The mode of a ghost that just joined is set after this time.
const GHOST_MODE_AFTER: Span = Span::from_millis(500);

/// Talks that are being turned into conferences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::machine) struct Builds(Vec<Build>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Build {
    command: Cmd,
    /// Who is invited when the conference is there.
    invite: Option<Vec<PhoneNumber>>,
    /// Whether the conference has come, and only its list and picture are awaited.
    came: bool,
}

/// Ghosts that have joined and whose mode is still to be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::machine) struct Ghosts(Vec<(Cmd, GhostMode, PhoneNumber)>);

impl Turn<'_> {
    /// `conference`
    pub(super) fn conference(
        &mut self,
        command: Cmd,
        numbers: Option<&[PhoneNumber]>,
        given: Option<&NewConference>,
    ) {
        /// The user state of a break.
        const BREAK: i64 = 2;
        if self.view.agent.facts.id == BREAK {
            return self.refuse(command, ErrorCode::OnBreak);
        }
        let ours = self.view.conference.as_ref().map(|conference| conference.id.clone());
        match (self.view.line, ours, numbers) {
            (LineState::Talk, Some(conference), Some(numbers)) => self.invite(command, conference, numbers),
            (LineState::Talk, Some(_), None) => self.refuse(command, ErrorCode::NobodyToInvite),
            (LineState::Talk, None, numbers) => self.build_conference(command, numbers),
            (LineState::Ready, None, Some(numbers)) => self.create_conference(command, numbers, given),
            (_, _, _) => self.refuse(command, ErrorCode::BadStateForConference),
        }
    }

    fn build_conference(&mut self, command: Cmd, numbers: Option<&[PhoneNumber]>) {
        let invite = numbers.map(<[PhoneNumber]>::to_vec);
        self.memory.builds.0.push(Build { command, invite, came: false });
        self.wake_in(BUILD_TIMEOUT, Timer::ConferenceBuilt(command.id));
        self.ask_for(command, Request::BuildConference, Ask::Nothing);
    }

    /// A conference came. Whether a command waits for one.
    pub(in crate::machine) fn conference_came(&mut self) -> bool {
        for build in &mut self.memory.builds.0 {
            build.came = true;
            self.memory.timers.cancel(Timer::ConferenceBuilt(build.command.id));
        }
        !self.memory.builds.0.is_empty()
    }

    pub(in crate::machine) fn build_timeout(&mut self, command: CommandId) {
        if let Some(build) = self.take_build(command) {
            self.refuse(build.command, ErrorCode::CannotBuildConference);
        }
    }

    /// The connection is gone, and with it the list and picture that a conference which came was waiting for.
    pub(in crate::machine) fn drop_builds(&mut self) {
        while let Some(build) = self.memory.builds.0.iter().find(|build| build.came) {
            let command = build.command;
            self.take_build(command.id);
            self.refuse(command, ErrorCode::CannotBuildConference);
        }
    }

    fn take_build(&mut self, command: CommandId) -> Option<Build> {
        let builds = &mut self.memory.builds.0;
        let place = builds.iter().position(|build| build.command.id == command)?;
        Some(builds.remove(place))
    }

    /// List and picture of a conference are read: the commands that waited for it go on.
    pub(in crate::machine) fn conferences_built(&mut self) {
        while let Some(place) = self.memory.builds.0.iter().position(|build| build.came) {
            let Build { command, invite, .. } = self.memory.builds.0.remove(place);
            let ours = self.view.conference.as_ref().map(|conference| conference.id.clone());
            match (ours, invite) {
                (Some(conference), Some(numbers)) => self.invite(command, conference, &numbers),
                (None, Some(_)) => self.refuse(command, ErrorCode::CannotBuildConference),
                (_, None) => self.done(command, CommandResult::DONE),
            }
        }
    }

    fn create_conference(&mut self, command: Cmd, numbers: &[PhoneNumber], given: Option<&NewConference>) {
        let others: Vec<_> = numbers
            .iter()
            .map(PhoneNumber::as_str)
            .filter(|number| !number.is_empty() && !self.view.agent.is(number))
            .map(|number| self.competitor_ref(number))
            .collect();
        if others.is_empty() {
            return self.refuse(command, ErrorCode::NobodyToConfer);
        }
        // The engine draws nothing: without an id there can be no conference.
        let Some(given) = given else {
            return self.refuse(command, ErrorCode::ConferenceFailed);
        };
        let me = CompetitorRef::Login(self.memory.link.login());
        let competitors = std::iter::once(me).chain(others).collect();
        let request = Request::CreateConference(CreateConference {
            id: given.id.clone(),
            room: given.room,
            competitors,
        });
        self.ask_for(command, request, Ask::Create { conference: given.id.clone() });
    }

    pub(in crate::machine) fn created(&mut self, command: Cmd, conference: ConferenceId, reply: Reply<'_>) {
        if reply.accepted() {
            self.set_conference(Some(&conference), ListWanted::No);
        } else {
            self.set_conference(None, ListWanted::No);
        }
        self.passing_answered(command, ErrorCode::ConferenceFailed, reply);
    }

    /// Invites to our conference; whoever is held is brought in from hold.
    fn invite(&mut self, command: Cmd, conference: ConferenceId, numbers: &[PhoneNumber]) {
        let held = self.view.held.as_ref().and_then(Held::party).cloned();
        let is_held = |number: &PhoneNumber| held.as_ref().is_some_and(|party| party.is(number.as_str()));
        let (from_hold, others): (Vec<_>, Vec<_>) = numbers
            .iter()
            .filter(|number| !number.as_str().is_empty())
            .cloned()
            .partition(|number| is_held(number));
        if from_hold.is_empty() {
            return self.invite_others(command, conference, &others);
        }
        self.ask_for(command, Request::CanConnectHeld, Ask::CanConnectHeld { conference, others });
    }

    pub(in crate::machine) fn can_connect_held(
        &mut self,
        command: Cmd,
        conference: ConferenceId,
        others: Vec<PhoneNumber>,
        reply: Reply<'_>,
    ) {
        let can = match reply.body() {
            Some(Body::CanConnect(answer)) => reply.accepted() && answer.canconnecttogather.0,
            Some(_) | None => false,
        };
        if !can {
            return self.refuse(command, ErrorCode::CannotInviteHeld);
        }
        if others.is_empty() {
            let ask = Ask::Plain { refused: ErrorCode::CannotInviteHeld };
            return self.ask_for(command, Request::ConnectHeld, ask);
        }
        self.ask_for(command, Request::ConnectHeld, Ask::Nothing);
        self.invite_others(command, conference, &others);
    }

    fn invite_others(&mut self, command: Cmd, conference: ConferenceId, others: &[PhoneNumber]) {
        if others.is_empty() {
            return self.refuse(command, ErrorCode::NobodyToInvite);
        }
        let competitors = others.iter().map(|number| self.competitor_ref(number.as_str())).collect();
        let request = Request::Invite { conference, competitors };
        self.ask_for(command, request, Ask::Passing { refused: ErrorCode::CannotBuildConference });
    }

    /// Puts parties out of our conference, ourselves last.
    pub(in crate::machine) fn put_out(
        &mut self,
        command: Option<Cmd>,
        conference: &ConferenceId,
        targets: &[PhoneNumber],
        reply: Reply<'_>,
    ) {
        let Some(command) = command else { return };
        let found = match reply.body() {
            Some(Body::Competitors(list)) if reply.accepted() => list,
            Some(_) | None => return self.refuse(command, ErrorCode::MethodFailed),
        };
        let mut requests = Vec::new();
        let mut exit = false;
        for target in targets.iter().map(PhoneNumber::as_str) {
            let competitor = found.competitorlist.iter().find(|competitor| {
                given(&competitor.number) == Some(target) || given(&competitor.userid) == Some(target)
            });
            let Some(competitor) = competitor else { continue };
            let me = self.view.agent.user.as_ref().map(UserId::as_str);
            let is_me =
                given(&competitor.userid).is_some_and(|user| Some(user) == me) || self.view.agent.is(target);
            if is_me {
                exit = true;
            } else if let Some(competitor) = given(&competitor.competitorid).map(Text::from) {
                requests.push(Request::PutOut { conference: conference.clone(), competitor });
            }
        }
        if exit {
            requests.push(Request::ExitConference(conference.clone()));
        }
        let last = requests.pop();
        for request in requests {
            self.ask_for(command, request, Ask::Nothing);
        }
        match last {
            Some(request) => self.ask_for(command, request, Ask::Plain { refused: ErrorCode::MethodFailed }),
            None => self.refuse(command, ErrorCode::NotInConference),
        }
    }

    /// `ghostListen`, `ghostHelp`, `ghostConference`
    pub(super) fn ghost(&mut self, command: Cmd, mode: GhostMode, target: &PhoneNumber) {
        let Some(user) = self.view.directory.user(target.as_str()).map(|user| user.id.clone()) else {
            return self.ghost_done(command, CommandResult::refused(ErrorCode::BadGhostTarget));
        };
        if self.view.line == LineState::Ready {
            let ask = Ask::AttachGhost { mode, target: target.clone() };
            return self.ask_for(command, Request::AttachAsGhost(user), ask);
        }
        self.set_ghost_mode(Some(command), mode, target.as_str());
    }

    /// Sets the mode of a ghost that is in a conference already.
    fn set_ghost_mode(&mut self, command: Option<Cmd>, mode: GhostMode, target: &str) {
        let refuse = |turn: &mut Self, code: ErrorCode| {
            if let Some(command) = command {
                turn.ghost_done(command, CommandResult::refused(code));
            }
        };
        let ghost_in = self.view.conference.as_ref().filter(|ours| ours.ghost).map(|ours| ours.id.clone());
        let Some(conference) = ghost_in else {
            return refuse(self, ErrorCode::NotInGhost);
        };
        let user = self.view.directory.user(target).map(|user| user.id.clone());
        let parties = self.view.parties.as_slice();
        let party = parties.iter().find(|party| {
            party.is(target) || party.user.as_ref().is_some_and(|of| Some(&of.id) == user.as_ref())
        });
        let Some(party) = party else {
            return refuse(self, ErrorCode::CannotGhost);
        };
        let ghost_major = party.competitor.is_some_and(|marks| marks.ghost_major);
        let competitor = party.guid.clone().unwrap_or_default();
        let request = match mode {
            GhostMode::Listen | GhostMode::Help if !ghost_major => {
                Request::GhostVoice { conference, competitor, help: mode == GhostMode::Help }
            }
            GhostMode::Listen | GhostMode::Help | GhostMode::Conference => {
                Request::GhostMode { conference, mode }
            }
        };
        match command {
            Some(command) => self.ask_for(command, request, Ask::SetGhost),
            None => self.ask(request, Ask::Nothing),
        }
    }

    pub(in crate::machine) fn ghost_attached(
        &mut self,
        command: Cmd,
        mode: GhostMode,
        target: PhoneNumber,
        reply: Reply<'_>,
    ) {
        /// The server's number for "no rights".
        const NO_RIGHTS: &str = "52710";
        if !reply.accepted() {
            let no_rights = reply.body().is_some_and(|body| body.head().error == Some(NO_RIGHTS));
            let code = if no_rights { ErrorCode::NoRights } else { ErrorCode::GhostFailed };
            return self.ghost_done(command, CommandResult::refused(code));
        }
        if mode == GhostMode::Listen {
            return self.ghost_done(command, CommandResult::DONE);
        }
        self.memory.ghosts.0.push((command, mode, target));
        self.wake_in(GHOST_MODE_AFTER, Timer::GhostMode(command.id));
    }

    /// The mode of a ghost that joined is due.
    pub(in crate::machine) fn ghost_mode_due(&mut self, command: CommandId) {
        let ghosts = &mut self.memory.ghosts.0;
        let Some(place) = ghosts.iter().position(|(cmd, _, _)| cmd.id == command) else { return };
        let (command, mode, target) = ghosts.remove(place);
        if self.view.conference.is_some() {
            self.set_ghost_mode(Some(command), mode, target.as_str());
        } else {
            self.ghost_done(command, CommandResult::refused(ErrorCode::NotInGhost));
        }
    }

    pub(in crate::machine) fn ghost_set(&mut self, command: Cmd, reply: Reply<'_>) {
        let result = if reply.accepted() {
            CommandResult::DONE
        } else {
            CommandResult::refused(ErrorCode::GhostFailed)
        };
        self.ghost_done(command, result);
    }

    fn ghost_done(&mut self, command: Cmd, result: CommandResult) {
        self.done(command, result);
        self.ask_conference_info(AfterList::Nothing);
    }
}
