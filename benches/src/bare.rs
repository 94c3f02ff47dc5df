//! Records into sled and files without callfold, for what it costs to have it in between.

use std::fs::File;
use std::io::Write as _;
use std::time::Instant;

use callfold_store::{Append, Durability, LogStore, NewRecord, SledStore};
use tempfile::TempDir;

use crate::Done;
use crate::stored::options;

/// After how many bytes sled's file is synced whatever the policy, as callfold's store does it: what sled wrote over
/// meanwhile would be gone after a power cut.
const MAX_UNSYNCED_BYTES: usize = 64 * 1024;

/// The stream that callfold's store appends to.
pub const DESCRIPTION: &[u8] = b"benches";

/// Appends all records to a store of callfold's, so many at once.
///
/// # Errors
/// If they cannot be appended, or are not there afterwards.
pub fn callfold(store: &SledStore, records: Vec<Vec<NewRecord>>) -> Done<u64> {
    let stream = store.add_stream(DESCRIPTION)?;
    let mut first = 1;
    for records in records {
        let count = records.len() as u64;
        store.append(&[Append { stream, first, records }])?;
        first += count;
    }
    let head = store.head(stream)?.seq;
    if head + 1 == first { Ok(head) } else { Err("not all were appended".into()) }
}

/// An empty store of callfold's.
///
/// # Errors
/// If it cannot be made.
pub fn store(durability: Durability) -> Done<(TempDir, SledStore)> {
    let directory = TempDir::new()?;
    let store = SledStore::open(directory.path(), options(durability))?;
    Ok((directory, store))
}

/// sled, without callfold.
#[derive(Debug)]
pub struct Bare {
    db: sled::Db,
    file: File,
    durability: Durability,
    unsynced: usize,
    synced: Instant,
    _directory: TempDir,
}

impl Bare {
    /// An empty database, opened as callfold opens it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(durability: Durability) -> Done<Self> {
        let directory = TempDir::new()?;
        let config = sled::Config::new()
            .path(directory.path())
            .cache_capacity(options(durability).cache_bytes)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(None);
        let db = config.open()?;
        let file = File::open(directory.path().join("db"))?;
        Ok(Self { db, file, durability, unsynced: 0, synced: Instant::now(), _directory: directory })
    }

    fn sync(&mut self) -> Done<()> {
        self.unsynced = 0;
        self.synced = Instant::now();
        self.db.flush()?;
        Ok(self.file.sync_data()?)
    }

    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Done<()> {
        self.unsynced += value.len();
        self.db.insert(key, value)?;
        if self.unsynced > MAX_UNSYNCED_BYTES { self.sync() } else { Ok(()) }
    }

    fn end_of_batch(&mut self) -> Done<()> {
        match self.durability {
            Durability::Always => self.sync(),
            Durability::Every(millis) if self.synced.elapsed().as_millis() >= u128::from(millis) => {
                self.sync()
            }
            Durability::Every(_) | Durability::Never => Ok(()),
        }
    }

    /// One record a key.
    ///
    /// # Errors
    /// If sled fails.
    pub fn one_a_key(&mut self, records: &[Vec<NewRecord>]) -> Done<u64> {
        let mut seq = 0_u64;
        for batch in records {
            for record in batch {
                seq += 1;
                self.put(&seq.to_be_bytes(), [&record.bytes[..], &record.hash.0].concat())?;
            }
            self.end_of_batch()?;
        }
        if self.db.len() as u64 == seq { Ok(seq) } else { Err("not all are there".into()) }
    }

    /// Every batch as blocks of the size that callfold's store makes, packed beforehand by [`packed`]. Each is written
    /// once, and is as safe as the policy says when the next one begins.
    ///
    /// # Errors
    /// If sled fails.
    pub fn blocks(&mut self, batches: &[Vec<Packed>]) -> Done<u64> {
        let mut seq = 0_u64;
        for batch in batches {
            for block in batch {
                self.put(&seq.to_be_bytes(), block.value.clone())?;
                seq += block.records;
            }
            self.end_of_batch()?;
        }
        let blocks: usize = batches.iter().map(Vec::len).sum();
        if self.db.len() == blocks { Ok(seq) } else { Err("not all were written".into()) }
    }

    /// Reads every value.
    ///
    /// # Errors
    /// If sled fails.
    pub fn read(&self) -> Done<u64> {
        let mut bytes = 0;
        for found in self.db.iter() {
            bytes += found?.1.len() as u64;
        }
        Ok(bytes)
    }
}

/// Records as one value.
#[derive(Clone, Debug)]
pub struct Packed {
    records: u64,
    value: Vec<u8>,
}

/// How many bytes of records callfold's store packs into a block.
const BLOCK_BYTES: usize = 12 * 1024;

/// Every batch as blocks.
#[must_use]
pub fn packed(batches: &[Vec<NewRecord>]) -> Vec<Vec<Packed>> {
    let block =
        |records: u64, bytes: &[u8]| Packed { records, value: lz4_flex::compress_prepend_size(bytes) };
    let batch = |batch: &Vec<NewRecord>| {
        let (mut blocks, mut bytes, mut records) = (Vec::new(), Vec::new(), 0);
        for record in batch {
            if records > 0 && bytes.len() + record.bytes.len() > BLOCK_BYTES {
                blocks.push(block(std::mem::take(&mut records), &std::mem::take(&mut bytes)));
            }
            bytes.extend_from_slice(&(record.bytes.len() as u32).to_be_bytes());
            bytes.extend_from_slice(&record.bytes);
            bytes.extend_from_slice(&record.hash.0);
            records += 1;
        }
        blocks.push(block(records, &bytes));
        blocks
    };
    batches.iter().map(batch).collect()
}

/// Records in a plain file, with an fsync wherever the policy has one.
///
/// # Errors
/// If it cannot be written.
pub fn plain_file(batches: &[Vec<NewRecord>], durability: Durability) -> Done<u64> {
    let directory = TempDir::new()?;
    let mut file = File::create(directory.path().join("records"))?;
    let mut bytes = Vec::new();
    let mut count = 0;
    for batch in batches {
        bytes.clear();
        for record in batch {
            bytes.extend_from_slice(&(record.bytes.len() as u32).to_be_bytes());
            bytes.extend_from_slice(&record.bytes);
            bytes.extend_from_slice(&record.hash.0);
            count += 1;
        }
        file.write_all(&bytes)?;
        if durability == Durability::Always {
            file.sync_data()?;
        }
    }
    Ok(count)
}

/// Reads every block of `bare` and unpacks it. How many bytes.
///
/// # Errors
/// If sled fails, or a block cannot be unpacked.
pub fn unpack(bare: &Bare) -> Done<u64> {
    let mut bytes = 0;
    for found in bare.db.iter() {
        bytes += lz4_flex::decompress_size_prepended(&found?.1)?.len() as u64;
    }
    Ok(bytes)
}
