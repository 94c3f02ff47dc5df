//! `callfold replay --calls`: the calls of every named session, as a person reads them and as a program does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn named() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/named");
    let mut traces: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    traces.sort();
    assert!(traces.len() > 50, "only {} named sessions", traces.len());
    traces
}

fn calls(arguments: &[&str], trace: &Path) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_callfold"))
        .args(["replay", "--calls"])
        .args(arguments)
        .arg(trace)
        .output();
    let output = output.unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}: {}",
        trace.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The page of each session is kept in `tests/calls`, and was read against the session's title. After a
/// wanted change, look at what changed: `CALLFOLD_BLESS=1 cargo test -p callfold-cli`.
#[test]
fn the_calls_of_every_named_session_are_as_they_were() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let mut changed = Vec::new();
    for trace in named() {
        let page = String::from_utf8(calls(&["--utc", "--color", "never"], &trace).stdout).unwrap();
        let kept = directory.join(trace.file_stem().unwrap()).with_extension("txt");
        if std::env::var_os("CALLFOLD_BLESS").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&kept, &page).unwrap();
        }
        if fs::read_to_string(&kept).ok().as_ref() != Some(&page) {
            changed.push(format!("{}:\n{page}", kept.display()));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn programs_get_a_line_for_every_call_and_command_and_times_that_balance() {
    for trace in named() {
        let output = calls(&["--json"], &trace);
        let lines: Vec<Value> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let (last, rest) = lines.split_last().unwrap();
        let time = &last["time"];
        let sum: i64 = time["time"].as_object().unwrap().values().map(|span| span.as_i64().unwrap()).sum();
        assert_eq!(time["loggedIn"], sum, "{}", trace.display());
        for line in &lines {
            assert_eq!(line["trace"], trace.file_stem().unwrap().to_str().unwrap());
        }
        for line in rest {
            let (call, command) = (&line["call"], &line["command"]);
            assert!(call["outcome"].is_string() || command["name"].is_string(), "{line}");
        }
        assert!(rest.iter().any(|line| line["command"]["asked"]["seq"].is_u64()));
    }
}
