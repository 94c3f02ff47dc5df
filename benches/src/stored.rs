//! Logs to measure on: sessions recorded as a recorder does it.

use std::path::Path;

use callfold::log::{Durability, Log, Options, Recorder, StreamId, StreamInfo};
use callfold_engine::Timestamp;
use callfold_engine::record::Hash;
use callfold_store::NewRecord;
use tempfile::TempDir;

use crate::{Done, generate};

/// A log on disk that goes when it is dropped.
#[derive(Debug)]
pub struct Stored {
    /// The log.
    pub log: Log,
    /// Its streams.
    pub streams: Vec<StreamId>,
    /// Where it is.
    pub directory: TempDir,
}

/// How stores are opened to be measured: nothing is synced before it must be.
#[must_use]
pub fn options(durability: Durability) -> Options {
    let mut options = Options::default();
    options.durability = durability;
    options
}

/// A log of `streams` sessions of at least `inputs` inputs each.
///
/// # Errors
/// If it cannot be made.
pub fn log(streams: u32, inputs: usize) -> Done<Stored> {
    let directory = TempDir::new()?;
    let (log, _) = Log::open(directory.path(), options(Durability::Never))?;
    let streams: Done<Vec<StreamId>> = (0..streams)
        .map(|number| record(&log, &format!("line {number}"), u64::from(number), inputs))
        .collect();
    log.sync()?;
    Ok(Stored { log, streams: streams?, directory })
}

/// Records a session as a stream, snapshots included.
///
/// # Errors
/// If it cannot be recorded.
pub fn record(log: &Log, name: &str, seed: u64, inputs: usize) -> Done<StreamId> {
    let info = StreamInfo::new(name, generate::config(), Timestamp::default());
    let mut recorder = Recorder::begin(log, &info)?;
    generate::each(seed, inputs, |part, _| {
        recorder.handle_all(part)?;
        Ok(())
    })?;
    Ok(recorder.stream())
}

/// Opens the log in a directory.
///
/// # Errors
/// If it cannot be opened.
pub fn open(path: &Path) -> Done<Log> {
    Ok(Log::open(path, options(Durability::Never))?.0)
}

/// The records of a session, to be appended anywhere: with their chain, as a stream with this description has it.
///
/// # Errors
/// If they cannot be made.
pub fn records(description: &[u8], inputs: usize) -> Done<Vec<NewRecord>> {
    let made = Log::in_memory()?;
    let stream = record(&made, "records", 1, inputs)?;
    let mut hash = Hash::of_stream(description);
    let mut records = Vec::with_capacity(inputs);
    for block in made.store().blocks(stream, 1) {
        for record in block?.records() {
            let record = record?;
            let bytes = record.bytes.to_vec();
            hash = hash.after(&bytes);
            records.push(NewRecord { bytes, hash, at: record.head()?.at });
        }
    }
    Ok(records)
}
