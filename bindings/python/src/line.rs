//! Live lines, for asyncio.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callfold::live::{
    self, Clock as _, LineError, News, NewsReader, Options, Plain, Reconnect, Secret, Seen, SocketError,
    SystemClock, Tls,
};
use callfold::log::StreamInfo;
use callfold::problem::{Problem, ProblemCode};
use callfold::{
    Command as Made, CommandResult, Config, Credential, CredentialHandle, CtiConfig, Endpoint, ErrorCode,
    Machine, ModelCommand,
};
use futures_util::FutureExt as _;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::command::Command;
use crate::error::{OrRaise, raise};
use crate::event::Told;
use crate::log::Log;
use crate::{asynchronous, tell, view};

/// An agent's line on a server.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Line {
    line: live::Line,
    view: Mutex<watch::Receiver<Seen>>,
    /// What connects it. The secrets are in the line's keeping.
    connect: Made,
    stream: Option<String>,
}

/// Where and as whom a line connects, and how.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wanted {
    addresses: Vec<String>,
    login: String,
    password: Option<String>,
    session: Option<String>,
    workplace: Option<String>,
    expires: Option<i64>,
    insecure_ws: bool,
    authority: Option<Vec<u8>>,
    /// The first wait and the longest, in microseconds; none: a lost connection is not made again.
    reconnect: Option<(u64, u64)>,
    buffer: usize,
    cti: bool,
    operator: bool,
    stream: String,
}

impl Wanted {
    fn options(&self) -> Result<(Options, Credential), LineError> {
        let mut options = Options::default();
        let handle: CredentialHandle;
        let credential = match (&self.password, &self.session) {
            (Some(password), _) => {
                handle = options.secrets.keep(Secret::password(password.clone()));
                Credential::Password(handle)
            }
            (None, Some(session)) => {
                handle = options.secrets.keep(Secret::session(session.clone()));
                Credential::Session(handle)
            }
            (None, None) => Credential::Missing,
        };
        options.name.clone_from(&self.stream);
        if let Some(authority) = &self.authority {
            options.tls = Tls::default().and_authority(authority)?;
        }
        options.plain = if self.insecure_ws { Plain::Anywhere } else { Plain::OnThisMachine };
        options.reconnect = match self.reconnect {
            None => Reconnect::Never,
            Some((first, longest)) => Reconnect::BackOff {
                first: Duration::from_micros(first),
                longest: Duration::from_micros(longest),
            },
        };
        options.news = self.buffer;
        Ok((options, credential))
    }

    fn connect(&self, credential: Credential) -> Made {
        let endpoint = Endpoint {
            addresses: self.addresses.iter().map(|address| address.as_str().into()).collect(),
            login: self.login.as_str().into(),
            credential,
            workplace: self.workplace.as_deref().map(Into::into),
            expires: self.expires,
        };
        if self.cti { Made::Model(ModelCommand::Connect(endpoint)) } else { Made::Connect(endpoint) }
    }

    fn config(&self) -> Config {
        let config = Config::live();
        if self.cti { config.with_cti(CtiConfig { operator: self.operator }) } else { config }
    }
}

/// Opens a line, recorded in a log if there is one. It dials nothing yet.
#[pyfunction]
pub(crate) fn open_line<'py>(
    py: Python<'py>,
    wanted: Wanted,
    log: Option<&Log>,
) -> PyResult<Bound<'py, PyAny>> {
    let log = log.map(|log| log.log(py)).transpose()?;
    let (options, credential) = wanted.options().or_raise(py)?;
    asynchronous::future(py, open(wanted, credential, options, log), |py, line| {
        Ok(Bound::new(py, line.map_err(|problem| raise(py, problem))?)?.into_any())
    })
}

async fn open(
    wanted: Wanted,
    credential: Credential,
    options: Options,
    log: Option<callfold::log::Log>,
) -> Result<Line, Problem> {
    let config = wanted.config();
    let (line, stream) = match log {
        Some(log) => {
            let server = wanted.addresses.first().map_or("", String::as_str);
            let info = StreamInfo::new(&wanted.stream, config, SystemClock.now()).of(&wanted.login, server);
            (live::record(&log, info, options).await?.line, Some(wanted.stream.clone()))
        }
        None => (live::Line::open(Machine::new(config), options)?, None),
    };
    let view = Mutex::new(line.watch().await?);
    Ok(Line { line, view, connect: wanted.connect(credential), stream })
}

/// The result of a command as a Python value, or the exception for one that was not done.
fn result_told<'py>(
    py: Python<'py>,
    result: Result<CommandResult, LineError>,
) -> PyResult<Bound<'py, PyAny>> {
    let result = result.or_raise(py)?;
    let told = tell::told(py, &result)?;
    match Problem::of_command(&result) {
        None => Ok(told),
        Some(problem) => {
            let refused = raise(py, problem);
            refused.value(py).setattr("result", told)?;
            Err(refused)
        }
    }
}

/// Nothing as a Python value, or the exception for why not.
fn nothing_told<'py>(py: Python<'py>, done: Result<(), LineError>) -> PyResult<Bound<'py, PyAny>> {
    done.or_raise(py)?;
    Ok(py.None().into_bound(py))
}

