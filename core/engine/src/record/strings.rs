//! The strings of a record: each stands once, in a table at its front, plain or sealed.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use super::RecordError;
use super::bytes::{Cursor, put_bytes, put_number};
use super::lexemes::{Lexeme, cut};
use super::seal::{Seal, SubjectId, Unseal, is_token};
use super::words::is_plain;

/// Kinds of entries.
const PLAIN: u8 = 0;
const SEALED: u8 = 1;
/// Text that is cut into pieces, of which some are entries before it.
const CUT: u8 = 2;

/// Kinds of pieces of a cut text, in the two low bits of what stands before each.
const LITERAL: u64 = 0;
const TEXT: u64 = 1;
const SPELLED: u64 = 2;
const CONTENT: u64 = 3;

/// The most entries of a table, and the longest text that is put together of some: a record that was made up must not
/// make us hold more than it has.
const MAX_ENTRIES: usize = 1 << 20;
const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;
/// For how many entries room is made before they are read.
const FEW_ENTRIES: usize = 256;

/// How many entries a table has.
pub(super) fn entry_count(bytes: &mut Cursor<'_>) -> Result<usize, RecordError> {
    match bytes.count()? {
        count if count <= MAX_ENTRIES => Ok(count),
        _ => Err(RecordError::Damaged("too many strings")),
    }
}

/// The table of a record that is written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    table: Vec<u8>,
    count: u32,
    known: BTreeMap<Box<str>, u32>,
    /// Texts that are cut. They are not parts of each other, so that none is made of more than one layer.
    cut: BTreeMap<Box<str>, u32>,
    spelled: BTreeMap<Box<str>, u32>,
    contents: Vec<SubjectId>,
    /// Whether tokens of what was erased stay as they are: in what is derived from a log. What comes from outside and
    /// looks like one is sealed like any other text.
    tokens_stay: bool,
}

impl Writer {
    /// A table for a value that is derived from a log.
    pub(super) fn of_derived() -> Self {
        Self { tokens_stay: true, ..Self::default() }
    }

    pub(super) fn clear(&mut self) {
        super::empty(&mut self.table);
        self.count = 0;
        self.known.clear();
        self.cut.clear();
        self.spelled.clear();
        self.contents.clear();
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn table(&self) -> &[u8] {
        &self.table
    }

    /// The subjects of pieces of long messages.
    pub(super) fn contents(&self) -> &[SubjectId] {
        &self.contents
    }

    /// The place of `text` in the table. Text that is JSON is cut like a frame: it may have many people in it.
    pub(super) fn place(&mut self, text: &str, seal: &mut dyn Seal) -> Result<u32, RecordError> {
        if let Some(place) = self.known.get(text).or_else(|| self.cut.get(text)) {
            return Ok(*place);
        }
        if text.starts_with(['[', '{']) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return self.cut(text, false, seal);
        }
        self.whole(text, seal)
    }

    /// The place of the text of a frame, readable or not.
    pub(super) fn frame(
        &mut self,
        text: &str,
        is_piece: bool,
        seal: &mut dyn Seal,
    ) -> Result<u32, RecordError> {
        if text.starts_with(['[', '{', ' ', '\t', '\n', '\r']) {
            self.cut(text, is_piece, seal)
        } else {
            self.whole(text, seal)
        }
    }

    /// The place of text that is nobody's, whatever it looks like.
    pub(super) fn plain(&mut self, text: &str) -> u32 {
        if let Some(place) = self.known.get(text) {
            return *place;
        }
        self.table.push(PLAIN);
        put_bytes(&mut self.table, text.as_bytes());
        self.entry(text)
    }

    fn whole(&mut self, text: &str, seal: &mut dyn Seal) -> Result<u32, RecordError> {
        if let Some(place) = self.known.get(text) {
            return Ok(*place);
        }
        if is_plain(text) || self.tokens_stay && is_token(text) {
            return Ok(self.plain(text));
        }
        self.sealed(text, text, seal)?;
        Ok(self.entry(text))
    }

    fn sealed(&mut self, subject: &str, text: &str, seal: &mut dyn Seal) -> Result<SubjectId, RecordError> {
        let (id, sealed) = seal.seal(subject, text)?;
        self.put_sealed(id, &sealed);
        Ok(id)
    }

