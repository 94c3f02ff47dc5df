//! Scalars as servers of several versions send them: numbers as text, flags as 1/0, ids as numbers.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

/// Text, or a number taken as text. Empty text counts as absent wherever a rule asks for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str<'a>(pub Cow<'a, str>);

impl Str<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What of an optional text is there: `None` and empty text are the same.
#[must_use]
pub fn given<'s>(text: &'s Option<Str<'_>>) -> Option<&'s str> {
    text.as_ref().map(Str::as_str).filter(|text| !text.is_empty())
}

struct StrVisitor;

impl<'de> Visitor<'de> for StrVisitor {
    type Value = Str<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a whole number")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Str<'de>, E> {
        whole(number).map(|number| Str(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Str<'de>, E> {
        // JavaScript servers say `false` for "none".
        Ok(Str(Cow::Borrowed(if flag { "true" } else { "" })))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrVisitor)
    }
}

/// A whole number, as a JSON number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int(pub i64);

struct IntVisitor;

impl Visitor<'_> for IntVisitor {
    type Value = Int;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Int, E> {
        Ok(Int(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Int, E> {
        i64::try_from(number).map(Int).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Int, E> {
        whole(number).map(Int)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Int, E> {
        Ok(Int(i64::from(flag)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Int, E> {
        // The text itself may be a phone number in the wrong place: it stays out of the error.
        text.trim().parse().map(Int).map_err(|_| E::invalid_value(Unexpected::Other("text"), &self))
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor)
    }
}

/// `true`, `1` or `"1"` against `false`, `0`, `""` or `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, 1 or 0")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Flag, E> {
        match text {
            "" | "0" | "false" => Ok(Flag(false)),
            "1" | "true" => Ok(Flag(true)),
            _ => Err(E::invalid_value(Unexpected::Other("text"), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Flag, E> {
        Ok(Flag(false))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// A JSON object. A list in its place would be read field by field in the order of the type, which means
/// nothing on the wire.
#[derive(Debug, Default)]
pub struct Object<T>(T);

impl<T> Object<T> {
    /// What the object says.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }

    pub(super) const fn inner_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// JSON has one kind of number: `8.0` is 8. Past 64 bits, or with a fraction, it is not ours to read.
fn whole<E: de::Error>(number: f64) -> Result<i64, E> {
    let text = number.to_string();
    text.parse().map_err(|_| E::custom(super::frame::OUT_OF_RANGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_come_as_a_number() {
        for (json, text) in
            [("\"8\"", "8"), ("8", "8"), ("-8", "-8"), ("8.0", "8"), ("false", ""), ("true", "true")]
        {
            assert_eq!(serde_json::from_str::<Str<'_>>(json).unwrap().as_str(), text);
        }
        assert!(serde_json::from_str::<Str<'_>>("[]").is_err());
    }

    #[test]
    fn numbers_may_come_as_text() {
        for (json, number) in [("\"-5\"", -5), ("7", 7), ("7.0", 7), ("true", 1)] {
            assert_eq!(serde_json::from_str::<Int>(json).unwrap(), Int(number));
        }
        for json in ["\"x\"", "18446744073709551615", "123456789012345678901234567890", "1.5", "{}"] {
            assert!(serde_json::from_str::<Int>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn result_is_one_zero_true_or_false() {
        for (json, flag) in
            [("1", true), ("0", false), ("true", true), ("false", false), ("\"1\"", true), ("null", false)]
        {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(flag));
        }
        assert!(serde_json::from_str::<Flag>("\"perhaps\"").is_err());
    }

    #[test]
    fn an_error_does_not_repeat_what_was_in_the_field() {
        let error = serde_json::from_str::<Int>("\"+7 916 123\"").unwrap_err().to_string();
        assert!(!error.contains("916"), "{error}");
    }
}
