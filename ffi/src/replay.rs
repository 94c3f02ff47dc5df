//! Recorded sessions, run through the engine of today.

use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::path::PathBuf;

use callfold::Timestamp;
use callfold::files;
use callfold::log::{LogError, OnProgress, Progress};
use callfold::problem::Problem;
use callfold::replay::{self, Announcer, ReplayError, Step, Tally, Watch};

use crate::boundary::{callfold_result, done};
use crate::progress::{callfold_progress, teller};
use crate::text::{callfold_buffer, callfold_str, fill, owned};

/// What came of a recorded session.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_replayed {
    /// How many inputs it has.
    pub inputs: u64,
    /// How many talks.
    pub talks: u64,
    /// How many commands were refused.
    pub refused: u64,
    /// How many findings: inputs that something is wrong with.
    pub findings: u64,
    /// How many lines were passed over, because nothing is known of their kind.
    pub unknown_lines: u64,
}

struct Session<'p> {
    progress: OnProgress<'p>,
    tally: Tally,
    unknown_lines: u64,
    announcer: Announcer<Vec<u8>>,
}

impl Watch for Session<'_> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if let ControlFlow::Break(()) = (self.progress)(Progress::new(step.seq, 0)) {
            return Err(io::Error::other(LogError::Interrupted));
        }
        self.tally.step(step)?;
        self.announcer.step(step)
    }

    fn end(&mut self, at: Timestamp) {
        self.tally.end(at);
    }

    fn unknown_line(&mut self, number: usize) {
        self.tally.unknown_line(number);
        self.unknown_lines += 1;
    }
}

/// Replays a recorded session of the reference client, packed or not, by the rules of today: what the reference client would
/// have announced, in JSON lines, as `callfold replay --announce` writes them. `report` and `progress` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_replay_file(
    path: callfold_str,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_replayed>>,
    owned_announcements: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_announcements = fill(owned_announcements, "owned_announcements")?;
        let path = PathBuf::from(path.text("path")?);
        let mut tell = teller(progress);
        let mut session = Session {
            progress: &mut tell,
            tally: Tally::default(),
            unknown_lines: 0,
            announcer: Announcer::new(Vec::new()),
        };
        let of_file = |error: LogError| Problem::from(error).of_file(&path);
        let input = files::open(&path).map_err(|error| of_file(LogError::from(error)))?;
        replay::run(input, &mut session).map_err(|error| match error {
            ReplayError::Io(error) => of_file(error.into()),
            other @ (ReplayError::Trace(_) | _) => of_file(other.into()),
        })?;
        if let Some(report) = report {
            report.write(callfold_replayed {
                inputs: session.tally.inputs,
                talks: session.tally.talks,
                refused: session.tally.refused,
                findings: session.tally.findings,
                unknown_lines: session.unknown_lines,
            });
        }
        owned_announcements.with(owned(session.announcer.into_inner())?);
        Ok(())
    })
}
