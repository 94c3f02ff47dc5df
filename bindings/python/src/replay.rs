//! Recorded sessions, and streams of a log, run through the engine of today.

use std::io;
use std::path::PathBuf;

use callfold::calls::{Call, CallLog, Over, TimeLedger};
use callfold::files::{self, Content};
use callfold::log::LogError;
use callfold::problem::Problem;
use callfold::record::Record;
use callfold::replay::{self, Announcer, CallReader, Step, Tally, Watch};
use callfold::tables::{CallRows, CommandRows, EventRows, GroupedTime, TimeKey};
use callfold::trace::{Header, Level};
use callfold::{Effect, Event, Machine, Outcome, Text, Timestamp};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::raise;
use crate::log::{Batches, Log};
use crate::table::Rows;
use crate::work;

/// What is made of a session.
struct Made {
    name: String,
    title: String,
    level: Level,
    tally: Tally,
    events: Rows,
    calls: Rows,
    commands: Rows,
    time: Rows,
    announcements: Option<Vec<u8>>,
}

impl Made {
    fn object(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("name", self.name)?;
        fields.set_item("title", self.title)?;
        fields.set_item("cti", self.level == Level::Cti)?;
        fields.set_item("inputs", self.tally.inputs)?;
        fields.set_item("talks", self.tally.talks)?;
        fields.set_item("refused", self.tally.refused)?;
        fields.set_item("findings", self.tally.findings)?;
        fields.set_item("unknown_lines", self.tally.unknown_lines)?;
        fields.set_item("events", Bound::new(py, self.events)?)?;
        fields.set_item("calls", Bound::new(py, self.calls)?)?;
        fields.set_item("commands", Bound::new(py, self.commands)?)?;
        fields.set_item("time", Bound::new(py, self.time)?)?;
        fields.set_item("announcements", self.announcements.map(|bytes| PyBytes::new(py, &bytes)))?;
        Ok(fields)
    }
}

/// The tables of calls, commands and time of one session.
fn tables(
    name: &str,
    agent: Option<&str>,
    over: &Over,
    ledger: &TimeLedger,
) -> Result<(Rows, Rows, Rows), LogError> {
    let mut calls = Batches::new(CallRows::new());
    for call in &over.calls {
        calls.rows.push(name, agent, call)?;
        calls.settle()?;
    }
    let mut commands = Batches::new(CommandRows::new());
    for command in &over.commands {
        commands.rows.push(name, command)?;
        commands.settle()?;
    }
    let mut time = GroupedTime::by(&[TimeKey::Agent, TimeKey::Day]);
    time.add(name, ledger, |_| true);
    let time = time.finish()?;
    Ok((calls.finish()?, commands.finish()?, Rows::new(time.schema(), vec![time])))
}

/// Follows the replay of a recorded session.
struct Session {
    name: String,
    title: String,
    level: Level,
    tally: Tally,
    events: Batches<EventRows>,
    calls: CallReader,
    /// The login that was told last.
    agent: Option<Text>,
    announcer: Option<Announcer<Vec<u8>>>,
}

impl Watch for Session {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.name.clone_from(&header.name);
        self.title.clone_from(&header.title);
        self.level = header.level;
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.tally.step(step)?;
        self.calls.step(step)?;
        self.agent.clone_from(&step.machine.view().agent.login);
        let rows = self.events.rows.push(&self.name, step.seq, step.machine.now(), &step.outcome.events);
        rows.map_err(io::Error::other)?;
        self.events.settle().map_err(io::Error::other)?;
        match &mut self.announcer {
            Some(announcer) => announcer.step(step),
            None => Ok(()),
        }
    }

    fn end(&mut self, at: Timestamp) {
        self.calls.end(at);
    }

    fn unknown_line(&mut self, number: usize) {
        self.tally.unknown_line(number);
    }
}

/// Replays a recorded session.
#[pyfunction]
#[pyo3(signature = (path, announcements, progress))]
pub(crate) fn replay_file<'py>(
    py: Python<'py>,
    path: PathBuf,
    announcements: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let made = work::run_on(py, &path, progress.as_ref(), |progress| {
        let mut session = Session {
            name: String::new(),
            title: String::new(),
            level: Level::Oktell,
            tally: Tally::default(),
            events: Batches::new(EventRows::new()),
            calls: CallReader::default(),
            agent: None,
            announcer: announcements.then(|| Announcer::new(Vec::new())),
        };
        replay::run(files::Watched::new(files::open(&path)?, progress), &mut session)?;
        let (over, ledger) = session.calls.finish();
        let (calls, commands, time) =
            tables(&session.name, session.agent.as_ref().map(Text::as_str), &over, &ledger)?;
        Ok(Made {
            name: session.name,
            title: session.title,
            level: session.level,
            tally: session.tally,
            events: session.events.finish()?,
            calls,
            commands,
            time,
            announcements: session.announcer.map(Announcer::into_inner),
        })
    })?;
    made.object(py)
}

