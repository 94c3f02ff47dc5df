//! Times and lengths of time, between the engine's microseconds and Python's `datetime`.

use callfold::problem::ProblemCode;
use callfold::{Span, Timestamp};
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::error::refuse;
use crate::names::Names;

/// An aware `datetime` in UTC. What no `datetime` can hold (before year 1, after 9999) is held at the ends.
pub(crate) fn datetime(py: Python<'_>, at: Timestamp) -> PyResult<Bound<'_, PyAny>> {
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;
    let names = Names::get(py)?;
    let since = length(py, Span::from_micros(at.as_micros().clamp(FIRST, LAST)))?;
    names.epoch.bind(py).add(since)
}

/// A `timedelta`.
pub(crate) fn length(py: Python<'_>, span: Span) -> PyResult<Bound<'_, PyAny>> {
    // Every number of microseconds that we can count is one that a `timedelta` can hold.
    Names::get(py)?.timedelta.bind(py).call1((0, 0, span.as_micros()))
}

/// A moment that the application gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) Timestamp);

impl<'py> FromPyObject<'_, 'py> for At {
    type Error = PyErr;

    /// An aware `datetime`, or whole microseconds of UTC since 1970. A naive one is refused: nobody knows which moment
    /// it is.
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(micros) = given.cast::<PyInt>()
            && !given.is_instance_of::<pyo3::types::PyBool>()
        {
            let micros = micros.extract().map_err(|_| {
                refuse(given.py(), ProblemCode::BadTime, "a time further away than times are kept")
            })?;
            return Ok(Self(Timestamp::from_micros(micros)));
        }
        let micros = Names::get(given.py())?.time_of.bind(given.py()).call1((given,))?;
        Ok(Self(Timestamp::from_micros(micros.extract()?)))
    }
}
