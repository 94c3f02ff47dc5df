//! What went wrong, as every surface tells it: a code of one table, a message, and what the culprit is.
//!
//! Rust has an error type of its own for every job. A binding has one: everything becomes a [`Problem`].
//!
//! ```
//! use callfold::log::Log;
//! use callfold::problem::{Problem, ProblemCode};
//!
//! let log = Log::in_memory()?;
//! let problem = Problem::from(log.stream("ivanov").unwrap_err());
//! assert_eq!(problem.code, ProblemCode::NoStream);
//! assert_eq!(problem.code.number(), 5108);
//! assert_eq!(problem.get("stream"), Some("ivanov"));
//! # Ok::<(), callfold::log::LogError>(())
//! ```

mod codes;
mod of_line;
mod of_log;
#[cfg(feature = "tables")]
mod of_table;
mod of_trace;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::Path;

pub use codes::ProblemCode;

/// What went wrong. Names the culprit (path, stream, record, line, host), never a person or a secret: it may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What went wrong.
    pub code: ProblemCode,
    /// What went wrong here, for people.
    pub message: String,
    /// What it is about, by name.
    pub context: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem with a message.
    #[must_use]
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), context: Vec::new() }
    }

    /// Also says what it is about. What was said under this name before stays: the innermost knows best.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if self.get(name).is_none() {
            self.context.push((name, value.to_string()));
        }
        self
    }

    /// It is about this file: message and context name it.
    #[must_use]
    pub fn of_file(mut self, path: &Path) -> Self {
        let path = path.display().to_string();
        if !self.message.contains(&path) {
            self.message = format!("{path}: {}", self.message);
        }
        self.with("path", path)
    }

    /// What it is about, under this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.context.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Words it as the error does that it came in.
    fn worded(self, error: &impl fmt::Display) -> Self {
        Self { message: error.to_string(), ..self }
    }

    /// What the system said: the kind says what to do about it.
    fn of_io(code: ProblemCode, error: &io::Error) -> Self {
        Self::new(code, error.to_string()).with("kind", error.kind())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
