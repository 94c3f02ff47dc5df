//! Files are damaged: what the store then says is true, or it refuses.

use std::fs;
use std::time::Instant;

use callfold_faults::content::Expected;
use callfold_faults::damage::{self, Fault, Files};
use callfold_faults::driver::{Driver, LIMIT};
use callfold_faults::judge::{NOTHING_LOST, NOTHING_SILENT, Outcome, Tally};
use callfold_faults::protocol::{self, Append, Heads};
use callfold_faults::random::{Random, setting};
use callfold_faults::watchdog;

use crate::{Lab, OPENING_DESTROYS_NOTHING, driver, ended_well, look, planted, tell};

/// A store that was closed in order, and what it acknowledged.
fn closed(driver: &Driver) -> (Lab, Heads) {
    let lab = Lab::new();
    let append = Append { snapshots: true, ..Append::new(lab.store(), 2_000) };
    let run = watchdog::run(&mut driver.append(&append), LIMIT).unwrap();
    ended_well(&run);
    let acknowledged = protocol::acknowledged(&run.stdout).unwrap();
    (lab, acknowledged)
}

/// Copies of a store, each with one fault.
fn damage(driver: &Driver, copies: u64, purpose: &str) -> Tally {
    let started = Instant::now();
    let (mut lab, acknowledged) = closed(driver);
    let files = Files::of(&lab.store()).unwrap();
    let mut random = Random::from_environment(purpose);
    let (mut tally, mut expected) = (Tally::default(), Expected::default());
    let mut harmless = 0;
    for number in 0..copies {
        let fault = files.draw(number, &mut random).unwrap();
        let copy = lab.place();
        damage::copy(&lab.store(), &copy).unwrap();
        harmless += u64::from(!fault.apply(&copy).unwrap());
        look(driver, &copy, &acknowledged, &mut expected, &mut tally, &fault.to_string());
        fs::remove_dir_all(&copy).unwrap();
    }
    tell(purpose, started, &format!("{tally}; {harmless} faults changed nothing"));
    tally
}

#[test]
fn after_damage_a_store_tells_the_truth_or_refuses() {
    let tally = damage(&driver(), setting("FAULTS_DAMAGES", 400).max(40), "damage");
    tally.only(NOTHING_SILENT).unwrap();
    // Damage that always or never hits says nothing.
    assert!(tally.count(Outcome::Whole) > 0 && tally.count(Outcome::Whole) < tally.all(), "{tally}");
}

#[test]
fn a_store_that_lets_panics_out_is_caught() {
    let tally = damage(&planted("panics"), 80, "damage, panics let out");
    assert!(tally.count(Outcome::Panicked) > 0, "{tally}");
    assert!(tally.only(NOTHING_SILENT).is_err());
}

/// sled cuts its log where it is damaged, and says nothing.
#[test]
fn a_store_that_does_not_know_how_long_it_was_is_caught() {
    let tally = damage(&planted("no-heads"), 40, "damage, heads not kept");
    assert!(tally.count(Outcome::Lost) > 0, "{tally}");
}

/// A bit flips, the store is opened, and the bit flips back, as after a bad cable or from a copy: what becomes of it then.
fn refuse_and_mend(driver: &Driver, copies: u64, purpose: &str) -> Tally {
    let started = Instant::now();
    let (mut lab, acknowledged) = closed(driver);
    let files = Files::of(&lab.store()).unwrap();
    let mut random = Random::from_environment(purpose);
    let (mut tally, mut expected) = (Tally::default(), Expected::default());
    for _ in 0..copies {
        let fault = files.draw(0, &mut random).unwrap();
        let Fault::Flip { offset, .. } = fault.fault else { panic!("{fault}") };
        let copy = lab.place();
        damage::copy(&lab.store(), &copy).unwrap();
        fault.apply(&copy).unwrap();
        driver.see(&copy).unwrap();
        let file = copy.join(&fault.file);
        // Of a file that is gone or too short, nothing can be mended; the store is then judged as it is.
        if fs::metadata(&file).is_ok_and(|found| found.len() > offset) {
            let mut mended = fs::read(&file).unwrap();
            let at = usize::try_from(offset).unwrap();
            mended[at] = fs::read(lab.store().join(&fault.file)).unwrap()[at];
            fs::write(&file, mended).unwrap();
        }
        look(driver, &copy, &acknowledged, &mut expected, &mut tally, &fault.to_string());
        fs::remove_dir_all(&copy).unwrap();
    }
    tell(purpose, started, &tally);
    tally
}

#[test]
fn a_store_that_could_not_be_read_is_not_made_worse() {
    let tally = refuse_and_mend(&driver(), setting("FAULTS_DAMAGES", 400).max(400) / 10, "damage, mended");
    let kept = tally.only(NOTHING_LOST);
    // Of the toy, it has to be found that it does.
    assert_eq!(kept.is_ok(), OPENING_DESTROYS_NOTHING, "{kept:?}");
}
