//! The store on disk: sled 0.34.7, and what has to be done so that it can be trusted.
//!
//! - Records are kept in blocks, packed, in values of at most 6 KiB ([`MAX_VALUE_BYTES`]). Single records wait in the tree `tail`, and are
//!   folded into a block when they fill one.
//! - sled's `flush` hands the bytes to the system and does not wait for the disk: durable means flushed *and* its file
//!   `db` synced ([`durable`] remembers how far).
//! - It writes over what it moved elsewhere before that is on the disk, unless its file is synced often
//!   ([`Inner::gave`]).
//! - A write that fails may leave it waiting for ever ([`flush`]).
//! - What it cannot read is the end of its log for it, and is cut off for good: a copy stands by ([`copy`]).
//! - Its panics over damaged files are caught ([`guard`]); files that a crash left half written are moved out of its way
//!   ([`directory`]).

mod copy;
mod directory;
mod durable;
mod flush;
mod guard;
mod open;
mod read;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use callfold_engine::Timestamp;
use callfold_engine::record::Hash;

use crate::block::{FULL_BYTES, HEADER_BYTES, MAX_VALUE_BYTES, packed, put_header, put_record, size};
use crate::log_store::{Append, Derived, DerivedChange, Durability, LogStore, StreamHead, StreamId};
use crate::{Block, Keys, NewRecord, Place, StoreError};

use copy::Closer;
use directory::Directory;
use durable::DurableHeads;
use flush::Flusher;
use guard::caught;

pub use guard::hush_caught_panics;
pub use open::{Cut, OpenReport};

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// When an append is safe from a power cut.
    pub durability: Durability,
    /// Whether a store is made where there is none.
    pub create: bool,
    /// How many bytes of the database are kept in memory. sled takes about as much again for its index.
    pub cache_bytes: u64,
    /// Up to how many bytes a database is copied before it is opened after a crash, so that a store which is refused
    /// is left as it was: sled cuts off for good what it cannot read. The copy goes when the store is open.
    pub copy_up_to: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            create: true,
            cache_bytes: 32 * 1024 * 1024,
            copy_up_to: 4 << 30,
        }
    }
}

/// Streams of records on disk. One owner at a time; share it behind an [`Arc`].
#[derive(Debug)]
pub struct SledStore {
    inner: Arc<Inner>,
    report: OpenReport,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Inner {
    // sled's own first: what follows is dropped after it.
    streams: sled::Tree,
    blocks: sled::Tree,
    tail: sled::Tree,
    derived: sled::Tree,
    /// sled's file, to be synced.
    file: File,
    keys: Keys,
    durability: Durability,
    appender: Mutex<Appender>,
    durable: Mutex<DurableHeads>,
    syncing: Mutex<Syncing>,
    synced: Condvar,
    /// Why nothing is written any more.
    failed: OnceLock<String>,
    flusher: Flusher,
    /// Held while sled's file is synced: a sync that fails tells one of those who wait, and not the others.
    disk: Mutex<()>,
    /// How many bytes sled was given since.
    unsynced_bytes: AtomicU64,
    closer: Closer,
    directory: Arc<Directory>,
}

#[derive(Debug, Default)]
struct Appender {
    streams: Vec<Stream>,
    /// Counts appends.
    ticket: u64,
    /// Streams with records that are not known to be durable.
    unsynced: Vec<StreamId>,
}

#[derive(Debug)]
struct Stream {
    /// Where its chain begins: the hash of its description.
    origin: Hash,
    head: StreamHead,
    tail: Tail,
    is_unsynced: bool,
}

/// The records that are in no block yet.
#[derive(Debug, Default)]
struct Tail {
    first: u64,
    at: Timestamp,
    bytes: Vec<u8>,
    keys: Vec<[u8; KEY_BYTES]>,
}

#[derive(Debug, Default)]
struct Syncing {
    /// The last append that is durable.
    done: u64,
    is_running: bool,
}

/// The longest description.
const MAX_DESCRIPTION_BYTES: usize = 4 << 20;

/// How many parts of a block are written at once. A block of more is one record.
const PARTS_AT_ONCE: usize = 8;

/// After how many bytes sled's file is synced. A segment of sled's has 512 KiB, and it writes a value several times.
const MAX_UNSYNCED_BYTES: u64 = 64 * 1024;

const KEY_BYTES: usize = 14;

/// Where a part of a block stands: stream, first record, part.
fn key(stream: StreamId, first: u64, part: u16) -> [u8; KEY_BYTES] {
    let [a, b, c, d] = stream.0.to_be_bytes();
    let [e, f, g, h, i, j, k, l] = first.to_be_bytes();
    let [m, n] = part.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n]
}

