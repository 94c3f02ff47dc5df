//! The command `state`: what a line was doing at a moment.

use callfold::log::{AsOf, Instant, Log, LogError, Stream};
use callfold::{Timestamp, announce};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Io, chosen, json as line, open, titled};
use crate::args::{Look, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::style::{TIME, TITLE, Tone};
use crate::time::{When, clock, times_help};
use crate::words::{self, Said, shown};

pub(crate) const HELP: &str = concat!(
    "\
Examples:
  callfold state --at '2026-01-12 09:14:03' --store sessions
  callfold state --at 09:14:03.250 --stream hold-and-back --store sessions
  callfold state --seq 17 --stream hold-and-back --json --store sessions

",
    times_help!("the\nstream's last record"),
    " Everything that happened at or before it counts.

Exit code 1 if nothing had been recorded by then."
);

#[derive(Debug, Args)]
pub(crate) struct State {
    /// At this time.
    #[arg(long, value_name = "TIME", required_unless_present = "seq")]
    at: Option<When>,

    /// Right after this record of the stream.
    #[arg(long, value_name = "N", conflicts_with = "at", requires = "stream")]
    seq: Option<u64>,

    /// Only of this stream, by its name or number. May be given several times.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Vec<String>,

    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &State, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let zone = args.times.zone();
    let mut told = 0;
    let mut too_early = 0;
    for stream in chosen(&log, &args.stream)? {
        let Some(then) = then(args, &log, &stream, &zone)? else {
            too_early += 1;
            if !args.stream.is_empty() {
                let name = shown(stream.info.name.as_str());
                io.complain(&format!("stream `{name}` had no record yet at that time"));
            }
            continue;
        };
        if args.look.json {
            writeln!(io.out, "{}", line(&stream, snapshot(&stream, &then)))?;
        } else {
            if told > 0 {
                writeln!(io.out)?;
            }
            page(io, &zone, &stream, &then)?;
        }
        told += 1;
    }
    if told == 0 && args.stream.is_empty() {
        return Err(Failed::NotThere("no stream had a record yet at that time".to_owned()));
    }
    Ok(if too_early > 0 && !args.stream.is_empty() { Outcome::Findings } else { Outcome::Good })
}

/// What was so, and at which time.
struct Then {
    at: Timestamp,
    as_of: AsOf,
}

fn then(args: &State, log: &Log, stream: &Stream, zone: &TimeZone) -> Result<Option<Then>, Failed> {
    let instant = match (args.seq, args.at) {
        (Some(seq), _) => Instant::Seq(seq),
        (None, Some(when)) => match when.resolve(zone, stream.head.at) {
            Some(at) => Instant::At(at),
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    match log.as_of(stream.id, instant) {
        Ok(as_of) => {
            let at = match instant {
                Instant::At(at) => at,
                Instant::Seq(_) => as_of.at,
            };
            Ok(Some(Then { at, as_of }))
        }
        Err(LogError::TooEarly(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn snapshot(stream: &Stream, then: &Then) -> serde_json::Value {
    let numbers: Vec<String> = stream.info.numbers.iter().map(|number| number.as_str().to_owned()).collect();
    let Then { at, as_of } = then;
    let snapshot = if stream.info.config.cti.is_some() {
        announce::snapshot_with_model(&as_of.view, *at, &numbers)
    } else {
        announce::snapshot(&as_of.view, *at, &numbers)
    };
    json!({
        "at": at.as_micros(),
        "seq": as_of.seq,
        "recorded": as_of.at.as_micros(),
        "staleSince": as_of.view.stale_since.map(Timestamp::as_micros),
        "snapshot": snapshot,
    })
}

fn page(io: &mut Io<'_>, zone: &TimeZone, stream: &Stream, then: &Then) -> Result<(), Failed> {
    let Then { at, as_of } = then;
    let view = &as_of.view;
    writeln!(io.out, "{TITLE}{}{TITLE:#}, {}", clock(*at, zone), titled(stream))?;
    let mut say = |name: &str, said: Said| {
        let style = said.tone.style();
        writeln!(io.out, "  {TIME}{name:<12}{TIME:#}{style}{}{style:#}", said.text)
    };
    say("connection", words::connection(view))?;
    say("agent", words::agent_now(view))?;
    if let Some(since) = view.stale_since {
        let text = format!(
            "the connection was lost at {}; line, hold and parties are those of then",
            clock(since, zone)
        );
        say("stale", Said::new(Tone::Warning, text))?;
    }
    say("line", words::line_now(view))?;
    if let Some(length) = view.talk_length(*at) {
        // It runs while the call is on hold, too.
        say("talk clock", Said::new(Tone::Plain, length.to_string()))?;
    }
    for (name, text) in words::besides_line(view) {
        say(name, Said::new(Tone::Waiting, text))?;
    }
    let ended = if as_of.seq == stream.head.seq { ", the last of the stream" } else { "" };
    let record = format!("{} of {}, at {}{ended}", as_of.seq, stream.head.seq, clock(as_of.at, zone));
    say("record", Said::new(Tone::Quiet, record))?;
    Ok(())
}
