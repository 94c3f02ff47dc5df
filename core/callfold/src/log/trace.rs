//! Recorded sessions of the reference client become streams.

use std::io::{self, BufRead};

use callfold_engine::{Config, CtiConfig, Text, Timestamp};

use super::as_of::SNAPSHOT_EVERY;
use super::{Log, LogError, StreamId, StreamInfo, StreamWriter};
use crate::replay::{self, Step, Watch};
use crate::trace::{Header, Level};

/// A trace that became a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedTrace {
    /// The stream.
    pub stream: StreamId,
    /// Its name.
    pub name: String,
    /// How many records it has.
    pub records: u64,
    /// Lines of kinds that are not known, which were passed over.
    pub unknown_lines: u64,
}

impl Log {
    /// Makes a trace a stream, called `name` or as the trace is. Its timers are those that this engine wants.
    ///
    /// # Errors
    /// [`LogError::Trace`] if the trace cannot be read to its end: what came before the fault is in the stream.
    /// [`LogError::NameTaken`] if there is a stream of that name.
    pub fn import_trace(&self, trace: impl BufRead, name: Option<&str>) -> Result<ImportedTrace, LogError> {
        let erasures = self.turns.erasures();
        let mut import = Import { log: self, name, state: State::Begun, unknown_lines: 0, erasures };
        let replayed = replay::run(trace, &mut import);
        let unknown_lines = import.unknown_lines;
        let (writer, name) = match import.state {
            State::Failed(error) => return Err(error),
            State::Begun => {
                let empty = LogError::Io(io::Error::other("the trace has no first line"));
                return Err(replayed.map_or_else(LogError::Trace, |()| empty));
            }
            State::Writing { mut writer, name, .. } => {
                writer.commit()?;
                (writer, name)
            }
        };
        replayed?;
        let (records, _) = writer.head();
        Ok(ImportedTrace { stream: writer.stream(), name, records, unknown_lines })
    }
}

enum State {
    Begun,
    Writing { writer: Box<StreamWriter>, name: String, since_snapshot: u64 },
    Failed(LogError),
}

struct Import<'l> {
    log: &'l Log,
    name: Option<&'l str>,
    state: State,
    unknown_lines: u64,
    erasures: u64,
}

impl Import<'_> {
    /// Keeps what went wrong for whoever called, and ends the replay.
    fn fail(&mut self, error: LogError) -> io::Error {
        self.state = State::Failed(error);
        io::Error::other("recording failed")
    }

    fn begun(&self, header: &Header) -> Result<State, LogError> {
        let name = self.name.unwrap_or(&header.name).to_owned();
        let config = match header.level {
            Level::Oktell => Config::replay(),
            Level::Cti => Config::replay().with_cti(CtiConfig::default()),
        };
        let mut info = StreamInfo::new(&name, config, Timestamp::from_millis(header.epoch_ms));
        info.title = Text::from(header.title.as_str());
        info.numbers = header.numbers.iter().map(|number| Text::from(number.as_str())).collect();
        let writer = Box::new(self.log.begin(&info)?);
        Ok(State::Writing { writer, name, since_snapshot: 0 })
    }
}

impl Watch for Import<'_> {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        match self.begun(header) {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let State::Writing { writer, since_snapshot, .. } = &mut self.state else { return Ok(()) };
        let staged = writer.stage(step.input, step.machine, step.outcome).and_then(|_| {
            *since_snapshot += 1;
            if *since_snapshot < SNAPSHOT_EVERY {
                return Ok(());
            }
            writer.commit()?;
            if self.log.keep_snapshot(writer.stream(), writer.head(), step.machine, self.erasures)? {
                *since_snapshot = 0;
            }
            Ok(())
        });
        staged.map_err(|error| self.fail(error))
    }

    fn unknown_line(&mut self, _: usize) {
        self.unknown_lines += 1;
    }
}
