//! Logs: stores and exported files, read and written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use callfold::calls::Call;
use callfold::files;
use callfold::log::{
    CallQuery, Durability, EventQuery, FoundEvent, HeadLine, Instant, LogError, LogRecord, Options, Stream,
    StreamId, VerifyOptions,
};
use callfold::problem::ProblemCode;
use callfold::tables::{CallRows, CommandRows, EventRows, Format, GroupedTime, Table, TimeKey};
use callfold::{Span, Timestamp};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audit::{self, FoundCalls, Reported, Sought, Suspected};
use crate::error::{OrRaise, refuse};
use crate::event::Told;
use crate::process::Process;
use crate::record::RecordedInput;
use crate::table::Rows;
use crate::time::{self, At};
use crate::view;
use crate::work::{self, Steps};

/// So many rows make a batch of a table: whoever reads a table wants few and large ones.
const BATCH_ROWS: usize = 65_536;

/// A log, until it is closed.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Log {
    log: RwLock<Option<callfold::log::Log>>,
    path: Option<PathBuf>,
    process: Process,
}

/// In a forked child the log is still the parent's: to end it there would write to the parent's files.
impl Drop for Log {
    fn drop(&mut self) {
        if !self.process.is_this() {
            let log = self.log.write().unwrap_or_else(PoisonError::into_inner).take();
            Box::leak(Box::new(log));
        }
    }
}

impl Log {
    fn over(log: callfold::log::Log, path: Option<PathBuf>) -> Self {
        Self { log: RwLock::new(Some(log)), path, process: Process::this() }
    }

    /// The log. Whoever has it may go on while it is closed: the store stays open until then.
    pub(crate) fn log(&self, py: Python<'_>) -> PyResult<callfold::log::Log> {
        self.process.check(py)?;
        work::check_not_telling(py)?;
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        log.clone().ok_or_else(|| refuse(py, ProblemCode::LogClosed, "the log is closed"))
    }
}

/// Number, time, input, events and hash of a record.
type ReadRecord<'py> = (u64, Bound<'py, PyAny>, RecordedInput, Vec<Bound<'py, PyAny>>, String);

/// How many texts and records, and where (stream, record) something is still to be read.
type ErasedTexts = (usize, u64, Vec<(u32, u64)>);

/// Name, records, erased ones, head, findings (record, words, whether it is damage), how many there are, whether damaged.
type StreamFindings = (String, u64, u64, String, Vec<(u64, String, bool)>, u64, bool);

/// The streams of these names.
fn streams(log: &callfold::log::Log, names: &[String]) -> Result<Vec<Stream>, LogError> {
    if names.is_empty() { log.streams() } else { names.iter().map(|name| log.stream(name)).collect() }
}

fn ids(log: &callfold::log::Log, names: &[String]) -> Result<Vec<StreamId>, LogError> {
    names.iter().map(|name| Ok(log.stream(name)?.id)).collect()
}

/// Takes a file into a log: its streams, and how many lines of unknown kinds it had.
fn take_in(
    log: &callfold::log::Log,
    path: &Path,
    name: Option<&str>,
    progress: callfold::log::OnProgress<'_>,
) -> Result<(Vec<StreamId>, u64), LogError> {
    let taken = files::take_in(log, files::open(path)?, name, progress)?;
    Ok((taken.streams, taken.unknown_lines))
}

/// Opens a store; what had to be done for it is told too. It is durable after so many milliseconds; `None` is never.
#[pyfunction]
#[pyo3(signature = (path, create, durability))]
pub(crate) fn open_store(
    py: Python<'_>,
    path: PathBuf,
    create: bool,
    durability: Option<u64>,
) -> PyResult<(Log, Vec<String>)> {
    let mut options = Options::default();
    options.create = create;
    options.durability = match durability {
        Some(0) => Durability::Always,
        Some(milliseconds) => Durability::Every(milliseconds),
        None => Durability::Never,
    };
    let opened = py.detach(|| callfold::log::Log::open(&path, options));
    let (log, report) = opened.or_raise(py)?;
    Ok((Log::over(log, Some(path)), report.notes()))
}

