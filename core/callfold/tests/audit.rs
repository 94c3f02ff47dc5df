//! Finding calls, what does not fit, and what comes out otherwise: over every recorded session, and over logs that were
//! made to be wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callfold::calls::Outcome as CallOutcome;
use callfold::diff::{CallDifference, DiffQuery, DiffSummary, Difference, Side, StreamDifference};
use callfold::lint::{LintQuery, LintSummary, Oddity, OddityKind};
use callfold::log::{
    CallQuery, FindQuery, FoundCall, Log, LogError, LogStore, MemoryStore, OnProgress, Place, StoreError,
    StreamHead, StreamId, StreamInfo, to_the_end,
};
use callfold::record::Hash;
use callfold::report::ReportOptions;
use callfold::{Event, Machine, Outcome, Party, Span, Timestamp};
use callfold_store::{Append, Block, Derived, DerivedChange, Keys};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn files(directories: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = directories
        .iter()
        .flat_map(|directory| fs::read_dir(vectors().join(directory)).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The session, played so often, ten minutes apart: the calls of all but the last time are over for good, and in the
/// index.
fn again_and_again(session: &str, times: i64) -> String {
    let mut lines = session.lines();
    let mut long = format!("{}\n", lines.next().unwrap());
    let lines: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for time in 0..times {
        for line in &lines {
            let mut line = line.clone();
            line["t"] = (line["t"].as_i64().unwrap() + time * 600_000).into();
            long.push_str(&format!("{line}\n"));
        }
    }
    long
}

/// A log with all these sessions, each so often.
fn log_of_times(files: &[PathBuf], times: i64) -> Log {
    let log = Log::in_memory().unwrap();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let session = again_and_again(&fs::read_to_string(file).unwrap(), times);
        log.import_trace(session.as_bytes(), Some(name)).unwrap();
    }
    log
}

/// A log with all these sessions.
fn log_of(files: &[PathBuf]) -> Log {
    log_of_times(files, 1)
}

fn named(name: &str) -> Log {
    log_of(&[vectors().join("named").join(name).with_extension("jsonl")])
}

/// Numbers that look like chance and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).cloned()
    }

    fn maybe(&mut self) -> bool {
        self.below(4) == 0
    }
}

// ---- find ----

/// Something to look for: what a call has, changed a little.
fn query(random: &mut Random, all: &[FoundCall]) -> FindQuery {
    let mut query = FindQuery::default();
    let like = random.one(all).unwrap();
    let call = &like.call;
    if random.below(8) == 0 {
        query.stream = Some(like.stream);
    }
    let later = |by: usize| call.began.at + Span::from_micros(i64::try_from(by).unwrap() - 1);
    query.from = random.maybe().then(|| later(random.below(3)));
    query.to = random.maybe().then(|| later(random.below(1_000_000_000)));
    if random.maybe()
        && let Some(number) = &call.other.number
    {
        let number = number.as_str();
        let end: String = number.chars().rev().take(3).collect::<Vec<_>>().into_iter().rev().collect();
        let start: String = number.chars().take(4).collect();
        let ways =
            [number.to_owned(), format!("*{end}"), format!("{start}*"), format!("*{end}*"), "000".to_owned()];
        query.number = random.one(&ways);
    }
    if random.maybe()
        && let Some(name) = &call.other.name
    {
        let some: String = name.as_str().chars().take(1 + random.below(4)).collect();
        query.name = Some(some.to_uppercase());
    }
    if random.maybe() {
        query.outcomes = vec![call.outcome];
        query.outcomes.extend(random.maybe().then_some(CallOutcome::Abandoned));
    }
    let length = call.ended.map_or(Span::from_secs(3), |ended| ended.at - call.began.at);
    query.at_least = random.maybe().then_some(length);
    query.at_most = random.maybe().then_some(length);
    query.held = random.below(6) == 0;
    query.transferred = random.below(8) == 0;
    query.irregular = random.below(8) == 0;
    query
}

