//! Finding, lint, diff and report through C say what they say in Rust, byte for byte: over every recorded session, over logs
//! that differ, and over one that is damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::{fs, ptr, slice};

use callfold::calls::{Outcome as CallOutcome, json as words};
use callfold::diff::{DiffQuery, DiffSummary, StreamDifference};
use callfold::lint::{LintQuery, LintSummary, OddityKind};
use callfold::log::{
    CallQuery, FindQuery, Log, Options, StreamId, StreamInfo, hush_caught_panics, to_the_end,
};
use callfold::problem::ProblemCode;
use callfold::report::ReportOptions;
use callfold::{Event, Machine, Outcome, Span, Timestamp};
use callfold_ffi::*;
use callfold_store::{Append, NewRecord};
use serde_json::{Value, json};
use tempfile::TempDir;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn sessions() -> Vec<PathBuf> {
    let all = ["named", "random"].map(|directory| fs::read_dir(vectors().join(directory)).unwrap());
    let mut all: Vec<_> = all.into_iter().flatten().map(|file| file.unwrap().path()).collect();
    all.sort();
    assert!(all.len() > 90);
    all
}

fn session(name: &str) -> PathBuf {
    vectors().join("named").join(name).with_extension("jsonl")
}

// ---- C's side ----

fn text(text: &str) -> callfold_str {
    callfold_str { data: text.as_ptr().cast(), length: text.len() }
}

const NOTHING: callfold_str = callfold_str { data: ptr::null(), length: 0 };
const NO_LOG: callfold_log = callfold_log { handle: 0 };

/// A structure as C begins one: its size, and zeros.
fn begun<T>() -> T {
    let mut all = MaybeUninit::<T>::zeroed();
    // SAFETY: it is one of those that begin with their size, and may be zero.
    unsafe {
        all.as_mut_ptr().cast::<usize>().write(size_of::<T>());
        all.assume_init()
    }
}

fn flag() -> callfold_flag {
    callfold_flag(1)
}

#[track_caller]
fn made<T>(make: impl FnOnce(Option<&mut MaybeUninit<T>>) -> u32) -> T {
    let mut out = MaybeUninit::uninit();
    let result = make(Some(&mut out));
    assert_eq!(result, 0, "{}", why());
    // SAFETY: it was filled in, as the result says.
    unsafe { out.assume_init() }
}

fn read(text: callfold_str) -> String {
    if text.length == 0 {
        return String::new();
    }
    // SAFETY: what it is borrowed from was not freed yet.
    let bytes = unsafe { slice::from_raw_parts(text.data.cast::<u8>(), text.length) };
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn taken(buffer: callfold_buffer) -> String {
    let all = read(made(|text| callfold_buffer_borrow(buffer, text)));
    assert_eq!(callfold_buffer_free(buffer), 0);
    all
}

fn why() -> String {
    taken(made(|json| callfold_error_json(json)))
}

/// That a call was refused so, and which argument its message names.
#[track_caller]
fn refused(result: u32, code: ProblemCode, culprit: &str) {
    assert_eq!((result, why().contains(culprit)), (u32::from(code.number()), true), "{}", why());
}

// ---- the same log twice ----

/// A log of which C and Rust have one each, with the same sessions.
struct Both {
    c: callfold_log,
    rust: Log,
}

impl Both {
    fn of(files: &[PathBuf]) -> Self {
        let (c, rust) = (made(|log| callfold_log_new(log)), Log::in_memory().unwrap());
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let path = text(file.to_str().unwrap());
            assert_eq!(callfold_log_import(c, path, text(name), None, None), 0, "{}", why());
            rust.import_trace(&fs::read(file).unwrap()[..], Some(name)).unwrap();
        }
        Self { c, rust }
    }

    /// All sessions, and one more of another agent.
    fn of_all() -> Self {
        let directory = TempDir::new().unwrap();
        let of_petrova = directory.path().join("petrova.jsonl");
        let of_ivanov = fs::read_to_string(session("hold-and-back")).unwrap();
        fs::write(&of_petrova, of_ivanov.replace("\"login\":\"ivanov\"", "\"login\":\"petrova\"")).unwrap();
        Self::of(&[sessions(), vec![of_petrova]].concat())
    }

    fn line(&self, stream: StreamId, name: &str, value: &Value) -> String {
        let stream = self.rust.streams().unwrap().into_iter().find(|known| known.id == stream).unwrap();
        let line = json!({ "stream": stream.info.name.as_str(), "number": stream.id.0, name: value });
        format!("{line}\n")
    }

    fn stream(&self, name: &str) -> StreamId {
        self.rust.stream(name).unwrap().id
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        assert_eq!(callfold_log_free(self.c), 0);
    }
}

// ---- find ----

