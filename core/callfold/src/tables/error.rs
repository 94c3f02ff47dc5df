//! What may go wrong with a table.

use std::io;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use super::Table;

/// Why a batch could not be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
    /// A column of a batch would have more text than fits.
    #[error("more than 2 GiB of text in a column of one batch")]
    TooMuchText,
    /// The batch is not of the table that is written.
    #[error("not a batch of the table {0}")]
    AnotherTable(Table),
    /// An event cannot be told as JSON.
    #[error("an event cannot be told as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Arrow refuses: the rows are not whole, a column has more different words than fit, or a time is too far
    /// away to be written as a date.
    #[error(transparent)]
    Arrow(ArrowError),
    /// Parquet refuses.
    #[error(transparent)]
    Parquet(ParquetError),
}

impl From<ArrowError> for TableError {
    fn from(error: ArrowError) -> Self {
        // Not a `match`: the enum is arrow's, and grows.
        if let ArrowError::IoError(_, error) = error { Self::Io(error) } else { Self::Arrow(error) }
    }
}

impl From<ParquetError> for TableError {
    fn from(error: ParquetError) -> Self {
        if let ParquetError::External(error) = error {
            match error.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(error) => Self::Parquet(ParquetError::External(error)),
            }
        } else {
            Self::Parquet(error)
        }
    }
}
