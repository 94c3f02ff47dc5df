//! Shared text and the newtypes that keep one kind of id from being taken for another.
//!
//! Everything the server names is kept as an `Arc<str>`: events, view and snapshots share one copy.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Immutable text that is shared, never copied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Text(Arc<str>);

// What serde derives for an `Arc<str>` allocates and copies twice.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_newtype_struct("Text", TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Text, D::Error> {
        from.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::from(text))
    }
}

impl Text {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Text);

        impl $name {
            /// The value as the wire or the application gave it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        // So that a map keyed by ids is searched with borrowed text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Text::from(text))
            }
        }

        impl From<Text> for $name {
            fn from(text: Text) -> Self {
                Self(text)
            }
        }
    };
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        text_newtype!($(#[$doc])* $name);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Personal data: kept in full, but masked wherever it would be printed for diagnosis.
macro_rules! personal {
    ($(#[$doc:meta])* $name:ident) => {
        text_newtype!($(#[$doc])* $name);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} characters)", stringify!($name), self.as_str().chars().count())
            }
        }
    };
}

id!(
    /// A user of the PBX (`userid`).
    UserId
);
id!(
    /// A conference (`conferenceid`, `confid`).
    ConferenceId
);
id!(
    /// A chain: every leg of one customer's call (`chainid`).
    ChainId
);

impl ChainId {
    /// The GUID of zeros by which the server says that there is no chain.
    pub const NONE: &'static str = "00000000-0000-0000-0000-000000000000";

    /// Whether this is the all-zero GUID.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.as_str() == Self::NONE
    }
}

personal!(
    /// What tells one party from another (spec part 2, "The one party"): an id, or a phone number.
    PartyKey
);
personal!(
    /// A phone number as it was dialled, told or asked for; never normalised.
    PhoneNumber
);
personal!(
    /// The name of a person, a line or a menu.
    PersonName
);

/// JSON text exactly as the server or the application gave it.
///
/// It may hold anything a server cares to say, so it is not printed for diagnosis.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonText(Text);

impl JsonText {
    /// Keeps `text`, which the caller has already found to be JSON.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Text::from(text))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same without what its keys call a secret, in JSON within its strings too. What a record keeps of JSON that
    /// an application passes on.
    #[must_use]
    pub(crate) fn without_secrets(&self) -> Self {
        crate::wire::json_without_secrets(self.as_str()).map_or_else(|| self.clone(), |text| Self::new(&text))
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonText({} bytes)", self.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_are_masked_when_printed_for_diagnosis() {
        let shown = format!("{:?} {:?}", PhoneNumber::from("+79161234567"), PersonName::from("Иванов"));
        assert_eq!(shown, "PhoneNumber(12 characters) PersonName(6 characters)");
    }
}
