//! Calls: placed, ringing, answered, declined, ended.

use callfold_engine::{PhoneNumber, Span};
use serde_json::json;

use super::builder::Manners;
use super::conference::Gone;
use super::due::Due;
use super::plan::Route;
use super::station::{Call, End, First, Pickup, Place, Queued, Stage, Then};
use super::tell::Flash;
use super::{Pbx, Refused};
use crate::names::{CallId, Guid};

/// How soon a phone that answers by itself does.
const INTERCOM: Span = Span::from_millis(200);

/// How an agent does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Application,
    Phone,
}

impl Pbx {
    /// The end that a route leads to.
    pub(super) fn end_of(&mut self, route: Route) -> End {
        match route {
            Route::Line(number) => End::Line(number),
            Route::Outside(number) => End::Outside(self.new_outside(&number)),
            Route::Queue(number) => End::Queue(number),
            Route::Menu(number) => End::Menu(number),
            Route::Nowhere(number) => End::Nowhere(number),
        }
    }

    pub(super) fn new_call(&mut self, chain: Guid, from: End, to: End, stage: Stage) -> CallId {
        let id = CallId(self.ids.next());
        let pickup = Pickup::ByHand;
        let began = self.now;
        let call = Call { chain, from, to, stage, began, queue: None, pickup, rings_until: None };
        self.calls.insert(id, call);
        id
    }

    /// `from` calls: hears it ring, or what there is.
    pub(super) fn place_call(&mut self, from: End, route: Route, pickup: Pickup) {
        let chain = self.ids.guid();
        let to = self.end_of(route);
        let id = self.new_call(chain, from.clone(), to, Stage::Ring);
        if let Some(call) = self.calls.get_mut(&id) {
            call.pickup = pickup;
        }
        self.set_on(&from, Some(Place::Call(id)));
        self.refresh(&from);
        self.tell_line(&from);
        self.reach(id);
    }

