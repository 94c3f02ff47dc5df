//! Live lines, for asyncio.

use std::sync::Mutex;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use callfold::live::{
    self, LineError, News, NewsReader, Options, Plain, Reconnect, Secret, Seen, SystemClock, Tls,
};
use callfold::log::StreamInfo;
use callfold::{
    Command as Made, Config, Credential, CredentialHandle, CtiConfig, Endpoint, Machine, ModelCommand,
};
use futures_util::FutureExt as _;
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::command::Command;
use crate::error::{OrRaise, raise};
use crate::event::Told;
use crate::log::Log;
use crate::{tell, view};

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
    future_into_py(py, async move {
        let config = wanted.config();
        let (line, stream) = match log {
            Some(log) => {
                use callfold::live::Clock as _;
                let server = wanted.addresses.first().map_or("", String::as_str);
                let info =
                    StreamInfo::new(&wanted.stream, config, SystemClock.now()).of(&wanted.login, server);
                match live::record(&log, info, options).await {
                    Ok(recorded) => (recorded.line, Some(wanted.stream.clone())),
                    Err(error) => return Err(Python::attach(|py| raise(py, error))),
                }
            }
            None => match live::Line::open(Machine::new(config), options) {
                Ok(line) => (line, None),
                Err(error) => return Err(Python::attach(|py| raise(py, error))),
            },
        };
        let view = line.watch().await;
        Python::attach(|py| {
            let view = Mutex::new(view.or_raise(py)?);
            Ok(Line { line, view, connect: wanted.connect(credential), stream })
        })
    })
}

impl Line {
    fn give<'py>(&self, py: Python<'py>, command: Made) -> PyResult<Bound<'py, PyAny>> {
        let line = self.line.clone();
        future_into_py(py, async move {
            let result = line.command(command).await;
            Python::attach(|py| Ok(tell::told(py, &result.or_raise(py)?)?.unbind()))
        })
    }
}

#[pymethods]
impl Line {
    /// Connects: dials, logs in and loads.
    fn connect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.give(py, self.connect.clone())
    }

    /// Gives a command, and waits for its result.
    fn command<'py>(&self, py: Python<'py>, command: &Command) -> PyResult<Bound<'py, PyAny>> {
        self.give(py, command.0.clone())
    }

    /// What happens from now on.
    fn news(&self) -> Happening {
        Happening(Arc::new(AsyncMutex::new(self.line.news())))
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
        future_into_py(py, async move {
            let closed = line.close().await;
            Python::attach(|py| closed.or_raise(py))
        })
    }

    /// Waits until the line has ended, whoever ended it.
    fn ended<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let line = self.line.clone();
        future_into_py(py, async move {
            let ended = line.ended().await;
            Python::attach(|py| ended.or_raise(py))
        })
    }
}

/// What happens on a line.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Happening(Arc<AsyncMutex<NewsReader>>);

#[pymethods]
impl Happening {
    /// The events that came since the last call, at least one; none when the line has ended. They are handed out
    /// together: a call for each would cost more than the event.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let reader = self.0.clone();
        future_into_py(py, async move {
            let mut reader = reader.lock().await;
            let mut told = Vec::new();
            let mut missed = None;
            // Only what is there already is taken with the first: so nothing that was read is dropped with the future.
            while told.is_empty() && missed.is_none() {
                match reader.next().await {
                    None => break,
                    Some(Ok(news)) => told.push(news),
                    Some(Err(error)) => missed = Some(error),
                }
                while let Some(Some(next)) = reader.next().now_or_never() {
                    match next {
                        Ok(news) => told.push(news),
                        Err(error) => {
                            missed = Some(error);
                            break;
                        }
                    }
                }
                told.retain(|news| matches!(news, News::Told { .. }));
            }
            Python::attach(|py| {
                let mut events = Vec::new();
                for news in told {
                    if let News::Told { at, seq, turn, events: told, .. } = news {
                        events.extend(Told::of_line(py, told, at, seq, turn)?);
                    }
                }
                let events = events.into_iter().map(Bound::unbind).collect::<Vec<_>>();
                let missed = missed.map(|error| raise(py, error).into_value(py));
                Ok((events, missed))
            })
        })
    }
}
