//! Opening: what a crash left is put right, what must not be is refused.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use callfold_engine::record::{Hash, Record};

use super::copy::{Closer, Copy};
use super::directory::{Directory, restrict, sync_directory, write_new};
use super::durable::{DurableHead, DurableHeads};
use super::flush::Flusher;
use super::{Appender, Inner, Options, Stream, Syncing, Tail, caught, key, locked, read_key};
use crate::block::{BlockHeader, HEADER_BYTES, put_header, put_record};
use crate::log_store::{StreamHead, StreamId};
use crate::{Keys, Place, StoreError};

/// What had to be done to open a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// Files that a crash left half written, and where they are now.
    pub moved: Vec<PathBuf>,
    /// Records that were cut off the end of a stream.
    pub cut: Vec<Cut>,
}

impl OpenReport {
    /// Whether nothing had to be done.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.moved.is_empty() && self.cut.is_empty()
    }

    /// What had to be done, in words: one sentence each, for whoever opened the store.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let moved = self
            .moved
            .iter()
            .map(|moved| format!("a crash left a file half written; it is kept as {}", moved.display()));
        let cut = self.cut.iter().map(|cut| {
            let (stream, from, why, kept) = (cut.stream, cut.from, &cut.why, cut.kept.display());
            format!(
                "stream {stream} was cut off before record {from}, which was never acknowledged as durable: {why}; \
                 what was cut off is kept in {kept}"
            )
        });
        moved.chain(cut).collect()
    }
}

/// Records that were cut off the end of a stream: they were damaged, and had never been acknowledged as durable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// Of which stream.
    pub stream: StreamId,
    /// From which record on.
    pub from: u64,
    /// Why.
    pub why: String,
    /// Where they are kept.
    pub kept: PathBuf,
}

pub(super) fn open(path: &Path, options: Options) -> Result<(Inner, OpenReport), StoreError> {
    let directory = Arc::new(Directory::open(path, options.create)?);
    let durable = DurableHeads::read(&directory.path("durable"))?;
    if !directory.is_made()? && durable.is_some_and(|durable| durable.first_from(StreamId(0)).is_some()) {
        // Streams come after the store is made: this one was, and would be moved aside as if it had not been.
        return Err(StoreError::NotAStore { path: path.to_owned(), why: "its file `callfold` is missing" });
    }
    let mut report = OpenReport { moved: directory.clear_way()?, cut: Vec::new() };
    // sled takes what it cannot read for the end of its log, and cuts it off for good. So a database that is not as it
    // was when it was closed is tried on while a copy stands by.
    let copy = Copy::make(&directory, options.copy_up_to)?;
    let from = if copy.is_some() { LookAt::All } else { LookAt::End };
    let opened = database(&directory, options)
        .and_then(|inner| inner.look_at_streams(from, &mut report).map(|()| inner));
    match (opened, copy) {
        (Ok(inner), copy) => {
            copy.map_or(Ok(()), Copy::remove)?;
            directory.set_made()?;
            Ok((inner, report))
        }
        (Err(error), Some(copy)) => {
            copy.put_back()?;
            Err(error)
        }
        (Err(error), None) => Err(error),
    }
}

