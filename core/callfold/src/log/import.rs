//! Takes an exported log in: every record is looked at before one is written.

use std::collections::BTreeSet;
use std::io::{BufRead, Read as _, Seek, SeekFrom};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::Timestamp;
use callfold_engine::record::{Hash, Head, Record, SubjectId};
use callfold_store::{Append, LogStore, MemoryStore, NewRecord, StoreError, StreamId};
use serde::Deserialize;
use serde_json::Value;

use super::export::{VERSION, record_line, stream_line};
use super::{ImportError, Log, LogError, OnProgress, Progress, StreamInfo};

/// The longest line: a record of a message of 4 MiB, told three times over.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// How many records are appended at once.
const BATCH: usize = 1_000;

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The streams, as they are called in the log.
    pub streams: Vec<StreamId>,
    /// How many records they have.
    pub records: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Stream(StreamLine),
    Key(KeyLine),
    Record(RecordLine),
    End(EndLine),
}

#[derive(Deserialize)]
struct StreamLine {
    id: u64,
    description: String,
}

#[derive(Deserialize)]
struct KeyLine {
    subject: String,
    key: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct RecordLine {
    stream: u64,
    hash: String,
    bytes: String,
}

#[derive(Deserialize)]
struct EndLine {
    streams: u64,
    records: u64,
}

/// Looks at an exported log without taking it in: chain, order, and whether what people read is what the bytes say.
///
/// # Errors
/// [`LogError::Import`] names the line that is wrong.
pub fn check_export(input: impl BufRead, progress: OnProgress<'_>) -> Result<Imported, LogError> {
    let keys = MemoryStore::new()?;
    let mut taking =
        Taking { into: &keys, dry: true, streams: Vec::new(), records: 0, known: BTreeSet::new() };
    taking.all(input, progress)
}

impl Log {
    /// Takes an exported log in. It is read twice: once to look at all of it, once to write, so that a damaged one
    /// leaves nothing behind.
    ///
    /// # Errors
    /// [`LogError::Import`] names the line that is wrong; [`ImportError::SameStream`] a stream that is there already;
    /// [`LogError::NameTaken`] another one that has its name.
    pub fn import(
        &self,
        mut input: impl BufRead + Seek,
        progress: OnProgress<'_>,
    ) -> Result<Imported, LogError> {
        let start = input.stream_position()?;
        let streams = self.streams_of(&mut input)?;
        let there = self.store.streams()?;
        let named = self.streams()?;
        for (line, name, description) in streams {
            if let Some((id, _)) = there.iter().find(|(_, known)| *known == description) {
                return Err(at(line, ImportError::SameStream { stream: name, id: *id }));
            }
            if let Some(other) = named.iter().find(|other| other.info.name.as_str() == name) {
                return Err(LogError::NameTaken { name, id: other.id });
            }
        }
        input.seek(SeekFrom::Start(start))?;
        check_export(&mut input, progress)?;
        input.seek(SeekFrom::Start(start))?;
        let mut taking = Taking {
            into: &*self.store,
            dry: false,
            streams: Vec::new(),
            records: 0,
            known: BTreeSet::new(),
        };
        let imported = taking.all(input, progress)?;
        self.store.sync()?;
        Ok(imported)
    }

    /// The streams of an export, with their lines and names.
    fn streams_of(&self, input: &mut impl BufRead) -> Result<Vec<(usize, String, Vec<u8>)>, LogError> {
        let mut lines = Lines { input, number: 0, buffer: Vec::new() };
        let mut streams = Vec::new();
        while lines.read()? {
            if !lines.buffer.starts_with(b"{\"stream\"") {
                continue;
            }
            let line: Value = serde_json::from_slice(&lines.buffer).unwrap_or_default();
            let text =
                |name: &str| line.get("stream").and_then(|line| line.get(name)).and_then(Value::as_str);
            let description = text("description").and_then(|text| STANDARD.decode(text).ok());
            let name = text("name").unwrap_or_default().to_owned();
            streams.extend(description.map(|description| (lines.number, name, description)));
        }
        Ok(streams)
    }
}

fn at(line: usize, source: ImportError) -> LogError {
    LogError::Import { line, source }
}

struct Lines<'i, R> {
    input: &'i mut R,
    number: usize,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<'_, R> {
    fn read(&mut self) -> Result<bool, LogError> {
        self.buffer.clear();
        self.number += 1;
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = self.input.take(limit).read_until(b'\n', &mut self.buffer)?;
        if read > MAX_LINE_BYTES {
            return Err(at(self.number, ImportError::TooLong(MAX_LINE_BYTES)));
        }
        Ok(read > 0)
    }
}

