//! Problems with tables.

use super::{Problem, ProblemCode};
use crate::tables::TableError;

pub(super) fn table(error: &TableError) -> Problem {
    match error {
        TableError::Io(source) => Problem::of_io(ProblemCode::CannotWrite, source),
        TableError::TooMuchText => Problem::new(ProblemCode::TableTooMuchText, ""),
        TableError::AnotherTable(table) => Problem::new(ProblemCode::TableFailed, "").with("table", table),
        TableError::Json(_) | TableError::Arrow(_) | TableError::Parquet(_) => {
            Problem::new(ProblemCode::TableFailed, "")
        }
    }
    .worded(error)
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        table(&error)
    }
}
