//! Records: one input and what was decided on it, as bytes that are never rewritten (DESIGN §3).
//!
//! ```text
//! version 1 · seq · at · engine · how far the told time lay behind · strings · events · message · input
//! ```
//!
//! - Numbers are written in groups of seven bits. Strings stand once, in a table; the text of a frame is cut into
//!   the protocol's words, which stay readable, and what may be somebody's name or number, which is *sealed*:
//!   put under a key of its own by [`Seal`]. To erase somebody, the store destroys the key; the bytes, and so the
//!   hash chain, stay as they are, and a token reads in the name's place.
//! - A record's hash is BLAKE3 over the hash of the record before it and the record's bytes ([`Hash::after`]).
//! - Bytes of older versions are raised to the newest when they are read (`upgrade`).
//!
//! Secrets cannot get in: frames come as [`FrameText`], commands name their credential by a handle, and JSON that a
//! command passes on is masked.

mod bytes;
mod codec;
mod lexemes;
mod same;
mod seal;
mod strings;
mod upgrade;
mod words;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::event::Event;
use crate::input::{Input, InputKind, SocketId};
use crate::text::{JsonText, Text};
use crate::time::Timestamp;
use crate::wire::{Body, Frame, FrameText};

use bytes::{Cursor, put_number, put_signed};
use codec::{Decoder, Encoder};
use strings::{Part, Places, Raw, Strings, Table, Writer};

pub use same::first_difference;
pub use seal::{NoKeys, Seal, SealError, SubjectId, Unseal, has_erased};

/// The version of the bytes that are written.
pub const VERSION: u8 = 1;

/// Why bytes are no record, or something cannot be made one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There are no bytes.
    #[error("a record has at least one byte")]
    Empty,
    /// It was written by a newer engine.
    #[error("a record of version {0}; this engine reads versions up to {VERSION}")]
    Version(u8),
    /// The bytes make no sense.
    #[error("damaged record: {0}")]
    Damaged(&'static str),
    /// The keeper of the keys cannot.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// A value of a kind that records do not have.
    #[error("a value that records cannot have")]
    Unwritable,
}

/// The version of the engine that made a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EngineVersion {
    /// Raised when what is decided changes in a way that applications notice.
    pub major: u16,
    /// Raised when rules change.
    pub minor: u16,
    /// Raised otherwise.
    pub patch: u16,
}

const fn part(text: &str) -> u16 {
    match u16::from_str_radix(text, 10) {
        Ok(part) => part,
        Err(_) => 0,
    }
}

impl EngineVersion {
    /// This engine.
    pub const THIS: Self = Self {
        major: part(env!("CARGO_PKG_VERSION_MAJOR")),
        minor: part(env!("CARGO_PKG_VERSION_MINOR")),
        patch: part(env!("CARGO_PKG_VERSION_PATCH")),
    };
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a record proves of everything before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Where the chain of a stream begins: the hash of what the stream is. Two streams never share a chain.
    #[must_use]
    pub fn of_stream(identity: &[u8]) -> Self {
        Self(*blake3::Hasher::new_derive_key("callfold stream 1").update(identity).finalize().as_bytes())
    }

    /// The hash of a record with these bytes that follows `self`.
    #[must_use]
    pub fn after(self, record: &[u8]) -> Self {
        Self(*blake3::Hasher::new().update(&self.0).update(record).finalize().as_bytes())
    }

    /// The hash that is written as 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is written into a record.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'r> {
    /// Its number in the stream, from 1.
    pub seq: u64,
    /// The moment of the machine ([`Machine::now`](crate::Machine::now)): that of the input, unless the clock
    /// stepped back.
    pub at: Timestamp,
    /// The input.
    pub input: &'r Input<'r>,
    /// What was decided on it.
    pub events: &'r [Event],
    /// The long message of which the input was the last piece
    /// ([`Outcome::message`](crate::Outcome::message)).
    pub message: Option<&'r str>,
}

/// Writes records. Reuse one: it keeps its memory.
#[derive(Debug, Default)]
pub struct RecordWriter {
    strings: Writer,
    body: Vec<u8>,
    bytes: Vec<u8>,
}

/// How much room a buffer keeps for the next record. A directory of a thousand users is not written twice an hour, and
/// a process has many lines.
const ROOM_KEPT: usize = 4 * 1024;

/// Empties a buffer, and gives back what one long record made it take.
fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(ROOM_KEPT);
}

