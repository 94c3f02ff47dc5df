//! How much a store takes: on disk, and in memory while it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::Command;

use callfold_engine::record::{RecordWriter, Recording};
use callfold_engine::wire::FrameText;
use callfold_engine::{Event, Input, InputKind, SocketId, Timestamp};
use callfold_store::{Append, Durability, LogStore, NewRecord, Options, SledStore};
use tempfile::TempDir;

fn open(path: &Path) -> SledStore {
    let mut options = Options::default();
    options.durability = Durability::Never;
    SledStore::open(path, options).unwrap()
}

/// Frames as a server sends them in a call: some hundred other sides, ids that are always new.
fn frame(number: u64) -> String {
    let hash = blake3::hash(&number.to_be_bytes()).to_hex();
    let (chain, call) = (&hash[..32], &hash[32..]);
    let other = number * 7 % 400;
    format!(
        r#"["phoneevent_commstarted",{{"qid":{number},"userlogin":"ivanov","idchain":"{chain}","callerid":"7916{:07}","callername":"Абонент {other}","abonents":[{{"number":"7916{:07}","commutationid":"{call}","iscaller":true,"isextline":true,"isuser":false,"linenum":"{}","timestart":"2026-01-12T09:{:02}:{:02}.{:03}"}}],"conference":null,"queuekey":"","transfer":false}}]"#,
        other * 7_919,
        other * 7_919,
        number % 24,
        number / 60_000 % 60,
        number / 1_000 % 60,
        number % 1_000,
    )
}

fn record(store: &SledStore, writer: &mut RecordWriter, seq: u64) -> Vec<u8> {
    let at = Timestamp::from_micros(i64::try_from(seq).unwrap() * 1_000);
    let text = frame(seq);
    let (text, _) = FrameText::from_wire(&text);
    let input = Input { at, kind: InputKind::Frame { socket: SocketId(1), text } };
    let events = [Event::Connected];
    let recording = Recording { seq, at, input: &input, events: &events, message: None };
    writer.write(&recording, &mut store.keys()).unwrap().to_vec()
}

/// Appends so many bytes of records, some at a time: on disk a byte, per thousand.
fn on_disk_per_thousand(logical: u64, at_once: usize) -> u64 {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let stream = store.add_stream(b"one").unwrap();
    let mut writer = RecordWriter::default();
    let mut head = store.head(stream).unwrap();
    let mut bytes = 0;
    while bytes < logical {
        let mut records = Vec::new();
        let first = head.seq + 1;
        for _ in 0..at_once {
            head.seq += 1;
            let record = record(&store, &mut writer, head.seq);
            bytes += record.len() as u64;
            head.hash = head.hash.after(&record);
            let at = Timestamp::from_micros(i64::try_from(head.seq).unwrap() * 1_000);
            records.push(NewRecord { bytes: record, hash: head.hash, at });
        }
        store.append(&[Append { stream, first, records }]).unwrap();
    }
    store.sync().unwrap();
    assert_eq!(store.head(stream).unwrap().seq, head.seq);
    drop(store);
    // sled never syncs what it puts there.
    assert_eq!(std::fs::read_dir(directory.path().join("sled/blobs")).unwrap().count(), 0);
    let store = open(directory.path());
    let taken = store.disk_bytes().unwrap();
    eprintln!("{at_once} at once: {} records, {bytes} bytes, {taken} on disk", head.seq);
    taken * 1_000 / bytes
}

#[test]
fn records_take_less_than_twice_their_bytes() {
    for at_once in [1, 100] {
        let taken = on_disk_per_thousand(52_000_000, at_once);
        assert!(taken < 2_000, "{at_once} at once: {taken} bytes on disk for a thousand");
    }
}

const OF_CHILD: &str = "CALLFOLD_TEST_STORE";

/// Does nothing by itself: the test below runs it in a process of its own, whose memory is its alone.
#[test]
fn a_process_reads_it_all() {
    let Some(path) = std::env::var_os(OF_CHILD) else { return };
    let store = open(Path::new(&path));
    let (stream, _) = store.streams().unwrap()[0];
    let mut seen = 0_u64;
    for block in store.blocks(stream, 1) {
        seen += block.unwrap().records().map(Result::unwrap).count() as u64;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!("read {seen} {peak}");
}

#[test]
fn reading_takes_no_more_memory_the_longer_the_log() {
    /// Long ones that cannot be packed: sled's pages are as large as they get, and there are many.
    const RECORDS: u64 = 200_000;
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let stream = store.add_stream(b"one").unwrap();
    let mut hash = store.head(stream).unwrap().hash;
    for first in (1..=RECORDS).step_by(1_000) {
        let records = (first..first + 1_000).map(|seq| {
            // A front of a record and something that differs; what follows is not looked at.
            let mut bytes = vec![1];
            for number in [seq, seq * 2] {
                let mut number = number;
                while number >= 0x80 {
                    bytes.push(number as u8 | 0x80);
                    number >>= 7;
                }
                bytes.push(number as u8);
            }
            bytes.extend_from_slice(&[0, 1, 0, 0, 0]);
            let front = bytes.len();
            bytes.resize(front + 1_200, 0);
            blake3::Hasher::new().update(&seq.to_be_bytes()).finalize_xof().fill(&mut bytes[front..]);
            hash = hash.after(&bytes);
            NewRecord { bytes, hash, at: Timestamp::from_micros(i64::try_from(seq).unwrap()) }
        });
        let records = records.collect();
        store.append(&[Append { stream, first, records }]).unwrap();
    }
    drop(store);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_reads_it_all", "--nocapture"])
        .env(OF_CHILD, directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned();
    let told =
        told.lines().find_map(|line| line.split_once("read ").map(|(_, rest)| rest)).expect("it reads");
    eprintln!("{told}");
    let words: Vec<&str> = told.split_whitespace().collect();
    assert_eq!(words[0], RECORDS.to_string());
    let kibibytes: u64 = words[1].parse().unwrap();
    assert!(kibibytes < 128 * 1024, "{kibibytes} KiB");
}
