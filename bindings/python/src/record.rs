//! Records of a log, and their inputs.

use callfold::log::input_json;
use callfold::{InputKind, Timestamp};
use pyo3::prelude::*;

use crate::time;

/// An input that stands in a log. `Machine.handle` takes it.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct RecordedInput {
    pub(crate) at: Timestamp,
    pub(crate) kind: InputKind<'static>,
}

#[pymethods]
impl RecordedInput {
    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        time::datetime(py, self.at)
    }

    /// What kind it is: `opened`, `refused`, `closed`, `frame`, `binary`, `named`, `command`, `timer`.
    #[getter]
    fn kind(&self) -> &'static str {
        match &self.kind {
            InputKind::Opened(_) => "opened",
            InputKind::Refused(_) => "refused",
            InputKind::Closed(_) => "closed",
            InputKind::Frame { .. } => "frame",
            InputKind::Binary { .. } => "binary",
            InputKind::Named { .. } => "named",
            InputKind::Command(_) => "command",
            InputKind::Timer(_) => "timer",
            _ => "unknown",
        }
    }

    /// The frame's text, as it stands in the log: without secrets.
    #[getter]
    fn text(&self) -> Option<&str> {
        if let InputKind::Frame { text, .. } = &self.kind { Some(text.as_str()) } else { None }
    }

    /// The input as exported logs have it.
    fn to_json(&self) -> String {
        input_json(&self.kind).to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Input {}>", self.kind())
    }
}
