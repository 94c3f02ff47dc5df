//! The wire: Oktell's WebSocket protocol, as a client meets it (spec part 1).
//!
//! Everything here is a pure function of its arguments: text to typed frames, requests to text, pieces of
//! a long message to the whole, a password to what is sent in its place.

pub mod body;
mod fill;
mod frame;
mod lenient;
mod multipart;
mod request;
mod scan;
mod secret;

pub use frame::{Body, Frame, MAX_MESSAGE_BYTES, PhoneEvent, Unreadable, UnreadableReason};
pub use lenient::{Flag, Int, Object, Str, given};
pub use multipart::{MAX_AGE, MAX_BYTES, MAX_BYTES_ALL, MAX_OPEN, MAX_PARTS, Multipart, RefusedPart};
pub use request::{
    CompetitorRef, CreateConference, FlashMode, Request, SetUserState, Subscription, WriteError,
};
pub use secret::{FrameText, LoginSecret, Removed, SecretKind};

pub(crate) use multipart::Assembled;
pub(crate) use request::Critical;
pub(crate) use scan::{end_of_string, skip_space};
pub(crate) use secret::{MASK, hex_md5, json_without_secrets};
