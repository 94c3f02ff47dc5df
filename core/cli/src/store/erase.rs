//! The command `erase`: makes a number or a name unreadable.

use std::io::{self, BufRead as _, IsTerminal as _};

use callfold::log::{ErasedReport, Log};
use clap::Args;
use serde_json::json;

use super::{Io, count, open};
use crate::args::{Look, Quiet, Store};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::progress::Bar;
use crate::style::Tone;
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold erase +79161234567 --dry-run --store sessions
  callfold erase 'Петрова Анна' --yes --store sessions
  callfold erase - --yes --store sessions < name.txt

Everything that is just this text, or has it in it, can no longer be read, because its keys are
destroyed. Records, times, totals and the chain of hashes stay. There is no way back.

Exports and copies of the store that were made before are not reached. A name is erased as it is
written: erase the number and each way the name is written. With - the name is the first line of
standard input, so that it stays out of the shell's history and the list of processes.

Keys that nothing in the log needs any more are destroyed as well, also when nothing has the text.

Exit code 1 if nothing has it, or if it can still be read somewhere; 2 without --yes when there
is no terminal to ask on.";

#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The number or name; - to read it from standard input, where it is the first line.
    #[arg(allow_hyphen_values = true)]
    text: String,

    #[command(flatten)]
    store: Store,

    /// Do not ask.
    #[arg(long)]
    yes: bool,

    /// Only tell what would be erased.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
}

pub(crate) fn run(args: &Erase, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let may_ask = io::stdin().is_terminal() && !args.look.json;
    if !args.yes && !args.dry_run && !may_ask {
        return Err(Failed::Misuse(
            "there is no terminal to ask on: give --yes to erase, or --dry-run to see what would be"
                .to_owned(),
        ));
    }
    let log = open(&args.store, io)?;
    let text = if args.text == "-" { first_line()? } else { args.text.clone() };
    let would_be = erase(args, &text, &log, true)?;
    if args.dry_run {
        tell(args, &text, io, &would_be, false)?;
        return Ok(after(&would_be));
    }
    if !args.yes && would_be.subjects > 0 {
        tell(args, &text, io, &would_be, false)?;
        write!(io.out, "there is no way back. Type yes to erase: ")?;
        io.out.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            writeln!(io.out, "nothing was erased")?;
            return Ok(Outcome::Good);
        }
    }
    // Also if nothing has it: what is derived, and keys left behind, may.
    let erased = erase(args, &text, &log, false)?;
    tell(args, &text, io, &erased, erased.subjects > 0)?;
    Ok(after(&erased))
}

fn first_line() -> Result<String, Failed> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn erase(args: &Erase, text: &str, log: &Log, dry: bool) -> Result<ErasedReport, Failed> {
    let what = if dry { "looking" } else { "erasing" };
    let bar = Bar::new(what, args.quiet.quiet || args.look.json);
    Ok(log.erase(text, dry, &mut |progress| bar.at(progress))?)
}

fn after(report: &ErasedReport) -> Outcome {
    if report.subjects > 0 && report.still_readable.is_empty() { Outcome::Good } else { Outcome::Findings }
}

fn amount(report: &ErasedReport) -> String {
    let subjects = count(report.subjects as u64, "text", "texts");
    format!("{subjects} in {}", count(report.records, "record", "records"))
}

fn tell(
    args: &Erase,
    text: &str,
    io: &mut Io<'_>,
    report: &ErasedReport,
    erased: bool,
) -> Result<(), Failed> {
    if args.look.json {
        let still: Vec<_> = report
            .still_readable
            .iter()
            .map(|place| json!({ "number": place.stream.0, "seq": place.seq }))
            .collect();
        let line = json!({
            "erased": erased,
            "texts": report.subjects,
            "records": report.records,
            "stillReadable": still,
        });
        writeln!(io.out, "{line}")?;
        return Ok(());
    }
    if report.subjects == 0 {
        writeln!(io.out, "nothing has `{}`", shown(text))?;
    } else if erased {
        writeln!(io.out, "erased {}", amount(report))?;
        writeln!(io.out, "exports and copies of the store that were made before are not reached")?;
    } else {
        writeln!(io.out, "would erase {}", amount(report))?;
    }
    let bad = Tone::Warning.style();
    for place in &report.still_readable {
        writeln!(io.out, "{bad}still readable in stream {}, record {}{bad:#}", place.stream, place.seq)?;
    }
    Ok(())
}
