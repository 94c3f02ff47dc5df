//! A table into a file.

use std::fmt;
use std::io::Write;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;

use super::csv::CsvWriter;
use super::{Table, TableError};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet, compressed with Zstandard.
    Parquet,
    /// Comma-separated values; see [the module](super#csv).
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Parquet, Self::Csv];

    /// The format's name, and the extension of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Writes the batches of a table.
///
/// CSV is written batch by batch, Parquet when a row group is full (a million rows, or 64 MiB encoded): what is
/// held does not grow with the table.
pub struct TableWriter<W: Write + Send> {
    table: Table,
    to: To<W>,
}

enum To<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    Csv(CsvWriter<W>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table. To have the output back afterwards, lend it: `&mut out`.
    ///
    /// # Errors
    /// [`TableError::Io`] if `out` cannot be written.
    pub fn create(format: Format, table: Table, out: W) -> Result<Self, TableError> {
        let to = match format {
            Format::Parquet => To::Parquet(Box::new(super::parquet::writer(table, out)?)),
            Format::Csv => To::Csv(CsvWriter::create(table, out)?),
        };
        Ok(Self { table, to })
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// [`TableError::AnotherTable`] if the batch is of another table; [`TableError::Io`] if it cannot be
    /// written; [`TableError::Arrow`] if CSV has no way to write a time that is some 260,000 years away.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        if batch.schema() != self.table.schema() {
            return Err(TableError::AnotherTable(self.table));
        }
        match &mut self.to {
            To::Parquet(writer) => Ok(writer.write(batch)?),
            To::Csv(writer) => writer.write(batch),
        }
    }

    /// Ends the table and flushes the output. Without it, a Parquet file cannot be read.
    ///
    /// # Errors
    /// [`TableError::Io`] if the rest cannot be written.
    pub fn finish(self) -> Result<(), TableError> {
        match self.to {
            To::Parquet(mut writer) => {
                writer.finish()?;
                Ok(())
            }
            To::Csv(writer) => writer.finish(),
        }
    }
}

impl<W: Write + Send> fmt::Debug for TableWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match &self.to {
            To::Parquet(_) => Format::Parquet,
            To::Csv(_) => Format::Csv,
        };
        f.debug_struct("TableWriter").field("table", &self.table).field("format", &format).finish()
    }
}
