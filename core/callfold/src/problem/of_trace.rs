//! Problems with recorded sessions.

use super::{Problem, ProblemCode};
use crate::replay::ReplayError;
use crate::trace::TraceError;

pub(super) fn trace(error: &TraceError) -> Problem {
    let of = |code, line: Option<usize>| {
        let problem = Problem::new(code, error.to_string());
        match line {
            Some(line) => problem.with("line", line),
            None => problem,
        }
    };
    match error {
        TraceError::Io { line, source } => {
            Problem::of_io(ProblemCode::CannotRead, source).worded(error).with("line", line)
        }
        TraceError::Empty | TraceError::NotATrace => of(ProblemCode::NotATrace, None),
        TraceError::Format(_) => of(ProblemCode::NewerVersion, None),
        TraceError::Epoch => of(ProblemCode::BadTrace, Some(1)),
        TraceError::BadLine { line, .. }
        | TraceError::NoTime { line }
        | TraceError::TimeTooFar { line }
        | TraceError::TooLong { line } => of(ProblemCode::BadTrace, Some(*line)),
        TraceError::BadCommand { line, name, .. } => {
            of(ProblemCode::BadTrace, Some(*line)).with("command", name)
        }
    }
}

pub(super) fn replay(error: &ReplayError) -> Problem {
    match error {
        ReplayError::Trace(error) => trace(error),
        ReplayError::Io(error) => Problem::of_io(ProblemCode::CannotWrite, error),
    }
    .worded(error)
}

impl From<TraceError> for Problem {
    fn from(error: TraceError) -> Self {
        trace(&error)
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        replay(&error)
    }
}
