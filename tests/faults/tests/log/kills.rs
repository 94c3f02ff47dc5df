//! The process is killed at any moment: what was acknowledged is there afterwards.

use std::time::Instant;

use callfold_faults::content::Expected;
use callfold_faults::driver::{Driver, LIMIT};
use callfold_faults::judge::{NOTHING_LOST, Outcome, Tally};
use callfold_faults::kill::{self, Moment};
use callfold_faults::protocol::{self, Append, Heads};
use callfold_faults::random::{Random, setting};
use callfold_faults::watchdog::End;

use crate::{Lab, driver, look, planted, tell};

/// More than can be written before it is killed.
const ENDLESS: u64 = 100_000_000;
/// After so many kills a store has become so long that opening it is all that is killed.
const KILLS_OF_ONE_STORE: u64 = 10;

fn kill(driver: &Driver, kills: u64, purpose: &str) -> Tally {
    let started = Instant::now();
    let mut random = Random::from_environment(purpose);
    let (mut tally, mut expected) = (Tally::default(), Expected::default());
    let (mut lab, mut acknowledged) = (Lab::new(), Heads::new());
    let (mut early, mut records) = (0, 0);
    for number in 0..kills {
        if number % KILLS_OF_ONE_STORE == 0 {
            lab = Lab::new();
            acknowledged = Heads::new();
        }
        let batch = if random.coin() { 10 } else { 100 };
        let append = Append { batch, snapshots: true, ..Append::new(lab.store(), ENDLESS) };
        let moment =
            if number % 4 == 3 { Moment::AtLine(1 + random.index(60)) } else { Moment::draw(&mut random) };
        let run = kill::run(&mut driver.append(&append), moment, LIMIT).unwrap();
        assert_eq!(run.end, End::Killed, "{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
        let told = protocol::acknowledged(&run.stdout).unwrap();
        early += u64::from(told.is_empty());
        acknowledged.extend(told);
        let fault = format!("kill {number}, {moment:?}");
        look(driver, &lab.store(), &acknowledged, &mut expected, &mut tally, &fault);
        if (number + 1) % KILLS_OF_ONE_STORE == 0 {
            records += acknowledged.values().map(|head| head.seq).sum::<u64>();
        }
    }
    tell(purpose, started, &format!("{tally}; {early} before the first acknowledgement, {records} records"));
    // Kills that all come too early would find nothing.
    assert!(early < kills, "{early} of {kills}");
    tally
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    kill(&driver(), setting("FAULTS_KILLS", 100), "kills").only(NOTHING_LOST).unwrap();
}

#[test]
fn a_store_that_acknowledges_before_it_writes_is_caught() {
    let tally = kill(&planted("early-ack"), 40, "kills, acknowledged too early");
    assert!(tally.count(Outcome::Lost) > 0, "{tally}");
}
