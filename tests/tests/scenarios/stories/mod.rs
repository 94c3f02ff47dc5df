//! The stories: which scenarios are played, and how; and which are not, and why.

mod agent;
mod calls;
mod conference;
mod hold;
mod login;
mod model;

use std::collections::BTreeMap;

use callfold::Span;
use callfold_simulator::{Account, Faults, Manners, PbxBuilder, Simulator};

use crate::stage::Step::Does;
use crate::stage::{Server, Step, Story};

pub(crate) const CUSTOMER: &str = "+79161234567";
pub(crate) const CLIENT: &str = "+375291234567";
const SESSION: &str = "5e551000-0000-4000-8000-000000000042";

/// All that are played.
pub(crate) fn all() -> impl Iterator<Item = &'static Story> {
    [agent::STORIES, calls::STORIES, conference::STORIES, hold::STORIES, login::STORIES, model::STORIES]
        .into_iter()
        .flatten()
}

/// What is not played, and why.
pub(crate) const NOT_PLAYED: &[(&str, &str)] = &[
    (
        "conference-states",
        "the server lists competitors in states and roles of every kind at once (a director, hidden ones, eight ways not to \
         come), which no conference of the PBX comes to",
    ),
    (
        "conference-then-autocall",
        "the server tells of a callback to a line that is on a conference, and then that the line is reserved for nobody: a \
         PBX puts the conference on hold, or refuses",
    ),
    (
        "conference-then-menu",
        "the server takes a line from a conference to a voice menu without a chain, and asks nobody",
    ),
    (
        "held-conference",
        "the server tells of a conference on hold that the agent never was in, and puts a colleague in its place",
    ),
    (
        "secure-redirect",
        "the client dials port 443, which a test cannot listen on; the redirect itself is tested at the simulator",
    ),
];

/// The PBX of the traces.
fn layout() -> PbxBuilder {
    with_agent(agent())
}

/// The agent of the traces.
fn agent() -> Account {
    Account::new("ivanov", "Secret1", "101")
        .name("Иванов Иван")
        .id("d8af50ea-74a6-4a57-b0d5-451962f6c042")
        .session(SESSION)
}

fn sidorov() -> Account {
    Account::new("sidorov", "Secret3", "103").name("Сидоров Пётр").id("7b1f0c5e-2f0d-4a43-9c77-0c1de5a1f103")
}

fn with_agent(agent: Account) -> PbxBuilder {
    let petrova = Account::new("petrova", "Secret2", "102")
        .name("Петрова Анна")
        .id("3357f4d2-b37c-4809-9a1a-e4d64808de1b")
        .subordinate_of("ivanov");
    outsiders().user(agent).user(petrova).user(sidorov()).spare_number("104").spare_number("105")
}

fn outsiders() -> PbxBuilder {
    PbxBuilder::default()
        .outside(CUSTOMER, "ООО Ромашка", Manners::Waits)
        .outside(CLIENT, "Клиент", Manners::Waits)
        .callback_after(Span::from_millis(600))
        .seed(1)
}

/// The agent's phone cannot be answered from the application.
fn layout_by_hand() -> PbxBuilder {
    with_agent(agent().answers_by_hand_only())
}

/// The agent has another password than the application knows.
fn other_password() -> PbxBuilder {
    let agent = Account::new("ivanov", "Other", "101").id("d8af50ea-74a6-4a57-b0d5-451962f6c042");
    with_agent(agent)
}

/// Nothing goes wrong.
fn no_faults() -> Faults {
    Faults::default()
}

/// A method gets this answer, and nothing is done.
fn instead(method: &str, answer: serde_json::Value) -> Faults {
    Faults { instead: BTreeMap::from([(method.to_owned(), answer)]), ..Faults::default() }
}

const fn story(name: &'static str, steps: &'static [Step]) -> Story {
    Story { name, layout, faults: no_faults, server: Server::Runs, steps }
}

// ---- what people do, over and over ----

const AGENT_ANSWERS: Step = Does(|simulator| simulator.answer("101").unwrap());
const AGENT_HANGS_UP: Step = Does(|simulator| simulator.hang_up("101").unwrap());
const COLLEAGUE_CALLS: Step = Does(|simulator| simulator.dial("102", "101").unwrap());
const COLLEAGUE_ANSWERS: Step = Does(|simulator| simulator.answer("102").unwrap());
const COLLEAGUE_HANGS_UP: Step = Does(|simulator| simulator.hang_up("102").unwrap());
const CUSTOMER_ANSWERS: Step = Does(|simulator| simulator.answer(find(simulator, CUSTOMER)).unwrap());

fn find(simulator: &Simulator, number: &str) -> callfold_simulator::OutsideId {
    simulator.find_outside(number).expect("nobody there under this number")
}
