//! Events as Python objects. What an event says stays with the engine until it is asked for: to hand one over costs an
//! object, not a copy of its parties.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use callfold::{Timestamp, announce};
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::names::Names;
use crate::{pickle, tell, time};

/// What was decided on one input.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Told {
    events: Arc<[callfold::Event]>,
    at: Option<Timestamp>,
    seq: Option<u64>,
    turn: Option<u64>,
}

impl Told {
    /// The events as objects, in order.
    pub(crate) fn objects<'py>(
        py: Python<'py>,
        events: Arc<[callfold::Event]>,
        at: Option<Timestamp>,
        seq: Option<u64>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        Self { events, at, seq, turn: None }.each(py)
    }

    /// The events of a line, which have a turn as its views do.
    pub(crate) fn of_line<'py>(
        py: Python<'py>,
        events: Arc<[callfold::Event]>,
        at: Timestamp,
        seq: Option<u64>,
        turn: u64,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        Self { events, at: Some(at), seq, turn: Some(turn) }.each(py)
    }

    fn each(self, py: Python<'_>) -> PyResult<Vec<Bound<'_, PyAny>>> {
        if self.events.is_empty() {
            return Ok(Vec::new());
        }
        let names = Names::get(py)?;
        let told = Bound::new(py, self)?;
        let events = told.get().events.iter();
        let objects = events.enumerate().map(|(place, event)| match names.event(event.name()) {
            Some(class) => class.bind(py).call1((&told, place)),
            None => Ok(Bound::new(py, Event { told: told.clone().unbind(), place })?.into_any()),
        });
        objects.collect()
    }
}

/// The base of all events.
#[pyclass(module = "callfold._native", frozen, subclass)]
pub(crate) struct Event {
    told: Py<Told>,
    place: usize,
}

impl Event {
    fn told(&self) -> &Told {
        self.told.get()
    }

    pub(crate) fn event(&self) -> PyResult<&callfold::Event> {
        let event = self.told().events.get(self.place);
        event.ok_or_else(|| PyValueError::new_err("there is no such event"))
    }
}

#[pymethods]
impl Event {
    #[new]
    fn new(told: Py<Told>, place: usize) -> PyResult<Self> {
        let event = Self { told, place };
        event.event()?;
        Ok(event)
    }

    #[getter]
    fn at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.told().at.map(|at| time::datetime(py, at)).transpose()
    }

    #[getter]
    fn seq(&self) -> Option<u64> {
        self.told().seq
    }

    #[getter]
    fn turn(&self) -> Option<u64> {
        self.told().turn
    }

    #[getter]
    fn event_name(&self) -> PyResult<&'static str> {
        Ok(self.event()?.name())
    }

    #[getter]
    fn announced(&self) -> PyResult<Option<&'static str>> {
        Ok(announce::announced_name(self.event()?))
    }

    #[getter]
    fn is_finding(&self) -> PyResult<bool> {
        Ok(self.event()?.is_finding())
    }

    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(self.event()?).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn __getattr__<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        // What is a word of Python itself has an underscore behind it.
        let field = match name {
            "from_" => "from",
            "with_" => "with",
            "from" | "with" => "",
            other => other,
        };
        match tell::field(slf.py(), slf.get().event()?, field)? {
            Some(value) => Ok(value),
            None => Err(PyAttributeError::new_err(format!(
                "'{}' object has no attribute '{name}'",
                slf.get_type().name()?
            ))),
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let mut parts = Vec::new();
        let class = slf.get_type();
        for name in class.getattr("__match_args__")?.try_iter()? {
            let name = name?.extract::<String>()?;
            parts.push(format!("{name}={}", slf.getattr(name.as_str())?.repr()?));
        }
        let told = slf.get().told();
        if let Some(seq) = told.seq {
            parts.push(format!("seq={seq}"));
        }
        if let Some(at) = slf.get().at(slf.py())? {
            parts.push(format!("at={}", at.call_method0("isoformat")?));
        }
        Ok(format!("{}({})", class.name()?, parts.join(", ")))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = other.get();
        let (mine, theirs) = (self.told(), other.told());
        Ok(mine.at == theirs.at && mine.seq == theirs.seq && self.event()? == other.event()?)
    }

    fn __hash__(&self) -> PyResult<u64> {
        let mut hasher = DefaultHasher::new();
        (self.event()?.name(), self.told().at, self.told().seq).hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let event = slf.get();
        let bytes = pickle::bytes(py, event.event()?)?;
        let at = event.told().at.map(Timestamp::as_micros);
        let arguments = (bytes, at, event.told().seq);
        Ok((py.import("callfold._native")?.getattr("event_of")?, arguments.into_pyobject(py)?))
    }
}

/// The event that was pickled.
#[pyfunction]
#[pyo3(signature = (data, at, seq))]
pub(crate) fn event_of<'py>(
    py: Python<'py>,
    data: &[u8],
    at: Option<i64>,
    seq: Option<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let event: callfold::Event = pickle::value(data)?;
    let mut objects = Told::objects(py, Arc::from([event]), at.map(Timestamp::from_micros), seq)?;
    objects.pop().ok_or_else(|| PyValueError::new_err("there is no such event"))
}
