//! What every store must do, run on the one in memory and the one on disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use callfold_engine::Timestamp;
use callfold_engine::record::{EngineVersion, Hash, RecordWriter, Recording};
use callfold_engine::{Event, Input, InputKind, Timer};
use callfold_store::{
    Append, Durability, LogStore, MAX_VALUE_BYTES, MemoryStore, NewRecord, Options, SledStore, StoreError,
    StreamId,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// A store, and the directory that goes with it.
struct Tried {
    store: Box<dyn LogStore>,
    directory: Option<TempDir>,
}

fn options() -> Options {
    let mut options = Options::default();
    options.durability = Durability::Never;
    options
}

fn stores() -> [Tried; 2] {
    let directory = TempDir::new().unwrap();
    let sled = SledStore::open(directory.path(), options()).unwrap();
    [
        Tried { store: Box::new(MemoryStore::new().unwrap()), directory: None },
        Tried { store: Box::new(sled), directory: Some(directory) },
    ]
}

impl Tried {
    /// Closed and opened again, if it is kept anywhere.
    fn again(self) -> Self {
        let Some(directory) = self.directory else { return self };
        drop(self.store);
        assert_no_blobs(directory.path());
        let store = SledStore::open(directory.path(), options()).unwrap();
        assert!(store.report().is_clean(), "{:?}", store.report());
        Self { store: Box::new(store), directory: Some(directory) }
    }
}

/// sled never syncs what it puts there.
fn assert_no_blobs(root: &std::path::Path) {
    assert_eq!(std::fs::read_dir(root.join("sled/blobs")).unwrap().count(), 0);
}

/// Records that follow `hash`, with bodies of these sizes.
fn records(mut hash: Hash, first: u64, sizes: &[usize]) -> Vec<NewRecord> {
    let mut all = Vec::new();
    for (seq, size) in (first..).zip(sizes) {
        let at = Timestamp::from_micros(i64::try_from(seq).unwrap() * 10);
        let mut bytes = vec![1];
        for number in [seq, seq * 20] {
            let mut number = number;
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        }
        // The engine, nothing behind, no strings; what follows is not read here.
        bytes.extend_from_slice(&[0, 1, 0, 0, 0]);
        bytes.extend(std::iter::repeat_n(seq as u8, *size));
        hash = hash.after(&bytes);
        all.push(NewRecord { bytes, hash, at });
    }
    all
}

fn append(store: &dyn LogStore, stream: StreamId, sizes: &[usize]) -> Vec<NewRecord> {
    let head = store.head(stream).unwrap();
    let records = records(head.hash, head.seq + 1, sizes);
    store.append(&[Append { stream, first: head.seq + 1, records: records.clone() }]).unwrap();
    records
}

/// Number, bytes and hash of every record from `from` on.
fn read(store: &dyn LogStore, stream: StreamId, from: u64) -> Vec<(u64, Vec<u8>, Hash)> {
    let mut all = Vec::new();
    for block in store.blocks(stream, from) {
        let block = block.unwrap();
        for record in block.records() {
            let record = record.unwrap();
            all.push((record.place.seq, record.bytes.to_vec(), record.hash));
        }
    }
    all.retain(|(seq, ..)| *seq >= from);
    all
}

fn expected(records: &[NewRecord], from: u64) -> Vec<(u64, Vec<u8>, Hash)> {
    let all = (1..).zip(records).map(|(seq, record)| (seq, record.bytes.clone(), record.hash));
    all.filter(|(seq, ..)| *seq >= from).collect()
}

#[test]
fn what_was_appended_is_read_in_its_order() {
    for tried in stores() {
        let stream = tried.store.add_stream(b"one").unwrap();
        let mut all = append(&*tried.store, stream, &[100; 3]);
        for size in [1, 50, 4_000, 4_000, 200, 9_000, 20_000, 5, MAX_VALUE_BYTES - 60, MAX_VALUE_BYTES] {
            all.extend(append(&*tried.store, stream, &[size]));
        }
        all.extend(append(&*tried.store, stream, &[150; 700]));
        for from in [1, 2, 4, 9, 10, 11, 12, 300, 713] {
            assert_eq!(read(&*tried.store, stream, from), expected(&all, from), "from {from}");
        }
        assert!(read(&*tried.store, stream, 714).is_empty());
        let tried = tried.again();
        assert_eq!(read(&*tried.store, stream, 1), expected(&all, 1));
        assert_eq!(tried.store.head(stream).unwrap().hash, all.last().unwrap().hash);
        all.extend(append(&*tried.store, stream, &[30; 9]));
        assert_eq!(read(&*tried.again().store, stream, 1), expected(&all, 1));
    }
}

#[test]
fn streams_do_not_mix() {
    for tried in stores() {
        let ids: Vec<_> = (0_u8..5).map(|name| tried.store.add_stream(&[name]).unwrap()).collect();
        let mut all: Vec<Vec<NewRecord>> = vec![Vec::new(); 5];
        for round in 0..60 {
            let appends: Vec<Append> = ids
                .iter()
                .zip(&mut all)
                .filter(|(id, _)| (round + id.0) % 3 > 0)
                .map(|(id, all)| {
                    let head = tried.store.head(*id).unwrap();
                    let records = records(head.hash, head.seq + 1, &[40 + round as usize; 4]);
                    all.extend(records.iter().cloned());
                    Append { stream: *id, first: head.seq + 1, records }
                })
                .collect();
            tried.store.append(&appends).unwrap();
        }
        let tried = tried.again();
        for (id, all) in ids.iter().zip(&all) {
            assert_eq!(read(&*tried.store, *id, 1), expected(all, 1));
        }
        let descriptions: Vec<_> = tried.store.streams().unwrap().into_iter().map(|(_, text)| text).collect();
        assert_eq!(descriptions, [[0], [1], [2], [3], [4]]);
    }
}

#[test]
fn records_must_follow_and_streams_must_be_there() {
    for tried in stores() {
        let store = &*tried.store;
        let stream = store.add_stream(b"one").unwrap();
        append(store, stream, &[10, 10]);
        let head = store.head(stream).unwrap();
        for first in [1, 2, 4, 0, u64::MAX] {
            let records = records(head.hash, 3, &[10]);
            let error = store.append(&[Append { stream, first, records }]).unwrap_err();
            assert!(matches!(error, StoreError::OutOfOrder { after: 2, .. }), "{first}: {error}");
        }
        assert_eq!(store.head(stream).unwrap(), head, "nothing was taken");
        let none = StreamId(7);
        assert!(matches!(store.head(none), Err(StoreError::NoStream(id)) if id == none));
        assert!(store.append(&[Append { stream: none, first: 1, records: Vec::new() }]).is_err());
        assert!(store.blocks(none, 1).next().is_none_or(|block| block.is_err()));
        assert!(matches!(store.add_stream(b"one"), Err(StoreError::SameStream(id)) if id == stream));
    }
}

#[test]
fn a_moment_is_found_at_most_a_block_ahead() {
    for tried in stores() {
        let store = &*tried.store;
        let stream = store.add_stream(b"one").unwrap();
        assert_eq!(store.seek(stream, Timestamp::from_micros(5)).unwrap(), 1);
        append(store, stream, &[150; 1_000]);
        append(store, stream, &[30_000, 10, 20_000, 10]);
        for at in (0..10_100).step_by(7) {
            let start = store.seek(stream, Timestamp::from_micros(at)).unwrap();
            // The last record at or before the moment.
            let last = u64::try_from(at / 10).unwrap().clamp(1, 1_004);
            assert!(start <= last, "{at}: {start}");
            let blocks = store.blocks(stream, start).take(3);
            let seen: Vec<u64> = blocks
                .flat_map(|b| b.unwrap().records().map(|r| r.unwrap().place.seq).collect::<Vec<_>>())
                .collect();
            assert!(seen.contains(&last), "{at}: {last} is not near {start}");
        }
    }
}

#[test]
fn derived_values_are_kept_in_order_and_can_be_lost() {
    for tried in stores() {
        let key = |number: u8| vec![b'k', number];
        let long = |number: u8| vec![number; 20_000];
        let put =
            |store: &dyn LogStore, number, value| store.put_derived(vec![(key(number), value)]).unwrap();
        for number in [3, 1, 2] {
            put(&*tried.store, number, Some(vec![number; 3]));
        }
        put(&*tried.store, 2, Some(long(2)));
        let tried = tried.again();
        let all = |last_first| -> Vec<_> {
            tried.store.derived(&key(1), &key(3), last_first).map(|found| found.unwrap()).collect()
        };
        assert_eq!(all(false), [(key(1), vec![1; 3]), (key(2), long(2))]);
        assert_eq!(all(true), [(key(2), long(2)), (key(1), vec![1; 3])]);
        // One by its name alone, also where others begin with it.
        tried
            .store
            .put_derived(vec![(b"k\x02\x00".to_vec(), Some(vec![7])), (b"k".to_vec(), Some(vec![]))])
            .unwrap();
        let one = |name: &[u8]| -> Vec<_> {
            let end = [name, &[0]].concat();
            tried.store.derived(name, &end, false).map(|found| found.unwrap()).collect()
        };
        assert_eq!(one(&key(2)), [(key(2), long(2))]);
        assert_eq!(one(b"k\x02\x00"), [(b"k\x02\x00".to_vec(), vec![7])]);
        assert_eq!(one(b"k"), [(b"k".to_vec(), vec![])]);
        assert_eq!(one(b"k\x02\x01"), []);
        tried.store.put_derived(vec![(b"k\x02\x00".to_vec(), None), (b"k".to_vec(), None)]).unwrap();
        put(&*tried.store, 2, Some(vec![9]));
        put(&*tried.store, 1, None);
        let all: Vec<_> = tried.store.derived(b"k", b"l", false).map(|found| found.unwrap()).collect();
        assert_eq!(all, [(key(2), vec![9]), (key(3), vec![3; 3])]);
        assert_eq!(tried.store.derived(b"l", b"k", false).count(), 0);
        tried.store.clear_derived().unwrap();
        assert_eq!(tried.store.derived(b"", b"z", false).count(), 0);
    }
}

#[test]
fn an_engines_record_is_stored_as_it_is() {
    for tried in stores() {
        let stream = tried.store.add_stream(b"one").unwrap();
        let input = Input { at: Timestamp::from_micros(5), kind: InputKind::Timer(Timer::Queue) };
        let events = [Event::Connected];
        let recording = Recording {
            seq: 1,
            at: Timestamp::from_micros(9),
            input: &input,
            events: &events,
            message: None,
        };
        let bytes = RecordWriter::default().write(&recording, &mut tried.store.keys()).unwrap().to_vec();
        let hash = Hash::of_stream(b"one").after(&bytes);
        let record = NewRecord { bytes, hash, at: Timestamp::from_micros(9) };
        tried.store.append(&[Append { stream, first: 1, records: vec![record] }]).unwrap();
        let tried = tried.again();
        let block = tried.store.blocks(stream, 1).next().unwrap().unwrap();
        let head = block.records().next().unwrap().unwrap().head().unwrap();
        assert_eq!((head.seq, head.at, head.engine), (1, Timestamp::from_micros(9), EngineVersion::THIS));
        assert_eq!(tried.store.head(stream).unwrap().at, Some(Timestamp::from_micros(9)));
    }
}

#[test]
fn many_threads_append_each_to_its_stream() {
    for tried in stores() {
        let store = &*tried.store;
        let ids: Vec<_> = (0_u8..4).map(|name| store.add_stream(&[name]).unwrap()).collect();
        std::thread::scope(|scope| {
            for id in &ids {
                scope.spawn(move || {
                    for _ in 0..100 {
                        append(store, *id, &[120; 3]);
                        store.sync().unwrap();
                    }
                });
                // While others append, what is there is read without a hole.
                scope.spawn(move || {
                    for _ in 0..40 {
                        let seqs: Vec<u64> = read(store, *id, 1).into_iter().map(|(seq, ..)| seq).collect();
                        assert!(seqs.iter().copied().eq(1..=seqs.len() as u64));
                    }
                });
            }
        });
        for id in ids {
            assert_eq!(store.head(id).unwrap().seq, 300);
            assert_eq!(store.durable_head(id).unwrap().0, 300);
            assert_eq!(read(store, id, 1).len(), 300);
        }
    }
}

/// One step of somebody's use of a store.
#[derive(Clone, Debug)]
enum Step {
    Append(u8, Vec<usize>),
    Sync,
    Read(u8, u64),
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![8 => 1_usize..400, 1 => 7_000_usize..9_000, 1 => 9_000_usize..40_000];
    prop_oneof![
        8 => (0_u8..3, prop::collection::vec(size, 1..12)).prop_map(|(stream, sizes)| Step::Append(stream, sizes)),
        1 => Just(Step::Sync),
        2 => (0_u8..3, 1_u64..60).prop_map(|(stream, from)| Step::Read(stream, from)),
        1 => Just(Step::Again),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(4),
        ..ProptestConfig::default()
    })]

    /// The store on disk against the one in memory, restarts included.
    #[test]
    fn both_stores_say_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let [memory, mut disk] = stores();
        for name in 0_u8..3 {
            prop_assert_eq!(memory.store.add_stream(&[name]).unwrap(), disk.store.add_stream(&[name]).unwrap());
        }
        for step in steps {
            match step {
                Step::Append(stream, sizes) => {
                    let stream = StreamId(u32::from(stream));
                    append(&*memory.store, stream, &sizes);
                    append(&*disk.store, stream, &sizes);
                }
                Step::Sync => {
                    disk.store.sync().unwrap();
                    for stream in (0..3).map(StreamId) {
                        let head = memory.store.head(stream).unwrap();
                        prop_assert_eq!(disk.store.durable_head(stream).unwrap(), (head.seq, head.hash));
                    }
                }
                Step::Read(stream, from) => {
                    let stream = StreamId(u32::from(stream));
                    prop_assert_eq!(read(&*memory.store, stream, from), read(&*disk.store, stream, from));
                }
                Step::Again => disk = disk.again(),
            }
        }
        let disk = disk.again();
        for stream in (0..3).map(StreamId) {
            prop_assert_eq!(memory.store.head(stream).unwrap(), disk.store.head(stream).unwrap());
            prop_assert_eq!(read(&*memory.store, stream, 1), read(&*disk.store, stream, 1));
        }
    }
}

