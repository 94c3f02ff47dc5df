//! What was recorded is whole, and stays so wherever it is carried.

use callfold::log::to_the_end;
use std::io::Cursor;

use callfold::calls::json;
use callfold::log::{CallQuery, HeadLine, Log, LogError, VerifyOptions, check_export};
use callfold::replay::{self, CallReader, Step, Watch};

use crate::{again, on_disk, session, sessions, with_all};

fn export(log: &Log) -> Vec<u8> {
    let mut out = Vec::new();
    log.export(&[], &mut out, &mut to_the_end).unwrap();
    out
}

#[test]
fn all_sessions_verify_and_todays_rules_decide_what_was_told() {
    let (_directory, path, log) = on_disk();
    let streams = with_all(&log);
    let log = again(&path, log);
    let mut records = 0;
    for stream in streams {
        let report = log.verify(stream, &VerifyOptions::default().rerun(), &mut to_the_end).unwrap();
        assert!(report.is_good(), "{stream}: {:?}", report.findings);
        assert_eq!(report.erased, 0);
        records += report.records;
    }
    assert!(records > 5_000, "{records}");
    assert_eq!(std::fs::read_dir(path.join("sled/blobs")).unwrap().count(), 0);
}

#[test]
fn an_export_comes_back_byte_for_byte() {
    let (_directory, path, log) = on_disk();
    with_all(&log);
    let first = export(&log);
    assert!(check_export(first.as_slice(), &mut to_the_end).unwrap().records > 5_000);
    // Into a log that has something of its own already.
    let (_other_directory, _, other) = on_disk();
    let own = other.import_trace(session("hold-and-back").as_slice(), Some("own")).unwrap();
    let taken = other.import(Cursor::new(&first), &mut to_the_end).unwrap();
    let mut second = Vec::new();
    other.export(&taken.streams, &mut second, &mut to_the_end).unwrap();
    assert!(first == second, "the export of what was taken in is another");
    assert!(!taken.streams.contains(&own.stream));
    let memory = Log::in_memory().unwrap();
    memory.import(Cursor::new(&first), &mut to_the_end).unwrap();
    assert!(export(&memory) == first);
    // Heads that were kept of the first prove the second.
    let mut kept = Vec::new();
    HeadLine::write_all(&log.heads().unwrap(), &mut kept).unwrap();
    let kept = HeadLine::read_all(kept.as_slice()).unwrap();
    assert!(other.missing_heads(&kept).unwrap().is_empty());
    for stream in taken.streams {
        let options = VerifyOptions::default().with_heads(kept.clone());
        assert!(other.verify(stream, &options, &mut to_the_end).unwrap().is_good());
    }
    assert!(export(&again(&path, log)) == first);
}

#[test]
fn what_is_there_already_is_not_taken_in_twice() {
    let log = Log::in_memory().unwrap();
    log.import_trace(session("hold-and-back").as_slice(), None).unwrap();
    let exported = export(&log);
    let error = log.import(Cursor::new(&exported), &mut to_the_end).unwrap_err();
    assert!(error.to_string().contains("is in the log already"), "{error}");
    let error = log.import_trace(session("hold-and-back").as_slice(), None).unwrap_err();
    assert!(matches!(error, LogError::NameTaken { .. }), "{error}");
    assert_eq!(export(&log), exported, "and nothing was changed");
}

/// A log has each call once, also if its numbers came with an export and are its own as well.
#[test]
fn a_call_that_was_taken_in_is_found_once() {
    let from = Log::in_memory().unwrap();
    from.import_trace(session("seed-incoming-consult-connect").as_slice(), None).unwrap();
    let log = Log::in_memory().unwrap();
    log.import_trace(session("seed-incoming-consult-connect").as_slice(), Some("own")).unwrap();
    log.import(Cursor::new(export(&from)), &mut to_the_end).unwrap();
    let call = from.calls(&CallQuery::default()).unwrap().remove(0).call;
    let mut query = CallQuery::default();
    query.number = Some(call.other.number.unwrap().as_str().to_owned());
    let calls = from.calls(&query).unwrap().len();
    assert!(calls > 0);
    assert_eq!(log.calls(&query).unwrap().len(), 2 * calls);
}

#[test]
fn two_that_begin_at_once_do_not_have_one_name() {
    let log = Log::in_memory().unwrap();
    let trace = session("hold-and-back");
    let named = log.import_trace(trace.as_slice(), None).unwrap();
    let info = log.info(named.stream).unwrap();
    for round in 0..50 {
        let barrier = std::sync::Barrier::new(4);
        let begin = |number: i64| {
            let mut info = info.clone();
            info.name = format!("line {round}").as_str().into();
            info.began = callfold::Timestamp::from_micros(number);
            barrier.wait();
            log.begin(&info).is_ok()
        };
        let begun = std::thread::scope(|scope| {
            let begin = &begin;
            let all: Vec<_> = (0..4).map(|number| scope.spawn(move || begin(number))).collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|begun| *begun).count()
        });
        assert_eq!(begun, 1, "round {round}");
    }
}

/// The calls and commands of a replay, up to its last step.
#[derive(Default)]
struct Read(CallReader);

impl Watch for Read {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        self.0.step(step)
    }
}

