//! The command `streams`: what is in a store.

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Io, count, json as line, open};
use crate::args::{Look, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::style::{TOTAL, Tone};
use crate::words::shown;
use crate::{table, time};

pub(super) const SHORT: usize = 12;

pub(crate) const HELP: &str = "\
Example:
  callfold streams --store sessions

The hash is that of the last record, shortened; --json and `callfold head` have all of it.";

#[derive(Debug, Args)]
pub(crate) struct Streams {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Streams, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let streams = open(&args.store, io)?.streams()?;
    if args.look.json {
        for stream in &streams {
            let (info, head) = (&stream.info, &stream.head);
            let fields = json!({
                "title": info.title,
                "agent": info.agent,
                "server": info.server,
                "began": info.began.as_micros(),
                "last": head.at.map(callfold::Timestamp::as_micros),
                "records": head.seq,
                "hash": head.hash.to_string(),
            });
            writeln!(io.out, "{}", line(stream, fields))?;
        }
        return Ok(Outcome::Good);
    }
    if streams.is_empty() {
        writeln!(io.out, "no streams")?;
        return Ok(Outcome::Good);
    }
    let zone: TimeZone = args.times.zone();
    let head = ["", "stream", "agent", "server", "began", "last record", "records", "hash"];
    let rows: Vec<_> = streams
        .iter()
        .map(|stream| {
            let text = |text: &Option<callfold::Text>| {
                text.as_ref().map_or(String::new(), |text| shown(text.as_str()))
            };
            let (info, head) = (&stream.info, &stream.head);
            let cells = vec![
                stream.id.to_string(),
                shown(info.name.as_str()),
                text(&info.agent),
                text(&info.server),
                time::clock(info.began, &zone),
                head.at.map_or(String::new(), |at| time::clock(at, &zone)),
                head.seq.to_string(),
                head.hash.to_string().chars().take(SHORT).collect(),
            ];
            (Tone::Plain.style(), cells)
        })
        .collect();
    table::write(&mut io.out, &head, &rows)?;
    let (streams, records) =
        (streams.len() as u64, streams.iter().map(|stream| stream.head.seq).sum::<u64>());
    let (streams, records) = (count(streams, "stream", "streams"), count(records, "record", "records"));
    writeln!(io.out, "\n{TOTAL}{streams}, {records}{TOTAL:#}")?;
    Ok(Outcome::Good)
}
