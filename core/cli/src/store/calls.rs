//! The command `calls`: calls of a store, one line each.

use std::collections::BTreeSet;

use callfold::Timestamp;
use callfold::calls::json as words;
use callfold::log::{CallQuery, FoundCall, Log, LogError, Stream};
use clap::Args;
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
  callfold calls --store sessions
  callfold calls --store sessions --from 2026-01-12 --to 2026-01-13 --number '+7 (916) 123-45-67'
  callfold calls --store sessions --stream hold-and-back --json
  callfold calls --store sessions --agent ivanov

",
    times_help!("the\nlast record"),
    "

`callfold show ID` tells all about a call."
);

#[derive(Debug, Args)]
pub(crate) struct Calls {
    #[command(flatten)]
    store: Store,

    /// Only those of this stream, by its name or number.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Option<String>,

    /// Only those that began at this time or later.
    #[arg(long, value_name = "TIME")]
    from: Option<When>,

    /// Only those that began before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<When>,

    /// Only those with this number at the other end, however it is written.
    #[arg(long, value_name = "N")]
    number: Option<String>,

    /// Only those on the lines of this agent.
    #[arg(long, value_name = "LOGIN")]
    agent: Option<String>,

    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Calls, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let streams = chosen(&log, args.stream.as_slice())?;
    let zone = args.times.zone();
    let last = streams.iter().filter_map(|stream| stream.head.at).max();
    let resolve = |when: Option<When>| -> Result<Option<Timestamp>, Failed> {
        let Some(when) = when else { return Ok(None) };
        let at = when.resolve(&zone, last);
        at.map(Some).ok_or_else(|| Failed::NotThere("there is no such time, or no record yet".to_owned()))
    };
    let mut query = CallQuery::default();
    query.stream = args.stream.as_ref().and_then(|_| streams.first()).map(|stream| stream.id);
    query.from = resolve(args.from)?;
    query.to = resolve(args.to)?;
    query.agent.clone_from(&args.agent);
    let found = found(&log, query, args.number.as_deref())?;
    if args.look.json {
        for (stream, call) in of_streams(&streams, &found) {
            writeln!(io.out, "{}", line(stream, json!({ "call": words::call(&call.call) })))?;
        }
        return Ok(Outcome::Good);
    }
    if found.is_empty() {
        writeln!(io.out, "no calls")?;
        return Ok(Outcome::Good);
    }
    let head: Vec<&str> = HEAD.into_iter().chain(["", "stream", "id"]).collect();
    let rows: Vec<_> = of_streams(&streams, &found)
        .map(|(stream, found)| {
            let call = &found.call;
            let is_good = call.irregularities.is_empty();
            let mut cells = row(call, &zone);
            cells.push(if is_good { String::new() } else { "irregular".to_owned() });
            cells.push(shown(stream.info.name.as_str()));
            cells.push(shown(call.id.as_str()));
            (if is_good { Tone::Plain } else { Tone::Warning }.style(), cells)
        })
        .collect();
    table::write(&mut io.out, &head, &rows)?;
    writeln!(io.out, "\n{TOTAL}{}{TOTAL:#}", count(found.len() as u64, "call", "calls"))?;
    Ok(Outcome::Good)
}

fn of_streams<'a>(
    streams: &'a [Stream],
    found: &'a [FoundCall],
) -> impl Iterator<Item = (&'a Stream, &'a FoundCall)> {
    found.iter().filter_map(|found| Some((by_id(streams, found.stream)?, found)))
}

/// The calls that are wanted. A number is looked for as it was given and in every way the PBX may have told it, because
/// people write it as they see it.
fn found(log: &Log, query: CallQuery, number: Option<&str>) -> Result<Vec<FoundCall>, LogError> {
    let Some(number) = number else { return log.calls(&query) };
    let mut found: Vec<FoundCall> = Vec::new();
    for number in ways_to_write(number) {
        let mut query = query.clone();
        query.number = Some(number);
        for call in log.calls(&query)? {
            if !found.contains(&call) {
                found.push(call);
            }
        }
    }
    found.sort_by_key(|found| (found.call.began.at, found.stream, found.call.began.seq));
    Ok(found)
}

/// The fewest digits that may have a country code before them.
const WITH_COUNTRY: usize = 11;

fn ways_to_write(number: &str) -> BTreeSet<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let mut ways = BTreeSet::from([number.to_owned()]);
    if digits.is_empty() || number.chars().any(char::is_alphabetic) {
        return ways;
    }
    // Within Russia, 8 is dialled for the country code 7, and shown as such.
    if let Some(rest) = digits.strip_prefix(['7', '8']).filter(|_| digits.len() == WITH_COUNTRY) {
        ways.extend([format!("7{rest}"), format!("+7{rest}"), format!("8{rest}"), rest.to_owned()]);
    }
    ways.extend([format!("+{digits}"), digits]);
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_it_is_written() {
        for written in ["+7 (916) 123-45-67", "89161234567", "+79161234567", "7 916 123 45 67"] {
            let ways = ways_to_write(written);
            for told in ["+79161234567", "79161234567", "89161234567"] {
                assert!(ways.contains(told), "{written}: {ways:?}");
            }
        }
        assert!(ways_to_write("102").contains("102"));
        assert!(!ways_to_write("102").contains("7102"));
        assert_eq!(ways_to_write("sip:ivanov1").len(), 1);
    }
}
