//! Opening a store: who may, what is refused, what is cut, and that nothing is lost by trying.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use callfold_engine::record::{Hash, RecordWriter, Recording};
use callfold_engine::wire::FrameText;
use callfold_engine::{Event, Input, InputKind, SocketId, Timestamp};
use callfold_store::{
    Append, Durability, LogStore, NewRecord, OpenReport, Options, SledStore, StoreError, StreamId,
};
use tempfile::TempDir;

const STREAM: StreamId = StreamId(0);
const DESCRIPTION: &[u8] = b"ivanov on pbx.local";

fn options() -> Options {
    let mut options = Options::default();
    options.durability = Durability::Never;
    options
}

fn without_create() -> Options {
    let mut options = options();
    options.create = false;
    options
}

fn open(path: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(path, options())
}

/// Records as an engine writes them, with names under keys.
fn records(store: &SledStore, count: u64, size: usize) -> Vec<NewRecord> {
    let head = store.head(STREAM).unwrap();
    let mut hash = head.hash;
    let mut writer = RecordWriter::default();
    let mut all = Vec::new();
    for seq in head.seq + 1..=head.seq + count {
        let at = Timestamp::from_micros(i64::try_from(seq).unwrap() * 10);
        // Of many sizes of words, so that it does not pack to nothing.
        let filler: String =
            (0..size / 8).map(|word| format!("{:08x}", (seq * 7_919 + word as u64) * 48_271)).collect();
        let text = format!(r#"["ringing",{{"name":"Иванов {}","filler":"{filler}"}}]"#, seq % 5);
        let (text, _) = FrameText::from_wire(&text);
        let input = Input { at, kind: InputKind::Frame { socket: SocketId(1), text } };
        let events = [Event::Connected];
        let recording = Recording { seq, at, input: &input, events: &events, message: None };
        let bytes = writer.write(&recording, &mut store.keys()).unwrap().to_vec();
        hash = hash.after(&bytes);
        all.push(NewRecord { bytes, hash, at });
    }
    all
}

fn append(store: &SledStore, count: u64, size: usize) -> Vec<NewRecord> {
    let records = records(store, count, size);
    let first = store.head(STREAM).unwrap().seq + 1;
    store.append(&[Append { stream: STREAM, first, records: records.clone() }]).unwrap();
    records
}

fn read(store: &SledStore) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for block in store.blocks(STREAM, 1) {
        let block = block.unwrap();
        all.extend(block.records().map(|record| record.unwrap().bytes.to_vec()));
    }
    all
}

fn bytes(records: &[NewRecord]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.bytes.clone()).collect()
}

/// sled never syncs what it puts there.
fn assert_no_blobs(root: &Path) {
    assert_eq!(fs::read_dir(root.join("sled/blobs")).unwrap().count(), 0);
}

