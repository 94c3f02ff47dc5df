//! Cuts the text of a frame into what stays readable and what is sealed.
//!
//! It does not ask whether the text is JSON: a frame that cannot be read is recorded as well. Put together
//! again, the lexemes are the text, byte for byte.

use std::borrow::Cow;

use super::words::{is_code_key, is_plain};
use crate::wire::{end_of_string, skip_space};

/// A stretch of a frame's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'t> {
    /// As it stands: punctuation, words of the protocol.
    Literal(&'t str),
    /// A string, written as JSON writes it.
    Text(Cow<'t, str>),
    /// Something of somebody's, written in a way of its own: a number without quotes, a string with escapes that
    /// need not be, a word outside of any string.
    Spelled {
        /// What it says.
        subject: Cow<'t, str>,
        /// How it is written.
        raw: &'t str,
    },
    /// The content of a piece of a long message: what it says, or how it is written where that has escapes.
    Piece(&'t str),
}

/// The most digits of a code. Longer ones may be a telephone's, whatever the key says.
const MAX_CODE: usize = 6;
/// From how many digits on a number may be a telephone's.
const MIN_DIGITS: usize = 3;

/// Cuts `text`, which may be a piece of a long message; `each` gets the lexemes in order.
pub(super) fn cut<'t>(text: &'t str, is_piece: bool, mut each: impl FnMut(Lexeme<'t>)) {
    let bytes = text.as_bytes();
    let mut literal_from = 0;
    let mut place = 0;
    let mut key = Key::Any;
    while let Some(byte) = bytes.get(place) {
        let start = place;
        let lexeme = match byte {
            b'"' => {
                place = end_of_string(bytes, start);
                let raw = text.get(start..place).unwrap_or_default();
                let names_value = bytes.get(skip_space(bytes, place)) == Some(&b':');
                let before = key;
                let (said, is_canonical) = read(raw);
                key = if names_value { Key::of(&said) } else { Key::Any };
                if is_piece && before == Key::Content && !names_value {
                    // Without an escape it is what stands between the quotes.
                    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                    Some(Lexeme::Piece(inner.filter(|inner| !inner.contains('\\')).unwrap_or(raw)))
                } else if is_canonical && (is_plain(&said) || (!names_value && before.leaves(&said))) {
                    None
                } else if is_canonical {
                    Some(Lexeme::Text(said))
                } else {
                    Some(Lexeme::Spelled { subject: said, raw })
                }
            }
            b'0'..=b'9' | b'-' | b'+' => {
                place = end_of_run(bytes, start);
                let raw = text.get(start..place).unwrap_or_default();
                let before = std::mem::replace(&mut key, Key::Any);
                let digits = raw.bytes().filter(u8::is_ascii_digit).count();
                let is_number =
                    raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                let is_short = is_number && digits < MIN_DIGITS;
                (!is_short && !before.leaves(raw))
                    .then_some(Lexeme::Spelled { subject: Cow::Borrowed(raw), raw })
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'\\' | 0x80.. => {
                place = end_of_run(bytes, start);
                let raw = text.get(start..place).unwrap_or_default();
                key = Key::Any;
                (!matches!(raw, "true" | "false" | "null"))
                    .then_some(Lexeme::Spelled { subject: Cow::Borrowed(raw), raw })
            }
            b'[' | b'{' | b',' => {
                key = Key::Any;
                place += 1;
                None
            }
            _ => {
                place += 1;
                None
            }
        };
        if let Some(lexeme) = lexeme {
            if literal_from < start {
                each(Lexeme::Literal(text.get(literal_from..start).unwrap_or_default()));
            }
            each(lexeme);
            literal_from = place;
        }
    }
    if literal_from < bytes.len() {
        each(Lexeme::Literal(text.get(literal_from..).unwrap_or_default()));
    }
}

/// What the key before a value says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Any,
    /// A code, a state, a count.
    Code,
    /// The id of a request or a message.
    Id,
    Content,
}

impl Key {
    fn of(key: &str) -> Self {
        match key {
            "content" => Self::Content,
            "qid" | "message-id" => Self::Id,
            _ if is_code_key(key) => Self::Code,
            _ => Self::Any,
        }
    }

    /// Whether a value that is called so stays readable: nobody's number is so short, nobody's name looks so.
    fn leaves(self, value: &str) -> bool {
        match self {
            Self::Any | Self::Content => false,
            Self::Code => value.len() <= MAX_CODE && value.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Id => value.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'-')),
        }
    }
}