/// What both say of a question; how many were found.
#[track_caller]
fn found_by_both(both: &Both, query: &callfold_find_query, same: &FindQuery) -> usize {
    let found = both.rust.find(same).unwrap();
    let wanted: String =
        found.calls.iter().map(|found| both.line(found.stream, "call", &words::call(&found.call))).collect();
    let mut report = MaybeUninit::uninit();
    let lines = made(|json| callfold_log_find_json(both.c, query, None, Some(&mut report), json));
    assert_eq!(taken(lines), wanted, "{same:?}");
    // SAFETY: it was filled in, as the result says.
    let report = unsafe { report.assume_init() };
    assert_eq!((report.total, report.damaged), (found.total as u64, 0));

    let calls = made(|calls| callfold_log_find(both.c, query, None, calls, None));
    for found in &found.calls {
        let call = made(|call| callfold_calls_next(calls, call));
        assert_eq!(
            (read(call.id), call.began.at),
            (found.call.id.as_str().to_owned(), found.call.began.at.as_micros())
        );
        let told = taken(made(|json| callfold_calls_json(calls, json)));
        assert_eq!(told, words::call(&found.call).to_string());
    }
    assert_eq!(callfold_calls_next(calls, Some(&mut MaybeUninit::uninit())), 1);
    assert_eq!(callfold_calls_damage(calls, 0, Some(&mut MaybeUninit::uninit())), 1);
    assert_eq!(callfold_calls_free(calls), 0);
    found.total
}

