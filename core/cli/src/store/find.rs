//! The command `find`: calls by what is so of them, from the index.

use callfold::calls::{Outcome as CallOutcome, json as words};
use callfold::log::{FindQuery, Found, FoundCall, Stream};
use callfold::{Span, Timestamp};
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Io, by_id, chosen, count, json as line, open};
use crate::args::{Look, Store, Times};
use crate::calls::{HEAD, row};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::style::{TOTAL, Tone};
use crate::table;
use crate::time::{When, times_help};
use crate::words::shown;

pub(crate) const HELP: &str = concat!(
    "\
Examples:
  callfold find --number '+7 (916) 123-45-67' --store sessions   # however it is written
  callfold find --number '*4567' --store sessions                # what it ends with; 916* begins, *345* anywhere
  callfold find --name petrov --from 2026-01-12 --to 2026-01-13
  callfold find --outcome abandoned --outcome lost
  callfold find --held --longer 5m --transferred
  callfold find --irregular --json

All that is said must be so; of several outcomes, one. Lengths: 90, 90s, 5m, 1h, from the beginning of a call to its
end. A number or a name is that of anybody who took part: at the other end, or whom the call was passed on to.

",
    times_help!("the\nlast record"),
    "

Exit codes: 0 found; 1 nothing is like this; 3 a stream is damaged: what is sound of it was looked at.
`callfold show ID` tells all about a call, `callfold lint` what is irregular."
);

#[derive(Debug, Args)]
pub(crate) struct Find {
    #[command(flatten)]
    store: Store,

    /// With this number, however it is written; `*` stands for what may be before or after it.
    #[arg(long, value_name = "N")]
    number: Option<String>,

    /// With somebody who has this in their name, in capitals or not.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// That began at this time or later.
    #[arg(long, value_name = "TIME")]
    from: Option<When>,

    /// That began before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<When>,

    /// That ended so: answered, transferred, abandoned, declined, not-answered, busy, failed, lost, unknown, open. May be
    /// given several times.
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    outcome: Vec<CallOutcome>,

    /// That took this long or longer.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    longer: Option<Span>,

    /// That took this long or less.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    shorter: Option<Span>,

    /// That were on hold.
    #[arg(long)]
    held: bool,

    /// That were passed on, by the agent or to the agent.
    #[arg(long)]
    transferred: bool,

    /// Of which something does not fit.
    #[arg(long)]
    irregular: bool,

    /// Of this stream, by its name or number.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Option<String>,

    /// On the lines of this agent.
    #[arg(long, value_name = "LOGIN")]
    agent: Option<String>,

