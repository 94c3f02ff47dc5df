//! Reads what the shim told: every change of the files, every acknowledgement, in the order in which they happened.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::protocol::{self, Heads};
use crate::shim::Kind;

/// A run, change by change.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// In the order of the disk.
    pub entries: Vec<Entry>,
    /// How many reads there were. They change nothing and are no entries.
    pub reads: u64,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// To which file, below the watched root, which is the empty path.
    pub path: PathBuf,
    /// What.
    pub change: Change,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new, and empty.
    Create,
    /// It is a new directory.
    MakeDir,
    /// These bytes are there now.
    Write {
        /// Where they begin.
        offset: u64,
        /// What they are.
        data: Vec<u8>,
    },
    /// It has this length now.
    Truncate(u64),
    /// `fsync` or `fdatasync` returned without an error.
    Sync,
    /// `sync_file_range` did. It makes nothing durable.
    Range,
    /// It has this name now.
    Rename(PathBuf),
    /// The name is gone.
    Unlink,
    /// The directory is gone.
    RemoveDir,
    /// A call that was made to fail.
    Failed(Kind),
    /// Bytes to the standard output.
    Output(Vec<u8>),
}

impl Trace {
    /// Reads the file that the shim wrote.
    pub fn read(path: &Path) -> Result<Trace, Error> {
        Trace::parse(&fs::read(path).map_err(Error::at("reading", path))?)
    }

    /// Reads its text. An entry that is cut off at the very end is left out: the program was killed in it.
    pub fn parse(mut text: &[u8]) -> Result<Trace, Error> {
        let mut trace = Trace::default();
        let mut entry = 0;
        while let Some((raw, rest)) = Raw::split(text).map_err(|why| Error::Trace { entry, why })? {
            if raw.op == "i" {
                trace.reads += 1;
            } else {
                trace.entries.push(raw.entry().map_err(|why| Error::Trace { entry, why })?);
            }
            text = rest;
            entry += 1;
        }
        Ok(trace)
    }

    /// What had been acknowledged when the first `cut` entries had happened.
    pub fn acknowledged(&self, cut: usize) -> Result<Heads, Error> {
        let mut output = Vec::new();
        for entry in self.entries.iter().take(cut) {
            if let Change::Output(bytes) = &entry.change {
                output.extend(bytes);
            }
        }
        protocol::acknowledged(&output).map_err(|why| Error::Trace { entry: cut, why })
    }

    /// How many calls there were that a failure of this kind counts, the failed ones included.
    pub fn calls(&self, kind: Kind) -> u64 {
        let counts = |entry: &&Entry| match (&entry.change, kind) {
            (Change::Write { .. }, Kind::NoSpace | Kind::Write | Kind::Short)
            | (Change::Sync, Kind::Sync)
            | (Change::Range, Kind::Range) => true,
            (Change::Failed(failed), _) => *failed == kind,
            _ => false,
        };
        let reads = if kind == Kind::Read { self.reads } else { 0 };
        self.entries.iter().filter(counts).count() as u64 + reads
    }

    /// The first call that was made to fail.
    pub fn first_failure(&self) -> Option<usize> {
        self.entries.iter().position(|entry| matches!(entry.change, Change::Failed(_)))
    }
}

/// An entry as it is written: `OP NUMBER LENGTH PATH\n`, so many bytes, `\n`.
struct Raw<'a> {
    op: &'a str,
    number: u64,
    path: PathBuf,
    bytes: &'a [u8],
}