/// A store in which so many records were appended at a time, closed in order.
fn closed(appends: &[u64], size: usize) -> (TempDir, Vec<NewRecord>) {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(store.add_stream(DESCRIPTION).unwrap(), STREAM);
    let all = appends.iter().flat_map(|count| append(&store, *count, size)).collect();
    drop(store);
    assert_no_blobs(directory.path());
    (directory, all)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

// Who may open it.

#[test]
fn nothing_of_a_store_is_anybody_elses() {
    fn check(path: &Path) -> usize {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if !path.is_dir() {
            return 1;
        }
        fs::read_dir(path).unwrap().map(|entry| check(&entry.unwrap().path())).sum()
    }
    let (directory, _) = closed(&[3], 50);
    assert!(check(directory.path()) >= 5);
    // One that was made before, or copied carelessly.
    fs::set_permissions(directory.path().join("sled"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(directory.path().join("sled/db"), fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(directory.path()).unwrap();
    check(directory.path());
    drop(store);
    check(directory.path());
}

const OF_CHILD: &str = "CALLFOLD_TEST_STORE";

/// Does nothing by itself: the test below runs it in another process.
#[test]
fn another_process_opens_the_store() {
    let Some(path) = std::env::var_os(OF_CHILD) else { return };
    match open(Path::new(&path)) {
        Err(StoreError::Locked { .. }) => std::process::exit(42),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_owner_is_refused_at_once() {
    let (directory, _) = closed(&[3], 50);
    let store = open(directory.path()).unwrap();
    let started = std::time::Instant::now();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(&error, StoreError::Locked { path } if path == directory.path()), "{error}");
    assert!(started.elapsed().as_millis() < 500);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "another_process_opens_the_store"])
        .env(OF_CHILD, directory.path())
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(42), "{}", String::from_utf8_lossy(&child.stdout));
    // Neither of them harmed it.
    assert_eq!(append(&store, 1, 50).len(), 1);
    drop(store);
    assert_eq!(open(directory.path()).unwrap().head(STREAM).unwrap().seq, 4);
}

#[test]
fn it_is_opened_again_and_again() {
    let (directory, mut all) = closed(&[3], 200);
    for _ in 0..50 {
        let store = open(directory.path()).unwrap();
        assert!(store.report().is_clean());
        all.extend(append(&store, 2, 200));
    }
    assert_eq!(read(&open(directory.path()).unwrap()), bytes(&all));
    assert_no_blobs(directory.path());
}

// Where it is.

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn nobody_else_can_read_it() {
    let outer = TempDir::new().unwrap();
    let root = outer.path().join("deep/store");
    let store = open(&root).unwrap();
    store.add_stream(DESCRIPTION).unwrap();
    append(&store, 3, 50);
    drop(store);
    // sled makes its own files as it likes. They lie in here, where nobody else gets in.
    assert_eq!(mode(&root), 0o700);
    let names = ["callfold", "lock", "keys", "durable", "closed"];
    for name in names {
        assert_eq!(mode(&root.join(name)), 0o600, "{name}");
    }
    // One that was opened to others is closed to them again.
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
    drop(open(&root).unwrap());
    assert_eq!(mode(&root), 0o700);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let outer = TempDir::new().unwrap();
    let place = |name: &str| outer.path().join(name);
    let is_no_store = |path: PathBuf| match open(&path) {
        Err(StoreError::NotAStore { path: told, .. }) => assert_eq!(told, path),
        other => panic!("{}: {other:?}", path.display()),
    };
    drop(open(&place("store")).unwrap());
    symlink(place("store"), place("link")).unwrap();
    is_no_store(place("link"));
    fs::write(place("file"), "text").unwrap();
    is_no_store(place("file"));
    fs::create_dir(place("home")).unwrap();
    fs::write(place("home/letter"), "text").unwrap();
    is_no_store(place("home"));
    assert_eq!(fs::read_dir(place("home")).unwrap().count(), 1, "nothing was put there");
    copy(&place("store"), &place("named"));
    fs::write(place("named/callfold"), "something else\n").unwrap();
    is_no_store(place("named"));
    fs::remove_file(place("named/callfold")).unwrap();
    fs::create_dir(place("named/callfold")).unwrap();
    is_no_store(place("named"));
}

#[test]
fn a_store_that_is_not_there_or_newer_is_refused() {
    let outer = TempDir::new().unwrap();
    let root = outer.path().join("store");
    let missing = |error| matches!(error, StoreError::Missing { path } if path == root);
    assert!(missing(SledStore::open(&root, without_create()).unwrap_err()));
    assert!(!root.exists());
    fs::create_dir(&root).unwrap();
    assert!(missing(SledStore::open(&root, without_create()).unwrap_err()));
    drop(open(&root).unwrap());
    drop(SledStore::open(&root, without_create()).unwrap());
    fs::write(root.join("callfold"), "callfold store 2\n").unwrap();
    let error = open(&root).unwrap_err();
    assert!(matches!(&error, StoreError::Version { version, .. } if version == "2"), "{error}");
}

// What a crash left.

#[test]
fn a_snapshot_half_written_is_moved_aside() {
    let (directory, all) = closed(&[100], 100);
    let stray = directory.path().join("sled/snap.00000000000000FF.generating");
    fs::write(&stray, "half").unwrap();
    let store = open(directory.path()).unwrap();
    let OpenReport { moved, cut, .. } = store.report();
    assert_eq!((moved.len(), cut.len()), (1, 0));
    assert_eq!(fs::read_to_string(&moved[0]).unwrap(), "half");
    assert!(moved[0].starts_with(directory.path().join("broken")) && !stray.exists());
    assert_eq!(read(&store), bytes(&all));
    drop(store);
    assert!(open(directory.path()).unwrap().report().is_clean());
}

#[test]
fn a_store_that_was_not_made_to_its_end_is_made_anew() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("sled")).unwrap();
    fs::write(directory.path().join("sled/conf"), "half").unwrap();
    fs::write(directory.path().join("keys"), "half").unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(store.report().moved.len(), 2);
    store.add_stream(DESCRIPTION).unwrap();
    append(&store, 2, 50);
}

