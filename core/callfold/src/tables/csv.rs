//! How a table is written as CSV.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{DurationMicrosecondType, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch};
use arrow_csv::WriterBuilder;
use arrow_schema::{Field, Schema};

use super::{Table, TableError};

/// RFC 3339 with microseconds.
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// Between the items of a list.
const BETWEEN: char = ';';

/// Writes batches as CSV.
///
/// A batch is put into a buffer first and written in one piece: the writer of `arrow_csv` loses what kind of
/// error an output has, and a reader that went away must be told from a full disk.
pub(super) struct CsvWriter<W> {
    out: W,
    buffer: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    /// Begins with the header, so that a table without rows has one.
    pub(super) fn create(table: Table, out: W) -> Result<Self, TableError> {
        let mut writer = Self { out, buffer: Vec::new() };
        writer.put(&RecordBatch::new_empty(table.schema()), true)?;
        Ok(writer)
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        self.put(batch, false)
    }

    pub(super) fn finish(mut self) -> Result<(), TableError> {
        Ok(self.out.flush()?)
    }

    fn put(&mut self, batch: &RecordBatch, header: bool) -> Result<(), TableError> {
        self.buffer.clear();
        WriterBuilder::new()
            .with_header(header)
            .with_timestamp_tz_format(MOMENT.to_owned())
            .build(&mut self.buffer)
            .write(&flat(batch)?)?;
        Ok(self.out.write_all(&self.buffer)?)
    }
}

/// The batch with columns that CSV can hold.
fn flat(batch: &RecordBatch) -> Result<RecordBatch, TableError> {
    let schema = batch.schema();
    let (fields, columns): (Vec<_>, Vec<_>) =
        schema.fields().iter().zip(batch.columns()).map(|(field, column)| flat_column(field, column)).unzip();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn flat_column(field: &Arc<Field>, column: &ArrayRef) -> (Arc<Field>, ArrayRef) {
    let (name, column): (_, ArrayRef) =
        if let Some(lengths) = column.as_primitive_opt::<DurationMicrosecondType>() {
            (format!("{}_us", field.name()), Arc::new(lengths.reinterpret_cast::<Int64Type>()))
        } else if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
            // Without a table of time zones, arrow knows UTC by its offset only.
            (field.name().clone(), Arc::new(times.clone().with_timezone("+00:00")))
        } else if let Some(list) = column.as_list_opt::<i32>() {
            (field.name().clone(), joined(list))
        } else {
            return (Arc::clone(field), Arc::clone(column));
        };
    let flat = Field::new(name, column.data_type().clone(), field.is_nullable());
    (Arc::new(flat), column)
}

/// Every list in one text.
fn joined(lists: &ListArray) -> ArrayRef {
    let mut texts = StringBuilder::new();
    for list in lists.iter() {
        let joined = list.map(|list| {
            let mut joined = String::new();
            for item in list.as_string_opt::<i32>().into_iter().flatten().flatten() {
                if !joined.is_empty() {
                    joined.push(BETWEEN);
                }
                joined.push_str(item);
            }
            joined
        });
        texts.append_option(joined);
    }
    Arc::new(texts.finish())
}
