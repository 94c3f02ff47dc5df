//! The table of time.

use arrow_array::RecordBatch;
use arrow_array::builder::Date32Builder;
use arrow_schema::{DataType, Field};

use super::columns::{Column, Labels, Lengths, Words, label, length, required, word};
use super::{Rows, Table, TableError};
use crate::Span;
use crate::calls::{Day, TimeLedger};

/// Rows of the table of time: one for each agent, day and kind of time that is not nothing.
///
/// | column | what it says |
/// |---|---|
/// | `stream` | the log |
/// | `agent` | the agent's login |
/// | `day` | the day, in the ledger's time |
/// | `kind` | what the time was spent on |
/// | `length` | how long |
#[derive(Default)]
pub struct TimeRows {
    stream: Labels,
    agent: Labels,
    day: Date32Builder,
    kind: Words,
    length: Lengths,
    rows: usize,
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        required("stream", label()),
        required("agent", label()),
        required("day", DataType::Date32),
        required("kind", word()),
        required("length", length()),
    ]
}

impl TimeRows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a ledger.
    ///
    /// # Errors
    /// [`TableError::TooMuchText`] if the batch was not finished long after it was full.
    pub fn push(&mut self, stream: &str, ledger: &TimeLedger) -> Result<(), TableError> {
        for (agent, Day(day), totals) in ledger.by_agent_and_day() {
            // The days of all microseconds that can be counted fit.
            let day = i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX });
            for (kind, length) in totals.iter().filter(|(_, length)| *length != Span::ZERO) {
                self.rows += 1;
                self.stream.push(Some(stream))?;
                self.agent.push(Some(agent.as_str()))?;
                self.day.append_value(day);
                self.kind.push(Some(kind.text()))?;
                self.length.push(length);
            }
        }
        Ok(())
    }
}

impl Rows for TimeRows {
    fn table(&self) -> Table {
        Table::Time
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn text_bytes(&self) -> usize {
        self.agent.bytes()
    }

    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        self.rows = 0;
        Table::Time.batch(vec![
            self.stream.take(),
            self.agent.take(),
            self.day.take(),
            self.kind.take(),
            self.length.take(),
        ])
    }
}
