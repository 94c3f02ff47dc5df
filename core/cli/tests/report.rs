//! The command `report`, run as people and programs run it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use callfold::log::Log;
use serde_json::Value;
use tempfile::TempDir;

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CALLFOLD_STORE"] {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null()).env("TZ", "MSK-3").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn good(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{args:?}");
    text(&output.stdout).to_owned()
}

/// The one line on standard error of a run that ends with this code.
fn fails(expected: i32, args: &[&str]) -> String {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{args:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    assert!(said.starts_with("callfold: ") && !said.contains("panicked"), "{said}");
    said.trim_end().to_owned()
}

/// A store with a few recorded sessions.
fn store(sessions: &[&str]) -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store").to_str().unwrap().to_owned();
    let named = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/named");
    let session = |name: &&str| named.join(name).with_extension("jsonl").to_str().unwrap().to_owned();
    let files: Vec<String> = sessions.iter().map(session).collect();
    let mut args = vec!["import", "--quiet", "--store", &path];
    args.extend(files.iter().map(String::as_str));
    good(&args);
    (directory, path)
}

const SESSIONS: [&str; 4] =
    ["hold-and-back", "incoming-abandoned", "connection-lost", "seed-incoming-consult-connect"];

#[test]
fn a_report_is_told_on_the_terminal_as_json_and_as_a_page() {
    let (directory, path) = store(&SESSIONS);
    let page = good(&["report", "--store", &path]);
    for told in ["calls from 2026-01-12 09:00", "service level", "ASA", "AHT", "occupancy", "09:00", "ivanov"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let json = good(&["report", "--store", &path, "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let inbound = &report["floor"]["inbound"];
    assert_eq!(report["lines"], 4);
    assert_eq!(report["offset"], 3 * 3_600);
    assert!(inbound["offered"]["count"].as_u64().unwrap() > 0);
    assert_eq!(inbound["offered"]["listed"].as_array().unwrap().len() as u64, inbound["offered"]["count"]);
    assert_eq!(report["hours"].as_array().unwrap().len(), 24);
    assert_eq!(report["threshold"], 20_000_000);

    let file = directory.path().join("floor.html");
    let file = file.to_str().unwrap();
    let said = good(&["report", "--store", &path, "--html", file]);
    assert!(said.starts_with("written to "), "{said}");
    let html = fs::read_to_string(file).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
    assert_eq!(good(&["report", "--store", &path, "--html", "-"]), html);
}

#[test]
fn thresholds_and_ranges_are_what_was_asked_for() {
    let json = |path: &str, args: &[&str]| -> Value {
        let mut all = vec!["report", "--store", path, "--json"];
        all.extend(args);
        serde_json::from_str(&good(&all)).unwrap()
    };
    let count = |report: &Value, of: &str| report["floor"]["inbound"][of]["count"].as_u64().unwrap();
    let (_directory, path) = store(&["incoming-abandoned"]);
    let (usual, long) = (json(&path, &[]), json(&path, &["--short-abandon", "1h"]));
    assert_eq!(
        [count(&usual, "offered"), count(&usual, "abandoned"), count(&usual, "shortAbandoned")],
        [1, 1, 0]
    );
    assert_eq!(
        [count(&long, "offered"), count(&long, "abandoned"), count(&long, "shortAbandoned")],
        [1, 0, 1]
    );
    assert_eq!(json(&path, &["--agent", "ivanov"])["floor"], usual["floor"]);
    let none = json(&path, &["--from", "2020-01-01", "--to", "2020-01-02"]);
    assert_eq!((count(&none, "offered"), none["calls"].as_array().unwrap().len()), (0, 0));
    assert_eq!(none["floor"]["inbound"]["serviceLevel"]["perMille"], Value::Null);
    assert!(
        good(&["report", "--store", &path, "--from", "2020-01-01", "--to", "2020-01-02"])
            .contains("no calls")
    );

    let (_directory, path) = store(&["incoming-answered"]);
    let (usual, strict) = (json(&path, &[]), json(&path, &["--service-level", "1ms"]));
    let level = |report: &Value| report["floor"]["inbound"]["serviceLevel"]["perMille"].clone();
    assert_eq!((count(&usual, "inTime"), level(&usual)), (1, 1_000.into()));
    assert_eq!((count(&strict, "inTime"), level(&strict)), (0, 0.into()));
}

#[test]
fn what_makes_no_sense_is_refused_and_said() {
    let (_directory, path) = store(&["hold-and-back"]);
    let said = fails(2, &["report", "--store", &path, "--from", "2026-01-13", "--to", "2026-01-12"]);
    assert!(said.contains("the range is empty"), "{said}");
    let said = fails(1, &["report", "--store", &path, "--agent", "ivanow"]);
    assert!(said.contains("`ivanow`") && said.ends_with("there are ivanov"), "{said}");
    fails(3, &["report", "--store", "/nowhere"]);
    assert_eq!(run(&["report", "--store", &path, "--short-abandon", "soon"]).status.code(), Some(2));
    assert_eq!(run(&["report", "--store", &path, "--json", "--html", "-"]).status.code(), Some(2));
}

#[test]
fn an_empty_store_is_an_empty_report() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    drop(Log::open(&path, callfold::log::Options::default()).unwrap());
    let path = path.to_str().unwrap();
    assert!(good(&["report", "--store", path]).contains("no calls"));
    assert!(good(&["report", "--store", path, "--html", "-"]).contains("No calls."));
}

#[test]
fn help_has_examples_and_names_the_page_of_figures() {
    let help = good(&["report", "--help"]);
    assert!(
        help.contains("Examples:")
            && help.contains("core/callfold/FIGURES.md")
            && help.contains("--short-abandon")
    );
}
