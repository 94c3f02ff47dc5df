//! Every recorded session of the reference client, replayed: the engine announces, decides and sends the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;

use callfold::announce::{Announcement, announced_name, announcement};
use callfold::replay::{self, Announcer, Step, Watch};
use callfold::trace::Level;
use callfold_tests::compare::{self, Report};
use callfold_tests::vectors::{self, Manifest};

#[test]
fn level_oktell_agrees() {
    all_agree(Level::Oktell);
}

#[test]
fn level_cti_agrees() {
    all_agree(Level::Cti);
}

/// Names of announcements, taken in both ways.
#[derive(Default)]
struct Names {
    announced: usize,
    quiet: usize,
}

impl Watch for Names {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        for event in &step.outcome.events {
            let name = match announcement(event) {
                Some(Announcement::Event { name, .. } | Announcement::Provider { name, .. }) => Some(name),
                Some(Announcement::Throws { text }) => Some(text),
                Some(Announcement::Result { command, .. }) => Some(command.text()),
                Some(other) => panic!("{other:?}: no name of it is known"),
                None => None,
            };
            assert_eq!(announced_name(event), name, "{event:?}");
            *if name.is_some() { &mut self.announced } else { &mut self.quiet } += 1;
        }
        Ok(())
    }
}

#[test]
fn an_announcement_has_the_same_name_without_its_arguments() {
    let mut names = Names::default();
    for vector in &Manifest::read(&vectors::directory()).unwrap().files {
        let trace = fs::read(vectors::directory().join(&vector.path)).unwrap();
        replay::run(trace.as_slice(), &mut names).unwrap();
    }
    assert!(names.announced > 1_000 && names.quiet > 1_000, "{} {}", names.announced, names.quiet);
}

fn all_agree(level: Level) {
    for_each(level, |trace| {
        let report = compared(trace)?;
        if report.announcements == 0 || report.states == 0 {
            return Err("nothing in it to compare".to_owned());
        }
        if report.agrees() { Ok(()) } else { Err(report.to_string()) }
    });
}

/// Checks every vector of a level, and fails once with all that is wrong.
fn for_each(level: Level, check: impl Fn(&[u8]) -> Result<(), String>) {
    let directory = vectors::directory();
    let manifest = Manifest::read(&directory).unwrap();
    let (mut count, mut failures) = (0, Vec::new());
    for vector in manifest.of_level(level) {
        count += 1;
        let trace = fs::read(directory.join(&vector.path)).map_err(|error| error.to_string());
        if let Err(why) = trace.and_then(|trace| check(&trace)) {
            failures.push(format!("{}: {why}", vector.path));
        }
    }
    assert!(count > 0, "no vector of level {level:?} in the manifest");
    assert!(failures.is_empty(), "{} of {count} vectors fail:\n{}", failures.len(), failures.join("\n"));
}

fn compared(trace: &[u8]) -> Result<Report, String> {
    compare::compare(trace, &replayed(trace)?).map_err(|error| error.to_string())
}

/// What the engine makes of a trace, as JSON lines.
fn replayed(trace: &[u8]) -> Result<Vec<u8>, String> {
    let mut told = Vec::new();
    replay::run(trace, &mut Announcer::new(&mut told)).map_err(|error| error.to_string())?;
    Ok(told)
}
