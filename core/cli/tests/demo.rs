//! The demonstration, as a user sees it: real sockets, a real store, the commands that look at it afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Output};

fn callfold(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.env_remove("CALLFOLD_STORE").args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    assert_eq!(errors, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_day_in_an_office_is_played_told_recorded_and_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    let store = store.to_str().unwrap();
    let told = said(&callfold(&["demo", "--fast", "--store", store, "--utc"]));
    for part in [
        "a simulated Oktell server listens on ws://127.0.0.1:",
        "Three agents log in",
        "Anna calls a customer, puts them on hold, takes them back, ends the call",
        "A customer calls, Anna consults Boris and connects the two",
        "A talk becomes a conference of three",
        "A customer gives up before Vera answers, and Vera takes a break",
        "The connection to the server is lost in the midst of a talk",
        "connects again in",
        "$ callfold calls --store",
        "$ callfold show ",
        "$ callfold verify --rerun --store",
        "all good",
        store,
    ] {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    // What was told of each is what the log says now.
    let calls = said(&callfold(&["calls", "--json", "--store", store]));
    let calls: Vec<serde_json::Value> =
        calls.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str, what: &str| {
        let outcomes = calls.iter().filter(|call| call["stream"] == name);
        outcomes.filter(|call| call["call"]["outcome"] == what).count()
    };
    assert_eq!(of("vera", "abandoned"), 1, "{calls:#?}");
    let anna: Vec<_> =
        calls.iter().filter(|call| call["stream"] == "anna").map(|call| &call["call"]).collect();
    let has = |field: &str| {
        anna.iter().filter(|call| call[field].as_array().is_some_and(|all| !all.is_empty())).count()
    };
    assert!(has("holds") >= 2, "{calls:#?}");
    assert_eq!((has("transfers"), has("conferences"), has("gaps")), (1, 1, 1), "{calls:#?}");
    assert!(calls.iter().all(|call| call["call"]["irregularities"].as_array().is_none_or(Vec::is_empty)));

    // Played again into the same store, it goes on there.
    let again = said(&callfold(&["demo", "--fast", "--store", store]));
    assert!(again.contains("all good"));
    let streams = said(&callfold(&["streams", "--json", "--store", store]));
    assert_eq!(streams.lines().count(), 3);
}

#[test]
fn a_store_that_cannot_be_made_is_told_before_anything_is_played() {
    let output = callfold(&["demo", "--fast", "--store", "/dev/null/store"]);
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("/dev/null/store"), "{errors}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Three agents"));
}