#[pymethods]
impl Line {
    /// Connects: dials, logs in and loads. That no connection comes about is an error, with what the sockets say of it.
    fn connect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (line, command) = (self.line.clone(), self.connect.clone());
        let work = async move {
            let mut news = line.news();
            let result = line.command(command).await;
            let unconnected = match &result {
                Ok(CommandResult::Refused { code, .. } | CommandResult::RefusedAtLogin { code, .. }) => {
                    unconnected(*code, &mut news)
                }
                Ok(_) | Err(_) => None,
            };
            (result, unconnected)
        };
        asynchronous::lasting(py, work, |py, (result, unconnected)| match unconnected {
            Some(problem) => Err(raise(py, problem)),
            None => result_told(py, result),
        })
    }

    /// Gives a command, and waits for its result.
    fn command<'py>(&self, py: Python<'py>, command: &Command) -> PyResult<Bound<'py, PyAny>> {
        let (line, command) = (self.line.clone(), command.0.clone());
        asynchronous::lasting(py, async move { line.command(command).await }, result_told)
    }

    /// What happens from now on.
    fn news(&self) -> Happening {
        let reader = AsyncMutex::new(self.line.news());
        Happening(Arc::new(Heard { reader, ready: Mutex::default() }))
    }

    /// The view after what was told last.
    #[getter]
    fn view<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let seen = self.view.lock().unwrap_or_else(PoisonError::into_inner).borrow_and_update().clone();
        view::object(py, &seen.view, view::Place { at: None, seq: None, turn: Some(seen.turn) })
    }

    /// The stream that it is recorded in.
    #[getter]
    fn stream(&self) -> Option<&str> {
        self.stream.as_deref()
    }

    /// Says goodbye, waits for the server's, and ends the line.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let line = self.line.clone();
        asynchronous::lasting(py, async move { line.close().await }, nothing_told)
    }

    /// Waits until the line has ended, whoever ended it.
    fn ended<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let line = self.line.clone();
        asynchronous::future(py, async move { line.ended().await }, nothing_told)
    }
}

/// Why there is no connection, if that is why a command to connect was refused.
fn unconnected(code: ErrorCode, news: &mut NewsReader) -> Option<Problem> {
    let nobody = if code == ErrorCode::CannotConnect {
        Problem::new(ProblemCode::Unreachable, "nobody answers at any of the addresses")
    } else if code == ErrorCode::BadAddress {
        let why = "the address is none that can be dialled: ws://host:port or wss://host:port";
        Problem::new(ProblemCode::BadUrl, why)
    } else if code == ErrorCode::NoConnection {
        Problem::new(ProblemCode::ConnectionCut, "the connection was lost before the login was through")
    } else {
        return None;
    };
    let mut said = None;
    while let Some(Some(next)) = news.next().now_or_never() {
        if let Ok(News::Socket { why, .. }) = next
            && !matches!(why, SocketError::GivenUp)
        {
            said = Some(why);
        }
    }
    Some(said.map_or(nobody, Problem::from).with("code", code.number()))
}

/// What happens on a line.
///
/// First it is waited for, then it is taken: so what was read is not lost with a waiting that is cancelled, and several may wait.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Happening(Arc<Heard>);

struct Heard {
    reader: AsyncMutex<NewsReader>,
    ready: Mutex<Ready>,
}

/// Events, the exception for what was missed after them, and whether the line has ended.
type Taken<'py> = (Vec<Bound<'py, PyAny>>, Option<Py<PyBaseException>>, bool);

/// What was heard and not taken.
#[derive(Default)]
struct Ready {
    told: Vec<News>,
    missed: Option<LineError>,
    ended: bool,
}

impl Ready {
    fn is_something(&self) -> bool {
        self.ended || self.missed.is_some() || !self.told.is_empty()
    }

    fn hear(&mut self, next: Option<Result<News, LineError>>) {
        match next {
            None => self.ended = true,
            Some(Ok(news @ News::Told { .. })) => self.told.push(news),
            Some(Ok(_)) => {}
            Some(Err(error)) => self.missed = Some(error),
        }
    }
}

impl Heard {
    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Happening {
    /// Waits until there is something to take.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let heard = self.0.clone();
        let work = async move {
            let mut reader = heard.reader.lock().await;
            while !heard.ready().is_something() {
                let next = reader.next().await;
                heard.ready().hear(next);
                // What is there already comes with it: to wake the loop for each would cost more than the event. After
                // what was missed nothing is read, so that it is told in its place.
                while heard.ready().missed.is_none()
                    && let Some(Some(next)) = reader.next().now_or_never()
                {
                    heard.ready().hear(Some(next));
                }
            }
        };
        asynchronous::future(py, work, |py, ()| Ok(py.None().into_bound(py)))
    }

    /// What was heard: events in order, what was missed after them, and whether the line has ended.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Taken<'py>> {
        let (told, missed, ended) = {
            let mut ready = self.0.ready();
            (std::mem::take(&mut ready.told), ready.missed.take(), ready.ended)
        };
        let mut events = Vec::new();
        for news in told {
            if let News::Told { at, seq, turn, events: told, .. } = news {
                events.extend(Told::of_line(py, told, at, seq, turn)?);
            }
        }
        Ok((events, missed.map(|error| raise(py, error).into_value(py)), ended))
    }
}