    /// The most calls that are listed: the latest. 0 is all of them.
    #[arg(long, value_name = "CALLS", default_value_t = 100)]
    limit: usize,

    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

/// The outcomes that there are.
const OUTCOMES: [CallOutcome; 10] = [
    CallOutcome::Answered,
    CallOutcome::Transferred,
    CallOutcome::Abandoned,
    CallOutcome::Declined,
    CallOutcome::NotAnswered,
    CallOutcome::Busy,
    CallOutcome::Failed,
    CallOutcome::Lost,
    CallOutcome::Unknown,
    CallOutcome::Open,
];

fn outcome(text: &str) -> Result<CallOutcome, String> {
    let text = text.replace('-', " ");
    let known = OUTCOMES.into_iter().find(|outcome| outcome.text() == text);
    known.ok_or_else(|| {
        let names: Vec<_> = OUTCOMES.iter().map(|outcome| outcome.text().replace(' ', "-")).collect();
        format!("no call ends so; there are {}", names.join(", "))
    })
}

fn length(text: &str) -> Result<Span, String> {
    let (digits, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(digits) if text.ends_with('m') => (digits, 60),
        Some(digits) if text.ends_with('h') => (digits, 3_600),
        Some(digits) => (digits, 1),
        None => (text, 1),
    };
    let number: u32 = digits.parse().map_err(|_| "not a length, such as 90, 90s, 5m or 1h".to_owned())?;
    Ok(Span::from_secs(i64::from(number) * seconds))
}

pub(crate) fn run(args: &Find, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let streams = chosen(&log, args.stream.as_slice())?;
    let zone = args.times.zone();
    let query = query(args, &streams, &zone)?;
    let found = log.find(&query)?;
    if args.look.json {
        for (stream, call) in of_streams(&streams, &found.calls) {
            writeln!(io.out, "{}", line(stream, json!({ "call": words::call(&call.call) })))?;
        }
    } else {
        page(io, &streams, &found, &zone, args.number.as_deref())?;
    }
    damage(io, &streams, &found);
    Ok(match (found.damaged.is_empty(), found.total) {
        (false, _) => Outcome::Damaged,
        (true, 0) => Outcome::Findings,
        (true, _) => Outcome::Good,
    })
}

/// Names the streams that cannot be read to their ends.
pub(super) fn damage(io: &mut Io<'_>, streams: &[Stream], found: &Found) {
    for (stream, damage) in &found.damaged {
        let name =
            by_id(streams, *stream).map_or_else(String::new, |stream| shown(stream.info.name.as_str()));
        io.complain(&format!("stream {stream} {name} is damaged, and read up to there: {damage}"));
    }
}

fn query(args: &Find, streams: &[Stream], zone: &TimeZone) -> Result<FindQuery, Failed> {
    let last = streams.iter().filter_map(|stream| stream.head.at).max();
    let resolve = |when: Option<When>| -> Result<Option<Timestamp>, Failed> {
        let Some(when) = when else { return Ok(None) };
        let at = when.resolve(zone, last);
        at.map(Some).ok_or_else(|| Failed::NotThere("there is no such time, or no record yet".to_owned()))
    };
    let mut query = FindQuery::default();
    query.stream = args.stream.as_ref().and_then(|_| streams.first()).map(|stream| stream.id);
    query.agent.clone_from(&args.agent);
    (query.from, query.to) = (resolve(args.from)?, resolve(args.to)?);
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from >= to
    {
        return Err(Failed::Misuse("nothing is in this range: --from is not before --to".to_owned()));
    }
    query.number.clone_from(&args.number);
    query.name.clone_from(&args.name);
    query.outcomes.clone_from(&args.outcome);
    (query.at_least, query.at_most) = (args.longer, args.shorter);
    (query.held, query.transferred, query.irregular) = (args.held, args.transferred, args.irregular);
    query.most = Some(args.limit).filter(|most| *most > 0);
    Ok(query)
}

fn page(
    io: &mut Io<'_>,
    streams: &[Stream],
    found: &Found,
    zone: &TimeZone,
    number: Option<&str>,
) -> Result<(), Failed> {
    if found.calls.is_empty() {
        writeln!(io.out, "no calls")?;
        if let Some(number) = number.filter(|number| !number.contains('*')) {
            writeln!(io.out, "a part of a number is found with stars: --number '*{}*'", shown(number))?;
        }
        return Ok(());
    }
    table(io, streams, &found.calls, zone)?;
    let total = count(found.total as u64, "call", "calls");
    let latest = match found.total.saturating_sub(found.calls.len()) {
        0 => String::new(),
        _ => format!(", the latest {} are listed; --limit 0 lists all", found.calls.len()),
    };
    writeln!(io.out, "\n{TOTAL}{total}{TOTAL:#}{latest}")?;
    Ok(())
}

/// Calls, a line each.
pub(super) fn table(
    io: &mut Io<'_>,
    streams: &[Stream],
    calls: &[FoundCall],
    zone: &TimeZone,
) -> Result<(), Failed> {
    let head: Vec<&str> = HEAD.into_iter().chain(["", "stream", "id"]).collect();
    let rows: Vec<_> = of_streams(streams, calls)
        .map(|(stream, found)| {
            let call = &found.call;
            let is_good = call.irregularities.is_empty();
            let mut cells = row(call, zone);
            cells.push(if is_good { String::new() } else { "irregular".to_owned() });
            cells.push(shown(stream.info.name.as_str()));
            cells.push(shown(call.id.as_str()));
            (if is_good { Tone::Plain } else { Tone::Warning }.style(), cells)
        })
        .collect();
    Ok(table::write(&mut io.out, &head, &rows)?)
}

pub(super) fn of_streams<'a>(
    streams: &'a [Stream],
    found: &'a [FoundCall],
) -> impl Iterator<Item = (&'a Stream, &'a FoundCall)> {
    found.iter().filter_map(|found| Some((by_id(streams, found.stream)?, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_outcomes_are_read_as_people_write_them() {
        let read = ["90", "90s", "5m", "1h"].map(|text| length(text).unwrap().as_secs());
        assert_eq!(read, [90, 90, 300, 3_600]);
        for text in ["", "m", "-1", "1d", "5 m", "99999999999"] {
            assert!(length(text).is_err(), "{text}");
        }
        for known in OUTCOMES {
            assert_eq!(outcome(&known.text().replace(' ', "-")), Ok(known));
        }
        assert!(outcome("sold").is_err());
    }
}
