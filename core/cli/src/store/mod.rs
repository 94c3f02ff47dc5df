//! The commands that work on a store: one module each, and what they share.

pub(crate) mod calls;
pub(crate) mod diff;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod head;
pub(crate) mod import;
pub(crate) mod lint;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod streams;
pub(crate) mod verify;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use callfold::log::{Log, LogError, Options, Stream, StreamId};
use serde_json::{Map, Value};

use crate::args::{Look, Store};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::style::TIME;
use crate::words::shown;

/// Where a command writes: what it found, and what is wrong.
pub(crate) struct Io<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
}

impl Io<'_> {
    /// Tells what is wrong. If that cannot be told, the exit code still says it.
    pub(crate) fn complain(&mut self, what: &dyn std::fmt::Display) {
        let _ = self.out.flush();
        let _ = writeln!(self.err, "callfold: {what}");
    }
}

/// Runs a command, and tells why it failed if it does.
pub(crate) fn run(look: Look, command: impl FnOnce(&mut Io<'_>) -> Result<Outcome, Failed>) -> Outcome {
    // For programs, byte for byte.
    let choice = if look.json { ColorChoice::AlwaysAnsi } else { look.color.into() };
    let mut out = BufWriter::with_capacity(64 * 1024, AutoStream::new(io::stdout(), choice));
    // Not locked: a progress bar draws there, too.
    let mut err = io::stderr();
    let mut io = Io { out: &mut out, err: &mut err };
    let done = command(&mut io);
    let flushed = io.out.flush().map_err(Failed::Output);
    match done.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(outcome) => outcome,
        Err(failed) => {
            let outcome = failed.outcome();
            if outcome != Outcome::Good {
                io.complain(&failed);
            }
            outcome
        }
    }
}

/// Opens the store that is there.
fn open(store: &Store, io: &mut Io<'_>) -> Result<Log, Failed> {
    let mut options = Options::default();
    options.create = false;
    open_with(store, options, io)
}

/// Opens a store, and tells what had to be done for it.
pub(crate) fn open_with(store: &Store, options: Options, io: &mut Io<'_>) -> Result<Log, Failed> {
    open_at(&store.path, options, io)
}

/// Opens the store in this directory, and tells what had to be done for it.
pub(crate) fn open_at(path: &Path, options: Options, io: &mut Io<'_>) -> Result<Log, Failed> {
    let opened = Log::open(path, options);
    let (log, report) = opened.map_err(|error| Failed::Store(path.display().to_string(), error))?;
    for note in report.notes() {
        io.complain(&note);
    }
    Ok(log)
}

/// The streams that were named; all of them if none was.
fn chosen(log: &Log, names: &[String]) -> Result<Vec<Stream>, LogError> {
    if names.is_empty() { log.streams() } else { names.iter().map(|name| log.stream(name)).collect() }
}

/// A stream of a list.
fn by_id(streams: &[Stream], id: StreamId) -> Option<&Stream> {
    streams.iter().find(|stream| stream.id == id)
}

/// A stream as people see it: its name, and its number.
fn titled(stream: &Stream) -> String {
    format!("{} {TIME}(stream {}){TIME:#}", shown(stream.info.name.as_str()), stream.id)
}

/// A line of JSON about a stream.
fn json(stream: &Stream, fields: Value) -> Value {
    let mut line = Map::new();
    line.insert("stream".to_owned(), stream.info.name.as_str().into());
    line.insert("number".to_owned(), stream.id.0.into());
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    Value::Object(line)
}

/// A number and what it is of.
pub(crate) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