fn read_key(key: &[u8]) -> Option<(StreamId, u64, u16)> {
    let (stream, rest) = key.split_first_chunk::<4>()?;
    let (first, part) = rest.split_first_chunk::<8>()?;
    let part = part.try_into().ok()?;
    Some((StreamId(u32::from_be_bytes(*stream)), u64::from_be_bytes(*first), u16::from_be_bytes(part)))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SledStore {
    /// Opens the store in the directory `path`, or makes one there.
    ///
    /// Half written files of a crash are moved aside; records after the durable head that are damaged are cut off and
    /// kept under `broken/`. [`SledStore::report`] tells both.
    ///
    /// # Errors
    /// [`StoreError`]: the store is open elsewhere, is none, is newer, or is damaged before its durable head. Its
    /// records are then as they were.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let (inner, report) = open::open(path, options)?;
        let inner = Arc::new(inner);
        let ticker = match options.durability {
            Durability::Every(millis) => Some(ticker(&inner, Duration::from_millis(millis.max(1)))?),
            Durability::Always | Durability::Never => None,
        };
        Ok(Self { inner, report, ticker })
    }

    /// What had to be done to open it.
    #[must_use]
    pub const fn report(&self) -> &OpenReport {
        &self.report
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.directory.root
    }

    /// How many bytes its files take.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the directory cannot be read.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        copy::bytes_of(self.path())
    }
}

/// Syncs what was appended, at intervals. Ends when the sender goes.
fn ticker(inner: &Arc<Inner>, interval: Duration) -> Result<(Sender<()>, JoinHandle<()>), StoreError> {
    let (stop, stopped) = channel::<()>();
    let path = inner.directory.root.clone();
    let inner = Arc::clone(inner);
    let thread = std::thread::Builder::new().name("callfold-sync".to_owned());
    let thread = thread.spawn(move || {
        while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            let ticket = locked(&inner.appender).ticket;
            if inner.sync_to(ticket).is_err() {
                // It is read-only from here on; the next append says why.
                return;
            }
        }
    });
    Ok((stop, thread.map_err(StoreError::io(&path))?))
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.ticker.take() {
            drop(stop);
            let _ = thread.join();
        }
        // Whoever wants to know whether this worked calls `sync` before.
        let ticket = locked(&self.inner.appender).ticket;
        let in_order = self.inner.sync_to(ticket).is_ok();
        self.inner.closer.in_order.store(in_order, Ordering::Release);
    }
}

impl Inner {
    fn root(&self) -> PathBuf {
        self.directory.root.clone()
    }

