//! Long messages arrive cut up (spec part 1, "Frames"). The pieces are joined as bytes, because a cut may
//! fall inside a letter, and what a server can make us hold is bounded.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::body;
use super::lenient::given;
use crate::text::Text;
use crate::time::{Span, Timestamp};

/// The most pieces a message may have.
pub const MAX_PARTS: usize = 64;
/// The most bytes a message may have.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes that all open messages may have together.
pub const MAX_BYTES_ALL: usize = 2 * MAX_BYTES;
/// The most messages that may be open at once.
pub const MAX_OPEN: usize = 8;
/// How long a message may stay open after its first piece.
pub const MAX_AGE: Span = Span::from_secs(30);

/// The longest message id.
const MAX_ID_BYTES: usize = 256;

/// Why a piece, and with it its message, was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RefusedPart {
    /// It has no message id (or one of over 256 bytes), no number or no content.
    Incomplete,
    /// Its message has no pieces, or more than [`MAX_PARTS`].
    Count,
    /// Its number is not below the count.
    Number,
    /// It gives another count than the pieces before it.
    CountChanged,
    /// It came before, with other content.
    Contradiction,
    /// Its content is not base64.
    Encoding,
    /// The message is longer than [`MAX_BYTES`], or all open ones together than [`MAX_BYTES_ALL`].
    Bytes,
    /// [`MAX_OPEN`] messages are open already.
    Open,
    /// The message was not complete [`MAX_AGE`] after its first piece.
    Age,
}

impl RefusedPart {
    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Incomplete => "a piece without a fit message id, number or content",
            Self::Count => "no pieces, or more than 64",
            Self::Number => "the number of a piece is not below their count",
            Self::CountChanged => "the count of pieces changed",
            Self::Contradiction => "a piece came twice with different content",
            Self::Encoding => "content that is not base64",
            Self::Bytes => "longer than 4 MiB, or 8 MiB with the other open messages",
            Self::Open => "8 messages are open already",
            Self::Age => "not complete after 30 s",
        }
    }
}

/// The messages of which not all pieces have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multipart {
    open: Vec<Open>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    id: Text,
    since: Timestamp,
    count: usize,
    parts: BTreeMap<usize, Vec<u8>>,
}

impl Open {
    fn bytes(&self) -> usize {
        self.parts.values().map(Vec::len).sum()
    }
}

/// What came of a piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Assembled {
    /// More pieces are to come.
    Waiting,
    /// The last piece came: the whole message.
    Whole(Vec<u8>),
    /// The piece was refused and its message, if any, given up.
    Refused(RefusedPart),
}

impl Multipart {
    /// Takes one piece.
    pub(crate) fn take(&mut self, at: Timestamp, piece: &body::Multipart<'_>) -> Assembled {
        let (Some(id), Some(number), Some(content)) =
            (given(&piece.message_id), piece.packetnumber, given(&piece.content))
        else {
            return Assembled::Refused(RefusedPart::Incomplete);
        };
        if id.len() > MAX_ID_BYTES {
            return Assembled::Refused(RefusedPart::Incomplete);
        }
        match self.add(at, id, piece, number.0, content) {
            Ok(assembled) => assembled,
            Err(why) => {
                self.open.retain(|open| open.id.as_str() != id);
                Assembled::Refused(why)
            }
        }
    }

    fn add(
        &mut self,
        at: Timestamp,
        id: &str,
        piece: &body::Multipart<'_>,
        number: i64,
        content: &str,
    ) -> Result<Assembled, RefusedPart> {
        let count = piece
            .packetcount
            .and_then(|count| usize::try_from(count.0).ok())
            .filter(|count| (1..=MAX_PARTS).contains(count))
            .ok_or(RefusedPart::Count)?;
        let number =
            usize::try_from(number).ok().filter(|number| *number < count).ok_or(RefusedPart::Number)?;
        let base64 =
            piece.encoding.as_ref().is_none_or(|encoding| encoding.as_str().eq_ignore_ascii_case("base64"));
        if !base64 {
            return Err(RefusedPart::Encoding);
        }
        if content.len() / 4 * 3 > MAX_BYTES {
            return Err(RefusedPart::Bytes);
        }
        let bytes = STANDARD.decode(content).map_err(|_| RefusedPart::Encoding)?;
        let all: usize = self.open.iter().map(Open::bytes).sum();

        let place = match self.open.iter().position(|open| open.id.as_str() == id) {
            Some(place) => place,
            None if self.open.len() == MAX_OPEN => return Err(RefusedPart::Open),
            None => {
                self.open.push(Open { id: Text::from(id), since: at, count, parts: BTreeMap::new() });
                self.open.len() - 1
            }
        };
        let Some(open) = self.open.get_mut(place) else { return Ok(Assembled::Waiting) };
        if open.count != count {
            return Err(RefusedPart::CountChanged);
        }
        if let Some(before) = open.parts.get(&number) {
            return if *before == bytes { Ok(Assembled::Waiting) } else { Err(RefusedPart::Contradiction) };
        }
        if open.bytes() + bytes.len() > MAX_BYTES || all + bytes.len() > MAX_BYTES_ALL {
            return Err(RefusedPart::Bytes);
        }
        open.parts.insert(number, bytes);
        if open.parts.len() < count {
            return Ok(Assembled::Waiting);
        }
        let whole = self.open.swap_remove(place);
        Ok(Assembled::Whole(whole.parts.into_values().flatten().collect()))
    }

