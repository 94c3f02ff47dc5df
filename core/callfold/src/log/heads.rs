//! Heads: what an auditor keeps elsewhere. A chain alone does not show that its end was cut off; a head does.

use std::io::{self, BufRead, Write};

use callfold_engine::record::Hash;
use callfold_store::StreamId;
use serde_json::{Value, json};

use super::{Log, LogError};

/// The head of a stream at some time: a line of the file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadLine {
    /// The stream's name, for people.
    pub name: String,
    /// Where its chain begins: what the stream is.
    pub origin: Hash,
    /// The number of its last record.
    pub seq: u64,
    /// The hash of that record.
    pub hash: Hash,
}

impl HeadLine {
    /// The head as a line of JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "stream": self.name,
            "origin": self.origin.to_string(),
            "seq": self.seq,
            "hash": self.hash.to_string(),
        })
    }

    fn read(line: &str) -> Result<Self, &'static str> {
        let line: Value = serde_json::from_str(line).map_err(|_| "no JSON")?;
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let hash = |name: &str| text(name).and_then(Hash::from_hex);
        Ok(Self {
            name: text("stream").ok_or("no `stream`")?.to_owned(),
            origin: hash("origin").ok_or("no hash `origin`")?,
            seq: line.get("seq").and_then(Value::as_u64).ok_or("no number `seq`")?,
            hash: hash("hash").ok_or("no hash `hash`")?,
        })
    }

    /// Writes heads, one line each.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_all(heads: &[Self], mut out: impl Write) -> io::Result<()> {
        heads.iter().try_for_each(|head| writeln!(out, "{}", head.json()))
    }

    /// Reads heads that were written by [`HeadLine::write_all`]. Empty lines are passed over.
    ///
    /// # Errors
    /// [`LogError::Heads`] names the line that is none; [`LogError::NoHeads`] if there is no line at all.
    pub fn read_all(input: impl BufRead) -> Result<Vec<Self>, LogError> {
        let mut heads = Vec::new();
        for (number, line) in (1..).zip(input.lines()) {
            let line = line?;
            if !line.trim().is_empty() {
                heads.push(Self::read(&line).map_err(|why| LogError::Heads { line: number, why })?);
            }
        }
        if heads.is_empty() { Err(LogError::NoHeads) } else { Ok(heads) }
    }
}

impl Log {
    /// The streams of which none of these is a head: nothing was kept that shows whether their ends were cut off.
    ///
    /// # Errors
    /// [`LogError`] if they cannot be read.
    pub fn without_head(&self, heads: &[HeadLine]) -> Result<Vec<StreamId>, LogError> {
        let mut streams = self.store.streams()?;
        streams.retain(|(_, description)| {
            let origin = Hash::of_stream(description);
            !heads.iter().any(|head| head.origin == origin)
        });
        Ok(streams.into_iter().map(|(id, _)| id).collect())
    }

    /// The heads of all streams now.
    ///
    /// # Errors
    /// [`LogError`] if they cannot be read.
    pub fn heads(&self) -> Result<Vec<HeadLine>, LogError> {
        let mut heads = Vec::new();
        for stream in self.streams()? {
            let name = stream.info.name.as_str().to_owned();
            let origin = self.origin(stream.id)?;
            heads.push(HeadLine { name, origin, seq: stream.head.seq, hash: stream.head.hash });
        }
        Ok(heads)
    }

    /// Where the chain of a stream begins.
    pub(super) fn origin(&self, stream: StreamId) -> Result<Hash, LogError> {
        let all = self.store.streams()?;
        let found = all.iter().find(|(id, _)| *id == stream);
        let (_, description) = found.ok_or(callfold_store::StoreError::NoStream(stream))?;
        Ok(Hash::of_stream(description))
    }
}
