//! Hold and transfer: put, taken back, changed, connected, passed on.

use callfold_engine::PhoneNumber;

use super::plan::Route;
use super::request::FlashMode;
use super::station::{End, Place, Stage};
use super::tell::Flash;
use super::{Pbx, Refused};
use crate::names::CallId;

impl Pbx {
    /// What is on the line is held; the other side learns that it waits.
    pub(super) fn put_on_hold(&mut self, line: &End, place: &Place, flash: Flash) {
        self.set_on(line, None);
        self.set_held(line, Some(place.clone()));
        self.tell_flash(line, flash);
        self.tell_other(line, place, Flash::WasFlashed);
    }

    fn take_back(&mut self, line: &End, place: &Place) {
        self.set_held(line, None);
        self.set_on(line, Some(place.clone()));
        self.tell_other(line, place, Flash::WasRestored);
    }

    /// The other side of a call learns what was done to it. A conference goes on without noticing.
    fn tell_other(&mut self, line: &End, place: &Place, flash: Flash) {
        if let Place::Call(id) = place
            && let Some(call) = self.calls.get(id)
        {
            let other = call.other(line).clone();
            self.tell_flash(&other, flash);
            self.tell_line(&other);
        }
    }

    /// The hold key.
    pub(super) fn flash(&mut self, line: &End, mode: FlashMode) -> Result<(), Refused> {
        match (self.on(line).cloned(), self.held(line).cloned(), mode) {
            (Some(on), None, FlashMode::Switch) if self.talk_chain(&on).is_some() => {
                self.put_on_hold(line, &on, Flash::Put);
                self.tell_line(line);
            }
            (None, Some(held), FlashMode::Switch) => {
                self.tell_flash(line, Flash::Returned);
                self.take_back(line, &held);
                self.tell_line(line);
            }
            (Some(on), Some(held), FlashMode::Switch) if self.talk_chain(&on).is_some() => {
                self.put_on_hold(line, &on, Flash::Between);
                self.set_on(line, Some(held.clone()));
                self.tell_other(line, &held, Flash::WasRestored);
                self.tell_line(line);
            }
            // A consultation that was not answered is given up, as one that is aborted.
            (Some(on), Some(held), FlashMode::Switch | FlashMode::Abort) => {
                self.abort_consultation(line, &on, &held)?;
            }
            (None, Some(held), FlashMode::Abort) => {
                self.set_held(line, None);
                self.tell_flash(line, Flash::Aborted);
                match held {
                    Place::Call(id) => {
                        self.finish(id);
                        self.refresh(line);
                        self.tell_line(line);
                    }
                    Place::Conference(id) => self.leave(&id, line)?,
                }
            }
            (Some(_), None, FlashMode::Switch | FlashMode::Abort)
            | (None, None, FlashMode::Switch | FlashMode::Abort) => {
                return Err(Refused::NothingToHold);
            }
        }
        Ok(())
    }

    /// What is on the line ends, and who was held is back.
    fn abort_consultation(&mut self, line: &End, on: &Place, held: &Place) -> Result<(), Refused> {
        self.tell_flash(line, Flash::Returned);
        match on {
            Place::Call(id) => self.finish(*id),
            Place::Conference(id) => self.leave(id, line)?,
        }
        self.take_back(line, held);
        if let Some(chain) = self.talk_chain(held) {
            match held {
                Place::Call(_) => self.tell_chain(line, "phoneevent_commstarted", &chain),
                Place::Conference(id) => self.tell_conference(line, id),
            }
        }
        self.tell_line(line);
        Ok(())
    }