fn database(directory: &Arc<Directory>, options: Options) -> Result<Inner, StoreError> {
    let path = &directory.root;
    let keys = Keys::open(&directory.path("keys"), !directory.is_made()?)?;
    let durable = DurableHeads::open(&directory.path("durable"))?;
    let config = sled::Config::new()
        .path(directory.path("sled"))
        .cache_capacity(options.cache_bytes)
        .mode(sled::Mode::LowSpace)
        .flush_every_ms(None);
    let opened = caught(|| -> sled::Result<_> {
        let db = config.open()?;
        let [streams, blocks, tail, derived] =
            ["streams", "blocks", "tail", "derived"].map(|name| db.open_tree(name));
        Ok((db, streams?, blocks?, tail?, derived?))
    });
    let (db, streams, blocks, tail, derived) = match opened {
        Some(Ok(opened)) => opened,
        Some(Err(error)) => {
            return Err(StoreError::Database { path: path.clone(), why: error.to_string() });
        }
        None => return Err(StoreError::Broke { path: path.clone(), doing: "opening" }),
    };
    let sled = directory.path("sled");
    let file = sled.join("db");
    let closer = Closer { db: Some(db.clone()), root: path.clone(), in_order: AtomicBool::new(false) };
    let flusher = Flusher::new(&db).map_err(StoreError::io(path))?;
    let file = File::open(&file).map_err(StoreError::io(&file))?;
    // sled writes its settings once and never syncs them; half of them would keep it from ever opening again.
    let conf = sled.join("conf");
    File::open(&conf).and_then(|conf| conf.sync_all()).map_err(StoreError::io(&conf))?;
    restrict(&sled)?;
    sync_directory(&sled)?;
    sync_directory(path)?;
    Ok(Inner {
        streams,
        blocks,
        tail,
        derived,
        file,
        keys,
        durability: options.durability,
        appender: Mutex::default(),
        durable: Mutex::new(durable),
        syncing: Mutex::new(Syncing::default()),
        synced: Condvar::new(),
        failed: OnceLock::new(),
        flusher,
        disk: Mutex::default(),
        unsynced_bytes: AtomicU64::new(0),
        closer,
        directory: Arc::clone(directory),
    })
}

/// Which records are looked at when a store is opened.
#[derive(Clone, Copy, Debug)]
enum LookAt {
    /// All: sled took up what a crash left, and may have lost any of them.
    All,
    /// Those from the durable head on.
    End,
}

/// What is wrong with a record, and which.
struct Wrong {
    seq: u64,
    what: String,
}

