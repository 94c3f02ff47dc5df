//! What is written is what was given.

use std::io::{self, ErrorKind, Write};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use callfold::tables::{CallRows, EventRows, Format, Rows, Table, TableError, TableWriter};
use callfold::{Event, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::logs::{all, batches};

fn written(format: Format, table: Table, batches: &[RecordBatch]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = TableWriter::create(format, table, &mut file).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    file
}

fn read_parquet(file: Vec<u8>, table: Table) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let version = metadata.iter().find(|entry| entry.key == "callfold.table").unwrap();
    assert_eq!(version.value, Some(format!("{table}/1")));
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let schema = batches.first().map_or_else(|| table.schema(), RecordBatch::schema);
    assert_eq!(schema.fields(), table.schema().fields());
    concat_batches(&table.schema(), &batches.iter().map(|batch| as_table(batch, table)).collect::<Vec<_>>())
        .unwrap()
}

/// The batch under the table's schema: a reader adds the file's metadata to its own.
fn as_table(batch: &RecordBatch, table: Table) -> RecordBatch {
    RecordBatch::try_new(table.schema(), batch.columns().to_vec()).unwrap()
}

#[test]
fn parquet_reads_back_as_it_was() {
    let logs = all();
    for table in Table::ALL {
        let batches = batches(table, &logs);
        let whole = concat_batches(&table.schema(), &batches).unwrap();
        assert_ne!(whole.num_rows(), 0);
        assert_eq!(read_parquet(written(Format::Parquet, table, &batches), table), whole, "{table}");
    }
}

#[test]
fn the_same_rows_are_the_same_bytes() {
    let logs = all();
    for format in Format::ALL {
        for table in Table::ALL {
            let once = written(format, table, &batches(table, &logs));
            assert!(once == written(format, table, &batches(table, &logs)), "{table} as {}", format.name());
        }
    }
}

#[test]
fn csv_has_a_line_for_every_row_and_a_header() {
    let logs = all();
    for table in Table::ALL {
        let batches = batches(table, &logs);
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let text = String::from_utf8(written(Format::Csv, table, &batches)).unwrap();
        assert_eq!(text.lines().count(), rows + 1, "{table}");
        let columns = table.schema().fields().len();
        assert_eq!(text.lines().next().unwrap().split(',').count(), columns, "{table}");
    }
}

#[test]
fn a_table_without_rows_has_its_columns() {
    for table in Table::ALL {
        assert_eq!(read_parquet(written(Format::Parquet, table, &[]), table).num_rows(), 0);
        let text = String::from_utf8(written(Format::Csv, table, &[])).unwrap();
        assert!(text.starts_with("stream,") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn a_batch_of_another_table_is_refused() {
    for format in Format::ALL {
        let mut writer = TableWriter::create(format, Table::Events, Vec::new()).unwrap();
        let refused = writer.write(&CallRows::new().finish().unwrap()).unwrap_err();
        assert!(matches!(refused, TableError::AnotherTable(Table::Events)));
        assert_eq!(refused.to_string(), "not a batch of the table events");
    }
}

/// Takes so many bytes, and then nobody reads it any more.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_is_told_as_that() {
    for format in Format::ALL {
        for room in [0, 300] {
            let fails = || -> Result<(), TableError> {
                let mut writer = TableWriter::create(format, Table::Events, Pipe(room))?;
                let mut rows = EventRows::new();
                for seq in 1..1_000 {
                    rows.push("s", seq, Timestamp::default(), &[Event::Connected])?;
                }
                writer.write(&rows.finish()?)?;
                writer.finish()
            };
            let error = fails().unwrap_err();
            assert!(
                matches!(&error, TableError::Io(error) if error.kind() == ErrorKind::BrokenPipe),
                "{}: {error:?}",
                format.name()
            );
        }
    }
}

#[test]
fn a_time_that_has_no_date_is_an_error_in_csv_and_a_number_in_parquet() {
    let mut rows = EventRows::new();
    rows.push("s", 1, Timestamp::from_micros(i64::MAX), &[Event::Connected]).unwrap();
    let batch = rows.finish().unwrap();
    let mut csv = TableWriter::create(Format::Csv, Table::Events, Vec::new()).unwrap();
    assert!(matches!(csv.write(&batch), Err(TableError::Arrow(_))));
    let parquet = written(Format::Parquet, Table::Events, std::slice::from_ref(&batch));
    assert_eq!(read_parquet(parquet, Table::Events), batch);
}

#[test]
fn text_in_csv_is_as_it_is_in_the_log() {
    let given = |name: &str| Event::UnknownEvent { name: name.into() };
    let mut rows = EventRows::new();
    rows.push("=1+1,\n\"s\"", 1, Timestamp::from_micros(1), &[given("ж")]).unwrap();
    let text = written(Format::Csv, Table::Events, &[rows.finish().unwrap()]);
    let text = String::from_utf8(text).unwrap();
    let row = text.split_once('\n').unwrap().1;
    assert_eq!(
        row,
        "\"=1+1,\n\"\"s\"\"\",1,1970-01-01T00:00:00.000001Z,0,unknown_event,,,,,,,,,\
         \"{\"\"UnknownEvent\"\":{\"\"name\"\":\"\"ж\"\"}}\"\n"
    );
}

#[test]
fn names_of_formats_are_found_again() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("xlsx"), None);
}
