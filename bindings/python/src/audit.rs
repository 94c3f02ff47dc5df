//! Audits of a log: calls found by what is so of them, what does not fit, what comes out otherwise, and a floor's figures.
//! Calls become objects when they are asked for; the rest crosses as the JSON that every surface tells.

use std::collections::{BTreeMap, BTreeSet};

use callfold::Span;
use callfold::calls::{Call, CommandTrail, Outcome};
use callfold::diff::{DiffQuery, StreamDifference};
use callfold::lint::{LintQuery, OddityKind};
use callfold::log::{CallQuery, FindQuery, Found, FoundCall, Log, LogError, OnProgress, Stream, StreamId};
use callfold::problem::ProblemCode;
use callfold::report::ReportOptions;
use callfold::tables::CallRows;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;

use crate::call;
use crate::error::{OrRaise as _, refuse};
use crate::log::{self, Batches};
use crate::table::Rows;
use crate::time::At;
use crate::work::{self, Steps};

/// Which calls are looked for: [`FindQuery`], and the id of a call.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Sought {
    id: Option<String>,
    stream: Option<String>,
    agent: Option<String>,
    from: Option<At>,
    to: Option<At>,
    number: Option<String>,
    name: Option<String>,
    outcomes: Vec<String>,
    at_least: Option<i64>,
    at_most: Option<i64>,
    held: bool,
    transferred: bool,
    irregular: bool,
    most: Option<usize>,
}

impl Sought {
    fn query(&self, py: Python<'_>, stream: Option<StreamId>) -> PyResult<FindQuery> {
        let outcomes = self.outcomes.iter().map(|outcome| {
            let known: Result<_, serde::de::value::Error> =
                Outcome::deserialize(outcome.as_str().into_deserializer());
            known.map_err(|_| refuse(py, ProblemCode::UnknownName, format!("no call ends as {outcome:?}")))
        });
        let mut query = FindQuery::default();
        query.stream = stream;
        query.agent.clone_from(&self.agent);
        (query.from, query.to) = (self.from.map(|at| at.0), self.to.map(|at| at.0));
        query.number.clone_from(&self.number);
        query.name.clone_from(&self.name);
        query.outcomes = outcomes.collect::<PyResult<_>>()?;
        query.at_least = self.at_least.map(Span::from_micros);
        query.at_most = self.at_most.map(Span::from_micros);
        (query.held, query.transferred, query.irregular) = (self.held, self.transferred, self.irregular);
        query.most = self.most;
        Ok(query)
    }
}

/// The calls of this id of which all else that was said is so.
fn with_id(log: &Log, id: &str, query: &FindQuery) -> Result<Found, LogError> {
    let mut calls = CallQuery::default();
    calls.stream = query.stream;
    calls.agent.clone_from(&query.agent);
    calls.chain = Some(id.to_owned());
    let mut found = log.sound_calls(&calls)?;
    found.calls.retain(|found| query.wants(&found.call));
    found.total = found.calls.len();
    let surplus = found.total.saturating_sub(query.most.unwrap_or(usize::MAX));
    found.calls.drain(..surplus);
    Ok(found)
}

/// Finds calls.
pub(crate) fn find(
    py: Python<'_>,
    log: &Log,
    sought: &Sought,
    progress: Option<&Py<PyAny>>,
) -> PyResult<FoundCalls> {
    let stream = sought.stream.as_deref().map(|name| log.stream(name)).transpose().or_raise(py)?;
    let query = sought.query(py, stream.map(|stream| stream.id))?;
    work::run(py, progress, |progress| {
        derive(log, query.stream, progress)?;
        let found = match &sought.id {
            Some(id) => with_id(log, id, &query)?,
            None => log.find(&query)?,
        };
        FoundCalls::of(log, found)
    })
}

/// Calls that are near to one that is not there.
pub(crate) fn near(
    py: Python<'_>,
    log: &Log,
    wanted: &str,
    stream: Option<&str>,
    progress: Option<&Py<PyAny>>,
) -> PyResult<FoundCalls> {
    let stream = stream.map(|name| log.stream(name)).transpose().or_raise(py)?.map(|stream| stream.id);
    work::run(py, progress, |progress| {
        derive(log, stream, progress)?;
        let mut found = Found::default();
        found.calls = log.near(stream, wanted)?;
        found.total = found.calls.len();
        FoundCalls::of(log, found)
    })
}

/// Derives what is looked into, which may take long. What is damaged is named by whoever looks into it.
fn derive(log: &Log, stream: Option<StreamId>, progress: OnProgress<'_>) -> Result<(), LogError> {
    let mut streams = log.streams()?;
    streams.retain(|of| stream.is_none_or(|stream| stream == of.id));
    let mut steps = Steps::over(&streams);
    for stream in &streams {
        let derived = |progress: OnProgress<'_>| match log.bring_up_to_date(Some(stream.id), progress) {
            Err(LogError::Interrupted) => Err(LogError::Interrupted),
            Ok(()) | Err(_) => Ok(()),
        };
        steps.step(stream, progress, derived)?;
    }
    Ok(())
}

/// A call that was found, with what belongs to it.
struct One {
    stream: String,
    agent: Option<String>,
    call: Call,
    commands: Vec<CommandTrail>,
}

/// Calls that were found.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct FoundCalls {
    calls: Vec<One>,
    #[pyo3(get)]
    total: usize,
    /// Streams that cannot be read to their end, and why.
    #[pyo3(get)]
    damaged: Vec<(String, String)>,
}

