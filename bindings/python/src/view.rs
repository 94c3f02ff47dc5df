//! Views of a line as Python objects.

use std::hash::{DefaultHasher, Hash, Hasher};

use callfold::{Timestamp, View, announce};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::time::At;
use crate::{pickle, tell, time};

/// Which moment a view is of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) at: Option<Timestamp>,
    pub(crate) seq: Option<u64>,
    pub(crate) turn: Option<u64>,
}

/// A view, with its moment. What the PBX has of numbers and users, which may be much, stays with the engine until it is
/// asked for.
pub(crate) fn object<'py>(py: Python<'py>, view: &View, place: Place) -> PyResult<Bound<'py, PyAny>> {
    let directory = Bound::new(py, Directory(view.directory.clone()))?.into_any();
    let at = place.at.map(|at| time::datetime(py, at)).transpose()?.into_pyobject(py)?;
    let more = vec![
        at,
        place.seq.into_pyobject(py)?,
        place.turn.into_pyobject(py)?,
        Bound::new(py, Seen(view.clone()))?.into_any(),
    ];
    tell::told_with(py, view, Some(("directory", directory)), more)
}

/// A view as the engine has it, for what its rules say of it.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Seen(View);

#[pymethods]
impl Seen {
    /// What may be done with a number or user now, in the order in which to show it (spec part 4).
    fn actions(&self, target: &str) -> Vec<&'static str> {
        self.0.actions(target).into_iter().map(callfold::Action::name).collect()
    }

    /// The snapshot that the reference client's traces have of this, as JSON.
    fn state_json(&self, at: At, numbers: Vec<String>, model: bool) -> String {
        match model {
            true => announce::snapshot_with_model(&self.0, at.0, &numbers),
            false => announce::snapshot(&self.0, at.0, &numbers),
        }
        .to_string()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let of = py.import("callfold._native")?.getattr("seen_of")?;
        Ok((of, (pickle::bytes(py, &self.0)?,)))
    }
}

/// The view that was pickled.
#[pyfunction]
pub(crate) fn seen_of(data: &[u8]) -> PyResult<Seen> {
    Ok(Seen(pickle::value(data)?))
}

/// Numbers, users and break reasons of a PBX, as the server told them.
#[pyclass(module = "callfold._native", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Directory(callfold::Directory);

#[pymethods]
impl Directory {
    /// The break reasons, by id.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tell::told(py, &self.0.reasons)
    }

    /// The state of each number of the plan: 1 free, 2 no phone, 5 busy.
    #[getter]
    fn numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tell::told(py, &self.0.numbers)
    }

    /// The users, by id.
    #[getter]
    fn users<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tell::told(py, &*self.0.users)
    }

    /// The user that a number or a user's id means.
    fn user<'py>(&self, py: Python<'py>, target: &str) -> PyResult<Bound<'py, PyAny>> {
        tell::told(py, &self.0.user(target))
    }

    /// The state of a number of the plan: 1 free, 2 no phone, 5 busy.
    fn number_state(&self, number: &str) -> Option<i64> {
        self.0.numbers.get(number)
    }

    /// By how much there is: two that are the same have the same.
    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.0.users.len(), self.0.numbers.iter().len(), self.0.reasons.len()).hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Directory: {} users, {} numbers, {} break reasons>",
            self.0.users.len(),
            self.0.numbers.iter().len(),
            self.0.reasons.len()
        )
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let of = py.import("callfold._native")?.getattr("directory_of")?;
        Ok((of, (pickle::bytes(py, &self.0)?,)))
    }
}

/// The directory that was pickled.
#[pyfunction]
pub(crate) fn directory_of(data: &[u8]) -> PyResult<Directory> {
    Ok(Directory(pickle::value(data)?))
}