impl Inner {
    fn look_at_streams(&self, from: LookAt, report: &mut OpenReport) -> Result<(), StoreError> {
        let mut found = Vec::new();
        for (expected, (id, description)) in (0..).zip(self.descriptions()?) {
            if id.0 != expected {
                let place = Place { stream: StreamId(expected), seq: 0 };
                return Err(StoreError::DurableDamaged { place, what: "the stream is not there" });
            }
            let first = Hash::of_stream(&description);
            let known = locked(&self.durable).get(id);
            let (head, wrong) = self.look_at(id, first, from, &known)?;
            if head.seq < known.seq {
                let place = Place { stream: id, seq: head.seq + 1 };
                let what = if wrong.is_some() { "it is damaged" } else { "it is not there" };
                return Err(StoreError::DurableDamaged { place, what });
            }
            found.push((id, first, head, wrong));
        }
        let next = StreamId(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if let Some(stream) = locked(&self.durable).first_from(next) {
            let place = Place { stream, seq: 0 };
            return Err(StoreError::DurableDamaged { place, what: "the stream is not there" });
        }
        // Nothing is changed before all of them have been looked at: the store may still be refused.
        let mut appender = Appender { ticket: 1, ..Appender::default() };
        for (id, origin, head, wrong) in found {
            if let Some(wrong) = wrong {
                report.cut.push(self.cut(id, wrong)?);
            }
            let tail = self.take_up_tail(id, &head)?;
            appender.streams.push(Stream { origin, head, tail, is_unsynced: true });
            appender.unsynced.push(id);
        }
        *locked(&self.appender) = appender;
        // What was found counts from here on: it is synced before anybody is told of it.
        self.sync_to(1)
    }

    /// Looks at the records of a stream: the last good one, and what is wrong behind it.
    fn look_at(
        &self,
        id: StreamId,
        first: Hash,
        from: LookAt,
        known: &DurableHead,
    ) -> Result<(StreamHead, Option<Wrong>), StoreError> {
        let start = match from {
            LookAt::All => 1,
            LookAt::End => known.seq.max(1),
        };
        let mut head = StreamHead { seq: 0, hash: first, at: None };
        let mut is_first = true;
        for block in self.blocks_until_end(id, start) {
            let block = match block {
                Ok(block) => block,
                Err(StoreError::Block { place, what }) => {
                    return Ok((head, Some(Wrong { seq: place.seq, what: what.to_owned() })));
                }
                Err(error) => return Err(error),
            };
            if std::mem::replace(&mut is_first, false) {
                head.seq = start - 1;
            }
            for record in block.records() {
                match record.and_then(|record| self.follows(&head, &record, start, known)) {
                    Ok(next) => head = next,
                    Err(error) => {
                        return Ok((head, Some(Wrong { seq: head.seq + 1, what: error.to_string() })));
                    }
                }
            }
        }
        // What stands behind a hole cannot be reached any more.
        for tree in [&self.blocks, &self.tail] {
            for found in tree.range(key(id, head.seq + 1, 0)..=key(id, u64::MAX, u16::MAX)) {
                let (name, _) = self.ask("opening", || found)?;
                // Parts without the first are of a record that a crash left half written.
                if read_key(&name).is_none_or(|(_, _, part)| part == 0) {
                    return Ok((head, Some(Wrong { seq: head.seq + 1, what: "it is not there".to_owned() })));
                }
            }
        }
        Ok((head, None))
    }

    /// The head after a record, if it follows.
    fn follows(
        &self,
        head: &StreamHead,
        record: &crate::StoredRecord<'_>,
        start: u64,
        known: &DurableHead,
    ) -> Result<StreamHead, StoreError> {
        let place = record.place;
        let wrong = |what| Err(StoreError::Block { place, what });
        let is_known = place.seq <= known.seq;
        if place.seq == known.seq && record.hash != known.hash() {
            return wrong("its hash is another");
        }
        // Of the first that is looked at, the one before is not known.
        if (place.seq > start || start == 1) && record.hash != head.hash.after(record.bytes) {
            return wrong("its hash does not follow from the one before");
        }
        let found = if is_known {
            record.head()?
        } else {
            let read = Record::read(record.bytes, &self.keys);
            read.map_err(|source| StoreError::Record { place, source })?.head
        };
        if found.seq != place.seq || head.at.is_some_and(|at| at > found.at) {
            return wrong("its number or time is another");
        }
        Ok(StreamHead { seq: place.seq, hash: record.hash, at: Some(found.at) })
    }

    /// Blocks, as long as there are some. No head is known yet by which a hole could be told from the end.
    fn blocks_until_end(
        &self,
        id: StreamId,
        from: u64,
    ) -> impl Iterator<Item = Result<crate::Block, StoreError>> + '_ {
        self.blocks(id, from).take_while(|block| !matches!(block, Err(StoreError::NoStream(_))))
    }

