//! The power goes at any moment: what was acknowledged is there afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use callfold_faults::content::Expected;
use callfold_faults::driver::Driver;
use callfold_faults::image::{Disk, Unsynced};
use callfold_faults::judge::{NOTHING_LOST, Outcome, Tally};
use callfold_faults::protocol::{self, Append, Durability};
use callfold_faults::random::{Random, setting};
use callfold_faults::shim::{Kind, Watch};
use callfold_faults::trace::{Change, Entry, Trace};
use callfold_faults::watchdog;

use crate::{Lab, driver, ended_well, look, planted, shim, store_on, tell};

/// The moments that are tried: some at random, each with another fate of what was not synced; or all with each of them,
/// where so many are asked for.
fn moments(entries: usize, wanted: u64, random: &mut Random) -> Vec<(usize, Unsynced)> {
    let all = (0..=entries).flat_map(|cut| Unsynced::ALL.map(|unsynced| (cut, unsynced)));
    if wanted >= all.clone().count() as u64 {
        return all.collect();
    }
    let fates = Unsynced::ALL.into_iter().cycle();
    (0..wanted).zip(fates).map(|(_, unsynced)| (random.index(entries + 1), unsynced)).collect()
}

/// A long run, its power cut again and again.
fn cut(driver: &Driver, options: &Append, wanted: u64, purpose: &str) -> Tally {
    let started = Instant::now();
    let mut lab = Lab::new();
    let append = Append { dir: lab.store(), ..options.clone() };
    let (run, trace) = lab.append(driver, &append, None);
    ended_well(&run);
    let mut random = Random::from_environment(purpose);
    let mut tally = Tally::default();
    let mut expected = Expected::default();
    for (cut, unsynced) in moments(trace.entries.len(), wanted, &mut random) {
        let mut disk = Disk::default();
        disk.apply(&trace.entries[..cut]).unwrap();
        let image = lab.place();
        disk.write(&image, unsynced, &mut random).unwrap();
        let fault = format!("cut {cut} of {}, {unsynced:?}", trace.entries.len());
        let acknowledged = trace.acknowledged(cut).unwrap();
        look(driver, &store_on(&image), &acknowledged, &mut expected, &mut tally, &fault);
        fs::remove_dir_all(&image).unwrap();
    }
    tell(purpose, started, &tally);
    tally
}

fn options(records: u64) -> Append {
    Append { batch: 10, snapshots: true, ..Append::new("", records) }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let wanted = setting("FAULTS_CUTS", 300);
    let tally = cut(&driver(), &options(3_000), wanted, "power cuts");
    tally.only(NOTHING_LOST).unwrap();
}

#[test]
fn what_was_acknowledged_survives_when_syncs_are_shared() {
    let every = Durability::Every(std::time::Duration::from_millis(5));
    let tally = cut(
        &driver(),
        &Append { durability: every, ..options(3_000) },
        setting("FAULTS_CUTS", 300) / 5,
        "power cuts, shared syncs",
    );
    tally.only(NOTHING_LOST).unwrap();
}

/// Without a promise for what is appended now, the promises of before hold: what a store moves about while it goes on
/// must not be lost with what it appends.
#[test]
fn what_was_acknowledged_before_survives_what_is_never_synced() {
    let started = Instant::now();
    let driver = driver();
    let mut lab = Lab::new();
    let append = Append { dir: lab.store(), ..options(1_500) };
    let run = watchdog::run(&mut driver.append(&append), callfold_faults::driver::LIMIT).unwrap();
    ended_well(&run);
    let acknowledged = protocol::acknowledged(&run.stdout).unwrap();
    let before = lab.place();
    callfold_faults::damage::copy(&lab.disk(), &before).unwrap();
    let (run, trace) = lab.append(&driver, &Append { durability: Durability::Never, ..append }, None);
    ended_well(&run);
    let mut random = Random::from_environment("never synced");
    let (mut tally, mut expected) = (Tally::default(), Expected::default());
    for (cut, unsynced) in moments(trace.entries.len(), setting("FAULTS_CUTS", 300) / 5, &mut random) {
        let mut disk = Disk::of(&before).unwrap();
        disk.apply(&trace.entries[..cut]).unwrap();
        let image = lab.place();
        disk.write(&image, unsynced, &mut random).unwrap();
        let fault = format!("cut {cut} of {}, {unsynced:?}", trace.entries.len());
        look(&driver, &store_on(&image), &acknowledged, &mut expected, &mut tally, &fault);
        fs::remove_dir_all(&image).unwrap();
    }
    tell("power cuts, never synced", started, &tally);
    tally.only(NOTHING_LOST).unwrap();
}

