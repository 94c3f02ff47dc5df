//! What happens later if nothing else happens before.

use callfold_engine::{ConferenceId, Span, Timestamp};

use super::Pbx;
use super::station::{End, First, Stage, Then};
use crate::names::{CallId, ClientId};

/// Something that is due at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A callback is prepared: the first phone rings.
    Callback(CallId),
    /// The called one answers by themselves.
    PicksUp(CallId),
    /// Nobody answered.
    NoAnswer(CallId),
    /// The busy tone was heard long enough.
    BusyTone(CallId),
    /// A client said goodbye.
    Close(ClientId),
    /// A conference's members have changed.
    Composition(ConferenceId),
}

pub(super) fn later(at: Timestamp, span: Span) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_add(span.as_micros()))
}

impl Pbx {
    pub(super) fn schedule(&mut self, after: Span, due: Due) -> Timestamp {
        let at = later(self.now, after);
        let order = self.ids.next();
        self.due.insert((at, order), due);
        at
    }

    /// Does what is due up to `now`.
    pub(super) fn run_due(&mut self, now: Timestamp) {
        while let Some(entry) = self.due.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            let due = entry.remove();
            self.now = self.now.max(at);
            self.do_due(at, due);
            self.settle();
        }
    }

    fn do_due(&mut self, at: Timestamp, due: Due) {
        match due {
            Due::Callback(id) => self.callback_prepared(id),
            Due::PicksUp(id) => {
                let ringing = self.calls.get(&id).map(|call| (call.to.clone(), call.stage.clone()));
                if let Some((end, Stage::Ring | Stage::PartyRings)) = ringing {
                    // Nobody else can have answered it: an answer changes the stage.
                    let _ = self.answer_end(&end);
                }
            }
            Due::NoAnswer(id) => {
                if self.calls.get(&id).is_some_and(|call| call.rings_until == Some(at)) {
                    self.not_answered(id);
                }
            }
            Due::BusyTone(id) => {
                if self.calls.get(&id).is_some_and(|call| matches!(call.to, End::Nowhere(_))) {
                    self.finish(id);
                }
            }
            Due::Close(client) => self.close(client),
            Due::Composition(id) => self.tell_composition(&id),
        }
    }

    fn callback_prepared(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.stage {
            Stage::Autocall(First::Caller) => {
                call.stage = Stage::BackRing(Then::Ring);
                self.ring_caller(id);
            }
            Stage::Autocall(First::Called) => {
                call.stage = Stage::PartyRings;
                self.reach(id);
            }
            Stage::PartyRings | Stage::BackRing(_) | Stage::Ring | Stage::Talk { .. } => {}
        }
    }
}
