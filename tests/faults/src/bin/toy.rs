//! A driver over plain sled, one record a key: what the tools are tried on.
//!
//! sled alone does not pass. The least that has to be put around it stands here: the sync that its flush is not, a store
//! that is made aside and renamed, leftovers removed, panics caught, and a file with the durable heads, without which
//! nobody could tell a damaged log that sled has cut from one that was never longer. `FAULTS_TOY` takes one of these away
//! or plants another fault, so that the tests can show that they find it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use callfold_faults::content::{self, Chain};
use callfold_faults::protocol::{Append, Durability, Head, Heads, REFUSED, Task, USAGE};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planted {
    /// Nothing that is known.
    Nothing,
    /// sled's flush is taken for a sync.
    NoSync,
    /// Records are acknowledged and, a little later, written.
    EarlyAck,
    /// A sync that failed is tried again, and believed.
    RetrySync,
    /// Errors of flush and sync are passed over.
    NoErrors,
    /// The store is made where it will be.
    MadeInPlace,
    /// The heads are not kept.
    NoHeads,
    /// Panics of sled are let out.
    Panics,
}

impl Planted {
    fn named(name: &str) -> Option<Planted> {
        Some(match name {
            "no-sync" => Planted::NoSync,
            "early-ack" => Planted::EarlyAck,
            "retry-sync" => Planted::RetrySync,
            "no-errors" => Planted::NoErrors,
            "made-in-place" => Planted::MadeInPlace,
            "no-heads" => Planted::NoHeads,
            "panics" => Planted::Panics,
            _ => return None,
        })
    }

    /// A fault that is to be seen would be seen by the heads first.
    fn keeps_heads(self) -> bool {
        match self {
            Planted::NoHeads | Planted::NoSync | Planted::MadeInPlace => false,
            Planted::Nothing
            | Planted::EarlyAck
            | Planted::RetrySync
            | Planted::NoErrors
            | Planted::Panics => true,
        }
    }
}

/// Why the toy refuses.
struct Refusal {
    kind: &'static str,
    message: String,
}

impl From<sled::Error> for Refusal {
    fn from(error: sled::Error) -> Refusal {
        let kind = match error {
            sled::Error::Corruption { .. } => "Damaged",
            sled::Error::Io(_) => "Io",
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_) => "Sled",
        };
        Refusal { kind, message: error.to_string() }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal { kind: "Io", message: error.to_string() }
    }
}

fn main() {
    let planted = match env::var("FAULTS_TOY") {
        Ok(name) => {
            Planted::named(&name).unwrap_or_else(|| usage(&format!("FAULTS_TOY: {name} is no fault")))
        }
        Err(_) => Planted::Nothing,
    };
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let task = Task::parse(arguments).unwrap_or_else(|error| usage(&error));
    let done = if planted == Planted::Panics {
        run(&task, planted)
    } else {
        // sled panics on some damaged files.
        catch_unwind(AssertUnwindSafe(|| run(&task, planted)))
            .unwrap_or_else(|_| Err(damaged("sled panicked")))
    };
    if let Err(refusal) = done {
        refuse(&refusal);
    }
}

fn usage(message: &str) -> ! {
    let _ = writeln!(io::stderr(), "toy: {message}");
    process::exit(USAGE)
}

/// Ends at once: closing a sled that failed may panic or wait for what will not come.
fn refuse(refusal: &Refusal) -> ! {
    let _ = writeln!(io::stdout(), "error {} {}", refusal.kind, refusal.message.replace('\n', " "));
    process::exit(REFUSED)
}

fn run(task: &Task, planted: Planted) -> Result<(), Refusal> {
    match task {
        Task::Append(append) => Toy::open(&append.dir, planted)?.append(append),
        Task::Check { dir } => Toy::open(dir, planted)?.check(),
    }
}

struct Toy {
    dir: PathBuf,
    sled: sled::Db,
    /// For the sync that sled's flush is not.
    file: File,
    /// What was durable when the store was opened.
    durable: Heads,
    planted: Planted,
}

