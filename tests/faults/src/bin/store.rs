//! The driver over callfold's store: records of the engine, with somebody's name and number under keys.
//!
//! Everything that an application relies on is looked at: the chain of each stream, every record with its keys, what
//! the store says it is durable up to, derived values, and that nothing is written any more after a write that failed.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fmt};

use callfold_engine::record::{Hash, Record, RecordError, RecordWriter, Recording};
use callfold_engine::wire::FrameText;
use callfold_engine::{Event, Input, InputKind, SocketId, Timestamp};
use callfold_faults::content::{self, Chain};
use callfold_faults::protocol::{Append, Durability, Head, REFUSED, Task, USAGE};
use callfold_store::{
    self as store, LogStore, NewRecord, Options, SledStore, StoreError, StoredRecord, StreamId,
    hush_caught_panics,
};

/// Why the driver ends early.
enum Stop {
    /// The store refused in words.
    Refused { kind: &'static str, message: String },
    /// The store broke its word: no refusal, but a fault.
    Fault(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Refused { kind: kind(&error), message: error.to_string() }
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Stop {
        Stop::Refused { kind: "Record", message: error.to_string() }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Fault(format!("standard output: {error}"))
    }
}

fn refused<T>(kind: &'static str, message: impl fmt::Display) -> Result<T, Stop> {
    Err(Stop::Refused { kind, message: message.to_string() })
}

/// The error's name. `StoreError` may get more of them.
fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Io { .. } => "Io",
        StoreError::Locked { .. } => "Locked",
        StoreError::NotAStore { .. } => "NotAStore",
        StoreError::Missing { .. } => "Missing",
        StoreError::Version { .. } => "Version",
        StoreError::Database { .. } => "Database",
        StoreError::Broke { .. } => "Broke",
        StoreError::ReadOnly { .. } => "ReadOnly",
        StoreError::DurableDamaged { .. } => "DurableDamaged",
        StoreError::Record { .. } => "Record",
        StoreError::Block { .. } => "Block",
        StoreError::NoStream(_) => "NoStream",
        StoreError::SameStream(_) => "SameStream",
        StoreError::OutOfOrder { .. } => "OutOfOrder",
        StoreError::Key { .. } => "Key",
        StoreError::Value(_) => "Value",
        StoreError::Random(_) => "Random",
        _ => "Other",
    }
}

fn main() -> ExitCode {
    // sled's panics are told as errors; one that is not caught still ends with its code.
    hush_caught_panics();
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let task = match Task::parse(arguments) {
        Ok(task) => task,
        Err(error) => {
            let _ = writeln!(io::stderr(), "store: {error}");
            return ExitCode::from(u8::try_from(USAGE).unwrap_or(u8::MAX));
        }
    };
    let done = match &task {
        Task::Append(append) => append_records(append),
        Task::Check { dir } => check(dir),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Refused { kind, message }) => {
            let _ = writeln!(io::stdout(), "error {kind} {}", message.replace('\n', " "));
            ExitCode::from(u8::try_from(REFUSED).unwrap_or(u8::MAX))
        }
        Err(Stop::Fault(message)) => {
            let _ = writeln!(io::stderr(), "store: {message}");
            ExitCode::FAILURE
        }
    }
}

fn open(dir: &Path, durability: store::Durability) -> Result<SledStore, Stop> {
    let mut options = Options::default();
    options.durability = durability;
    Ok(SledStore::open(dir, options)?)
}

fn check(dir: &Path) -> Result<(), Stop> {
    let store = open(dir, store::Durability::Never)?;
    let report = store.report();
    for path in &report.moved {
        writeln!(io::stdout(), "report moved aside: {}", path.display())?;
    }
    for cut in &report.cut {
        let (stream, from, why) = (cut.stream, cut.from, cut.why.replace('\n', " "));
        if !cut.kept.is_file() {
            return Err(Stop::Fault(format!("what was cut is not kept at {}", cut.kept.display())));
        }
        writeln!(io::stdout(), "report stream {stream}, cut from record {from} on: {why}")?;
    }
    for (id, description) in store.streams()? {
        let Some(number) = number_of(&description) else {
            return refused("Stream", format!("{id} is none of ours"));
        };
        let stream = read(&store, id, number, &description)?;
        if stream.chain.seq() > 0 {
            let (seq, hash) = (stream.chain.seq(), stream.chain.hash());
            writeln!(io::stdout(), "{}", Head { stream: number, seq, hash })?;
        }
    }
    check_derived(&store)?;
    Ok(())
}

/// A stream as the driver knows it.
struct Stream {
    id: StreamId,
    number: u32,
    hash: Hash,
    chain: Chain,
    /// Records that are not acknowledged: number, hash in the store, hash of the protocol.
    open: VecDeque<(u64, Hash, String)>,
}

