//! The log from end to end: recorded, read, proved, carried elsewhere, and somebody in it forgotten.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod as_of;
mod erase;
mod recorder;
mod tamper;
mod whole;

use std::path::PathBuf;

use callfold::log::{Durability, Log, Options, StreamId};
use callfold_tests::vectors;
use tempfile::TempDir;

/// The recorded sessions, by name, in order.
fn sessions() -> Vec<(String, Vec<u8>)> {
    let manifest = vectors::Manifest::read(&vectors::directory()).unwrap();
    let read = |path: &String| std::fs::read(vectors::directory().join(path)).unwrap();
    let sessions: Vec<_> = manifest.files.iter().map(|file| (file.path.clone(), read(&file.path))).collect();
    assert!(sessions.len() >= 93);
    sessions
}

fn session(name: &str) -> Vec<u8> {
    std::fs::read(vectors::directory().join("named").join(format!("{name}.jsonl"))).unwrap()
}

/// A log with every recorded session.
fn with_all(log: &Log) -> Vec<StreamId> {
    let all = sessions().into_iter().map(|(name, trace)| {
        let imported = log.import_trace(trace.as_slice(), Some(&name)).unwrap();
        assert!(imported.records > 0 && imported.unknown_lines == 0);
        imported.stream
    });
    all.collect()
}

fn options() -> Options {
    let mut options = Options::default();
    options.durability = Durability::Never;
    options
}

/// A log on disk; the directory goes with the test.
fn on_disk() -> (TempDir, PathBuf, Log) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    let (log, report) = Log::open(&path, options()).unwrap();
    assert!(report.is_clean());
    (directory, path, log)
}

fn again(path: &std::path::Path, log: Log) -> Log {
    drop(log);
    let (log, report) = Log::open(path, options()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    log
}