    /// Cuts a stream off before a record, and keeps what is cut.
    fn cut(&self, stream: StreamId, wrong: Wrong) -> Result<Cut, StoreError> {
        let Wrong { seq, what } = wrong;
        let (start, is_in_block) = self.start_of_cut(stream, seq)?;
        // What has the record may have good ones at its front: they stay.
        let mut good = Vec::new();
        let mut at = None;
        if let Some(Ok(block)) = self.blocks(stream, start).next() {
            for record in block.records().map_while(Result::ok).take_while(|record| record.place.seq < seq) {
                at = at.or(record.head().ok().map(|head| head.at));
                put_record(&mut good, record.bytes, record.hash);
            }
        }
        let mut bytes = Vec::new();
        let mut gone = [Vec::new(), Vec::new()];
        let trees = [&self.blocks, &self.tail];
        for (tree, gone) in trees.into_iter().zip(&mut gone) {
            for found in tree.range(key(stream, start, 0)..=key(stream, u64::MAX, u16::MAX)) {
                let (name, value) = self.ask("cutting", || found)?;
                bytes.extend_from_slice(&name);
                bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend_from_slice(&value);
                gone.push(name);
            }
        }
        let kept = self.directory.broken(&format!("stream-{stream}-from-{seq}"))?;
        write_new(&kept, &bytes)?;
        sync_directory(&self.directory.path("broken"))?;
        // The good ones are written first, over what has them: they may have been acknowledged.
        let mut written = [0, 0];
        if let Some(at) = at {
            if is_in_block {
                written = [self.put_block(stream, start, at, &good)?, 0];
            } else {
                let mut value = Vec::new();
                put_header(&mut value, at);
                value.extend_from_slice(&good);
                self.ask("cutting", || self.tail.insert(key(stream, start, 0), value))?;
                written = [0, 1];
            }
        }
        for ((tree, gone), written) in trees.into_iter().zip(gone).zip(written) {
            let mut batch = sled::Batch::default();
            let is_new =
                |name: &[u8]| read_key(name).is_some_and(|(_, first, part)| first == start && part < written);
            gone.into_iter().filter(|name| !is_new(name)).for_each(|name| batch.remove(name));
            self.ask("cutting", || tree.apply_batch(batch))?;
        }
        self.gave(bytes.len())?;
        // What was derived from it may not hold.
        self.clear_derived()?;
        Ok(Cut { stream, from: seq, why: what, kept })
    }

    /// The first record of the block or the value in the tail that has record `seq`, and whether it is a block.
    fn start_of_cut(&self, stream: StreamId, seq: u64) -> Result<(u64, bool), StoreError> {
        let mut behind = 1;
        if let Some(first) = self.block_of(stream, seq)? {
            match self.blocks(stream, first).next() {
                Some(Ok(block))
                    if first < seq && block.next() <= seq && block.records().all(|r| r.is_ok()) =>
                {
                    behind = block.next();
                }
                Some(_) | None => return Ok((first, true)),
            }
        }
        let range = key(stream, behind, 0)..=key(stream, seq, 0);
        let found = self.ask("cutting", || self.tail.range(range).next_back().transpose())?;
        Ok((found.and_then(|(name, _)| read_key(&name)).map_or(seq, |(_, first, _)| first), false))
    }

    /// Takes up the tail of a stream, and removes from it what a crash left although it is in a block. Parts of a
    /// record that never came to its first one go as well.
    fn take_up_tail(&self, id: StreamId, head: &StreamHead) -> Result<Tail, StoreError> {
        let mut parts = sled::Batch::default();
        for found in self.blocks.range(key(id, head.seq + 1, 0)..=key(id, u64::MAX, u16::MAX)) {
            let (name, _) = self.ask("opening", || found)?;
            parts.remove(name);
        }
        self.ask("opening", || self.blocks.apply_batch(parts))?;
        let last_block = self.ask("opening", || {
            self.blocks.range(key(id, 0, 0)..=key(id, u64::MAX, u16::MAX)).next_back().transpose()
        })?;
        let in_blocks = match last_block.and_then(|(name, _)| read_key(&name)) {
            None => 0,
            Some((_, first, _)) => match self.blocks(id, first).next() {
                Some(Ok(block)) => block.next() - 1,
                Some(Err(_)) | None => 0,
            },
        };
        let mut tail = Tail::default();
        let mut left_over = sled::Batch::default();
        for found in self.tail.range(key(id, 0, 0)..=key(id, u64::MAX, u16::MAX)) {
            let (name, value) = self.ask("opening", || found)?;
            let Some((_, first, part)) = read_key(&name) else { continue };
            if first <= in_blocks || first > head.seq {
                left_over.remove(name);
                continue;
            }
            if tail.bytes.is_empty() {
                tail.first = first;
                tail.at = BlockHeader::read(&value).map(|header| header.at).unwrap_or_default();
            }
            tail.bytes.extend_from_slice(value.get(HEADER_BYTES..).unwrap_or_default());
            tail.keys.push(key(id, first, part));
        }
        self.ask("opening", || self.tail.apply_batch(left_over))?;
        Ok(tail)
    }
}
