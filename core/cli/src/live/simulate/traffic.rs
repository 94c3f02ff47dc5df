//! What people do by themselves: customers call, phones are answered, talks are held and end. Pure, and seeded.
//!
//! People look at their phones now and then ([`Traffic::step`]) and do what they have in mind for what they see. What
//! an application does with a line meanwhile is seen as well, and left alone.

use std::collections::BTreeMap;

use callfold::{Span, Timestamp};
use callfold_simulator::{OutsideId, OutsideState, Pbx};

use super::office::{CUSTOMERS, MENU, Office, QUEUE};

/// How long what people do takes, at most, in units of which a normal one is a second.
const UNIT_MILLIS: (i64, i64) = (50, 1_000);

/// What an agent sees on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phone {
    Free,
    Rings,
    Talks,
    Other,
}

/// What an agent has in mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Nothing,
    /// To lift the phone then; or to let it ring, if there is no time.
    Answer(Option<Timestamp>),
    /// To hold the customer at some time until another, or not; and to hang up.
    Talk {
        hold: Option<(Timestamp, Timestamp)>,
        held: bool,
        end: Timestamp,
    },
}

/// A customer who called.
#[derive(Clone, Copy, Debug)]
struct Customer {
    number: &'static str,
    /// When patience, or the talk, is at its end.
    leaves: Timestamp,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    random: fastrand::Rng,
    unit: i64,
    between_calls: i64,
    next_call: Option<Timestamp>,
    agents: Vec<(String, Plan)>,
    customers: BTreeMap<OutsideId, Customer>,
}

fn after(at: Timestamp, millis: i64) -> Timestamp {
    at + Span::from_millis(millis)
}

impl Traffic {
    pub(super) fn new(office: &Office, seed: u64, calls_per_minute: u32) -> Self {
        let agents: Vec<_> =
            office.agents().iter().map(|agent| (agent.number.clone(), Plan::Nothing)).collect();
        let between_calls = (60_000 / i64::from(calls_per_minute.max(1))).max(1);
        // A call takes some twenty units: with few agents and many calls, all is quicker.
        let free = between_calls.saturating_mul(agents.len() as i64) / 20;
        Self {
            random: fastrand::Rng::with_seed(seed),
            unit: free.clamp(UNIT_MILLIS.0, UNIT_MILLIS.1),
            between_calls,
            next_call: None,
            agents,
            customers: BTreeMap::new(),
        }
    }

    /// Some units of time later.
    fn later(&mut self, now: Timestamp, units: std::ops::RangeInclusive<i64>) -> Timestamp {
        let (first, last) = (units.start() * self.unit, units.end() * self.unit);
        after(now, self.random.i64(first..=last))
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.random.u32(..times) == 0
    }

    /// Everybody looks, and does what is due. What was done, in words.
    pub(super) fn step(&mut self, pbx: &mut Pbx, now: Timestamp) -> Vec<String> {
        let mut did = Vec::new();
        self.call(pbx, now, &mut did);
        for place in 0..self.agents.len() {
            self.work(place, pbx, now, &mut did);
        }
        self.leave(pbx, now, &mut did);
        did
    }

    /// Customers call, if it is time.
    fn call(&mut self, pbx: &mut Pbx, now: Timestamp, did: &mut Vec<String>) {
        let mut next = self.next_call.unwrap_or(now);
        // A machine that stood still does not make up for it all.
        for _ in 0..100 {
            if next > now {
                break;
            }
            next = after(next, self.random.i64(self.between_calls / 2..=self.between_calls * 3 / 2).max(1));
            self.call_once(pbx, now, did);
        }
        self.next_call = Some(next.max(now));
    }

    fn call_once(&mut self, pbx: &mut Pbx, now: Timestamp, did: &mut Vec<String>) {
        let free: Vec<usize> = self
            .agents
            .iter()
            .enumerate()
            .filter(|(_, (number, plan))| *plan == Plan::Nothing && phone(pbx, now, number) == Phone::Free)
            .map(|(place, _)| place)
            .collect();
        let (number, name) = *self.random.choice(CUSTOMERS.iter()).unwrap_or(&("", ""));
        let to = match self.random.u32(..10) {
            0 => Some(MENU.to_owned()),
            1 => Some(QUEUE.to_owned()),
            // When nobody is free, nobody calls: else it is a row of busy tones.
            _ => {
                self.random.choice(&free).and_then(|place| self.agents.get(*place)).map(|(to, _)| to.clone())
            }
        };
        let Some(to) = to else { return };
        let customer = pbx.external_call(now, number, &to);
        let leaves = self.later(now, 8..=20);
        self.customers.insert(customer, Customer { number, leaves });
        did.push(format!("{name} {number} calls {to}"));
    }

