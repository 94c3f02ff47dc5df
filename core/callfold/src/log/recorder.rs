//! Records a live line: input → machine → append → durable → effects.

use std::time::Instant as Moment;

use callfold_engine::{Input, Machine, Outcome, SocketId, Timer, Timestamp, View};
use callfold_transport::{Handle, Handled, Place as Thread};

use super::as_of::SNAPSHOT_EVERY;
use super::{Claim, Instant, Log, LogError, StreamId, StreamInfo, StreamWriter, tell_a_directory};
use crate::live::figures;

/// Runs a machine and records every input with what was decided on it.
///
/// 1. Begin with [`Recorder::begin`], or go on with [`Recorder::resume`].
/// 2. Hand it to a [`Line`](crate::live::Line), which does the rest ([`live::record`](crate::live::record) does all of
///    this). Or, with a socket of your own, hand it every input with [`Recorder::handle`]: when that returns, the record
///    is as durable as the store was opened for ([`Durability`](super::Durability)), and the effects may be carried out.
/// 3. Ask the [machine](Recorder::machine) when to come back.
#[derive(Debug)]
pub struct Recorder {
    log: Log,
    writer: StreamWriter,
    machine: Machine,
    since_snapshot: u64,
    /// How many erasures there had been when the machine was begun or read.
    erasures: u64,
    /// Whether the machine is where the told events lead.
    is_as_told: bool,
    stopped: Option<String>,
    _claim: Claim,
}

impl Recorder {
    /// Begins a stream, with a machine that knows nothing yet.
    ///
    /// # Errors
    /// [`LogError::NameTaken`] if there is one of this name.
    pub fn begin(log: &Log, info: &StreamInfo) -> Result<Self, LogError> {
        let erasures = log.turns.erasures();
        let writer = log.begin(info)?;
        let claim = log.claim(writer.stream())?;
        Ok(Self::with(log, writer, claim, Machine::new(info.config.clone()), erasures))
    }

    /// Goes on with a stream: the machine is what its inputs make of it by the rules of this engine. Whoever recorded
    /// it is gone, and its sockets with it: tell the machine so
    /// ([`InputKind::Closed`](callfold_engine::InputKind::Closed)) before anything else.
    ///
    /// # Errors
    /// [`LogError::StreamInUse`] if another recorder of this log records it; [`LogError`] if there is no such stream, or it
    /// cannot be read to its end.
    pub fn resume(log: &Log, stream: StreamId) -> Result<Self, LogError> {
        // Before the machine is read: it may have what is erased meanwhile.
        let erasures = log.turns.erasures();
        let claim = log.claim(stream)?;
        let writer = log.continue_stream(stream)?;
        let mut machine = log.machine_at_end(stream)?;
        log.share(|pool| machine.share(pool));
        let (seq, _) = writer.head();
        // A snapshot says what was told. By today's rules the machine may be elsewhere: then none is kept of it.
        let is_as_told = seq == 0 || log.as_of(stream, Instant::Seq(seq))?.view == *machine.view();
        Ok(Self { is_as_told, ..Self::with(log, writer, claim, machine, erasures) })
    }

    fn with(log: &Log, writer: StreamWriter, claim: Claim, machine: Machine, erasures: u64) -> Self {
        Self {
            log: log.clone(),
            writer,
            machine,
            since_snapshot: 0,
            erasures,
            is_as_told: true,
            stopped: None,
            _claim: claim,
        }
    }

    /// The machine, after the last input.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The number of the last record; 0 if there is none yet.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.writer.head().0
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
    pub fn handle(&mut self, input: &Input<'_>) -> Result<Outcome, LogError> {
        let mut all = self.handle_all(std::slice::from_ref(input))?;
        Ok(all.pop().unwrap_or_default().outcome)
    }

    /// Handles several inputs that came together, and appends their records at once: one sync for all of them. What
    /// came of each is handed out when all are recorded.
    ///
    /// # Errors
    /// As [`Recorder::handle`].
    pub fn handle_all(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, LogError> {
        if let Some(why) = &self.stopped {
            return Err(LogError::Stopped(why.clone()));
        }
        let mut all = Vec::with_capacity(inputs.len());
        for input in inputs {
            let mut outcome = Outcome::default();
            self.machine.handle(input, &mut outcome);
            let staged = self.writer.stage(input, &self.machine, &outcome);
            let seq = staged.map_err(|error| self.stop(error))?;
            if tell_a_directory(&outcome.events) {
                self.log.share(|pool| self.machine.share(pool));
            }
            all.push(Handled::new(outcome, Some(seq)));
        }
        self.writer.commit().map_err(|error| self.stop(error))?;
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
        Ok(all)
    }

    fn stop(&mut self, error: LogError) -> LogError {
        self.stopped = Some(error.to_string());
        error
    }
}

/// A line whose every input is in the log before its effects are let out.
impl Handle for Recorder {
    type Error = LogError;

    /// It waits for the disk.
    const PLACE: Thread = Thread::Aside;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, LogError> {
        let began = Moment::now();
        let all = self.handle_all(inputs)?;
        figures::appended(&all, began.elapsed());
        Ok(all)
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        self.machine.poll_timeout()
    }

    fn view(&self) -> &View {
        self.machine.view()
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.machine.sockets().collect()
    }

    fn now(&self) -> Timestamp {
        self.machine.now()
    }
}

#[cfg(test)]
mod tests {
    use callfold_engine::Config;

    use super::*;

    #[test]
    fn a_stream_is_recorded_by_one_recorder_at_a_time() {
        let log = Log::in_memory().unwrap();
        let info = StreamInfo::new("line 101", Config::live(), Timestamp::from_millis(0));
        let first = Recorder::begin(&log, &info).unwrap();
        let stream = first.stream();
        assert!(matches!(Recorder::resume(&log, stream), Err(LogError::StreamInUse(id)) if id == stream));
        drop(first);
        let second = Recorder::resume(&log, stream).unwrap();
        assert!(matches!(Recorder::resume(&log, stream), Err(LogError::StreamInUse(_))));
        drop(second);
        Recorder::resume(&log, stream).unwrap();
    }
}