#[test]
fn every_filter_finds_what_it_finds_in_rust() {
    let both = Both::of_all();
    let all = found_by_both(&both, &begun(), &FindQuery::default());
    assert_eq!(all, both.rust.calls(&CallQuery::default()).unwrap().len());
    let calls = both.rust.calls(&CallQuery::default()).unwrap();
    let middle = calls[calls.len() / 2].call.began.at;
    let outcomes = [CALLFOLD_ABANDONED, CALLFOLD_BUSY];

    type Ask<'a> = Box<dyn Fn(&mut callfold_find_query, &mut FindQuery) + 'a>;
    let questions: [(&str, Ask<'_>); 13] = [
        (
            "stream",
            Box::new(|c, rust| {
                c.stream = text("hold-and-back");
                rust.stream = Some(both.stream("hold-and-back"));
            }),
        ),
        (
            "agent",
            Box::new(|c, rust| {
                c.agent = text("petrova");
                rust.agent = Some("petrova".to_owned());
            }),
        ),
        (
            "from",
            Box::new(|c, rust| {
                (c.from, c.has_from) = (middle.as_micros(), flag());
                rust.from = Some(middle);
            }),
        ),
        (
            "to",
            Box::new(|c, rust| {
                (c.to, c.has_to) = (middle.as_micros(), flag());
                rust.to = Some(middle);
            }),
        ),
        (
            "number",
            Box::new(|c, rust| {
                c.number = text("8 (916) 123-45-67");
                rust.number = Some("8 (916) 123-45-67".to_owned());
            }),
        ),
        (
            "part of a number",
            Box::new(|c, rust| {
                c.number = text("*4567");
                rust.number = Some("*4567".to_owned());
            }),
        ),
        (
            "name",
            Box::new(|c, rust| {
                c.name = text("ПЕТР");
                rust.name = Some("ПЕТР".to_owned());
            }),
        ),
        (
            "outcomes",
            Box::new(|c, rust| {
                (c.outcomes, c.outcomes_count) = (outcomes.as_ptr(), outcomes.len());
                rust.outcomes = vec![CallOutcome::Abandoned, CallOutcome::Busy];
            }),
        ),
        (
            "at_least",
            Box::new(|c, rust| {
                (c.at_least, c.has_at_least) = (9_000_000, flag());
                rust.at_least = Some(Span::from_secs(9));
            }),
        ),
        (
            "at_most",
            Box::new(|c, rust| {
                (c.at_most, c.has_at_most) = (9_000_000, flag());
                rust.at_most = Some(Span::from_secs(9));
            }),
        ),
        ("held", Box::new(|c, rust| (c.held, rust.held) = (flag(), true))),
        ("transferred", Box::new(|c, rust| (c.transferred, rust.transferred) = (flag(), true))),
        ("irregular", Box::new(|c, rust| (c.irregular, rust.irregular) = (flag(), true))),
    ];
    for (name, ask) in &questions {
        let (mut query, mut same) = (begun(), FindQuery::default());
        ask(&mut query, &mut same);
        let found = found_by_both(&both, &query, &same);
        assert!(found > 0 && found < all, "{name}: {found} of {all}");
        // The latest of them.
        (query.most, same.most) = (1, Some(1));
        assert_eq!(found_by_both(&both, &query, &same), found, "{name}");
        // And only those of which this is so, too.
        ask(&mut query, &mut same);
        (query.held, same.held) = (flag(), true);
        found_by_both(&both, &query, &same);
    }
    let (mut query, mut same) = (begun::<callfold_find_query>(), FindQuery::default());
    (query.agent, same.agent) = (text("nobody"), Some("nobody".to_owned()));
    assert_eq!(found_by_both(&both, &query, &same), 0);
    (query.agent, query.number, same.agent, same.number) =
        (NOTHING, text("000"), None, Some("000".to_owned()));
    assert_eq!(found_by_both(&both, &query, &same), 0);
}

#[test]
fn what_cannot_be_looked_for_is_refused_by_its_name() {
    let both = Both::of(&[session("hold-and-back")]);
    let find = |query: &callfold_find_query| {
        let calls = callfold_log_find(both.c, query, None, Some(&mut MaybeUninit::uninit()), None);
        let json = callfold_log_find_json(both.c, query, None, None, Some(&mut MaybeUninit::uninit()));
        assert_eq!(calls, json);
        calls
    };
    let mut query = begun::<callfold_find_query>();
    query.stream = text("nobody");
    refused(find(&query), ProblemCode::NoStream, "nobody");
    query = begun();
    (query.from, query.to, query.has_from, query.has_to) = (5, 5, flag(), flag());
    refused(find(&query), ProblemCode::BadRange, "query.from");
    query.to = 4;
    refused(find(&query), ProblemCode::BadRange, "query.from");
    query.has_to = callfold_flag(0);
    assert_eq!(callfold_log_find_json(both.c, &query, None, None, Some(&mut MaybeUninit::uninit())), 0);
    query = begun();
    (query.at_least, query.at_most, query.has_at_least, query.has_at_most) = (2, 1, flag(), flag());
    refused(find(&query), ProblemCode::BadRange, "query.at_least");
    query = begun();
    let outcomes = [CALLFOLD_ABANDONED, 99];
    (query.outcomes, query.outcomes_count) = (outcomes.as_ptr(), 2);
    refused(find(&query), ProblemCode::UnknownName, "query.outcomes: 99");
    query.outcomes = ptr::null();
    refused(find(&query), ProblemCode::NullPointer, "query.outcomes");
    type Text = fn(&mut callfold_find_query) -> &mut callfold_str;
    let texts: [(&str, Text); 4] = [
        ("stream", |query| &mut query.stream),
        ("query.agent", |query| &mut query.agent),
        ("query.number", |query| &mut query.number),
        ("query.name", |query| &mut query.name),
    ];
    for (name, bad) in texts {
        query = begun();
        *bad(&mut query) = callfold_str { data: [0xff_u8].as_ptr().cast(), length: 1 };
        refused(find(&query), ProblemCode::NotUtf8, name);
    }
}

#[test]
fn calls_near_to_one_that_is_not_there_are_those_of_rust() {
    let both = Both::of_all();
    let near = |stream: callfold_str, wanted: &str| -> Vec<String> {
        let calls = made(|calls| callfold_log_near(both.c, stream, text(wanted), None, calls));
        let mut ids = Vec::new();
        let mut call = MaybeUninit::uninit();
        while callfold_calls_next(calls, Some(&mut call)) == 0 {
            // SAFETY: it was filled in, as the result says.
            ids.push(read(unsafe { call.assume_init() }.id));
        }
        assert_eq!(callfold_calls_free(calls), 0);
        ids
    };
    let hold = both.stream("hold-and-back");
    for wanted in
        ["d6c8232d", "D6C8232D-4e4a-48bb-954e-000000000000", "+79161234567", "петр", "record:90", "zz"]
    {
        for (stream, name) in [(None, NOTHING), (Some(hold), text("hold-and-back"))] {
            let told = both.rust.near(stream, wanted).unwrap();
            let told: Vec<_> = told.iter().map(|found| found.call.id.as_str().to_owned()).collect();
            assert_eq!(near(name, wanted), told, "{wanted}");
            assert_eq!(told.is_empty(), wanted == "zz" || (stream.is_some() && wanted == "петр"), "{wanted}");
        }
    }
    let mut out = MaybeUninit::uninit();
    refused(
        callfold_log_near(both.c, text("nobody"), text("d6c8"), None, Some(&mut out)),
        ProblemCode::NoStream,
        "nobody",
    );
    refused(
        callfold_log_near(both.c, NOTHING, NOTHING, None, Some(&mut out)),
        ProblemCode::NullPointer,
        "wanted",
    );
}

// ---- lint ----

#[track_caller]
fn linted_by_both(both: &Both, query: &callfold_lint_query, same: &LintQuery) -> LintSummary {
    let (mut wanted, mut all) = (String::new(), Vec::new());
    let summary = both.rust.lint(same, &mut to_the_end, &mut |oddity| {
        wanted += &both.line(oddity.stream, "oddity", &oddity.json());
        all.push(oddity.clone());
        Ok(())
    });
    let summary = summary.unwrap();
    wanted += &format!("{}\n", json!({ "summary": summary.json() }));
    let mut report = MaybeUninit::uninit();
    let lines = made(|json| callfold_log_lint_json(both.c, query, None, Some(&mut report), json));
    assert_eq!(taken(lines), wanted, "{same:?}");
    // SAFETY: it was filled in, as the result says.
    let report = unsafe { report.assume_init() };
    assert_eq!(
        (report.streams, report.records, report.found, report.is_damaged),
        (summary.streams, summary.records, summary.found, summary.is_damaged())
    );
    for (place, count) in report.of.iter().enumerate() {
        let kind = place.checked_sub(1).and_then(|place| OddityKind::ALL.get(place));
        let there = kind.and_then(|kind| summary.by_kind.get(kind)).copied();
        assert_eq!(*count, there.unwrap_or_default(), "{place}");
    }

    let oddities = made(|oddities| callfold_log_lint(both.c, query, None, oddities, None));
    for oddity in &all {
        let told = made(|told| callfold_oddities_next(oddities, told));
        assert_eq!(
            told.kind as usize,
            OddityKind::ALL.iter().position(|kind| *kind == oddity.kind).unwrap() + 1
        );
        assert_eq!(read(told.stream), both.rust.info(oddity.stream).unwrap().name.as_str());
        assert_eq!((told.at, told.seq), (oddity.at.at.as_micros(), oddity.at.seq));
        // SAFETY: they are borrowed from the iterator, which is not freed yet.
        let records = unsafe { slice::from_raw_parts(told.records, told.records_count) };
        assert_eq!(records, oddity.records);
        assert_eq!(read(told.call), oddity.call.clone().unwrap_or_default());
        assert_eq!(told.has_command.then_some(told.command), oddity.command);
        assert_eq!(read(told.words), oddity.words);
        assert_eq!(taken(made(|json| callfold_oddities_json(oddities, json))), oddity.json().to_string());
    }
    assert_eq!(callfold_oddities_next(oddities, Some(&mut MaybeUninit::uninit())), 1);
    assert_eq!(callfold_oddities_free(oddities), 0);
    summary
}

#[test]
fn what_does_not_fit_is_what_does_not_fit_in_rust() {
    let both = Both::of_all();
    let all = linted_by_both(&both, &begun(), &LintQuery::default());
    assert!(all.found > 5 && all.by_kind.len() > 2, "{all:?}");
    for (place, kind) in OddityKind::ALL.into_iter().enumerate() {
        let (mut query, mut same) = (begun::<callfold_lint_query>(), LintQuery::default());
        let number = u32::try_from(place).unwrap() + 1;
        (query.kinds, query.kinds_count, same.kinds) = (&raw const number, 1, [kind].into());
        let found = linted_by_both(&both, &query, &same).found;
        assert_eq!(found, all.by_kind.get(&kind).copied().unwrap_or_default(), "{}", kind.text());
        let name = made(|name| callfold_word_name(ODDITIES, number, name));
        assert_eq!(read(name), kind.text());
    }
    let names = [text("call-errors"), text("hold-and-back")];
    let (mut query, mut same) = (begun::<callfold_lint_query>(), LintQuery::default());
    (query.streams, query.streams_count) = (names.as_ptr(), names.len());
    same.streams = vec![both.stream("call-errors"), both.stream("hold-and-back")];
    assert_eq!(linted_by_both(&both, &query, &same).streams, 2);

    let mut times = Vec::new();
    let each = &mut |oddity: &callfold::lint::Oddity| {
        times.push(oddity.at.at);
        Ok(())
    };
    both.rust.lint(&LintQuery::default(), &mut to_the_end, each).unwrap();
    times.sort();
    let middle = times[times.len() / 2];
    let (mut before, mut until) = (begun::<callfold_lint_query>(), LintQuery::default());
    (before.to, before.has_to, until.to) = (middle.as_micros(), flag(), Some(middle));
    let (mut after, mut from) = (begun::<callfold_lint_query>(), LintQuery::default());
    (after.from, after.has_from, from.from) = (middle.as_micros(), flag(), Some(middle));
    let halves = [linted_by_both(&both, &before, &until).found, linted_by_both(&both, &after, &from).found];
    assert!(halves[0] > 0 && halves[1] > 0 && halves[0] + halves[1] == all.found, "{halves:?}");
}

/// `CALLFOLD_WORDS_ODDITY_KIND` of the header.
const ODDITIES: u32 = 18;
/// `CALLFOLD_CALL_OUTCOME_ABANDONED` and `_BUSY`.
const CALLFOLD_ABANDONED: u32 = 4;
const CALLFOLD_BUSY: u32 = 7;

#[test]
fn what_cannot_be_linted_or_compared_is_refused_by_its_name() {
    let both = Both::of(&[session("hold-and-back")]);
    let lint = |query: &callfold_lint_query| {
        let oddities = callfold_log_lint(both.c, query, None, Some(&mut MaybeUninit::uninit()), None);
        let json = callfold_log_lint_json(both.c, query, None, None, Some(&mut MaybeUninit::uninit()));
        assert_eq!(oddities, json);
        oddities
    };
    let (nobody, bad) = (text("nobody"), callfold_str { data: [0xff_u8].as_ptr().cast(), length: 1 });
    let mut query = begun::<callfold_lint_query>();
    (query.streams, query.streams_count) = (&raw const nobody, 1);
    refused(lint(&query), ProblemCode::NoStream, "nobody");
    query.streams = &raw const bad;
    refused(lint(&query), ProblemCode::NotUtf8, "query.streams");
    query.streams = ptr::null();
    refused(lint(&query), ProblemCode::NullPointer, "query.streams");
    for unknown in [0, 19, u32::MAX] {
        query = begun();
        (query.kinds, query.kinds_count) = (&raw const unknown, 1);
        refused(lint(&query), ProblemCode::UnknownName, "query.kinds");
    }
    query = begun();
    (query.from, query.to, query.has_from, query.has_to) = (5, 5, flag(), flag());
    refused(lint(&query), ProblemCode::BadRange, "query.from");

    let diff = |with: callfold_log, query: &callfold_diff_query| {
        callfold_log_diff_json(both.c, with, query, None, None, Some(&mut MaybeUninit::uninit()))
    };
    let mut query = begun::<callfold_diff_query>();
    (query.streams, query.streams_count) = (&raw const nobody, 1);
    refused(diff(NO_LOG, &query), ProblemCode::NoStream, "nobody");
    query.streams = &raw const bad;
    refused(diff(NO_LOG, &query), ProblemCode::NotUtf8, "query.streams");
    let freed = made(|log| callfold_log_new(log));
    assert_eq!(callfold_log_free(freed), 0);
    refused(diff(freed, &begun()), ProblemCode::BadHandle, "callfold_log");
}

// ---- diff ----

/// A store in a directory of its own, made in Rust and opened in C; and the same in Rust, in memory.
struct Stored {
    c: callfold_log,
    _directory: TempDir,
}

impl Stored {
    fn made(make: impl FnOnce(&Log)) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("store");
        let mut options = Options::default();
        options.create = true;
        let (log, _) = Log::open(&path, options).unwrap();
        make(&log);
        log.sync().unwrap();
        drop(log);
        let c = made(|log| callfold_log_open(text(path.to_str().unwrap()), ptr::null(), log));
        Self { c, _directory: directory }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        assert_eq!(callfold_log_free(self.c), 0);
    }
}

