//! What does not fit, what comes out otherwise and a floor's report, as they cross: byte for byte what the facade says.
//! `tests/told.json` has the hashes of it, to which the tests of every surface hold what comes out on their side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callfold::log::{Log, Options, StreamInfo, to_the_end};
use callfold::record::Hash;
use callfold::{Event, JsonText, Machine, Outcome, diff, files, lint, report};
use callfold_store::{Append, NewRecord};
use callfold_uniffi::{
    DiffSide, Difference, FindQuery, LintQuery, LogReader, OddityKind, Recorder, ReportOptions,
};

/// What is said of a session in a log.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// What does not fit, a line of JSON each, and the numbers.
    lint: String,
    /// What differs from `named/hold-and-back.jsonl` under the same name, a line of JSON each, and the numbers.
    diff: String,
    /// The figures of its report.
    report: String,
    /// The page of its report.
    page: String,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn session(path: &str) -> PathBuf {
    repository().join("tests/vectors").join(path)
}

fn sessions() -> Vec<String> {
    let manifest = fs::read(session("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let files = manifest["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// A log that has this session under the name `session`.
fn log_of(path: &str) -> Log {
    let log = Log::in_memory().unwrap();
    log.import_trace(files::open(&session(path)).unwrap(), Some("session")).unwrap();
    log
}

/// What the facade says.
fn told(path: &str, other: &Log) -> Said {
    let log = log_of(path);
    let (mut odd, mut differs) = (String::new(), String::new());
    let summary = log.lint(&lint::LintQuery::default(), &mut to_the_end, &mut |oddity| {
        odd += &format!("{}\n", oddity.json());
        Ok(())
    });
    odd += &format!("{}\n", summary.unwrap().json());
    let summary = log.diff(other, &diff::DiffQuery::default(), &mut to_the_end, &mut |found| {
        differs += &format!("{}\n", found.json());
        Ok(())
    });
    differs += &format!("{}\n", summary.unwrap().json());
    let report = log.report(&report::ReportOptions::default(), &mut to_the_end).unwrap();
    let figures = serde_json::to_string(&report).unwrap();
    Said { lint: odd, diff: differs, report: figures, page: report.html() }
}

/// The same, as it crosses.
async fn crosses(path: &str, other: &Arc<LogReader>) -> Said {
    let log = reader_of(path).await;
    let lines = |all: Vec<&JsonText>| all.into_iter().map(|json| format!("{}\n", json.as_str())).collect();
    let odd = log.lint(LintQuery::default(), 10_000, None).await.unwrap();
    let odd = lines(odd.oddities.iter().map(|oddity| &oddity.json).chain([&odd.json]).collect());
    let differs = log.diff(Arc::clone(other), Vec::new(), 10_000, None).await.unwrap();
    let differs = lines(differs.differences.iter().map(|found| &found.json).chain([&differs.json]).collect());
    let report = log.report(ReportOptions::default(), None).await.unwrap();
    let figures = report.json().unwrap().as_str().to_owned();
    Said { lint: odd, diff: differs, report: figures, page: report.html().unwrap() }
}

/// A log as it is read from Kotlin and Swift, with this session under the name `session`.
async fn reader_of(path: &str) -> Arc<LogReader> {
    let log = Recorder::in_memory().unwrap().reader();
    let path = session(path).to_str().unwrap().to_owned();
    log.take_in(path, Some("session".to_owned()), None).await.unwrap();
    log
}

#[test]
fn what_crosses_is_what_the_facade_says() {
    const OTHER: &str = "named/hold-and-back.jsonl";
    let (other, reader) = (log_of(OTHER), wait(reader_of(OTHER)));
    for path in sessions() {
        assert!(told(&path, &other) == wait(crosses(&path, &reader)), "{path}");
    }
}

/// A store with a session as an older engine would have told it that knew of no hold.
fn older_store(place: &Path) -> Log {
    let mut options = Options::default();
    options.create = true;
    let (log, _) = Log::open(place, options).unwrap();
    let of = log_of("named/hold-and-back.jsonl");
    let stream = of.stream("session").unwrap();
    let info = StreamInfo::new("older", stream.info.config.clone(), stream.info.began);
    let mut writer = log.begin(&info).unwrap();
    let mut machine = Machine::new(stream.info.config.clone());
    let mut outcome = Outcome::default();
    let is_hold = |event: &Event| {
        matches!(event, Event::HoldEntered { .. } | Event::HoldChanged { .. } | Event::HoldRefreshed { .. })
    };
    for record in of.records(stream.id, 1) {
        let input = record.unwrap().record.input;
        machine.handle(&input, &mut outcome);
        outcome.events.retain(|event| !is_hold(event));
        writer.stage(&input, &machine, &outcome).unwrap();
    }
    writer.commit().unwrap();
    log
}

#[test]
fn what_other_rules_told_differs_as_the_facade_says() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().join("store");
    let log = older_store(&place);
    let mut told = Vec::new();
    let summary = log.diff_today(&diff::DiffQuery::default(), &mut to_the_end, &mut |differs| {
        told.push(differs.json().to_string());
        Ok(())
    });
    let summary = summary.unwrap();
    drop(log);

    wait(async {
        let log = LogReader::open_store(place.to_str().unwrap().to_owned()).await.unwrap();
        let today = log.diff_today(Vec::new(), 10_000, None).await.unwrap();
        let crossed: Vec<_> = today.differences.iter().map(|differs| differs.json.as_str()).collect();
        assert!(summary.differ > 0 && crossed == told, "{crossed:?}");
        assert_eq!(today.json.as_str(), summary.json().to_string());
        assert_eq!((today.differ, today.found, today.is_same), (summary.differ, summary.told, false));
        let Difference::Call { call } = &today.differences[0].what else { panic!("{today:?}") };
        let holds = call.fields.iter().find(|field| field.name == "holds").unwrap();
        assert_eq!((holds.one.as_str(), holds.other.as_str()), ("0", "1"));
        // What may name somebody is not printed.
        assert!(call.other.iter().any(|fact| fact.as_str().starts_with("on hold")));
        assert!(!format!("{today:?}").contains("on hold"));
    });
}

#[test]
fn of_a_damaged_store_what_is_sound_is_told_and_the_damage_is_named() {
    let log = Log::in_memory().unwrap();
    for name in ["sound", "damaged"] {
        let session = files::open(&session("named/hold-and-back.jsonl")).unwrap();
        log.import_trace(session, Some(name)).unwrap();
    }
    let damaged = log.stream("damaged").unwrap();
    let (last, at) = (damaged.head.seq, damaged.head.at.unwrap());
    let record = NewRecord { bytes: vec![1; 40], hash: Hash([7; 32]), at };
    let append = Append { stream: damaged.id, first: last + 1, records: vec![record] };
    log.store().append(&[append]).unwrap();

    wait(async {
        let log = LogReader::over(log);
        let found = log.find(FindQuery::default(), None).await.unwrap();
        assert!(found.calls.iter().any(|call| call.stream == "sound"), "{found:?}");
        let [damaged] = &found.damaged[..] else { panic!("{:?}", found.damaged) };
        assert_eq!((damaged.stream.as_str(), damaged.problem.name.as_str()), ("damaged", "store_damaged"));

        let odd = log.lint(LintQuery::default(), 10_000, None).await.unwrap();
        let damage: Vec<_> =
            odd.oddities.iter().filter(|oddity| oddity.kind == OddityKind::Damaged).collect();
        assert!(odd.is_damaged && damage.len() == 1, "{odd:?}");
        assert_eq!((damage[0].stream.as_str(), damage[0].at.seq), ("damaged", last + 1));

        let today = log.diff_today(Vec::new(), 10_000, None).await.unwrap();
        assert!(today.is_damaged);
        let [differs] = &today.differences[..] else { panic!("{today:?}") };
        let Difference::Damaged { side: DiffSide::One, seq, .. } = &differs.what else {
            panic!("{differs:?}")
        };
        assert_eq!((differs.stream.as_str(), *seq), ("damaged", last + 1));

        let report = log.report(ReportOptions::default(), None).await.unwrap();
        let figures = report.figures();
        let [damage] = &figures.damage[..] else { panic!("{:?}", figures.damage) };
        assert_eq!((damage.stream.as_str(), damage.until), ("damaged", last));
        assert!(figures.lines == 2 && !figures.calls.is_empty());
        assert!(report.html().unwrap().contains("damaged"));
    });
}
