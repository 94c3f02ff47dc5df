//! Errors become exceptions: one table of codes for all surfaces ([`Problem`]), one base class in Python.

use callfold::problem::{Problem, ProblemCode};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::names::Names;

/// The exception for a problem: of a class under `callfold.CallfoldError`, with its code and context.
pub(crate) fn raise(py: Python<'_>, problem: impl Into<Problem>) -> PyErr {
    let problem = problem.into();
    made(py, &problem).unwrap_or_else(|error| error)
}

fn made(py: Python<'_>, problem: &Problem) -> PyResult<PyErr> {
    let context = PyDict::new(py);
    for (name, value) in &problem.context {
        context.set_item(name, value)?;
    }
    let (number, name) = (problem.code.number(), problem.code.name());
    let error = Names::get(py)?.error_of.bind(py).call1((number, name, &problem.message, context))?;
    Ok(PyErr::from_value(error))
}

/// What the application gave is none of what can be given.
pub(crate) fn refuse(py: Python<'_>, code: ProblemCode, message: impl Into<String>) -> PyErr {
    raise(py, Problem::new(code, message))
}

/// A result of the facade as one of Python.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception for the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<Problem>> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raise(py, error))
    }
}
