//! What the columns of the tables are made of.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    ArrayBuilder, DurationMicrosecondBuilder, StringBuilder, StringDictionaryBuilder,
    TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow_array::types::{ArrowDictionaryKeyType, Int16Type, Int32Type};
use arrow_schema::{DataType, Field, TimeUnit};

use super::TableError;
use crate::calls::Moment;
use crate::{Span, Timestamp};

/// The time zone of all times.
const UTC: &str = "UTC";

/// What an offset into a column's text can count to.
const MAX_TEXT: usize = i32::MAX.unsigned_abs() as usize;

/// A column without nulls.
pub(super) fn required(name: &str, of: DataType) -> Field {
    Field::new(name, of, false)
}

/// A column with nulls.
pub(super) fn optional(name: &str, of: DataType) -> Field {
    Field::new(name, of, true)
}

/// One of a few words of ours.
pub(super) fn word() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8))
}

/// A name that repeats, of which there may be many.
pub(super) fn label() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// A time.
pub(super) fn moment() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// A length of time.
pub(super) fn length() -> DataType {
    DataType::Duration(TimeUnit::Microsecond)
}

/// A column that grows and is taken as an array, which leaves it empty.
pub(super) trait Column {
    fn take(&mut self) -> ArrayRef;
}

impl<B: ArrayBuilder> Column for B {
    fn take(&mut self) -> ArrayRef {
        self.finish()
    }
}

/// Counts the text of a column, so that it is refused before arrow's offsets overflow: they would panic.
#[derive(Default)]
struct Room {
    bytes: usize,
}

impl Room {
    fn fit(&mut self, text: &str) -> Result<(), TableError> {
        let bytes = self.bytes.saturating_add(text.len());
        if bytes > MAX_TEXT {
            return Err(TableError::TooMuchText);
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// Text.
#[derive(Default)]
pub(super) struct Texts {
    builder: StringBuilder,
    room: Room,
}

impl Texts {
    pub(super) fn push(&mut self, text: Option<&str>) -> Result<(), TableError> {
        if let Some(text) = text {
            self.room.fit(text)?;
        }
        self.builder.append_option(text);
        Ok(())
    }

    pub(super) const fn bytes(&self) -> usize {
        self.room.bytes
    }
}

impl Column for Texts {
    fn take(&mut self) -> ArrayRef {
        self.room = Room::default();
        Arc::new(self.builder.finish())
    }
}

/// Text of which each is kept once.
pub(super) struct Dictionary<K: ArrowDictionaryKeyType> {
    builder: StringDictionaryBuilder<K>,
    /// Counts text that is there already, too: it is a bound, not a length.
    room: Room,
}

/// A column of [`word`]s.
pub(super) type Words = Dictionary<Int16Type>;
/// A column of [`label`]s.
pub(super) type Labels = Dictionary<Int32Type>;

impl<K: ArrowDictionaryKeyType> Default for Dictionary<K> {
    fn default() -> Self {
        Self { builder: StringDictionaryBuilder::new(), room: Room::default() }
    }
}

impl<K: ArrowDictionaryKeyType> Dictionary<K> {
    pub(super) fn push(&mut self, text: Option<&str>) -> Result<(), TableError> {
        match text {
            Some(text) => {
                self.room.fit(text)?;
                self.builder.append(text)?;
            }
            None => self.builder.append_null(),
        }
        Ok(())
    }

    pub(super) const fn bytes(&self) -> usize {
        self.room.bytes
    }
}

impl<K: ArrowDictionaryKeyType> Column for Dictionary<K> {
    fn take(&mut self) -> ArrayRef {
        self.room = Room::default();
        Arc::new(self.builder.finish())
    }
}

/// Times.
pub(super) struct Times(TimestampMicrosecondBuilder);

impl Times {
    pub(super) fn push(&mut self, at: Option<Timestamp>) {
        self.0.append_option(at.map(Timestamp::as_micros));
    }
}

impl Default for Times {
    fn default() -> Self {
        Self(TimestampMicrosecondBuilder::new().with_timezone(UTC))
    }
}

impl Column for Times {
    fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Times with the records that prove them: two columns.
#[derive(Default)]
pub(super) struct Moments {
    pub(super) at: Times,
    pub(super) seq: UInt64Builder,
}

impl Moments {
    pub(super) fn push(&mut self, moment: Option<Moment>) {
        self.at.push(moment.map(|moment| moment.at));
        self.seq.append_option(moment.map(|moment| moment.seq));
    }
}

/// Lengths of time.
#[derive(Default)]
pub(super) struct Lengths(DurationMicrosecondBuilder);

impl Lengths {
    pub(super) fn push(&mut self, span: Span) {
        self.0.append_value(span.as_micros());
    }
}

impl Column for Lengths {
    fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// How many there are, held at what a column can count.
pub(super) fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_refused_before_it_is_taken() {
        let mut texts = Texts { room: Room { bytes: MAX_TEXT - 1 }, ..Texts::default() };
        texts.push(Some("a")).unwrap();
        assert!(matches!(texts.push(Some("b")), Err(TableError::TooMuchText)));
        texts.push(None).unwrap();
        assert_eq!(texts.take().len(), 2);
        assert_eq!(texts.bytes(), 0);

        let mut words = Words { room: Room { bytes: MAX_TEXT }, ..Words::default() };
        assert!(matches!(words.push(Some("a")), Err(TableError::TooMuchText)));
    }

    #[test]
    fn more_words_than_there_are_keys_are_an_error() {
        let mut words = Words::default();
        for n in 0..=i16::MAX {
            words.push(Some(&n.to_string())).unwrap();
        }
        words.push(Some("7")).unwrap();
        assert!(matches!(words.push(Some("one more")), Err(TableError::Arrow(_))));
    }
}