    fn put_sealed(&mut self, id: SubjectId, sealed: &[u8]) {
        self.table.push(SEALED);
        self.table.extend_from_slice(&id.0.to_be_bytes());
        put_bytes(&mut self.table, sealed);
    }

    fn entry(&mut self, text: &str) -> u32 {
        let place = self.count;
        self.count += 1;
        self.known.insert(Box::from(text), place);
        place
    }

    fn spelled(&mut self, subject: &str, raw: &str, seal: &mut dyn Seal) -> Result<u32, RecordError> {
        if subject == raw {
            return self.whole(subject, seal);
        }
        if let Some(place) = self.spelled.get(raw) {
            return Ok(*place);
        }
        self.sealed(subject, raw, seal)?;
        let place = self.count;
        self.count += 1;
        self.spelled.insert(Box::from(raw), place);
        Ok(place)
    }

    fn cut(&mut self, text: &str, is_piece: bool, seal: &mut dyn Seal) -> Result<u32, RecordError> {
        if let Some(place) = self.cut.get(text) {
            return Ok(*place);
        }
        let mut pieces = Vec::with_capacity(text.len() / 2);
        let mut number = 0_u64;
        let mut wrong = None;
        cut(text, is_piece, |lexeme| {
            if wrong.is_some() {
                return;
            }
            let (kind, place) = match &lexeme {
                Lexeme::Literal(raw) => {
                    put_number(&mut pieces, (raw.len() as u64) << 2 | LITERAL);
                    pieces.extend_from_slice(raw.as_bytes());
                    number += 1;
                    return;
                }
                Lexeme::Text(said) => (TEXT, self.whole(said, seal)),
                Lexeme::Spelled { subject, raw } => (SPELLED, self.spelled(subject, raw, seal)),
                Lexeme::Piece(said) => (CONTENT, self.content(said, seal)),
            };
            match place {
                Ok(place) => {
                    put_number(&mut pieces, u64::from(place) << 2 | kind);
                    number += 1;
                }
                Err(error) => wrong = Some(error),
            }
        });
        if let Some(error) = wrong {
            return Err(error);
        }
        self.table.push(CUT);
        put_number(&mut self.table, number);
        self.table.extend_from_slice(&pieces);
        let place = self.count;
        self.count += 1;
        self.cut.insert(Box::from(text), place);
        Ok(place)
    }

    /// The content of a piece of a long message, under a key of its own: it can be destroyed without anybody's name
    /// going with it, whatever a server calls a piece.
    fn content(&mut self, said: &str, seal: &mut dyn Seal) -> Result<u32, RecordError> {
        let (id, sealed) = seal.seal_alone(said)?;
        self.put_sealed(id, &sealed);
        self.contents.push(id);
        let place = self.count;
        self.count += 1;
        Ok(place)
    }
}

/// An entry of a table that is read.
#[derive(Debug)]
pub(super) enum Entry<'b> {
    Plain(&'b str),
    Sealed(Arc<str>),
    /// What it was has been erased; its token stands for it.
    Erased(String),
    /// Put together when it is asked for.
    Cut {
        pieces: Cursor<'b>,
        number: u64,
        text: OnceCell<String>,
    },
}

/// The table of a record that is read.
#[derive(Debug)]
pub(super) struct Table<'b> {
    entries: Vec<Entry<'b>>,
}

impl<'b> Table<'b> {
    /// Reads `count` entries from the front of `bytes`.
    pub(super) fn read(bytes: &mut Cursor<'b>, unseal: &dyn Unseal) -> Result<Self, RecordError> {
        let count = entry_count(bytes)?;
        let mut entries: Vec<Entry<'b>> = Vec::with_capacity(count.min(FEW_ENTRIES));
        for _ in 0..count {
            let is_part =
                |place: usize| entries.get(place).is_some_and(|entry| !matches!(entry, Entry::Cut { .. }));
            let raw = Raw::read(bytes, is_part)?;
            entries.push(match raw {
                Raw::Plain(text) => Entry::Plain(text),
                Raw::Sealed(subject, sealed) => match unseal.unseal(subject, sealed)? {
                    Some(text) => Entry::Sealed(text),
                    None => Entry::Erased(subject.token()),
                },
                Raw::Cut { pieces, number } => Entry::Cut { pieces, number, text: OnceCell::new() },
            });
        }
        Ok(Self { entries })
    }

