//! Conferences: made, built from a talk, invited to, left.

use callfold_engine::{ConferenceId, PhoneNumber, Span, Timestamp};
use serde_json::{Map, Value, json};

use super::due::Due;
use super::ghost::Ghost;
use super::plan::Route;
use super::request::{Invitee, NewConference};
use super::station::{End, Place, Stage};
use super::tell::{Flash, fields};
use super::{Pbx, Refused};
use crate::names::{CallId, ClientId, Guid};

/// How long after a change it is told who is in a conference.
const COMPOSITION: Span = Span::from_millis(50);

/// A conference and who is in it.
#[derive(Clone, Debug)]
pub(super) struct Conference {
    pub(super) room: i64,
    pub(super) name: String,
    pub(super) chain: Guid,
    pub(super) creator: PhoneNumber,
    pub(super) began: Timestamp,
    /// It is a ghost's.
    pub(super) ghost: Option<Ghost>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) competitor: Guid,
    end: End,
    state: MemberState,
}

impl Member {
    /// Somebody who is in it.
    pub(super) const fn inside(competitor: Guid, end: End) -> Self {
        Self { competitor, end, state: MemberState::Commutated }
    }
}

impl Conference {
    /// Who is in it, the invited aside.
    pub(super) fn inside(&self) -> impl Iterator<Item = &End> {
        let inside = self.members.iter().filter(|member| member.state == MemberState::Commutated);
        inside.map(|member| &member.end)
    }

    pub(super) fn member_at(&self, end: &End) -> Option<&Member> {
        self.members.iter().find(|member| member.end == *end)
    }

    /// Somebody by the id that they have there.
    pub(super) fn find(&self, competitor: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.competitor.0.eq_ignore_ascii_case(competitor))
    }

    pub(super) fn set_members(&mut self, members: Vec<Member>) {
        self.members = members;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemberState {
    Inviting,
    Commutated,
}

impl MemberState {
    const fn wire(self) -> &'static str {
        match self {
            Self::Inviting => "Inviting",
            Self::Commutated => "Commutated",
        }
    }
}

/// Why somebody is not, or no longer, in a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    Left,
    Busy,
    NotResponding,
    Refused,
    Stopped,
}

impl Gone {
    const fn wire(self) -> &'static str {
        match self {
            Self::Left => "Exited",
            Self::Busy => "MisInviteBusy",
            Self::NotResponding => "MisInviteNotRespond",
            Self::Refused => "MisInviteRefuse",
            Self::Stopped => "MisInviteStop",
        }
    }
}

impl Pbx {
    pub(super) fn open_conference(
        &mut self,
        id: &ConferenceId,
        room: i64,
        name: &str,
        creator: &PhoneNumber,
    ) {
        let conference = Conference {
            room,
            name: name.to_owned(),
            chain: self.ids.guid(),
            creator: creator.clone(),
            began: self.now,
            ghost: None,
            members: Vec::new(),
        };
        self.conferences.insert(id.clone(), conference);
    }

    fn add_member(&mut self, id: &ConferenceId, end: &End, state: MemberState) {
        let competitor = self.ids.guid();
        if let Some(conference) = self.conferences.get_mut(id) {
            match conference.members.iter_mut().find(|member| member.end == *end) {
                Some(member) => member.state = state,
                None => conference.members.push(Member { competitor, end: end.clone(), state }),
            }
        }
    }

    /// A new conference; who makes it is in it at once, the others are invited.
    pub(super) fn create_conference(
        &mut self,
        number: &PhoneNumber,
        new: NewConference,
    ) -> Result<(), Refused> {
        let line = End::Line(number.clone());
        if !self.is_free(number) || self.conferences.contains_key(&new.id) {
            return Err(Refused::Busy);
        }
        self.open_conference(&new.id, new.room, &new.name, number);
        self.add_member(&new.id, &line, MemberState::Commutated);
        self.set_on(&line, Some(Place::Conference(new.id.clone())));
        self.refresh(&line);
        self.tell_conference(&line, &new.id);
        self.tell_line(&line);
        self.invite_all(&new.id, &line, &new.invitees);
        Ok(())
    }