impl RecordWriter {
    /// The bytes of a record; those of the one before are gone.
    ///
    /// # Errors
    /// [`RecordError::Seal`] if personal data cannot be put under their keys.
    pub fn write(&mut self, recording: &Recording<'_>, seal: &mut dyn Seal) -> Result<&[u8], RecordError> {
        self.strings.clear();
        for buffer in [&mut self.body, &mut self.bytes] {
            empty(buffer);
        }
        let mut body = Encoder::new(&mut self.body, &mut self.strings, seal);
        recording.events.serialize(&mut body)?;
        put_message(recording.message, &mut body)?;
        put_input(&recording.input.kind, &mut body)?;

        let out = &mut self.bytes;
        out.push(VERSION);
        let head = Head {
            seq: recording.seq,
            at: recording.at,
            engine: EngineVersion::THIS,
            told: recording.input.at.min(recording.at),
        };
        head.put(out);
        put_number(out, u64::from(self.strings.count()));
        out.extend_from_slice(self.strings.table());
        out.extend_from_slice(&self.body);
        Ok(&self.bytes)
    }

    /// The subjects of pieces of long messages in the record just written. A piece may hold half a secret: once
    /// the message is whole, its record has it without secrets, and the keys of its pieces can go.
    #[must_use]
    pub fn pieces(&self) -> &[SubjectId] {
        self.strings.contents()
    }
}

/// What stands at the front of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Its number in the stream, from 1.
    pub seq: u64,
    /// When it happened. Never before the record before it.
    pub at: Timestamp,
    /// The engine that decided.
    pub engine: EngineVersion,
    /// When it happened by the clock that was asked; before `at` if that stepped back.
    pub told: Timestamp,
}

impl Head {
    /// Reads the front of a record of any version.
    ///
    /// # Errors
    /// [`RecordError`] if the bytes are none of a record's.
    pub fn read(record: &[u8]) -> Result<Self, RecordError> {
        let record = upgrade::raised(record)?;
        Self::take(&mut Cursor::new(record.get(1..).unwrap_or_default()))
    }

    fn take(bytes: &mut Cursor<'_>) -> Result<Self, RecordError> {
        let part = |number: u64| u16::try_from(number).map_err(|_| RecordError::Damaged("no version"));
        let seq = bytes.number()?;
        let at = bytes.signed()?;
        let engine = EngineVersion {
            major: part(bytes.number()?)?,
            minor: part(bytes.number()?)?,
            patch: part(bytes.number()?)?,
        };
        let behind = bytes.number()?;
        let told = at.wrapping_sub(behind as i64);
        Ok(Self { seq, at: Timestamp::from_micros(at), engine, told: Timestamp::from_micros(told) })
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.seq);
        put_signed(out, self.at.as_micros());
        for part in [self.engine.major, self.engine.minor, self.engine.patch] {
            put_number(out, u64::from(part));
        }
        put_number(out, self.at.as_micros().wrapping_sub(self.told.as_micros()) as u64);
    }
}

/// A record, read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// What stands at its front.
    pub head: Head,
    /// What was decided, as told by the engine of then.
    pub events: Vec<Event>,
    /// The long message of which the input was the last piece, without secrets.
    pub message: Option<String>,
    /// What happened. Its time is the one told.
    pub input: Input<'static>,
    /// Whether a part of it was erased; tokens stand for it ([`has_erased`]).
    pub erased: bool,
}

impl Record {
    /// Reads a record of any version.
    ///
    /// # Errors
    /// [`RecordError`] if the bytes are none of a record's, or the keys do not fit them.
    pub fn read(record: &[u8], unseal: &dyn Unseal) -> Result<Self, RecordError> {
        let record = upgrade::raised(record)?;
        let mut bytes = Cursor::new(record.get(1..).unwrap_or_default());
        let head = Head::take(&mut bytes)?;
        let table = Table::read(&mut bytes, unseal)?;
        let mut body = Decoder::new(bytes, Strings::Read(&table));
        let events = Deserialize::deserialize(&mut body)?;
        let message: Option<String> = Deserialize::deserialize(&mut body)?;
        let kind = take_input(&mut body, &table, message.as_deref())?;
        if !body.bytes.rest().is_empty() {
            return Err(RecordError::Damaged("more than a record"));
        }
        Ok(Self { head, events, message, input: Input { at: head.told, kind }, erased: table.has_erased() })
    }

