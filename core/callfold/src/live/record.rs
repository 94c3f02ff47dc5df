//! Opens lines that are recorded.

use callfold_engine::{Credential, CredentialHandle, Endpoint, Text};
use callfold_transport::{Error as LineError, Line, Options};

use crate::log::{Log, LogError, Recorder, StreamId, StreamInfo};

/// A line that is recorded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The line.
    pub line: Line,
    /// Its stream in the log.
    pub stream: StreamId,
}

/// Why a line cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The log cannot be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The line cannot be opened.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The stream of this name is another agent's. Every line has a stream of its own.
    #[error("the stream {name} is that of another line; name this one otherwise")]
    AnotherLine {
        /// The stream's name.
        name: String,
    },
    /// Reading the log broke off.
    #[error("reading the log broke off")]
    BrokeOff,
}

/// Opens a line whose every input is in `log` before its effects are let out. It begins the stream of `info`'s name, or
/// goes on with it: what its machine knew is read back, and that its sockets are gone is the first that is recorded.
///
/// Dials nothing yet: command [`Command::Connect`](crate::Command::Connect), with an [`endpoint`].
///
/// # Errors
/// [`RecordError`]: the stream is another line's, the log cannot be read, or this is outside of a tokio runtime.
pub async fn record(log: &Log, info: StreamInfo, options: Options) -> Result<Recorded, RecordError> {
    let log = log.clone();
    // It may have to read for a while.
    let recorder = tokio::task::spawn_blocking(move || recorder(&log, &info)).await;
    let recorder = recorder.map_err(|_| RecordError::BrokeOff)??;
    let stream = recorder.stream();
    Ok(Recorded { line: Line::open(recorder, options)?, stream })
}

/// The recorder of a stream, for whoever has a socket of their own: begins the stream of `info`'s name, or goes on with it.
/// A machine that goes on has the sockets of before: tell it first that they are closed.
///
/// # Errors
/// [`RecordError`]: the stream is another line's, or the log cannot be read.
pub fn recorder(log: &Log, info: &StreamInfo) -> Result<Recorder, RecordError> {
    let there = match log.stream(info.name.as_str()) {
        Ok(there) => there,
        Err(LogError::NoStream(_)) => return Ok(Recorder::begin(log, info)?),
        Err(error) => return Err(error.into()),
    };
    let same = |there: &Option<Text>, here: &Option<Text>| there.is_none() || here.is_none() || there == here;
    // A number is a stream's name too, for who reads; not for who records. A server may have got another address since,
    // or TLS: by that alone it is no other.
    if there.info.name == info.name && same(&there.info.agent, &info.agent) {
        Ok(Recorder::resume(log, there.id)?)
    } else {
        Err(RecordError::AnotherLine { name: there.info.name.as_str().to_owned() })
    }
}

/// Where an agent logs in: one address, and a password that is kept under `password`.
#[must_use]
pub fn endpoint(url: &str, login: &str, password: CredentialHandle) -> Endpoint {
    Endpoint {
        addresses: vec![url.into()],
        login: login.into(),
        credential: Credential::Password(password),
        workplace: None,
        expires: None,
    }
}
