//! One frame, decoded in one pass from its text: `["method", {body}]` (spec part 1, "Frames").

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::body;
use super::fill::Filling;
use super::lenient::Str;

/// The longest message that is read. Longer ones are refused before they are looked at.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

pub(super) const OUT_OF_RANGE: &str = "a number that is not whole or does not fit 64 bits";
const NOT_A_PAIR: &str = "a frame is a list of two: a name and a body";

/// What a `phoneevent_…` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PhoneEvent {
    /// `phoneevent_ringstarted`
    RingStarted,
    /// `phoneevent_ringstopped`
    RingStopped,
    /// `phoneevent_commstarted`
    CommutationStarted,
    /// `phoneevent_commstopped`
    CommutationStopped,
    /// `phoneevent_ivrstarted`
    MenuStarted,
    /// `phoneevent_ivrstopped`
    MenuStopped,
    /// `phoneevent_acmcallstarted`
    AutocallStarted,
    /// `phoneevent_acmcallstopped`
    AutocallStopped,
    /// `phoneevent_faxstarted`
    FaxStarted,
    /// `phoneevent_faxstopped`
    FaxStopped,
    /// `phoneevent_faxreceived`
    FaxReceived,
}

impl PhoneEvent {
    /// The wire's name.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::RingStarted => "phoneevent_ringstarted",
            Self::RingStopped => "phoneevent_ringstopped",
            Self::CommutationStarted => "phoneevent_commstarted",
            Self::CommutationStopped => "phoneevent_commstopped",
            Self::MenuStarted => "phoneevent_ivrstarted",
            Self::MenuStopped => "phoneevent_ivrstopped",
            Self::AutocallStarted => "phoneevent_acmcallstarted",
            Self::AutocallStopped => "phoneevent_acmcallstopped",
            Self::FaxStarted => "phoneevent_faxstarted",
            Self::FaxStopped => "phoneevent_faxstopped",
            Self::FaxReceived => "phoneevent_faxreceived",
        }
    }
}