    /// The called one is reached: rings, or whatever it does.
    pub(super) fn reach(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        match call.to.clone() {
            End::Line(number) if !self.is_free(&number) => self.reach_nowhere(id, number),
            End::Outside(outside) => {
                let known =
                    self.outsides.get(&outside).map(|outside| (outside.manners, outside.number.clone()));
                match known {
                    Some((Manners::Busy, number)) => {
                        self.outsides.remove(&outside);
                        self.reach_nowhere(id, number);
                    }
                    Some((Manners::AnswersAfter(span), _)) => {
                        self.ring_called(id);
                        self.schedule(span, Due::PicksUp(id));
                    }
                    Some((Manners::Waits, _)) | None => self.ring_called(id),
                }
            }
            End::Line(_) => self.ring_called(id),
            End::Menu(_) => self.enter_menu(id),
            End::Queue(number) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.queue = Some(Queued { number, passed: Vec::new() });
                }
            }
            End::Nowhere(number) => self.reach_nowhere(id, number),
            End::Conference(_) => {}
        }
    }

    fn reach_nowhere(&mut self, id: CallId, number: PhoneNumber) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.to = End::Nowhere(number);
        }
        self.schedule(self.settings.busy_for, Due::BusyTone(id));
    }

    /// The called phone rings.
    pub(super) fn ring_called(&mut self, id: CallId) {
        let until = self.schedule(self.settings.rings_for, Due::NoAnswer(id));
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.rings_until = Some(until);
        let call = call.clone();
        self.set_on(&call.to, Some(Place::Call(id)));
        self.refresh(&call.to);
        self.tell_line(&call.to);
        self.tell_ring(&call.to, &call);
        if call.pickup == Pickup::ByItself {
            self.schedule(INTERCOM, Due::PicksUp(id));
        }
    }

    /// The caller's own phone rings, for a callback.
    pub(super) fn ring_caller(&mut self, id: CallId) {
        let until = self.schedule(self.settings.rings_for, Due::NoAnswer(id));
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.rings_until = Some(until);
        let (from, chain) = (call.from.clone(), call.chain.clone());
        let body = json!({
            "chainid": chain.0,
            "callerdirection": "oktell_pbx",
            "callerlinenum": "00000",
            "callerid": "",
            "isextline": false,
            "isconference": false,
        });
        self.tell_line(&from);
        self.tell_end(&from, "phoneevent_ringstarted", body);
    }

    /// The client asks to be called back, and connected.
    pub(super) fn autocall(
        &mut self,
        number: &PhoneNumber,
        target: &PhoneNumber,
        first: First,
        pickup: Pickup,
    ) -> Result<(), Refused> {
        let line = End::Line(number.clone());
        let route = self.route(target);
        if self.unplugged.contains(number) {
            return Err(Refused::NoPhone);
        }
        if number == target || matches!(route, Route::Nowhere(_)) {
            return Err(Refused::Busy);
        }
        if self.on(&line).is_some() || self.held(&line).is_some() {
            return self.consult(&line, route, pickup, Way::Application);
        }
        let chain = self.ids.guid();
        let to = self.end_of(route);
        let id = self.new_call(chain.clone(), line.clone(), to, Stage::Autocall(first));
        if let Some(call) = self.calls.get_mut(&id) {
            call.pickup = pickup;
        }
        self.set_on(&line, Some(Place::Call(id)));
        self.refresh(&line);
        let body = json!({ "chainid": chain.0, "callednumber": target.as_str() });
        self.tell_end(&line, "phoneevent_acmcallstarted", body);
        self.tell_line(&line);
        self.schedule(self.settings.callback_after, Due::Callback(id));
        Ok(())
    }

    /// Calls while somebody waits: whoever is on the line is put on hold first.
    ///
    /// Only the application's way of it tells that the talk stopped; at the phone it is the hold key, pressed.
    pub(super) fn consult(
        &mut self,
        line: &End,
        route: Route,
        pickup: Pickup,
        way: Way,
    ) -> Result<(), Refused> {
        match (self.on(line).cloned(), self.held(line)) {
            (Some(_), Some(_)) => return Err(Refused::Busy),
            (Some(place), None) => {
                let chain = self.talk_chain(&place).ok_or(Refused::Busy)?;
                self.put_on_hold(line, &place, Flash::Put);
                match way {
                    Way::Application => self.tell_chain(line, "phoneevent_commstopped", &chain),
                    Way::Phone => {}
                }
            }
            (None, _) => {}
        }
        self.place_call(line.clone(), route, pickup);
        Ok(())
    }

    /// The chain of a talk; none while it rings.
    pub(super) fn talk_chain(&self, place: &Place) -> Option<Guid> {
        match place {
            Place::Call(id) => {
                self.calls.get(id).filter(|call| call.is_talk()).map(|call| call.chain.clone())
            }
            Place::Conference(id) => self.conferences.get(id).map(|conference| conference.chain.clone()),
        }
    }

    /// The phone at this end is lifted: what rings there is answered.
    pub(super) fn answer_end(&mut self, end: &End) -> Result<(), Refused> {
        let (id, call) = self.call_of(end).ok_or(Refused::NothingRings)?;
        let call = call.clone();
        let called = call.to == *end;
        match &call.stage {
            Stage::Ring if called => {
                self.tell_chain(end, "phoneevent_ringstopped", &call.chain);
                match &call.from {
                    End::Conference(conference) => self.invited_answers(id, conference, end),
                    End::Line(_) | End::Outside(_) | End::Menu(_) | End::Queue(_) | End::Nowhere(_) => {
                        self.put_through(id);
                    }
                }
            }
            Stage::PartyRings if called => {
                self.tell_chain(end, "phoneevent_ringstopped", &call.chain);
                self.tell_line(end);
                self.set_stage(id, Stage::BackRing(Then::Talk));
                self.ring_caller(id);
            }
            Stage::BackRing(then) if !called => {
                self.tell_end(end, "phoneevent_ringstopped", json!({}));
                self.tell_chain(end, "phoneevent_acmcallstopped", &call.chain);
                match then {
                    Then::Talk => self.put_through(id),
                    Then::Ring => {
                        self.set_stage(id, Stage::Ring);
                        self.tell_line(end);
                        self.reach(id);
                    }
                }
            }
            Stage::Ring
            | Stage::PartyRings
            | Stage::BackRing(_)
            | Stage::Autocall(_)
            | Stage::Talk { .. } => {
                return Err(Refused::NothingRings);
            }
        }
        Ok(())
    }

    pub(super) fn set_stage(&mut self, id: CallId, stage: Stage) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = stage;
            call.rings_until = None;
        }
    }

    /// The two ends are connected.
    pub(super) fn put_through(&mut self, id: CallId) {
        let commutation = self.ids.guid();
        self.set_stage(id, Stage::Talk { since: self.now, commutation: commutation.clone() });
        let Some(call) = self.calls.get(&id).cloned() else { return };
        for end in [&call.to, &call.from] {
            self.tell_talk(end, &Place::Call(id), &call, &commutation);
        }
    }

    /// The phone at this end is put down, or its application ends what goes on.
    pub(super) fn hang_up_end(&mut self, end: &End) -> Result<(), Refused> {
        match (self.on(end).cloned(), self.held(end).cloned()) {
            (Some(_), Some(_)) => self.connect_both(end),
            (Some(Place::Call(id)), None) => {
                if self.rings_at(id, end) {
                    return self.decline_end(end);
                }
                self.finish(id);
                Ok(())
            }
            (None, Some(Place::Call(id))) => {
                self.finish(id);
                Ok(())
            }
            (Some(Place::Conference(id)), None) | (None, Some(Place::Conference(id))) => self.leave(&id, end),
            (None, None) => Err(Refused::NothingToEnd),
        }
    }

    fn rings_at(&self, id: CallId, end: &End) -> bool {
        self.calls.get(&id).is_some_and(|call| call.to == *end && call.stage == Stage::Ring)
    }

    /// What rings at this end is not taken.
    pub(super) fn decline_end(&mut self, end: &End) -> Result<(), Refused> {
        let (id, call) = self.call_of(end).ok_or(Refused::NothingRings)?;
        let called = call.to == *end;
        match call.stage {
            Stage::Ring if called => match call.from.clone() {
                End::Conference(conference) => self.invited_goes(id, &conference, end, Gone::Refused),
                End::Line(_) | End::Outside(_) | End::Menu(_) | End::Queue(_) | End::Nowhere(_) => {
                    self.not_taken(id, end);
                }
            },
            Stage::PartyRings if called => self.finish(id),
            Stage::BackRing(_) if !called => self.finish(id),
            Stage::Ring
            | Stage::PartyRings
            | Stage::BackRing(_)
            | Stage::Autocall(_)
            | Stage::Talk { .. } => {
                return Err(Refused::NothingRings);
            }
        }
        Ok(())
    }

    /// A phone rang long enough.
    pub(super) fn not_answered(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let to = call.to.clone();
        match (call.from.clone(), &call.stage) {
            (End::Conference(conference), _) => self.invited_goes(id, &conference, &to, Gone::NotResponding),
            (_, Stage::Ring) => self.not_taken(id, &to),
            (_, Stage::Autocall(_) | Stage::PartyRings | Stage::BackRing(_)) => self.finish(id),
            (_, Stage::Talk { .. }) => {}
        }
    }

    /// A call that came through a queue goes back there; others are over.
    fn not_taken(&mut self, id: CallId, end: &End) {
        let queued = self.calls.get(&id).and_then(|call| call.queue.clone());
        match (queued, end) {
            (Some(mut queue), End::Line(number)) => {
                queue.passed.push(number.clone());
                let chain = self.calls.get_mut(&id).map(|call| {
                    call.to = End::Queue(queue.number.clone());
                    call.queue = Some(queue);
                    call.rings_until = None;
                    call.chain.clone()
                });
                self.set_on(end, None);
                if let Some(chain) = chain {
                    self.tell_chain(end, "phoneevent_ringstopped", &chain);
                }
                self.refresh(end);
                self.tell_line(end);
            }
            (_, _) => self.finish(id),
        }
    }

    /// A call is over, for both.
    pub(super) fn finish(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(&id) else { return };
        self.write_journal(&call);
        if let End::Conference(conference) = &call.from {
            self.forget_invited(conference, &call.to);
        }
        for end in [&call.from, &call.to] {
            self.part(end, &Place::Call(id), &call);
        }
    }

    /// One end of a call that is over learns of it.
    pub(super) fn part(&mut self, end: &End, place: &Place, call: &Call) {
        let was_on = self.on(end) == Some(place);
        let was_held = self.holds(end, place);
        if was_on {
            self.set_on(end, None);
            self.tell_stop(end, call);
        }
        if was_held {
            self.set_held(end, None);
            self.tell_flash(end, Flash::Lost);
        }
        if was_on || was_held {
            self.refresh(end);
            self.tell_line(end);
        }
        self.forget_outside(end);
    }

    /// What an end hears when the stage it was in is over.
    fn tell_stop(&mut self, end: &End, call: &Call) {
        let called = call.to == *end;
        match call.stage {
            Stage::Talk { .. } if matches!(call.other(end), End::Menu(_)) => {
                self.tell_chain(end, "phoneevent_ivrstopped", &call.chain);
            }
            Stage::Talk { .. } => self.tell_chain(end, "phoneevent_commstopped", &call.chain),
            Stage::Ring | Stage::PartyRings if called => {
                self.tell_chain(end, "phoneevent_ringstopped", &call.chain);
            }
            Stage::Autocall(_) | Stage::PartyRings => {
                self.tell_chain(end, "phoneevent_acmcallstopped", &call.chain);
            }
            Stage::BackRing(_) if !called => {
                self.tell_chain(end, "phoneevent_ringstopped", &call.chain);
                self.tell_chain(end, "phoneevent_acmcallstopped", &call.chain);
            }
            Stage::Ring | Stage::BackRing(_) => {}
        }
    }

    /// Somebody outside who is on nothing any more is gone.
    pub(super) fn forget_outside(&mut self, end: &End) {
        if let End::Outside(id) = end
            && !self.is_engaged(end)
        {
            self.outsides.remove(id);
            self.stations.remove(end);
        }
    }
}