/// A log in memory, with what is in a file.
#[pyfunction]
#[pyo3(signature = (path, progress))]
pub(crate) fn open_file(py: Python<'_>, path: PathBuf, progress: Option<Py<PyAny>>) -> PyResult<Log> {
    let log = work::run_on(py, &path, progress.as_ref(), |progress| {
        let log = callfold::log::Log::in_memory()?;
        take_in(&log, &path, None, progress)?;
        Ok(log)
    })?;
    Ok(Log::over(log, Some(path)))
}

/// An empty log in memory.
#[pyfunction]
pub(crate) fn in_memory(py: Python<'_>) -> PyResult<Log> {
    Ok(Log::over(callfold::log::Log::in_memory().or_raise(py)?, None))
}

/// Whose line a stream is, as far as it is known: of one that is damaged, who it was begun for.
pub(crate) fn agent(log: &callfold::log::Log, stream: &Stream) -> Result<Option<String>, LogError> {
    let agent = match log.agent(stream.id) {
        Err(LogError::Store(_) | LogError::Record(_)) => stream.info.agent.clone(),
        agent => agent?,
    };
    Ok(agent.map(|agent| agent.as_str().to_owned()))
}

/// A stream as Python has it: the fields of `callfold.StreamInfo`.
fn stream_object<'py>(
    py: Python<'py>,
    log: &callfold::log::Log,
    stream: &Stream,
) -> PyResult<Bound<'py, PyAny>> {
    let info = &stream.info;
    let agent = py.detach(|| agent(log, stream)).or_raise(py)?;
    let fields = PyDict::new(py);
    fields.set_item("number", stream.id.0)?;
    fields.set_item("name", info.name.as_str())?;
    fields.set_item("title", info.title.as_str())?;
    fields.set_item("agent", agent)?;
    fields.set_item("server", info.server.as_ref().map(callfold::Text::as_str))?;
    fields.set_item("began", time::datetime(py, info.began)?)?;
    fields.set_item("last", stream.head.at.map(|at| time::datetime(py, at)).transpose()?)?;
    fields.set_item("records", stream.head.seq)?;
    fields.set_item("mode", crate::machine::mode_name(info.config.mode))?;
    fields.set_item("cti", info.config.cti.is_some())?;
    fields.set_item("numbers", info.numbers.iter().map(callfold::Text::as_str).collect::<Vec<_>>())?;
    fields.set_item("head", stream.head.hash.to_string())?;
    Ok(fields.into_any())
}

/// Which calls are wanted.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Wanted {
    streams: Vec<String>,
    from: Option<At>,
    to: Option<At>,
    number: Option<String>,
    agent: Option<String>,
}

impl Wanted {
    /// The streams that may have any of it.
    fn streams(&self, log: &callfold::log::Log) -> Result<Vec<Stream>, LogError> {
        let mut streams = streams(log, &self.streams)?;
        if let Some(agent) = &self.agent {
            let mut theirs = Vec::new();
            for stream in streams {
                if log.agent(stream.id)?.is_some_and(|login| login.as_str() == agent) {
                    theirs.push(stream);
                }
            }
            streams = theirs;
        }
        Ok(streams)
    }

    fn has(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from.0) && self.to.is_none_or(|to| at < to.0)
    }
}

/// Gathers rows into batches of a good size.
pub(crate) struct Batches<R> {
    pub(crate) rows: R,
    done: Vec<arrow_array::RecordBatch>,
}

impl<R: callfold::tables::Rows> Batches<R> {
    pub(crate) fn new(rows: R) -> Self {
        Self { rows, done: Vec::new() }
    }

    pub(crate) fn settle(&mut self) -> Result<(), LogError> {
        let is_full =
            self.rows.len() >= BATCH_ROWS || self.rows.text_bytes() >= callfold::tables::BATCH_BYTES;
        if is_full { self.put() } else { Ok(()) }
    }