#[test]
fn the_log_has_the_calls_commands_and_times_of_the_replay() {
    let (_directory, path, log) = on_disk();
    let streams = with_all(&log);
    let log = again(&path, log);
    let mut calls = 0;
    for ((name, trace), stream) in sessions().into_iter().zip(streams) {
        let mut read = Read::default();
        replay::run(trace.as_slice(), &mut read).unwrap();
        let (over, ledger) = read.0.finish();
        let query = |query: CallQuery| -> Vec<_> {
            log.calls(&query).unwrap().into_iter().map(|found| json::call(&found.call)).collect()
        };
        let of_stream = || {
            let mut query = CallQuery::default();
            query.stream = Some(stream);
            query
        };
        let expected: Vec<_> = over.calls.iter().map(json::call).collect();
        assert_eq!(query(of_stream()), expected, "{name}");
        let commands: Vec<_> = log.commands(stream).unwrap().iter().map(json::command).collect();
        let mut told = over.commands;
        told.sort_by_key(|command| command.id);
        assert_eq!(commands, told.iter().map(json::command).collect::<Vec<_>>(), "{name}");
        assert_eq!(json::ledger(&log.time(stream).unwrap()), json::ledger(&ledger), "{name}");
        // Every call is found by each of its handles.
        for call in &over.calls {
            calls += 1;
            let told = json::call(call);
            let mut by_chain = CallQuery::default();
            by_chain.chain = Some(call.id.as_str().to_owned());
            assert!(query(by_chain).contains(&told), "{name}: by chain");
            let mut by_time = of_stream();
            by_time.from = Some(call.began.at);
            by_time.to = Some(callfold::Timestamp::from_micros(call.began.at.as_micros() + 1));
            assert!(query(by_time).contains(&told), "{name}: by time");
            if let Some(number) = &call.other.number {
                let mut by_number = CallQuery::default();
                by_number.number = Some(number.as_str().to_owned());
                assert!(query(by_number).contains(&told), "{name}: by number");
            }
        }
    }
    assert!(calls > 100, "{calls}");
    let mut nobody = CallQuery::default();
    nobody.number = Some("nobody's".to_owned());
    assert!(log.calls(&nobody).unwrap().is_empty());
}

#[test]
fn an_index_that_was_lost_is_made_anew_and_one_that_lags_catches_up() {
    let log = Log::in_memory().unwrap();
    with_all(&log);
    let all = log.calls(&CallQuery::default()).unwrap();
    log.store().clear_derived().unwrap();
    assert_eq!(log.calls(&CallQuery::default()).unwrap(), all);
    // Asked after every hundred records, it says in the end what it says at once.
    let (name, trace) = sessions().into_iter().max_by_key(|(_, trace)| trace.len()).unwrap();
    let lagging = Log::in_memory().unwrap();
    struct Slowly<'l>(&'l Log, callfold::log::StreamWriter);
    impl Watch for Slowly<'_> {
        fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
            self.1.stage(step.input, step.machine, step.outcome).unwrap();
            if step.seq.is_multiple_of(100) {
                self.1.commit().unwrap();
                self.0.calls(&CallQuery::default()).unwrap();
            }
            Ok(())
        }
    }
    let info = log.stream(&name).unwrap().info;
    let mut slowly = Slowly(&lagging, lagging.begin(&info).unwrap());
    replay::run(trace.as_slice(), &mut slowly).unwrap();
    slowly.1.commit().unwrap();
    let mut query = CallQuery::default();
    query.stream = Some(log.stream(&name).unwrap().id);
    let whole: Vec<_> = log.calls(&query).unwrap().into_iter().map(|found| found.call).collect();
    let lagged: Vec<_> =
        lagging.calls(&CallQuery::default()).unwrap().into_iter().map(|found| found.call).collect();
    assert_eq!(lagged, whole);
}

#[test]
fn a_part_of_an_index_that_was_lost_or_damaged_is_made_anew() {
    let log = Log::in_memory().unwrap();
    // A day later the calls are over for sure.
    for stream in with_all(&log) {
        let mut writer = log.continue_stream(stream).unwrap();
        let at = log.store().head(stream).unwrap().at.unwrap().as_micros() + 86_400_000_000;
        let at = callfold::Timestamp::from_micros(at);
        let input = callfold::Input { at, kind: callfold::InputKind::Opened(callfold::SocketId(9_999)) };
        let mut machine = callfold::Machine::new(log.info(stream).unwrap().config);
        let mut outcome = callfold::Outcome::default();
        machine.handle(&input, &mut outcome);
        writer.stage(&input, &machine, &outcome).unwrap();
        writer.commit().unwrap();
    }
    let all = log.calls(&CallQuery::default()).unwrap();
    let streams = log.streams().unwrap();
    let commands = || streams.iter().map(|stream| log.commands(stream.id).unwrap()).collect::<Vec<_>>();
    let told = commands();
    for kind in [b"c", b"m", b"i"] {
        let end = [kind[0] + 1];
        for value in [None, Some(vec![0xff; 9])] {
            let there: Vec<_> = log.store().derived(kind, &end, false).map(Result::unwrap).collect();
            assert!(!there.is_empty(), "{kind:?} {value:?}");
            let changes = there.into_iter().map(|(key, _)| (key, value.clone())).collect();
            log.store().put_derived(changes).unwrap();
            assert_eq!(log.calls(&CallQuery::default()).unwrap(), all, "{kind:?} {value:?}");
            assert_eq!(commands(), told, "{kind:?} {value:?}");
        }
    }
}
