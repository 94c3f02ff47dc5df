//! How a table is written as Parquet.

use std::io::Write;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::{METADATA_KEY, Table, TableError};

/// A row group is written when it has this many rows …
const GROUP_ROWS: usize = 1024 * 1024;
/// … or so many bytes, encoded. It is held until then.
const GROUP_BYTES: usize = 64 * 1024 * 1024;

/// A writer of a table, which holds one row group.
pub(super) fn writer<W: Write + Send>(table: Table, out: W) -> Result<ArrowWriter<W>, TableError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_key_value_metadata(Some(vec![KeyValue::new(METADATA_KEY.to_owned(), table.version())]))
        .build();
    Ok(ArrowWriter::try_new(out, table.schema(), Some(properties))?)
}