    /// A conference in which everybody is at once.
    pub(super) fn assemble(
        &mut self,
        number: &PhoneNumber,
        others: &[PhoneNumber],
    ) -> Result<ConferenceId, Refused> {
        let line = End::Line(number.clone());
        if !self.users.contains_key(number) || self.unplugged.contains(number) {
            return Err(Refused::NoSuchPhone);
        }
        if self.on(&line).is_some() {
            return Err(Refused::Busy);
        }
        let mut ends = vec![line];
        for other in others {
            match self.route(other) {
                route @ (Route::Line(_) | Route::Outside(_)) => ends.push(self.end_of(route)),
                Route::Queue(_) | Route::Menu(_) | Route::Nowhere(_) => return Err(Refused::Busy),
            }
        }
        let id = ConferenceId::from(self.ids.guid().0.as_str());
        let room = self.next_room();
        self.open_conference(&id, room, "", number);
        for end in &ends {
            self.add_member(&id, end, MemberState::Commutated);
            self.set_on(end, Some(Place::Conference(id.clone())));
        }
        for end in &ends {
            self.refresh(end);
            self.tell_conference(end, &id);
            self.tell_line(end);
        }
        Ok(id)
    }

    /// The talk on a line becomes a conference of the two.
    pub(super) fn build_conference(&mut self, number: &PhoneNumber) -> Result<(), Refused> {
        let line = End::Line(number.clone());
        let (call_id, call) = self.call_of(&line).ok_or(Refused::NotTalking)?;
        let call = call.clone();
        let other = call.other(&line).clone();
        if !call.is_talk() || !Self::has_station(&other) {
            return Err(Refused::NotTalking);
        }
        let id = ConferenceId::from(self.ids.guid().0.as_str());
        let room = self.next_room();
        self.open_conference(&id, room, "", number);
        self.calls.remove(&call_id);
        self.write_journal(&call);
        for end in [&line, &other] {
            self.add_member(&id, end, MemberState::Commutated);
            self.move_end(end, &Place::Call(call_id), &Place::Conference(id.clone()));
        }
        for end in [&line, &other] {
            if self.on(end) == Some(&Place::Conference(id.clone())) {
                self.tell_conference(end, &id);
            }
            self.tell_line(end);
        }
        Ok(())
    }

    pub(super) fn next_room(&self) -> i64 {
        let last = self.conferences.values().map(|conference| conference.room).max();
        last.unwrap_or(0).saturating_add(1)
    }

    /// Tells a line that it is on a conference now.
    pub(super) fn tell_conference(&mut self, end: &End, id: &ConferenceId) {
        let Some(conference) = self.conferences.get(id) else { return };
        let body = json!({ "isconference": true, "confid": id.as_str(), "chainid": conference.chain.0 });
        self.tell_end(end, "phoneevent_commstarted", body);
    }

    /// Invites, for who is in the conference.
    pub(super) fn invite_to(
        &mut self,
        id: &ConferenceId,
        by: &End,
        invitees: &[Invitee],
    ) -> Result<(), Refused> {
        self.member(id, by)?;
        if self.is_ghostly(id) {
            return Err(Refused::NoRights);
        }
        self.invite_all(id, by, invitees);
        Ok(())
    }

    fn member(&self, id: &ConferenceId, end: &End) -> Result<&Member, Refused> {
        let conference = self.conferences.get(id).ok_or(Refused::NoConference)?;
        conference.member_at(end).ok_or(Refused::NoConference)
    }

    fn invite_all(&mut self, id: &ConferenceId, by: &End, invitees: &[Invitee]) {
        for invitee in invitees {
            let number = match invitee {
                Invitee::Number(number) => Some(number.clone()),
                Invitee::User(user) => self.number_by_id(user).cloned(),
                Invitee::Login(login) => self.number_by_login(login).cloned(),
            };
            let Some(number) = number else { continue };
            // Who invites is in it already.
            if self.number_of(by) == number {
                continue;
            }
            match self.route(&number) {
                route @ (Route::Line(_) | Route::Outside(_)) => {
                    let end = self.end_of(route);
                    self.add_member(id, &end, MemberState::Inviting);
                    let chain = self.ids.guid();
                    let call = self.new_call(chain, End::Conference(id.clone()), end, Stage::Ring);
                    self.reach(call);
                }
                Route::Nowhere(number) | Route::Menu(number) | Route::Queue(number) => {
                    let competitor = self.ids.guid();
                    let body = self.competitor(&competitor, &End::Nowhere(number), Gone::Busy.wire(), false);
                    self.tell_competitor(id, body);
                }
            }
        }
    }

    /// Who was invited is in it.
    pub(super) fn invited_answers(&mut self, call: CallId, id: &ConferenceId, end: &End) {
        self.calls.remove(&call);
        self.enter(id, end);
    }

    fn enter(&mut self, id: &ConferenceId, end: &End) {
        self.add_member(id, end, MemberState::Commutated);
        self.set_on(end, Some(Place::Conference(id.clone())));
        self.tell_conference(end, id);
        self.refresh(end);
        self.tell_line(end);
        self.composition_changes(id);
    }

    /// Who was invited does not come.
    pub(super) fn invited_goes(&mut self, call: CallId, id: &ConferenceId, end: &End, why: Gone) {
        self.tell_gone(id, end, why);
        self.finish(call);
        self.after_leaving(id);
    }

