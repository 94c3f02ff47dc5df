//! Recorded sessions, run through the engine of today.

use std::path::PathBuf;
use std::sync::Arc;

use callfold::log::LogError;
use callfold::replay::{self, Announcer, Step, Tally, Watch};
use callfold::trace::{Header, Level};
use callfold::{JsonText, Timestamp, files};

use crate::error::CallfoldError;
use crate::run::{self, ProgressListener, go_on};

/// What came of a recorded session.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Replay {
    /// The session's name.
    pub name: String,
    /// What it is about, for people.
    pub title: String,
    /// Whether it is one of the CTI model.
    pub cti: bool,
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
    /// What the reference client would have announced: JSON lines, as `callfold replay --announce` writes them.
    pub announcements: JsonText,
}

struct Session<'p> {
    progress: callfold::log::OnProgress<'p>,
    name: String,
    title: String,
    level: Level,
    tally: Tally,
    unknown_lines: u64,
    announcer: Announcer<Vec<u8>>,
}

impl Watch for Session<'_> {
    fn begin(&mut self, header: &Header) -> std::io::Result<()> {
        self.name.clone_from(&header.name);
        self.title.clone_from(&header.title);
        self.level = header.level;
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        go_on(self.progress, step.seq).map_err(std::io::Error::other)?;
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

/// Replays a recorded session, packed or not.
///
/// # Errors
/// `file_failed`, `not_a_trace`, `bad_trace`; `interrupted` if the listener wants no more.
#[uniffi::export(default(progress = None))]
pub async fn replay_file(
    path: String,
    progress: Option<Arc<dyn ProgressListener>>,
) -> Result<Replay, CallfoldError> {
    run::work(progress, move |progress| {
        let mut session = Session {
            progress,
            name: String::new(),
            title: String::new(),
            level: Level::Oktell,
            tally: Tally::default(),
            unknown_lines: 0,
            announcer: Announcer::new(Vec::new()),
        };
        let input = files::open(&PathBuf::from(path)).map_err(LogError::Io)?;
        replay::run(input, &mut session).map_err(LogError::from)?;
        let announcements = session.announcer.into_inner();
        Ok(Replay {
            name: session.name,
            title: session.title,
            cti: session.level == Level::Cti,
            inputs: session.tally.inputs,
            talks: session.tally.talks,
            refused: session.tally.refused,
            findings: session.tally.findings,
            unknown_lines: session.unknown_lines,
            announcements: JsonText::new(&String::from_utf8_lossy(&announcements)),
        })
    })
    .await
}