    /// Asks sled for something, and takes its panics for what they are.
    fn ask<T>(&self, doing: &'static str, work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        match caught(work) {
            Some(Ok(done)) => Ok(done),
            Some(Err(error)) => Err(StoreError::Database { path: self.root(), why: error.to_string() }),
            None => Err(StoreError::Broke { path: self.root(), doing }),
        }
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        match self.failed.get() {
            Some(why) => Err(StoreError::ReadOnly { path: self.root(), why: why.clone() }),
            None => Ok(()),
        }
    }

    /// A write failed: what is on disk is not known any more, so nothing more is written.
    fn fail(&self, error: StoreError) -> StoreError {
        let _ = self.failed.set(error.to_string());
        error
    }

    fn append(&self, appends: &[Append]) -> Result<u64, StoreError> {
        let mut appender = locked(&self.appender);
        self.check_writable()?;
        // All are looked at before one is written.
        let mut next: Vec<(StreamId, u64)> = Vec::new();
        for append in appends {
            let expected = match next.iter().rev().find(|(stream, _)| *stream == append.stream) {
                Some((_, next)) => *next,
                None => appender.stream(append.stream)?.head.seq + 1,
            };
            if append.first != expected {
                let place = Place { stream: append.stream, seq: append.first };
                return Err(StoreError::OutOfOrder { place, after: expected - 1 });
            }
            next.push((append.stream, expected + append.records.len() as u64));
        }
        for append in appends.iter().filter(|append| !append.records.is_empty()) {
            let stream = appender.stream(append.stream)?;
            self.add(append.stream, stream, append.first, &append.records)
                .map_err(|error| self.fail(error))?;
            if !std::mem::replace(&mut stream.is_unsynced, true) {
                appender.unsynced.push(append.stream);
            }
        }
        appender.ticket += 1;
        Ok(appender.ticket)
    }

    fn add(
        &self,
        id: StreamId,
        stream: &mut Stream,
        first: u64,
        records: &[NewRecord],
    ) -> Result<(), StoreError> {
        // From `start` on, records are in neither a block nor the tail.
        let (mut start, mut bytes) = (0, 0);
        for (place, record) in records.iter().enumerate() {
            let size = size(&record.bytes);
            // One that is too long for the tail is a block of its own.
            let is_long = HEADER_BYTES + size > MAX_VALUE_BYTES;
            if is_long || stream.tail.bytes.len() + bytes + size > FULL_BYTES {
                let fresh = records.get(start..place).unwrap_or_default();
                self.fold(id, &mut stream.tail, first + start as u64, fresh)?;
                (start, bytes) = (place, 0);
            }
            bytes += size;
            if is_long {
                self.fold(id, &mut stream.tail, first + place as u64, std::slice::from_ref(record))?;
                (start, bytes) = (place + 1, 0);
            }
        }
        let rest = records.get(start..).unwrap_or_default();
        if stream.tail.bytes.len() + bytes > FULL_BYTES / 2 && start < records.len() && records.len() > 1 {
            // Many came at once, and what is left of them is half a block: to let it wait would write it twice.
            self.fold(id, &mut stream.tail, first + start as u64, rest)?;
        } else {
            self.wait(id, &mut stream.tail, first + start as u64, rest)?;
        }
        if let Some(last) = records.last() {
            let seq = first + records.len() as u64 - 1;
            stream.head = StreamHead { seq, hash: last.hash, at: Some(last.at) };
        }
        Ok(())
    }

    /// Lets records wait in the tail, as values that sled keeps where it syncs.
    fn wait(
        &self,
        id: StreamId,
        tail: &mut Tail,
        first: u64,
        records: &[NewRecord],
    ) -> Result<(), StoreError> {
        let mut value = Vec::new();
        let mut key = key(id, first, 0);
        for (seq, record) in (first..).zip(records) {
            if value.len() + size(&record.bytes) > MAX_VALUE_BYTES {
                self.put_waiting(tail, key, std::mem::take(&mut value))?;
            }
            if value.is_empty() {
                put_header(&mut value, record.at);
                key = self::key(id, seq, 0);
            }
            put_record(&mut value, &record.bytes, record.hash);
            tail.put(seq, record);
        }
        if value.is_empty() { Ok(()) } else { self.put_waiting(tail, key, value) }
    }

    fn put_waiting(&self, tail: &mut Tail, key: [u8; KEY_BYTES], value: Vec<u8>) -> Result<(), StoreError> {
        tail.keys.push(key);
        let bytes = value.len();
        self.ask("appending", || self.tail.insert(key, value))?;
        self.gave(bytes)
    }

    /// Makes a block of the tail and what is to follow it. Should a crash fall in between, the records stand in both
    /// places, and opening removes them from the tail.
    fn fold(
        &self,
        id: StreamId,
        tail: &mut Tail,
        first: u64,
        records: &[NewRecord],
    ) -> Result<(), StoreError> {
        for (seq, record) in (first..).zip(records) {
            tail.put(seq, record);
        }
        if tail.bytes.is_empty() {
            return Ok(());
        }
        self.put_block(id, tail.first, tail.at, &tail.bytes)?;
        tail.bytes.clear();
        // One long record must not cost every stream its length for ever.
        tail.bytes.shrink_to(FULL_BYTES);
        if tail.keys.is_empty() {
            return Ok(());
        }
        let mut gone = sled::Batch::default();
        for key in tail.keys.drain(..) {
            gone.remove(&key[..]);
        }
        self.ask("folding", || self.tail.apply_batch(gone))?;
        self.gave(MAX_VALUE_BYTES)
    }

    /// Writes a block; one that is too long in parts, and says of how many it is.
    fn put_block(&self, id: StreamId, first: u64, at: Timestamp, records: &[u8]) -> Result<u16, StoreError> {
        let place = Place { stream: id, seq: first };
        let too_long = StoreError::Block { place, what: "a record that is too long" };
        let (value, parts) = packed(at, records).ok_or(too_long)?;
        if parts == 1 {
            let bytes = value.len();
            self.ask("appending", || self.blocks.insert(key(id, first, 0), value))?;
            return self.gave(bytes).map(|()| 1);
        }
        // From the last part to the first, without which the others are nothing.
        let all: Vec<(u16, &[u8])> = (0..).zip(value.chunks(MAX_VALUE_BYTES)).collect();
        for parts in all.rchunks(PARTS_AT_ONCE) {
            let mut batch = sled::Batch::default();
            for (part, bytes) in parts {
                batch.insert(&key(id, first, *part)[..], *bytes);
            }
            self.ask("appending", || self.blocks.apply_batch(batch))?;
            self.gave(parts.iter().map(|(_, bytes)| bytes.len()).sum())?;
        }
        Ok(parts)
    }

    /// Returns when the append with this ticket is durable. Those that wait at the same time share one sync.
    fn sync_to(&self, ticket: u64) -> Result<(), StoreError> {
        let mut syncing = locked(&self.syncing);
        loop {
            if syncing.done >= ticket {
                return Ok(());
            }
            self.check_writable()?;
            if !syncing.is_running {
                break;
            }
            syncing = self.synced.wait(syncing).unwrap_or_else(PoisonError::into_inner);
        }
        syncing.is_running = true;
        drop(syncing);
        let done = self.sync_all().map_err(|error| self.fail(error));
        let mut syncing = locked(&self.syncing);
        syncing.is_running = false;
        let done = done.map(|up_to| syncing.done = up_to);
        self.synced.notify_all();
        done
    }

    /// Has sled's file on the disk as it is now.
    fn to_disk(&self) -> Result<(), StoreError> {
        let _disk = locked(&self.disk);
        self.check_writable()?;
        self.unsynced_bytes.store(0, Ordering::Release);
        let path = self.directory.path("sled/db");
        self.ask("flushing", || self.flusher.flush())
            .and_then(|_| self.file.sync_data().map_err(StoreError::io(&path)))
            .map_err(|error| self.fail(error))
    }

    /// To be called after sled was given so many bytes.
    ///
    /// sled takes what it flushed for safe, and writes over the place where it stood before: a power cut then leaves
    /// neither, of records that were durable long ago. It does so at the earliest when it has filled a whole segment
    /// in between, so its file is synced more often than that, whatever the policy.
    fn gave(&self, bytes: usize) -> Result<(), StoreError> {
        let before = self.unsynced_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
        if before + bytes as u64 > MAX_UNSYNCED_BYTES { self.to_disk() } else { Ok(()) }
    }

    /// Syncs everything appended until now; up to which append.
    fn sync_all(&self) -> Result<u64, StoreError> {
        let (up_to, heads) = {
            let mut appender = locked(&self.appender);
            let unsynced = std::mem::take(&mut appender.unsynced);
            let mut heads = Vec::with_capacity(unsynced.len());
            for id in unsynced {
                let stream = appender.stream(id)?;
                stream.is_unsynced = false;
                heads.push((id, stream.head));
            }
            (appender.ticket, heads)
        };
        // A record counts only when the keys of its personal data do, so those go first.
        self.keys.sync()?;
        self.to_disk()?;
        let mut durable = locked(&self.durable);
        for (id, head) in heads {
            durable.set(id, head.seq, head.hash)?;
        }
        Ok(up_to)
    }
}