    /// An invitation ended by itself; its call is over already.
    pub(super) fn forget_invited(&mut self, id: &ConferenceId, end: &End) {
        if let Some(conference) = self.conferences.get_mut(id) {
            conference.members.retain(|member| member.end != *end || member.state != MemberState::Inviting);
        }
    }

    fn tell_gone(&mut self, id: &ConferenceId, end: &End, why: Gone) {
        if let Ok(member) = self.member(id, end) {
            let (competitor, creator) = (member.competitor.clone(), self.made(id, end));
            let body = self.competitor(&competitor, end, why.wire(), creator);
            self.tell_competitor(id, body);
        }
    }

    /// Somebody leaves.
    pub(super) fn leave(&mut self, id: &ConferenceId, end: &End) -> Result<(), Refused> {
        self.member(id, end)?;
        if let Some(ghost) = self.conferences.get(id).and_then(|conference| conference.ghost.as_ref()) {
            let chief = ghost.chief.clone();
            if chief != *end {
                return Err(Refused::NoConference);
            }
            self.end_ghost(id, &chief);
            return Ok(());
        }
        self.unwatch(id, end);
        self.tell_gone(id, end, Gone::Left);
        self.take_out(id, end);
        self.after_leaving(id);
        Ok(())
    }

    /// Who has left is not told what goes on there.
    pub(super) fn unwatch(&mut self, id: &ConferenceId, end: &End) {
        let number = self.number_of(end);
        for client in self.clients.values_mut().filter(|client| client.is(&number)) {
            client.conferences.remove(id);
        }
    }

    /// An end is on the conference no more, and learns of it.
    fn take_out(&mut self, id: &ConferenceId, end: &End) {
        let place = Place::Conference(id.clone());
        let Some(conference) = self.conferences.get_mut(id) else { return };
        conference.members.retain(|member| member.end != *end);
        let chain = conference.chain.clone();
        if self.on(end) == Some(&place) {
            self.set_on(end, None);
            self.tell_chain(end, "phoneevent_commstopped", &chain);
        }
        if self.holds(end, &place) {
            self.set_held(end, None);
        }
        self.refresh(end);
        self.tell_line(end);
        self.forget_outside(end);
    }

    /// A conference with one member, and nobody invited, is over.
    fn after_leaving(&mut self, id: &ConferenceId) {
        self.composition_changes(id);
        let Some(conference) = self.conferences.get(id) else { return };
        let ends: Vec<End> = conference.members.iter().map(|member| member.end.clone()).collect();
        let inside =
            conference.members.iter().filter(|member| member.state == MemberState::Commutated).count();
        if ends.len() > 1 && inside > 0 {
            return;
        }
        for invited in self.invitations(id) {
            self.finish(invited);
        }
        for end in &ends {
            self.take_out(id, end);
        }
        self.conferences.remove(id);
        for client in self.clients.values_mut() {
            client.conferences.remove(id);
        }
    }

    fn invitations(&self, id: &ConferenceId) -> Vec<CallId> {
        let from = End::Conference(id.clone());
        self.calls.iter().filter(|(_, call)| call.from == from).map(|(id, _)| *id).collect()
    }

    /// Puts somebody out, for who is in the conference.
    pub(super) fn put_out(&mut self, id: &ConferenceId, by: &End, competitor: &str) -> Result<(), Refused> {
        self.member(id, by)?;
        let conference = self.conferences.get(id).ok_or(Refused::NoConference)?;
        if conference.ghost.is_some() {
            return Err(Refused::NoRights);
        }
        let member = conference.find(competitor).ok_or(Refused::NoSuchCompetitor)?;
        let (end, state) = (member.end.clone(), member.state);
        match state {
            MemberState::Commutated => self.leave(id, &end),
            MemberState::Inviting => {
                let call = self.call_of(&end).map(|(call, _)| call).ok_or(Refused::NoSuchCompetitor)?;
                self.invited_goes(call, id, &end, Gone::Stopped);
                Ok(())
            }
        }
    }

    /// Whether who is held can come into the conference on the line.
    pub(super) fn can_gather(&self, line: &End) -> bool {
        match (self.on(line), self.held(line)) {
            (Some(Place::Conference(id)), Some(Place::Call(call))) => {
                !self.is_ghostly(id) && self.talk_chain(&Place::Call(*call)).is_some()
            }
            (_, _) => false,
        }
    }

    /// Who is held comes into the conference on the line.
    pub(super) fn gather(&mut self, line: &End) -> Result<(), Refused> {
        match (self.on(line).cloned(), self.held(line).cloned()) {
            (Some(Place::Conference(id)), Some(Place::Call(call))) if self.can_gather(line) => {
                self.hand_over(line, call, &id)?;
                self.tell_flash(line, Flash::Invited);
                self.tell_line(line);
                Ok(())
            }
            (_, _) => Err(Refused::NothingHeld),
        }
    }

