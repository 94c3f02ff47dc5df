//! The recorded sessions are all there, byte for byte, and nothing else is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

use callfold::trace::Level;
use callfold_tests::vectors::{self, Finding, Manifest};

const TRACE: &str = r#"{"trace":1,"name":"x","level":"oktell","epochMs":0}"#;

/// A directory of two vectors with its manifest.
fn two_vectors(test: &str) -> (PathBuf, Manifest) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vectors").join(test);
    let _ = fs::remove_dir_all(&directory);
    for (kind, name) in [("named", "one.jsonl"), ("random", "two.jsonl")] {
        fs::create_dir_all(directory.join(kind)).unwrap();
        fs::write(directory.join(kind).join(name), TRACE).unwrap();
    }
    let manifest = Manifest::of(&directory).unwrap();
    fs::write(directory.join(vectors::MANIFEST), manifest.to_json()).unwrap();
    (directory, manifest)
}

#[test]
fn the_vectors_are_those_of_the_manifest() {
    let directory = vectors::directory();
    let findings = Manifest::read(&directory).unwrap().check(&directory).unwrap();
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "tests/vectors is not as its manifest says:\n{}", findings.join("\n"));
}

#[test]
fn the_manifest_is_as_it_would_be_written() {
    let directory = vectors::directory();
    let text = fs::read_to_string(directory.join(vectors::MANIFEST)).unwrap();
    assert_eq!(text, Manifest::of(&directory).unwrap().to_json());
}

#[test]
fn a_manifest_reads_back_as_it_was_written() {
    let (directory, manifest) = two_vectors("reads_back");
    assert_eq!(Manifest::read(&directory).unwrap(), manifest);
    assert_eq!(manifest.check(&directory).unwrap(), []);
    assert_eq!(manifest.of_level(Level::Oktell).count(), 2);
    assert_eq!(manifest.of_level(Level::Cti).count(), 0);
}

#[test]
fn a_missing_vector_is_named() {
    let (directory, manifest) = two_vectors("missing");
    fs::remove_file(directory.join("named/one.jsonl")).unwrap();
    let findings = manifest.check(&directory).unwrap();
    assert_eq!(findings, [Finding::Missing("named/one.jsonl".to_owned())]);
    assert_eq!(findings[0].to_string(), "named/one.jsonl: missing");
}

#[test]
fn a_changed_vector_is_named() {
    let (directory, manifest) = two_vectors("changed");
    let path = directory.join("random/two.jsonl");
    let changed = |what| Finding::Changed { path: "random/two.jsonl".to_owned(), what };
    fs::write(&path, format!("{TRACE}\n")).unwrap();
    assert_eq!(manifest.check(&directory).unwrap(), [changed("size")]);
    fs::write(&path, TRACE.replace("\"x\"", "\"y\"")).unwrap();
    assert_eq!(manifest.check(&directory).unwrap(), [changed("hash")]);
}

#[test]
fn a_vector_listed_with_another_level_is_named() {
    let (directory, mut manifest) = two_vectors("level");
    manifest.files[0].level = Level::Cti;
    let path = "named/one.jsonl".to_owned();
    assert_eq!(manifest.check(&directory).unwrap(), [Finding::Changed { path, what: "level" }]);
}

#[test]
fn an_extra_file_is_named_wherever_it_is() {
    let (directory, manifest) = two_vectors("extra");
    fs::create_dir(directory.join("named/deeper")).unwrap();
    fs::write(directory.join("named/deeper/three.jsonl"), TRACE).unwrap();
    fs::write(directory.join("four.txt"), "").unwrap();
    let extra = |path: &str| Finding::Extra(path.to_owned());
    assert_eq!(manifest.check(&directory).unwrap(), [extra("four.txt"), extra("named/deeper/three.jsonl")]);
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let (directory, mut manifest) = two_vectors("contradicts");
    manifest.format = 9;
    manifest.files.push(manifest.files[0].clone());
    let twice = Finding::Twice("named/one.jsonl".to_owned());
    let findings = manifest.check(&directory).unwrap();
    assert_eq!(findings, [Finding::Format(9), Finding::Count { said: 2, listed: 3 }, twice]);
}

#[test]
fn what_is_no_trace_gets_into_no_manifest() {
    let (directory, _) = two_vectors("no_trace");
    fs::write(directory.join("named/one.jsonl"), "hello").unwrap();
    assert_eq!(Manifest::of(&directory).unwrap_err().to_string(), "named/one.jsonl: not a trace");
}