    fn put(&mut self) -> Result<(), LogError> {
        self.done.push(self.rows.finish()?);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Rows, LogError> {
        if self.done.is_empty() || !self.rows.is_empty() {
            self.put()?;
        }
        let schema = self.done.first().map(arrow_array::RecordBatch::schema);
        Ok(Rows::new(schema.unwrap_or_else(|| self.rows.table().schema()), self.done))
    }
}

#[pymethods]
impl Log {
    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.path.clone()
    }

    #[getter]
    fn closed(&self) -> bool {
        self.log.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Closes the log: when whoever reads it at this moment is done, the store is free for others.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.process.check(py)?;
        let log = self.log.write().unwrap_or_else(PoisonError::into_inner).take();
        match log {
            Some(log) => py.detach(|| log.sync()).or_raise(py),
            None => Ok(()),
        }
    }

    fn sync(&self, py: Python<'_>) -> PyResult<()> {
        let log = self.log(py)?;
        py.detach(|| log.sync()).or_raise(py)
    }

    fn streams<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let log = self.log(py)?;
        let streams = py.detach(|| log.streams()).or_raise(py)?;
        streams.iter().map(|stream| stream_object(py, &log, stream)).collect()
    }

    fn stream<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let log = self.log(py)?;
        stream_object(py, &log, &log.stream(name).or_raise(py)?)
    }

    /// The table of events.
    #[pyo3(signature = (wanted, names, detail, progress))]
    fn events(
        &self,
        py: Python<'_>,
        wanted: Wanted,
        names: Option<BTreeSet<String>>,
        detail: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Rows> {
        let log = self.log(py)?;
        work::run(py, progress.as_ref(), |progress| {
            let rows = if detail { EventRows::new() } else { EventRows::without_detail() };
            let mut batches = Batches::new(rows);
            if let Some(query) = event_query(&log, &wanted, names)? {
                log.events(&query, progress, &mut |found| {
                    let FoundEvent { stream, seq, at, place, event, .. } = found;
                    batches.rows.push_event(stream.info.name.as_str(), seq, at, place, event)?;
                    batches.settle()
                })?;
            }
            batches.finish()
        })
    }

    /// How many events there are: all of them are read, and none is made a row.
    #[pyo3(signature = (wanted, names, progress))]
    fn count_events(
        &self,
        py: Python<'_>,
        wanted: Wanted,
        names: Option<BTreeSet<String>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<u64> {
        let log = self.log(py)?;
        work::run(py, progress.as_ref(), |progress| {
            let mut count = 0;
            if let Some(query) = event_query(&log, &wanted, names)? {
                log.events(&query, progress, &mut |_| {
                    count += 1;
                    Ok(())
                })?;
            }
            Ok(count)
        })
    }

    /// The table of calls.
    #[pyo3(signature = (wanted, progress))]
    fn calls(&self, py: Python<'_>, wanted: Wanted, progress: Option<Py<PyAny>>) -> PyResult<Rows> {
        let log = self.log(py)?;
        work::run(py, progress.as_ref(), |progress| {
            let mut batches = Batches::new(CallRows::new());
            each_call(&log, &wanted, progress, |stream, agent, call| {
                batches.rows.push(stream.info.name.as_str(), agent, call)?;
                batches.settle()
            })?;
            batches.finish()
        })
    }

    /// The table of commands.
    #[pyo3(signature = (wanted, progress))]
    fn commands(&self, py: Python<'_>, wanted: Wanted, progress: Option<Py<PyAny>>) -> PyResult<Rows> {
        let log = self.log(py)?;
        work::run(py, progress.as_ref(), |progress| {
            let mut batches = Batches::new(CommandRows::new());
            let streams = wanted.streams(&log)?;
            let mut steps = Steps::over(&streams);
            for stream in &streams {
                steps.step(stream, progress, |progress| log.bring_up_to_date(Some(stream.id), progress))?;
                for command in log.commands(stream.id)? {
                    let number = command.target.as_ref().map(callfold::PhoneNumber::as_str);
                    let with = wanted.number.as_deref().is_none_or(|wanted| number == Some(wanted));
                    if wanted.has(command.asked.at) && with {
                        batches.rows.push(stream.info.name.as_str(), &command)?;
                        batches.settle()?;
                    }
                }
            }
            batches.finish()
        })
    }

    /// The table of time, added up. Days are counted from 1970-01-01; a day begins `offset` microseconds before UTC's.
    #[pyo3(signature = (wanted, by, first_day, end_day, offset, progress))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python method")]
    fn time(
        &self,
        py: Python<'_>,
        wanted: Wanted,
        by: Vec<String>,
        first_day: Option<i64>,
        end_day: Option<i64>,
        offset: i64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Rows> {
        let log = self.log(py)?;
        let keys = by.iter().map(|name| {
            TimeKey::from_name(name).ok_or_else(|| {
                let all = TimeKey::ALL.map(TimeKey::name).join(", ");
                refuse(py, ProblemCode::UnknownName, format!("time is told by {all}, not by {name:?}"))
            })
        });
        let keys = keys.collect::<PyResult<Vec<_>>>()?;
        let by_call = keys.contains(&TimeKey::Call);
        if by_call && keys.contains(&TimeKey::Day) {
            let why = "time is told by call or by day: a call may go on over midnight";
            return Err(refuse(py, ProblemCode::BadArgument, why));
        }
        work::run(py, progress.as_ref(), |progress| {
            let mut time = GroupedTime::by(&keys);
            if by_call {
                each_call(&log, &wanted, progress, |stream, agent, call| {
                    time.add_call(stream.info.name.as_str(), agent, call);
                    Ok(())
                })?;
            } else {
                let streams = wanted.streams(&log)?;
                let mut steps = Steps::over(&streams);
                for stream in &streams {
                    let ledger = steps.step(stream, progress, |progress| match offset {
                        0 => {
                            log.bring_up_to_date(Some(stream.id), progress)?;
                            log.time(stream.id)
                        }
                        offset => log.time_by_day(stream.id, Span::from_micros(offset), progress),
                    })?;
                    time.add(stream.info.name.as_str(), &ledger, |day| {
                        first_day.is_none_or(|first| day >= first) && end_day.is_none_or(|end| day < end)
                    });
                }
            }
            let batch = time.finish()?;
            Ok(Rows::new(batch.schema(), vec![batch]))
        })
    }

    /// The calls of which all that is said is so.
    #[pyo3(signature = (sought, progress))]
    fn find(&self, py: Python<'_>, sought: Sought, progress: Option<Py<PyAny>>) -> PyResult<FoundCalls> {
        audit::find(py, &self.log(py)?, &sought, progress.as_ref())
    }

    /// Calls that are near to one that is not there.
    #[pyo3(signature = (wanted, stream, progress))]
    fn near(
        &self,
        py: Python<'_>,
        wanted: &str,
        stream: Option<&str>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<FoundCalls> {
        audit::near(py, &self.log(py)?, wanted, stream, progress.as_ref())
    }

    /// What does not fit: stream and JSON of each oddity, and the JSON of the summary.
    #[pyo3(signature = (suspected, progress))]
    fn lint(
        &self,
        py: Python<'_>,
        suspected: Suspected,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Vec<(String, String)>, String)> {
        audit::lint(py, &self.log(py)?, &suspected, progress.as_ref())
    }

    /// What comes out otherwise, in another log or by today's rules: JSON of each difference, and that of the summary.
    #[pyo3(signature = (other, names, progress))]
    fn diff(
        &self,
        py: Python<'_>,
        other: Option<Bound<'_, Self>>,
        names: Vec<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Vec<String>, String)> {
        let other = other.map(|other| other.get().log(py)).transpose()?;
        audit::diff(py, &self.log(py)?, other.as_ref(), &names, progress.as_ref())
    }

    /// A floor's figures: as JSON, and as a page.
    #[pyo3(signature = (reported, progress))]
    fn report(
        &self,
        py: Python<'_>,
        reported: Reported,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(String, String)> {
        audit::report(py, &self.log(py)?, &reported, progress.as_ref())
    }

    /// The view after a record, or at a time.
    #[pyo3(signature = (stream, seq, at))]
    fn at<'py>(
        &self,
        py: Python<'py>,
        stream: &str,
        seq: Option<u64>,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let log = self.log(py)?;
        let instant = match (seq, at) {
            (Some(seq), _) => Instant::Seq(seq),
            (None, Some(at)) => Instant::At(at.0),
            (None, None) => return Err(refuse(py, ProblemCode::BadArgument, "a record or a time is needed")),
        };
        let then = py.detach(|| log.as_of(log.stream(stream)?.id, instant)).or_raise(py)?;
        let at = match instant {
            Instant::Seq(_) => then.at,
            Instant::At(at) => at,
        };
        view::object(py, &then.view, view::Place { at: Some(at), seq: Some(then.seq), turn: None })
    }

    /// Records of a stream, from `first` on, at most `most`: seq, time, input, events, hash.
    fn records<'py>(
        &self,
        py: Python<'py>,
        stream: &str,
        first: u64,
        most: usize,
    ) -> PyResult<Vec<ReadRecord<'py>>> {
        let log = self.log(py)?;
        let records = py.detach(|| -> Result<Vec<LogRecord>, LogError> {
            log.records(log.stream(stream)?.id, first).take(most).collect()
        });
        let records = records.or_raise(py)?.into_iter().map(|LogRecord { record, hash, .. }| {
            let (seq, at) = (record.head.seq, record.head.at);
            let input = RecordedInput { at: record.input.at, kind: record.input.kind };
            let events = Told::objects(py, record.events.into(), Some(at), Some(seq))?;
            Ok((seq, time::datetime(py, at)?, input, events, hash.to_string()))
        });
        records.collect()
    }

    /// What is found of each stream: name, records, erased, head, findings (seq, words, is damage), how many findings.
    #[pyo3(signature = (names, rerun, heads, progress))]
    fn verify(
        &self,
        py: Python<'_>,
        names: Vec<String>,
        rerun: bool,
        heads: Option<&str>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Vec<StreamFindings>, Vec<String>)> {
        let log = self.log(py)?;
        let heads = heads.map(|heads| HeadLine::read_all(heads.as_bytes())).transpose().or_raise(py)?;
        work::run(py, progress.as_ref(), |progress| {
            let mut options = VerifyOptions::default();
            options.rerun = rerun;
            let mut strangers = Vec::new();
            if let Some(heads) = heads {
                strangers = log.missing_heads(&heads)?.into_iter().map(|head| head.name.clone()).collect();
                options.heads = heads;
            }
            let mut reports = Vec::new();
            let streams = streams(&log, &names)?;
            let mut steps = Steps::over(&streams);
            for stream in &streams {
                let report =
                    steps.step(stream, progress, |progress| log.verify(stream.id, &options, progress))?;
                let findings = report.findings.iter();
                let findings = findings
                    .map(|finding| (finding.seq, finding.flaw.to_string(), finding.flaw.is_damage()))
                    .collect();
                let name = stream.info.name.as_str().to_owned();
                let head = report.head.to_string();
                let (found, is_damaged) = (report.found, report.is_damaged);
                reports.push((name, report.records, report.erased, head, findings, found, is_damaged));
            }
            Ok((reports, strangers))
        })
    }

    /// The heads of all streams, as lines of JSON.
    fn heads(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let log = self.log(py)?;
        let heads = py.detach(|| log.heads()).or_raise(py)?;
        Ok(heads.iter().map(|head| head.json().to_string()).collect())
    }

    /// Erases a number or name: how many texts, how many records, and where it is still to be read.
    #[pyo3(signature = (text, dry, progress))]
    fn erase(
        &self,
        py: Python<'_>,
        text: &str,
        dry: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<ErasedTexts> {
        let log = self.log(py)?;
        let report = work::run(py, progress.as_ref(), |progress| log.erase(text, dry, progress))?;
        let still = report.still_readable.iter().map(|place| (place.stream.0, place.seq)).collect();
        Ok((report.subjects, report.records, still))
    }

    /// Writes the log as JSON lines, whole or not at all. How many records it has.
    #[pyo3(signature = (path, names, progress))]
    fn export(
        &self,
        py: Python<'_>,
        path: PathBuf,
        names: Vec<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<u64> {
        let log = self.log(py)?;
        work::run_on(py, &path, progress.as_ref(), |progress| {
            let streams = ids(&log, &names)?;
            files::write_whole(&path, |out| log.export(&streams, out, progress))
        })
    }

    /// Writes a table, whole or not at all. How many rows it has.
    #[pyo3(signature = (path, table, format, names, offset, progress))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python method")]
    fn export_table(
        &self,
        py: Python<'_>,
        path: PathBuf,
        table: &str,
        format: &str,
        names: Vec<String>,
        offset: i64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<u64> {
        let log = self.log(py)?;
        let table = Table::from_name(table).ok_or_else(|| {
            let why = format!("the tables are events, calls, commands and time, not {table:?}");
            refuse(py, ProblemCode::UnknownName, why)
        })?;
        let format = Format::from_name(format).ok_or_else(|| {
            let why = format!("a table is written as parquet or csv, not as {format:?}");
            refuse(py, ProblemCode::UnknownName, why)
        })?;
        work::run_on(py, &path, progress.as_ref(), |progress| {
            let streams = ids(&log, &names)?;
            files::write_whole(&path, |out| {
                log.export_table(table, format, &streams, Span::from_micros(offset), out, progress)
            })
        })
    }

    /// Takes a recorded session or an exported log in: the names of its streams, and how many lines were passed over.
    #[pyo3(signature = (path, name, progress))]
    fn take_in(
        &self,
        py: Python<'_>,
        path: PathBuf,
        name: Option<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Vec<String>, u64)> {
        let log = self.log(py)?;
        work::run_on(py, &path, progress.as_ref(), |progress| {
            let (streams, unknown) = take_in(&log, &path, name.as_deref(), progress)?;
            let names = streams.into_iter().map(|id| Ok(log.info(id)?.name.as_str().to_owned()));
            Ok((names.collect::<Result<_, LogError>>()?, unknown))
        })
    }
}

/// Which events are wanted; none if no stream can have any.
fn event_query(
    log: &callfold::log::Log,
    wanted: &Wanted,
    names: Option<BTreeSet<String>>,
) -> Result<Option<EventQuery>, LogError> {
    let streams = wanted.streams(log)?;
    if streams.is_empty() {
        return Ok(None);
    }
    let mut query = EventQuery::default();
    query.streams = streams.into_iter().map(|stream| stream.id).collect();
    (query.from, query.to) = (wanted.from.map(|at| at.0), wanted.to.map(|at| at.0));
    (query.names, query.number) = (names, wanted.number.clone());
    Ok(Some(query))
}

/// Each call that is wanted, with its stream and agent, stream by stream.
fn each_call(
    log: &callfold::log::Log,
    wanted: &Wanted,
    progress: callfold::log::OnProgress<'_>,
    mut each: impl FnMut(&Stream, Option<&str>, &Call) -> Result<(), LogError>,
) -> Result<(), LogError> {
    let streams = wanted.streams(log)?;
    let mut steps = Steps::over(&streams);
    for stream in &streams {
        steps.step(stream, progress, |progress| log.bring_up_to_date(Some(stream.id), progress))?;
        let agent = log.agent(stream.id)?;
        let mut query = CallQuery::default();
        query.stream = Some(stream.id);
        (query.from, query.to) = (wanted.from.map(|at| at.0), wanted.to.map(|at| at.0));
        query.number = wanted.number.clone();
        for found in log.calls(&query)? {
            each(stream, agent.as_ref().map(callfold::Text::as_str), &found.call)?;
        }
    }
    Ok(())
}
