//! The disk is full or fails at the n-th call: it is said, and nothing is acknowledged that could be lost.

use std::collections::BTreeMap;
use std::time::Instant;

use callfold_faults::content::Expected;
use callfold_faults::damage;
use callfold_faults::driver::{Driver, LIMIT};
use callfold_faults::image::{Disk, Unsynced};
use callfold_faults::judge::{NOTHING_LOST, Tally, after_failure};
use callfold_faults::protocol::Append;
use callfold_faults::random::{Random, setting};
use callfold_faults::shim::{Fail, Kind};
use callfold_faults::watchdog;

use crate::{Lab, OPENING_DESTROYS_NOTHING, driver, ended_well, look, planted, store_on, tell};

/// What went wrong in one run with a failing call. The store is looked at as it is afterwards, on a disk that is well
/// again, and as a power cut would have left it.
fn fail(
    driver: &Driver,
    fail: Fail,
    random: &mut Random,
    expected: &mut Expected,
) -> (bool, Result<(), String>) {
    let mut lab = begun(driver);
    let before = lab.place();
    damage::copy(&lab.disk(), &before).unwrap();
    let (run, trace) = lab.append(driver, &options(&lab), Some(fail));
    let hit = trace.first_failure().is_some();
    let kept = after_failure(run.end, &trace).map_err(|why| format!("{fail}: {why}: {}", run.stderr));
    if kept.is_err() {
        return (hit, kept);
    }
    let acknowledged = trace.acknowledged(trace.entries.len()).unwrap();
    let mut tally = Tally::default();
    for unsynced in [Unsynced::Lost, Unsynced::Torn] {
        let mut disk = Disk::of(&before).unwrap();
        disk.apply(&trace.entries).unwrap();
        let image = lab.place();
        disk.write(&image, unsynced, random).unwrap();
        look(
            driver,
            &store_on(&image),
            &acknowledged,
            expected,
            &mut tally,
            &format!("{fail}, {unsynced:?}"),
        );
    }
    look(driver, &lab.store(), &acknowledged, expected, &mut tally, &fail.to_string());
    (hit, tally.only(NOTHING_LOST))
}

/// A store that has something to read when it is opened.
fn begun(driver: &Driver) -> Lab {
    let lab = Lab::new();
    let run = watchdog::run(&mut driver.append(&options(&lab)), LIMIT).unwrap();
    ended_well(&run);
    lab
}

fn options(lab: &Lab) -> Append {
    Append { batch: 20, snapshots: true, ..Append::new(lab.store(), 300) }
}

/// Which calls of a run there are to fail: of each kind, so many, spread over all.
fn failures(driver: &Driver, kinds: &[Kind], wanted: u64) -> Vec<Fail> {
    let mut lab = begun(driver);
    let (_, trace) = lab.append(driver, &options(&lab), None);
    let mut failures = Vec::new();
    for kind in kinds.iter().copied() {
        let calls = trace.calls(kind);
        assert!(calls > 0, "{kind} is never called");
        let tried = calls.min(wanted);
        let spread = (0..tried).map(|number| 1 + number * calls / tried);
        failures.extend(spread.flat_map(|at| [false, true].map(|sticky| Fail { kind, at, sticky })));
    }
    failures
}

fn all(driver: &Driver, kinds: &[Kind], wanted: u64, purpose: &str) -> Vec<String> {
    let started = Instant::now();
    let mut random = Random::from_environment(purpose);
    let mut expected = Expected::default();
    let (mut wrong, mut hits): (Vec<String>, BTreeMap<Kind, u64>) = (Vec::new(), BTreeMap::new());
    let failures = failures(driver, kinds, wanted);
    for failure in &failures {
        let (hit, kept) = fail(driver, *failure, &mut random, &mut expected);
        *hits.entry(failure.kind).or_default() += u64::from(hit);
        wrong.extend(kept.err());
    }
    tell(purpose, started, &format!("{} failures, {} wrong; hit {hits:?}", failures.len(), wrong.len()));
    assert!(kinds.iter().all(|kind| hits.get(kind).is_some_and(|hits| *hits > 0)), "{hits:?}");
    wrong
}

#[test]
fn a_call_that_fails_is_told_and_nothing_is_lost() {
    let mut kinds = Kind::ALL.to_vec();
    kinds.retain(|kind| OPENING_DESTROYS_NOTHING || *kind != Kind::Read);
    let wrong = all(&driver(), &kinds, setting("FAULTS_FAILURES", 8), "failing calls");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// One read that fails once, and sled has cut the log for ever.
#[test]
fn a_store_that_loses_what_it_could_not_read_once_is_caught() {
    let wrong = all(&planted("no-heads"), &[Kind::Read], 40, "failing reads");
    assert!(wrong.iter().any(|wrong| wrong.contains("read:")), "{wrong:?}");
}

#[test]
fn a_store_that_passes_over_errors_is_caught() {
    let wrong = all(&planted("no-errors"), &[Kind::Sync], 6, "failing calls, passed over");
    assert!(wrong.iter().any(|wrong| wrong.contains("acknowledged records after")), "{wrong:?}");
}

#[test]
fn a_store_that_believes_the_second_sync_is_caught() {
    let wrong = all(&planted("retry-sync"), &[Kind::Sync], 6, "failing calls, tried again");
    assert!(wrong.iter().any(|wrong| wrong.contains("acknowledged records after")), "{wrong:?}");
}
