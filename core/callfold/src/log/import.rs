//! Takes an exported log in: every record is looked at before one is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read as _, Seek, SeekFrom};
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::Timestamp;
use callfold_engine::record::{
    Hash, Head, Record, RecordError, Stored, SubjectId, Unseal as _, stored, stored_in_sealed,
};
use callfold_store::{Append, Keys, LogStore, MemoryStore, NewRecord, StoreError, StreamId};
use serde::Deserialize;
use serde_json::Value;

use super::export::{VERSION, record_line, stream_line};
use super::{ImportError, Log, LogError, OnProgress, StreamInfo, tell};

/// The longest line: a record of a message of 4 MiB, told three times over.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// How many records are appended at once, and about how many bytes of them at most.
const BATCH: usize = 1_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

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
    check(input, There::default(), progress).map(|(imported, _)| imported)
}

/// Looks at all of an exported log that is to be taken in where `there` is; the texts that its keys do not tell, too.
fn check(
    input: impl BufRead,
    there: There<'_>,
    progress: OnProgress<'_>,
) -> Result<(Imported, BTreeMap<SubjectId, String>), LogError> {
    let store = MemoryStore::new()?;
    let look = Look { there, untested: BTreeMap::new() };
    let mut taking = Taking::new(&store, Some(look), BTreeMap::new());
    let imported = taking.all(input, progress)?;
    Ok((imported, taking.texts))
}

impl Log {
    /// Takes an exported log in. It is read twice: once to look at all of it, once to write, so that one that is
    /// damaged, or does not go with what is there, leaves nothing behind.
    ///
    /// # Errors
    /// [`LogError::Import`] names the line that is wrong; [`ImportError::SameStream`] a stream that is there already;
    /// [`LogError::NameTaken`] another one that has its name.
    /// [`LogError::Interrupted`] comes only while it looks, so nothing was taken in then: once it writes, it is not broken
    /// off.
    pub fn import(
        &self,
        mut input: impl BufRead + Seek,
        progress: OnProgress<'_>,
    ) -> Result<Imported, LogError> {
        // What is found not to be there must not come in between the two readings.
        let _one_at_a_time = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        // Nor may somebody be erased whose keys are taken in and whose records are not yet.
        let _no_erasure = self.turns.write();
        let start = input.stream_position()?;
        let named = self.streams()?;
        let there = There {
            descriptions: self.store.streams()?,
            names: named.into_iter().map(|there| (there.info.name.as_str().to_owned(), there.id)).collect(),
            keys: Some(self.store.keys()),
        };
        let (_, texts) = check(&mut input, there, progress)?;
        input.seek(SeekFrom::Start(start))?;
        let imported = Taking::new(&*self.store, None, texts).all(input, progress)?;
        self.store.sync()?;
        Ok(imported)
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
    origin: Hash,
    seq: u64,
    hash: Hash,
    at: Option<Timestamp>,
    waiting: Vec<NewRecord>,
}

/// What an export must go with.
#[derive(Default)]
struct There<'t> {
    descriptions: Vec<(StreamId, Vec<u8>)>,
    names: Vec<(String, StreamId)>,
    keys: Option<&'t Keys>,
}

/// A key of which nothing was seen yet that is its subject itself.
struct Untested {
    /// Where it stands.
    line: usize,
    /// What its text is, by what people read.
    text: Option<String>,
    /// Whether the subject came in another spelling first, so that the export could not tell its text.
    came_otherwise: bool,
}

/// What is only done in the first reading.
struct Look<'t> {
    there: There<'t>,
    untested: BTreeMap<SubjectId, Untested>,
}

impl Look<'_> {
    /// Whether a stream can be added that is this, and is called so.
    fn stream(&self, description: &[u8], name: &str) -> Result<(), Wrong> {
        if let Some((id, _)) = self.there.descriptions.iter().find(|(_, known)| known == description) {
            return Err(ImportError::SameStream { stream: name.to_owned(), id: *id }.into());
        }
        match self.there.names.iter().find(|(known, _)| known == name) {
            Some((_, id)) => Err(LogError::NameTaken { name: name.to_owned(), id: *id }.into()),
            None => Ok(()),
        }
    }

    /// Those of the subjects that stand somewhere of which nothing was seen yet.
    fn untested(
        &self,
        each: impl FnOnce(&mut dyn FnMut(Stored<'_>)) -> Result<(), RecordError>,
    ) -> Result<Vec<(SubjectId, Vec<u8>)>, RecordError> {
        let mut found = Vec::new();
        each(&mut |entry| {
            if let Stored::Sealed(subject, sealed) = entry
                && self.untested.contains_key(&subject)
            {
                found.push((subject, sealed.to_vec()));
            }
        })?;
        Ok(found)
    }

    /// Compares the texts that people read beside the keys with what the keys open. Those that are not told are put
    /// into `texts`.
    fn test(
        &mut self,
        found: Vec<(SubjectId, Vec<u8>)>,
        keys: &Keys,
        texts: &mut BTreeMap<SubjectId, String>,
    ) -> Result<(), Wrong> {
        for (subject, sealed) in found {
            let Some(key) = self.untested.get_mut(&subject) else { continue };
            if !Keys::is_subject_itself(&sealed) {
                key.came_otherwise = true;
                continue;
            }
            let opened = keys.unseal(subject, &sealed).map_err(LogError::from)?;
            match (&key.text, opened) {
                (Some(told), Some(opened)) if **told == *opened => {}
                (None, Some(opened)) if key.came_otherwise => {
                    texts.insert(subject, opened.as_ref().to_owned());
                }
                (Some(_) | None, _) => return Err(at(key.line, ImportError::KeyText).into()),
            }
            self.untested.remove(&subject);
        }
        Ok(())
    }
}

struct Taking<'t> {
    into: &'t dyn LogStore,
    /// Only in the first reading, in which nothing is written but the keys.
    look: Option<Look<'t>>,
    streams: Vec<TakenStream>,
    records: u64,
    /// How many records wait to be written, and how many bytes they have.
    waiting: (usize, usize),
    known: BTreeSet<SubjectId>,
    /// The texts of keys that stand there without.
    texts: BTreeMap<SubjectId, String>,
}

