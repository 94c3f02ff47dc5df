//! Whether two lists of events say the same, where a part of one was erased.

use serde_json::Value;

use super::seal::has_erased;
use crate::event::Event;

/// The place of the first event in which what was told and what is decided now differ.
///
/// What was erased is the same as anything: with a name's token in its place, what the engine makes of the name
/// (a key, digits) comes out differently; and so does the place in a frame where it cannot be read. `erased` says
/// whether something of the input was ([`Record::erased`](super::Record::erased)).
#[must_use]
pub fn first_difference(told: &[Event], now: &[Event], erased: bool) -> Option<usize> {
    told.iter()
        .zip(now)
        .position(|(told, now)| told != now && !is_same_but_for_erased(told, now, erased))
        .or_else(|| (told.len() != now.len()).then(|| told.len().min(now.len())))
}

fn is_same_but_for_erased(told: &Event, now: &Event, erased: bool) -> bool {
    if let (true, Event::FrameUnreadable { .. }, Event::FrameUnreadable { .. }) = (erased, told, now) {
        return true;
    }
    let (Ok(told), Ok(now)) = (serde_json::to_value(told), serde_json::to_value(now)) else { return false };
    is_same(&told, &now)
}

fn is_same(told: &Value, now: &Value) -> bool {
    match (told, now) {
        (Value::String(told), Value::String(now)) => told == now || has_erased(told) || has_erased(now),
        (Value::Array(told), Value::Array(now)) => {
            told.len() == now.len() && told.iter().zip(now).all(|(told, now)| is_same(told, now))
        }
        (Value::Object(told), Value::Object(now)) => {
            told.len() == now.len()
                && told.iter().zip(now).all(|((key, told), (other, now))| {
                    (key == other || has_erased(key) || has_erased(other)) && is_same(told, now)
                })
        }
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            _,
        ) => told == now,
    }
}