/// The body of a frame, read according to its name.
#[derive(Debug)]
#[non_exhaustive]
// Boxing the large ones would cost an allocation for every line picture.
#[allow(clippy::large_enum_variant, missing_docs)]
pub enum Body<'a> {
    Multipart(body::Multipart<'a>),
    Redirect(body::Plain<'a>),
    Login(body::Login<'a>),
    Version(body::Version<'a>),
    MyInfo(body::MyInfo<'a>),
    LunchTypes(body::LunchTypes<'a>),
    UserState(body::UserState<'a>),
    UserStateChanged(body::UserState<'a>),
    RedirectRules(body::RedirectRules<'a>),
    PbxNumbers(body::PbxNumbers<'a>),
    UserNumbers(body::UserNumbers<'a>),
    Picture(body::Picture<'a>),
    Queue(body::Queue<'a>),
    ConferenceInfo(body::ConferenceInfo<'a>),
    Competitors(body::Competitors<'a>),
    CanConnect(body::CanConnect<'a>),
    Datasets(body::Datasets<'a>),
    LineChanged(body::Plain<'a>),
    FlashChanged(body::Flash<'a>),
    NumberStates(body::NumberStates<'a>),
    Composition(body::Composition<'a>),
    CompetitorState(body::CompetitorState<'a>),
    Phone(PhoneEvent, body::Phone<'a>),
    Custom(body::Custom<'a>),
    /// Anything else: an answer that says no more than yes or no, or an event of a newer server.
    Other(body::Plain<'a>),
}

impl<'a> Body<'a> {
    /// Request id and outcome.
    #[must_use]
    pub fn head(&self) -> body::Head<'_> {
        match self {
            Self::Multipart(body) => body.head(),
            Self::Redirect(body) | Self::LineChanged(body) | Self::Other(body) => body.head(),
            Self::Login(body) => body.head(),
            Self::Version(body) => body.head(),
            Self::MyInfo(body) => body.head(),
            Self::LunchTypes(body) => body.head(),
            Self::UserState(body) | Self::UserStateChanged(body) => body.head(),
            Self::RedirectRules(body) => body.head(),
            Self::PbxNumbers(body) => body.head(),
            Self::UserNumbers(body) => body.head(),
            Self::Picture(body) => body.head(),
            Self::Queue(body) => body.head(),
            Self::ConferenceInfo(body) => body.head(),
            Self::Competitors(body) => body.head(),
            Self::CanConnect(body) => body.head(),
            Self::Datasets(body) => body.head(),
            Self::FlashChanged(body) => body.head(),
            Self::NumberStates(body) => body.head(),
            Self::Composition(body) => body.head(),
            Self::CompetitorState(body) => body.head(),
            Self::Phone(_, body) => body.head(),
            Self::Custom(body) => body.head(),
        }
    }

    /// Reads the next element of `pair` into `self`, as the body that belongs to `name`; whether there was one.
    fn read<A: SeqAccess<'a>>(&mut self, name: &str, pair: &mut A) -> Result<bool, A::Error> {
        macro_rules! as_ {
            ($variant:ident) => {{
                *self = Self::$variant(Default::default());
                let Self::$variant(body) = self else { return Ok(false) };
                pair.next_element_seed(Filling(body))?
            }};
        }
        if let Some(event) = phone_event(name) {
            *self = Self::Phone(event, Default::default());
            let Self::Phone(_, body) = self else { return Ok(false) };
            return Ok(pair.next_element_seed(Filling(body))?.is_some());
        }
        let read = match name {
            "getextendedlineinforesult" => as_!(Picture),
            "getcurrentqueueresult" => as_!(Queue),
            "getconferenceinforesult" => as_!(ConferenceInfo),
            "linestatechanged" => as_!(LineChanged),
            "flashstatechanged" => as_!(FlashChanged),
            "userstatechanged" => as_!(UserStateChanged),
            "pbxnumberstatechanged" => as_!(NumberStates),
            "confcompositionchanged" => as_!(Composition),
            "confcompetitorstatechanged" => as_!(CompetitorState),
            "multipart" => as_!(Multipart),
            "customevent" => as_!(Custom),
            "websocketredirect" => as_!(Redirect),
            "loginresult" => as_!(Login),
            "getversionresult" => as_!(Version),
            "getmyuserinforesult" => as_!(MyInfo),
            "cc_getlunchtypesresult" => as_!(LunchTypes),
            "getuserstateresult" | "setuserstateresult" => as_!(UserState),
            "getredirectrulesresult" => as_!(RedirectRules),
            "getpbxnumbersresult" => as_!(PbxNumbers),
            "getallusernumbersresult" => as_!(UserNumbers),
            "getconferencecompetitorsresult" => as_!(Competitors),
            "checkcanconnecttogathertoconferenceresult" => as_!(CanConnect),
            "execpredefineddbstoredprocresult" => as_!(Datasets),
            _ => as_!(Other),
        };
        Ok(read.is_some())
    }
}

fn phone_event(name: &str) -> Option<PhoneEvent> {
    Some(match name.strip_prefix("phoneevent_")? {
        "ringstarted" => PhoneEvent::RingStarted,
        "ringstopped" => PhoneEvent::RingStopped,
        "commstarted" => PhoneEvent::CommutationStarted,
        "commstopped" => PhoneEvent::CommutationStopped,
        "ivrstarted" => PhoneEvent::MenuStarted,
        "ivrstopped" => PhoneEvent::MenuStopped,
        "acmcallstarted" => PhoneEvent::AutocallStarted,
        "acmcallstopped" => PhoneEvent::AutocallStopped,
        "faxstarted" => PhoneEvent::FaxStarted,
        "faxstopped" => PhoneEvent::FaxStopped,
        "faxreceived" => PhoneEvent::FaxReceived,
        _ => return None,
    })
}

/// A decoded frame, borrowing from its text.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The name of the message.
    pub name: Cow<'a, str>,
    /// What it says.
    pub body: Body<'a>,
}

impl<'a> Frame<'a> {
    /// Decodes one frame.
    ///
    /// # Errors
    /// [`Unreadable`] names what is wrong and where; it repeats nothing of the frame's content.
    pub fn decode(text: &'a str) -> Result<Self, Unreadable> {
        Self::decode_with(text, None)
    }

    /// Decodes one frame as if it were named `name`: for an answer whose name is not the usual one.
    ///
    /// # Errors
    /// As [`Frame::decode`].
    pub fn decode_as(text: &'a str, name: &str) -> Result<Self, Unreadable> {
        Self::decode_with(text, Some(name))
    }

    fn decode_with(text: &'a str, name: Option<&str>) -> Result<Self, Unreadable> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(Unreadable::new(UnreadableReason::TooLong));
        }
        if is_too_deep(text.as_bytes()) {
            return Err(Unreadable::new(UnreadableReason::TooDeep));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let mut frame = Self { name: Cow::Borrowed(""), body: Body::Other(body::Plain::default()) };
        let read = json.deserialize_seq(FrameVisitor { name, frame: &mut frame }).and_then(|()| json.end());
        read.map(|()| frame).map_err(|error| Unreadable::from_json(&error))
    }
}

/// The deepest nesting that is read, in fields that no rule reads too.
const MAX_DEPTH: usize = 128;

/// Whether a text nests too deep. One with few brackets cannot, and that is almost every frame.
fn is_too_deep(text: &[u8]) -> bool {
    // Counted in bytes, as many as one can count: a whole register of them at once.
    let opening = |byte: &u8| u8::from(matches!(byte, b'[' | b'{'));
    let brackets = text.chunks(255).map(|some| usize::from(some.iter().map(opening).sum::<u8>()));
    brackets.sum::<usize>() > MAX_DEPTH && depth(text) > MAX_DEPTH
}

fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

struct FrameVisitor<'f, 'de> {
    name: Option<&'f str>,
    frame: &'f mut Frame<'de>,
}

impl<'de> Visitor<'de> for FrameVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOT_A_PAIR)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<(), A::Error> {
        let Some(Str(name)) = pair.next_element()? else {
            return Err(A::Error::custom(NOT_A_PAIR));
        };
        let has_body = self.frame.body.read(self.name.unwrap_or(&name), &mut pair)?;
        if !has_body || pair.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(NOT_A_PAIR));
        }
        self.frame.name = name;
        Ok(())
    }
}

/// Why a frame could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UnreadableReason {
    /// Not JSON.
    NotJson,
    /// It ends in the middle.
    CutShort,
    /// JSON, but not a list of a name and a body.
    NotAPair,
    /// A field is of a type that its meaning does not allow.
    WrongType,
    /// A field that is read stands twice: which one is meant cannot be known.
    DuplicateKey,
    /// Nested deeper than is read (128 levels).
    TooDeep,
    /// A number that is not whole or does not fit 64 bits.
    OutOfRange,
    /// Longer than [`MAX_MESSAGE_BYTES`].
    TooLong,
    /// A binary message: the protocol is text.
    Binary,
    /// A joined multipart message that is not UTF-8.
    NotUtf8,
}

impl UnreadableReason {
    /// The reason in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotJson => "not JSON",
            Self::CutShort => "cut short",
            Self::NotAPair => NOT_A_PAIR,
            Self::WrongType => "a field of the wrong type",
            Self::DuplicateKey => "a field stands twice",
            Self::TooDeep => "nested too deep",
            Self::OutOfRange => OUT_OF_RANGE,
            Self::TooLong => "longer than 4 MiB",
            Self::Binary => "a binary message",
            Self::NotUtf8 => "not UTF-8",
        }
    }
}

/// A frame that could not be read: why, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("frame cannot be read: {} (line {line}, column {column})", reason.text())]
#[non_exhaustive]
pub struct Unreadable {
    /// Why.
    pub reason: UnreadableReason,
    /// Line of the text, from 1; 0 if no place can be named.
    pub line: usize,
    /// Column of the line in bytes, from 1; 0 if no place can be named.
    pub column: usize,
}

impl Unreadable {
    pub(crate) fn new(reason: UnreadableReason) -> Self {
        Self { reason, line: 0, column: 0 }
    }

    fn from_json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let told = error.to_string();
        let reason = match error.classify() {
            Category::Eof => UnreadableReason::CutShort,
            Category::Syntax | Category::Io if told.starts_with("recursion limit") => {
                UnreadableReason::TooDeep
            }
            Category::Syntax if told.starts_with("number out of range") => UnreadableReason::OutOfRange,
            Category::Syntax | Category::Io => UnreadableReason::NotJson,
            Category::Data if told.contains(NOT_A_PAIR) => UnreadableReason::NotAPair,
            Category::Data if told.starts_with("duplicate field") => UnreadableReason::DuplicateKey,
            Category::Data if told.starts_with(OUT_OF_RANGE) => UnreadableReason::OutOfRange,
            Category::Data => UnreadableReason::WrongType,
        };
        Self { reason, line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> UnreadableReason {
        Frame::decode(text).unwrap_err().reason
    }

    #[test]
    fn a_frame_is_read_in_one_pass_into_its_type() {
        let text = r#"["getextendedlineinforesult",{"qid":"7","result":"1","abonent":{"number":101}}]"#;
        let frame = Frame::decode(text).unwrap();
        assert_eq!(frame.body.head().qid, Some("7"));
        assert!(frame.body.head().accepted);
        let Body::Picture(picture) = frame.body else { panic!("{frame:?}") };
        assert_eq!(picture.abonent.unwrap().into_inner().number.unwrap().as_str(), "101");
    }

    #[test]
    fn unknown_fields_and_names_are_harmless() {
        let frame = Frame::decode(r#"["brandnew",{"qid":"1","deep":{"er":[1,{"x":null}]}}]"#).unwrap();
        assert_eq!(frame.name, "brandnew");
        assert!(matches!(frame.body, Body::Other(_)));
        assert!(Frame::decode(r#"["linestatechanged",{"new":true}]"#).is_ok());
    }

    #[test]
    fn an_answer_without_result_counts_as_accepted() {
        assert!(Frame::decode(r#"["pong",{"qid":"1"}]"#).unwrap().body.head().accepted);
        assert!(!Frame::decode(r#"["x",{"result":0}]"#).unwrap().body.head().accepted);
        assert!(!Frame::decode(r#"["x",{"result":false}]"#).unwrap().body.head().accepted);
    }

    #[test]
    fn an_unusual_name_is_read_by_the_method_it_answers() {
        let text = r#"["odd",{"qid":"1","queue":[]}]"#;
        assert!(matches!(Frame::decode_as(text, "getcurrentqueueresult").unwrap().body, Body::Queue(_)));
    }

    #[test]
    fn what_is_not_a_pair_is_refused() {
        for text in ["{}", "[]", r#"["a"]"#, r#"["a",{},1]"#, "7", "null", r#""a""#] {
            assert_eq!(reason(text), UnreadableReason::NotAPair, "{text}");
        }
    }

    #[test]
    fn bad_frames_are_refused_each_with_its_reason() {
        let deep = format!(r#"["a",{{"unknown":{}1{}}}]"#, "[".repeat(200), "]".repeat(200));
        for (text, why) in [
            ("", UnreadableReason::CutShort),
            (r#"["a",{"#, UnreadableReason::CutShort),
            ("\u{0}", UnreadableReason::NotJson),
            (r#"["a",{}] x"#, UnreadableReason::NotJson),
            (r#"[{},{}]"#, UnreadableReason::WrongType),
            (r#"["a",7]"#, UnreadableReason::WrongType),
            (r#"["a",[7]]"#, UnreadableReason::WrongType),
            (r#"["getextendedlineinforesult",{"abonent":["c"]}]"#, UnreadableReason::WrongType),
            (r#"["getcurrentqueueresult",{"queue":[["c"]]}]"#, UnreadableReason::WrongType),
            (r#"["flashstatechanged",{"flashtypeid":{}}]"#, UnreadableReason::WrongType),
            (r#"["getcurrentqueueresult",{"queue":[{"number":{}}]}]"#, UnreadableReason::WrongType),
            (r#"["a",{"qid":"1","qid":"2"}]"#, UnreadableReason::DuplicateKey),
            (
                r#"["flashstatechanged",{"flashtypeid":1234567890123456789012345}]"#,
                UnreadableReason::OutOfRange,
            ),
            (r#"["flashstatechanged",{"flashtypeid":1e400}]"#, UnreadableReason::OutOfRange),
            (deep.as_str(), UnreadableReason::TooDeep),
        ] {
            assert_eq!(reason(text), why, "{text}");
        }
    }

    #[test]
    fn many_brackets_side_by_side_or_in_text_are_not_deep() {
        let wide = format!(r#"["a",{{"x":[{}1],"y":"{}"}}]"#, "[],".repeat(200), "[\\\"".repeat(200));
        assert!(Frame::decode(&wide).is_ok(), "{wide}");
    }

    #[test]
    fn a_message_over_the_bound_is_refused_unread() {
        let long = format!(r#"["a",{{"x":"{}"}}]"#, "x".repeat(MAX_MESSAGE_BYTES));
        assert_eq!(reason(&long), UnreadableReason::TooLong);
    }

    #[test]
    fn the_error_names_the_place_and_not_the_content() {
        let error = Frame::decode(r#"["flashstatechanged",{"flashtypeid":"+7 916 123"}]"#).unwrap_err();
        assert_eq!(error.to_string(), "frame cannot be read: a field of the wrong type (line 1, column 48)");
    }
}