fn description_of(number: u32) -> Vec<u8> {
    format!("line {number} of the faults").into_bytes()
}

fn number_of(description: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(description).ok()?;
    text.strip_prefix("line ")?.strip_suffix(" of the faults")?.parse().ok()
}

/// Reads a whole stream: every record with its keys, and the chain over them.
fn read(store: &SledStore, id: StreamId, number: u32, description: &[u8]) -> Result<Stream, Stop> {
    let hash = Hash::of_stream(description);
    let mut stream = Stream { id, number, hash, chain: Chain::default(), open: VecDeque::new() };
    for block in store.blocks(id, 1) {
        for record in block?.records() {
            stream.follow(store, &record?)?;
        }
    }
    let head = store.head(id)?;
    if (head.seq, head.hash) != (stream.chain.seq(), stream.hash) {
        let read = stream.chain.seq();
        return refused("Head", format!("stream {id}: {} by its head, {read} read", head.seq));
    }
    let (durable, _) = store.durable_head(id)?;
    if durable > head.seq {
        return Err(Stop::Fault(format!("stream {id}: durable up to {durable} of {}", head.seq)));
    }
    Ok(stream)
}

impl Stream {
    fn follow(&mut self, store: &SledStore, stored: &StoredRecord<'_>) -> Result<(), Stop> {
        let place = stored.place;
        let seq = self.chain.seq() + 1;
        self.hash = self.hash.after(stored.bytes);
        if place.seq != seq || stored.hash != self.hash {
            return refused("Chain", format!("stream {}: {} after {}", self.id, place.seq, seq - 1));
        }
        let record = Record::read(stored.bytes, store.keys())?;
        let text = match &record.input.kind {
            InputKind::Frame { text, .. } => Some(text.as_str()),
            InputKind::Opened(_)
            | InputKind::Refused(_)
            | InputKind::Closed(_)
            | InputKind::Binary { .. }
            | InputKind::Named { .. }
            | InputKind::Command(_)
            | InputKind::Timer(_)
            | _ => None,
        };
        let Some(content) = text.and_then(content_of) else {
            return refused("Content", format!("stream {}: record {seq} has none", self.id));
        };
        // What the protocol does not know of has to be there as well, whatever the content is.
        let is_whole = text.is_some_and(|text| text == frame(self.number, seq, &content));
        if record.head.seq != seq || record.erased || !is_whole {
            return refused("Content", format!("stream {}: record {seq} is another", self.id));
        }
        self.chain.push(content.as_bytes());
        Ok(())
    }

    fn record(&mut self, store: &SledStore, writer: &mut RecordWriter) -> Result<NewRecord, Stop> {
        let seq = self.chain.seq() + 1;
        let at = Timestamp::from_micros(i64::try_from(seq).unwrap_or(i64::MAX).saturating_mul(1_000));
        let content = content::record(self.number, seq);
        let text = frame(self.number, seq, &content);
        let (text, _) = FrameText::from_wire(&text);
        let input = Input { at, kind: InputKind::Frame { socket: SocketId(1), text } };
        let events = [Event::Connected];
        let recording = Recording { seq, at, input: &input, events: &events, message: None };
        let bytes = writer.write(&recording, &mut store.keys())?.to_vec();
        self.hash = self.hash.after(&bytes);
        let told = self.chain.push(content.as_bytes());
        self.open.push_back((seq, self.hash, told));
        Ok(NewRecord { bytes, hash: self.hash, at })
    }

    /// What the store says is durable and was not acknowledged before.
    fn went_on(&mut self, store: &SledStore) -> Result<Option<Head>, Stop> {
        let (durable, hash) = store.durable_head(self.id)?;
        let mut last = None;
        while self.open.front().is_some_and(|(seq, ..)| *seq <= durable) {
            last = self.open.pop_front();
        }
        let Some((seq, ours, told)) = last else { return Ok(None) };
        if (seq, ours) != (durable, hash) {
            return Err(Stop::Fault(format!("stream {}: durable up to {durable}, another hash", self.id)));
        }
        Ok(Some(Head { stream: self.number, seq, hash: told }))
    }
}

/// How often a record is longer than one value of the database.
const LONG_EVERY: u64 = 97;

/// A frame as a server may send it. The name and the number come back in other records, the content does not.
fn frame(stream: u32, seq: u64, content: &str) -> String {
    let number = 79_160_000_000 + seq % 40;
    let filler = if seq.is_multiple_of(LONG_EVERY) {
        let parts = (0..40).map(|part| content::record(stream, seq * 1_000 + part));
        parts.collect::<Vec<_>>().join("\",\"")
    } else {
        String::new()
    };
    format!(
        r#"["phoneevent_ringstarted",{{"content":"{content}","callername":"Иванов Иван {}","callerid":"{number}","abonents":["{filler}"]}}]"#,
        seq % 7
    )
}