impl<'t> Taking<'t> {
    fn new(into: &'t dyn LogStore, look: Option<Look<'t>>, texts: BTreeMap<SubjectId, String>) -> Self {
        let (streams, known) = (Vec::new(), BTreeSet::new());
        Self { into, look, streams, records: 0, waiting: (0, 0), known, texts }
    }

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
                Line::Key(line) => {
                    self.key(&line, lines.number).map_err(|error| error.at(lines.number))?;
                }
                Line::Record(line) => {
                    self.record(&line, &lines.buffer).map_err(|error| error.at(lines.number))?;
                    if self.records.is_multiple_of(super::verify::PROGRESS_EVERY) {
                        let on = tell(progress, self.records, 0);
                        // What is written cannot be taken back: half a stream stays for good.
                        if self.look.is_some() {
                            on?;
                        }
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
        let untested = self.look.iter().flat_map(|look| look.untested.values());
        if let Some(key) = untested.filter(|key| key.text.is_some()).min_by_key(|key| key.line) {
            return Err(at(key.line, ImportError::KeyText));
        }
        self.write()?;
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
        let hash = Hash::of_stream(&description);
        if self.streams.iter().any(|other| other.origin == hash || other.name == name) {
            return Err(ImportError::Twice { stream: name }.into());
        }
        let id = match &mut self.look {
            None => self.into.add_stream(&description)?,
            Some(look) => {
                look.stream(&description, &name)?;
                let sealed = StreamInfo::sealed(&description).map_err(LogError::from)?;
                let found = look.untested(|each| stored_in_sealed(sealed, each)).map_err(LogError::from)?;
                look.test(found, self.into.keys(), &mut self.texts)?;
                StreamId(0)
            }
        };
        self.streams.push(TakenStream {
            name,
            id,
            origin: hash,
            seq: 0,
            hash,
            at: None,
            waiting: Vec::new(),
        });
        Ok(())
    }

    fn key(&mut self, line: &KeyLine, number: usize) -> Result<(), Wrong> {
        let not = |why| Wrong::from(ImportError::NotALine(why));
        let subject =
            u64::from_str_radix(&line.subject, 16).map_err(|_| not("a subject that is no number"))?;
        let key = match &line.key {
            None => None,
            Some(key) => Some(Hash::from_hex(key).ok_or_else(|| not("a key that is none"))?.0),
        };
        let subject = SubjectId(subject);
        if !self.known.insert(subject) {
            return Err(not("a subject twice"));
        }
        if let Some(look) = &mut self.look {
            if look.there.keys.is_some_and(|keys| keys.would_refuse(subject, key)) {
                return Err(ImportError::OtherKey.into());
            }
            if key.is_some() {
                let key = Untested { line: number, text: line.text.clone(), came_otherwise: false };
                look.untested.insert(subject, key);
            }
        }
        let text = line.text.as_ref().or_else(|| self.texts.get(&subject)).map(String::as_str);
        Ok(self.into.keys().import(subject, key.map(|key| (key, text)))?)
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
        if let Some(look) = &mut self.look {
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
            let found = look.untested(|each| stored(&bytes, each)).map_err(LogError::from)?;
            look.test(found, keys, &mut self.texts)?;
        }
        (stream.seq, stream.hash, stream.at) = (expected, hash, Some(head.at));
        self.records += 1;
        if self.look.is_none() {
            self.waiting = (self.waiting.0 + 1, self.waiting.1 + bytes.len());
            stream.waiting.push(NewRecord { bytes, hash, at: head.at });
            if self.waiting.0 >= BATCH || self.waiting.1 >= BATCH_BYTES {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Writes what waits, of all streams: any number of them may be in one file, side by side.
    fn write(&mut self) -> Result<(), StoreError> {
        self.waiting = (0, 0);
        let mut appends = Vec::new();
        for stream in self.streams.iter_mut().filter(|stream| !stream.waiting.is_empty()) {
            let records = std::mem::take(&mut stream.waiting);
            let first = stream.seq + 1 - records.len() as u64;
            appends.push(Append { stream: stream.id, first, records });
        }
        if appends.is_empty() { Ok(()) } else { self.into.append(&appends) }
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