    pub(super) fn has_erased(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Erased(_)))
    }

    /// The text at `place`.
    pub(super) fn text(&self, place: u64) -> Result<&str, RecordError> {
        let missing = RecordError::Damaged("a string that is not in the table");
        let entry = usize::try_from(place).ok().and_then(|place| self.entries.get(place)).ok_or(missing)?;
        Ok(match entry {
            Entry::Plain(text) => text,
            Entry::Sealed(text) => text,
            Entry::Erased(token) => token,
            Entry::Cut { pieces, number, text } => match text.get() {
                Some(text) => text,
                None => {
                    let whole = self.joined(*pieces, *number, None)?;
                    text.get_or_init(|| whole)
                }
            },
        })
    }

    /// The text at `place`, where the content of an erased piece of a long message is made from that message.
    pub(super) fn frame(&self, place: u64, message: Option<&str>) -> Result<Cow<'_, str>, RecordError> {
        let entry = usize::try_from(place).ok().and_then(|place| self.entries.get(place));
        match entry {
            Some(Entry::Cut { pieces, number, .. }) => self.joined(*pieces, *number, message).map(Cow::Owned),
            Some(Entry::Plain(_) | Entry::Sealed(_) | Entry::Erased(_)) | None => {
                self.text(place).map(Cow::Borrowed)
            }
        }
    }

    fn joined(
        &self,
        mut pieces: Cursor<'_>,
        number: u64,
        message: Option<&str>,
    ) -> Result<String, RecordError> {
        let mut text = String::new();
        for _ in 0..number {
            let tag = pieces.number()?;
            let (kind, value) = (tag & 3, tag >> 2);
            if kind == LITERAL {
                let bytes = pieces.take(usize::try_from(value).unwrap_or(usize::MAX))?;
                text.push_str(
                    std::str::from_utf8(bytes).map_err(|_| RecordError::Damaged("text that is not UTF-8"))?,
                );
                continue;
            }
            if text.len() > MAX_TEXT_BYTES {
                return Err(RecordError::Damaged("text that would be too long"));
            }
            let is_erased = usize::try_from(value)
                .is_ok_and(|place| matches!(self.entries.get(place), Some(Entry::Erased(_))));
            let said = self.text(value)?;
            match kind {
                // A space in the place of an erased piece; the last piece brings the whole message.
                CONTENT if is_erased => put_json(&mut text, &STANDARD.encode(message.unwrap_or(" "))),
                SPELLED if !is_erased => text.push_str(said),
                // Written with escapes, it stands with its quotes.
                CONTENT if said.starts_with('"') => text.push_str(said),
                // TEXT, and whatever is erased: a token is text, also where a number stood.
                _ => put_json(&mut text, said),
            }
        }
        Ok(text)
    }
}

fn put_json(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        // Text can always be written.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// Where the entries of a table stand, for who asks for few of them: nothing is unsealed that is not asked for.
pub(super) struct Places<'b> {
    /// The table, its count in front.
    table: Cursor<'b>,
    unseal: &'b dyn Unseal,
    /// How far from the front of the table the first entries stand.
    few: [u32; FEW_PLACES],
    more: Vec<u32>,
    count: usize,
}

/// How many places are kept without an allocation.
const FEW_PLACES: usize = 48;

impl<'b> Places<'b> {
    /// Finds the entries at the front of `bytes`.
    pub(super) fn find(bytes: &mut Cursor<'b>, unseal: &'b dyn Unseal) -> Result<Self, RecordError> {
        let table = *bytes;
        let count = entry_count(bytes)?;
        let mut places = Self { table, unseal, few: [0; FEW_PLACES], more: Vec::new(), count };
        for entry in 0..count {
            let from = table.rest().len() - bytes.rest().len();
            let from = u32::try_from(from).map_err(|_| RecordError::Damaged("more than a record"))?;
            match places.few.get_mut(entry) {
                Some(place) => *place = from,
                None => places.more.push(from),
            }
            skip(bytes)?;
        }
        Ok(places)
    }

