//! The fuzzer's kept corpus, run by every ordinary test run: what once was found is never lost again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

use std::path::{Path, PathBuf};

use callfold_tests::fuzz;
use callfold_tests::transition::{Walk, from_text};

/// The files of a target's corpus. None at all is a failure: a folder that went missing proves nothing.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn run(target: &str, body: fn(&[u8])) {
    for file in corpus(target) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(std::panic::catch_unwind(|| body(&bytes)).is_ok(), "{}", file.display());
    }
}

#[test]
fn every_kept_frame_holds() {
    run("frame", fuzz::frame);
}

#[test]
fn every_kept_record_holds() {
    run("record", fuzz::record);
}

#[test]
fn every_kept_session_holds() {
    run("session", fuzz::session);
}

#[test]
fn every_kept_snapshot_holds() {
    run("snapshot", fuzz::snapshot);
}

#[test]
fn every_kept_session_can_be_cut_anywhere() {
    for file in corpus("session") {
        let bytes = std::fs::read(&file).unwrap();
        for end in (0..bytes.len()).step_by(97) {
            fuzz::session(&bytes[..end]);
        }
    }
}

#[test]
fn every_kept_session_is_restored_after_every_step() {
    for file in corpus("session") {
        let bytes = std::fs::read(&file).unwrap();
        let mut walk = Walk::new(callfold_engine::Config::live());
        for transition in from_text(&bytes) {
            walk.step(&transition);
            walk.step(&callfold_tests::transition::Transition::Restore);
        }
    }
}
