//! The queue (spec part 2, "Queue").

use std::sync::Arc;

use super::Turn;
use super::ask::Ask;
use super::conference::MAX_PARTIES;
use crate::event::{Bound, Event};
use crate::party::{Draft, Parties, Party};
use crate::text::ConferenceId;
use crate::time::Span;
use crate::timer::Timer;
use crate::wire::Request;
use crate::wire::body;

/// How often an open connection asks for the queue.
pub(super) const POLL: Span = Span::from_secs(5);

impl Turn<'_> {
    /// `getcurrentqueue` is due.
    pub(super) fn poll_queue(&mut self) {
        self.ask(Request::Queue, Ask::Queue);
        self.wake_in(POLL, Timer::Queue);
    }

    /// Reads the queue.
    pub(super) fn read_queue(&mut self, told: &body::Queue<'_>) {
        let ours = self.view.conference.as_ref().map(|conference| conference.id.clone());
        if self.is_queue_as_told(told, ours.as_ref()) {
            return;
        }
        let mut whole: Vec<Arc<Party>> = Vec::new();
        let mut too_many = false;
        if let Some(queue) = &told.queue {
            queue.for_each(|abonent| {
                let draft = Draft::aside(abonent, ours.as_ref());
                if draft.is_somebody() {
                    too_many |= whole.len() >= MAX_PARTIES;
                    if !too_many {
                        // Most of them waited before: they are not copied again.
                        let known = self.view.queue.iter().find(|known| draft.is_same_as(known));
                        whole.push(known.map_or_else(|| draft.build(), Arc::clone));
                    }
                }
            });
        }
        if too_many {
            self.tell(Event::BoundHit { bound: Bound::Queue });
        }
        let mut changed = false;
        for party in &whole {
            let known = self.view.queue.iter().any(|queued| queued.key == party.key);
            if !known && !self.is_present(party) {
                self.tell(Event::QueueEntered { party: Arc::clone(party) });
                changed = true;
            }
        }
        for party in self.view.queue.clone() {
            if !whole.iter().any(|told| told.key == party.key) {
                self.tell(Event::QueueLeft { party });
                changed = true;
            }
        }
        if changed {
            self.tell(Event::QueueChanged { parties: whole.into_iter().collect::<Parties>() });
        }
    }

    /// Whether the queue is told as it is known, in whatever order, those aside who are present: the usual case, and it
    /// costs no copy.
    fn is_queue_as_told(&self, told: &body::Queue<'_>, ours: Option<&ConferenceId>) -> bool {
        let known = &self.view.queue;
        let Some(queue) = &told.queue else { return known.is_empty() };
        let (mut same, mut count, mut in_order) = (true, 0, 0);
        queue.for_each(|abonent| {
            let draft = Draft::aside(abonent, ours);
            if known.get(in_order).is_some_and(|known| draft.has_key_of(known)) {
                in_order += 1;
            } else {
                same = same
                    && (known.iter().any(|known| draft.has_key_of(known))
                        || self.view.parties.as_slice().iter().any(|present| draft.means(present)));
            }
            count += 1;
        });
        let is_told = |party: &Arc<Party>| {
            let mut found = false;
            queue.for_each(|abonent| found = found || Draft::aside(abonent, ours).has_key_of(party));
            found
        };
        same && count <= MAX_PARTIES && known.iter().skip(in_order).all(is_told)
    }

    /// Whether this is one of the present parties, by key, id or phone.
    fn is_present(&self, party: &Party) -> bool {
        self.view.parties.as_slice().iter().any(|present| {
            present.key == party.key
                || (party.guid.is_some() && present.guid == party.guid)
                || (party.user.is_some()
                    && present.user.as_ref().map(|user| &user.id) == party.user.as_ref().map(|user| &user.id))
                || (party.phone().is_some() && present.phone() == party.phone())
        })
    }
}