    /// Has `read` read the text at `place`.
    pub(super) fn with<R>(
        &self,
        place: u64,
        read: impl FnOnce(&str) -> Result<R, RecordError>,
    ) -> Result<R, RecordError> {
        let missing = RecordError::Damaged("a string that is not in the table");
        let place = usize::try_from(place).ok().filter(|place| *place < self.count).ok_or(missing)?;
        let from = self.few.get(place).or_else(|| self.more.get(place - FEW_PLACES));
        let mut entry = self.table;
        entry.take(from.copied().unwrap_or_default() as usize)?;
        match Raw::read(&mut entry, |_| true)? {
            Raw::Plain(text) => read(text),
            Raw::Sealed(subject, sealed) => match self.unseal.unseal(subject, sealed)? {
                Some(text) => read(&text),
                None => read(&subject.token()),
            },
            // Rare in what is decided: text that is JSON. It is made of other entries.
            Raw::Cut { .. } => {
                let mut table = self.table;
                read(Table::read(&mut table, self.unseal)?.text(place as u64)?)
            }
        }
    }
}

/// Passes over an entry.
fn skip(bytes: &mut Cursor<'_>) -> Result<(), RecordError> {
    match bytes.byte()? {
        PLAIN => bytes.bytes().map(drop),
        SEALED => {
            bytes.take(8)?;
            bytes.bytes().map(drop)
        }
        CUT => {
            for _ in 0..bytes.number()? {
                let tag = bytes.number()?;
                if tag & 3 == LITERAL {
                    bytes.take(usize::try_from(tag >> 2).unwrap_or(usize::MAX))?;
                }
            }
            Ok(())
        }
        _ => Err(RecordError::Damaged("a string of an unknown kind")),
    }
}

/// Where the strings of a value are looked up.
#[derive(Clone, Copy)]
pub(super) enum Strings<'b, 't> {
    /// In a table that was read.
    Read(&'t Table<'b>),
    /// In one that is read as far as it is asked.
    Found(&'t Places<'b>),
}

impl Strings<'_, '_> {
    /// Has `read` read the text at `place`.
    pub(super) fn with<R>(
        self,
        place: u64,
        read: impl FnOnce(&str) -> Result<R, RecordError>,
    ) -> Result<R, RecordError> {
        match self {
            Self::Read(table) => read(table.text(place)?),
            Self::Found(places) => places.with(place, read),
        }
    }
}

/// An entry as it stands in a record.
#[derive(Debug)]
pub(super) enum Raw<'b> {
    Plain(&'b str),
    Sealed(SubjectId, &'b [u8]),
    Cut { pieces: Cursor<'b>, number: u64 },
}

impl<'b> Raw<'b> {
    /// Reads the entry at the front; `is_part` says of which entries before it a text may be made.
    pub(super) fn read(bytes: &mut Cursor<'b>, is_part: impl Fn(usize) -> bool) -> Result<Self, RecordError> {
        Ok(match bytes.byte()? {
            PLAIN => Self::Plain(bytes.text()?),
            SEALED => {
                let (id, _) = bytes
                    .take(8)?
                    .split_first_chunk::<8>()
                    .ok_or(RecordError::Damaged("it ends too early"))?;
                Self::Sealed(SubjectId(u64::from_be_bytes(*id)), bytes.bytes()?)
            }
            CUT => {
                let number = bytes.number()?;
                let pieces = *bytes;
                for _ in 0..number {
                    let tag = bytes.number()?;
                    let value = usize::try_from(tag >> 2).unwrap_or(usize::MAX);
                    if tag & 3 == LITERAL {
                        bytes.take(value)?;
                    } else if !is_part(value) {
                        return Err(RecordError::Damaged("text made of what it cannot be made of"));
                    }
                }
                Self::Cut { pieces, number }
            }
            _ => return Err(RecordError::Damaged("a string of an unknown kind")),
        })
    }

    /// What is to be known of a cut text without putting it together.
    pub(super) fn parts(
        mut pieces: Cursor<'b>,
        number: u64,
        mut each: impl FnMut(Part<'b>),
    ) -> Result<(), RecordError> {
        for _ in 0..number {
            let tag = pieces.number()?;
            let value = usize::try_from(tag >> 2).unwrap_or(usize::MAX);
            match tag & 3 {
                LITERAL => each(Part::Literal(pieces.take(value)?)),
                CONTENT => each(Part::Content(value)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A part of a cut text.
pub(super) enum Part<'b> {
    /// It stays readable.
    Literal(&'b [u8]),
    /// The content of a piece of a long message: the entry at this place.
    Content(usize),
}