/// What a string with its quotes says, and whether JSON would write it just so. One that cannot be read says
/// itself.
fn read(raw: &str) -> (Cow<'_, str>, bool) {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) =
        inner.filter(|inner| inner.bytes().all(|byte| byte >= 0x20 && byte != b'\\' && byte != b'"'))
    {
        return (Cow::Borrowed(inner), true);
    }
    match serde_json::from_str::<String>(raw) {
        Ok(said) => {
            let is_canonical = serde_json::to_string(&said).is_ok_and(|written| written == raw);
            (Cow::Owned(said), is_canonical)
        }
        Err(_) => (Cow::Borrowed(raw), false),
    }
}

/// The place behind a run of what is neither punctuation nor space.
fn end_of_run(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'"' | b',' | b':' | b'[' | b']' | b'{' | b'}') || *byte <= b' ';
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().position(ends).map_or(bytes.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_piece(text: &str) -> bool {
        text.contains("multipart")
    }

    /// The lexemes put together again.
    fn whole(text: &str) -> String {
        let mut whole = String::new();
        cut(text, is_piece(text), |lexeme| match lexeme {
            Lexeme::Literal(raw) | Lexeme::Spelled { raw, .. } => whole.push_str(raw),
            Lexeme::Piece(said) if !said.starts_with('"') => {
                whole.push_str(&serde_json::to_string(said).unwrap());
            }
            Lexeme::Piece(raw) => whole.push_str(raw),
            Lexeme::Text(said) => {
                whole.push_str(&serde_json::to_string(&said).unwrap());
            }
        });
        whole
    }

    fn sealed(text: &str) -> Vec<String> {
        let mut sealed = Vec::new();
        cut(text, is_piece(text), |lexeme| match lexeme {
            Lexeme::Literal(_) => {}
            Lexeme::Text(said) => sealed.push(said.into_owned()),
            Lexeme::Spelled { subject, raw } => sealed.push(format!("{subject}←{raw}")),
            Lexeme::Piece(said) => sealed.push(format!("piece {said}")),
        });
        assert_eq!(whole(text), text);
        sealed
    }

    #[test]
    fn what_is_somebodys_is_sealed_and_the_rest_stays() {
        assert_eq!(
            sealed(
                r#"["phoneevent_ringstarted",{"qid":"12345","callerid":"+79161234567","isextline":true,"userstateid":105}]"#
            ),
            ["+79161234567"]
        );
        assert_eq!(sealed(r#"["x y",{"ivanov":102,"n":12,"state":4711}]"#), ["x y", "ivanov", "102←102"]);
        assert_eq!(sealed(r#"["multipart",{"message-id":"77","content":"QUJD"}]"#), ["piece QUJD"]);
        assert_eq!(sealed(r#"["multipart",{"content":"QU\/D"}]"#), [r#"piece "QU\/D""#]);
        assert_eq!(sealed(r#"["ping",{"content":"QUJD"}]"#), ["QUJD"]);
        assert_eq!(
            sealed(
                r#"["x1",{"result":"+79161234567","state":79161234567,"error":"Иванов","qid":"0.33","dated":150601}]"#
            ),
            ["x1", "+79161234567", "79161234567←79161234567", "Иванов"]
        );
    }

    #[test]
    fn however_it_is_spelled() {
        assert_eq!(sealed(r#"{"name":"\u0418\u0432"}"#), [r#"Ив←"\u0418\u0432""#]);
        assert_eq!(sealed(r#"{"name":"a\nb"}"#), ["a\nb"]);
        assert_eq!(
            sealed("[\"a\tb\", Иван, 1e400, nul]"),
            ["\"a\tb\"←\"a\tb\"", "Иван←Иван", "1e400←1e400", "nul←nul"]
        );
        assert_eq!(sealed(r#"["cut short"#), [r#""cut short←"cut short"#]);
        assert_eq!(sealed(r#"["\"#), [r#""\←"\"#]);
    }

    proptest! {
        #[test]
        fn put_together_again_it_is_the_text(text in "\\PC{0,40}", json in "[\\[{\"\\\\a-zЯ0-9:, ]{0,60}") {
            prop_assert_eq!(whole(&text), text);
            prop_assert_eq!(whole(&json), json);
        }
    }
}
