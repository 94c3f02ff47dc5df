//! The table of calls.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{BooleanBuilder, ListBuilder, StringBuilder, UInt32Builder};
use arrow_schema::{DataType, Field};

use super::columns::{
    Column, Labels, Lengths, Moments, Texts, Words, count, label, length, moment, optional, required, word,
};
use super::{Rows, Table, TableError};
use crate::calls::{Call, CallId, EndedBy, Irregularity, TimeKind};
use crate::{ChainId, PersonName, PhoneNumber, UserId};

/// Rows of the table of calls.
///
/// | column | what it says |
/// |---|---|
/// | `stream` | the log |
/// | `call` | the call's [name](CallId) within its stream |
/// | `chain` | the server's chain |
/// | `direction` | `incoming`, `outgoing`, `unknown` |
/// | `callback` | whether the agent's own phone rang first |
/// | `number`, `name`, `user`, `external`, `menu` | the other side, as it was first known |
/// | `up_when_connected` | whether it was up before the line was first seen: it began earlier than told |
/// | `began`, `answered`, `ended`, and each with `_seq` | when, and the record that proves it |
/// | `waited`, `talk`, `held` | how long it rang or was dialled, was talked on, was on hold |
/// | `outcome`, `ended_by` | what became of it, and through whom, where the wire shows it |
/// | `holds`, `transfers`, `consultations`, `conferences`, `gaps`, `commands` | how many |
/// | `transfer_kind` | how it was passed on last: `blind`, `attended`, `to us` |
/// | `consults_for` | the call for which this one consults |
/// | `irregularities` | what does not fit, in order |
/// | `time_…` | its part of the agent's time, by [kind](TimeKind) |
/// | `agent` | the login of the agent whose line it was on, if it is known |
///
/// A call has one row, pushed when it is over: one that [goes on](crate::calls::CallLog::open_calls) has
/// lengths without its last stretch.
#[derive(Default)]
pub struct CallRows {
    stream: Labels,
    call: Texts,
    chain: Texts,
    direction: Words,
    callback: BooleanBuilder,
    number: Texts,
    name: Texts,
    user: Texts,
    external: BooleanBuilder,
    menu: BooleanBuilder,
    up_when_connected: BooleanBuilder,
    began: Moments,
    answered: Moments,
    ended: Moments,
    waited: Lengths,
    talk: Lengths,
    held: Lengths,
    outcome: Words,
    ended_by: Words,
    holds: UInt32Builder,
    transfers: UInt32Builder,
    transfer_kind: Words,
    consults_for: Texts,
    consultations: UInt32Builder,
    conferences: UInt32Builder,
    gaps: UInt32Builder,
    commands: UInt32Builder,
    irregularities: Irregularities,
    time: [Lengths; TimeKind::ALL.len()],
    agent: Labels,
    rows: usize,
}

pub(super) fn fields() -> Vec<Field> {
    let mut fields = vec![
        required("stream", label()),
        required("call", DataType::Utf8),
        optional("chain", DataType::Utf8),
        required("direction", word()),
        required("callback", DataType::Boolean),
        optional("number", DataType::Utf8),
        optional("name", DataType::Utf8),
        optional("user", DataType::Utf8),
        required("external", DataType::Boolean),
        required("menu", DataType::Boolean),
        required("up_when_connected", DataType::Boolean),
        required("began", moment()),
        optional("answered", moment()),
        optional("ended", moment()),
        required("began_seq", DataType::UInt64),
        optional("answered_seq", DataType::UInt64),
        optional("ended_seq", DataType::UInt64),
        required("waited", length()),
        required("talk", length()),
        required("held", length()),
        required("outcome", word()),
        optional("ended_by", word()),
        required("holds", DataType::UInt32),
        required("transfers", DataType::UInt32),
        optional("transfer_kind", word()),
        optional("consults_for", DataType::Utf8),
        required("consultations", DataType::UInt32),
        required("conferences", DataType::UInt32),
        required("gaps", DataType::UInt32),
        required("commands", DataType::UInt32),
        required("irregularities", DataType::List(irregularity())),
    ];
    fields.extend(TimeKind::ALL.map(|kind| required(&time_column(kind), length())));
    fields.push(optional("agent", label()));
    fields
}