struct TakenStream {
    name: String,
    id: StreamId,
    seq: u64,
    hash: Hash,
    at: Option<Timestamp>,
    waiting: Vec<NewRecord>,
}

struct Taking<'t> {
    into: &'t dyn LogStore,
    /// Nothing is written but the keys.
    dry: bool,
    streams: Vec<TakenStream>,
    records: u64,
    known: BTreeSet<SubjectId>,
}

impl Taking<'_> {
    fn all(&mut self, mut input: impl BufRead, progress: OnProgress<'_>) -> Result<Imported, LogError> {
        let mut lines = Lines { input: &mut input, number: 0, buffer: Vec::new() };
        let mut ended = false;
        let mut is_first = true;
        while lines.read()? {
            let wrong = |source| at(lines.number, source);
            if std::mem::replace(&mut is_first, false) {
                first_line(&lines.buffer).map_err(wrong)?;
                continue;
            }
            let cut_short = !lines.buffer.ends_with(b"\n");
            let line: Line = serde_json::from_slice(&lines.buffer).map_err(|_| {
                wrong(if cut_short { ImportError::CutShort } else { ImportError::NotALine("not understood") })
            })?;
            if ended {
                return Err(wrong(ImportError::CutShort));
            }
            match line {
                Line::Stream(line) => {
                    self.stream(&line, &lines.buffer).map_err(|error| error.at(lines.number))?;
                }
                Line::Key(line) => self.key(&line).map_err(|error| error.at(lines.number))?,
                Line::Record(line) => {
                    self.record(&line, &lines.buffer).map_err(|error| error.at(lines.number))?;
                    if self.records.is_multiple_of(super::verify::PROGRESS_EVERY) {
                        progress(Progress { done: self.records, of: 0 });
                    }
                }
                Line::End(line) => {
                    ended = true;
                    if line.streams != self.streams.len() as u64 || line.records != self.records {
                        return Err(wrong(ImportError::CutShort));
                    }
                }
            }
        }
        if !ended {
            return Err(at(lines.number, ImportError::CutShort));
        }
        for stream in 0..self.streams.len() {
            self.write(stream)?;
        }
        let streams = self.streams.iter().map(|stream| stream.id).collect();
        Ok(Imported { streams, records: self.records })
    }

    fn stream(&mut self, line: &StreamLine, text: &[u8]) -> Result<(), Wrong> {
        if line.id != self.streams.len() as u64 {
            return Err(ImportError::NotALine("streams are numbered from 0").into());
        }
        let description = STANDARD.decode(&line.description);
        let description =
            description.map_err(|_| ImportError::NotALine("a description that is no base64"))?;
        let info = StreamInfo::read(&description, self.into.keys());
        let name = "(not readable)".to_owned();
        let info = info.map_err(|source| ImportError::Record { stream: name, seq: 0, source })?;
        let name = info.name.as_str().to_owned();
        compare(text, "stream", &stream_line(line.id, &info, &description))
            .map_err(|field| ImportError::Readable { stream: name.clone(), seq: 0, field })?;
        let id = if self.dry { StreamId(0) } else { self.into.add_stream(&description)? };
        let hash = Hash::of_stream(&description);
        self.streams.push(TakenStream { name, id, seq: 0, hash, at: None, waiting: Vec::new() });
        Ok(())
    }

    fn key(&mut self, line: &KeyLine) -> Result<(), Wrong> {
        let not = |why| Wrong::from(ImportError::NotALine(why));
        let subject =
            u64::from_str_radix(&line.subject, 16).map_err(|_| not("a subject that is no number"))?;
        let key = match &line.key {
            None => None,
            Some(key) => Some(Hash::from_hex(key).ok_or_else(|| not("a key that is none"))?.0),
        };
        if !self.known.insert(SubjectId(subject)) {
            return Err(not("a subject twice"));
        }
        Ok(self.into.keys().import(SubjectId(subject), key.map(|key| (key, line.text.as_deref())))?)
    }

    fn record(&mut self, line: &RecordLine, text: &[u8]) -> Result<(), Wrong> {
        let place = usize::try_from(line.stream).unwrap_or(usize::MAX);
        let keys = self.into.keys();
        let stream = self.streams.get_mut(place).ok_or(ImportError::NotALine("a record of no stream"))?;
        let bytes =
            STANDARD.decode(&line.bytes).map_err(|_| ImportError::NotALine("bytes that are no base64"))?;
        let hash = Hash::from_hex(&line.hash).ok_or(ImportError::NotALine("a hash that is none"))?;
        let (name, expected) = (stream.name.clone(), stream.seq + 1);
        let unreadable = |source| ImportError::Record { stream: name.clone(), seq: expected, source };
        let head = Head::read(&bytes).map_err(unreadable)?;
        if head.seq != expected {
            return Err(ImportError::Order { stream: name, expected, found: head.seq }.into());
        }
        if stream.hash.after(&bytes) != hash || stream.at.is_some_and(|before| before > head.at) {
            return Err(ImportError::Hash { stream: name, seq: expected }.into());
        }
        if self.dry {
            let record = Record::read(&bytes, keys).map_err(unreadable)?;
            let mut readable = record_line(line.stream, &record)?;
            if let Some(readable) = readable.as_object_mut() {
                readable.insert("hash".to_owned(), line.hash.as_str().into());
                readable.insert("bytes".to_owned(), line.bytes.as_str().into());
            }
            compare(text, "record", &readable).map_err(|field| ImportError::Readable {
                stream: name,
                seq: expected,
                field,
            })?;
        }
        (stream.seq, stream.hash, stream.at) = (expected, hash, Some(head.at));
        stream.waiting.push(NewRecord { bytes, hash, at: head.at });
        self.records += 1;
        if stream.waiting.len() >= BATCH {
            self.write(place)?;
        }
        Ok(())
    }

    fn write(&mut self, place: usize) -> Result<(), StoreError> {
        let Some(stream) = self.streams.get_mut(place) else { return Ok(()) };
        let records = std::mem::take(&mut stream.waiting);
        if self.dry || records.is_empty() {
            return Ok(());
        }
        let first = stream.seq + 1 - records.len() as u64;
        self.into.append(&[Append { stream: stream.id, first, records }])
    }
}

