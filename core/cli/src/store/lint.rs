//! The command `lint`: what does not fit in a store.

use callfold::Timestamp;
use callfold::lint::{LintQuery, LintSummary, Oddity, OddityKind};
use callfold::log::{LogError, Stream};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Io, by_id, chosen, count, json as line, open, titled};
use crate::args::{Look, Quiet, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::progress::Bar;
use crate::style::{TIME, TOTAL, Tone};
use crate::time::{When, clock, times_help};
use crate::words::shown;

pub(crate) const HELP: &str = concat!(
    "\
Examples:
  callfold lint --store sessions
  callfold lint --store sessions --stream hold-and-back --json
  callfold lint --store sessions --from 2026-01-12 --kind command-never-answered --kind clock-stepped-back

Each line says when, in which record, what it is by name, and of which call or command. The names:
  talk-without-ring, hold-without-talk, unhold-without-hold, hold-never-ended, party-left-twice,
  end-without-beginning, replaced-without-end, call-never-ended, facts-left-out, refused-but-changed,
  command-never-answered, clock-stepped-back, unknown-frame, unreadable-frame, refused-piece, bound-hit, damaged

",
    times_help!("the\nlast record"),
    "

Exit codes: 0 nothing; 1 there is something to look at; 3 a stream is damaged, and was read up to there."
);

#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    store: Store,

    /// Only in this stream, by its name or number. May be given several times.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Vec<String>,

    /// Only what shows at this time or later.
    #[arg(long, value_name = "TIME")]
    from: Option<When>,

    /// Only what shows before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<When>,

    /// Only of this kind, by its name. May be given several times.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<OddityKind>,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

fn kind(name: &str) -> Result<OddityKind, String> {
    OddityKind::named(name).ok_or_else(|| {
        let names: Vec<_> = OddityKind::ALL.iter().map(|kind| kind.text()).collect();
        format!("nothing has this name; there are {}", names.join(", "))
    })
}

pub(crate) fn run(args: &Lint, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let streams = chosen(&log, &args.stream)?;
    let zone = args.times.zone();
    let mut query = LintQuery::default();
    if !args.stream.is_empty() {
        query.streams = streams.iter().map(|stream| stream.id).collect();
    }
    let last = streams.iter().filter_map(|stream| stream.head.at).max();
    let resolve = |when: Option<When>| -> Result<Option<Timestamp>, Failed> {
        let Some(when) = when else { return Ok(None) };
        let at = when.resolve(&zone, last);
        at.map(Some).ok_or_else(|| Failed::NotThere("there is no such time, or no record yet".to_owned()))
    };
    (query.from, query.to) = (resolve(args.from)?, resolve(args.to)?);
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from >= to
    {
        return Err(Failed::Misuse("nothing is in this range: --from is not before --to".to_owned()));
    }
    query.kinds = args.kind.iter().copied().collect();
    let bar = Bar::new("looking for what does not fit", args.quiet.quiet || args.look.json);
    let mut last = None;
    let mut written = Ok(());
    let summary = log.lint(&query, &mut |progress| bar.at(progress), &mut |oddity| {
        let Some(stream) = by_id(&streams, oddity.stream) else { return Ok(()) };
        let told = if args.look.json {
            writeln!(io.out, "{}", line(stream, json!({ "oddity": oddity.json() }))).map_err(Failed::from)
        } else {
            let is_next = last.replace(stream.id) != Some(stream.id);
            one(io, stream, oddity, is_next, &zone)
        };
        if let Err(failed) = told {
            // It goes no further; why, is told by what was kept.
            written = Err(failed);
            return Err(LogError::Interrupted);
        }
        Ok(())
    });
    drop(bar);
    written?;
    let summary = summary?;
    if args.look.json {
        writeln!(io.out, "{}", json!({ "summary": summary.json() }))?;
    } else {
        end(io, &summary)?;
    }
    Ok(match (summary.is_damaged(), summary.found) {
        (true, _) => Outcome::Damaged,
        (false, 0) => Outcome::Good,
        (false, _) => Outcome::Findings,
    })
}

fn one(
    io: &mut Io<'_>,
    stream: &Stream,
    oddity: &Oddity,
    is_next: bool,
    zone: &TimeZone,
) -> Result<(), Failed> {
    if is_next {
        writeln!(io.out, "{}", titled(stream))?;
    }
    let style = if oddity.kind == OddityKind::Damaged { Tone::Bad } else { Tone::Warning }.style();
    let records: Vec<_> = oddity.records.iter().map(|seq| format!("#{seq}")).collect();
    let of_call = oddity.call.as_ref().map_or_else(String::new, |call| format!("; call {}", shown(call)));
    writeln!(
        io.out,
        "  {TIME}{}{TIME:#}  {style}{}{style:#}  {}{of_call} {TIME}[{}]{TIME:#}",
        clock(oddity.at.at, zone),
        oddity.kind.text(),
        shown(&oddity.words),
        records.join(" "),
    )?;
    Ok(())
}

fn end(io: &mut Io<'_>, summary: &LintSummary) -> Result<(), Failed> {
    let read = format!(
        "{}, {}",
        count(summary.streams, "stream", "streams"),
        count(summary.records, "record", "records")
    );
    if summary.found == 0 {
        writeln!(io.out, "{TOTAL}{read}: nothing to look at{TOTAL:#}")?;
        return Ok(());
    }
    writeln!(io.out, "\n{TOTAL}{read}: {} to look at{TOTAL:#}", summary.found)?;
    for (kind, found) in &summary.by_kind {
        writeln!(io.out, "  {found:>7}  {}", kind.text())?;
    }
    Ok(())
}
