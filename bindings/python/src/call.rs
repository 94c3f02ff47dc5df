//! One call as a Python object.

use callfold::calls::{Call, CommandTrail, json};
use callfold::timeline::Timeline;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::{pickle, tell};

/// A call with its commands: an object of `callfold.Call`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    stream: &str,
    call: Call,
    commands: Vec<CommandTrail>,
) -> PyResult<Bound<'py, PyAny>> {
    let trails = tell::told(py, &commands)?;
    let stream = stream.into_pyobject(py)?.into_any();
    let facts = Bound::new(py, CallFacts { call, commands })?;
    tell::told_with(py, &facts.get().call, None, vec![trails, stream, facts.clone().into_any()])
}

/// A call as the engine has it, for its pictures.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct CallFacts {
    call: Call,
    commands: Vec<CommandTrail>,
}

impl CallFacts {
    fn timeline(&self, offset: i32) -> Timeline {
        Timeline::of(&self.call, &self.commands).at_offset(offset)
    }
}

#[pymethods]
impl CallFacts {
    /// The call as every surface tells it in JSON.
    fn to_json(&self) -> String {
        json::call(&self.call).to_string()
    }

    /// What went on when, line by line. Times of day are `offset` seconds ahead of UTC's.
    fn text(&self, offset: i32) -> String {
        self.timeline(offset).text()
    }

    fn svg(&self, offset: i32) -> String {
        self.timeline(offset).svg()
    }

    fn ladder(&self, offset: i32) -> String {
        self.timeline(offset).ladder_text()
    }

    fn ladder_svg(&self, offset: i32) -> String {
        self.timeline(offset).ladder_svg()
    }

    fn mermaid(&self, offset: i32) -> String {
        self.timeline(offset).mermaid()
    }

    fn html(&self, offset: i32) -> String {
        self.timeline(offset).html()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let of = py.import("callfold._native")?.getattr("call_facts_of")?;
        Ok((of, (pickle::bytes(py, &(&self.call, &self.commands))?,)))
    }
}

/// The call that was pickled.
#[pyfunction]
pub(crate) fn call_facts_of(data: &[u8]) -> PyResult<CallFacts> {
    let (call, commands) = pickle::value(data)?;
    Ok(CallFacts { call, commands })
}