/// The first stream of a log in another one, with what was decided on some records changed; `keeps` of its records.
fn retell(of: &Log, into: &Log, keeps: u64, change: impl Fn(u64, &mut Vec<Event>)) {
    let stream = &of.streams().unwrap()[0];
    let info = StreamInfo::new(stream.info.name.as_str(), stream.info.config.clone(), stream.info.began);
    let mut writer = into.begin(&info).unwrap();
    let mut machine = Machine::new(stream.info.config.clone());
    let mut outcome = Outcome::default();
    for record in of.records(stream.id, 1) {
        let record = record.unwrap().record;
        if record.head.seq > keeps {
            break;
        }
        machine.handle(&record.input, &mut outcome);
        change(record.head.seq, &mut outcome.events);
        writer.stage(&record.input, &machine, &outcome).unwrap();
    }
    writer.commit().unwrap();
}

#[track_caller]
fn differs_by_both(
    (c, with): (callfold_log, callfold_log),
    (rust, other): (&Log, Option<&Log>),
    query: &callfold_diff_query,
    same: &DiffQuery,
) -> (String, DiffSummary) {
    let mut wanted = String::new();
    let mut each = |differs: &StreamDifference| {
        wanted += &format!("{}\n", differs.json());
        Ok(())
    };
    let summary = match other {
        Some(other) => rust.diff(other, same, &mut to_the_end, &mut each),
        None => rust.diff_today(same, &mut to_the_end, &mut each),
    };
    let summary = summary.unwrap();
    wanted += &format!("{}\n", json!({ "summary": summary.json() }));
    let mut report = MaybeUninit::uninit();
    let lines = made(|json| callfold_log_diff_json(c, with, query, None, Some(&mut report), json));
    assert_eq!(taken(lines), wanted);
    // SAFETY: it was filled in, as the result says.
    let report = unsafe { report.assume_init() };
    assert_eq!(
        (report.is_same, report.is_damaged, report.streams, report.records),
        (summary.is_same(), summary.damaged, summary.streams, summary.records)
    );
    assert_eq!((report.calls, report.differ, report.told), (summary.calls, summary.differ, summary.told));
    (wanted, summary)
}