impl Tail {
    fn put(&mut self, seq: u64, record: &NewRecord) {
        if self.bytes.is_empty() {
            (self.first, self.at) = (seq, record.at);
        }
        put_record(&mut self.bytes, &record.bytes, record.hash);
    }
}

impl Appender {
    fn stream(&mut self, id: StreamId) -> Result<&mut Stream, StoreError> {
        let place = usize::try_from(id.0).ok().and_then(|place| self.streams.get_mut(place));
        place.ok_or(StoreError::NoStream(id))
    }
}

impl LogStore for SledStore {
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        self.inner.descriptions()
    }

    fn description(&self, stream: StreamId) -> Result<Vec<u8>, StoreError> {
        self.inner.description(stream)
    }

    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError> {
        let inner = &self.inner;
        let mut appender = locked(&inner.appender);
        inner.check_writable()?;
        let origin = Hash::of_stream(description);
        let mut known = (0..).map(StreamId).zip(&appender.streams);
        if let Some((there, _)) = known.find(|(_, stream)| stream.origin == origin) {
            return Err(StoreError::SameStream(there));
        }
        let id = StreamId(u32::try_from(appender.streams.len()).unwrap_or(u32::MAX));
        if description.len() > MAX_DESCRIPTION_BYTES {
            let place = Place { stream: id, seq: 0 };
            return Err(StoreError::Block { place, what: "a description that is too long" });
        }
        inner.put_description(id, description).map_err(|error| inner.fail(error))?;
        let head = StreamHead { seq: 0, hash: origin, at: None };
        // Noted as durable although it has no record: a stream that is gone later is missed.
        appender.streams.push(Stream { origin, head, tail: Tail::default(), is_unsynced: true });
        appender.unsynced.push(id);
        appender.ticket += 1;
        let ticket = appender.ticket;
        drop(appender);
        // Streams are few, and what hangs on one is much.
        inner.sync_to(ticket)?;
        Ok(id)
    }

    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError> {
        Ok(locked(&self.inner.appender).stream(stream)?.head)
    }

    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError> {
        let first = self.inner.first_hash(stream)?;
        let durable = locked(&self.inner.durable).get(stream);
        Ok(if durable.seq == 0 { (0, first) } else { (durable.seq, durable.hash()) })
    }

    fn append(&self, appends: &[Append]) -> Result<(), StoreError> {
        let ticket = self.inner.append(appends)?;
        match self.inner.durability {
            Durability::Always => self.inner.sync_to(ticket),
            Durability::Every(_) | Durability::Never => Ok(()),
        }
    }

    fn sync(&self) -> Result<(), StoreError> {
        let ticket = locked(&self.inner.appender).ticket;
        self.inner.sync_to(ticket)
    }

    fn blocks(
        &self,
        stream: StreamId,
        from: u64,
    ) -> Box<dyn Iterator<Item = Result<Block, StoreError>> + '_> {
        Box::new(self.inner.blocks(stream, from))
    }

    fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError> {
        self.inner.seek(stream, at)
    }

    fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError> {
        self.inner.check_writable()?;
        self.inner.put_derived(changes)
    }

    fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_> {
        self.inner.derived(from, to, last_first)
    }

    fn clear_derived(&self) -> Result<(), StoreError> {
        self.inner.clear_derived()
    }

    fn keys(&self) -> &Keys {
        &self.inner.keys
    }
}