fn content_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(r#""content":""#)?;
    rest.split_once('"').map(|(content, _)| content.to_owned())
}

fn append_records(append: &Append) -> Result<(), Stop> {
    let durability = match append.durability {
        Durability::Always => store::Durability::Always,
        Durability::Every(time) => {
            store::Durability::Every(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        }
        Durability::Never => store::Durability::Never,
    };
    let store = open(&append.dir, durability)?;
    let there = store.streams()?;
    let mut streams = Vec::new();
    for number in 0..append.streams.max(1) {
        let description = description_of(number);
        let id = match there.iter().find(|(_, text)| *text == description) {
            Some((id, _)) => *id,
            None => store.add_stream(&description)?,
        };
        streams.push(read(&store, id, number, &description)?);
    }
    let mut writer = RecordWriter::default();
    let mut left = append.records;
    let mut turn = 0;
    let mut batches = 0_u64;
    while left > 0 {
        let batch = left.min(append.batch.max(1));
        left -= batch;
        batches += 1;
        // In turn: all of a batch in one call, or each record in its own.
        let calls = if batches.is_multiple_of(2) { batch } else { 1 };
        for _ in 0..calls {
            let mut appends: Vec<store::Append> = Vec::new();
            for _ in 0..batch / calls {
                let count = streams.len().max(1);
                let Some(stream) = streams.get_mut(turn % count) else { continue };
                turn += 1;
                let first = stream.chain.seq() + 1;
                let id = stream.id;
                let record = stream.record(&store, &mut writer)?;
                match appends.iter_mut().find(|append| append.stream == id) {
                    Some(append) => append.records.push(record),
                    None => appends.push(store::Append { stream: id, first, records: vec![record] }),
                }
            }
            store.append(&appends).or_else(|error| read_only(&store, error))?;
        }
        // At once: what fails from here on is not about these records.
        acknowledge(&store, &mut streams, append.durability)?;
        if append.snapshots {
            derive(&store, batches)?;
        }
    }
    store.sync().or_else(|error| read_only(&store, error))?;
    acknowledge(&store, &mut streams, append.durability)
}

/// After a write that failed, nothing is written any more, and the store says so.
fn read_only(store: &SledStore, error: StoreError) -> Result<(), Stop> {
    match store.append(&[]) {
        Err(StoreError::ReadOnly { .. }) => Err(error.into()),
        Err(other) => Err(Stop::Fault(format!("after `{error}`, an append says `{other}`"))),
        Ok(()) => Err(Stop::Fault(format!("after `{error}`, an append is taken"))),
    }
}

fn acknowledge(store: &SledStore, streams: &mut [Stream], durability: Durability) -> Result<(), Stop> {
    if durability == Durability::Never {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    for stream in streams {
        if let Some(head) = stream.went_on(store)? {
            writeln!(out, "ack {head}")?;
        }
        if durability == Durability::Always && !stream.open.is_empty() {
            return Err(Stop::Fault(format!("stream {}: not durable when it should be", stream.id)));
        }
    }
    Ok(out.flush()?)
}

/// How many snapshots are kept.
const SNAPSHOTS: u64 = 3;
const SNAPSHOT_CHARACTERS: usize = 20_000;

fn snapshot_name(number: u64) -> Vec<u8> {
    [b"snapshot".as_slice(), &number.to_be_bytes()].concat()
}

fn snapshot(number: u64) -> Vec<u8> {
    let text = content::record(u32::MAX, number);
    text.bytes().cycle().take(SNAPSHOT_CHARACTERS).collect()
}

/// Puts a snapshot away and removes the oldest.
fn derive(store: &SledStore, number: u64) -> Result<(), Stop> {
    let mut changes = vec![(snapshot_name(number), Some(snapshot(number)))];
    changes.extend(number.checked_sub(SNAPSHOTS).map(|old| (snapshot_name(old), None)));
    Ok(store.put_derived(changes)?)
}

/// A snapshot may be gone. One that is there is whole.
fn check_derived(store: &SledStore) -> Result<(), Stop> {
    for found in store.derived(b"snapshot", b"snapshot~", false) {
        let (name, value) = found?;
        let number = name.strip_prefix(b"snapshot").and_then(|number| number.try_into().ok());
        if number.is_none_or(|number| value != snapshot(u64::from_be_bytes(number))) {
            return refused("Derived", format!("{} bytes are no snapshot", value.len()));
        }
    }
    Ok(())
}
