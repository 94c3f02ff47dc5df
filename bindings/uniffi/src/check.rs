//! What an application asks for, looked at before anything is read.

use callfold::problem::ProblemCode;
use callfold::{Span, Timestamp};

use crate::error::CallfoldError;

/// Refused if nothing can be in the range.
pub(crate) fn range(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), CallfoldError> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => {
            Err(bad_range("nothing is in this range: `from` is not before `to`"))
        }
        _ => Ok(()),
    }
}

/// Refused if a length of time is below nothing.
pub(crate) fn length(name: &str, length: Option<Span>) -> Result<(), CallfoldError> {
    match length {
        Some(length) if length < Span::ZERO => Err(bad_range(&format!("`{name}` is below nothing"))),
        _ => Ok(()),
    }
}

/// How far ahead of UTC a place is: a day at most.
pub(crate) fn from_utc(offset: Option<Span>) -> Result<Span, CallfoldError> {
    const DAY: i64 = 86_400_000_000;
    let offset = offset.unwrap_or_default();
    if offset.as_micros().unsigned_abs() > DAY.unsigned_abs() {
        return Err(bad_range("no place is so far from UTC"));
    }
    Ok(offset)
}

fn bad_range(why: &str) -> CallfoldError {
    CallfoldError::of(ProblemCode::BadRange, why)
}
