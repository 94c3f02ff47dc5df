//! What events say of themselves to readers that put them into columns.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use callfold_engine::{About, Event};
use serde_json::Value;

/// One event of every kind, a line each.
const EVENTS: &str = include_str!("events.jsonl");

fn events() -> Vec<Event> {
    EVENTS
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// The name of the variant, as serde has it.
fn variant(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    let name = event.as_str().or_else(|| event.as_object()?.keys().next().map(String::as_str));
    name.unwrap().to_owned()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Every variant that there is: serde lists them to whoever asks for one that there is not.
fn every_variant() -> BTreeSet<String> {
    let told = serde_json::from_str::<Event>("\"?\"").unwrap_err().to_string();
    let names = told.split_once("expected one of").unwrap().1;
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the event of this name in the list is about, in one line.
fn told(name: &str) -> String {
    let events = events();
    let About { line, chain, number, name, command, command_name, code, .. } =
        events.iter().find(|event| event.name() == name).unwrap().about();
    let parts = [
        line.and_then(callfold_engine::LineState::name).map(str::to_owned),
        chain.map(|chain| chain.as_str().to_owned()),
        number.map(|number| number.as_str().to_owned()),
        name.map(|name| name.as_str().to_owned()),
        command.map(|command| format!("#{}", command.0)),
        command_name.map(|name| name.text().to_owned()),
        code.map(|code| code.to_string()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_list_has_every_event_once() {
    let listed: Vec<_> = EVENTS.lines().map(variant).collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), every_variant());
    assert_eq!(listed.len(), every_variant().len());
}

#[test]
fn an_event_is_named_as_its_variant() {
    for (event, line) in events().iter().zip(EVENTS.lines()) {
        assert_eq!(event.name(), snake_case(&variant(line)));
    }
}

#[test]
fn an_event_of_one_party_is_about_it() {
    assert_eq!(told("line_stopped"), "c-1 201 Client");
    assert_eq!(told("line_started"), "talk c-1 201 Client");
    assert_eq!(told("hold_entered"), "c-1 201", "the caller's number where there is no other");
    assert_eq!(told("conference_left"), "Petrov");
    assert_eq!(told("queue_entered"), "203");
    assert_eq!(told("provider"), "c-1 201", "the other side of the call");
}

#[test]
fn an_event_of_several_parties_is_about_their_chain_if_it_is_one() {
    assert_eq!(told("parties_changed"), "c-1");
    assert_eq!(told("parties_refreshed"), "");
    assert_eq!(told("queue_changed"), "");
}

#[test]
fn a_chain_of_zeros_is_none() {
    assert_eq!(told("hold_changed"), "201");
}

#[test]
fn an_event_of_the_line_a_command_or_a_refusal_says_so() {
    assert_eq!(told("line_changed"), "talk");
    assert_eq!(told("command_given"), "204 #7 call");
    assert_eq!(told("request_sent"), "#7");
    assert_eq!(told("request_failed"), "#7 1102");
    assert_eq!(told("command_done"), "#7 call 2107");
    assert_eq!(told("connect_failed"), "1202");
    assert_eq!(told("disconnected"), "12");
    assert_eq!(told("agent_told"), "101 Ivanov");
    assert_eq!(told("phone_reported"), "c-1");
}

#[test]
fn no_code_means_both_an_error_and_the_end_of_a_connection() {
    use callfold_engine::{DisconnectReason, ErrorCode};
    let errors: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
    assert!(DisconnectReason::ALL.iter().all(|reason| !errors.contains(&reason.number())));
}