#[test]
fn what_differs_is_what_differs_in_rust() {
    let both = Both::of_all();
    let (none, all) = (begun(), DiffQuery::default());
    let (_, summary) = differs_by_both((both.c, NO_LOG), (&both.rust, None), &none, &all);
    assert!(summary.is_same() && summary.calls > 100);
    let (_, summary) = differs_by_both((both.c, both.c), (&both.rust, Some(&both.rust)), &none, &all);
    assert!(summary.is_same() && summary.streams > 90);

    // Of one session the holds were forgotten, and its end; of others one side has nothing.
    let one = Both::of(&[session("hold-and-back")]);
    let forgets = |seq: u64, events: &mut Vec<Event>| {
        if seq > 60 {
            events.retain(|event| !event.name().starts_with("hold_"));
        }
    };
    let retold = Log::in_memory().unwrap();
    retell(&one.rust, &retold, 120, forgets);
    retold.import_trace(&fs::read(session("queue")).unwrap()[..], Some("queue")).unwrap();
    let stored = Stored::made(|log| {
        retell(&one.rust, log, 120, forgets);
        log.import_trace(&fs::read(session("queue")).unwrap()[..], Some("queue")).unwrap();
    });
    let (lines, summary) = differs_by_both((one.c, stored.c), (&one.rust, Some(&retold)), &none, &all);
    for what in ["\"call\":", "\"time\":", "\"events\":", "\"records\":", "\"missing\":\"one\""] {
        assert!(lines.contains(what), "{what}: {lines}");
    }
    assert!(summary.differ > 0);
    let (lines, _) = differs_by_both((stored.c, one.c), (&retold, Some(&one.rust)), &none, &all);
    assert!(lines.contains("\"missing\":\"other\""));
    let (lines, summary) = differs_by_both((stored.c, NO_LOG), (&retold, None), &none, &all);
    assert!(!summary.is_same() && lines.contains("\"events\":"), "{lines}");

    let name = text("queue");
    let (mut query, mut same) = (begun::<callfold_diff_query>(), DiffQuery::default());
    (query.streams, query.streams_count) = (&raw const name, 1);
    same.streams = vec![retold.stream("queue").unwrap().id];
    let (_, summary) = differs_by_both((stored.c, NO_LOG), (&retold, None), &query, &same);
    assert!(summary.is_same() && summary.streams == 1);
}

