//! The queue of the call centre, and voice menus: where callers wait to be led on.

use callfold_engine::PhoneNumber;
use serde_json::{Value, json};

use super::plan::Route;
use super::station::{End, Stage};
use super::{Pbx, Refused};
use crate::names::CallId;

impl Pbx {
    /// What follows from a deed: queues move on, ghosts follow.
    pub(super) fn settle(&mut self) {
        self.settle_queues();
        self.settle_ghosts();
    }

    /// Callers in the queue go to agents who are ready, first come first served.
    fn settle_queues(&mut self) {
        for id in self.waiting() {
            let Some(passed) =
                self.calls.get(&id).and_then(|call| call.queue.as_ref()).map(|queue| &queue.passed)
            else {
                continue;
            };
            let ready: Vec<PhoneNumber> = self.ready_agents();
            let next = ready.iter().find(|number| !passed.contains(number)).cloned();
            // Whoever did not take the call is asked again when everybody else was.
            let again = !ready.is_empty()
                && ready.iter().all(|number| passed.contains(number))
                && self.all_passed(passed);
            let Some(number) = next.or_else(|| if again { ready.first().cloned() } else { None }) else {
                continue;
            };
            if let Some(call) = self.calls.get_mut(&id) {
                if let (true, Some(queue)) = (again, call.queue.as_mut()) {
                    queue.passed.clear();
                }
                call.to = End::Line(number);
            }
            self.ring_called(id);
        }
    }

    /// Whether more than one agent works in the call centre and all of them have passed. A single agent who
    /// declines is not rung again at once: the caller waits until somebody else is ready.
    fn all_passed(&self, passed: &[PhoneNumber]) -> bool {
        let working = self.users.values().filter(|user| user.agent.call_centre);
        let mut count = 0_usize;
        for user in working {
            if !passed.contains(&user.number) {
                return false;
            }
            count += 1;
        }
        count > 1
    }

    fn ready_agents(&self) -> Vec<PhoneNumber> {
        self.users
            .values()
            .filter(|user| user.agent.call_centre && !user.agent.manual && !user.agent.redirect)
            .filter(|user| self.state_id(&user.number) == 1)
            .map(|user| user.number.clone())
            .collect()
    }

    /// The calls that wait in queues, the oldest first.
    fn waiting(&self) -> Vec<CallId> {
        let waits =
            |call: &super::station::Call| call.stage == Stage::Ring && matches!(call.to, End::Queue(_));
        self.calls.iter().filter(|(_, call)| waits(call)).map(|(id, _)| *id).collect()
    }

    /// `getcurrentqueue`: operators see who waits.
    pub(super) fn queue_of(&self, number: &PhoneNumber) -> Value {
        let operator = self.users.get(number).is_some_and(|user| user.operator);
        let waiting = if operator { self.waiting() } else { Vec::new() };
        let calls = waiting.iter().filter_map(|id| self.calls.get(id));
        calls.map(|call| Value::Object(self.identity(&call.from))).collect()
    }

    /// The caller hears the menu.
    pub(super) fn enter_menu(&mut self, id: CallId) {
        let commutation = self.ids.guid();
        self.set_stage(id, Stage::Talk { since: self.now, commutation });
        let Some(call) = self.calls.get(&id).cloned() else { return };
        let body = json!({ "isroutingivr": true, "chainid": call.chain.0 });
        self.tell_end(&call.from, "phoneevent_ivrstarted", body);
        self.tell_line(&call.from);
    }

    /// A caller in a menu chooses where to go.
    pub(super) fn leave_menu(&mut self, end: &End, number: &PhoneNumber) -> Result<(), Refused> {
        let (id, call) = self.call_of(end).ok_or(Refused::NotInMenu)?;
        let call = call.clone();
        if call.from != *end || !matches!(call.to, End::Menu(_)) {
            return Err(Refused::NotInMenu);
        }
        let route = self.route(number);
        if matches!(route, Route::Nowhere(_)) {
            return Err(Refused::Busy);
        }
        self.write_journal(&call);
        let to = self.end_of(route);
        if let Some(call) = self.calls.get_mut(&id) {
            call.to = to;
            call.stage = Stage::Ring;
            call.began = self.now;
        }
        self.tell_chain(end, "phoneevent_ivrstopped", &call.chain);
        self.tell_line(end);
        self.reach(id);
        Ok(())
    }
}
