//! Records a live line: input → machine → append → durable → effects.

use callfold_engine::{Effect, Input, Machine, Outcome};

use super::as_of::SNAPSHOT_EVERY;
use super::{Instant, Log, LogError, StreamId, StreamInfo, StreamWriter};

/// Runs a machine and records every input with what was decided on it.
///
/// 1. Begin with [`Recorder::begin`], or go on with [`Recorder::resume`].
/// 2. Hand it every input with [`Recorder::handle`]. When that returns, the record is as durable as the store was
///    opened for ([`Durability`](super::Durability)), and the effects may be carried out.
/// 3. Ask the [machine](Recorder::machine) when to come back.
#[derive(Debug)]
pub struct Recorder {
    log: Log,
    writer: StreamWriter,
    machine: Machine,
    outcome: Outcome,
    since_snapshot: u64,
    /// How many erasures there had been when the machine was begun or read.
    erasures: u64,
    /// Whether the machine is where the told events lead.
    is_as_told: bool,
    stopped: Option<String>,
}

impl Recorder {
    /// Begins a stream, with a machine that knows nothing yet.
    ///
    /// # Errors
    /// [`LogError::NameTaken`] if there is one of this name.
    pub fn begin(log: &Log, info: &StreamInfo) -> Result<Self, LogError> {
        let erasures = log.turns.erasures();
        let writer = log.begin(info)?;
        Ok(Self::with(log, writer, Machine::new(info.config.clone()), erasures))
    }

    /// Goes on with a stream: the machine is what its inputs make of it by the rules of this engine. Whoever recorded
    /// it is gone, and its sockets with it: tell the machine so
    /// ([`InputKind::Closed`](callfold_engine::InputKind::Closed)) before anything else.
    ///
    /// # Errors
    /// [`LogError`] if there is no such stream, or it cannot be read to its end.
    pub fn resume(log: &Log, stream: StreamId) -> Result<Self, LogError> {
        // Before the machine is read: it may have what is erased meanwhile.
        let erasures = log.turns.erasures();
        let writer = log.continue_stream(stream)?;
        let machine = log.machine_at_end(stream)?;
        let (seq, _) = writer.head();
        // A snapshot says what was told. By today's rules the machine may be elsewhere: then none is kept of it.
        let is_as_told = seq == 0 || log.as_of(stream, Instant::Seq(seq))?.view == *machine.view();
        Ok(Self { is_as_told, ..Self::with(log, writer, machine, erasures) })
    }

    fn with(log: &Log, writer: StreamWriter, machine: Machine, erasures: u64) -> Self {
        let outcome = Outcome::default();
        Self {
            log: log.clone(),
            writer,
            machine,
            outcome,
            since_snapshot: 0,
            erasures,
            is_as_told: true,
            stopped: None,
        }
    }

    /// The machine, after the last input.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The stream that is recorded.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.writer.stream()
    }

    /// Handles an input and records it. What was decided and is to be done is handed out when the record is as durable
    /// as the store was opened for.
    ///
    /// # Errors
    /// [`LogError`] if it cannot be recorded. The effects are then lost on purpose, and this recorder records no more:
    /// what is not in the log did not happen.
    pub fn handle(&mut self, input: &Input<'_>) -> Result<&Outcome, LogError> {
        self.handle_all(std::slice::from_ref(input), |_| {})?;
        Ok(&self.outcome)
    }

    /// Handles several inputs that came together, and appends their records at once: one sync for all of them. `each`
    /// gets what came of each, with its effects, when all are recorded.
    ///
    /// # Errors
    /// As [`Recorder::handle`].
    pub fn handle_all(
        &mut self,
        inputs: &[Input<'_>],
        mut each: impl FnMut(&[Effect]),
    ) -> Result<(), LogError> {
        if let Some(why) = &self.stopped {
            return Err(LogError::Stopped(why.clone()));
        }
        let mut effects = Vec::new();
        for input in inputs {
            self.machine.handle(input, &mut self.outcome);
            let staged = self.writer.stage(input, &self.machine, &self.outcome);
            staged.map_err(|error| self.stop(error))?;
            effects.push(self.outcome.effects.clone());
        }
        let committed = self.writer.commit();
        committed.map_err(|error| self.stop(error))?;
        for effects in effects {
            each(&effects);
        }
        self.since_snapshot += inputs.len() as u64;
        if self.since_snapshot >= SNAPSHOT_EVERY && self.is_as_told {
            // A snapshot is a cache: one that cannot be kept is none the worse for the log.
            if self
                .log
                .keep_snapshot(self.stream(), self.writer.head(), &self.machine, self.erasures)
                .is_ok_and(|kept| kept)
            {
                self.since_snapshot = 0;
            }
        }
        Ok(())
    }

    fn stop(&mut self, error: LogError) -> LogError {
        self.outcome.effects.clear();
        self.stopped = Some(error.to_string());
        error
    }
}
