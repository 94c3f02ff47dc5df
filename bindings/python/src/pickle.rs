//! Pickled values: what serde makes of them, behind the version of callfold that wrote them. A pickle is for the same
//! version of callfold: to keep things for longer, there are exports.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A value as bytes.
pub(crate) fn bytes<'py, T: Serialize>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = postcard::to_allocvec(&(VERSION, value));
    let bytes = bytes.map_err(|error| PyValueError::new_err(format!("cannot be pickled: {error}")))?;
    Ok(PyBytes::new(py, &bytes))
}

/// The value that was written to these bytes.
pub(crate) fn value<T: DeserializeOwned>(bytes: &[u8]) -> PyResult<T> {
    let (version, rest): (String, _) = postcard::take_from_bytes(bytes)
        .map_err(|_| PyValueError::new_err("not a value that callfold pickled"))?;
    if version != VERSION {
        let why =
            format!("pickled by callfold {version}, and this is {VERSION}: pickles are for the same version");
        return Err(PyValueError::new_err(why));
    }
    postcard::from_bytes(rest).map_err(|_| PyValueError::new_err("not the value that callfold pickled"))
}
