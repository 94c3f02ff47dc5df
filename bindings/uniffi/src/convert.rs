//! Engine values that cross as what they are: times, lengths of time, and text that is not to be printed.
//!
//! Kotlin and Swift have types of their own for these (`bindgen.toml`): an `Instant` or a `Date`, a `Duration`, and
//! classes for names and numbers whose printing masks them.

use callfold::{JsonText, PersonName, PhoneNumber, Span, Text, Timestamp};

/// A frame to send. It may carry a login, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub String);

/// An id that may have a number in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedId(pub String);

uniffi::custom_type!(Timestamp, i64, {
    remote,
    lower: |at| at.as_micros(),
    try_lift: |micros| Ok(Timestamp::from_micros(micros)),
});
uniffi::custom_type!(Span, i64, {
    remote,
    lower: |span| span.as_micros(),
    try_lift: |micros| Ok(Span::from_micros(micros)),
});
uniffi::custom_type!(PhoneNumber, String, {
    remote,
    lower: |number| number.as_str().to_owned(),
    try_lift: |text| Ok(PhoneNumber::from(text.as_str())),
});
uniffi::custom_type!(PersonName, String, {
    remote,
    lower: |name| name.as_str().to_owned(),
    try_lift: |text| Ok(PersonName::from(text.as_str())),
});
uniffi::custom_type!(JsonText, String, {
    remote,
    lower: |json| json.as_str().to_owned(),
    try_lift: |text| Ok(JsonText::new(&text)),
});
uniffi::custom_type!(SecretText, String, {
    lower: |text| text.0,
    try_lift: |text| Ok(SecretText(text)),
});
uniffi::custom_type!(MaskedId, String, {
    lower: |id| id.0,
    try_lift: |text| Ok(MaskedId(text)),
});

/// Text that is there or not, as it crosses.
pub(crate) fn text(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

/// A login, a comment or another text that names somebody: masked where it is printed.
pub(crate) fn naming(text: &Text) -> PersonName {
    PersonName::from(text.as_str())
}
