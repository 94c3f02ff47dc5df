//! Numbers, users and break reasons of a PBX, as the server told them: for many lines of one server the same, so they
//! can be shared.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::text::{PersonName, PhoneNumber, Text, UserId};
use crate::view::BreakReason;

/// Numbers, users and break reasons, as the server told them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Directory {
    /// Break reasons by id.
    pub reasons: BTreeMap<i64, Text>,
    /// The state of each number of the plan.
    pub numbers: NumberPlan,
    /// Users by id.
    pub users: Arc<BTreeMap<UserId, DirectoryUser>>,
    /// Who has a number.
    pub owners: Arc<BTreeMap<PhoneNumber, UserId>>,
}

impl Directory {
    /// The user that `target`, a number or a user id, means.
    #[must_use]
    pub fn user(&self, target: &str) -> Option<&DirectoryUser> {
        self.users.get(target).or_else(|| self.users.get(self.owners.get(target)?))
    }

    /// A break reason in words: its name, else its id.
    #[must_use]
    pub fn reason(&self, reason: &BreakReason) -> String {
        match reason {
            BreakReason::Id(id) => match self.reasons.get(id) {
                Some(name) => name.as_str().to_owned(),
                None => format!("reason {id}"),
            },
            BreakReason::Text(text) => text.as_str().to_owned(),
        }
    }
}

/// A user of the PBX, as the directory has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryUser {
    /// The user id.
    pub id: UserId,
    /// The user's name.
    pub name: Option<PersonName>,
    /// The user's first number.
    pub main: Option<PhoneNumber>,
    /// All numbers of the user.
    pub numbers: Vec<PhoneNumber>,
    /// Whether the agent may join this user's calls.
    pub subordinate: bool,
}

/// The number plan: the state of each number (1 free, 2 no phone, 5 busy).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberPlan {
    /// In order. Lines of one server share them; the states are each line's own.
    numbers: Arc<[PhoneNumber]>,
    states: Vec<i64>,
}

impl NumberPlan {
    /// The state of a number; none if it is not in the plan.
    #[must_use]
    pub fn get(&self, number: &str) -> Option<i64> {
        self.place(number).ok().and_then(|place| self.states.get(place)).copied()
    }

    /// The number, as the plan has it, and its state.
    #[must_use]
    pub fn entry(&self, number: &str) -> Option<(&PhoneNumber, i64)> {
        let place = self.place(number).ok()?;
        Some((self.numbers.get(place)?, *self.states.get(place)?))
    }

    /// Numbers and their states, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&PhoneNumber, i64)> {
        self.numbers.iter().zip(self.states.iter().copied())
    }

    /// A number has this state now. One that the plan lacks comes into it.
    pub(crate) fn set(&mut self, number: &PhoneNumber, state: i64) {
        match self.place(number.as_str()) {
            Ok(place) => {
                if let Some(known) = self.states.get_mut(place) {
                    *known = state;
                }
            }
            Err(place) => {
                let (front, back) = self.numbers.split_at_checked(place).unwrap_or_default();
                self.numbers = front.iter().chain([number]).chain(back).cloned().collect();
                self.states.insert(place.min(self.states.len()), state);
            }
        }
    }

    fn place(&self, number: &str) -> Result<usize, usize> {
        self.numbers.binary_search_by(|known| known.as_str().cmp(number))
    }
}

/// Of a number that is told twice, the last state counts.
impl FromIterator<(PhoneNumber, i64)> for NumberPlan {
    fn from_iter<I: IntoIterator<Item = (PhoneNumber, i64)>>(all: I) -> Self {
        let all: BTreeMap<PhoneNumber, i64> = all.into_iter().collect();
        let (numbers, states): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        Self { numbers: numbers.into(), states }
    }
}

/// As a map.
impl Serialize for NumberPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for NumberPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<PhoneNumber, i64>::deserialize(deserializer).map(|all| all.into_iter().collect())
    }
}

/// How many directories a pool remembers. There are as many as servers and kinds of agents.
const MOST_REMEMBERED: usize = 64;

/// Has the lines of one server share what is the same for all: without it, each keeps every user and number of the PBX
/// for itself. It changes nothing but where things are kept.
#[derive(Debug, Default)]
pub struct DirectoryPool {
    users: Vec<Weak<BTreeMap<UserId, DirectoryUser>>>,
    owners: Vec<Weak<BTreeMap<PhoneNumber, UserId>>>,
    numbers: Vec<Weak<[PhoneNumber]>>,
}

impl DirectoryPool {
    /// Puts what is known already in the place of what is equal to it.
    pub fn share(&mut self, directory: &mut Directory) {
        share(&mut self.users, &mut directory.users);
        share(&mut self.owners, &mut directory.owners);
        share(&mut self.numbers, &mut directory.numbers.numbers);
    }
}

fn share<T: PartialEq + ?Sized>(known: &mut Vec<Weak<T>>, own: &mut Arc<T>) {
    known.retain(|known| known.strong_count() > 0);
    let mut all = known.iter().filter_map(Weak::upgrade);
    match all.find(|known| Arc::ptr_eq(known, own) || known == own) {
        Some(known) => *own = known,
        None if known.len() < MOST_REMEMBERED => known.push(Arc::downgrade(own)),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(numbers: &[(&str, i64)]) -> NumberPlan {
        numbers.iter().map(|(number, state)| (PhoneNumber::from(*number), *state)).collect()
    }

    #[test]
    fn a_plan_keeps_its_order_and_the_last_state_of_each_number() {
        let mut plan = plan(&[("102", 1), ("101", 5), ("102", 2)]);
        assert_eq!((plan.get("101"), plan.get("102"), plan.get("103")), (Some(5), Some(2), None));
        for (number, state) in [("103", 1), ("100", 2), ("1015", 5), ("101", 1)] {
            plan.set(&number.into(), state);
        }
        let all: Vec<_> = plan.iter().map(|(number, state)| (number.as_str(), state)).collect();
        assert_eq!(all, [("100", 2), ("101", 1), ("1015", 5), ("102", 2), ("103", 1)]);
    }

    #[test]
    fn a_plan_is_written_as_the_map_that_it_is() {
        let plan = plan(&[("102", 1), ("101", 5)]);
        let map: BTreeMap<PhoneNumber, i64> =
            plan.iter().map(|(number, state)| (number.clone(), state)).collect();
        let bytes = postcard::to_allocvec(&plan).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&map).unwrap());
        assert_eq!(postcard::from_bytes::<NumberPlan>(&bytes).unwrap(), plan);
    }

    #[test]
    fn what_is_the_same_is_shared_and_what_a_line_changes_is_its_own() {
        let mut pool = DirectoryPool::default();
        let directory = || Directory { numbers: plan(&[("101", 1), ("102", 1)]), ..Directory::default() };
        let (mut one, mut two) = (directory(), directory());
        pool.share(&mut one);
        pool.share(&mut two);
        assert!(
            Arc::ptr_eq(&one.numbers.numbers, &two.numbers.numbers) && Arc::ptr_eq(&one.users, &two.users)
        );
        two.numbers.set(&"102".into(), 5);
        two.numbers.set(&"104".into(), 1);
        assert_eq!((one.numbers.get("102"), one.numbers.get("104")), (Some(1), None));
        assert_eq!((two.numbers.get("102"), two.numbers.get("104")), (Some(5), Some(1)));
        drop((one, two));
        pool.share(&mut directory());
        assert_eq!(pool.numbers.len(), 1, "what nobody has any more is forgotten");
    }
}