    /// Reads what was decided and when, and leaves the input alone: all that folding a log as told needs. Nothing is
    /// unsealed that only the input has.
    ///
    /// # Errors
    /// As [`Record::read`].
    pub fn read_events(record: &[u8], unseal: &dyn Unseal) -> Result<(Head, Vec<Event>), RecordError> {
        let record = upgrade::raised(record)?;
        let mut bytes = Cursor::new(record.get(1..).unwrap_or_default());
        let head = Head::take(&mut bytes)?;
        let places = Places::find(&mut bytes, unseal)?;
        let events = Deserialize::deserialize(&mut Decoder::new(bytes, Strings::Found(&places)))?;
        Ok((head, events))
    }
}

const OPENED: u64 = 0;
const REFUSED: u64 = 1;
const CLOSED: u64 = 2;
const FRAME: u64 = 3;
const BINARY: u64 = 4;
const NAMED: u64 = 5;
const COMMAND: u64 = 6;
const TIMER: u64 = 7;

fn put_message(message: Option<&str>, body: &mut Encoder<'_>) -> Result<(), RecordError> {
    match message {
        None => body.number(0),
        Some(text) => {
            body.number(1);
            let place = body.strings.frame(text, false, body.seal)?;
            body.number(u64::from(place));
        }
    }
    Ok(())
}

/// Whether the machine takes this frame for a piece of a long message.
fn is_piece(text: &str) -> bool {
    // Only a name that is written out, or with escapes, can be that of a piece.
    (text.contains("multipart") || text.contains('\\'))
        && matches!(Frame::decode(text), Ok(Frame { body: Body::Multipart(_), .. }))
}

/// A command without what may be a secret in the JSON that it passes on. The rules look into none of it.
fn masked(command: &Command) -> Cow<'_, Command> {
    if let Command::Exec { method, params: Some(params) } = command {
        Cow::Owned(Command::Exec { method: method.clone(), params: Some(params.without_secrets()) })
    } else if let Command::TriggerCustomEvent { name, recipients, data, send_back } = command {
        Cow::Owned(Command::TriggerCustomEvent {
            name: name.clone(),
            recipients: recipients.as_ref().map(JsonText::without_secrets),
            data: data.as_ref().map(JsonText::without_secrets),
            send_back: *send_back,
        })
    } else {
        Cow::Borrowed(command)
    }
}

fn put_input(kind: &InputKind<'_>, body: &mut Encoder<'_>) -> Result<(), RecordError> {
    match kind {
        InputKind::Opened(socket) => {
            body.number(OPENED);
            body.number(socket.0);
        }
        InputKind::Refused(socket) => {
            body.number(REFUSED);
            body.number(socket.0);
        }
        InputKind::Closed(socket) => {
            body.number(CLOSED);
            body.number(socket.0);
        }
        InputKind::Frame { socket, text } => {
            body.number(FRAME);
            body.number(socket.0);
            let text = text.as_str();
            let place = body.strings.frame(text, is_piece(text), body.seal)?;
            body.number(u64::from(place));
        }
        InputKind::Binary { socket, bytes } => {
            body.number(BINARY);
            body.number(socket.0);
            // As text, so that it is sealed: it may hold anything.
            STANDARD.encode(bytes).serialize(body)?;
        }
        InputKind::Named { qid, wire } => {
            body.number(NAMED);
            body.number(*qid);
            let place = body.strings.plain(wire.as_str());
            body.number(u64::from(place));
        }
        InputKind::Command(command) => {
            body.number(COMMAND);
            masked(command).serialize(body)?;
        }
        InputKind::Timer(timer) => {
            body.number(TIMER);
            timer.serialize(body)?;
        }
    }
    Ok(())
}

fn take_input(
    body: &mut Decoder<'_, '_>,
    table: &Table<'_>,
    message: Option<&str>,
) -> Result<InputKind<'static>, RecordError> {
    let kind = body.bytes.number()?;
    Ok(match kind {
        OPENED => InputKind::Opened(SocketId(body.bytes.number()?)),
        REFUSED => InputKind::Refused(SocketId(body.bytes.number()?)),
        CLOSED => InputKind::Closed(SocketId(body.bytes.number()?)),
        FRAME => {
            let socket = SocketId(body.bytes.number()?);
            let text = table.frame(body.bytes.number()?, message)?;
            InputKind::Frame { socket, text: FrameText::from_record(text.into_owned()) }
        }
        BINARY => {
            let socket = SocketId(body.bytes.number()?);
            let text = table.text(body.bytes.number()?)?;
            let bytes = match STANDARD.decode(text) {
                Ok(bytes) => bytes,
                Err(_) if has_erased(text) => text.as_bytes().to_vec(),
                Err(_) => return Err(RecordError::Damaged("bytes that are not base64")),
            };
            InputKind::Binary { socket, bytes: Cow::Owned(bytes) }
        }
        NAMED => {
            let qid = body.bytes.number()?;
            InputKind::Named { qid, wire: Text::from(table.text(body.bytes.number()?)?) }
        }
        COMMAND => InputKind::Command(Deserialize::deserialize(body)?),
        TIMER => InputKind::Timer(Deserialize::deserialize(body)?),
        _ => return Err(RecordError::Damaged("an input of an unknown kind")),
    })
}

