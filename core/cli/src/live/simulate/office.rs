//! Who is there: agents with their phones, a queue, a voice menu, customers. All of them are made up.

use std::io::{self, Write};

use callfold::Span;
use callfold_simulator::{Account, BuildError, Manners, Pbx};

use crate::style::TIME;

/// The most agents.
pub(super) const MOST_USERS: i64 = 8_000;
/// The most agents that are named when it starts.
const MOST_NAMED: usize = 10;

pub(super) const QUEUE: &str = "9001";
pub(super) const MENU: &str = "9002";

/// The first agents; those after them have a number for a name.
const NAMES: [(&str, &str); 4] = [
    ("ivanov", "Иванов Иван"),
    ("petrova", "Петрова Анна"),
    ("sidorov", "Сидоров Пётр"),
    ("smirnova", "Смирнова Ольга"),
];

/// Customers, and how each answers when called: see [`Office::build`].
pub(super) const CUSTOMERS: [(&str, &str); 6] = [
    ("+79161234567", "Кузнецова Мария"),
    ("+79031112233", "Попов Алексей"),
    ("+74951234567", "ООО Ромашка"),
    ("+78122345678", "Васильев Олег"),
    ("+79267654321", "Новикова Елена"),
    ("+79859998877", "Морозов Денис"),
];

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) login: String,
    pub(super) password: String,
    pub(super) number: String,
    name: String,
}

/// The office.
#[derive(Clone, Debug)]
pub(super) struct Office(Vec<Agent>);

impl Office {
    /// So many agents; they have their own passwords if there is none for all.
    pub(super) fn new(users: u16, password: Option<&str>) -> Self {
        let agent = |place: u16| {
            let number = place + 1;
            let known = NAMES.get(usize::from(place));
            Agent {
                login: known.map_or_else(|| format!("agent{number}"), |(login, _)| (*login).to_owned()),
                password: password.map_or_else(|| format!("Secret{number}"), str::to_owned),
                number: (100 + number).to_string(),
                name: known.map_or_else(|| format!("Агент {number}"), |(_, name)| (*name).to_owned()),
            }
        };
        Self((0..users).map(agent).collect())
    }

    pub(super) fn agents(&self) -> &[Agent] {
        &self.0
    }

    /// The PBX with the office in it. Customers who are called answer, except that one is busy and one never does.
    pub(super) fn build(&self, seed: u64, dated: i64) -> Result<Pbx, BuildError> {
        let mut pbx = Pbx::builder().seed(seed).dated(dated).queue(QUEUE).menu(MENU, "Меню");
        for agent in &self.0 {
            pbx = pbx.user(Account::new(&agent.login, &agent.password, &agent.number).name(&agent.name));
        }
        for (place, (number, name)) in CUSTOMERS.iter().enumerate() {
            let manners = match place {
                0 => Manners::Busy,
                1 => Manners::Waits,
                _ => Manners::AnswersAfter(Span::from_secs(3)),
            };
            pbx = pbx.outside(number, name, manners);
        }
        pbx.build()
    }

    /// Says who is there.
    pub(super) fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{TIME}{:<12} {:<12} {:<6} name{TIME:#}", "login", "password", "phone")?;
        for agent in self.0.iter().take(MOST_NAMED) {
            let Agent { login, password, number, name } = agent;
            writeln!(out, "{login:<12} {password:<12} {number:<6} {name}")?;
        }
        if let Some(last) = self.0.last().filter(|_| self.0.len() > MOST_NAMED) {
            let Agent { login, password, number, name } = last;
            writeln!(out, "…\n{login:<12} {password:<12} {number:<6} {name}")?;
        }
        writeln!(out, "the queue is {QUEUE}, the voice menu {MENU}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_of_any_size_can_be_built() {
        for users in [1, 4, 5, 300, MOST_USERS as u16] {
            assert!(Office::new(users, None).build(1, 150_601).is_ok(), "{users}");
        }
        let office = Office::new(5, Some("one for all"));
        assert!(office.agents().iter().all(|agent| agent.password == "one for all"));
        assert_eq!(
            (office.agents()[4].login.as_str(), office.agents()[4].number.as_str()),
            ("agent5", "105")
        );
    }
}
