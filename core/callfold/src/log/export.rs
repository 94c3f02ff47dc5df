//! A log as JSON Lines: readable, and with the bytes and the chain, so that nothing is lost.
//!
//! ```text
//! {"callfold":"log","version":1}
//! {"stream":{"id":0,"name":…,"description":base64}}        each stream, before its records
//! {"key":{"subject":hex,"key":hex,"text":…}}               each key, before the first record that needs it
//! {"record":{"stream":0,"seq":1,"at":…,"input":…,"events":[…],"hash":hex,"bytes":base64}}
//! {"end":{"streams":1,"records":1}}
//! ```
//!
//! `bytes` is what counts; what people read beside it is made of them, and compared with them on import. An erased
//! subject has no key: `{"key":{"subject":hex,"erased":true}}`. **An export has the keys of all it tells**: who erases
//! somebody must see to the exports, too.

use std::collections::BTreeSet;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::record::{Record, Stored, SubjectId, Unseal as _, stored, stored_in_sealed};
use callfold_store::{Keys, StoreError, StoredRecord, StreamId};
use serde_json::{Value, json};

use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, StreamInfo, input_json, tell};

/// The version of the format.
pub(super) const VERSION: u64 = 1;

impl Log {
    /// Writes streams as JSON Lines; all of them if none is named. How many records were written.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read or `out` not be written. [`LogError::Interrupted`]: what was written has no
    /// last line, so nobody takes it for whole.
    pub fn export(
        &self,
        streams: &[StreamId],
        mut out: impl Write,
        progress: OnProgress<'_>,
    ) -> Result<u64, LogError> {
        let mut all = self.store.streams()?;
        if !streams.is_empty() {
            all.retain(|(id, _)| streams.contains(id));
        }
        let of =
            all.iter().map(|(id, _)| self.store.head(*id).map(|head| head.seq)).sum::<Result<u64, _>>()?;
        let mut export = Export { out: &mut out, keys: self.store.keys(), told: BTreeSet::new() };
        export.line(&json!({ "callfold": "log", "version": VERSION }))?;
        let mut done = 0_u64;
        for (number, (id, description)) in (0_u64..).zip(&all) {
            export.stream(number, description)?;
            for block in self.store.blocks(*id, 1) {
                for record in block?.records() {
                    export.record(number, &record?)?;
                    done += 1;
                    if done.is_multiple_of(PROGRESS_EVERY) {
                        tell(progress, done, of)?;
                    }
                }
            }
        }
        export.line(&json!({ "end": { "streams": all.len(), "records": done } }))?;
        out.flush()?;
        // It is done: nothing is left to be broken off.
        let _ = progress(Progress { done, of: done });
        Ok(done)
    }
}

struct Export<'e, W> {
    out: &'e mut W,
    keys: &'e Keys,
    /// Subjects whose keys were written.
    told: BTreeSet<SubjectId>,
}

impl<W: Write> Export<'_, W> {
    fn line(&mut self, line: &Value) -> Result<(), LogError> {
        writeln!(self.out, "{line}")?;
        Ok(())
    }

    fn stream(&mut self, number: u64, description: &[u8]) -> Result<(), LogError> {
        let info = StreamInfo::read(description, self.keys)?;
        let mut subjects = Vec::new();
        stored_in_sealed(StreamInfo::sealed(description)?, |entry| put(&mut subjects, entry))?;
        self.subjects(subjects)?;
        self.line(&json!({ "stream": stream_line(number, &info, description) }))
    }

    fn record(&mut self, stream: u64, record: &StoredRecord<'_>) -> Result<(), LogError> {
        let place = record.place;
        let wrong = |source| StoreError::Record { place, source };
        let mut subjects = Vec::new();
        stored(record.bytes, |entry| put(&mut subjects, entry)).map_err(wrong)?;
        self.subjects(subjects)?;
        let read = Record::read(record.bytes, self.keys).map_err(wrong)?;
        let mut line = record_line(stream, &read)?;
        if let Some(line) = line.as_object_mut() {
            line.insert("hash".to_owned(), record.hash.to_string().into());
            line.insert("bytes".to_owned(), STANDARD.encode(record.bytes).into());
        }
        self.line(&json!({ "record": line }))
    }

    fn subjects(&mut self, subjects: Vec<(SubjectId, Vec<u8>)>) -> Result<(), LogError> {
        for (subject, sealed) in subjects {
            if !self.told.insert(subject) {
                continue;
            }
            let id = format!("{:016x}", subject.0);
            let line = match self.keys.export(subject) {
                None => json!({ "subject": id, "erased": true }),
                Some(key) => {
                    let text = match Keys::is_subject_itself(&sealed) {
                        true => self.keys.unseal(subject, &sealed)?,
                        false => None,
                    };
                    json!({ "subject": id, "key": hex(&key), "text": text.as_deref() })
                }
            };
            self.line(&json!({ "key": line }))?;
        }
        Ok(())
    }
}

fn put(subjects: &mut Vec<(SubjectId, Vec<u8>)>, entry: Stored<'_>) {
    if let Stored::Sealed(subject, sealed) = entry {
        subjects.push((subject, sealed.to_vec()));
    }
}

/// What people read of a stream, and its description.
pub(super) fn stream_line(number: u64, info: &StreamInfo, description: &[u8]) -> Value {
    json!({
        "id": number,
        "name": info.name,
        "title": info.title,
        "agent": info.agent,
        "server": info.server,
        "engine": info.engine.to_string(),
        "began": info.began,
        "description": STANDARD.encode(description),
    })
}

/// What people read of a record.
pub(super) fn record_line(stream: u64, record: &Record) -> Result<Value, LogError> {
    let events = serde_json::to_value(&record.events).map_err(std::io::Error::from)?;
    Ok(json!({
        "stream": stream,
        "seq": record.head.seq,
        "at": record.head.at,
        "engine": record.head.engine.to_string(),
        "input": input_json(&record.input.kind),
        "message": record.message,
        "events": events,
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
