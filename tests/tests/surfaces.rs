//! What every surface must say of the recorded sessions, byte for byte: kept as hashes in `tests/told.json`, which the
//! tests of each language read. Here Rust itself is held to them. `CALLFOLD_BLESS=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use callfold::calls::json;
use callfold::diff::DiffQuery;
use callfold::lint::LintQuery;
use callfold::log::{CallQuery, Log, to_the_end};
use callfold::replay::{self, Announcer};
use callfold::report::ReportOptions;
use callfold_tests::vectors::{self, Manifest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What is kept: SHA-256, in hexadecimal.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// The version of this format.
    format: u32,
    files: BTreeMap<String, Hashes>,
    audits: BTreeMap<String, Audits>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hashes {
    /// What the reference client would have announced, as `callfold replay --announce` writes it.
    announced: String,
    /// Every event as JSON, a line each, of the session in a log.
    events: String,
    /// Every call as JSON, a line each, by when they began, of the session in a log.
    calls: String,
}

/// What is found in a log that has the session alone, in a stream by the name of `session`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Audits {
    /// What does not fit as JSON, a line each, and the summary.
    lint: String,
    /// What differs from the session [`OTHER`] in such a log as JSON, a line each, and the summary.
    diff: String,
    /// The report as JSON, with the options that are usual.
    report: String,
    /// The same report as a page.
    page: String,
}

/// The session with which all are compared.
const OTHER: &str = "named/hold-and-back.jsonl";

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("told.json")
}

fn sha256(lines: &[u8]) -> String {
    Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(all: impl Iterator<Item = String>) -> Vec<u8> {
    all.flat_map(|line| (line + "\n").into_bytes()).collect()
}

fn told(session: &[u8]) -> Hashes {
    let mut announcer = Announcer::new(Vec::new());
    replay::run(session, &mut announcer).unwrap();

    let log = Log::in_memory().unwrap();
    let stream = log.import_trace(session, None).unwrap().stream;
    let events = log.told(stream, 1).flat_map(|told| told.unwrap().events);
    let events = lines(events.map(|event| serde_json::to_string(&event).unwrap()));
    let calls = log.calls(&CallQuery::default()).unwrap();
    let calls = lines(calls.iter().map(|found| json::call(&found.call).to_string()));
    Hashes { announced: sha256(&announcer.into_inner()), events: sha256(&events), calls: sha256(&calls) }
}

/// A log with a session alone.
fn log_of(session: &[u8]) -> Log {
    let log = Log::in_memory().unwrap();
    log.import_trace(session, Some("session")).unwrap();
    log
}

fn audits(session: &[u8], other: &[u8]) -> Audits {
    let log = log_of(session);
    let mut oddities = Vec::new();
    let summary = log.lint(&LintQuery::default(), &mut to_the_end, &mut |oddity| {
        oddities.push(oddity.json().to_string());
        Ok(())
    });
    oddities.push(summary.unwrap().json().to_string());
    let mut differences = Vec::new();
    let summary = log.diff(&log_of(other), &DiffQuery::default(), &mut to_the_end, &mut |differs| {
        differences.push(differs.json().to_string());
        Ok(())
    });
    differences.push(summary.unwrap().json().to_string());
    let report = log.report(&ReportOptions::default(), &mut to_the_end).unwrap();
    Audits {
        lint: sha256(&lines(oddities.into_iter())),
        diff: sha256(&lines(differences.into_iter())),
        report: sha256(serde_json::to_string(&report).unwrap().as_bytes()),
        page: sha256(report.html().as_bytes()),
    }
}

#[test]
fn what_is_told_of_every_session_is_what_is_kept() {
    let directory = vectors::directory();
    let manifest = Manifest::read(&directory).unwrap();
    let other = fs::read(directory.join(OTHER)).unwrap();
    let (mut files, mut audited) = (BTreeMap::new(), BTreeMap::new());
    for vector in &manifest.files {
        let session = fs::read(directory.join(&vector.path)).unwrap();
        files.insert(vector.path.clone(), told(&session));
        audited.insert(vector.path.clone(), audits(&session, &other));
    }
    let now = Told { format: 1, files, audits: audited };
    if env::var_os("CALLFOLD_BLESS").is_some() {
        fs::write(kept(), serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let kept: Told = serde_json::from_slice(&fs::read(kept()).unwrap()).unwrap();
    assert_eq!(kept.files.len(), manifest.count, "a session is missing, or one too many");
    for (path, hashes) in &now.files {
        assert_eq!(Some(hashes), kept.files.get(path), "{path}");
        assert_eq!(now.audits.get(path), kept.audits.get(path), "{path}");
    }
    assert_eq!(kept.audits.len(), manifest.count, "a session is missing, or one too many");
}