impl FoundCalls {
    fn of(log: &Log, found: Found) -> Result<Self, LogError> {
        let streams: BTreeMap<StreamId, Stream> =
            log.streams()?.into_iter().map(|stream| (stream.id, stream)).collect();
        let name = |id: StreamId| {
            streams.get(&id).map_or_else(String::new, |stream| stream.info.name.as_str().to_owned())
        };
        let is_sound = |id: StreamId| found.damaged.iter().all(|(damaged, _)| *damaged != id);
        let mut agents = BTreeMap::new();
        for id in found.calls.iter().map(|call| call.stream).collect::<BTreeSet<_>>() {
            let agent = streams.get(&id).map(|stream| log::agent(log, stream)).transpose()?;
            agents.insert(id, agent.flatten());
        }
        let mut calls = Vec::with_capacity(found.calls.len());
        for FoundCall { stream, call, .. } in found.calls {
            // Of a damaged stream commands cannot be told: they may have been answered behind the damage.
            let commands = if is_sound(stream) { log.commands_of(stream, &call)? } else { Vec::new() };
            let agent = agents.get(&stream).cloned().flatten();
            calls.push(One { stream: name(stream), agent, call, commands });
        }
        let damaged = found.damaged.iter().map(|(stream, why)| (name(*stream), why.to_string())).collect();
        Ok(Self { calls, total: found.total, damaged })
    }
}

#[pymethods]
impl FoundCalls {
    fn __len__(&self) -> usize {
        self.calls.len()
    }

    /// The call at this place, from 0.
    fn __getitem__<'py>(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>> {
        let One { stream, call, commands, .. } =
            self.calls.get(place).ok_or_else(|| PyIndexError::new_err("there are fewer calls"))?;
        call::object(py, stream, call.clone(), commands.clone())
    }

    /// The table of these calls.
    fn rows(&self, py: Python<'_>) -> PyResult<Rows> {
        let rows = || -> Result<Rows, LogError> {
            let mut batches = Batches::new(CallRows::new());
            for One { stream, agent, call, .. } in &self.calls {
                batches.rows.push(stream, agent.as_deref(), call)?;
                batches.settle()?;
            }
            batches.finish()
        };
        py.detach(rows).or_raise(py)
    }
}

/// Where oddities are looked for, and which.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Suspected {
    streams: Vec<String>,
    from: Option<At>,
    to: Option<At>,
    kinds: Vec<String>,
}

/// What does not fit: stream and JSON of each oddity, and the JSON of the summary.
pub(crate) fn lint(
    py: Python<'_>,
    log: &Log,
    suspected: &Suspected,
    progress: Option<&Py<PyAny>>,
) -> PyResult<(Vec<(String, String)>, String)> {
    let mut query = LintQuery::default();
    (query.from, query.to) = (suspected.from.map(|at| at.0), suspected.to.map(|at| at.0));
    for name in &suspected.kinds {
        let kind = OddityKind::named(name);
        query.kinds.insert(kind.ok_or_else(|| {
            refuse(py, ProblemCode::UnknownName, format!("nothing that does not fit is called {name:?}"))
        })?);
    }
    query.streams = ids(py, log, &suspected.streams)?;
    work::run(py, progress, |progress| {
        let names: BTreeMap<StreamId, String> = log
            .streams()?
            .into_iter()
            .map(|stream| (stream.id, stream.info.name.as_str().to_owned()))
            .collect();
        let mut found = Vec::new();
        let summary = log.lint(&query, progress, &mut |oddity| {
            let stream = names.get(&oddity.stream).cloned().unwrap_or_default();
            found.push((stream, oddity.json().to_string()));
            Ok(())
        })?;
        Ok((found, summary.json().to_string()))
    })
}

/// What comes out otherwise, in another log or by today's rules: the JSON of each difference, and that of the summary.
pub(crate) fn diff(
    py: Python<'_>,
    log: &Log,
    other: Option<&Log>,
    streams: &[String],
    progress: Option<&Py<PyAny>>,
) -> PyResult<(Vec<String>, String)> {
    let mut query = DiffQuery::default();
    query.streams = ids(py, log, streams)?;
    work::run(py, progress, |progress| {
        let mut found = Vec::new();
        let mut each = |differs: &StreamDifference| {
            found.push(differs.json().to_string());
            Ok(())
        };
        let summary = match other {
            Some(other) => log.diff(other, &query, progress, &mut each)?,
            None => log.diff_today(&query, progress, &mut each)?,
        };
        Ok((found, summary.json().to_string()))
    })
}

/// What a report is of: [`ReportOptions`], lengths in microseconds.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Reported {
    from: Option<At>,
    to: Option<At>,
    agents: Vec<String>,
    offset: i32,
    threshold: i64,
    short_abandon: i64,
    listed: usize,
    longest: usize,
}

/// A floor's figures: as JSON, and as a page.
pub(crate) fn report(
    py: Python<'_>,
    log: &Log,
    reported: &Reported,
    progress: Option<&Py<PyAny>>,
) -> PyResult<(String, String)> {
    let mut options = ReportOptions::default();
    (options.from, options.to) = (reported.from.map(|at| at.0), reported.to.map(|at| at.0));
    options.agents.clone_from(&reported.agents);
    options.offset = reported.offset;
    options.threshold = Span::from_micros(reported.threshold);
    options.short_abandon = Span::from_micros(reported.short_abandon);
    (options.listed, options.longest) = (reported.listed, reported.longest);
    let report = work::run(py, progress, |progress| log.report(&options, progress))?;
    let (json, page) = py.detach(|| (serde_json::to_string(&report), report.html()));
    let json = json.map_err(|error| refuse(py, ProblemCode::Internal, error.to_string()))?;
    Ok((json, page))
}

fn ids(py: Python<'_>, log: &Log, names: &[String]) -> PyResult<Vec<StreamId>> {
    let ids = names.iter().map(|name| Ok(log.stream(name)?.id));
    ids.collect::<Result<_, LogError>>().or_raise(py)
}
