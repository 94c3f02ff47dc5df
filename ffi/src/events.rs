//! Events and records of a log, one by one. What is not read yet is not in memory.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use callfold::log::{self, EventQuery, Log, LogError, LogRecord, StreamId};
use callfold::problem::{Problem, ProblemCode};
use callfold::{Event, Text, Timestamp};
use serde_json::json;

use crate::boundary::{Status, callfold_result, caught, cross, done};
use crate::event::{self, Place, callfold_event};
use crate::handle::{self, Kind, Object, Single};
use crate::log::{callfold_log, ids_of, with_log};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{bad, callfold_buffer, callfold_str, fill, many, owned};
use crate::words::EVENTS;

/// Which events are wanted. What is nothing, or zero, does not matter. Fill in `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_event_query {
    /// sizeof(callfold_event_query)
    pub size: usize,
    /// Of these streams; NULL: of all.
    pub streams: *const callfold_str,
    /// How many.
    pub streams_count: usize,
    /// With one of these names (`line_changed`); NULL: with any. One that there is not is CALLFOLD_UNKNOWN_NAME.
    pub names: *const callfold_str,
    /// How many.
    pub names_count: usize,
    /// Of records at or after `from`, if `has_from`.
    pub from: i64,
    /// Of records before `to`, if `has_to`.
    pub to: i64,
    /// Whether `from` counts.
    pub has_from: callfold_flag,
    /// Whether `to` counts.
    pub has_to: callfold_flag,
    /// About this number, as it was told.
    pub number: callfold_str,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_event_query {
    const NAME: &'static str = "callfold_event_query";
}

impl callfold_event_query {
    fn made(&self, log: &Log) -> Result<EventQuery, Problem> {
        let mut query = EventQuery::default();
        query.streams = ids_of(log, self.streams, self.streams_count, "query.streams")?;
        if let Some(names) = many(self.names, self.names_count, "query.names")? {
            let names = names.iter().map(|name| known(name.text("query.names")?));
            query.names = Some(names.collect::<Result<BTreeSet<_>, Problem>>()?);
        }
        query.from = self.has_from.is().then(|| Timestamp::from_micros(self.from));
        query.to = self.has_to.is().then(|| Timestamp::from_micros(self.to));
        query.number = self.number.given("query.number")?.map(str::to_owned);
        Ok(query)
    }
}

/// The name of an event that there is.
fn known(name: &str) -> Result<String, Problem> {
    if EVENTS.words.iter().any(|word| word.name == name) {
        return Ok(name.to_owned());
    }
    let why = format!("query.names: there is no event {name}");
    Err(Problem::new(ProblemCode::UnknownName, why))
}

/// Events of a log, one by one, stream by stream and in order.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_events {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// So many events are handed over at once, and so many batches wait to be asked for.
const BATCH: usize = 256;
const BATCHES: usize = 2;

struct Found {
    event: Event,
    at: i64,
    seq: u64,
    place: u32,
    stream: Arc<Text>,
}

type Batch = Result<Vec<Found>, Problem>;

/// A thread reads the log, and waits when it is ahead.
struct Reading {
    /// Set when it is to end, also where nothing is found for long.
    stop: Arc<AtomicBool>,
    /// None when it is to end.
    batches: Option<Receiver<Batch>>,
    thread: Option<JoinHandle<()>>,
    batch: Vec<Found>,
    next: usize,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // It ends at the batch that nobody takes, if it has one.
        self.batches = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            drop(thread.join());
        }
    }
}

struct Held(Single<Reading>);

impl Object for Held {
    const KIND: Kind = Kind::Events;
    const BOUND_TO_PROCESS: bool = true;
}