#[test]
fn a_store_that_was_made_is_not_made_anew() {
    let (directory, all) = closed(&[5], 50);
    let marker = directory.path().join("callfold");
    let text = fs::read(&marker).unwrap();
    fs::remove_file(&marker).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    fs::write(&marker, text).unwrap();
    assert_eq!(read(&open(directory.path()).unwrap()), bytes(&all));
    for cut in [0, 40, 64] {
        let keys = fs::read(directory.path().join("keys")).unwrap();
        fs::write(directory.path().join("keys"), &keys[..cut]).unwrap();
        let error = open(directory.path()).unwrap_err();
        assert!(matches!(error, StoreError::Key { .. }), "{cut}: {error}");
        assert_eq!(fs::read(directory.path().join("keys")).unwrap().len(), cut, "it was left as it was");
        fs::write(directory.path().join("keys"), keys).unwrap();
    }
    assert_eq!(read(&open(directory.path()).unwrap()), bytes(&all));
}

/// A copy that stands by while sled opens is whole, or has another name.
#[test]
fn the_copy_of_an_attempt_that_was_broken_off_is_put_back_and_half_of_one_is_not() {
    let (directory, all) = closed(&[100], 100);
    let root = directory.path();
    copy(&root.join("sled"), &root.join("sled.copying"));
    fs::remove_file(root.join("sled.copying/db")).unwrap();
    assert_eq!(read(&open(root).unwrap()), bytes(&all));
    copy(&root.join("sled"), &root.join("sled.before"));
    fs::write(root.join("sled/db"), "what an attempt left").unwrap();
    assert_eq!(read(&open(root).unwrap()), bytes(&all));
    assert!(!root.join("sled.before").exists() && !root.join("sled.copying").exists());
}

/// An older copy of the database over a newer one: `durable` knows better.
#[test]
fn a_rollback_is_refused() {
    let (directory, _) = closed(&[10, 80], 100);
    let (root, outer) = (directory.path(), TempDir::new().unwrap());
    let older = outer.path().join("sled");
    copy(&root.join("sled"), &older);
    let store = open(root).unwrap();
    let all = append(&store, 30, 100);
    drop(store);
    let newer = outer.path().join("newer");
    fs::rename(root.join("sled"), &newer).unwrap();
    copy(&older, &root.join("sled"));
    for _ in 0..2 {
        let error = open(root).unwrap_err();
        let StoreError::DurableDamaged { place, .. } = error else { panic!("{error}") };
        assert_eq!((place.stream, place.seq), (STREAM, 91));
    }
    // Nothing was done to it that could not be undone.
    fs::remove_dir_all(root.join("sled")).unwrap();
    fs::rename(newer, root.join("sled")).unwrap();
    let store = open(root).unwrap();
    assert_eq!(store.head(STREAM).unwrap().hash, all.last().unwrap().hash);
}

#[test]
fn a_database_that_lost_its_streams_is_refused() {
    let (directory, _) = closed(&[], 0);
    fs::remove_dir_all(directory.path().join("sled")).unwrap();
    let error = open(directory.path()).unwrap_err();
    let StoreError::DurableDamaged { place, .. } = error else { panic!("{error}") };
    assert_eq!(place.stream, STREAM);
}