#[test]
fn what_is_found_by_the_index_is_what_a_look_at_every_call_finds() {
    let log = log_of_times(&files(&["named", "random"]), 3);
    let all = log.calls(&CallQuery::default()).unwrap();
    assert!(all.len() > 300);
    let mut random = Random(1);
    let (mut none, mut some) = (0, 0);
    for _ in 0..800 {
        let query = query(&mut random, &all);
        let of_stream = |found: &&FoundCall| query.stream.is_none_or(|stream| stream == found.stream);
        let looked: Vec<_> =
            all.iter().filter(of_stream).filter(|found| query.wants(&found.call)).cloned().collect();
        let found = log.find(&query).unwrap();
        assert!(found.damaged.is_empty());
        assert_eq!(found.total, looked.len(), "{query:?}");
        let places = |calls: &[FoundCall]| -> Vec<_> {
            calls
                .iter()
                .map(|found| (found.stream, found.call.began, found.call.ended, found.call.id.clone()))
                .collect()
        };
        assert_eq!(places(&found.calls), places(&looked), "{query:?}");
        assert_eq!(found.calls, looked, "{query:?}");
        let latest = log
            .find(&{
                let mut few = query.clone();
                few.most = Some(2);
                few
            })
            .unwrap();
        assert_eq!(
            (latest.total, &latest.calls[..]),
            (looked.len(), &looked[looked.len().saturating_sub(2)..])
        );
        *if looked.is_empty() { &mut none } else { &mut some } += 1;
    }
    assert!(none > 50 && some > 200, "{none} found nothing, {some} something");
}

#[test]
fn the_commands_of_a_call_are_those_among_all_commands() {
    let log = log_of_times(&files(&["named"]), 3);
    let mut compared = 0;
    for FoundCall { stream, call, .. } in log.calls(&CallQuery::default()).unwrap() {
        let mut all = log.commands(stream).unwrap();
        all.retain(|command| call.commands.contains(&command.id));
        assert_eq!(log.commands_of(stream, &call).unwrap(), all);
        compared += all.len();
    }
    assert!(compared > 50, "only {compared} commands");
}

#[test]
fn a_number_is_found_however_it_is_written() {
    let log = named("hold-and-back");
    let count = |number: &str| {
        let mut query = FindQuery::default();
        query.number = Some(number.to_owned());
        log.find(&query).unwrap().total
    };
    for written in
        ["+7 (916) 123-45-67", "89161234567", "+79161234567", "9161234567", "*4567", "+7916*", "*123*"]
    {
        assert_eq!(count(written), 1, "{written}");
    }
    for written in ["4567", "+89161234567", "*4568", "*", "", "sip:ivanov"] {
        assert_eq!(count(written), 0, "{written}");
    }
}

#[test]
fn calls_near_to_one_that_is_not_there_are_offered() {
    let log = log_of_times(&files(&["named"]), 2);
    let near = |wanted: &str| -> Vec<String> {
        log.near(None, wanted).unwrap().iter().map(|found| found.call.id.as_str().to_owned()).collect()
    };
    let id = "d6c8232d-4e4a-48bb-954e-c719582a4718";
    for wanted in
        [&id[..6], "D6C8232D", "d6c8232d-4e4a-48bb-954e-000000000000", "+7 916 123-45-67", "1234567"]
    {
        let near = near(wanted);
        assert!(!near.is_empty() && near.len() <= 5, "{wanted}: {near:?}");
    }
    assert!(near(&id[..6]).iter().all(|near| near == id));
    assert_eq!(near("nobody at all"), Vec::<String>::new());
    assert_eq!(near("zz"), Vec::<String>::new());
    assert!(!near("record:90").is_empty());
}

#[test]
fn somebody_who_was_erased_is_not_found() {
    let log = named("hold-and-back");
    let mut query = FindQuery::default();
    query.number = Some("+79161234567".to_owned());
    assert_eq!(log.find(&query).unwrap().total, 1);
    log.erase("+79161234567", false, &mut to_the_end).unwrap();
    assert_eq!(log.find(&query).unwrap().total, 0);
    assert_eq!(
        log.find(&FindQuery::default()).unwrap().total,
        log.calls(&CallQuery::default()).unwrap().len()
    );
}

// ---- lint ----

fn lint(log: &Log, query: &LintQuery) -> (Vec<Oddity>, LintSummary) {
    let mut found = Vec::new();
    let summary = log
        .lint(query, &mut to_the_end, &mut |oddity| {
            found.push(oddity.clone());
            Ok(())
        })
        .unwrap();
    (found, summary)
}

