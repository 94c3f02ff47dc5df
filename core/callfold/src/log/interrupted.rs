//! Long work is broken off where nothing is half done, and going on gives what never breaking off gives.

use std::io::Cursor;
use std::ops::ControlFlow;

use super::{CallQuery, Log, LogError, Progress, StreamId, VerifyOptions, check_export, to_the_end};

const SESSION: &str = include_str!("../../../../tests/vectors/named/hold-and-back.jsonl");
/// How often the session is played after itself, so that it has some thousands of records.
const TIMES: i64 = 24;

fn long_trace() -> String {
    let mut lines = SESSION.lines();
    let mut trace = format!("{}\n", lines.next().unwrap());
    let lines: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for time in 0..TIMES {
        for line in &lines {
            let mut line = line.clone();
            line["t"] = (line["t"].as_i64().unwrap() + time * 600_000).into();
            trace.push_str(&format!("{line}\n"));
        }
    }
    trace
}

fn long_log() -> (Log, StreamId) {
    let log = Log::in_memory().unwrap();
    let imported = log.import_trace(long_trace().as_bytes(), None).unwrap();
    assert!(imported.records > 2_500, "{}", imported.records);
    (log, imported.stream)
}

/// Breaks off when it is told for the `after`th time.
fn breaking(after: usize) -> impl FnMut(Progress) -> ControlFlow<()> {
    let mut told = 0;
    move |_| {
        told += 1;
        if told >= after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn is_interrupted<T>(done: Result<T, LogError>) -> bool {
    matches!(done, Err(LogError::Interrupted))
}

fn calls(log: &Log) -> String {
    format!("{:?}", log.calls(&CallQuery::default()).unwrap())
}

#[test]
fn reading_is_broken_off() {
    let (log, stream) = long_log();
    for after in 1..=2 {
        let options = VerifyOptions::default().rerun();
        assert!(is_interrupted(log.verify(stream, &options, &mut breaking(after))));
        let mut out = Vec::new();
        assert!(is_interrupted(log.export(&[], &mut out, &mut breaking(after))));
        assert!(check_export(&out[..], &mut to_the_end).is_err(), "nobody takes it for whole");
    }
    assert!(log.verify(stream, &VerifyOptions::default(), &mut to_the_end).unwrap().is_good());
}

#[test]
fn taking_in_is_broken_off_while_nothing_is_written() {
    let (log, _) = long_log();
    let mut export = Vec::new();
    let records = log.export(&[], &mut export, &mut to_the_end).unwrap();
    let into = Log::in_memory().unwrap();
    assert!(is_interrupted(check_export(&export[..], &mut breaking(2))));
    assert!(is_interrupted(into.import(Cursor::new(&export), &mut breaking(1))));
    assert_eq!(into.streams().unwrap().len(), 0);
    // It is told of 1,000 and 2,000 records while it looks, and of as many while it writes: then it goes on.
    let looked = usize::try_from(records / 1_000).unwrap();
    let taken = into.import(Cursor::new(&export), &mut breaking(looked + 1)).unwrap();
    assert_eq!(taken.records, records);
    let mut again = Vec::new();
    into.export(&[], &mut again, &mut to_the_end).unwrap();
    assert!(again == export);
}

#[test]
fn erasing_is_broken_off_while_nothing_is_erased() {
    let (log, _) = long_log();
    let before = calls(&log);
    let name = "102";
    let dry = log.erase(name, true, &mut to_the_end).unwrap();
    assert!(dry.records > 0);
    assert!(is_interrupted(log.erase(name, false, &mut breaking(2))));
    assert_eq!(log.erase(name, true, &mut to_the_end).unwrap(), dry);
    assert_eq!(calls(&log), before);
    // The last time it is told, all is erased.
    let told = usize::try_from(log.streams().unwrap()[0].head.seq / 1_000).unwrap();
    assert_eq!(log.erase(name, false, &mut breaking(told + 1)).unwrap().records, dry.records);
    assert_eq!(log.erase(name, true, &mut to_the_end).unwrap().records, 0);
}

#[test]
fn an_index_that_was_broken_off_goes_on_from_there() {
    let (log, stream) = long_log();
    let (whole, _) = long_log();
    let mut first = Vec::new();
    let stop = log.bring_up_to_date(Some(stream), &mut |progress| {
        first.push(progress.done);
        if progress.done >= 1_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(is_interrupted(stop));
    assert_eq!(first, [0, 1_000]);
    let mut second = Vec::new();
    log.bring_up_to_date(None, &mut |progress| {
        second.push((progress.done, progress.of));
        ControlFlow::Continue(())
    })
    .unwrap();
    let of = log.streams().unwrap()[0].head.seq;
    assert_eq!(second[..2], [(0, of), (2_000, of)], "not from the beginning");
    assert_eq!(second.last(), Some(&(of, of)));
    // Now there is nothing left to do.
    let mut third = 0;
    log.bring_up_to_date(None, &mut |_| {
        third += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(third, 2);
    assert_eq!(calls(&log), calls(&whole));
    assert_eq!(log.commands(stream).unwrap(), whole.commands(stream).unwrap());
    assert_eq!(log.time(stream).unwrap(), whole.time(stream).unwrap());
}

#[cfg(feature = "tables")]
#[test]
fn tables_are_broken_off() {
    use crate::Span;
    use crate::tables::{Format, Table};

    for table in Table::ALL {
        for day_offset in [Span::ZERO, Span::from_millis(3_600_000)] {
            let (log, _) = long_log();
            let write = |progress: super::OnProgress<'_>| {
                let mut out = Vec::new();
                log.export_table(table, Format::Csv, &[], day_offset, &mut out, progress).map(|_| out)
            };
            let mut told = 0;
            assert!(is_interrupted(write(&mut breaking(2))), "{table}");
            let whole = write(&mut |_| {
                told += 1;
                ControlFlow::Continue(())
            });
            assert!(!whole.unwrap().is_empty() && told > 0, "{table}");
        }
    }
}
