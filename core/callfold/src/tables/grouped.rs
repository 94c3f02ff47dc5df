//! Time added up by whatever is asked for.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::builder::Date32Builder;
use arrow_schema::{DataType, Field, Schema};

use super::columns::{Column, Labels, Lengths, Texts, Words, label, length, required, word};
use super::{METADATA_KEY, TableError, VERSION};
use crate::Span;
use crate::calls::{Call, TimeKind, TimeLedger};

/// What time is added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TimeKey {
    /// The stream.
    Stream,
    /// The agent's login.
    Agent,
    /// The call: time that was spent on one. It cannot be told by day.
    Call,
    /// The day, in the ledger's time.
    Day,
}

impl TimeKey {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 4] = [Self::Stream, Self::Agent, Self::Call, Self::Day];

    /// The name of its column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Agent => "agent",
            Self::Call => "call",
            Self::Day => "day",
        }
    }

    /// The key of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

/// A place in the sum; what it is not added up by is left empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    stream: String,
    agent: String,
    call: String,
    day: i32,
    kind: usize,
}

/// Adds time up by any of [`TimeKey`], and always by its kind: columns for the keys, then `kind` and `length`, and a row for
/// each that is not nothing.
///
/// ```
/// use callfold::calls::TimeLedger;
/// use callfold::tables::{GroupedTime, TimeKey};
///
/// let mut time = GroupedTime::by(&[TimeKey::Agent]);
/// time.add("line 101", &TimeLedger::default(), |_| true);
/// assert_eq!(time.finish()?.num_columns(), 3);
/// # Ok::<(), callfold::tables::TableError>(())
/// ```
#[derive(Debug, Default)]
pub struct GroupedTime {
    by: Vec<TimeKey>,
    sums: BTreeMap<Place, Span>,
}

impl GroupedTime {
    /// Nothing yet; to be added up by these. Their order does not matter.
    #[must_use]
    pub fn by(keys: &[TimeKey]) -> Self {
        let mut by = keys.to_vec();
        by.sort_unstable();
        by.dedup();
        Self { by, sums: BTreeMap::new() }
    }

    fn sum(&mut self, place: Place, length: Span) {
        if length != Span::ZERO {
            let sum = self.sums.entry(place).or_default();
            *sum = *sum + length;
        }
    }

    fn text(&self, key: TimeKey, text: &str) -> String {
        if self.by.contains(&key) { text.to_owned() } else { String::new() }
    }

    /// Adds the days of a stream's ledger that are wanted: days since 1970-01-01 in the ledger's time.
    pub fn add(&mut self, stream: &str, ledger: &TimeLedger, wanted: impl Fn(i64) -> bool) {
        for (agent, day, totals) in ledger.by_agent_and_day().filter(|(_, day, _)| wanted(day.0)) {
            let place = Place {
                stream: self.text(TimeKey::Stream, stream),
                agent: self.text(TimeKey::Agent, agent.as_str()),
                call: String::new(),
                day: if self.by.contains(&TimeKey::Day) {
                    i32::try_from(day.0).unwrap_or(i32::MAX)
                } else {
                    0
                },
                kind: 0,
            };
            for (kind, (_, length)) in totals.iter().enumerate() {
                self.sum(Place { kind, ..place.clone() }, length);
            }
        }
    }

    /// Adds the time that was spent on a call.
    pub fn add_call(&mut self, stream: &str, agent: Option<&str>, call: &Call) {
        let place = Place {
            stream: self.text(TimeKey::Stream, stream),
            agent: self.text(TimeKey::Agent, agent.unwrap_or_default()),
            call: self.text(TimeKey::Call, call.id.as_str()),
            ..Place::default()
        };
        for (kind, (_, length)) in call.time.iter().enumerate() {
            self.sum(Place { kind, ..place.clone() }, length);
        }
    }