#[test]
fn a_long_record_is_there_after_opening() {
    let (directory, all) = closed(&[1, 1, 3], 4 << 20);
    assert!(all.iter().all(|record| record.bytes.len() >= 4 << 20));
    assert_eq!(read(&open(directory.path()).unwrap()), bytes(&all));
    assert_no_blobs(directory.path());
}

// The rule of the tail.

/// Changes values in the database, past the store.
fn with_trees(root: &Path, change: impl FnOnce(&sled::Tree, &sled::Tree)) {
    let config = sled::Config::new().path(root.join("sled")).mode(sled::Mode::LowSpace).flush_every_ms(None);
    let db = (0..1_000)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            config.open().ok()
        })
        .unwrap();
    change(&db.open_tree("blocks").unwrap(), &db.open_tree("tail").unwrap());
    db.flush().unwrap();
    drop(db);
    let file = fs::File::open(root.join("sled/db")).unwrap();
    while file.try_lock().is_err() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

fn first_of(key: &[u8]) -> (u64, u16) {
    (u64::from_be_bytes(key[4..12].try_into().unwrap()), u16::from_be_bytes(key[12..].try_into().unwrap()))
}

/// Flips a bit of the record `seq` where it stands: in a block, which is then not packed, or in the tail.
fn damage(root: &Path, all: &[NewRecord], seq: u64) {
    with_trees(root, |blocks, tail| {
        let firsts = |tree: &sled::Tree| -> Vec<u64> {
            tree.iter()
                .keys()
                .map(|key| first_of(&key.unwrap()))
                .filter(|key| key.1 == 0)
                .map(|key| key.0)
                .collect()
        };
        let (in_blocks, in_tail) = (firsts(blocks), firsts(tail));
        let end = all.len() as u64 + 1;
        let all_firsts: Vec<u64> = in_blocks.iter().chain(&in_tail).copied().chain([end]).collect();
        let at = all_firsts.iter().rposition(|first| *first <= seq).unwrap();
        let (first, next) = (all_firsts[at], all_firsts[at + 1]);
        let mut value = vec![1];
        value.extend_from_slice(&all[first as usize - 1].at.as_micros().to_be_bytes());
        value.extend_from_slice(&[0, 1]);
        for (number, record) in (first..next).zip(&all[first as usize - 1..]) {
            let mut bytes = record.bytes.clone();
            if number == seq {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
            }
            value.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
            value.extend_from_slice(&bytes);
            value.extend_from_slice(&record.hash.0);
        }
        let tree = if at < in_blocks.len() { blocks } else { tail };
        for key in tree.iter().keys() {
            let key = key.unwrap();
            if first_of(&key) == (first, 0) {
                tree.insert(key, &*value).unwrap();
            } else if first_of(&key).0 == first {
                tree.remove(key).unwrap();
            }
        }
    });
}

/// Says that the stream is durable up to here, or nothing of it.
fn set_durable(root: &Path, all: &[NewRecord], seq: Option<u64>) {
    let path = root.join("durable");
    let Some(seq) = seq else { return fs::remove_file(path).unwrap() };
    let mut slot = 99_u64.to_be_bytes().to_vec();
    slot.extend_from_slice(&seq.to_be_bytes());
    let hash = seq.checked_sub(1).map_or(Hash([0; 32]), |place| all[place as usize].hash);
    slot.extend_from_slice(&hash.0);
    let check = blake3::hash(&slot);
    slot.extend_from_slice(&check.as_bytes()[..16]);
    fs::write(path, slot).unwrap();
}

/// What a store of 60 records is like.
const SINGLE: &[u64] = &[1; 60];
// The first become blocks, the others wait.
const TOGETHER: &[u64] = &[50, 8, 2];

