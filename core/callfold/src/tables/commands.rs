//! The table of commands.

use arrow_array::RecordBatch;
use arrow_array::builder::{UInt16Builder, UInt32Builder, UInt64Builder};
use arrow_schema::{DataType, Field};

use super::columns::{Column, Labels, Moments, Texts, Words, count, label, moment, optional, required, word};
use super::{Rows, Table, TableError};
use crate::calls::{CommandTrail, json};
use crate::{CommandResult, ErrorCode, PhoneNumber};

/// Rows of the table of commands.
///
/// | column | what it says |
/// |---|---|
/// | `stream` | the log |
/// | `command`, `name` | the command's number in the log, and which it is |
/// | `target` | the number or user that it names |
/// | `asked`, `done`, and each with `_seq` | when it was asked and ended, and the record that proves it |
/// | `result`, `code` | how it ended, and the [error](ErrorCode) of a refusal |
/// | `requests` | how many requests were sent for it |
/// | `effect`, `effect_at`, `effect_seq` | the first change that it led to: `line talk`, `hold`, … |
#[derive(Default)]
pub struct CommandRows {
    stream: Labels,
    command: UInt64Builder,
    name: Words,
    target: Texts,
    asked: Moments,
    done: Moments,
    result: Words,
    code: UInt16Builder,
    requests: UInt32Builder,
    effect: Words,
    effect_at: Moments,
    rows: usize,
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        required("stream", label()),
        required("command", DataType::UInt64),
        required("name", word()),
        optional("target", DataType::Utf8),
        required("asked", moment()),
        required("asked_seq", DataType::UInt64),
        optional("done", moment()),
        optional("done_seq", DataType::UInt64),
        optional("result", word()),
        optional("code", DataType::UInt16),
        required("requests", DataType::UInt32),
        optional("effect", word()),
        optional("effect_at", moment()),
        optional("effect_seq", DataType::UInt64),
    ]
}

impl CommandRows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    ///
    /// # Errors
    /// [`TableError::TooMuchText`] if the batch was not finished long after it was full.
    pub fn push(&mut self, stream: &str, trail: &CommandTrail) -> Result<(), TableError> {
        let result = trail.result.as_ref();
        let effect = trail.effect;
        self.rows += 1;
        self.stream.push(Some(stream))?;
        self.command.append_value(trail.id.0);
        self.name.push(Some(trail.name.text()))?;
        self.target.push(trail.target.as_ref().map(PhoneNumber::as_str))?;
        self.asked.push(Some(trail.asked));
        self.done.push(trail.done);
        self.result.push(result.map(CommandResult::text))?;
        self.code.append_option(result.and_then(CommandResult::code).map(ErrorCode::number));
        self.requests.append_value(count(&trail.requests));
        self.effect.push(effect.map(|effect| json::change(effect.change)).as_deref())?;
        self.effect_at.push(effect.map(|effect| effect.at));
        Ok(())
    }
}

impl Rows for CommandRows {
    fn table(&self) -> Table {
        Table::Commands
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn text_bytes(&self) -> usize {
        self.target.bytes()
    }

    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        self.rows = 0;
        Table::Commands.batch(vec![
            self.stream.take(),
            self.command.take(),
            self.name.take(),
            self.target.take(),
            self.asked.at.take(),
            self.asked.seq.take(),
            self.done.at.take(),
            self.done.seq.take(),
            self.result.take(),
            self.code.take(),
            self.requests.take(),
            self.effect.take(),
            self.effect_at.at.take(),
            self.effect_at.seq.take(),
        ])
    }
}
