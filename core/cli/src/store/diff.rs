//! The command `diff`: which calls come out otherwise, by today's rules or in another log.

use std::io::{BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use callfold::diff::{
    CallDifference, DiffQuery, DiffSummary, Difference, OnDifference, Side, StreamDifference,
};
use callfold::files::Content;
use callfold::log::{Log, LogError, Options, to_the_end};
use clap::Args;
use serde_json::json;

use super::{Io, chosen, count, open_at};
use crate::args::{Look, Quiet, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::input;
use crate::progress::Bar;
use crate::style::{TIME, TITLE, TOTAL, Tone};
use crate::time::clock;
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold diff --store sessions                         # as it was told, and by today's rules
  callfold diff --store sessions --with yesterday.jsonl.zst
  callfold diff --file monday.jsonl --with tuesday.jsonl --json

Streams of two logs are compared that have the same name, record by record, as they were told. Of each call that
differs it is said what differs, and which record is the first of which the two tell something else.

Exit codes: 0 all the same; 1 something differs; 3 one of them is damaged, and was compared up to there.";

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The directory of the store.
    #[arg(long, value_name = "DIR", env = "CALLFOLD_STORE", required_unless_present = "file")]
    store: Option<PathBuf>,

    /// An exported log, or a recorded session, instead of a store.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Compare with this one: a store, an exported log, or a recorded session; packed or not.
    #[arg(long, value_name = "STORE|FILE")]
    with: Option<PathBuf>,

    /// Only this stream, by its name or number. May be given several times.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Vec<String>,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Diff, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = match (&args.file, &args.store) {
        (Some(file), _) => of_file(file)?,
        (None, Some(store)) => store_at(store, io)?,
        (None, None) => {
            return Err(Failed::Misuse("name a store with --store, or a file with --file".to_owned()));
        }
    };
    let with = match &args.with {
        Some(path) if path.is_dir() => Some(store_at(path, io)?),
        Some(path) => Some(of_file(path)?),
        None => None,
    };
    let mut query = DiffQuery::default();
    if !args.stream.is_empty() {
        query.streams = chosen(&log, &args.stream)?.iter().map(|stream| stream.id).collect();
    }
    let names = if args.with.is_some() { ["here", "there"] } else { ["told", "today"] };
    let bar = Bar::new("comparing", args.quiet.quiet || args.look.json);
    let mut page = Page { io, args, names, stream: String::new(), failed: None };
    let summary = compare(&log, with.as_ref(), &query, &bar, &mut |differs| page.tell(differs));
    let failed = page.failed.take();
    drop(bar);
    if let Some(failed) = failed {
        return Err(failed);
    }
    let summary = summary?;
    end(io, args, &summary)?;
    Ok(match (summary.damaged, summary.is_same()) {
        (true, _) => Outcome::Damaged,
        (false, true) => Outcome::Good,
        (false, false) => Outcome::Findings,
    })
}

fn compare(
    log: &Log,
    with: Option<&Log>,
    query: &DiffQuery,
    bar: &Bar,
    each: OnDifference<'_>,
) -> Result<DiffSummary, LogError> {
    match with {
        Some(with) => log.diff(with, query, &mut |progress| bar.at(progress), each),
        None => log.diff_today(query, &mut |progress| bar.at(progress), each),
    }
}

fn store_at(path: &Path, io: &mut Io<'_>) -> Result<Log, Failed> {
    let mut options = Options::default();
    options.create = false;
    open_at(path, options, io)
}

/// A log in memory of what a file has.
fn of_file(path: &Path) -> Result<Log, Failed> {
    let unreadable = |error| Failed::file(path, LogError::Io(error));
    let (content, mut input) = input::open(path).and_then(Content::of).map_err(unreadable)?;
    let log = Log::in_memory()?;
    match content {
        Content::Log => {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(unreadable)?;
            log.import(BufReader::new(Cursor::new(bytes)), &mut to_the_end)
                .map_err(|error| Failed::file(path, error))?;
        }
        Content::Trace => {
            log.import_trace(input, None).map_err(|error| Failed::file(path, error))?;
        }
    }
    Ok(log)
}