#[test]
fn a_second_cut_while_the_store_recovers_from_the_first_loses_nothing_either() {
    let started = Instant::now();
    let driver = driver();
    let mut lab = Lab::new();
    let append = Append { dir: lab.store(), ..options(600) };
    let (_, trace) = lab.append(&driver, &append, None);
    let mut random = Random::from_environment("second cuts");
    let (mut tally, mut expected) = (Tally::default(), Expected::default());
    for (cut, unsynced) in moments(trace.entries.len(), setting("FAULTS_CUTS", 300) / 15, &mut random) {
        let mut disk = Disk::default();
        disk.apply(&trace.entries[..cut]).unwrap();
        let image = lab.place();
        disk.write(&image, unsynced, &mut random).unwrap();
        let recovery = lab.place();
        let mut check = driver.check(&store_on(&image));
        // The image as it was: the recovery changes it.
        let copy = lab.place();
        callfold_faults::damage::copy(&image, &copy).unwrap();
        shim().load(&mut check, Watch { root: &image, trace: Some(&recovery), fail: None }).unwrap();
        watchdog::run(&mut check, callfold_faults::driver::LIMIT).unwrap();
        let second = Trace::read(&recovery).unwrap();
        for (again, unsynced) in moments(second.entries.len(), 4, &mut random) {
            let mut disk = Disk::of(&copy).unwrap();
            disk.apply(&second.entries[..again]).unwrap();
            let image = lab.place();
            disk.write(&image, unsynced, &mut random).unwrap();
            let fault = format!("cut {cut}, then {again} of {}, {unsynced:?}", second.entries.len());
            let acknowledged = trace.acknowledged(cut).unwrap();
            look(&driver, &store_on(&image), &acknowledged, &mut expected, &mut tally, &fault);
            fs::remove_dir_all(&image).unwrap();
        }
    }
    tell("second cuts", started, &tally);
    tally.only(NOTHING_LOST).unwrap();
}

#[test]
fn a_store_that_does_not_sync_is_caught() {
    let tally = cut(&planted("no-sync"), &options(1_000), 60, "power cuts, no sync");
    assert!(tally.count(Outcome::Lost) > 0, "{tally}");
    assert!(tally.only(NOTHING_LOST).is_err());
}

#[test]
fn a_store_that_acknowledges_before_it_syncs_is_caught() {
    let tally = cut(&planted("early-ack"), &options(1_000), 60, "power cuts, acknowledged too early");
    assert!(tally.count(Outcome::Lost) > 0, "{tally}");
}

/// sled does not sync its `conf`, and does not open with half of one.
#[test]
fn a_store_that_is_made_where_it_will_be_is_caught() {
    let tally = cut(&planted("made-in-place"), &options(300), 100, "power cuts, made in place");
    assert!(tally.count(Outcome::Refused) > 0, "{tally}");
}

/// All files below a directory. A store of tests fits into memory.
fn files(dir: &Path, below: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let name = below.join(entry.unwrap().file_name());
        let path = dir.join(&name);
        if path.is_dir() {
            found.insert(name.clone(), b"a directory".to_vec());
            found.extend(files(dir, &name));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// The files that are not as these entries would leave them.
fn unexplained(entries: &[Entry], before: &Path, after: &Path, image: &Path) -> Vec<PathBuf> {
    let mut disk = Disk::of(before).unwrap();
    disk.apply(entries).unwrap();
    disk.write(image, Unsynced::Kept, &mut Random::new(1, "")).unwrap();
    let (told, found) = (files(image, Path::new("")), files(after, Path::new("")));
    let names: BTreeSet<&PathBuf> = told.keys().chain(found.keys()).collect();
    names.into_iter().filter(|name| told.get(*name) != found.get(*name)).cloned().collect()
}

/// What the shim did not see (mapped memory, calls that go round the C library) would make the images lies.
#[test]
fn the_trace_has_everything_that_happened_to_the_disk() {
    let driver = driver();
    let mut lab = Lab::new();
    // Twice, so that what is there at the beginning is recovered, renamed and removed as well.
    for _ in 0..2 {
        let before = lab.place();
        callfold_faults::damage::copy(&lab.disk(), &before).unwrap();
        let append = Append { dir: lab.store(), ..options(1_000) };
        let (run, mut trace) = lab.append(&driver, &append, None);
        ended_well(&run);
        assert_eq!(unexplained(&trace.entries, &before, &lab.disk(), &lab.place()), Vec::<PathBuf>::new());
        assert!(trace.calls(Kind::Sync) > 0 && trace.calls(Kind::Write) > 0);
        assert_eq!(trace.acknowledged(trace.entries.len()).unwrap().len(), 3);
        // One write that had not been seen would be found.
        let write = |entry: &Entry| matches!(entry.change, Change::Write { .. });
        let last = trace.entries.iter().rposition(write).unwrap();
        let missed = trace.entries.remove(last);
        assert!(
            !unexplained(&trace.entries, &before, &lab.disk(), &lab.place()).is_empty(),
            "{:?}",
            missed.path
        );
    }
}
