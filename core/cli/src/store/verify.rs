//! The command `verify`: whether a store, or an exported log, is whole.

use callfold::log::to_the_end;
use std::path::{Path, PathBuf};

use callfold::log::{HeadLine, Log, LogError, Stream, StreamReport, VerifyOptions, check_export};
use clap::Args;
use serde_json::json;

use super::streams::SHORT;
use super::{Io, chosen, count, json as line, open, titled};
use crate::args::{Look, Quiet, Store};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::input;
use crate::progress::Bar;
use crate::style::{TIME, TOTAL, Tone};
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold verify --store sessions
  callfold verify --store sessions --rerun --head heads-2026-01-12.jsonl
  callfold verify --file sessions.jsonl.zst

Exit codes: 0 whole; 1 whole, but with --rerun today's rules decide otherwise somewhere;
3 damaged, or cut off, or a stream of the head file is not there.";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The directory of the store.
    #[arg(long, value_name = "DIR", env = "CALLFOLD_STORE", required_unless_present = "file")]
    store: Option<PathBuf>,

    /// Look at an exported log instead of a store, packed or not; `-` is standard input.
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["rerun", "head", "stream"])]
    file: Option<PathBuf>,

    /// Only this stream, by its name or number. May be given several times.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Vec<String>,

    /// Run the inputs again, and compare what is decided with what was recorded.
    #[arg(long)]
    rerun: bool,

    /// Heads that were kept elsewhere (`callfold head`): what they name must still be there.
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
}

pub(crate) fn run(args: &Verify, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    match (&args.file, &args.store) {
        (Some(file), _) => export(args, file, io),
        (None, Some(path)) => store(args, &Store { path: path.clone() }, io),
        (None, None) => {
            Err(Failed::Misuse("name a store with --store, or an exported log with --file".to_owned()))
        }
    }
}

fn export(args: &Verify, path: &Path, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let file = input::open(path).map_err(|error| Failed::file(path, error))?;
    let bar = Bar::reading("looking at the export", is_hidden(args));
    let checked =
        check_export(bar.watch(file), &mut to_the_end).map_err(|error| Failed::file(path, error))?;
    drop(bar);
    let (streams, records) = (checked.streams.len() as u64, checked.records);
    if args.look.json {
        let file = path.display().to_string();
        writeln!(
            io.out,
            "{}",
            json!({ "file": file, "streams": streams, "records": records, "good": true })
        )?;
    } else {
        let (streams, records) = (count(streams, "stream", "streams"), count(records, "record", "records"));
        writeln!(io.out, "good  {}: {streams}, {records}", input::name(path))?;
    }
    Ok(Outcome::Good)
}

fn is_hidden(args: &Verify) -> bool {
    args.quiet.quiet || args.look.json
}

fn store(args: &Verify, store: &Store, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let heads = match &args.head {
        None => Vec::new(),
        Some(path) => heads(path).map_err(|error| Failed::file(path, error))?,
    };
    let log = open(store, io)?;
    let mut options = VerifyOptions::default().with_heads(heads);
    if args.rerun {
        options = options.rerun();
    }
    let without_head = if args.head.is_some() { log.without_head(&options.heads)? } else { Vec::new() };
    let mut worst = Outcome::Good;
    let (mut streams, mut records) = (0, 0);
    for stream in chosen(&log, &args.stream)? {
        let bar = Bar::new(&shown(stream.info.name.as_str()), is_hidden(args));
        let report = log.verify(stream.id, &options, &mut |progress| bar.at(progress))?;
        drop(bar);
        worst = worst.max(outcome(&report));
        streams += 1;
        records += report.records;
        let has_no_head = without_head.contains(&stream.id);
        if args.look.json {
            let mut told = told(&report);
            if let (Some(told), true) = (told.as_object_mut(), args.head.is_some()) {
                told.insert("hasHead".to_owned(), (!has_no_head).into());
            }
            writeln!(io.out, "{}", line(&stream, told))?;
        } else {
            page(io, &stream, &report)?;
            if has_no_head {
                let note = Tone::Warning.style();
                writeln!(
                    io.out,
                    "      {note}note: no head of it in the file, so nothing shows whether its end was cut off{note:#}"
                )?;
            }
        }
    }
    worst = worst.max(missing(args, &log, &options.heads, io)?);
    if !args.look.json {
        let (streams, records) = (count(streams, "stream", "streams"), count(records, "record", "records"));
        let result = match worst {
            Outcome::Good => "all good",
            Outcome::Findings => "whole, but today's rules decide otherwise",
            Outcome::Misuse | Outcome::Damaged | Outcome::Unwritable | Outcome::Refused => "damaged",
        };
        writeln!(io.out, "\n{TOTAL}{streams}, {records}: {result}{TOTAL:#}")?;
    }
    Ok(worst)
}

fn heads(path: &Path) -> Result<Vec<HeadLine>, LogError> {
    HeadLine::read_all(input::open(path)?)
}

fn outcome(report: &StreamReport) -> Outcome {
    match (report.is_good(), report.is_damaged) {
        (true, _) => Outcome::Good,
        (false, false) => Outcome::Findings,
        (false, true) => Outcome::Damaged,
    }
}

fn told(report: &StreamReport) -> serde_json::Value {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            let (what, damage) = (finding.flaw.to_string(), finding.flaw.is_damage());
            json!({ "seq": finding.seq, "what": what, "damage": damage })
        })
        .collect();
    json!({
        "good": report.is_good(),
        "damaged": report.is_damaged,
        "records": report.records,
        "erased": report.erased,
        "hash": report.head.to_string(),
        "found": report.found,
        "findings": findings,
    })
}

fn page(io: &mut Io<'_>, stream: &Stream, report: &StreamReport) -> Result<(), Failed> {
    let tone = if report.is_good() {
        Tone::Talk
    } else if report.is_damaged {
        Tone::Bad
    } else {
        Tone::Warning
    };
    let word = if report.is_good() {
        "good"
    } else if report.is_damaged {
        "BAD "
    } else {
        "look"
    };
    let style = tone.style();
    let erased = match report.erased {
        0 => String::new(),
        erased => format!(", {erased} of them with something erased"),
    };
    let hash: String = report.head.to_string().chars().take(SHORT).collect();
    let records = count(report.records, "record", "records");
    writeln!(io.out, "{style}{word}{style:#}  {}: {records}{erased} {TIME}{hash}{TIME:#}", titled(stream),)?;
    for finding in &report.findings {
        writeln!(io.out, "      record {}: {style}{}{style:#}", finding.seq, finding.flaw)?;
    }
    let more = report.found.saturating_sub(report.findings.len() as u64);
    if more > 0 {
        writeln!(io.out, "      and {more} more")?;
    }
    Ok(())
}

/// Tells of the heads whose streams are not there at all.
fn missing(args: &Verify, log: &Log, heads: &[HeadLine], io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let missing = log.missing_heads(heads)?;
    let bad = Tone::Bad.style();
    for head in &missing {
        if args.look.json {
            writeln!(io.out, "{}", json!({ "missing": head.json() }))?;
        } else {
            let name = shown(&head.name);
            writeln!(
                io.out,
                "{bad}BAD {bad:#}  {name}: {bad}a head was kept of it, and it is not there{bad:#}"
            )?;
        }
    }
    Ok(if missing.is_empty() { Outcome::Good } else { Outcome::Damaged })
}
