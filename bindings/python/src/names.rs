//! The Python classes and words that values of the engine become, by the names that the engine gives them.

use std::collections::HashMap;
use std::hash::Hash;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// What `callfold._names` lists, read once.
pub(crate) struct Names {
    /// `Party`, `Event.LineChanged`, `CommandResult.Done`, …
    classes: HashMap<String, Py<PyType>>,
    /// The classes of events, by the engine's names of them.
    events: HashMap<String, Py<PyType>>,
    /// Members of enumerations: `LineState.Talk`, …
    words: HashMap<String, Py<PyAny>>,
    /// Codes of the protocol, by number.
    codes: HashMap<u16, Py<PyAny>>,
    pub(crate) phone_number: Py<PyType>,
    pub(crate) person_name: Py<PyType>,
    pub(crate) json: Py<PyType>,
    pub(crate) features: Py<PyType>,
    pub(crate) totals: Py<PyType>,
    pub(crate) error_of: Py<PyAny>,
    pub(crate) epoch: Py<PyAny>,
    pub(crate) timedelta: Py<PyAny>,
    pub(crate) date: Py<PyAny>,
    /// `_times.time_of`: reads a time, or says what is wrong with it.
    pub(crate) time_of: Py<PyAny>,
}

static NAMES: PyOnceLock<Names> = PyOnceLock::new();

impl Names {
    /// The names, read when they are first asked for.
    pub(crate) fn get(py: Python<'_>) -> PyResult<&'static Self> {
        NAMES.get_or_try_init(py, || Self::read(py))
    }

    fn read(py: Python<'_>) -> PyResult<Self> {
        let names = py.import("callfold._names")?;
        let class = |name: &str| -> PyResult<Py<PyType>> {
            Ok(names.getattr(name)?.cast_into::<PyType>().map_err(PyErr::from)?.unbind())
        };
        let any = |name: &str| -> PyResult<Py<PyAny>> { Ok(names.getattr(name)?.unbind()) };
        Ok(Self {
            classes: table(&names.getattr("CLASSES")?)?,
            events: table(&names.getattr("EVENTS")?)?,
            words: table(&names.getattr("WORDS")?)?,
            codes: table(&names.getattr("CODES")?)?,
            phone_number: class("PhoneNumber")?,
            person_name: class("PersonName")?,
            json: class("Json")?,
            features: class("Features")?,
            totals: class("Totals")?,
            error_of: any("error_of")?,
            epoch: any("EPOCH")?,
            timedelta: any("timedelta")?,
            date: any("date_of")?,
            time_of: any("time_of")?,
        })
    }

    /// The class of a struct, or of a variant (`Enum.Variant`).
    pub(crate) fn class(&self, name: &str) -> Option<&Py<PyType>> {
        self.classes.get(name)
    }

    /// The class of an event, by the [name](callfold::Event::name) of it.
    pub(crate) fn event(&self, name: &str) -> Option<&Py<PyType>> {
        self.events.get(name)
    }

    /// The member of an enumeration.
    pub(crate) fn word(&self, name: &str) -> Option<&Py<PyAny>> {
        self.words.get(name)
    }

    /// The code of this number.
    pub(crate) fn code(&self, number: u16) -> Option<&Py<PyAny>> {
        self.codes.get(&number)
    }
}

fn table<'py, K, V>(dict: &Bound<'py, PyAny>) -> PyResult<HashMap<K, V>>
where
    K: Hash + Eq + for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
    V: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
{
    let mut table = HashMap::new();
    for (name, value) in dict.cast::<PyDict>()? {
        table.insert(name.extract().map_err(Into::into)?, value.extract().map_err(Into::into)?);
    }
    Ok(table)
}