    /// The table. Its schema says that it is of the table of time; it has the columns that were asked for.
    ///
    /// # Errors
    /// [`TableError::TooMuchText`] if there are more names than fit in one batch.
    pub fn finish(self) -> Result<RecordBatch, TableError> {
        let mut fields: Vec<Field> = Vec::new();
        for key in &self.by {
            fields.push(match key {
                TimeKey::Stream | TimeKey::Agent => required(key.name(), label()),
                TimeKey::Call => required(key.name(), DataType::Utf8),
                TimeKey::Day => required(key.name(), DataType::Date32),
            });
        }
        fields.extend([required("kind", word()), required("length", length())]);
        let (mut streams, mut agents, mut calls) = (Labels::default(), Labels::default(), Texts::default());
        let (mut days, mut kinds, mut lengths) = (Date32Builder::new(), Words::default(), Lengths::default());
        for (place, length) in &self.sums {
            let kind = TimeKind::ALL.get(place.kind).map(|kind| kind.text());
            streams.push(Some(&place.stream))?;
            agents.push(Some(&place.agent))?;
            calls.push(Some(&place.call))?;
            days.append_value(place.day);
            kinds.push(kind)?;
            lengths.push(*length);
        }
        let mut columns = Vec::new();
        for key in &self.by {
            columns.push(match key {
                TimeKey::Stream => streams.take(),
                TimeKey::Agent => agents.take(),
                TimeKey::Call => calls.take(),
                TimeKey::Day => days.take(),
            });
        }
        columns.extend([kinds.take(), lengths.take()]);
        let metadata = [(METADATA_KEY.to_owned(), format!("time/{VERSION}"))];
        let schema = Schema::new_with_metadata(fields, metadata.into());
        Ok(RecordBatch::try_new(schema.into(), columns)?)
    }
}

#[cfg(test)]
mod tests {
    use callfold_engine::Timestamp;
    use callfold_engine::calls::CallLog;

    use super::*;
    use crate::replay::{self, CallReader};

    fn ledgers() -> (Vec<Call>, TimeLedger) {
        let session = include_bytes!("../../../../tests/vectors/named/hold-and-back.jsonl");
        let mut calls = CallReader::default();
        replay::run(&session[..], &mut calls).unwrap();
        let (over, ledger) = calls.finish();
        (over.calls, ledger)
    }

    fn sum(batch: &RecordBatch) -> i64 {
        let lengths = batch.column_by_name("length").unwrap();
        let lengths = lengths.as_any().downcast_ref::<arrow_array::DurationMicrosecondArray>().unwrap();
        lengths.values().iter().sum()
    }

    #[test]
    fn however_it_is_added_up_it_is_the_same_time() {
        let (_, ledger) = ledgers();
        assert!(ledger.logged_in() > Span::ZERO);
        for by in [&[][..], &[TimeKey::Day], &[TimeKey::Day, TimeKey::Agent, TimeKey::Stream]] {
            let mut time = GroupedTime::by(by);
            time.add("a", &ledger, |_| true);
            time.add("b", &ledger, |_| true);
            let batch = time.finish().unwrap();
            assert_eq!(batch.num_columns(), by.len() + 2);
            assert_eq!(sum(&batch), 2 * ledger.logged_in().as_micros());
        }
    }

    #[test]
    fn days_that_are_not_wanted_are_left_out_and_calls_have_their_part() {
        let (calls, ledger) = ledgers();
        let mut none = GroupedTime::by(&[TimeKey::Stream]);
        none.add("a", &ledger, |_| false);
        assert_eq!(none.finish().unwrap().num_rows(), 0);

        let mut time = GroupedTime::by(&[TimeKey::Call]);
        calls.iter().for_each(|call| time.add_call("a", None, call));
        let spent: i64 = calls.iter().map(|call| call.time.sum().as_micros()).sum();
        assert!(spent > 0);
        assert_eq!(sum(&time.finish().unwrap()), spent);
    }

    #[test]
    fn an_empty_ledger_is_an_empty_table() {
        let mut log = CallLog::new(Span::ZERO);
        log.time_passes_until(Timestamp::from_millis(5));
        let mut time = GroupedTime::by(&TimeKey::ALL);
        time.add("a", log.ledger(), |_| true);
        assert_eq!(time.finish().unwrap().num_rows(), 0);
    }
}
