//! The faults, tried on a store. `FAULTS_SEED` moves all of them elsewhere, `FAULTS_CUTS`, `FAULTS_KILLS`,
//! `FAULTS_DAMAGES` and `FAULTS_FAILURES` (calls to fail, of each kind) say how many there are.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

mod damage;
mod kills;
mod power_cuts;
mod write_errors;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use callfold_faults::content::Expected;
use callfold_faults::driver::Driver;
use callfold_faults::judge::{Tally, judge};
use callfold_faults::protocol::{Append, Heads};
use callfold_faults::shim::{Fail, Shim, Watch};
use callfold_faults::trace::Trace;
use callfold_faults::watchdog::{self, End, Run};
use tempfile::TempDir;

const TOY: &str = env!("CARGO_BIN_EXE_faults-toy");

/// The store that is tried. Another one is put here, and nowhere else.
fn driver() -> Driver {
    Driver::new(env!("CARGO_BIN_EXE_faults-store"))
}

/// Whether opening that store leaves a log that it cannot read as it is. The toy's does not: sled takes what it cannot
/// read for the end of the log, and cuts it off for good. A store to be relied on has to be held to `true`.
const OPENING_DESTROYS_NOTHING: bool = true;

/// One with a fault that has to be found.
fn planted(fault: &str) -> Driver {
    Driver::new(TOY).with("FAULTS_TOY", fault)
}

/// Built once, below the target directory.
fn shim() -> &'static Shim {
    static SHIM: OnceLock<Shim> = OnceLock::new();
    SHIM.get_or_init(|| match Shim::build(Path::new(env!("CARGO_TARGET_TMPDIR"))) {
        Ok(shim) => shim,
        Err(error) => panic!("{error}"),
    })
}

/// A disk that is watched, with a store on it that does not fill it: the store's own directory is to be made, too.
struct Lab {
    dir: TempDir,
    runs: usize,
}

impl Lab {
    fn new() -> Lab {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("disk")).unwrap();
        Lab { dir, runs: 0 }
    }

    fn disk(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn store(&self) -> PathBuf {
        store_on(&self.disk())
    }

    /// A place where nothing is.
    fn place(&mut self) -> PathBuf {
        self.runs += 1;
        self.dir.path().join(format!("place-{}", self.runs))
    }

    /// Runs an append and says what it did to the disk.
    fn append(&mut self, driver: &Driver, append: &Append, fail: Option<Fail>) -> (Run, Trace) {
        let trace = self.place();
        let mut command = driver.append(append);
        let disk = self.disk();
        shim().load(&mut command, Watch { root: &disk, trace: Some(&trace), fail }).unwrap();
        let run = watchdog::run(&mut command, 4 * callfold_faults::driver::LIMIT).unwrap();
        (run, Trace::read(&trace).unwrap())
    }
}

fn ended_well(run: &Run) {
    assert_eq!(run.end, End::Code(0), "{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
}

fn store_on(disk: &Path) -> PathBuf {
    disk.join("store")
}

/// Has a store looked at, and adds what became of it.
fn look(
    driver: &Driver,
    store: &Path,
    acknowledged: &Heads,
    expected: &mut Expected,
    tally: &mut Tally,
    fault: &str,
) {
    tally.add(judge(&driver.see(store).unwrap(), acknowledged, expected), fault);
}

/// For those who watch a long run: `--nocapture` shows what was counted.
fn tell(what: &str, started: std::time::Instant, tally: &dyn std::fmt::Display) {
    eprintln!("{what}: {tally}; {} ms", started.elapsed().as_millis());
}
