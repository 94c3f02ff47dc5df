//! Somebody is forgotten: nowhere in the store's files or exports, and nothing else changes.

use callfold::log::to_the_end;
use std::path::Path;

use callfold::calls::json;
use callfold::log::{CallQuery, Instant, Log, LogError, Recorder, StreamInfo, VerifyOptions};
use callfold::record::{Seal as _, has_erased};
use callfold::wire::FrameText;
use callfold::{
    Command, Config, Credential, CredentialHandle, Endpoint, Input, InputKind, Machine, Outcome, SocketId,
    Timestamp,
};
use callfold_store::Subject;
use serde_json::Value;

use crate::{again, on_disk, session, with_all};

/// Where in the store's files these bytes stand.
fn files_with(path: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with(&path, bytes, found);
        } else if contains(&std::fs::read(&path).unwrap(), bytes) {
            found.push(path.display().to_string());
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn export(log: &Log) -> Vec<u8> {
    let mut out = Vec::new();
    log.export(&[], &mut out, &mut to_the_end).unwrap();
    out
}

/// Calls and times, with names and numbers left out.
fn totals(log: &Log) -> Vec<Value> {
    fn forget(value: &mut Value) {
        match value {
            Value::String(_) => *value = Value::Null,
            Value::Array(items) => items.iter_mut().for_each(forget),
            Value::Object(fields) => fields.values_mut().for_each(forget),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut all: Vec<Value> =
        log.calls(&CallQuery::default()).unwrap().iter().map(|found| json::call(&found.call)).collect();
    all.iter_mut().for_each(forget);
    for stream in log.streams().unwrap() {
        let ledger = log.time(stream.id).unwrap();
        all.push(json::totals(&ledger.totals()));
        all.push(ledger.logged_in().as_micros().into());
        all.push(log.commands(stream.id).unwrap().len().into());
    }
    all
}

/// Names and numbers of the recorded sessions.
const ERASED: [&str; 4] = ["+79161234567", "Петрова Анна", "102", "Меню"];

#[test]
fn a_number_and_a_name_are_nowhere_and_the_log_is_as_good_as_before() {
    let (_directory, path, log) = on_disk();
    let streams = with_all(&log);
    let before = totals(&log);
    let first = export(&log);
    for text in ERASED {
        assert!(contains(&first, text.as_bytes()), "{text} is in the log");
        let mut query = CallQuery::default();
        query.number = Some(text.to_owned());
        let calls = log.calls(&query).unwrap().len();
        let tried = log.erase(text, true, &mut to_the_end).unwrap();
        assert!(tried.subjects > 0 && tried.records > 0);
        let erased = log.erase(text, false, &mut to_the_end).unwrap();
        assert_eq!(tried, erased);
        assert_eq!(erased.still_readable, []);
        assert!(log.calls(&query).unwrap().is_empty(), "{text}: {calls} calls before");
        let again = log.erase(text, false, &mut to_the_end).unwrap();
        assert_eq!((again.subjects, again.records), (0, 0), "{text}");
    }
    let log = again(&path, log);
    let erased = export(&log);
    for text in ERASED {
        let quoted = format!("\"{text}\"");
        assert!(!contains(&erased, quoted.as_bytes()), "{text} in the export");
        if text.chars().count() > 3 {
            assert!(!contains(&erased, text.as_bytes()), "{text} in the export");
            let mut found = Vec::new();
            files_with(&path, text.as_bytes(), &mut found);
            assert_eq!(found, [] as [String; 0], "{text}");
        }
    }
    assert!(has_erased(&String::from_utf8(erased).unwrap()));
    assert_eq!(totals(&log), before, "no minute is another");
    let mut with_erased = 0;
    for stream in streams {
        let report = log.verify(stream, &VerifyOptions::default().rerun(), &mut to_the_end).unwrap();
        assert!(report.is_good(), "{stream}: {:?}", report.findings);
        with_erased += report.erased;
    }
    assert!(with_erased > 1_000, "{with_erased}");
}

#[test]
fn who_else_is_in_the_log_stays() {
    let log = Log::in_memory().unwrap();
    with_all(&log);
    log.erase("102", false, &mut to_the_end).unwrap();
    let left = String::from_utf8(export(&log)).unwrap();
    for text in ["\"101\"", "\"103\"", "+79161234567", "Петрова Анна"] {
        assert!(left.contains(text), "{text}");
    }
}

#[test]
fn an_export_of_an_erased_log_is_taken_in_erased() {
    let log = Log::in_memory().unwrap();
    with_all(&log);
    log.erase("+79161234567", false, &mut to_the_end).unwrap();
    let first = export(&log);
    let other = Log::in_memory().unwrap();
    other.import(std::io::Cursor::new(&first), &mut to_the_end).unwrap();
    assert!(export(&other) == first);
    assert_eq!(totals(&other), totals(&log));
}

#[test]
fn an_erased_number_that_calls_again_is_somebody_new() {
    let log = Log::in_memory().unwrap();
    let trace = session("hold-and-back");
    log.import_trace(trace.as_slice(), Some("before")).unwrap();
    let number = "+79161234567";
    log.erase(number, false, &mut to_the_end).unwrap();
    log.import_trace(trace.as_slice(), Some("after")).unwrap();
    let mut query = CallQuery::default();
    query.number = Some(number.to_owned());
    let found = log.calls(&query).unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|found| found.stream == log.stream("after").unwrap().id));
}

#[test]
fn what_cannot_be_somebody_is_refused() {
    let log = Log::in_memory().unwrap();
    with_all(&log);
    for text in ["", "1", " 102", "102 "] {
        assert!(matches!(log.erase(text, false, &mut to_the_end), Err(LogError::NotErasable(_))), "{text:?}");
    }
    assert_eq!(log.erase("nobody at all", false, &mut to_the_end).unwrap().subjects, 0);
}

/// However it is written: as digits, with brackets, inside a longer text, in a piece of a long message.
#[test]
fn every_way_to_write_it_is_erased() {
    let log = Log::in_memory().unwrap();
    let lines = [
        r#"{"trace":1,"name":"ways","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#.to_owned(),
        r#"{"t":0,"api":"connect","args":[{"url":"pbx.local","login":"ivanov","password":"secret-canary"}]}"#
            .to_owned(),
        r#"{"t":1,"ws":"opened","url":"ws://pbx.local:80"}"#.to_owned(),
        r#"{"t":2,"in":["x",{"a":"call 8 (495) 111-22-33 back","b":84951112233,"c":"8495\u0031112233"}]}"#
            .to_owned(),
        r#"{"t":3,"in":["x",{"84951112233":["text of 84951112233."]}]}"#.to_owned(),
        r#"{"t":4,"in":"84951112233"}"#.to_owned(),
    ];
    log.import_trace((lines.join("\n") + "\n").as_bytes(), None).unwrap();
    let before = String::from_utf8(export(&log)).unwrap();
    assert!(!before.contains("secret-canary"), "a password has no business in a log");
    log.erase("+8 495 111-22-33", false, &mut to_the_end).unwrap();
    let after = String::from_utf8(export(&log)).unwrap();
    let digits: String = after.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '\\').collect();
    assert!(!digits.contains("4951112233") && !digits.contains("u0031112233"), "{after}");
    assert!(!after.contains("111-22-33"), "{after}");
}

