//! The command `head`: what an auditor keeps elsewhere.

use std::path::PathBuf;

use callfold::log::HeadLine;
use clap::Args;

use super::{Io, count, open};
use crate::args::Store;
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::out_file::Out;
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold head --store sessions --out heads-2026-01-12.jsonl
  callfold verify --store sessions --head heads-2026-01-12.jsonl

The records of a stream are chained by their hashes, so that one that was changed, taken out or
put in shows. That the END of a stream was cut off does not show by the chain alone: for that,
keep its head where whoever may change the store cannot change it (another machine, an archive,
print), and `callfold verify --head` proves later that everything up to it is still there.

The output is JSON lines: stream, origin (the hash that its chain begins with), seq, hash.";

#[derive(Debug, Args)]
pub(crate) struct Head {
    #[command(flatten)]
    store: Store,

    /// Write them to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Head, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let heads = open(&args.store, io)?.heads()?;
    let mut out = Out::create(args.out.as_deref())?;
    HeadLine::write_all(&heads, &mut out).map_err(|error| out.failed().unwrap_or(error))?;
    out.finish()?;
    if let Some(path) = &args.out {
        let heads = count(heads.len() as u64, "head", "heads");
        writeln!(io.out, "{heads} written to {}: keep it elsewhere", shown(&path.display().to_string()))?;
    }
    Ok(Outcome::Good)
}