// ---- report ----

#[track_caller]
fn reported_by_both(both: &Both, options: &callfold_report_options, same: &ReportOptions) -> Value {
    let made_in_rust = both.rust.report(same, &mut to_the_end).unwrap();
    let mut told = MaybeUninit::uninit();
    let json = taken(made(|json| callfold_log_report_json(both.c, options, None, Some(&mut told), json)));
    assert_eq!(json, serde_json::to_string(&made_in_rust).unwrap(), "{same:?}");
    let html = taken(made(|html| callfold_log_report_html(both.c, options, None, None, html)));
    assert!(html == made_in_rust.html() && html.starts_with("<!DOCTYPE html>"), "{same:?}");
    // SAFETY: it was filled in, as the result says.
    let told = unsafe { told.assume_init() };
    assert_eq!(
        (told.lines, told.damaged, told.unknown_agents),
        (made_in_rust.lines, 0, made_in_rust.unknown_agents.len() as u64)
    );
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_report_is_the_report_of_rust_as_json_and_as_a_page() {
    let both = Both::of_all();
    let all = reported_by_both(&both, &begun(), &ReportOptions::default());
    let offered = |report: &Value| report["floor"]["inbound"]["offered"]["count"].as_u64().unwrap();
    assert!(offered(&all) > 5, "{}", offered(&all));
    let began = both.rust.calls(&CallQuery::default()).unwrap();
    let middle = began[began.len() / 2].call.began.at;
    let agents = [text("petrova"), text("nobody")];

    type Ask<'a> = Box<dyn Fn(&mut callfold_report_options, &mut ReportOptions) + 'a>;
    let questions: [Ask<'_>; 9] = [
        Box::new(|c, rust| {
            (c.from, c.has_from, rust.from) = (middle.as_micros(), flag(), Some(middle));
        }),
        Box::new(|c, rust| {
            (c.to, c.has_to, rust.to) = (middle.as_micros(), flag(), Some(middle));
        }),
        Box::new(|c, rust| {
            (c.agents, c.agents_count) = (agents.as_ptr(), agents.len());
            rust.agents = vec!["petrova".to_owned(), "nobody".to_owned()];
        }),
        Box::new(|c, rust| (c.offset_seconds, rust.offset) = (-12_600, -12_600)),
        Box::new(|c, rust| {
            (c.threshold, c.has_threshold, rust.threshold) = (1_000, flag(), Span::from_millis(1));
        }),
        Box::new(|c, rust| {
            (c.short_abandon, c.has_short_abandon) = (3_600_000_000, flag());
            rust.short_abandon = Span::from_secs(3_600);
        }),
        // None is short.
        Box::new(|c, rust| (c.has_short_abandon, rust.short_abandon) = (flag(), Span::ZERO)),
        Box::new(|c, rust| (c.listed, c.has_listed, rust.listed) = (2, flag(), 2)),
        Box::new(|c, rust| (c.has_longest, rust.longest) = (flag(), 0)),
    ];
    for ask in questions {
        let (mut options, mut same) = (begun(), ReportOptions::default());
        ask(&mut options, &mut same);
        assert_ne!(reported_by_both(&both, &options, &same), all, "{same:?}");
    }

    // All time that there is.
    let (mut options, mut same) = (begun::<callfold_report_options>(), ReportOptions::default());
    (options.from, options.has_from) = (i64::MIN, flag());
    (options.to, options.has_to) = (i64::MAX, flag());
    same.from = Some(Timestamp::from_micros(i64::MIN));
    same.to = Some(Timestamp::from_micros(i64::MAX));
    assert_eq!(reported_by_both(&both, &options, &same)["floor"], all["floor"]);

    // A time in which nothing was, and a log in which nothing is.
    let (mut options, mut same) = (begun::<callfold_report_options>(), ReportOptions::default());
    (options.to, options.has_to, same.to) = (1, flag(), Some(Timestamp::from_micros(1)));
    (options.has_from, same.from) = (flag(), Some(Timestamp::from_micros(0)));
    assert_eq!(offered(&reported_by_both(&both, &options, &same)), 0);
    let report = reported_by_both(&Both::of(&[]), &begun(), &ReportOptions::default());
    assert_eq!((offered(&report), &report["lines"]), (0, &0.into()));
}

#[test]
fn what_cannot_be_reported_is_refused_by_its_name() {
    let both = Both::of(&[session("hold-and-back")]);
    let report = |options: &callfold_report_options| {
        let json = callfold_log_report_json(both.c, options, None, None, Some(&mut MaybeUninit::uninit()));
        let html = callfold_log_report_html(both.c, options, None, None, Some(&mut MaybeUninit::uninit()));
        assert_eq!(json, html);
        json
    };
    let mut options = begun::<callfold_report_options>();
    (options.from, options.to, options.has_from, options.has_to) = (5, 4, flag(), flag());
    refused(report(&options), ProblemCode::BadRange, "options.from");
    options = begun();
    options.offset_seconds = 86_401;
    refused(report(&options), ProblemCode::BadRange, "UTC");
    options = begun();
    (options.threshold, options.has_threshold) = (-1, flag());
    refused(report(&options), ProblemCode::BadRange, "options.threshold");
    options = begun();
    (options.short_abandon, options.has_short_abandon) = (i64::MIN, flag());
    refused(report(&options), ProblemCode::BadRange, "options.short_abandon");
    let bad = callfold_str { data: [0xff_u8].as_ptr().cast(), length: 1 };
    options = begun();
    (options.agents, options.agents_count) = (&raw const bad, 1);
    refused(report(&options), ProblemCode::NotUtf8, "options.agents");
    options.agents = ptr::null();
    refused(report(&options), ProblemCode::NullPointer, "options.agents");
}

// ---- damage ----

/// A log with a sound stream and one whose last record cannot be read: its chain holds, so that the store opens, but its
/// bytes end too soon.
fn damage(log: &Log) {
    let session = fs::read(session("incoming-answered")).unwrap();
    log.import_trace(&session[..], Some("sound")).unwrap();
    // One record more, of which the end is missing.
    let whole = Log::in_memory().unwrap();
    whole.import_trace(&session[..], Some("whole")).unwrap();
    let last = whole.streams().unwrap()[0].head;
    retell(&whole, log, last.seq - 1, |_, _| ());
    let stream = log.stream("whole").unwrap();
    let mut blocks = whole.store().blocks(StreamId(0), last.seq);
    let block = blocks.next().unwrap().unwrap();
    let record = block.records().last().unwrap().unwrap();
    let bytes = record.bytes[..record.bytes.len() / 2].to_vec();
    let (hash, at) = (stream.head.hash.after(&bytes), last.at.unwrap());
    let records = vec![NewRecord { bytes, hash, at }];
    log.store().append(&[Append { stream: stream.id, first: last.seq, records }]).unwrap();
}

#[test]
fn of_a_damaged_log_what_is_sound_is_told_and_the_damage_is_named() {
    hush_caught_panics();
    let damaged = Stored::made(damage);
    let rust = Log::in_memory().unwrap();
    damage(&rust);
    let store_damaged = u32::from(ProblemCode::StoreDamaged.number());

    let wanted = rust.find(&FindQuery::default()).unwrap();
    assert_eq!((wanted.total, wanted.damaged.len()), (2, 1), "the call of either stream");
    let mut found = MaybeUninit::uninit();
    let calls = made(|calls| callfold_log_find(damaged.c, ptr::null(), None, calls, Some(&mut found)));
    // SAFETY: it was filled in, as the result says.
    let found = unsafe { found.assume_init() };
    assert_eq!((found.total, found.damaged), (2, 1));
    let damage = made(|damage| callfold_calls_damage(calls, 0, damage));
    assert_eq!((read(damage.stream), damage.result), ("whole".to_owned(), store_damaged));
    assert_eq!(read(damage.text), wanted.damaged[0].1.to_string());
    assert_eq!(callfold_calls_damage(calls, 1, Some(&mut MaybeUninit::uninit())), 1);
    for _ in 0..2 {
        made(|call| callfold_calls_next(calls, call));
    }
    assert_eq!(callfold_calls_next(calls, Some(&mut MaybeUninit::uninit())), 1);
    assert_eq!(callfold_calls_free(calls), 0);
    let lines = taken(made(|json| callfold_log_find_json(damaged.c, ptr::null(), None, None, json)));
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &last["stream"]), (3, &"whole".into()));
    assert_eq!(last["damage"]["code"], store_damaged);

    let summary = rust.lint(&LintQuery::default(), &mut to_the_end, &mut |_| Ok(())).unwrap();
    assert!(summary.is_damaged());
    // Whatever is asked for.
    let (mut query, bound_hit) = (begun::<callfold_lint_query>(), 17);
    (query.kinds, query.kinds_count) = (&raw const bound_hit, 1);
    let mut told = MaybeUninit::uninit();
    let oddities = made(|oddities| callfold_log_lint(damaged.c, &query, None, oddities, Some(&mut told)));
    // SAFETY: it was filled in, as the result says.
    let told = unsafe { told.assume_init() };
    assert_eq!((told.is_damaged, told.found, told.of[1], told.records), (true, 1, 1, summary.records));
    let oddity = made(|oddity| callfold_oddities_next(oddities, oddity));
    assert_eq!((oddity.kind, read(oddity.stream)), (1, "whole".to_owned()));
    assert_eq!(callfold_oddities_free(oddities), 0);

    let (lines, summary) =
        differs_by_both((damaged.c, NO_LOG), (&rust, None), &begun(), &DiffQuery::default());
    assert!(summary.damaged && lines.contains("\"damaged\":{\"side\":\"one\""), "{lines}");

    let wanted = rust.report(&ReportOptions::default(), &mut to_the_end).unwrap();
    assert!(wanted.is_damaged() && wanted.floor.inbound.offered.count > 0);
    let mut told = MaybeUninit::uninit();
    let json = made(|json| callfold_log_report_json(damaged.c, ptr::null(), None, Some(&mut told), json));
    assert_eq!(taken(json), serde_json::to_string(&wanted).unwrap());
    // SAFETY: it was filled in, as the result says.
    let told = unsafe { told.assume_init() };
    assert_eq!((told.lines, told.damaged), (2, 1));
    let html = made(|html| callfold_log_report_html(damaged.c, ptr::null(), None, None, html));
    assert_eq!(taken(html), wanted.html());
}

