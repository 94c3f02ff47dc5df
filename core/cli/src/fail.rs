//! Why a command cannot do what it was asked for, and the exit code that follows.

use std::fmt;
use std::io;
use std::path::Path;

use callfold::live::RecordError;
use callfold::log::LogError;

use crate::exit::Outcome;
use crate::input;
use crate::words::shown;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The output cannot be written.
    Output(io::Error),
    /// A file, or something in it, cannot be read.
    File(String, LogError),
    /// The store in this directory cannot be opened.
    Store(String, LogError),
    /// The log cannot.
    Log(LogError),
    /// What was asked for is not there.
    NotThere(String),
    /// The arguments make no sense together.
    Misuse(String),
    /// A server refused, or nobody can be served.
    Refused(String),
    /// What happens cannot be recorded any more.
    Unrecorded(String),
    /// The system does not give what is needed.
    System(String),
}

impl Failed {
    /// A file that cannot be read.
    pub(crate) fn file(path: &Path, error: impl Into<LogError>) -> Self {
        Self::File(input::name(path), error.into())
    }

    /// A line that cannot be recorded as this stream.
    pub(crate) fn record(name: &str, error: RecordError) -> Self {
        if let RecordError::Log(error) = error {
            Self::Log(error)
        } else if let RecordError::AnotherLine { .. } = error {
            Self::Misuse(error.to_string())
        } else {
            Self::System(format!("{}: {error}", shown(name)))
        }
    }

    /// What the exit code says of it.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            // Whoever read the output has seen enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Good,
            Self::Output(_) => Outcome::Unwritable,
            Self::File(_, error) | Self::Store(_, error) | Self::Log(error) => of_log(error),
            Self::NotThere(_) => Outcome::Findings,
            Self::Misuse(_) => Outcome::Misuse,
            Self::Refused(_) => Outcome::Refused,
            Self::Unrecorded(_) => Outcome::Unwritable,
            Self::System(_) => Outcome::Damaged,
        }
    }
}

fn of_log(error: &LogError) -> Outcome {
    if let LogError::NoStream(_)
    | LogError::NameTaken { .. }
    | LogError::StreamInUse(_)
    | LogError::NoRecord { .. }
    | LogError::TooEarly(_)
    | LogError::Import { source: callfold::log::ImportError::SameStream { .. }, .. } = error
    {
        Outcome::Findings
    } else if let LogError::NotErasable(_) = error {
        Outcome::Misuse
    } else {
        Outcome::Damaged
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(error) => write!(f, "cannot write: {error}"),
            Self::File(name, error) => write!(f, "{name}: {error}"),
            Self::Store(path, error) => {
                // Most of them name the directory, or a file in it.
                let text = error.to_string();
                if text.starts_with(path) { f.write_str(&text) } else { write!(f, "{path}: {text}") }
            }
            Self::Log(error) => error.fmt(f),
            Self::NotThere(what)
            | Self::Misuse(what)
            | Self::Refused(what)
            | Self::Unrecorded(what)
            | Self::System(what) => f.write_str(what),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<LogError> for Failed {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}