/// A log with a trace of these lines behind its first, from the oktell level, and what is left of it in an export.
fn log_of(lines: &[&str]) -> Log {
    let log = Log::in_memory().unwrap();
    let head = [
        r#"{"trace":1,"name":"lines","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#,
        r#"{"t":0,"api":"connect","args":[{"url":"pbx.local","login":"ivanov","password":"p"}]}"#,
        r#"{"t":1,"ws":"opened","url":"ws://pbx.local:80"}"#,
    ];
    let trace: String = head.iter().chain(lines).flat_map(|line| [*line, "\n"]).collect();
    log.import_trace(trace.as_bytes(), None).unwrap();
    log
}

fn left(log: &Log) -> String {
    String::from_utf8(export(log)).unwrap()
}

#[test]
fn a_name_with_escapes_is_the_same_name() {
    let escaped = r#"{"t":2,"in":["x",{"a":"\u041f\u0435\u0442\u0440\u043e\u0432\u0430 \u0410"}]}"#;
    let longer = r#"{"t":4,"in":["x",{"a":"call \u041f\u0435\u0442\u0440\u043e\u0432\u0430 \u0410 back"}]}"#;
    // Escapes in the text of a string, which is how a server that quotes twice writes it.
    let twice =
        r#"{"t":5,"in":["x",{"a":"{\"b\":\"\\u041f\\u0435\\u0442\\u0440\\u043e\\u0432\\u0430 \\u0410\"}"}]}"#;
    let plain = r#"{"t":3,"in":["x",{"b":"Петрова А"}]}"#;
    let log = log_of(&[escaped, plain, longer, twice]);
    assert!(left(&log).contains("Петрова А") && left(&log).contains(r"\u041f"), "{}", left(&log));
    log.erase("Петрова А", false, &mut to_the_end).unwrap();
    assert!(!left(&log).contains("Петрова") && !left(&log).contains(r"u041f"), "{}", left(&log));
}