#[test]
fn a_description_may_be_long() {
    let long = |seed: u32, bytes: u32| -> Vec<u8> {
        (0..bytes).map(|place| (place.wrapping_mul(seed) >> 7) as u8).collect()
    };
    let most = u32::try_from(MAX_VALUE_BYTES).unwrap();
    let all = [
        long(48_271, 60_000),
        long(16_807, most),
        b"short".to_vec(),
        long(69_621, most + 1),
        long(39_373, 3 * most),
    ];
    for mut tried in stores() {
        let streams: Vec<_> = all.iter().map(|text| tried.store.add_stream(text).unwrap()).collect();
        assert_eq!(streams, [0, 1, 2, 3, 4].map(StreamId));
        let mut appended = Vec::new();
        for _ in 0..2 {
            let told: Vec<_> = tried.store.streams().unwrap().into_iter().map(|(_, text)| text).collect();
            assert_eq!(told, all);
            for (stream, text) in streams.iter().zip(&all) {
                let error = tried.store.add_stream(text).unwrap_err();
                assert!(matches!(error, StoreError::SameStream(there) if there == *stream), "{error}");
            }
            appended.extend(append(&*tried.store, streams[0], &[50; 3]));
            assert_eq!(read(&*tried.store, streams[0], 1), expected(&appended, 1));
            assert_eq!(tried.store.durable_head(streams[3]).unwrap(), (0, Hash::of_stream(&all[3])));
            tried = tried.again();
        }
    }
}
