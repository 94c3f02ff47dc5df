//! The recorded sessions as logs, and logs as batches.

use std::fs;
use std::io;

use arrow_array::RecordBatch;
use callfold::calls::{Over, TimeLedger};
use callfold::replay::{self, CallReader, Step, Watch};
use callfold::tables::{CallRows, CommandRows, EventRows, Rows, Table, TimeRows};
use callfold::{Event, Timestamp};
use callfold_tests::vectors::{self, Manifest};

/// What a recorded session becomes.
pub(crate) struct Log {
    pub(crate) stream: String,
    pub(crate) records: Vec<Record>,
    pub(crate) over: Over,
    pub(crate) ledger: TimeLedger,
}

pub(crate) struct Record {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<Event>,
}

#[derive(Default)]
struct Recorder {
    records: Vec<Record>,
    calls: CallReader,
}

impl Watch for Recorder {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let record = Record { seq: step.seq, at: step.machine.now(), events: step.outcome.events.clone() };
        self.records.push(record);
        self.calls.step(step)
    }

    fn end(&mut self, at: Timestamp) {
        self.calls.end(at);
    }
}

/// The log of a vector, by its path.
pub(crate) fn log(path: &str) -> Log {
    let trace = fs::read(vectors::directory().join(path)).unwrap();
    let mut recorder = Recorder::default();
    replay::run(trace.as_slice(), &mut recorder).unwrap();
    let (over, ledger) = recorder.calls.finish();
    Log { stream: path.to_owned(), records: recorder.records, over, ledger }
}

/// The logs of all vectors.
pub(crate) fn all() -> Vec<Log> {
    let manifest = Manifest::read(&vectors::directory()).unwrap();
    let logs: Vec<_> = manifest.files.iter().map(|vector| log(&vector.path)).collect();
    assert_eq!(logs.len(), 93);
    logs
}

/// The batches of a table, each as long as it is when it is full.
pub(crate) fn batches(table: Table, logs: &[Log]) -> Vec<RecordBatch> {
    match table {
        Table::Events => {
            let pushes = logs.iter().flat_map(|log| log.records.iter().map(move |record| (log, record)));
            gather(EventRows::new(), pushes, |rows, (log, Record { seq, at, events })| {
                rows.push(&log.stream, *seq, *at, events).unwrap();
            })
        }
        Table::Calls => {
            let pushes = logs.iter().flat_map(|log| log.over.calls.iter().map(move |call| (log, call)));
            gather(CallRows::new(), pushes, |rows, (log, call)| {
                let agent = log.ledger.by_agent_and_day().next().map(|(agent, _, _)| agent.as_str());
                rows.push(&log.stream, agent, call).unwrap();
            })
        }
        Table::Commands => {
            let pushes = logs.iter().flat_map(|log| log.over.commands.iter().map(move |trail| (log, trail)));
            gather(CommandRows::new(), pushes, |rows, (log, trail)| rows.push(&log.stream, trail).unwrap())
        }
        Table::Time => gather(TimeRows::new(), logs.iter(), |rows, log| {
            rows.push(&log.stream, &log.ledger).unwrap();
        }),
        _ => panic!("{table}: no rows of it are known"),
    }
}

fn gather<R: Rows, P>(
    mut rows: R,
    pushes: impl Iterator<Item = P>,
    push: impl Fn(&mut R, P),
) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for one in pushes {
        push(&mut rows, one);
        if rows.is_full() {
            batches.push(rows.finish().unwrap());
        }
    }
    batches.push(rows.finish().unwrap());
    batches
}