#[test]
fn a_number_is_erased_however_it_is_written_and_no_longer_one_with_it() {
    let ways = ["84951112233", "8 (495) 111-22-33", "+74951112233", "4951112233", "102 8.495.111.22.33"];
    let others = ["+79161234567", "849511122334", "1 84951112239", "9912345", "123456"];
    let lines: Vec<String> = ways
        .iter()
        .chain(&others)
        .map(|number| format!(r#"{{"t":2,"in":["x",{{"a":"{number}","b":"to {number}."}}]}}"#))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let log = log_of(&lines);
    assert_eq!(log.erase("12345", false, &mut to_the_end).unwrap().subjects, 0);
    log.erase("+8 495 111-22-33", false, &mut to_the_end).unwrap();
    let left = left(&log);
    for way in ways {
        assert!(
            !left.contains(&format!("{way}\\\"")) && !left.contains(&format!("to {way}.")),
            "{way}: {left}"
        );
    }
    for other in others {
        assert!(left.contains(&format!("to {other}.")), "{other}");
    }
}

/// Outside of strings a text is cut into words, each sealed for itself.
#[test]
fn a_name_in_several_words_of_a_text_is_erased_and_its_neighbours_stay() {
    let log = Log::in_memory().unwrap();
    let mut recorder = Recorder::begin(&log, &line()).unwrap();
    for text in [
        "[Иванов, Петрова Анна, Сидоров",
        "[Кузнецов 8 495 111-22-33 ]",
        r#"["x",{"userstateid":105,"callerid":"103"}]"#,
    ] {
        recorder.handle(&frame(text)).unwrap();
    }
    for (text, part) in [("Петрова Анна", "Анна"), ("84951112233", "111-22-33")] {
        assert!(left(&log).contains(part), "{}", left(&log));
        let erased = log.erase(text, false, &mut to_the_end).unwrap();
        assert_eq!((erased.records, erased.subjects), (1, 2), "{text}");
        assert!(!left(&log).contains(part), "{}", left(&log));
    }
    // What the protocol keeps for its own words is nobody's.
    assert_eq!(log.erase("105", false, &mut to_the_end).unwrap().subjects, 0);
    for other in ["Иванов", "Сидоров", "Кузнецов", "103"] {
        assert!(left(&log).contains(other), "{other}: {}", left(&log));
    }
}

fn line() -> StreamInfo {
    StreamInfo::new("line", Config::live(), Timestamp::from_millis(0))
}

fn frame(text: &str) -> Input<'_> {
    let kind = InputKind::Frame { socket: SocketId(1), text: FrameText::from_wire(text).0 };
    Input { at: Timestamp::from_millis(1), kind }
}

#[test]
fn keys_that_nothing_needs_go_with_whoever_is_erased() {
    let log = Log::in_memory().unwrap();
    let mut keys = log.store().keys();
    let mut orphan = |text: &str| keys.seal(text, text).unwrap().0;
    let first = orphan("left behind");
    let mut writer = log.begin(&line()).unwrap();
    let (mut machine, mut outcome) = (Machine::new(Config::live()), Outcome::default());
    let input = frame(r#"["x",{"callerid":"Сидоров"}]"#);
    machine.handle(&input, &mut outcome);
    writer.stage(&input, &machine, &outcome).unwrap();
    // What is staged needs its keys, and nobody sees which.
    log.erase("nobody at all", true, &mut to_the_end).unwrap();
    log.erase("nobody at all", false, &mut to_the_end).unwrap();
    assert_eq!(log.store().keys().subject(first), Subject::Kept);
    writer.commit().unwrap();
    log.erase("nobody at all", true, &mut to_the_end).unwrap();
    assert_eq!(log.store().keys().subject(first), Subject::Kept, "a dry run destroys nothing");
    log.erase("nobody at all", false, &mut to_the_end).unwrap();
    assert_eq!(log.store().keys().subject(first), Subject::Erased);
    assert!(left(&log).contains("Сидоров") && left(&log).contains("\"line\""));
    // Records that were given up are none.
    writer.stage(&input, &machine, &outcome).unwrap();
    drop(writer);
    let second = orphan("left behind");
    log.erase("nobody at all", false, &mut to_the_end).unwrap();
    assert_eq!(log.store().keys().subject(second), Subject::Erased);
}

#[test]
fn who_asks_for_calls_and_who_records_meanwhile_waits_and_goes_on() {
    let log = Log::in_memory().unwrap();
    log.import_trace(session("hold-and-back").as_slice(), Some("before")).unwrap();
    let mut recorder = Recorder::begin(&log, &line()).unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for _ in 0..300 {
                recorder.handle(&frame(r#"["x",{"callerid":"Сидоров"}]"#)).unwrap();
            }
        });
        threads.spawn(|| {
            for _ in 0..50 {
                // What is derived may be gone again before it is read.
                let _ = log.calls(&CallQuery::default());
            }
        });
        for name in ["+79161234567", "Сидоров", "nobody at all"].iter().cycle().take(30) {
            log.erase(name, false, &mut to_the_end).unwrap();
        }
    });
    log.erase("Сидоров", false, &mut to_the_end).unwrap();
    assert!(!left(&log).contains("Сидоров"));
    assert!(!log.calls(&CallQuery::default()).unwrap().is_empty());
    for stream in log.streams().unwrap() {
        assert!(log.verify(stream.id, &VerifyOptions::default(), &mut to_the_end).unwrap().is_good());
    }
}

