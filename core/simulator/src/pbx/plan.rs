//! The number plan: who and what is behind a number.

use callfold_engine::{PhoneNumber, Text, UserId};
use serde_json::{Value, json};

use super::Pbx;
use super::agent::Agent;
use super::builder::Answering;
use super::station::End;
use crate::names::Guid;

/// A user and the line they sit at.
#[derive(Clone)]
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) line: Guid,
    pub(super) number: PhoneNumber,
    pub(super) login: Text,
    pub(super) password: String,
    pub(super) name: String,
    pub(super) operator: bool,
    pub(super) chiefs: Vec<Text>,
    pub(super) desktop: bool,
    pub(super) answering: Answering,
    pub(super) agent: Agent,
    pub(super) rules: Vec<Rule>,
}

/// A rule that redirects calls, as the client saved it.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) destination: PhoneNumber,
    /// All of it, to be told again.
    pub(super) whole: Value,
}

/// A number that is no user's.
#[derive(Clone, Debug)]
pub(super) enum Fixture {
    Spare,
    Queue,
    Menu(String),
}

/// Where a call to a number goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To a line that is free.
    Line(PhoneNumber),
    /// To the world outside.
    Outside(PhoneNumber),
    Queue(PhoneNumber),
    Menu(PhoneNumber),
    /// To nobody who could answer: busy, without a phone, or not there at all.
    Nowhere(PhoneNumber),
}

/// The most redirections that a call follows.
const CASCADE: usize = 5;

/// Extensions are shorter.
const SHORTEST_OUTSIDE: usize = 5;

impl Pbx {
    /// Where a call to `number` goes, redirections followed.
    pub(super) fn route(&self, number: &PhoneNumber) -> Route {
        let mut number = number.clone();
        for _ in 0..CASCADE {
            let Some(user) = self.users.get(&number) else { break };
            match user.rules.last().filter(|_| user.agent.redirect) {
                Some(rule) => number = rule.destination.clone(),
                None => break,
            }
        }
        match self.fixtures.get(&number) {
            Some(Fixture::Queue) => Route::Queue(number),
            Some(Fixture::Menu(_)) => Route::Menu(number),
            Some(Fixture::Spare) => Route::Nowhere(number),
            None if self.users.contains_key(&number) => {
                if self.is_free(&number) {
                    Route::Line(number)
                } else {
                    Route::Nowhere(number)
                }
            }
            // A short number is outside where somebody is known to be behind it.
            None if number.as_str().starts_with('+')
                || number.as_str().len() >= SHORTEST_OUTSIDE
                || self.outsiders.contains_key(&number) =>
            {
                Route::Outside(number)
            }
            None => Route::Nowhere(number),
        }
    }

    /// Whether the line has a phone, and nothing goes on.
    pub(super) fn is_free(&self, number: &PhoneNumber) -> bool {
        !self.unplugged.contains(number) && !self.is_engaged(&End::Line(number.clone()))
    }

    pub(super) fn number_by_login(&self, login: &str) -> Option<&PhoneNumber> {
        self.users.values().find(|user| user.login.as_str() == login).map(|user| &user.number)
    }

    pub(super) fn number_by_id(&self, id: &str) -> Option<&PhoneNumber> {
        self.users.values().find(|user| user.id.as_str().eq_ignore_ascii_case(id)).map(|user| &user.number)
    }

    /// The state of a number: 1 free, 2 no phone, 5 busy.
    pub(super) fn number_state(&self, number: &PhoneNumber) -> i64 {
        match self.fixtures.get(number) {
            Some(Fixture::Spare) => 2,
            Some(Fixture::Queue | Fixture::Menu(_)) => 1,
            None if self.unplugged.contains(number) => 2,
            None if self.is_engaged(&End::Line(number.clone())) => 5,
            None => 1,
        }
    }

    /// The number plan, as `getpbxnumbers` tells it.
    pub(super) fn numbers(&self) -> Value {
        let all: std::collections::BTreeSet<_> = self.users.keys().chain(self.fixtures.keys()).collect();
        all.into_iter()
            .enumerate()
            .map(|(at, number)| {
                json!({
                    "number": number.as_str(),
                    "id": format!("aaaaaaaa-0000-4000-8000-{at:012x}"),
                    "caption": format!("Line {}", number.as_str()),
                    "state": self.number_state(number),
                })
            })
            .collect()
    }

    /// The users and their numbers, as `getallusernumbers` tells them to one of them.
    pub(super) fn user_numbers(&self, me: &User) -> Value {
        self.users
            .values()
            .map(|user| {
                let mut told = json!({
                    "id": user.id.as_str(),
                    "name": user.name,
                    "main": user.number.as_str(),
                    "nums": [user.number.as_str()],
                });
                if let (true, Value::Object(told)) = (user.chiefs.contains(&me.login), &mut told) {
                    told.insert("sub".to_owned(), true.into());
                }
                told
            })
            .collect()
    }
}
