//! Conferences: which one is ours, and who is in it (spec part 2, "Conference").

use serde::{Deserialize, Serialize};

use super::Turn;
use super::ask::{Ask, Reply};
use super::line::{AfterPicture, Facts, ListWanted};
use crate::event::{Bound, Event};
use crate::party::{Draft, Party};
use crate::text::{ConferenceId, UserId};
use crate::view::LineState;
use crate::wire::body::Abonent;
use crate::wire::{Body, Object, Request, body, given};

/// The most parties that are kept of a conference or a queue. A server that tells of more makes us hold no more.
pub(super) const MAX_PARTIES: usize = 1_000;

/// What waits for the list of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AfterList {
    /// Nothing.
    Nothing,
    /// The line's state, by the picture that told of the conference.
    State {
        /// What of the picture decides it.
        facts: Box<Facts>,
        /// What waits for the picture.
        then: AfterPicture,
    },
    /// A line picture is asked for.
    Picture(AfterPicture),
}

impl AfterList {
    /// Whether loading, or a command, waits for it.
    pub(super) const fn is_awaited(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::State { then, .. } | Self::Picture(then) => then.is_awaited(),
        }
    }
}

impl Turn<'_> {
    /// The conference's id, shared with ours if it is the same.
    pub(super) fn conference_id(&self, id: &str) -> ConferenceId {
        match &self.view.conference {
            Some(ours) if ours.id.as_str() == id => ours.id.clone(),
            Some(_) | None => ConferenceId::from(id),
        }
    }

    fn is_our_conference(&self, id: &str) -> bool {
        self.view.conference.as_ref().is_some_and(|ours| ours.id.as_str() == id)
    }

    /// Another conference is ours, or none.
    pub(super) fn set_conference(&mut self, conference: Option<&ConferenceId>, list: ListWanted) {
        let old = self.view.conference.as_ref().map(|old| old.id.clone());
        if old.as_ref() == conference {
            return;
        }
        if let Some(old) = old {
            self.ask(Request::ConferenceEvents { conference: old, handle: false }, Ask::Nothing);
        }
        if let Some(new) = conference {
            self.ask(Request::ConferenceEvents { conference: new.clone(), handle: true }, Ask::Nothing);
        }
        self.tell(Event::ConferenceChanged { conference: conference.cloned() });
        if list == ListWanted::Yes {
            self.ask_conference_info(AfterList::Nothing);
        }
    }

    /// Asks for the list of our conference, if one is ours.
    pub(super) fn ask_conference_info(&mut self, then: AfterList) {
        if let Some(ours) = &self.view.conference {
            let id = ours.id.clone();
            self.ask_list(id, then);
        }
    }

    pub(super) fn ask_list(&mut self, conference: ConferenceId, then: AfterList) {
        let request = Request::ConferenceInfo(conference.clone());
        self.ask(request, Ask::ConferenceInfo { conference, then });
    }

    /// `phoneevent_commstarted` of a conference: it is ours; list and picture are read.
    pub(super) fn conference_commutation(&mut self, conference: &ConferenceId) {
        self.set_conference(Some(conference), ListWanted::Yes);
        let then = if self.conference_came() { AfterPicture::Built } else { AfterPicture::Nothing };
        self.ask_list(conference.clone(), AfterList::Picture(then));
    }

    /// The list of a conference was answered.
    pub(super) fn conference_info_answered(
        &mut self,
        conference: &ConferenceId,
        then: AfterList,
        reply: Reply<'_>,
    ) {
        // One that is no longer ours changes nothing; what waited for it goes on.
        if self.is_our_conference(conference.as_str()) {
            match (reply.accepted(), reply.body()) {
                (true, Some(Body::ConferenceInfo(info))) => self.take_conference_info(info),
                (_, _) => self.take_list(&[]),
            }
        }
        match then {
            AfterList::Nothing => {}
            AfterList::State { facts, then } => {
                // A picture of a conference that is no longer ours is out of date.
                if self.is_our_conference(conference.as_str()) {
                    self.enter_by_rules(*facts);
                    self.line_known(then);
                } else {
                    self.picture_read(then);
                }
            }
            AfterList::Picture(then) => self.ask(Request::LinePicture, Ask::Picture(then)),
        }
    }

    /// In replay: the answer to a question that was not ours.
    pub(super) fn stray_conference_info(&mut self, info: &body::ConferenceInfo<'_>) {
        let told = info.conference.as_ref().and_then(|conference| given(&conference.id));
        if info.head().accepted && told.is_some_and(|told| self.is_our_conference(told)) {
            self.take_conference_info(info);
        }
    }

    fn take_conference_info(&mut self, info: &body::ConferenceInfo<'_>) {
        self.take_list(info.competitors.as_deref().unwrap_or_default());
        let ghost = info.conference.as_ref().is_some_and(|conference| conference.isghost.0);
        if self.view.conference.as_ref().is_some_and(|ours| ours.ghost != ghost) {
            self.tell(Event::ConferenceInfoTold { ghost });
        }
    }

    /// `confcompositionchanged`
    pub(super) fn conference_composition(&mut self, told: &body::Composition<'_>) {
        let Some(info) = &told.eventinfo else { return };
        if given(&info.conferenceid).is_some_and(|told| self.is_our_conference(told)) {
            self.take_list(info.competitorlist.as_deref().unwrap_or_default());
            self.ask_picture();
        }
    }

    /// `confcompetitorstatechanged`
    pub(super) fn conference_competitor(&mut self, told: &body::CompetitorState<'_>) {
        let Some(info) = &told.eventinfo else { return };
        let conference = info.conference.as_ref().and_then(|conference| given(&conference.id));
        if !conference.is_some_and(|told| self.is_our_conference(told)) {
            return;
        }
        let Some(abonent) = &info.competitor else { return };
        let Some(id) = given(&abonent.competitorid) else { return };
        match self.view.parties.by_key(id).cloned() {
            None if self.may_show(abonent) && !self.has_room() => {
                self.tell(Event::BoundHit { bound: Bound::Conference });
            }
            None if self.may_show(abonent) => {
                let parties = self.view.parties.with(self.competitor(abonent));
                self.tell(Event::PartiesRefreshed { parties });
                if self.view.line == LineState::Talk {
                    if let Some(party) = self.view.parties.by_key(id).cloned() {
                        self.tell(Event::ConferenceEntered { party });
                    }
                    let parties = self.view.parties.clone();
                    self.tell(Event::PartiesChanged { parties });
                }
            }
            Some(party) if is_left_out(abonent) => self.competitor_leaves(&party),
            None | Some(_) => {}
        }
    }

    fn competitor(&self, abonent: &Abonent<'_>) -> std::sync::Arc<Party> {
        let ours = self.view.conference.as_ref().map(|conference| &conference.id);
        Draft::competitor(abonent, ours).build()
    }

    fn has_room(&self) -> bool {
        self.view.parties.as_slice().len() < MAX_PARTIES
    }

    /// Whether a competitor is shown: not one who is gone, and of a ghost's conference only ghosts and us.
    fn may_show(&self, abonent: &Abonent<'_>) -> bool {
        let ghost = self.view.conference.as_ref().is_some_and(|ours| ours.ghost);
        let is_me = self.view.agent.user.as_ref().map(UserId::as_str) == given(&abonent.userid);
        !is_left_out(abonent) && (!ghost || abonent.isghost.0 || is_me)
    }

    /// Takes over the list of who is in our conference.
    fn take_list(&mut self, list: &[Object<Abonent<'_>>]) {
        let talking = self.view.line == LineState::Talk && self.view.conference.is_some();
        for (place, abonent) in list.iter().enumerate() {
            let Some(id) = given(&abonent.competitorid) else { continue };
            // A list is mostly told in the order in which it is known.
            let parties = &self.view.parties;
            let is_there = parties.as_slice().get(place).is_some_and(|party| party.key.as_str() == id)
                || parties.by_key(id).is_some();
            if !is_there && self.may_show(abonent) {
                if !self.has_room() {
                    self.tell(Event::BoundHit { bound: Bound::Conference });
                    break;
                }
                let party = self.competitor(abonent);
                let parties = self.view.parties.with(party.clone());
                self.tell(Event::PartiesRefreshed { parties });
                if talking {
                    self.tell(Event::ConferenceEntered { party });
                }
            }
        }
        let is_in = |place: usize, party: &Party, turn: &Self| {
            let is_it = |abonent: &Object<Abonent<'_>>| {
                given(&abonent.competitorid) == Some(party.key.as_str()) && turn.may_show(abonent)
            };
            list.get(place).is_some_and(is_it) || list.iter().any(is_it)
        };
        let before = self.view.parties.clone();
        for (place, party) in before.as_slice().iter().enumerate() {
            if !is_in(place, party, self) {
                self.competitor_leaves(party);
            }
        }
        let parties = self.view.parties.clone();
        self.tell(Event::PartiesChanged { parties });
    }

    fn competitor_leaves(&mut self, party: &std::sync::Arc<Party>) {
        let talking = self.view.line == LineState::Talk && self.view.conference.is_some();
        if talking && party.competitor.is_some() {
            self.tell(Event::ConferenceLeft { party: party.clone() });
        }
        let parties = self.view.parties.without(&party.key);
        self.tell(Event::PartiesChanged { parties });
    }
}

/// Whether a competitor's state says that it is gone, or never came.
fn is_left_out(abonent: &Abonent<'_>) -> bool {
    matches!(
        given(&abonent.confstatestr),
        Some(
            "Exited"
                | "MisInviteBusy"
                | "MisInviteNotRespond"
                | "MisInviteTimeout"
                | "MisInviteStop"
                | "MisInviteAbort"
                | "MisInviteRefuse"
        )
    )
}