#[test]
fn a_machine_that_still_runs_brings_nobody_back_by_its_snapshots() {
    let log = Log::in_memory().unwrap();
    let mut recorder = Recorder::begin(&log, &line()).unwrap();
    let connect = InputKind::Command(Command::Connect(Endpoint {
        addresses: vec!["pbx.local:4066".into()],
        login: "petrova.anna".into(),
        credential: Credential::Password(CredentialHandle(1)),
        workplace: None,
        expires: None,
    }));
    recorder.handle(&Input { at: Timestamp::from_millis(0), kind: connect }).unwrap();
    let stream = recorder.stream();
    assert!(format!("{:?}", log.as_of(stream, Instant::Seq(1)).unwrap()).contains("petrova.anna"));
    log.erase("petrova.anna", false, &mut to_the_end).unwrap();
    for _ in 0..1_100 {
        recorder.handle(&frame(r#"["x",{"callerid":"Сидоров"}]"#)).unwrap();
    }
    let then = format!("{:?}", log.as_of(stream, Instant::Seq(1_101)).unwrap());
    assert!(!then.contains("petrova"), "{then}");
    assert!(then.contains("snapshot: None") && has_erased(&then), "{then}");
    // Who reads the log anew has nothing that was erased, and may keep snapshots.
    drop(recorder);
    let mut recorder = Recorder::resume(&log, stream).unwrap();
    for _ in 0..1_000 {
        recorder.handle(&frame(r#"["x",{"callerid":"Сидоров"}]"#)).unwrap();
    }
    let then = log.as_of(stream, Instant::Seq(2_101)).unwrap();
    assert!(then.snapshot == Some(2_101) && !format!("{then:?}").contains("petrova"), "{then:?}");
}