fn first_line(line: &[u8]) -> Result<(), ImportError> {
    let line: Value = serde_json::from_slice(line).map_err(|_| ImportError::Version)?;
    let is_ours = line.get("callfold").and_then(Value::as_str) == Some("log");
    let version = line.get("version").and_then(Value::as_u64);
    if is_ours && version == Some(VERSION) { Ok(()) } else { Err(ImportError::Version) }
}

/// Compares what people read in a line with what it should be; the first field that differs.
fn compare(text: &[u8], kind: &str, expected: &Value) -> Result<(), &'static str> {
    let line: Value = serde_json::from_slice(text).map_err(|_| "line")?;
    if line.get(kind) == Some(expected) {
        return Ok(());
    }
    const FIELDS: [&str; 16] = [
        "id",
        "name",
        "title",
        "agent",
        "server",
        "began",
        "description",
        "stream",
        "seq",
        "at",
        "engine",
        "input",
        "message",
        "events",
        "hash",
        "bytes",
    ];
    let differs = |name: &&&str| line.get(kind).and_then(|line| line.get(**name)) != expected.get(**name);
    Err(FIELDS.iter().find(differs).copied().unwrap_or("a field that does not belong there"))
}

/// What is wrong with a line, or with the store.
enum Wrong {
    Line(ImportError),
    Log(LogError),
}

impl Wrong {
    fn at(self, line: usize) -> LogError {
        match self {
            Self::Line(source) => LogError::Import { line, source },
            Self::Log(error) => error,
        }
    }
}

impl From<ImportError> for Wrong {
    fn from(error: ImportError) -> Self {
        Self::Line(error)
    }
}

impl From<LogError> for Wrong {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}