    /// The other side of a call of `line` enters a conference; the call is over.
    pub(super) fn hand_over(&mut self, line: &End, call: CallId, id: &ConferenceId) -> Result<(), Refused> {
        let gone = self.calls.remove(&call).ok_or(Refused::NothingHeld)?;
        self.write_journal(&gone);
        let other = gone.other(line).clone();
        let place = Place::Call(call);
        if self.on(line) == Some(&place) {
            self.set_on(line, None);
            self.tell_chain(line, "phoneevent_commstopped", &gone.chain);
        } else {
            self.set_held(line, None);
        }
        if Self::has_station(&other) {
            if self.holds(&other, &place) {
                self.set_held(&other, None);
            }
            self.tell_chain(&other, "phoneevent_commstopped", &gone.chain);
            self.enter(id, &other);
        }
        Ok(())
    }

    fn made(&self, id: &ConferenceId, end: &End) -> bool {
        let made = |conference: &Conference| End::Line(conference.creator.clone()) == *end;
        self.conferences.get(id).is_some_and(|conference| conference.ghost.is_none() && made(conference))
    }

    fn competitor(&self, competitor: &Guid, end: &End, state: &str, creator: bool) -> Map<String, Value> {
        let mut told = fields(json!({ "competitorid": competitor.0 }));
        told.extend(self.identity(end));
        told.insert("confstatestr".to_owned(), state.into());
        told.insert("iscreator".to_owned(), creator.into());
        told
    }

    /// Who is in a conference, as the wire tells it. Who is invited is not, until they come.
    pub(super) fn competitors(&self, id: &ConferenceId) -> Option<Value> {
        let conference = self.conferences.get(id)?;
        let inside = conference.members.iter().filter(|member| member.state == MemberState::Commutated);
        let told = |member: &Member| {
            let made = self.made(id, &member.end);
            let mut told = self.competitor(&member.competitor, &member.end, member.state.wire(), made);
            if conference.ghost.as_ref().is_some_and(|ghost| ghost.is_ghost(&member.end)) {
                told.insert("isghost".to_owned(), true.into());
            }
            Value::Object(told)
        };
        Some(inside.map(told).collect())
    }

    /// `getconferenceinfo`
    pub(super) fn conference_info(&self, id: &ConferenceId) -> Option<Map<String, Value>> {
        let conference = self.conferences.get(id)?;
        Some(fields(json!({
            "conference": {
                "id": id.as_str(),
                "conferenceid": id.as_str(),
                "name": conference.name,
                "room": conference.room,
                "isghost": conference.ghost.is_some(),
                "ghostmode": conference.ghost.as_ref().map(|ghost| ghost.mode.wire()),
            },
            "competitors": self.competitors(id),
        })))
    }

    /// Who is in a conference is told a moment after it changed: those who come and go together are told together.
    pub(super) fn composition_changes(&mut self, id: &ConferenceId) {
        let due = Due::Composition(id.clone());
        if !self.due.values().any(|waiting| *waiting == due) {
            self.schedule(COMPOSITION, due);
        }
    }

    pub(super) fn tell_composition(&mut self, id: &ConferenceId) {
        if let Some(list) = self.competitors(id) {
            let info = json!({ "conferenceid": id.as_str(), "competitorlist": list });
            self.tell_watchers(id, "confcompositionchanged", &json!({ "eventinfo": info }));
        }
    }

    fn tell_competitor(&mut self, id: &ConferenceId, competitor: Map<String, Value>) {
        let info = json!({ "conference": { "id": id.as_str() }, "competitor": competitor });
        self.tell_watchers(id, "confcompetitorstatechanged", &json!({ "eventinfo": info }));
    }

    /// Tells those who asked for this conference's events (`confhandleevent`).
    fn tell_watchers(&mut self, id: &ConferenceId, method: &str, body: &Value) {
        let watching: Vec<(ClientId, PhoneNumber)> = self
            .clients
            .iter()
            .filter(|(_, client)| client.conferences.contains(id) && client.subscribed.contains(method))
            .filter_map(|(client, known)| known.number().map(|number| (*client, number.clone())))
            .collect();
        for (client, number) in watching {
            let Some(user) = self.users.get(&number) else { continue };
            let whose = json!({ "userid": user.id.as_str(), "userlogin": user.login.as_str() });
            let mut event = fields(json!({ "qid": self.ids.guid().0 }));
            event.extend(fields(whose));
            event.extend(fields(body.clone()));
            self.send(client, method, event);
        }
    }
}