/// Runs the inputs of a stream again, by the rules of today.
#[pyfunction]
#[pyo3(signature = (log, stream, announcements, progress))]
pub(crate) fn replay_stream<'py>(
    py: Python<'py>,
    log: &Log,
    stream: &str,
    announcements: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let log = log.log(py)?;
    let made = work::run(py, progress.as_ref(), |progress| {
        let stream = log.stream(stream)?;
        let info = &stream.info;
        let level = if info.config.cti.is_some() { Level::Cti } else { Level::Oktell };
        let mut rerun = Rerun {
            name: info.name.as_str().to_owned(),
            level,
            began: info.began,
            numbers: info.numbers.iter().map(|number| number.as_str().to_owned()).collect(),
            tally: Tally::default(),
            events: Batches::new(EventRows::new()),
            calls: CallLog::default(),
            over: Over::default(),
            announcer: announcements.then(|| Announcer::new(Vec::new())),
        };
        let mut machine = Machine::new(info.config.clone());
        let mut outcome = Outcome::default();
        for record in log.records(stream.id, 1) {
            let record = record?.record;
            machine.handle(&record.input, &mut outcome);
            rerun.step(&record, &machine, &outcome)?;
            if (record.head.seq == 1 || record.head.seq.is_multiple_of(1_000))
                && progress(callfold::log::Progress::new(record.head.seq, stream.head.seq)).is_break()
            {
                return Err(LogError::Interrupted);
            }
        }
        rerun.finish(info.title.as_str().to_owned())
    })?;
    made.object(py)
}

/// Follows a stream that is run again.
struct Rerun {
    name: String,
    level: Level,
    began: Timestamp,
    numbers: Vec<String>,
    tally: Tally,
    events: Batches<EventRows>,
    calls: CallLog,
    over: Over,
    announcer: Option<Announcer<Vec<u8>>>,
}

impl Rerun {
    fn step(&mut self, record: &Record, machine: &Machine, outcome: &Outcome) -> Result<(), LogError> {
        let (seq, now) = (record.head.seq, machine.now());
        self.tally.inputs += 1;
        outcome.events.iter().for_each(|event| self.tally.count(event));
        self.events.rows.push(&self.name, seq, now, &outcome.events)?;
        self.events.settle()?;
        self.calls.input(&record.input.kind);
        self.calls.record(seq, now, &outcome.events);
        let over = self.calls.take_over();
        self.over.calls.extend(over.calls);
        self.over.commands.extend(over.commands);
        self.announce(machine, &outcome.events, &outcome.effects)?;
        Ok(())
    }

    /// As a recorded session is announced, but for what is sent: the log has no secret for the login.
    fn announce(&mut self, machine: &Machine, events: &[Event], effects: &[Effect]) -> io::Result<()> {
        let Some(announcer) = &mut self.announcer else { return Ok(()) };
        let now = machine.now();
        let t = (now - self.began).as_micros().div_euclid(1_000);
        announcer.told(t, self.level, events)?;
        for effect in effects {
            if let Effect::Dial { url, .. } = effect {
                announcer.dialled(t, url.as_str())?;
            }
        }
        if !events.is_empty() || machine.view().talk_since.is_some() {
            announcer.state(t, self.level, &self.numbers, machine.view(), now)?;
        }
        Ok(())
    }

    fn finish(mut self, title: String) -> Result<Made, LogError> {
        let rest = self.calls.close();
        self.over.calls.extend(rest.calls);
        self.over.commands.extend(rest.commands);
        self.over.calls.sort_by(Call::by_began);
        self.over.commands.sort_by_key(|command| command.id);
        let (calls, commands, time) = {
            let agent = self.calls.view().agent.login.as_ref().map(Text::as_str);
            tables(&self.name, agent, &self.over, self.calls.ledger())?
        };
        Ok(Made {
            name: self.name,
            title,
            level: self.level,
            tally: self.tally,
            events: self.events.finish()?,
            calls,
            commands,
            time,
            announcements: self.announcer.map(Announcer::into_inner),
        })
    }
}

/// Whether a file is an exported log, and not a recorded session.
#[pyfunction]
pub(crate) fn is_export(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
    let content = py.detach(|| files::open(&path).and_then(Content::of).map(|(content, _)| content));
    content
        .map(|content| content == Content::Log)
        .map_err(|error| raise(py, Problem::from(LogError::Io(error)).of_file(&path)))
}