/// Kept in `tests/audit`. After a wanted change, look at what changed: `CALLFOLD_BLESS=1 cargo test -p callfold`.
#[test]
fn what_does_not_fit_in_the_named_sessions_is_as_it_was() {
    let mut told = String::new();
    for file in files(&["named"]) {
        let log = log_of(std::slice::from_ref(&file));
        let title = log.streams().unwrap()[0].info.title.clone();
        told.push_str(&format!("{}: {}\n", file.file_stem().unwrap().to_str().unwrap(), title.as_str()));
        for Oddity { kind, records, call, words, .. } in lint(&log, &LintQuery::default()).0 {
            let call = call.map_or_else(String::new, |call| format!("; call {call}"));
            told.push_str(&format!("  {} {records:?} {words}{call}\n", kind.text()));
        }
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/lint.txt");
    if std::env::var_os("CALLFOLD_BLESS").is_some() {
        fs::create_dir_all(kept.parent().unwrap()).unwrap();
        fs::write(&kept, &told).unwrap();
    }
    assert_eq!(fs::read_to_string(&kept).unwrap_or_default(), told);
}

#[test]
fn kinds_streams_and_times_choose_and_it_can_be_broken_off() {
    let log = log_of(&files(&["named", "random"]));
    let (all, summary) = lint(&log, &LintQuery::default());
    assert_eq!(summary.found, all.len() as u64);
    assert_eq!(summary.by_kind.values().sum::<u64>(), summary.found);
    assert!(all.iter().all(|oddity| oddity.records.contains(&oddity.at.seq)));
    for kind in OddityKind::ALL {
        let mut query = LintQuery::default();
        query.kinds = [kind].into();
        let of_kind: Vec<_> = all.iter().filter(|oddity| oddity.kind == kind).cloned().collect();
        assert_eq!(lint(&log, &query).0, of_kind);
    }
    let middle = all[all.len() / 2].at.at;
    let (mut before, mut after) = (LintQuery::default(), LintQuery::default());
    (before.to, after.from) = (Some(middle), Some(middle));
    assert_eq!(lint(&log, &before).0.len() + lint(&log, &after).0.len(), all.len());
    let mut one = LintQuery::default();
    one.streams = vec![all[0].stream];
    assert!(lint(&log, &one).0.iter().all(|oddity| oddity.stream == all[0].stream));
    let stopped = log.lint(&LintQuery::default(), &mut to_the_end, &mut |_| Err(LogError::Interrupted));
    assert!(matches!(stopped, Err(LogError::Interrupted)));
}

// ---- what was decided otherwise ----

/// The session in another log, with what was decided on some records changed.
fn retold(of: &Log, change: impl Fn(u64, &mut Vec<Event>)) -> Log {
    let stream = &of.streams().unwrap()[0];
    let log = Log::in_memory().unwrap();
    let info = StreamInfo::new(stream.info.name.as_str(), stream.info.config.clone(), stream.info.began);
    let mut writer = log.begin(&info).unwrap();
    let mut machine = Machine::new(stream.info.config.clone());
    let mut outcome = Outcome::default();
    for record in of.records(stream.id, 1) {
        let record = record.unwrap().record;
        machine.handle(&record.input, &mut outcome);
        change(record.head.seq, &mut outcome.events);
        writer.stage(&record.input, &machine, &outcome).unwrap();
    }
    writer.commit().unwrap();
    log
}

fn party(number: &str) -> Arc<Party> {
    let party = serde_json::json!({ "key": number, "external": false, "number": number });
    Arc::new(serde_json::from_value(party).unwrap())
}

fn diff(log: &Log, with: Option<&Log>) -> (Vec<StreamDifference>, DiffSummary) {
    let mut found = Vec::new();
    let mut each = |differs: &StreamDifference| {
        found.push(differs.clone());
        Ok(())
    };
    let query = DiffQuery::default();
    let summary = match with {
        Some(with) => log.diff(with, &query, &mut to_the_end, &mut each),
        None => log.diff_today(&query, &mut to_the_end, &mut each),
    };
    (found, summary.unwrap())
}

fn calls_of(found: &[StreamDifference]) -> Vec<&CallDifference> {
    let calls = found
        .iter()
        .filter_map(|differs| if let Difference::Call(call) = &differs.what { Some(call) } else { None });
    calls.collect()
}

#[test]
fn a_log_by_the_rules_that_told_it_is_all_the_same() {
    let log = log_of(&files(&["named", "random"]));
    let (found, summary) = diff(&log, None);
    assert_eq!(found, []);
    assert!(summary.is_same());
    assert_eq!(summary.calls, log.calls(&CallQuery::default()).unwrap().len() as u64);
    let (found, with_itself) = diff(&log, Some(&log));
    assert_eq!((found, with_itself), (Vec::new(), summary));
}

#[test]
fn a_call_that_was_decided_otherwise_is_named_with_its_first_record() {
    let log = named("hold-and-back");
    let call = &log.calls(&CallQuery::default()).unwrap()[0].call;
    let held = call.holds[0].from.seq;
    let is_hold = |event: &Event| {
        matches!(event, Event::HoldEntered { .. } | Event::HoldChanged { .. } | Event::HoldRefreshed { .. })
    };
    let forgets = |seq: u64, events: &mut Vec<Event>| {
        if seq >= held {
            events.retain(|event| !is_hold(event));
        }
    };
    let other = retold(&log, forgets);
    for (found, summary, one_is_right) in [
        {
            let (found, summary) = diff(&other, None);
            (found, summary, false)
        },
        {
            let (found, summary) = diff(&log, Some(&other));
            (found, summary, true)
        },
    ] {
        let calls = calls_of(&found);
        // The hold that is not known of makes another call of what comes back.
        assert_eq!(summary.differ, calls.len() as u64, "{found:#?}");
        assert_eq!((calls[0].id.as_str(), calls[0].first), (call.id.as_str(), held));
        let holds = calls[0].fields.iter().find(|field| field.name == "holds").expect("the holds differ");
        let told = if one_is_right { (&holds.one, &holds.other) } else { (&holds.other, &holds.one) };
        assert_eq!(told, (&"1".to_owned(), &"0".to_owned()));
        let right = if one_is_right { &calls[0].one } else { &calls[0].other };
        assert!(right.iter().any(|fact| fact.starts_with("on hold")), "{right:?}");
        let events = found.iter().find_map(|differs| {
            if let Difference::Events { first, .. } = differs.what { Some(first) } else { None }
        });
        assert_eq!(events, Some(held));
    }
}

#[test]
fn a_call_or_a_stream_that_one_side_does_not_have_is_a_difference() {
    let log = named("hold-and-back");
    let (found, _) = diff(&log, Some(&retold(&log, |_, events| events.clear())));
    let calls = calls_of(&found);
    assert!(calls.len() == 1 && calls[0].only == Some(Side::One), "{found:#?}");
    assert!(found.iter().any(|differs| matches!(differs.what, Difference::Time { .. })));
    let (found, _) = diff(&log, Some(&named("queue")));
    let missing: Vec<_> =
        found.iter().map(|differs| (differs.stream.as_str(), differs.what.clone())).collect();
    let wanted =
        [("hold-and-back", Difference::Missing(Side::Other)), ("queue", Difference::Missing(Side::One))];
    assert_eq!(missing, wanted);
}

#[test]
fn a_refusal_that_changed_something_all_the_same_is_odd() {
    // As told, a call of 102 was refused; as recorded, the line took it up at once. Whether a call of somebody else, or
    // of nobody knows whom, has to do with it nobody knows.
    let log = named("call-errors");
    let stream = log.streams().unwrap()[0].id;
    let at = log.told(stream, 1).find_map(|told| {
        let told = told.unwrap();
        let of_102 = |event: &Event| {
            matches!(event, Event::CommandGiven { target: Some(target), .. } if target.as_str() == "102")
        };
        let refused = |event: &Event| matches!(event, Event::CommandDone { result, .. } if !result.is_done());
        (told.events.iter().any(of_102) && told.events.iter().any(refused)).then_some(told.seq)
    });
    let at = at.expect("a refused call of 102");
    for (parties, is_odd) in [(vec!["102"], true), (vec!["103"], false), (vec![], false)] {
        let other = retold(&log, |seq, events| {
            if seq == at {
                let (from, to) = (callfold::LineState::Ready, callfold::LineState::Call);
                let parties = parties.iter().map(|number| party(number)).collect();
                events.push(Event::PartiesChanged { parties });
                events.push(Event::LineChanged { to, from });
            }
        });
        let found = lint(&other, &LintQuery::default()).0;
        let odd = found.iter().find(|oddity| oddity.kind == OddityKind::RefusedButChanged);
        assert_eq!(odd.is_some_and(|odd| odd.records.contains(&at)), is_odd, "{parties:?}: {found:#?}");
    }
}

// ---- damage ----

/// A store of which a stream cannot be read from a record on.
#[derive(Debug)]
struct Damaged {
    store: MemoryStore,
    stream: StreamId,
    from: std::sync::atomic::AtomicU64,
}

impl LogStore for Damaged {
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        self.store.streams()
    }

    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError> {
        self.store.add_stream(description)
    }

    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError> {
        self.store.head(stream)
    }

    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError> {
        self.store.durable_head(stream)
    }

    fn append(&self, appends: &[Append]) -> Result<(), StoreError> {
        self.store.append(appends)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.store.sync()
    }

    fn blocks(
        &self,
        stream: StreamId,
        from: u64,
    ) -> Box<dyn Iterator<Item = Result<Block, StoreError>> + '_> {
        let bad = self.from.load(std::sync::atomic::Ordering::Relaxed);
        let mut is_over = false;
        Box::new(self.store.blocks(stream, from).map_while(move |block| {
            let block = block.ok()?;
            let last = block.records().filter_map(Result::ok).map(|record| record.place.seq).max();
            if is_over {
                return None;
            }
            is_over = stream == self.stream && last.is_some_and(|last| last >= bad);
            let place = Place { stream, seq: bad };
            Some(if is_over {
                Err(StoreError::Block { place, what: "it makes no sense" })
            } else {
                Ok(block)
            })
        }))
    }

    fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError> {
        self.store.seek(stream, at)
    }

    fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError> {
        self.store.put_derived(changes)
    }

    fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_> {
        self.store.derived(from, to, last_first)
    }

    fn clear_derived(&self) -> Result<(), StoreError> {
        self.store.clear_derived()
    }

    fn keys(&self) -> &Keys {
        self.store.keys()
    }
}