/// What differs, as it is found.
struct Page<'p, 'o> {
    io: &'p mut Io<'o>,
    args: &'p Diff,
    /// What the two sides are called.
    names: [&'static str; 2],
    /// The stream that was told of last.
    stream: String,
    failed: Option<Failed>,
}

impl Page<'_, '_> {
    fn tell(&mut self, differs: &StreamDifference) -> Result<(), LogError> {
        let told = if self.args.look.json {
            writeln!(self.io.out, "{}", differs.json()).map_err(Failed::from)
        } else {
            self.one(differs)
        };
        told.map_err(|failed| {
            // It goes no further; why, is told by what was kept.
            self.failed = Some(failed);
            LogError::Interrupted
        })
    }

    fn one(&mut self, differs: &StreamDifference) -> Result<(), Failed> {
        if self.stream != differs.stream {
            self.stream.clone_from(&differs.stream);
            writeln!(self.io.out, "{TITLE}{}{TITLE:#}", shown(&differs.stream))?;
        }
        let [one_name, other_name] = self.names;
        let style = Tone::Warning.style();
        match &differs.what {
            Difference::Call(call) => return self.call(call),
            Difference::Time { kind, one, other } => {
                let kind = kind.text();
                writeln!(self.io.out, "  time, {kind}: {one_name} {one}, {other_name} {other}")?;
            }
            Difference::Events { records, first, event, one, other } => {
                let (one, other) = (one.unwrap_or("nothing"), other.unwrap_or("nothing"));
                let records = count(*records, "record decides otherwise", "records decide otherwise");
                writeln!(
                    self.io.out,
                    "  {records}, first event {event} of {TIME}[{first}]{TIME:#}: {one_name} {one}, {other_name} {other}"
                )?;
            }
            Difference::Records { one, other } => {
                writeln!(self.io.out, "  records: {one_name} {one}, {other_name} {other}")?;
            }
            Difference::Missing(side) => {
                let name = self.name(*side);
                writeln!(self.io.out, "  {style}the stream is not {name}{style:#}")?;
            }
            Difference::Damaged { side, seq, why } => {
                let (name, bad) = (self.name(*side), Tone::Bad.style());
                writeln!(self.io.out, "  {bad}damaged {name} from record {seq} on: {why}{bad:#}")?;
            }
            _ => writeln!(self.io.out, "  something differs")?,
        }
        Ok(())
    }

    const fn name(&self, side: Side) -> &'static str {
        let [one, other] = self.names;
        match side {
            Side::One => one,
            Side::Other => other,
        }
    }

    fn call(&mut self, call: &CallDifference) -> Result<(), Failed> {
        let (style, began) = (Tone::Warning.style(), clock(call.began.at, &self.args.times.zone()));
        let [one_name, other_name] = self.names;
        let only = call.only.map_or_else(String::new, |side| format!(", only {}", self.name(side)));
        writeln!(
            self.io.out,
            "  {TIME}{began}{TIME:#}  {style}call {}{only}{style:#}  first differs at {TIME}[{}]{TIME:#}",
            shown(&call.id),
            call.first
        )?;
        let told =
            |facts: &[String]| if facts.is_empty() { "nothing".to_owned() } else { shown(&facts.join("; ")) };
        writeln!(self.io.out, "      {one_name}: {}", told(&call.one))?;
        writeln!(self.io.out, "      {other_name}: {}", told(&call.other))?;
        for field in &call.fields {
            let (one, other) = (shown(&field.one), shown(&field.other));
            writeln!(self.io.out, "      {}: {one_name} {one}, {other_name} {other}", field.name)?;
        }
        Ok(())
    }
}

fn end(io: &mut Io<'_>, args: &Diff, summary: &DiffSummary) -> Result<(), Failed> {
    if args.look.json {
        writeln!(io.out, "{}", json!({ "summary": summary.json() }))?;
        return Ok(());
    }
    let read = format!(
        "{}, {}, {}",
        count(summary.streams, "stream", "streams"),
        count(summary.records, "record", "records"),
        count(summary.calls, "call", "calls")
    );
    let result = match (summary.is_same(), summary.differ) {
        (true, _) => "all the same".to_owned(),
        (false, 0) => "no call differs".to_owned(),
        (false, differ) => count(differ, "call differs", "calls differ"),
    };
    let apart = if summary.is_same() { "" } else { "\n" };
    writeln!(io.out, "{apart}{TOTAL}{read}: {result}{TOTAL:#}")?;
    Ok(())
}
