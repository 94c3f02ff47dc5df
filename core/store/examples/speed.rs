//! How fast a store takes records and gives them back, beside sled with one record a key, in one run.
//!
//! `cargo run --release -p callfold-store --example speed [RECORDS]`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::float_arithmetic, clippy::indexing_slicing)]

use std::path::Path;
use std::time::Instant;

use callfold_engine::Timestamp;
use callfold_engine::record::Hash;
use callfold_store::{Append, Durability, LogStore, NewRecord, Options, SledStore, StreamId};
use tempfile::TempDir;

/// What a record of a session takes, about.
const BYTES: usize = 150;

fn main() {
    let records: u64 = std::env::args().nth(1).map_or(200_000, |count| count.parse().unwrap());
    println!("{records} records of {BYTES} bytes; thousands a second (× sled with one record a key)");
    println!(
        "{:>6} {:>10} {:>10} {:>14} {:>10} {:>12}",
        "batch", "policy", "sled", "callfold", "on disk", "blobs"
    );
    for batch in [1_u64, 100, 1_000] {
        for (name, durability) in [
            ("always", Durability::Always),
            ("every 50", Durability::Every(50)),
            ("never", Durability::Never),
        ] {
            // A sync for every record is slow by nature: fewer of them say as much.
            let records = if batch == 1 && durability == Durability::Always { records / 20 } else { records };
            let sled = one_a_key(records, batch, durability);
            let (ours, size, blobs) = callfold(records, batch, durability);
            println!(
                "{batch:>6} {name:>10} {sled:>10.0} {ours:>8.0} ({:.1}×) {size:>9.2}× {blobs:>12}",
                ours / sled
            );
        }
    }
    let (sled, ours) = (scan_one_a_key(records), scan(records));
    println!("read   {:>20.0} {ours:>8.0} ({:.1}×)", sled, ours / sled);
}

fn per_second(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64() / 1_000.0
}

fn record(seq: u64, hash: &mut Hash) -> NewRecord {
    let mut bytes = vec![1];
    // Its number, its time, the engine, nothing behind, no strings.
    number(&mut bytes, seq);
    number(&mut bytes, seq * 2);
    bytes.extend_from_slice(&[0, 1, 0, 0, 0]);
    // Not compressible, not all alike: what a real session does better.
    let mut noise = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    while bytes.len() < BYTES - 32 {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        bytes.extend_from_slice(&noise.to_be_bytes());
    }
    *hash = hash.after(&bytes);
    NewRecord { bytes, hash: *hash, at: Timestamp::from_micros(seq as i64) }
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn fill(store: &SledStore, records: u64, batch: u64) -> StreamId {
    let stream = store.add_stream(b"speed").unwrap();
    let mut hash = store.head(stream).unwrap().hash;
    let mut first = 1;
    while first <= records {
        let records = (first..first + batch).map(|seq| record(seq, &mut hash)).collect();
        store.append(&[Append { stream, first, records }]).unwrap();
        first += batch;
    }
    stream
}

fn open(path: &Path, durability: Durability) -> SledStore {
    let mut options = Options::default();
    options.durability = durability;
    SledStore::open(path, options).unwrap()
}

fn callfold(records: u64, batch: u64, durability: Durability) -> (f64, f64, usize) {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path(), durability);
    let since = Instant::now();
    fill(&store, records, batch);
    if durability != Durability::Never {
        store.sync().unwrap();
    }
    let speed = per_second(records, since);
    store.sync().unwrap();
    let size = store.disk_bytes().unwrap() as f64 / (records * BYTES as u64) as f64;
    (speed, size, std::fs::read_dir(directory.path().join("sled/blobs")).unwrap().count())
}

fn one_a_key(records: u64, batch: u64, durability: Durability) -> f64 {
    let directory = TempDir::new().unwrap();
    let flush_every = match durability {
        Durability::Every(millis) => Some(millis),
        Durability::Always | Durability::Never => None,
    };
    let db = sled::Config::new().path(directory.path()).flush_every_ms(flush_every).open().unwrap();
    let file = std::fs::File::open(directory.path().join("db")).unwrap();
    let mut hash = Hash([0; 32]);
    let since = Instant::now();
    let mut seq = 1;
    while seq <= records {
        let mut changes = sled::Batch::default();
        for seq in seq..seq + batch {
            let record = record(seq, &mut hash);
            changes.insert(&seq.to_be_bytes(), [&record.bytes[..], &record.hash.0].concat());
        }
        seq += batch;
        db.apply_batch(changes).unwrap();
        if durability == Durability::Always {
            db.flush().unwrap();
            file.sync_data().unwrap();
        }
    }
    if durability != Durability::Never {
        db.flush().unwrap();
        file.sync_data().unwrap();
    }
    per_second(records, since)
}

fn scan(records: u64) -> f64 {
    let directory = TempDir::new().unwrap();
    let stream = fill(&open(directory.path(), Durability::Never), records, 1_000);
    let store = open(directory.path(), Durability::Never);
    let since = Instant::now();
    let mut bytes = 0;
    for block in store.blocks(stream, 1) {
        bytes += block.unwrap().records().map(|record| record.unwrap().bytes.len()).sum::<usize>();
    }
    assert!(bytes > 0);
    per_second(records, since)
}

fn scan_one_a_key(records: u64) -> f64 {
    let directory = TempDir::new().unwrap();
    let mut hash = Hash([0; 32]);
    let db = sled::open(directory.path()).unwrap();
    for seq in 1..=records {
        let record = record(seq, &mut hash);
        db.insert(seq.to_be_bytes(), [&record.bytes[..], &record.hash.0].concat()).unwrap();
    }
    drop(db);
    let db = sled::open(directory.path()).unwrap();
    let since = Instant::now();
    let bytes: usize = db.iter().map(|found| found.unwrap().1.len()).sum();
    assert!(bytes > 0);
    per_second(records, since)
}
