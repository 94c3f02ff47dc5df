//! Who is held (spec part 2, "Hold").

use super::Turn;
use crate::event::Event;
use crate::party::Draft;
use crate::text::{ConferenceId, Text};
use crate::view::Held;
use crate::wire::body::Abonent;
use crate::wire::given;

/// By what a held one is known again: the conference, else the user, else the number.
fn identity(held: &Held) -> Option<&str> {
    match held {
        Held::Conference { id, .. } => Some(id.as_str()),
        Held::Party(party) => match &party.user {
            Some(user) => Some(user.id.as_str()),
            None => party.number.as_ref().map(crate::text::PhoneNumber::as_str),
        },
    }
}

impl Turn<'_> {
    /// The picture tells of someone held.
    pub(super) fn take_held(&mut self, flashed: &Abonent<'_>) {
        let conference = given(&flashed.conferenceid);
        let Some(told) = conference.or(given(&flashed.userid)).or(given(&flashed.number)) else {
            return; // nobody that could be known again: the hold stays as it was
        };
        let old = self.view.held.clone();
        if old.as_ref().is_some_and(|old| identity(old) == Some(told)) {
            return self.renew_held(flashed);
        }
        let new = match conference {
            Some(id) => Held::Conference {
                id: ConferenceId::from(id),
                name: given(&flashed.conferencename).map(Text::from),
                room: flashed.conferenceroom.map(|room| room.0),
            },
            None => {
                let ours = self.view.conference.as_ref().map(|conference| &conference.id);
                Held::Party(Draft::aside(flashed, ours).build())
            }
        };
        let same_key = match (old.as_ref().and_then(Held::party), new.party()) {
            (Some(old), Some(new)) => old.key == new.key,
            (_, _) => false,
        };
        if same_key {
            return self.tell(Event::HoldRefreshed { held: new });
        }
        if let Some(old) = old {
            self.tell(Event::HoldLeft { held: old });
        }
        self.tell(Event::HoldEntered { held: new.clone() });
        self.tell(Event::HoldChanged { held: Some(new) });
    }

    /// The same one is held: the data are renewed where they say who it is in full.
    fn renew_held(&mut self, flashed: &Abonent<'_>) {
        if given(&flashed.userid).is_none() || given(&flashed.number).is_none() {
            return;
        }
        let ours = self.view.conference.as_ref().map(|conference| &conference.id);
        let draft = Draft::aside(flashed, ours);
        let known = self.view.held.as_ref().and_then(Held::party);
        if known.is_some_and(|known| !draft.is_same_as(known)) {
            let held = Held::Party(draft.build());
            self.tell(Event::HoldRefreshed { held });
        }
    }

    /// Nobody is held.
    pub(super) fn nobody_held(&mut self) {
        if let Some(held) = self.view.held.clone() {
            self.tell(Event::HoldLeft { held });
            self.tell(Event::HoldChanged { held: None });
        }
    }
}