fn irregularity() -> Arc<Field> {
    Arc::new(required("item", DataType::Utf8))
}

/// The column of a kind of time: `time_wrap_up`.
fn time_column(kind: TimeKind) -> String {
    format!("time_{}", kind.text().replace('-', "_"))
}

/// What does not fit about calls: a list of words each.
struct Irregularities(ListBuilder<StringBuilder>);

impl Default for Irregularities {
    fn default() -> Self {
        Self(ListBuilder::new(StringBuilder::new()).with_field(irregularity()))
    }
}

impl Irregularities {
    /// At most 1,000 a call, and the words are ours: there is no text to count.
    fn push(&mut self, irregularities: &[Irregularity]) {
        for irregularity in irregularities {
            self.0.values().append_value(irregularity.kind.text());
        }
        self.0.append(true);
    }
}

impl CallRows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call of an agent: the login, if it is known.
    ///
    /// # Errors
    /// [`TableError::TooMuchText`] if the batch was not finished long after it was full.
    pub fn push(&mut self, stream: &str, agent: Option<&str>, call: &Call) -> Result<(), TableError> {
        let other = &call.other;
        self.rows += 1;
        self.stream.push(Some(stream))?;
        self.call.push(Some(call.id.as_str()))?;
        self.chain.push(call.chain.as_ref().map(ChainId::as_str))?;
        self.direction.push(Some(call.direction.text()))?;
        self.callback.append_value(call.callback);
        self.number.push(other.number.as_ref().map(PhoneNumber::as_str))?;
        self.name.push(other.name.as_ref().map(PersonName::as_str))?;
        self.user.push(other.user.as_ref().map(UserId::as_str))?;
        self.external.append_value(other.external);
        self.menu.append_value(other.menu);
        self.up_when_connected.append_value(call.up_when_connected);
        self.began.push(Some(call.began));
        self.answered.push(call.answered);
        self.ended.push(call.ended);
        self.waited.push(call.waited());
        self.talk.push(call.talk());
        self.held.push(call.held());
        self.outcome.push(Some(call.outcome.text()))?;
        self.ended_by.push(call.ended_by.map(EndedBy::text))?;
        self.holds.append_value(count(&call.holds));
        self.transfers.append_value(count(&call.transfers));
        self.transfer_kind.push(call.transfers.last().map(|transfer| transfer.kind.text()))?;
        self.consults_for.push(call.consults_for.as_ref().map(CallId::as_str))?;
        self.consultations.append_value(count(&call.consultations));
        self.conferences.append_value(count(&call.conferences));
        self.gaps.append_value(count(&call.gaps));
        self.commands.append_value(count(&call.commands));
        self.irregularities.push(&call.irregularities);
        for (column, (_, span)) in self.time.iter_mut().zip(call.time.iter()) {
            column.push(span);
        }
        self.agent.push(agent)?;
        Ok(())
    }
}

impl Rows for CallRows {
    fn table(&self) -> Table {
        Table::Calls
    }

    fn len(&self) -> usize {
        self.rows
    }

    fn text_bytes(&self) -> usize {
        [&self.call, &self.chain, &self.number, &self.name, &self.user, &self.consults_for]
            .into_iter()
            .map(Texts::bytes)
            .sum()
    }

    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        self.rows = 0;
        let mut columns = vec![
            self.stream.take(),
            self.call.take(),
            self.chain.take(),
            self.direction.take(),
            self.callback.take(),
            self.number.take(),
            self.name.take(),
            self.user.take(),
            self.external.take(),
            self.menu.take(),
            self.up_when_connected.take(),
            self.began.at.take(),
            self.answered.at.take(),
            self.ended.at.take(),
            self.began.seq.take(),
            self.answered.seq.take(),
            self.ended.seq.take(),
            self.waited.take(),
            self.talk.take(),
            self.held.take(),
            self.outcome.take(),
            self.ended_by.take(),
            self.holds.take(),
            self.transfers.take(),
            self.transfer_kind.take(),
            self.consults_for.take(),
            self.consultations.take(),
            self.conferences.take(),
            self.gaps.take(),
            self.commands.take(),
            self.irregularities.0.take(),
        ];
        columns.extend(self.time.iter_mut().map(Column::take));
        columns.push(self.agent.take());
        Table::Calls.batch(columns)
    }
}
