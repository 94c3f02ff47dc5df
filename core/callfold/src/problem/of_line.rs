//! Problems with live lines and their commands.

use callfold_engine::wire::WriteError;
use callfold_engine::{CommandResult, ErrorCode};
use callfold_transport::{Error as LineError, SocketError};

use super::{Problem, ProblemCode, of_log};
use crate::live::RecordError;
#[cfg(unix)]
use crate::live::watchers::WatchersError;
use crate::log::LogError;

fn of(code: ProblemCode) -> Problem {
    Problem::new(code, "")
}

fn line(error: &LineError) -> Problem {
    match error {
        LineError::NoRuntime => of(ProblemCode::NoRuntime),
        LineError::Closed => of(ProblemCode::LineClosed),
        LineError::NoSecret(_) => of(ProblemCode::NoSecret),
        LineError::Socket(error) => socket(error),
        LineError::Handle(error) => not_recorded(error.downcast_ref()),
        LineError::Missed(missed) => of(ProblemCode::NewsMissed).with("missed", missed),
        LineError::Authority(_) => of(ProblemCode::BadAuthority),
        _ => of(ProblemCode::Unknown),
    }
    .worded(error)
}

/// The log knows why: its code stands beside, with what it is about.
fn not_recorded(error: Option<&LogError>) -> Problem {
    let Some(cause) = error.map(of_log::log) else { return of(ProblemCode::NotRecorded) };
    let problem = of(ProblemCode::NotRecorded).with("cause", cause.code.name());
    cause.context.into_iter().fold(problem, |problem, (name, value)| problem.with(name, value))
}

fn socket(error: &SocketError) -> Problem {
    match error {
        SocketError::PlainRefused { host } => of(ProblemCode::PlainRefused).with("host", host),
        SocketError::ForeignHost { host } => of(ProblemCode::ForeignHost).with("host", host),
        SocketError::BadUrl { url } => of(ProblemCode::BadUrl).with("url", url),
        SocketError::Unreachable { host, kind } => {
            of(ProblemCode::Unreachable).with("host", host).with("kind", kind)
        }
        SocketError::Tls { host, .. } => of(ProblemCode::TlsFailed).with("host", host),
        SocketError::NoWebSocket { host, .. } => of(ProblemCode::NoWebSocket).with("host", host),
        SocketError::HandshakeTimeout { host } => of(ProblemCode::HandshakeTimeout).with("host", host),
        SocketError::GivenUp => of(ProblemCode::GivenUp),
        SocketError::Closed { code } => {
            let problem = of(ProblemCode::ConnectionClosed);
            code.iter().fold(problem, |problem, code| problem.with("close_code", code))
        }
        SocketError::Cut { kind } => of(ProblemCode::ConnectionCut).with("kind", kind),
        SocketError::CloseTimeout => of(ProblemCode::CloseTimeout),
        SocketError::Silent => of(ProblemCode::Silent),
        SocketError::NotReading => of(ProblemCode::NotReading),
        SocketError::LoginTimeout => of(ProblemCode::LoginTimeout),
        SocketError::NoSecret(_) => of(ProblemCode::NoSecret),
        SocketError::TooLong | SocketError::TooManyFrames => of(ProblemCode::MessageTooLong),
        SocketError::NotUtf8 | SocketError::Protocol(_) => of(ProblemCode::BrokenProtocol),
        _ => of(ProblemCode::Unknown),
    }
    .worded(error)
}

impl Problem {
    /// Why a command was not done; none if it was. Of what the server said there is the code alone: the rest may name
    /// people.
    #[must_use]
    pub fn of_command(result: &CommandResult) -> Option<Self> {
        match result {
            CommandResult::Done { .. }
            | CommandResult::UserStatus { .. }
            | CommandResult::Datasets { .. } => None,
            CommandResult::Refused { code, method, .. } => {
                let problem = Self::from(*code);
                Some(method.iter().fold(problem, |problem, method| problem.with("method", method.as_str())))
            }
            CommandResult::RefusedAtLogin { code, .. } => Some(Self::from(*code)),
            CommandResult::Misused { misuse } => {
                let message = format!("the command cannot be used so: {}", misuse.name());
                Some(Self::new(ProblemCode::CommandMisused, message).with("misuse", misuse.name()))
            }
            CommandResult::RefusedByServer { .. } => {
                Some(Self::new(ProblemCode::CommandRefused, "the server refused the command"))
            }
            _ => Some(Self::new(ProblemCode::Unknown, result.text())),
        }
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self::new(ProblemCode::CommandRefused, code.text()).with("code", code.number())
    }
}

impl From<LineError> for Problem {
    fn from(error: LineError) -> Self {
        line(&error)
    }
}

impl From<SocketError> for Problem {
    fn from(error: SocketError) -> Self {
        socket(&error)
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match &error {
            RecordError::Log(error) => of_log::log(error),
            RecordError::Line(error) => line(error),
            RecordError::AnotherLine { name } => of(ProblemCode::StreamOfAnother).with("stream", name),
            RecordError::BrokeOff => of(ProblemCode::ReadingBrokeOff),
        }
        .worded(&error)
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NeedsSecret => of(ProblemCode::NoSecret),
            WriteError::Params => of(ProblemCode::NotJson),
            _ => of(ProblemCode::Unknown),
        }
        .worded(&error)
    }
}

#[cfg(unix)]
impl From<WatchersError> for Problem {
    fn from(error: WatchersError) -> Self {
        match &error {
            WatchersError::Answered { path } | WatchersError::NoSocket { path } => {
                of(ProblemCode::WatchersTaken).with("path", path.display())
            }
            WatchersError::Io { path, source } => {
                Self::of_io(ProblemCode::FileFailed, source).with("path", path.display())
            }
        }
        .worded(&error)
    }
}
