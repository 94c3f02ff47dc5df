//! Tables as other libraries take them: by the Arrow PyCapsule interface, without a copy.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::SchemaRef;
use arrow_schema::ffi::FFI_ArrowSchema;
use callfold::problem::ProblemCode;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::error::refuse;

/// Rows of a table, in batches.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Rows {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Rows {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

/// The places of these columns in a schema.
pub(crate) fn places(py: Python<'_>, schema: &SchemaRef, columns: &[String]) -> PyResult<Vec<usize>> {
    let place = |name: &String| {
        schema.index_of(name).map_err(|_| {
            let there: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let why = format!("there is no column {name:?}; there are {}", there.join(", "));
            refuse(py, ProblemCode::UnknownName, why)
        })
    };
    columns.iter().map(place).collect()
}

/// What cannot be, of batches that we made ourselves.
fn broken(py: Python<'_>, error: &impl std::fmt::Display) -> PyErr {
    refuse(py, ProblemCode::Internal, format!("a table that makes no sense: {error}"))
}

#[pymethods]
impl Rows {
    /// Only these columns, in this order. Nothing is copied.
    fn select(&self, py: Python<'_>, columns: Vec<String>) -> PyResult<Self> {
        let places = places(py, &self.schema, &columns)?;
        let batches = self.batches.iter().map(|batch| batch.project(&places));
        let batches = batches.collect::<Result<Vec<_>, _>>().map_err(|error| broken(py, &error))?;
        let schema = self.schema.project(&places).map_err(|error| broken(py, &error))?;
        Ok(Self::new(schema.into(), batches))
    }

    /// The same rows, each batch a table of its own. Nothing is copied.
    fn batches(&self) -> Vec<Self> {
        self.batches.iter().map(|batch| Self::new(self.schema.clone(), vec![batch.clone()])).collect()
    }

    #[getter]
    fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// How many bytes its buffers have.
    #[getter]
    fn nbytes(&self) -> usize {
        self.batches.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(|error| broken(py, &error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The rows as a stream. Another schema may be asked for, and is not made: the one there is comes with the stream.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader: Box<dyn RecordBatchReader + Send> =
            Box::new(RecordBatchIterator::new(batches, self.schema.clone()));
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
    }
}