/// Everything that the engine may make of a name or number and that stands in records under a key of its own: who
/// erases the one, erases these too.
///
/// The digits alone, of which the CTI model makes the ids of its calls, are for the caller to look for: they stand
/// inside longer texts.
#[must_use]
pub fn made_of(text: &str) -> Vec<String> {
    vec![crate::party::menu_key(text)]
}

/// What stands in the table of a record, for who looks for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored<'b> {
    /// Readable: a word of the protocol, an id, punctuation.
    Plain(&'b [u8]),
    /// Under the key of a subject.
    Sealed(SubjectId, &'b [u8]),
    /// A subject, told of before, that is the content of a piece of a long message: if the message became whole, a
    /// record has it without secrets, and the piece is not needed.
    Piece(SubjectId),
}

/// As [`stored`], for bytes that [`write_sealed`] wrote.
///
/// # Errors
/// [`RecordError`] if the bytes are not of such a value.
pub fn stored_in_sealed(value: &[u8], each: impl FnMut(Stored<'_>)) -> Result<(), RecordError> {
    stored_in_table(&mut Cursor::new(value), each)
}

/// Calls `each` with everything that stands in the table of a record, without reading the rest.
///
/// # Errors
/// [`RecordError`] if the bytes are none of a record's.
pub fn stored(record: &[u8], each: impl FnMut(Stored<'_>)) -> Result<(), RecordError> {
    let record = upgrade::raised(record)?;
    let mut bytes = Cursor::new(record.get(1..).unwrap_or_default());
    Head::take(&mut bytes)?;
    stored_in_table(&mut bytes, each)
}

fn stored_in_table(bytes: &mut Cursor<'_>, mut each: impl FnMut(Stored<'_>)) -> Result<(), RecordError> {
    // Of each entry: whether text may be made of it, and its subject.
    let mut entries: Vec<(bool, Option<SubjectId>)> = Vec::new();
    for _ in 0..strings::entry_count(bytes)? {
        let mut subject = None;
        let raw = Raw::read(bytes, |place| entries.get(place).is_some_and(|(is_part, _)| *is_part))?;
        let is_part = !matches!(raw, Raw::Cut { .. });
        match raw {
            Raw::Plain(text) => each(Stored::Plain(text.as_bytes())),
            Raw::Sealed(id, sealed) => {
                subject = Some(id);
                each(Stored::Sealed(id, sealed));
            }
            Raw::Cut { pieces, number } => Raw::parts(pieces, number, |part| match part {
                Part::Literal(literal) => each(Stored::Plain(literal)),
                Part::Content(place) => {
                    if let Some((_, Some(id))) = entries.get(place) {
                        each(Stored::Piece(*id));
                    }
                }
            })?,
        }
        entries.push((is_part, subject));
    }
    Ok(())
}

/// A value as bytes, its personal data sealed as in a record: for what a store keeps beside its records.
///
/// # Errors
/// [`RecordError::Seal`] if personal data cannot be put under their keys.
pub fn write_sealed(value: &impl Serialize, seal: &mut dyn Seal) -> Result<Vec<u8>, RecordError> {
    let (mut strings, mut body) = (Writer::of_derived(), Vec::new());
    value.serialize(&mut Encoder::new(&mut body, &mut strings, seal))?;
    let mut out = Vec::with_capacity(strings.table().len() + body.len() + 4);
    put_number(&mut out, u64::from(strings.count()));
    out.extend_from_slice(strings.table());
    out.extend_from_slice(&body);
    Ok(out)
}

/// The value that [`write_sealed`] wrote, with tokens for what was erased.
///
/// # Errors
/// [`RecordError`] if the bytes are not of such a value.
pub fn read_sealed<T: DeserializeOwned>(bytes: &[u8], unseal: &dyn Unseal) -> Result<T, RecordError> {
    let mut bytes = Cursor::new(bytes);
    let table = Table::read(&mut bytes, unseal)?;
    let mut body = Decoder::new(bytes, Strings::Read(&table));
    let value = T::deserialize(&mut body)?;
    if body.bytes.rest().is_empty() { Ok(value) } else { Err(RecordError::Damaged("more than a value")) }
}
