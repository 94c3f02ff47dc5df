//! The table of events.

use arrow_array::RecordBatch;
use arrow_array::builder::{UInt16Builder, UInt32Builder, UInt64Builder};
use arrow_schema::{DataType, Field};

use super::columns::{Column, Labels, Texts, Times, Words, label, moment, optional, required, word};
use super::{Rows, Table, TableError};
use crate::announce::announced_name;
use crate::{ChainId, CommandId, CommandName, Event, LineState, PersonName, PhoneNumber, Timestamp};

/// Rows of the table of events: one for each event of each record.
///
/// | column | what it says |
/// |---|---|
/// | `stream` | the log |
/// | `seq`, `at` | the record |
/// | `place` | which event of the record, from 0 |
/// | `event` | the event's [name](Event::name) |
/// | `announced` | how the reference client names it to its application (the [announcement](crate::announce::announcement), the exception, or the command whose result it is); null for what it keeps quiet, and for native and custom events, which it passes on as they came |
/// | `line` | the state that the line entered |
/// | `chain`, `number`, `name` | what the event [is about](Event::about) |
/// | `command`, `command_name` | the command that the event is of, and which it is, where the event says so |
/// | `code` | the error or the reason of a disconnect |
/// | `detail` | the whole event as JSON, as [`Event`] is serialised; a list of nobody and no list are both `null` there |
pub struct EventRows {
    stream: Labels,
    seq: UInt64Builder,
    at: Times,
    place: UInt32Builder,
    event: Words,
    announced: Words,
    line: Words,
    chain: Texts,
    number: Texts,
    name: Texts,
    command: UInt64Builder,
    command_name: Words,
    code: UInt16Builder,
    /// None: without it.
    detail: Option<Texts>,
    rows: usize,
}

impl Default for EventRows {
    fn default() -> Self {
        Self { detail: Some(Texts::default()), ..Self::without_detail() }
    }
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        required("stream", label()),
        required("seq", DataType::UInt64),
        required("at", moment()),
        required("place", DataType::UInt32),
        required("event", word()),
        optional("announced", word()),
        optional("line", word()),
        optional("chain", DataType::Utf8),
        optional("number", DataType::Utf8),
        optional("name", DataType::Utf8),
        optional("command", DataType::UInt64),
        optional("command_name", word()),
        optional("code", DataType::UInt16),
        required("detail", DataType::Utf8),
    ]
}

impl EventRows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No rows, and none will have the column `detail`, which costs more than all others.
    #[must_use]
    pub fn without_detail() -> Self {
        Self {
            stream: Labels::default(),
            seq: UInt64Builder::default(),
            at: Times::default(),
            place: UInt32Builder::default(),
            event: Words::default(),
            announced: Words::default(),
            line: Words::default(),
            chain: Texts::default(),
            number: Texts::default(),
            name: Texts::default(),
            command: UInt64Builder::default(),
            command_name: Words::default(),
            code: UInt16Builder::default(),
            detail: None,
            rows: 0,
        }
    }

    /// Adds the events of a record.
    ///
    /// # Errors
    /// [`TableError::TooMuchText`] if the batch was not finished long after it was full.
    pub fn push(
        &mut self,
        stream: &str,
        seq: u64,
        at: Timestamp,
        events: &[Event],
    ) -> Result<(), TableError> {
        for (place, event) in (0..).zip(events) {
            self.push_event(stream, seq, at, place, event)?;
        }
        Ok(())
    }

    /// Adds one event of a record: which of them it is, from 0, is its `place`.
    ///
    /// # Errors
    /// As [`EventRows::push`].
    pub fn push_event(
        &mut self,
        stream: &str,
        seq: u64,
        at: Timestamp,
        place: u32,
        event: &Event,
    ) -> Result<(), TableError> {
        let about = event.about();
        self.rows += 1;
        self.stream.push(Some(stream))?;
        self.seq.append_value(seq);
        self.at.push(Some(at));
        self.place.append_value(place);
        self.event.push(Some(event.name()))?;
        self.announced.push(announced_name(event))?;
        self.line.push(about.line.and_then(LineState::name))?;
        self.chain.push(about.chain.map(ChainId::as_str))?;
        self.number.push(about.number.map(PhoneNumber::as_str))?;
        self.name.push(about.name.map(PersonName::as_str))?;
        self.command.append_option(about.command.map(|CommandId(id)| id));
        self.command_name.push(about.command_name.map(CommandName::text))?;
        self.code.append_option(about.code);
        if let Some(detail) = &mut self.detail {
            detail.push(Some(&serde_json::to_string(event)?))?;
        }
        Ok(())
    }
}

impl Rows for EventRows {
    fn table(&self) -> Table {
        Table::Events
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn text_bytes(&self) -> usize {
        let texts = [&self.chain, &self.number, &self.name].into_iter().chain(&self.detail);
        texts.map(Texts::bytes).sum()
    }

    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        self.rows = 0;
        let mut columns = vec![
            self.stream.take(),
            self.seq.take(),
            self.at.take(),
            self.place.take(),
            self.event.take(),
            self.announced.take(),
            self.line.take(),
            self.chain.take(),
            self.number.take(),
            self.name.take(),
            self.command.take(),
            self.command_name.take(),
            self.code.take(),
        ];
        match &mut self.detail {
            Some(detail) => {
                columns.push(detail.take());
                Table::Events.batch(columns)
            }
            None => {
                let (schema, all) = (Table::Events.schema(), 0..columns.len());
                Ok(RecordBatch::try_new(schema.project(&all.collect::<Vec<_>>())?.into(), columns)?)
            }
        }
    }
}
