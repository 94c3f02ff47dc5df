//! Ends of calls, and what each of them is on.

use callfold_engine::{ConferenceId, PhoneNumber, Timestamp};

use super::Pbx;
use super::builder::Manners;
use crate::names::{CallId, Guid, OutsideId, Phone};

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// An agent's line.
    Line(PhoneNumber),
    /// Somebody outside.
    Outside(OutsideId),
    /// A voice menu.
    Menu(PhoneNumber),
    /// A queue of the call centre.
    Queue(PhoneNumber),
    /// A conference that invites.
    Conference(ConferenceId),
    /// A number that nobody answers at.
    Nowhere(PhoneNumber),
}

impl From<Phone> for End {
    fn from(phone: Phone) -> Self {
        match phone {
            Phone::Line(number) => Self::Line(number),
            Phone::Outside(id) => Self::Outside(id),
        }
    }
}

/// What an end is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Call(CallId),
    Conference(ConferenceId),
}

/// What one end does.
#[derive(Clone, Debug, Default)]
pub(super) struct Station {
    pub(super) on: Option<Place>,
    pub(super) held: Option<Place>,
}

/// Somebody outside.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) number: PhoneNumber,
    pub(super) name: String,
    pub(super) manners: Manners,
}

/// A call between two ends.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Names the whole chain of a customer's call.
    pub(super) chain: Guid,
    /// Who calls.
    pub(super) from: End,
    /// Who is called.
    pub(super) to: End,
    pub(super) stage: Stage,
    pub(super) began: Timestamp,
    /// The queue it came through, and the agents there who did not take it.
    pub(super) queue: Option<Queued>,
    pub(super) pickup: Pickup,
    /// Until when the phone that rings does.
    pub(super) rings_until: Option<Timestamp>,
}

/// How a called phone is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pickup {
    ByHand,
    /// An intercom call: the phone answers by itself.
    ByItself,
}

#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) number: PhoneNumber,
    pub(super) passed: Vec<PhoneNumber>,
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A callback is prepared; nobody rings.
    Autocall(First),
    /// A callback: the called one rings first, the caller waits.
    PartyRings,
    /// A callback: the caller's own phone rings.
    BackRing(Then),
    /// The called one rings.
    Ring,
    /// Both talk.
    Talk { since: Timestamp, commutation: Guid },
}

/// Whose phone a callback rings first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Caller,
    Called,
}

/// What follows when the caller's own phone was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The called one is rung.
    Ring,
    /// The called one waits already.
    Talk,
}

impl Call {
    /// The other end.
    pub(super) fn other(&self, end: &End) -> &End {
        if self.from == *end { &self.to } else { &self.from }
    }

    /// Puts somebody else in the place of `end`.
    pub(super) fn replace(&mut self, end: &End, by: End) {
        if self.from == *end {
            self.from = by;
        } else {
            self.to = by;
        }
    }

    pub(super) const fn is_talk(&self) -> bool {
        match self.stage {
            Stage::Talk { .. } => true,
            Stage::Autocall(_) | Stage::PartyRings | Stage::BackRing(_) | Stage::Ring => false,
        }
    }
}

impl Pbx {
    pub(super) fn on(&self, end: &End) -> Option<&Place> {
        self.stations.get(end).and_then(|station| station.on.as_ref())
    }

    pub(super) fn held(&self, end: &End) -> Option<&Place> {
        self.stations.get(end).and_then(|station| station.held.as_ref())
    }

    /// The call that an end is on.
    pub(super) fn call_of(&self, end: &End) -> Option<(CallId, &Call)> {
        match self.on(end)? {
            Place::Call(id) => self.calls.get(id).map(|call| (*id, call)),
            Place::Conference(_) => None,
        }
    }

    /// Whether anything goes on at an end, on the line or held.
    pub(super) fn is_engaged(&self, end: &End) -> bool {
        self.stations.get(end).is_some_and(|station| station.on.is_some() || station.held.is_some())
    }

    /// Whether an end is a phone: what else a call can lead to is on nothing.
    pub(super) const fn has_station(end: &End) -> bool {
        match end {
            End::Line(_) | End::Outside(_) => true,
            End::Menu(_) | End::Queue(_) | End::Conference(_) | End::Nowhere(_) => false,
        }
    }

    pub(super) fn set_on(&mut self, end: &End, on: Option<Place>) {
        if Self::has_station(end) {
            self.stations.entry(end.clone()).or_default().on = on;
        }
    }

    pub(super) fn set_held(&mut self, end: &End, held: Option<Place>) {
        if Self::has_station(end) {
            self.stations.entry(end.clone()).or_default().held = held;
        }
    }

    /// Moves an end from one place to another, on the line or held as it was.
    pub(super) fn move_end(&mut self, end: &End, from: &Place, to: &Place) {
        if let Some(station) = self.stations.get_mut(end) {
            for place in [&mut station.on, &mut station.held] {
                if place.as_ref() == Some(from) {
                    *place = Some(to.clone());
                }
            }
        }
    }

    /// Whether `end` has `place` on hold.
    pub(super) fn holds(&self, end: &End, place: &Place) -> bool {
        self.held(end) == Some(place)
    }

    /// The number of an end, as others see it.
    pub(super) fn number_of(&self, end: &End) -> PhoneNumber {
        match end {
            End::Line(number) | End::Menu(number) | End::Queue(number) | End::Nowhere(number) => {
                number.clone()
            }
            End::Outside(id) => {
                self.outsides.get(id).map_or_else(|| PhoneNumber::from(""), |outside| outside.number.clone())
            }
            End::Conference(id) => self
                .conferences
                .get(id)
                .map_or_else(|| PhoneNumber::from(""), |conference| conference.creator.clone()),
        }
    }

    /// Somebody outside, as the layout knows them.
    pub(super) fn new_outside(&mut self, number: &PhoneNumber) -> OutsideId {
        let id = OutsideId(self.ids.next());
        let known = self.outsiders.get(number);
        let name = known.map_or_else(|| number.as_str().to_owned(), |known| known.name.clone());
        let manners = known.map_or(Manners::Waits, |known| known.manners);
        self.outsides.insert(id, Outside { number: number.clone(), name, manners });
        id
    }
}
