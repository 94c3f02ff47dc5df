//! The scenarios of the traces, played live: our client on a socket, against the simulator.
//!
//! The application's side is the trace's: its commands, in order. What people, phones and the PBX do is told in steps.
//! Then the client must have announced what the trace has: the same announcements, results and refusals, in order. Times
//! are free, and so are the ids that a PBX draws, as long as the same one stands where the trace has the same one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

mod client;
mod recorded;
mod stage;
mod stories;

use std::collections::BTreeSet;
use std::fs;

use callfold_tests::vectors;

/// The names of all traces there are.
fn named() -> BTreeSet<String> {
    let files = fs::read_dir(vectors::directory().join("named")).unwrap();
    let name = |file: fs::DirEntry| file.path().file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|file| name(file.unwrap())).collect()
}

#[test]
fn every_trace_is_played_or_said_why_not() {
    let played = stories::all().map(|story| story.name);
    let listed = stories::NOT_PLAYED.iter().map(|(name, _)| *name);
    let mut all: Vec<&str> = played.chain(listed).collect();
    all.sort_unstable();
    let named = named();
    assert_eq!(all, named.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_client_announces_what_the_traces_have() {
    let only = std::env::var("SCENARIO").ok();
    let mut playing = tokio::task::JoinSet::new();
    for story in stories::all().filter(|story| only.as_deref().is_none_or(|only| only == story.name)) {
        playing.spawn(async move { (story.name, stage::play(story).await) });
    }
    let mut wrong = Vec::new();
    let mut played = 0;
    while let Some(done) = playing.join_next().await {
        let (name, result) = done.unwrap();
        played += 1;
        if let Err(why) = result {
            wrong.push(format!("{name}: {why}"));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {played} differ:\n{}", wrong.len(), wrong.join("\n"));
}
