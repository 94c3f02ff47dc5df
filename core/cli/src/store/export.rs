//! The command `export`: the log, or a table of it, for other programs.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use callfold::Span;
use callfold::log::{Log, LogError, StreamId};
use callfold::tables::{self, Table};
use clap::{Args, ValueEnum};

use super::{Io, chosen, count, open};
use crate::args::{Quiet, Store};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::out_file::{Out, Packed};
use crate::progress::Bar;
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold export --store sessions --out sessions.jsonl.zst
  callfold export --store sessions --format parquet --table calls --out calls.parquet
  callfold export --store sessions --format csv --table time --day-begins +03:00 > time.csv

jsonl is the whole log: `callfold import` takes it in again, and `callfold verify --file` looks
at it; its hashes are those of the store. parquet and csv are one table. A file is written beside
its place and moved there when it is whole; the extensions .gz and .zst pack it.

An export has names and numbers in full, and the keys to them: whoever is erased from the store
later is still in it. Only its owner may read the file.";

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    store: Store,

    /// Only this stream, by its name or number. May be given several times.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Vec<String>,

    /// As what.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,

    /// Which table, with --format parquet or csv.
    #[arg(long, value_enum, required_if_eq_any = [("format", "parquet"), ("format", "csv")])]
    table: Option<Which>,

    /// With --table time: the offset from UTC by which days begin and end, such as +03:00.
    #[arg(long, value_name = "OFFSET", value_parser = offset, allow_hyphen_values = true)]
    day_begins: Option<Span>,

    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    quiet: Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The whole log, as JSON lines.
    Jsonl,
    /// A table as Apache Parquet.
    Parquet,
    /// A table as comma-separated values.
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Every event.
    Events,
    /// Every call.
    Calls,
    /// Every command, with what it led to.
    Commands,
    /// Where the time of each agent and day went.
    Time,
}

impl From<Which> for Table {
    fn from(which: Which) -> Self {
        match which {
            Which::Events => Self::Events,
            Which::Calls => Self::Calls,
            Which::Commands => Self::Commands,
            Which::Time => Self::Time,
        }
    }
}

/// An offset from UTC: so long before midnight UTC the day begins.
fn offset(text: &str) -> Result<Span, String> {
    let offset = jiff::fmt::strtime::parse("%:z", text).ok().and_then(|parsed| parsed.offset());
    offset
        .map(|offset| Span::from_secs(offset.seconds().into()))
        .ok_or("not an offset such as +03:00".to_owned())
}

pub(crate) fn run(args: &Export, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    check(args)?;
    let log = open(&args.store, io)?;
    let streams = chosen(&log, &args.stream)?;
    let ids: Vec<_> = streams.iter().map(|stream| stream.id).collect();
    let mut out = Out::create(args.out.as_deref())?;
    let written = match written(args, &log, &ids, &mut out) {
        Ok(written) => written,
        // What cannot be written is told apart from what cannot be read.
        Err(error) => return Err(out.failed().map_or(Failed::Log(error), Failed::Output)),
    };
    out.finish()?;
    if let Some(path) = &args.out {
        writeln!(io.out, "{written} written to {}", shown(&path.display().to_string()))?;
    }
    Ok(Outcome::Good)
}

fn check(args: &Export) -> Result<(), Failed> {
    let misuse = |what: &str| Err(Failed::Misuse(what.to_owned()));
    let is_table = args.format != Format::Jsonl;
    if !is_table && args.table.is_some() {
        return misuse("--table needs --format parquet or csv: jsonl is the whole log");
    }
    if args.day_begins.is_some() && args.table != Some(Which::Time) {
        return misuse("--day-begins is for --table time");
    }
    if args.format == Format::Parquet {
        match &args.out {
            None if io::stdout().is_terminal() => {
                return misuse("parquet is not for terminals: name a file with --out");
            }
            Some(path) if Packed::by_name(path) != Packed::No => {
                return misuse("parquet is packed already: name the file .parquet");
            }
            None | Some(_) => {}
        }
    }
    Ok(())
}

/// Writes it all; what was written, in words.
fn written(args: &Export, log: &Log, streams: &[StreamId], out: &mut Out) -> Result<String, LogError> {
    // On a terminal the lines themselves show how far it is.
    let is_seen = args.out.is_none() && io::stdout().is_terminal();
    let bar = Bar::new("exporting", args.quiet.quiet || is_seen);
    let progress = &mut |progress| bar.at(progress);
    let format = match args.format {
        Format::Jsonl => None,
        Format::Parquet => Some(tables::Format::Parquet),
        Format::Csv => Some(tables::Format::Csv),
    };
    match (format, args.table) {
        (Some(format), Some(table)) => {
            let day = args.day_begins.unwrap_or(Span::ZERO);
            let rows = log.export_table(table.into(), format, streams, day, out, progress)?;
            Ok(count(rows, "row", "rows"))
        }
        (None, _) | (_, None) => {
            let records = log.export(streams, out, progress)?;
            Ok(count(records, "record", "records"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_says_how_long_before_midnight_utc_the_day_begins() {
        assert_eq!(offset("+03:00"), Ok(Span::from_secs(3 * 3_600)));
        assert_eq!(offset("-05:30"), Ok(Span::from_secs(-(5 * 3_600 + 1_800))));
        assert!(offset("Moscow").is_err());
    }
}