#[test]
fn of_a_damaged_stream_what_is_sound_is_shown_and_the_damage_is_named() {
    let from = std::sync::atomic::AtomicU64::new(u64::MAX);
    let store = Arc::new(Damaged { store: MemoryStore::new().unwrap(), stream: StreamId(1), from });
    let log = Log::over(Arc::clone(&store) as Arc<dyn LogStore>);
    // The same session again and again: its first calls stand before the damage.
    let session = fs::read_to_string(vectors().join("named/hold-and-back.jsonl")).unwrap();
    let long = again_and_again(&session, 6);
    log.import_trace(session.as_bytes(), Some("sound")).unwrap();
    log.import_trace(long.as_bytes(), Some("damaged")).unwrap();
    let whole = log.calls(&CallQuery::default()).unwrap();
    let last = log.streams().unwrap()[1].head.seq;
    store.clear_derived().unwrap();
    store.from.store(last * 2 / 3, std::sync::atomic::Ordering::Relaxed);

    assert!(log.calls(&CallQuery::default()).is_err());
    let found = log.find(&FindQuery::default()).unwrap();
    assert_eq!(found.damaged.iter().map(|(stream, _)| *stream).collect::<Vec<_>>(), [StreamId(1)]);
    assert!(found.calls.len() > 2 && found.calls.len() < whole.len(), "{} calls", found.calls.len());
    assert!(found.calls.iter().any(|call| call.stream == StreamId(0)));
    let sound = log.sound_calls(&CallQuery::default()).unwrap();
    assert_eq!((sound.calls.len(), sound.damaged.len()), (found.calls.len(), 1));

    // Whose line it is, stands before the damage.
    let of = |agent: &str| {
        let mut query = FindQuery::default();
        query.agent = Some(agent.to_owned());
        log.find(&query).unwrap()
    };
    let login = log.agent(StreamId(0)).unwrap().unwrap();
    let of_agent = of(login.as_str());
    assert_eq!((of_agent.calls.len(), of_agent.damaged.len()), (found.calls.len(), 1));
    let of_nobody = of("nobody");
    assert_eq!((of_nobody.calls.len(), of_nobody.damaged.len()), (0, 0));
    // Nothing of it can be read, so that it may be anybody's.
    store.from.store(1, std::sync::atomic::Ordering::Relaxed);
    let of_nobody = of("nobody");
    assert_eq!((of_nobody.calls.len(), of_nobody.damaged.len()), (0, 1));
    store.from.store(last * 2 / 3, std::sync::atomic::Ordering::Relaxed);

    let (odd, summary) = lint(&log, &LintQuery::default());
    assert!(summary.is_damaged());
    let damage: Vec<_> = odd.iter().filter(|oddity| oddity.kind == OddityKind::Damaged).collect();
    assert!(damage.len() == 1 && damage[0].stream == StreamId(1) && damage[0].at.seq > 1);
    let (differs, summary) = diff(&log, None);
    assert!(summary.damaged && matches!(differs[0].what, Difference::Damaged { side: Side::One, .. }));

    // Mended, everything is there again.
    store.from.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(log.find(&FindQuery::default()).unwrap().calls, whole);
}