fn read(
    log: &Log,
    query: &EventQuery,
    progress: Option<callfold_progress>,
    to: &SyncSender<Batch>,
    stop: &AtomicBool,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut stream: Option<(StreamId, Arc<Text>)> = None;
    let read = caught(|| {
        let mut tell = teller(progress.as_ref());
        let mut interrupted =
            |at| if stop.load(Ordering::Acquire) { ControlFlow::Break(()) } else { tell(at) };
        log.events(query, &mut interrupted, &mut |found| {
            let name = match &stream {
                Some((id, name)) if *id == found.stream.id => Arc::clone(name),
                _ => {
                    let name = Arc::new(found.stream.info.name.clone());
                    stream = Some((found.stream.id, Arc::clone(&name)));
                    name
                }
            };
            batch.push(Found {
                event: found.event.clone(),
                at: found.at.as_micros(),
                seq: found.seq,
                place: found.place,
                stream: name,
            });
            if batch.len() < BATCH {
                return Ok(());
            }
            // Nobody takes it when the iterator was freed.
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            to.send(Ok(full)).map_err(|_| LogError::Interrupted)
        })?;
        Ok(())
    });
    // What was found before it broke off is handed over first.
    if !batch.is_empty() {
        let _ = to.send(Ok(batch));
    }
    if let Err(problem) = read {
        let _ = to.send(Err(problem));
    }
}

/// The events that are wanted. `query` may be NULL: all. `progress` is told on a thread of callfold's own, and must live as
/// long as the iterator.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_events(
    log: callfold_log,
    query: *const callfold_event_query,
    progress: Option<&callfold_progress>,
    events: Option<&mut MaybeUninit<callfold_events>>,
) -> callfold_result {
    done(|| {
        let events = fill(events, "events")?;
        let query = options::read(query)?;
        let (log, query) = with_log(log, |log| Ok((log.clone(), query.made(log)?)))?;
        let (to, batches) = sync_channel(BATCHES);
        let progress = progress.copied();
        let reader = thread::Builder::new().name("callfold events".to_owned());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = reader.spawn(move || read(&log, &query, progress, &to, &stopped));
        let thread = thread.map_err(|error| Problem::new(ProblemCode::NoRuntime, error.to_string()))?;
        let reading =
            Reading { stop, batches: Some(batches), thread: Some(thread), batch: Vec::new(), next: 0 };
        events.with(callfold_events { handle: handle::put(Held(Single::new(reading)))? });
        Ok(())
    })
}

impl Reading {
    /// Has a next event, or none if all were asked for.
    fn advance(&mut self) -> Result<Option<&Found>, Problem> {
        while self.next >= self.batch.len() {
            match self.batches.as_ref().map(Receiver::recv) {
                Some(Ok(batch)) => (self.batch, self.next) = (batch?, 0),
                Some(Err(_)) | None => return Ok(None),
            }
        }
        self.next += 1;
        Ok(self.batch.get(self.next - 1))
    }

    fn last(&self) -> Result<&Found, Problem> {
        let last = self.next.checked_sub(1).and_then(|last| self.batch.get(last));
        last.ok_or_else(|| bad("no event was asked for yet"))
    }
}

/// The next event; CALLFOLD_END behind the last. Borrowed until the next call with the iterator. If the log cannot be read
/// to its end, that is told after what could be.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_events_next(
    events: callfold_events,
    borrowed: Option<&mut MaybeUninit<callfold_event>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<Held>(events.handle)?;
        let mut reading = held.0.mine()?;
        let Some(Found { event, at, seq, place, stream }) = reading.advance()? else {
            return Ok(Status::End);
        };
        let place = Place { at: *at, seq: *seq, place: *place, stream: Some(stream.as_str()) };
        borrowed.with(event::told(event, place));
        Ok(Status::Ok)
    })
}

/// All that the event says that was asked for last, as JSON: the same text on every surface.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_events_json(
    events: callfold_events,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<Held>(events.handle)?;
        let text = event::json(&held.0.mine()?.last()?.event)?;
        owned_json.with(owned(text)?);
        Ok(())
    })
}

/// Frees an iterator over events, and what was borrowed from it. Events that were not asked for are not read any more. Waits for
/// the progress function, if that is being called.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_events_free(events: callfold_events) -> callfold_result {
    done(|| handle::free::<Held>(events.handle))
}

// ---- records ----

/// Records of a stream, one by one: what came in, what was decided, and the hash that chains them.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_records {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// A record of a stream.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_record {
    /// Its number, from 1.
    pub seq: u64,
    /// When: microseconds of UTC since 1970.
    pub at: i64,
    /// How many events were decided on it.
    pub events: usize,
    /// Whether a part of it was erased; tokens stand for it.
    pub is_erased: bool,
    /// Its hash (BLAKE3): of the hash before and of its bytes.
    pub hash: [u8; 32],
}

