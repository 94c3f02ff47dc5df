//! Ghosts: a chief joins a subordinate's talk unheard, helps, or talks along.
//!
//! The talk itself goes on as it was: neither side of it can tell that somebody listens. Only the chief's own line is
//! on a conference, whose list follows the talk.

use callfold_engine::{ConferenceId, PhoneNumber};

use super::conference::Member;
use super::request::GhostMode;
use super::station::{End, Place};
use super::{Pbx, Refused};
use crate::names::Guid;

/// What makes a conference a ghost's.
#[derive(Clone, Debug)]
pub(super) struct Ghost {
    /// Who listens.
    pub(super) chief: End,
    /// Whose talk it is.
    pub(super) ghosted: End,
    pub(super) mode: GhostMode,
    /// Whom the chief speaks to, unheard by the others.
    helped: Vec<Guid>,
}

impl Ghost {
    /// Whether a member is shown to the chief as the ghosts' side of the talk.
    pub(super) fn is_ghost(&self, end: &End) -> bool {
        *end == self.chief || *end == self.ghosted
    }
}

impl Pbx {
    /// A chief joins the talk of the user with this id.
    pub(super) fn attach_as_ghost(&mut self, number: &PhoneNumber, user: &str) -> Result<(), Refused> {
        let chief = End::Line(number.clone());
        let ghosted = self.number_by_id(user).cloned().ok_or(Refused::BadParameters)?;
        if !self.controls(number, &ghosted) {
            return Err(Refused::NoRights);
        }
        if !self.is_free(number) {
            return Err(Refused::Busy);
        }
        let ghosted = End::Line(ghosted);
        if self.talks_with(&ghosted).is_empty() {
            return Err(Refused::NotTalking);
        }
        let id = ConferenceId::from(self.ids.guid().0.as_str());
        let room = self.next_room();
        self.open_conference(&id, room, "", number);
        if let Some(conference) = self.conferences.get_mut(&id) {
            let (chief, mode) = (chief.clone(), GhostMode::Monitor);
            conference.ghost = Some(Ghost { chief, ghosted, mode, helped: Vec::new() });
        }
        self.follow(&id);
        self.set_on(&chief, Some(Place::Conference(id.clone())));
        self.refresh(&chief);
        self.tell_conference(&chief, &id);
        self.tell_line(&chief);
        Ok(())
    }

    /// Whether one user is another's chief.
    fn controls(&self, chief: &PhoneNumber, number: &PhoneNumber) -> bool {
        let login = self.users.get(chief).map(|user| &user.login);
        let user = self.users.get(number);
        login.zip(user).is_some_and(|(login, user)| user.chiefs.contains(login))
    }

    /// Whom a line talks with; nobody unless it talks.
    fn talks_with(&self, line: &End) -> Vec<End> {
        match self.on(line) {
            Some(Place::Call(id)) => {
                let call = self.calls.get(id).filter(|call| call.is_talk());
                call.map(|call| call.other(line).clone()).into_iter().collect()
            }
            Some(Place::Conference(id)) => {
                let conference = self.conferences.get(id).filter(|conference| conference.ghost.is_none());
                let ends = conference.map(super::conference::Conference::inside).into_iter().flatten();
                ends.filter(|end| *end != line).cloned().collect()
            }
            None => Vec::new(),
        }
    }

    fn ghost(&mut self, id: &ConferenceId, chief: &End) -> Result<&mut Ghost, Refused> {
        let ghost = self.conferences.get_mut(id).and_then(|conference| conference.ghost.as_mut());
        ghost.filter(|ghost| ghost.chief == *chief).ok_or(Refused::NoConference)
    }

    /// How the chief takes part.
    pub(super) fn set_ghost_mode(
        &mut self,
        id: &ConferenceId,
        chief: &End,
        mode: GhostMode,
    ) -> Result<(), Refused> {
        self.ghost(id, chief)?.mode = mode;
        Ok(())
    }

    /// Whom the chief speaks to.
    pub(super) fn set_ghost_help(
        &mut self,
        id: &ConferenceId,
        chief: &End,
        competitor: &str,
        help: bool,
    ) -> Result<(), Refused> {
        self.ghost(id, chief)?;
        let conference = self.conferences.get(id).ok_or(Refused::NoConference)?;
        let found = conference.find(competitor).ok_or(Refused::NoSuchCompetitor)?.competitor.clone();
        let ghost = self.ghost(id, chief)?;
        ghost.mode = if help { GhostMode::Help } else { GhostMode::Monitor };
        ghost.helped.retain(|helped| *helped != found);
        if help {
            ghost.helped.push(found);
        }
        Ok(())
    }

    /// Whether a conference is a ghost's: nobody is invited there, put out, or brought in.
    pub(super) fn is_ghostly(&self, id: &ConferenceId) -> bool {
        self.conferences.get(id).is_some_and(|conference| conference.ghost.is_some())
    }

    /// The ghosts follow the talks that they listen to; where one is over, so is listening.
    pub(super) fn settle_ghosts(&mut self) {
        let ghostly = self.conferences.iter().filter(|(_, conference)| conference.ghost.is_some());
        let ids: Vec<ConferenceId> = ghostly.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.follow(&id);
        }
    }

    /// The list of a ghost's conference becomes who is in the talk.
    fn follow(&mut self, id: &ConferenceId) {
        let Some(ghost) = self.conferences.get(id).and_then(|conference| conference.ghost.clone()) else {
            return;
        };
        if !self.is_engaged(&ghost.ghosted) {
            return self.end_ghost(id, &ghost.chief);
        }
        let mut ends = vec![ghost.chief.clone(), ghost.ghosted.clone()];
        ends.extend(self.talks_with(&ghost.ghosted));
        let Some(conference) = self.conferences.get(id) else { return };
        if conference.inside().eq(&ends) {
            return;
        }
        let known = conference.clone();
        let members = ends.into_iter().map(|end| match known.member_at(&end) {
            Some(member) => member.clone(),
            None => Member::inside(self.ids.guid(), end),
        });
        let members = members.collect();
        if let Some(conference) = self.conferences.get_mut(id) {
            conference.set_members(members);
        }
        self.composition_changes(id);
    }

    /// The chief listens no more. Nobody else notices.
    pub(super) fn end_ghost(&mut self, id: &ConferenceId, chief: &End) {
        let place = Place::Conference(id.clone());
        self.unwatch(id, chief);
        let Some(conference) = self.conferences.remove(id) else { return };
        if self.on(chief) == Some(&place) {
            self.set_on(chief, None);
            self.tell_chain(chief, "phoneevent_commstopped", &conference.chain);
        }
        if self.holds(chief, &place) {
            self.set_held(chief, None);
        }
        self.refresh(chief);
        self.tell_line(chief);
    }
}