#[test]
fn damage_behind_the_durable_head_is_cut_and_kept_and_before_it_refused() {
    // How the records were appended, the damaged one, up to where the stream is durable, whether it is cut.
    let table = [
        (SINGLE, 60, Some(60), false),
        (SINGLE, 60, Some(59), true),
        (SINGLE, 60, None, true),
        (SINGLE, 55, Some(55), false),
        (SINGLE, 55, Some(54), true),
        (SINGLE, 55, Some(3), true),
        (SINGLE, 20, Some(60), false),
        (SINGLE, 20, Some(20), false),
        (SINGLE, 20, Some(19), true),
        (SINGLE, 20, None, true),
        (SINGLE, 1, Some(1), false),
        (SINGLE, 1, Some(60), false),
        (SINGLE, 1, Some(0), true),
        (SINGLE, 1, None, true),
        (TOGETHER, 52, Some(52), false),
        (TOGETHER, 52, Some(51), true),
        (TOGETHER, 42, Some(41), true),
        (TOGETHER, 44, Some(41), true),
        (TOGETHER, 10, Some(9), true),
        (TOGETHER, 10, Some(45), false),
    ];
    let mut stores = [SINGLE, TOGETHER].map(|appends| (appends, closed(appends, 200)));
    for (appends, damaged, durable, is_cut) in table {
        let row = format!("{} appends, record {damaged} damaged, durable {durable:?}", appends.len());
        let (_, (directory, all)) = stores.iter_mut().find(|(found, _)| *found == appends).unwrap();
        let outer = TempDir::new().unwrap();
        let root = outer.path().join("store");
        copy(directory.path(), &root);
        damage(&root, all, damaged);
        set_durable(&root, all, durable);
        if !is_cut {
            // However often it is tried.
            for _ in 0..2 {
                match open(&root) {
                    Err(StoreError::DurableDamaged { place, .. }) => {
                        assert_eq!((place.stream, place.seq), (STREAM, damaged), "{row}");
                    }
                    other => panic!("{row}: {other:?}"),
                }
            }
            continue;
        }
        let store = open(&root).unwrap_or_else(|error| panic!("{row}: {error}"));
        let cuts = &store.report().cut;
        assert_eq!(cuts.len(), 1, "{row}");
        assert_eq!((cuts[0].stream, cuts[0].from), (STREAM, damaged), "{row}");
        let kept = fs::read(&cuts[0].kept).unwrap();
        let last = &all.last().unwrap().bytes;
        assert!(
            damaged == 60 || kept.windows(last.len()).any(|window| window == last),
            "{row}: the last is kept"
        );
        let mut left = bytes(&all[..damaged as usize - 1]);
        assert_eq!(read(&store), left, "{row}");
        left.extend(bytes(&append(&store, 50, 200)));
        drop(store);
        let store = open(&root).unwrap();
        assert!(store.report().is_clean(), "{row}: {:?}", store.report());
        assert_eq!(read(&store), left, "{row}");
        assert_no_blobs(&root);
    }
}

/// What stands behind a hole cannot be read; it is not left there to be mixed with what is appended.
#[test]
fn a_hole_is_cut_or_refused() {
    let (directory, all) = closed(SINGLE, 200);
    for (durable, is_cut) in [(Some(60), false), (None, true)] {
        let outer = TempDir::new().unwrap();
        let root = outer.path().join("store");
        copy(directory.path(), &root);
        let mut hole = 0;
        with_trees(&root, |blocks, _| {
            let key = blocks.iter().keys().map(Result::unwrap).find(|key| first_of(key).0 > 1).unwrap();
            hole = first_of(&key).0;
            blocks.remove(key).unwrap();
        });
        set_durable(&root, &all, durable);
        match open(&root) {
            Ok(store) if is_cut => {
                assert_eq!(store.report().cut[0].from, hole);
                assert_eq!(read(&store), bytes(&all[..hole as usize - 1]));
            }
            Err(StoreError::DurableDamaged { place, .. }) if !is_cut => assert_eq!(place.seq, hole),
            other => panic!("{durable:?}: {other:?}"),
        }
    }
}