    /// An agent looks at the phone.
    fn work(&mut self, place: usize, pbx: &mut Pbx, now: Timestamp, did: &mut Vec<String>) {
        let Some((number, plan)) = self.agents.get(place).cloned() else { return };
        let next = match (phone(pbx, now, &number), plan) {
            (Phone::Rings, Plan::Answer(Some(at))) if at <= now => {
                if pbx.answer(now, number.as_str()).is_ok() {
                    did.push(format!("{number} lifts the phone"));
                }
                Plan::Nothing
            }
            (Phone::Rings, Plan::Answer(_)) => plan,
            (Phone::Rings, Plan::Nothing | Plan::Talk { .. }) => {
                Plan::Answer((!self.one_in(8)).then(|| self.later(now, 1..=4)))
            }
            (Phone::Talks, Plan::Nothing | Plan::Answer(_)) => self.plan_talk(now),
            (Phone::Talks | Phone::Free, Plan::Talk { hold, held, end }) => {
                self.talk(&number, (hold, held, end), pbx, now, did)
            }
            (Phone::Free, Plan::Nothing | Plan::Answer(_)) => Plan::Nothing,
            (Phone::Other, _) => plan,
        };
        if let Some((_, plan)) = self.agents.get_mut(place) {
            *plan = next;
        }
    }

    fn plan_talk(&mut self, now: Timestamp) -> Plan {
        let hold = self.one_in(3).then(|| self.later(now, 2..=5));
        let hold = hold.map(|from| (from, self.later(from, 2..=5)));
        let begins = hold.map_or(now, |(_, until)| until);
        Plan::Talk { hold, held: false, end: self.later(begins, 3..=12) }
    }

    /// An agent talks, holds, takes back, hangs up. A phone that is free is one that holds somebody, or the talk is over.
    fn talk(
        &mut self,
        number: &str,
        (hold, held, end): (Option<(Timestamp, Timestamp)>, bool, Timestamp),
        pbx: &mut Pbx,
        now: Timestamp,
        did: &mut Vec<String>,
    ) -> Plan {
        match hold {
            Some((from, until)) if !held && from <= now => {
                if pbx.hold(now, number).is_err() {
                    return Plan::Nothing;
                }
                did.push(format!("{number} puts on hold"));
                Plan::Talk { hold: Some((from, until)), held: true, end }
            }
            Some((_, until)) if held && until <= now => {
                if pbx.hold(now, number).is_err() {
                    return Plan::Nothing;
                }
                did.push(format!("{number} takes back"));
                Plan::Talk { hold: None, held: false, end }
            }
            Some(_) if held => Plan::Talk { hold, held, end },
            Some(_) | None if phone(pbx, now, number) == Phone::Free => Plan::Nothing,
            Some(_) | None if end <= now => {
                if pbx.hang_up(now, number).is_ok() {
                    did.push(format!("{number} hangs up"));
                }
                Plan::Nothing
            }
            Some(_) | None => Plan::Talk { hold, held, end },
        }
    }

    /// Customers who lost patience, or are in a menu, do something about it; those who are gone are forgotten.
    fn leave(&mut self, pbx: &mut Pbx, now: Timestamp, did: &mut Vec<String>) {
        let all: Vec<_> = self.customers.iter().map(|(id, customer)| (*id, *customer)).collect();
        for (id, customer) in all {
            let state = pbx.outside(id);
            let is_tired = customer.leaves <= now;
            // In a menu nobody stays for ever, and long talks end here if not there.
            let is_done = after(customer.leaves, 20 * self.unit) <= now;
            if state == OutsideState::Gone {
                self.customers.remove(&id);
            } else if state == OutsideState::Calling && is_tired && pbx.hang_up(now, id).is_ok() {
                did.push(format!("{} gives up", customer.number));
            } else if state == OutsideState::Talking && is_done && pbx.hang_up(now, id).is_ok() {
                did.push(format!("{} hangs up", customer.number));
            }
        }
    }
}

/// What is seen on an agent's phone.
fn phone(pbx: &Pbx, now: Timestamp, number: &str) -> Phone {
    let picture = pbx.line_picture(now, number);
    match picture.as_ref().and_then(|picture| picture.get("linestatestr")).and_then(|state| state.as_str()) {
        Some("lsConnected") => Phone::Free,
        Some("lsRinging") => Phone::Rings,
        Some("lsCommutated") => Phone::Talks,
        Some(_) | None => Phone::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(seed: u64, calls_per_minute: u32, minutes: i64) -> Vec<String> {
        let office = Office::new(4, None);
        let mut pbx = office.build(seed, 150_601).unwrap();
        let mut traffic = Traffic::new(&office, seed, calls_per_minute);
        let began = Timestamp::from_millis(1_768_197_600_000);
        let mut did = Vec::new();
        for step in 0..minutes * 1_200 {
            let now = after(began, step * 50);
            pbx.tick(now);
            did.extend(traffic.step(&mut pbx, now));
        }
        did
    }

    #[test]
    fn everything_that_people_do_is_done_and_a_seed_does_the_same() {
        let did = minutes(7, 12, 20);
        let times = |what: &str| did.iter().filter(|did| did.contains(what)).count();
        for what in [
            "calls 1",
            "calls 9001",
            "calls 9002",
            "lifts",
            "puts on hold",
            "takes back",
            "hangs up",
            "gives up",
        ] {
            assert!(times(what) > 3, "{what}: {did:#?}");
        }
        assert!(times("takes back") <= times("puts on hold"));
        assert_eq!(did, minutes(7, 12, 20));
        assert_ne!(did, minutes(8, 12, 20));
    }

    #[test]
    fn a_busy_minute_has_its_calls() {
        let calls = minutes(1, 600, 1).iter().filter(|did| did.contains(" calls ")).count();
        assert!(calls > 60, "{calls}");
    }
}