#[test]
fn what_was_derived_is_answered_without_reading_a_record() {
    let from = std::sync::atomic::AtomicU64::new(u64::MAX);
    let store = Arc::new(Damaged { store: MemoryStore::new().unwrap(), stream: StreamId(0), from });
    let log = Log::over(Arc::clone(&store) as Arc<dyn LogStore>);
    let session = fs::read(vectors().join("named/hold-and-back.jsonl")).unwrap();
    log.import_trace(session.as_slice(), None).unwrap();
    let mut options = ReportOptions::default();
    (options.from, options.to) =
        (Some(Timestamp::from_micros(0)), Some(Timestamp::from_millis(i64::MAX / 1_000)));
    let questions = || {
        let report = log.report(&options, &mut to_the_end).unwrap();
        (log.find(&FindQuery::default()).unwrap().calls, report)
    };

    let broken = log.derive_all(&mut |_| ControlFlow::Break(()));
    assert!(matches!(broken, Err(LogError::Interrupted)));
    let mut told = Vec::new();
    log.derive_all(&mut |progress| {
        told.push((progress.done, progress.of));
        ControlFlow::Continue(())
    })
    .unwrap();
    let length = log.streams().unwrap()[0].head.seq;
    assert!(told.is_sorted() && told.last() == Some(&(length, length)));
    let whole = questions();
    assert!(!whole.0.is_empty() && whole.1.damage.is_empty());
    // Not one record of it can be read any more.
    store.from.store(1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(questions(), whole);
}

#[test]
fn comparing_is_broken_off() {
    let log = log_of(&files(&["named"])[..2]);
    let mut each = |_: &StreamDifference| Err(LogError::Interrupted);
    let other = named("queue");
    let stopped = log.diff(&other, &DiffQuery::default(), &mut |_| ControlFlow::Continue(()), &mut each);
    assert!(matches!(stopped, Err(LogError::Interrupted)));
}

#[test]
fn it_is_told_how_far_it_is_before_each_short_stream_too() {
    let log = log_of(&files(&["named"])[..3]);
    let lengths: Vec<u64> = log.streams().unwrap().iter().map(|stream| stream.head.seq).collect();
    let starts = [0, lengths[0], lengths[0] + lengths[1]];
    let (query, compared) = (LintQuery::default(), DiffQuery::default());
    for goes_on in [1, 2, 3] {
        let watched = |work: &dyn Fn(OnProgress<'_>) -> Result<(), LogError>| {
            let mut told = Vec::new();
            let done = work(&mut |at| {
                told.push(at.done);
                if told.len() > goes_on { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(told, starts[..told.len()]);
            assert_eq!(told.len(), (goes_on + 1).min(3));
            match goes_on {
                3 => done.unwrap(),
                _ => assert!(matches!(done, Err(LogError::Interrupted))),
            }
        };
        watched(&|progress| log.lint(&query, progress, &mut |_| Ok(())).map(drop));
        watched(&|progress| log.diff_today(&compared, progress, &mut |_| Ok(())).map(drop));
        watched(&|progress| log.diff(&log, &compared, progress, &mut |_| Ok(())).map(drop));
    }
}