    /// Whether no message is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Gives up the messages that are too old; how many.
    pub(crate) fn expire(&mut self, at: Timestamp) -> usize {
        let before = self.open.len();
        self.open.retain(|open| open.since + MAX_AGE > at);
        before - self.open.len()
    }

    /// When the oldest open message is given up.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.open.iter().map(|open| open.since + MAX_AGE).min()
    }

    /// Forgets everything: the connection is gone.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Body, Frame};
    use super::*;

    const START: Timestamp = Timestamp::from_millis(0);

    fn piece(id: &str, count: i64, number: i64, content: &[u8]) -> String {
        let content = STANDARD.encode(content);
        format!(
            r#"["multipart",{{"message-id":"{id}","packetcount":{count},"packetnumber":{number},"content-transfer-encoding":"base64","content":"{content}"}}]"#
        )
    }

    fn take(parts: &mut Multipart, at: Timestamp, text: &str) -> Assembled {
        let Body::Multipart(body) = Frame::decode(text).unwrap().body else { panic!("{text}") };
        parts.take(at, &body)
    }

    #[test]
    fn a_cut_inside_a_letter_is_joined_as_bytes_in_packet_order() {
        let whole = "Привет".as_bytes();
        let (left, right) = whole.split_at(3);
        let mut parts = Multipart::default();
        assert_eq!(take(&mut parts, START, &piece("m", 2, 1, right)), Assembled::Waiting);
        assert_eq!(take(&mut parts, START, &piece("m", 2, 1, right)), Assembled::Waiting, "doubled");
        assert_eq!(take(&mut parts, START, &piece("m", 2, 0, left)), Assembled::Whole(whole.to_vec()));
        assert_eq!(parts, Multipart::default(), "nothing is kept of a whole message");
    }

    #[test]
    fn every_bound_is_refused_with_its_reason_and_nothing_is_kept() {
        let refused = |text: &str| {
            let mut parts = Multipart::default();
            let what = take(&mut parts, START, text);
            assert_eq!(parts, Multipart::default(), "{text}");
            what
        };
        for count in [0, -1, 65, i64::from(i32::MAX) + 1] {
            assert_eq!(refused(&piece("m", count, 0, b"x")), Assembled::Refused(RefusedPart::Count));
        }
        for number in [-1, 2] {
            assert_eq!(refused(&piece("m", 2, number, b"x")), Assembled::Refused(RefusedPart::Number));
        }
        assert_eq!(refused(r#"["multipart",{}]"#), Assembled::Refused(RefusedPart::Incomplete));
        assert_eq!(
            refused(&piece(&"m".repeat(257), 1, 0, b"x")),
            Assembled::Refused(RefusedPart::Incomplete)
        );
        let not_base64 = r#"["multipart",{"message-id":"m","packetcount":1,"packetnumber":0,"content":"!"}]"#;
        assert_eq!(refused(not_base64), Assembled::Refused(RefusedPart::Encoding));
    }

    #[test]
    fn a_message_that_contradicts_itself_is_given_up() {
        let mut parts = Multipart::default();
        take(&mut parts, START, &piece("m", 3, 0, b"x"));
        let changed = take(&mut parts, START, &piece("m", 2, 1, b"y"));
        assert_eq!(changed, Assembled::Refused(RefusedPart::CountChanged));
        take(&mut parts, START, &piece("m", 3, 0, b"x"));
        let other = take(&mut parts, START, &piece("m", 3, 0, b"z"));
        assert_eq!(other, Assembled::Refused(RefusedPart::Contradiction));
        assert_eq!(parts, Multipart::default());
    }

    #[test]
    fn bytes_are_bounded_per_message_and_over_all() {
        let half = vec![0; MAX_BYTES / 2 + 1];
        let mut parts = Multipart::default();
        take(&mut parts, START, &piece("a", 3, 0, &half));
        assert_eq!(take(&mut parts, START, &piece("a", 3, 1, &half)), Assembled::Refused(RefusedPart::Bytes));
        for id in ["a", "b", "c"] {
            assert_eq!(take(&mut parts, START, &piece(id, 3, 0, &half)), Assembled::Waiting);
        }
        assert_eq!(take(&mut parts, START, &piece("d", 3, 0, &half)), Assembled::Refused(RefusedPart::Bytes));
    }

    #[test]
    fn open_messages_are_bounded_in_number_and_age() {
        let mut parts = Multipart::default();
        for id in 0..MAX_OPEN {
            take(&mut parts, START, &piece(&id.to_string(), 2, 0, b"x"));
        }
        assert_eq!(
            take(&mut parts, START, &piece("more", 2, 0, b"x")),
            Assembled::Refused(RefusedPart::Open)
        );
        assert_eq!(parts.expires_at(), Some(START + MAX_AGE));
        assert_eq!(parts.expire(START + Span::from_secs(29)), 0);
        assert_eq!(parts.expire(START + MAX_AGE), MAX_OPEN);
    }
}
