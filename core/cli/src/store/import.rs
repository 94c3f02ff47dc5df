//! The command `import`: recorded sessions and exported logs become streams of a store.

use std::io::{self, BufRead, BufReader, Seek as _};
use std::path::{Path, PathBuf};

use callfold::files::Content;
use callfold::log::{Durability, Log, LogError, Options, Stream};
use clap::Args;
use serde_json::json;

use super::{Io, count, json as line, open_with, titled};
use crate::args::{Look, Quiet, Store};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::input;
use crate::progress::Bar;
use crate::style::TOTAL;

pub(crate) const HELP: &str = "\
Examples:
  callfold import sessions/*.jsonl --store sessions
  zcat day.jsonl.gz | callfold import - --name 'line 101, monday' --store sessions
  callfold import export.jsonl.zst --store elsewhere

The store is made if it is not there. What a file is, is seen by its content: a recorded session
becomes a stream of its name, an exported log (`callfold export`) the streams that it has. A
damaged export leaves nothing behind; of a session that breaks off, what came before stays.
What `find`, `calls` and `report` read is derived at the end, so that they answer at once;
broken off there (Ctrl-C), everything is taken in, and they derive it themselves.

Exit code 1 if a stream of the same name is there already; 3 if a file is damaged. The other
files are taken in all the same.";

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Recorded sessions and exported logs, packed by gzip or zstd or not; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    store: Store,

    /// Call the stream so, instead of by the session's own name. For one session.
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
}

pub(crate) fn run(args: &Import, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    if args.name.is_some() && args.files.len() > 1 {
        return Err(Failed::Misuse(
            "--name is for one session: streams of a store have different names".to_owned(),
        ));
    }
    if args.name.as_ref().is_some_and(String::is_empty) {
        return Err(Failed::Misuse("--name must not be empty".to_owned()));
    }
    let mut options = Options::default();
    // Nobody waits for one record: everything is synced once, at the end.
    options.durability = Durability::Never;
    let log = open_with(&args.store, options, io)?;
    let mut worst = Outcome::Good;
    let mut total = (0, 0);
    for path in &args.files {
        match one(args, &log, path, io) {
            Ok((streams, records)) => total = (total.0 + streams, total.1 + records),
            Err(Failed::Output(error)) => {
                // Nobody reads on: what was taken in is kept all the same.
                log.sync()?;
                return Err(Failed::Output(error));
            }
            Err(failed) => {
                io.complain(&failed);
                worst = worst.max(failed.outcome());
            }
        }
    }
    log.sync()?;
    // So that the first question about it is answered as soon as the next. What cannot be derived is told by who asks.
    let bar = Bar::new("looking through what was taken in", is_hidden(args));
    let derived = log.derive_all(&mut |progress| bar.at(progress));
    drop(bar);
    if let Err(LogError::Interrupted) = derived {
        return Err(LogError::Interrupted.into());
    }
    if args.files.len() > 1 && !args.look.json {
        let (streams, records) = (count(total.0, "stream", "streams"), count(total.1, "record", "records"));
        writeln!(io.out, "\n{TOTAL}taken in: {streams}, {records}{TOTAL:#}")?;
    }
    Ok(worst)
}

/// Takes one file in; how many streams and records it had.
fn one(args: &Import, log: &Log, path: &Path, io: &mut Io<'_>) -> Result<(u64, u64), Failed> {
    let unreadable = |error| Failed::file(path, LogError::Io(error));
    let (content, input) = input::open(path).and_then(Content::of).map_err(unreadable)?;
    match content {
        Content::Log => exported(args, log, path, input, io),
        Content::Trace => trace(args, log, path, input, io),
    }
}

fn is_hidden(args: &Import) -> bool {
    args.quiet.quiet || args.look.json
}

fn exported(
    args: &Import,
    log: &Log,
    path: &Path,
    input: impl BufRead,
    io: &mut Io<'_>,
) -> Result<(u64, u64), Failed> {
    if args.name.is_some() {
        return Err(Failed::Misuse("--name is for a session: an exported log names its streams".to_owned()));
    }
    let unreadable = |error| Failed::file(path, LogError::Io(error));
    // An export is read more than once, and standard input and packed files cannot be. It has names and numbers in it,
    // so it waits where everything else of them is: in the store, in a file without a name.
    let mut spool = tempfile::tempfile_in(&args.store.path).map_err(unreadable)?;
    let bar = Bar::reading(&format!("reading {}", input::name(path)), is_hidden(args));
    io::copy(&mut bar.watch(input), &mut spool).map_err(unreadable)?;
    drop(bar);
    spool.rewind().map_err(unreadable)?;
    let bar = Bar::counting(&format!("importing {}", input::name(path)), is_hidden(args));
    let taken = log
        .import(BufReader::new(spool), &mut |progress| bar.at(progress))
        .map_err(|error| Failed::file(path, error))?;
    drop(bar);
    for stream in log.streams()?.iter().filter(|stream| taken.streams.contains(&stream.id)) {
        tell(args, io, path, stream, &Taken { unknown: 0, is_whole: true })?;
    }
    Ok((taken.streams.len() as u64, taken.records))
}

fn trace(
    args: &Import,
    log: &Log,
    path: &Path,
    input: impl BufRead,
    io: &mut Io<'_>,
) -> Result<(u64, u64), Failed> {
    let before = log.streams()?.len();
    let bar = Bar::reading(&format!("importing {}", input::name(path)), is_hidden(args));
    let (failed, unknown) = match log.import_trace(bar.watch(input), args.name.as_deref()) {
        Ok(taken) => (None, taken.unknown_lines),
        Err(error) => (Some(Failed::file(path, error)), 0),
    };
    drop(bar);
    if unknown > 0 {
        let lines = count(unknown, "line of an unknown kind", "lines of unknown kinds");
        io.complain(&format!("{}: {lines}, passed over", input::name(path)));
    }
    // Also of a trace that broke off: what came before stays, and whoever imported it must know.
    let mut records = 0;
    let streams = log.streams()?;
    for stream in streams.iter().skip(before) {
        tell(args, io, path, stream, &Taken { unknown, is_whole: failed.is_none() })?;
        records += stream.head.seq;
    }
    match failed {
        Some(failed) => Err(failed),
        None => Ok((1, records)),
    }
}

/// How a stream was taken in.
struct Taken {
    /// Lines of unknown kinds that were passed over.
    unknown: u64,
    /// To its end.
    is_whole: bool,
}

fn tell(args: &Import, io: &mut Io<'_>, path: &Path, stream: &Stream, taken: &Taken) -> Result<(), Failed> {
    if args.look.json {
        let fields = json!({
            "file": path.display().to_string(),
            "records": stream.head.seq,
            "unknownLines": taken.unknown,
            "whole": taken.is_whole,
        });
        writeln!(io.out, "{}", line(stream, fields))?;
    } else {
        let records = count(stream.head.seq, "record", "records");
        let where_to = if taken.is_whole { "" } else { ", up to where it breaks off" };
        writeln!(io.out, "{}: {records}{where_to}", titled(stream))?;
    }
    Ok(())
}
