//! What can go wrong: one table of codes for all surfaces, one error type here.

use std::collections::HashMap;

use callfold::problem::{self, ProblemCode};

use crate::command::CommandResult;

/// What went wrong: a code that is the same on every surface and never reused, and what it is about. It names no person
/// and no secret: it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// The number, from 5001 up (`problem_codes` lists them).
    pub code: u16,
    /// The name of the code, such as `no_stream`.
    pub name: String,
    /// What went wrong here, for people.
    pub text: String,
    /// What it is about, by name: path, stream, record, host.
    pub context: HashMap<String, String>,
}

impl From<problem::Problem> for Problem {
    fn from(problem: problem::Problem) -> Self {
        let context = problem.context.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self {
            code: problem.code.number(),
            name: problem.code.name().to_owned(),
            text: problem.message,
            context: context.collect(),
        }
    }
}

/// Something went wrong.
#[derive(Clone, Debug, thiserror::Error, uniffi::Error)]
pub enum CallfoldError {
    /// A command was not done: `result` says what the rules or the server said of it.
    #[error("{}", problem.text)]
    Refused {
        /// The code: `command_refused` or `command_misused`.
        problem: Problem,
        /// How the command ended.
        result: CommandResult,
    },
    /// It was used after its end: a line that has ended, an object that was closed.
    #[error("{}", problem.text)]
    Closed {
        /// What was closed.
        problem: Problem,
    },
    /// Anything else.
    #[error("{}", problem.text)]
    Failed {
        /// What.
        problem: Problem,
    },
}

impl CallfoldError {
    /// An error of this code.
    pub(crate) fn of(code: ProblemCode, text: impl Into<String>) -> Self {
        Self::from(problem::Problem::new(code, text))
    }

    /// What went wrong.
    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Refused { problem, .. } | Self::Closed { problem } | Self::Failed { problem } => problem,
        }
    }
}

impl From<problem::Problem> for CallfoldError {
    fn from(problem: problem::Problem) -> Self {
        let is_closed = matches!(
            problem.code,
            ProblemCode::LineClosed | ProblemCode::LogClosed | ProblemCode::SimulatorClosed
        );
        let problem = Problem::from(problem);
        if is_closed { Self::Closed { problem } } else { Self::Failed { problem } }
    }
}

macro_rules! problems {
    ($($error:ty,)+) => {$(
        impl From<$error> for CallfoldError {
            fn from(error: $error) -> Self {
                Self::from(problem::Problem::from(error))
            }
        }
    )+};
}

problems! {
    callfold::SnapshotError,
    callfold::live::LineError,
    callfold::live::RecordError,
    callfold::log::LogError,
}

/// What a listener of the application threw, where it may throw only what is ours: of what kind it is. Its text may name
/// people.
impl From<uniffi::UnexpectedUniFFICallbackError> for CallfoldError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        let kind = error.reason.split([':', '\n', '(']).next().unwrap_or_default().trim().to_owned();
        Self::of(ProblemCode::ListenerFailed, format!("the listener threw {kind}"))
    }
}

/// What a listener threw, whatever it was: that of its own, too.
pub(crate) fn thrown(error: CallfoldError) -> Problem {
    let problem = error.into_problem();
    if problem.code == ProblemCode::ListenerFailed.number() {
        return problem;
    }
    let text = format!("the listener threw the error {} {}", problem.code, problem.name);
    problem::Problem::new(ProblemCode::ListenerFailed, text).into()
}

/// A row of the table of errors.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ProblemRow {
    /// The number.
    pub code: u16,
    /// The name.
    pub name: String,
    /// What it means, and what to do.
    pub text: String,
}

/// Every code that there is.
#[uniffi::export]
#[must_use]
pub fn problem_codes() -> Vec<ProblemRow> {
    let row = |code: &ProblemCode| ProblemRow {
        code: code.number(),
        name: code.name().to_owned(),
        text: code.text().to_owned(),
    };
    ProblemCode::ALL.iter().map(row).collect()
}