// ---- broken off ----

extern "C" fn give_up(user: *mut c_void, _: u64, _: u64) -> callfold_flag {
    // SAFETY: it is the counter of the test below, which waits for the call that this is made in.
    unsafe { *user.cast::<u32>() += 1 };
    callfold_flag(0)
}

#[test]
fn long_work_is_broken_off_when_it_is_asked_to() {
    let both = Both::of(&[session("hold-and-back")]);
    let mut asked = 0_u32;
    let progress = callfold_progress { function: Some(give_up), user: (&raw mut asked).cast() };
    let progress = Some(&progress);
    let interrupted = u32::from(ProblemCode::Interrupted.number());
    let mut buffer = MaybeUninit::uninit();
    let mut calls = MaybeUninit::uninit();
    for (number, result) in [
        callfold_log_find(both.c, ptr::null(), progress, Some(&mut calls), None),
        callfold_log_find_json(both.c, ptr::null(), progress, None, Some(&mut buffer)),
        callfold_log_near(both.c, NOTHING, text("d6c8"), progress, Some(&mut calls)),
        callfold_log_report_json(both.c, ptr::null(), progress, None, Some(&mut buffer)),
        callfold_log_report_html(both.c, ptr::null(), progress, None, Some(&mut buffer)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(result, interrupted, "{number}");
    }
    assert_eq!(asked, 5);
}