impl Toy {
    fn open(dir: &Path, planted: Planted) -> Result<Toy, Refusal> {
        if planted != Planted::MadeInPlace && !dir.exists() {
            make(dir)?;
        }
        // One that was being written when the power went would keep sled from opening.
        for entry in fs::read_dir(dir).into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "generating") {
                fs::remove_file(path)?;
            }
        }
        let durable = if planted.keeps_heads() { read_heads(dir)? } else { Heads::new() };
        let sled = open_sled(dir)?;
        let file = File::open(dir.join("db"))?;
        Ok(Toy { dir: dir.to_owned(), sled, file, durable, planted })
    }

    fn append(&mut self, append: &Append) -> Result<(), Refusal> {
        let mut streams = Vec::new();
        for stream in 0..append.streams.max(1) {
            streams.push(Stream { stream, chain: self.read(stream)?, dirty: false });
        }
        let count = streams.len() as u64;
        let mut last_sync = Instant::now();
        for number in 1..=append.records {
            let turn = usize::try_from((number - 1) % count).unwrap_or(0);
            let Some(stream) = streams.get_mut(turn) else { continue };
            stream.dirty = true;
            let record = content::record(stream.stream, stream.chain.seq() + 1);
            stream.chain.push(record.as_bytes());
            self.sled.insert(key(stream.stream, stream.chain.seq()), record.as_bytes())?;
            let last = number == append.records;
            if !last && !number.is_multiple_of(append.batch.max(1)) {
                continue;
            }
            if append.snapshots {
                self.sled.insert(SNAPSHOT, record.repeat(10).as_bytes())?;
            }
            let due = match append.durability {
                Durability::Always => true,
                Durability::Every(time) => last || last_sync.elapsed() >= time,
                Durability::Never => false,
            };
            if due {
                let heads: Vec<Head> = streams.iter_mut().filter_map(Stream::went_on).collect();
                self.commit(&heads)?;
                last_sync = Instant::now();
            }
        }
        Ok(())
    }

    /// Makes everything durable and acknowledges it, or does it wrong.
    fn commit(&mut self, heads: &[Head]) -> Result<(), Refusal> {
        if self.planted == Planted::EarlyAck {
            acknowledge(heads)?;
            thread::sleep(Duration::from_millis(2));
        }
        let flushed = self.sled.flush();
        let synced = match self.planted {
            Planted::NoSync => Ok(()),
            Planted::RetrySync => self.file.sync_data().or_else(|_| self.file.sync_data()),
            Planted::Nothing
            | Planted::EarlyAck
            | Planted::NoErrors
            | Planted::MadeInPlace
            | Planted::NoHeads
            | Planted::Panics => self.file.sync_data(),
        };
        if self.planted != Planted::NoErrors {
            flushed?;
            synced?;
        }
        if self.planted.keeps_heads() {
            self.durable.extend(heads.iter().map(|head| (head.stream, head.clone())));
            write_heads(&self.dir, &self.durable)?;
        }
        if self.planted != Planted::EarlyAck {
            acknowledge(heads)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut streams: BTreeSet<u32> = self.durable.keys().copied().collect();
        for key in self.sled.iter().keys() {
            let key = key?;
            if key != SNAPSHOT {
                streams.extend(key.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)));
            }
        }
        for stream in streams {
            let chain = self.read(stream)?;
            writeln!(io::stdout(), "{}", Head { stream, seq: chain.seq(), hash: chain.hash() })?;
        }
        Ok(())
    }

    /// Reads a whole stream. It has no hole: every record is in one key, counted from 1. And it has all that was durable.
    fn read(&self, stream: u32) -> Result<Chain, Refusal> {
        let mut chain = Chain::default();
        let durable = self.durable.get(&stream);
        for entry in self.sled.scan_prefix(stream.to_be_bytes()) {
            let (found, record) = entry?;
            if found != key(stream, chain.seq() + 1) {
                return Err(damaged(&format!("stream {stream}: {found:?} follows {}", chain.seq())));
            }
            chain.push(&record);
            if let Some(head) = durable.filter(|head| head.seq == chain.seq() && head.hash != chain.hash()) {
                return Err(damaged(&format!("{head} is another")));
            }
        }
        match durable.filter(|head| head.seq > chain.seq()) {
            Some(head) => Err(damaged(&format!("{head}: only {} are there", chain.seq()))),
            None => Ok(chain),
        }
    }
}

/// A sled that was dropped goes on for a while in its threads, and keeps its lock.
fn open_sled(dir: &Path) -> sled::Result<sled::Db> {
    let started = Instant::now();
    loop {
        // Without its own thread that syncs from time to time, a sync that is left out is left out.
        match sled::Config::new().path(dir).flush_every_ms(None).open() {
            Err(error) if error.to_string().contains(LOCKED) && started.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            opened => return opened,
        }
    }
}

/// Makes a store aside and gives it its name when all of it is durable: sled never syncs its `conf`, and does not open
/// with half of one.
fn make(dir: &Path) -> Result<(), Refusal> {
    let aside = dir.with_extension("making");
    if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    drop(open_sled(&aside)?);
    write_heads(&aside, &Heads::new())?;
    for entry in fs::read_dir(&aside)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(&aside)?.sync_all()?;
    fs::rename(&aside, dir)?;
    if let Some(parent) = dir.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

fn write_heads(dir: &Path, heads: &Heads) -> io::Result<()> {
    let (aside, path) = (dir.join("heads.new"), dir.join(HEADS));
    let mut file = File::create(&aside)?;
    let lines: String = heads.values().map(|head| format!("{head}\n")).collect();
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    fs::rename(aside, path)?;
    File::open(dir)?.sync_all()
}

fn read_heads(dir: &Path) -> Result<Heads, Refusal> {
    // Bytes that are no text are damage, and no error of the disk.
    let text = String::from_utf8(fs::read(dir.join(HEADS))?).map_err(|error| damaged(&error.to_string()))?;
    let heads = text.lines().map(|line| line.parse().map(|head: Head| (head.stream, head)));
    heads.collect::<Result<Heads, String>>().map_err(|error| damaged(&error))
}

fn damaged(message: &str) -> Refusal {
    Refusal { kind: "Damaged", message: message.to_owned() }
}

/// A stream that is being appended to.
struct Stream {
    stream: u32,
    chain: Chain,
    /// Whether it went on since it was acknowledged.
    dirty: bool,
}

impl Stream {
    fn went_on(&mut self) -> Option<Head> {
        let head = Head { stream: self.stream, seq: self.chain.seq(), hash: self.chain.hash() };
        std::mem::take(&mut self.dirty).then_some(head)
    }
}

/// How sled says that another has the store open.
const LOCKED: &str = "could not acquire lock";
/// How long a lock may outlive its sled.
const PATIENCE: Duration = Duration::from_secs(1);

/// The file of the durable heads.
const HEADS: &str = "heads";

/// What is written again and again, so that sled has something to move. No stream begins like this.
const SNAPSHOT: &[u8] = b"snapshot";

fn key(stream: u32, seq: u64) -> [u8; 12] {
    let mut key = [0; 12];
    for (place, byte) in key.iter_mut().zip(stream.to_be_bytes().into_iter().chain(seq.to_be_bytes())) {
        *place = byte;
    }
    key
}

fn acknowledge(heads: &[Head]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    heads.iter().try_for_each(|head| writeln!(out, "ack {head}"))?;
    out.flush()
}
