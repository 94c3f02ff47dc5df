//! The log as tables: Arrow record batches, and writers of Parquet and CSV.
//!
//! Four [tables](Table): [events](EventRows), [calls](CallRows), [commands](CommandRows) and
//! [time](TimeRows). Rows are pushed one after another; when the rows [are full](Rows::is_full), finish them
//! into a batch, write it, and go on: however long the log, one batch is held.
//!
//! ```
//! use callfold::tables::{EventRows, Format, Rows, Table, TableWriter};
//! use callfold::{Event, Timestamp};
//!
//! let mut file = Vec::new();
//! let mut writer = TableWriter::create(Format::Csv, Table::Events, &mut file)?;
//! let mut rows = EventRows::new();
//! for seq in 1..=3 {
//!     rows.push("line 101", seq, Timestamp::from_millis(0), &[Event::Connected])?;
//!     if rows.is_full() {
//!         writer.write(&rows.finish()?)?;
//!     }
//! }
//! writer.write(&rows.finish()?)?;
//! writer.finish()?;
//! assert_eq!(String::from_utf8(file).unwrap().lines().count(), 1 + 3);
//! # Ok::<(), callfold::tables::TableError>(())
//! ```
//!
//! # What is promised
//! The columns of a table, their order, their types and the words in them. A column may be added at the end;
//! any other change counts [`VERSION`] up. Every schema and every Parquet file says which it is of:
//! `callfold.table` = `events/1`.
//!
//! - A row names its **stream**, the log it is of, as whoever pushes it calls it. Streams may be mixed.
//! - **Times** are microseconds of UTC, each with the sequence number of its record in a column `…_seq`.
//! - **Lengths** are durations in microseconds. Parquet has no such type: readers that do not know Arrow see
//!   whole microseconds there.
//! - **Words** (names of events, outcomes, …) are dictionaries: take them for text.
//! - What is not known, or not there, is null. A command or call of which the log tells no end has none.
//!
//! Numbers and names of people are in the tables in full, as in the log; passwords are in neither.
//!
//! # CSV
//! UTF-8, commas, a header, lines that end with `\n`. Times are RFC 3339 with six decimals and `Z`; lengths
//! are whole microseconds, in columns with `_us` after their name; what is a list in Arrow stands in one field,
//! with `;` between. Nulls are empty fields, as is empty text.
//!
//! Text is written as it is. A number such as `+79161234567`, or a name that a caller made up to begin with
//! `=`, is a formula to some spreadsheet programs: import such columns as text. callfold does not change them,
//! because a table that differs from its log proves nothing.

mod calls;
mod columns;
mod commands;
mod csv;
mod error;
mod events;
mod grouped;
mod parquet;
mod time;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};

pub use calls::CallRows;
pub use commands::CommandRows;
pub use error::TableError;
pub use events::EventRows;
pub use grouped::{GroupedTime, TimeKey};
pub use time::TimeRows;
pub use writer::{Format, TableWriter};

/// The version of the tables' schemas.
pub const VERSION: u16 = 1;

/// Rows are full when there are this many.
pub const BATCH_ROWS: usize = 8_192;

/// Rows are full, too, when their text has this many bytes.
pub const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The key under which a schema and a Parquet file say of which table and version they are.
const METADATA_KEY: &str = "callfold.table";

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// Every event.
    Events,
    /// Every call.
    Calls,
    /// Every command, with what it led to.
    Commands,
    /// Where the time of each agent and day went.
    Time,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Events, Self::Calls, Self::Commands, Self::Time];

    /// The table's name: `events`, `calls`, `commands`, `time`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Calls => "calls",
            Self::Commands => "commands",
            Self::Time => "time",
        }
    }

    /// The table of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its columns.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Events => events::fields(),
            Self::Calls => calls::fields(),
            Self::Commands => commands::fields(),
            Self::Time => time::fields(),
        };
        // One entry only: a map has no order, and files of the same rows are the same bytes.
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), self.version())]);
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// The table and the version of its schema: `events/1`.
    fn version(self) -> String {
        format!("{}/{VERSION}", self.name())
    }

    fn batch(self, columns: Vec<ArrayRef>) -> Result<RecordBatch, TableError> {
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows of a table that become a batch.
///
/// A push that fails leaves a row behind that is not whole: [`Rows::finish`] then fails too, and begins anew.
pub trait Rows {
    /// Of which table.
    fn table(&self) -> Table;

    /// How many there are.
    fn len(&self) -> usize;

    /// How many bytes of text they have.
    fn text_bytes(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is time to finish: there are [`BATCH_ROWS`], or [`BATCH_BYTES`] of text. More are taken, up to
    /// 2 GiB of text in a column.
    fn is_full(&self) -> bool {
        self.len() >= BATCH_ROWS || self.text_bytes() >= BATCH_BYTES
    }

    /// The batch of all rows since the last one; none are left.
    ///
    /// # Errors
    /// [`TableError::Arrow`] if a push failed before.
    fn finish(&mut self) -> Result<RecordBatch, TableError>;
}

// Personal data is masked wherever it is printed for diagnosis: rows tell how many they are.
macro_rules! debug {
    ($($rows:ident)+) => {$(
        impl fmt::Debug for $rows {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($rows)).field("len", &self.len()).finish_non_exhaustive()
            }
        }
    )+};
}

debug!(EventRows CallRows CommandRows TimeRows);

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// What is promised of the schemas. After a change that is meant, copy what the test tells.
    const SCHEMAS: &str = include_str!("schemas.txt");

    #[test]
    fn the_schemas_are_as_promised() {
        let mut told = String::new();
        for table in Table::ALL {
            let schema = table.schema();
            writeln!(told, "{}", schema.metadata()[METADATA_KEY]).unwrap();
            for field in schema.fields() {
                let null = if field.is_nullable() { " or null" } else { "" };
                writeln!(told, "  {}: {}{null}", field.name(), field.data_type()).unwrap();
            }
        }
        assert!(told == SCHEMAS, "the schemas are now:\n{told}");
    }

    #[test]
    fn a_table_is_found_by_its_name() {
        for table in Table::ALL {
            assert_eq!(Table::from_name(table.name()), Some(table));
        }
        assert_eq!(Table::from_name("tables"), None);
    }
}