struct Records {
    log: Log,
    stream: StreamId,
    from: u64,
    batch: Vec<LogRecord>,
    next: usize,
}

struct HeldRecords(Single<Records>);

impl Object for HeldRecords {
    const KIND: Kind = Kind::Records;
    const BOUND_TO_PROCESS: bool = true;
}

impl Records {
    fn advance(&mut self) -> Result<Option<&LogRecord>, Problem> {
        if self.next >= self.batch.len() {
            let read = self.log.records(self.stream, self.from).take(BATCH);
            (self.batch, self.next) = (read.collect::<Result<_, LogError>>()?, 0);
            if let Some(last) = self.batch.last() {
                self.from = last.record.head.seq + 1;
            }
        }
        let found = self.batch.get(self.next);
        self.next += usize::from(found.is_some());
        Ok(found)
    }

    fn last(&self) -> Result<&LogRecord, Problem> {
        let last = self.next.checked_sub(1).and_then(|last| self.batch.get(last));
        last.ok_or_else(|| bad("no record was asked for yet"))
    }
}

/// The records of a stream, from number `from` (the first is 1) on.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_records(
    log: callfold_log,
    stream: callfold_str,
    from: u64,
    records: Option<&mut MaybeUninit<callfold_records>>,
) -> callfold_result {
    done(|| {
        let records = fill(records, "records")?;
        let (log, stream) = with_log(log, |log| Ok((log.clone(), log.stream(stream.text("stream")?)?.id)))?;
        let all = Records { log, stream, from: from.max(1), batch: Vec::new(), next: 0 };
        records.with(callfold_records { handle: handle::put(HeldRecords(Single::new(all)))? });
        Ok(())
    })
}

/// The next record; CALLFOLD_END behind the last there is by now.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_records_next(
    records: callfold_records,
    record: Option<&mut MaybeUninit<callfold_record>>,
) -> callfold_result {
    cross(|| {
        let record = fill(record, "record")?;
        let held = handle::get::<HeldRecords>(records.handle)?;
        let mut records = held.0.mine()?;
        let Some(found) = records.advance()? else { return Ok(Status::End) };
        record.with(callfold_record {
            seq: found.record.head.seq,
            at: found.record.head.at.as_micros(),
            events: found.record.events.len(),
            is_erased: found.record.erased,
            hash: found.hash.0,
        });
        Ok(Status::Ok)
    })
}

/// What came in with the record that was asked for last, as JSON with its moment: `callfold_machine_handle_json` takes it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_records_input_json(
    records: callfold_records,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<HeldRecords>(records.handle)?;
        let records = held.0.mine()?;
        let record = &records.last()?.record;
        let mut input = json!({ "at": record.head.at.as_micros() });
        if let (Some(input), serde_json::Value::Object(kind)) =
            (input.as_object_mut(), log::input_json(&record.input.kind))
        {
            input.extend(kind);
        }
        owned_json.with(owned(input.to_string())?);
        Ok(())
    })
}

/// All of the record that was asked for last, as JSON: `{"seq":…,"at":…,"input":…,"events":[…],"hash":…}`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_records_json(
    records: callfold_records,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<HeldRecords>(records.handle)?;
        let records = held.0.mine()?;
        let found = records.last()?;
        let record = &found.record;
        let unwritable = |error: serde_json::Error| Problem::new(ProblemCode::Internal, error.to_string());
        let json = json!({
            "seq": record.head.seq,
            "at": record.head.at.as_micros(),
            "engine": record.head.engine.to_string(),
            "input": log::input_json(&record.input.kind),
            "message": record.message,
            "events": serde_json::to_value(&record.events).map_err(unwritable)?,
            "hash": found.hash.to_string(),
        });
        owned_json.with(owned(json.to_string())?);
        Ok(())
    })
}

/// Frees an iterator over records.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_records_free(records: callfold_records) -> callfold_result {
    done(|| handle::free::<HeldRecords>(records.handle))
}