    /// Who is on the line and who is held are connected to each other, and the agent is free.
    pub(super) fn connect_both(&mut self, line: &End) -> Result<(), Refused> {
        match (self.on(line).cloned(), self.held(line).cloned()) {
            (Some(Place::Call(on)), Some(Place::Call(held))) => {
                let incoming = self.calls.get(&on).is_some_and(|call| call.to == *line && !call.is_talk());
                if incoming { self.decline_end(line) } else { self.join_calls(line, on, held) }
            }
            (Some(Place::Conference(conference)), Some(Place::Call(call)))
            | (Some(Place::Call(call)), Some(Place::Conference(conference))) => {
                if self.is_ghostly(&conference) || self.talk_chain(&Place::Call(call)).is_none() {
                    self.finish(call);
                } else {
                    self.hand_over(line, call, &conference)?;
                }
                self.leave(&conference, line)
            }
            (Some(Place::Conference(one)), Some(Place::Conference(two))) => {
                self.leave(&one, line)?;
                self.leave(&two, line)
            }
            (None, _) | (_, None) => Err(Refused::NothingHeld),
        }
    }

    /// Two calls become one, on the chain of the one that was held: it is the customer's.
    fn join_calls(&mut self, line: &End, on: CallId, held: CallId) -> Result<(), Refused> {
        let (Some(second), Some(first)) = (self.calls.remove(&on), self.calls.remove(&held)) else {
            return Err(Refused::NothingHeld);
        };
        self.write_journal(&first);
        self.write_journal(&second);
        let (customer, other) = (first.other(line).clone(), second.other(line).clone());
        let mut joined = second.clone();
        joined.chain = first.chain;
        joined.replace(line, customer.clone());
        joined.began = self.now;
        self.calls.insert(held, joined);
        let place = Place::Call(held);
        self.move_end(&other, &Place::Call(on), &place);
        self.set_on(line, None);
        self.set_held(line, None);
        self.tell_flash(line, Flash::Switched);
        if second.is_talk() {
            self.tell_chain(line, "phoneevent_commstopped", &second.chain);
        }
        self.refresh(line);
        self.tell_line(line);
        self.tell_flash(&customer, Flash::WasRestored);
        if second.is_talk() {
            if self.on(&other) == Some(&place) {
                self.tell_chain(&other, "phoneevent_commstopped", &second.chain);
            }
            self.put_through(held);
        } else {
            self.tell_line(&customer);
            self.reach_again(held, &other);
        }
        Ok(())
    }

    /// A call that rings has another caller now; its timers count anew.
    fn reach_again(&mut self, id: CallId, called: &End) {
        match called {
            End::Line(_) => self.ring_called(id),
            End::Outside(_) | End::Menu(_) | End::Queue(_) | End::Conference(_) | End::Nowhere(_) => {
                self.reach(id);
            }
        }
    }

    /// The talk is passed on: the other side calls the number, on the same chain. The agent is free then: who was held
    /// is let go.
    pub(super) fn transfer(&mut self, line: &End, target: &PhoneNumber) -> Result<(), Refused> {
        let (id, call) = self.call_of(line).ok_or(Refused::NotTalking)?;
        let call = call.clone();
        let other = call.other(line).clone();
        if !call.is_talk() || !Self::has_station(&other) {
            return Err(Refused::NotTalking);
        }
        let route = self.route(target);
        if matches!(route, Route::Nowhere(_)) && !self.fixtures.contains_key(target) {
            return Err(Refused::Busy);
        }
        self.write_journal(&call);
        let to = self.end_of(route);
        if let Some(call) = self.calls.get_mut(&id) {
            call.from = other.clone();
            call.to = to;
            call.stage = Stage::Ring;
            call.began = self.now;
            call.queue = None;
        }
        let held = self.held(line).cloned();
        self.set_on(line, None);
        self.tell_chain(line, "phoneevent_commstopped", &call.chain);
        if held.is_none() {
            self.refresh(line);
        }
        self.tell_line(line);
        if self.on(&other) == Some(&Place::Call(id)) {
            self.tell_chain(&other, "phoneevent_commstopped", &call.chain);
            self.tell_line(&other);
        }
        match held {
            Some(Place::Call(held)) => self.finish(held),
            Some(Place::Conference(conference)) => self.leave(&conference, line)?,
            None => {}
        }
        self.reach(id);
        Ok(())
    }
}