impl<'a> Raw<'a> {
    /// The first entry and what follows it; nothing when no whole one is left.
    fn split(text: &'a [u8]) -> Result<Option<(Raw<'a>, &'a [u8])>, String> {
        let Some(end) = text.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let (head, rest) = text.split_at(end);
        let head = str::from_utf8(head).map_err(|error| error.to_string())?;
        let wrong = || format!("{head:?} does not begin an entry");
        let mut words = head.splitn(4, ' ');
        let mut next = || words.next().ok_or_else(wrong);
        let (op, number, length, path) = (next()?, next()?, next()?, next()?);
        let number = number.parse().map_err(|_| wrong())?;
        let length: usize = length.parse().map_err(|_| wrong())?;
        let Some((bytes, rest)) = rest.get(1..).and_then(|rest| rest.split_at_checked(length)) else {
            return Ok(None);
        };
        let Some((after, rest)) = rest.split_first() else { return Ok(None) };
        if *after != b'\n' {
            return Err(format!("{head:?} does not end where it should"));
        }
        Ok(Some((Raw { op, number, path: relative(path), bytes }, rest)))
    }

    fn entry(self) -> Result<Entry, String> {
        let text = || String::from_utf8_lossy(self.bytes).into_owned();
        let change = match self.op {
            "c" => Change::Create,
            "d" => Change::MakeDir,
            "w" => Change::Write { offset: self.number, data: self.bytes.to_vec() },
            "t" => Change::Truncate(self.number),
            "s" => Change::Sync,
            "r" => Change::Range,
            "m" => Change::Rename(relative(&text())),
            "u" => Change::Unlink,
            "x" => Change::RemoveDir,
            "f" => Change::Failed(text().parse()?),
            "o" => Change::Output(self.bytes.to_vec()),
            "?" => return Err(format!("{}: {} cannot be followed", self.path.display(), text())),
            other => return Err(format!("{other:?} is no change")),
        };
        Ok(Entry { path: self.path, change })
    }
}

fn relative(path: &str) -> PathBuf {
    if path == "." { PathBuf::new() } else { path.into() }
}

#[cfg(test)]
mod tests {
    use super::{Change, Trace};
    use crate::shim::Kind;

    const TEXT: &[u8] =
        b"c 0 0 a b\n\nw 7 3 a b\n\n\nx\ni 0 0 a b\n\nf 2 5 a b\nfsync\no 0 9 .\nack 0 1 z\no 0 1 .\n\n\n";

    #[test]
    fn it_is_read_with_its_bytes() {
        let trace = Trace::parse(TEXT).unwrap();
        let changes: Vec<_> = trace.entries.iter().map(|entry| &entry.change).collect();
        let write = Change::Write { offset: 7, data: b"\n\nx".to_vec() };
        let failed = Change::Failed(Kind::Sync);
        assert_eq!(changes.iter().take(3).collect::<Vec<_>>(), [&&Change::Create, &&write, &&failed]);
        assert_eq!(trace.entries.first().unwrap().path.to_str(), Some("a b"));
        assert_eq!((trace.calls(Kind::Short), trace.calls(Kind::Sync), trace.calls(Kind::Read)), (1, 1, 1));
        assert_eq!(trace.first_failure(), Some(2));
    }

    #[test]
    fn an_acknowledgement_counts_when_its_line_ends() {
        let trace = Trace::parse(TEXT).unwrap();
        assert_eq!(trace.acknowledged(4).unwrap().len(), 0);
        assert_eq!(trace.acknowledged(5).unwrap().len(), 1);
    }

    #[test]
    fn an_entry_cut_off_at_the_end_did_not_happen() {
        let whole = Trace::parse(TEXT).unwrap().entries.len();
        for length in 0..TEXT.len() {
            assert!(Trace::parse(&TEXT[..length]).unwrap().entries.len() < whole, "{length}");
        }
    }

    #[test]
    fn what_is_no_trace_or_cannot_be_followed_is_refused() {
        for text in ["z 0 0 a\n\n", "w x 0 a\n\n", "c 0 0\n\n", "w 0 1 a\nxx\n", "f 0 4 a\nbang\n"] {
            assert!(Trace::parse(text.as_bytes()).is_err(), "{text}");
        }
        let error = Trace::parse(b"? 0 4 a\nlink\n").unwrap_err().to_string();
        assert!(error.contains("link cannot be followed"), "{error}");
    }
}
