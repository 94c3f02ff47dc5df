//! The command `show`: everything about one call.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use callfold::calls::{Call, CommandTrail, TimeKind, json as words};
use callfold::log::{CallQuery, Log, Stream, StreamId};
use callfold::timeline::Timeline;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{Io, by_id, chosen, find, json as line, open, titled};
use crate::args::{Look, Store, Times};
use crate::calls::Page;
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::out_file::Out;
use crate::style::{TITLE, TOTAL};
use crate::time::day_offset;
use crate::words::shown;

pub(crate) const HELP: &str = "\
Examples:
  callfold show 7a1c0f7e-1f0e-4f2b-9a55-3d8a6f0c2b11 --store sessions
  callfold show record:17 --stream 4 --store sessions
  callfold show record:17 --stream 4 --store sessions --timeline   # the story, line by line
  callfold show record:17 --stream 4 --store sessions --ladder     # who did what to whom
  callfold show record:17 --stream 4 --store sessions --html call.html
  callfold show record:17 --stream 4 --store sessions --mermaid    # the ladder, for a wiki or a ticket

The id is what `callfold calls` and `callfold find` list: the chain, or record:N for a call without one.
For one that is not there, calls are offered that are near: whose id begins so, with such a number or name.
If several streams have it, each tells its part: a call between two agents is in both.
A picture is of one call of one stream: name the stream if there are several. It needs no other file and
nothing from the network, and it has names and numbers in it.";

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The call's id: its chain.
    call: String,

    #[command(flatten)]
    store: Store,

    /// Only as this stream has it, by its name or number.
    #[arg(long, value_name = "NAME|NUMBER")]
    stream: Option<String>,

    /// Tell the story line by line: when, which record proves it, what, with whom, how long.
    #[arg(long, conflicts_with = "json")]
    timeline: bool,

    /// Draw who did what to whom: the agent, callfold, the PBX, the other sides, with arrows between them.
    #[arg(long, conflicts_with = "json")]
    ladder: bool,

    /// Write the ladder as a Mermaid sequence diagram.
    #[arg(long, conflicts_with = "json")]
    mermaid: bool,

    /// Write the timeline as an SVG to this file; `-` is standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    svg: Option<PathBuf>,

    /// Write a page with the timeline, the ladder and the story to this file; `-` is standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Show, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let streams = chosen(&log, args.stream.as_slice())?;
    let mut query = CallQuery::default();
    query.stream = args.stream.as_ref().and_then(|_| streams.first()).map(|stream| stream.id);
    query.chain = Some(args.call.clone());
    let read = log.sound_calls(&query)?;
    find::damage(io, &streams, &read);
    let (found, zone) = (read.calls, args.times.zone());
    if found.is_empty() {
        return not_there(args, io, &log, query.stream);
    }
    if has_file(args) && found.len() > 1 {
        let words = "a picture is of one call: name the stream with --stream";
        return Err(Failed::Misuse(words.to_owned()));
    }
    for (place, found) in found.iter().enumerate() {
        let Some(stream) = by_id(&streams, found.stream) else { continue };
        let commands = log.commands_of(stream.id, &found.call)?;
        if args.look.json {
            let commands: Vec<_> = commands.iter().map(words::command).collect();
            let fields = json!({ "call": words::call(&found.call), "commands": commands });
            writeln!(io.out, "{}", line(stream, fields))?;
        } else {
            if place > 0 {
                writeln!(io.out)?;
            }
            if has_file(args) || args.timeline || args.ladder || args.mermaid {
                drawn(args, io, &zone, &found.call, &commands)?;
            } else {
                page(io, &zone, stream, &found.call, &commands)?;
            }
        }
    }
    Ok(if read.damaged.is_empty() { Outcome::Good } else { Outcome::Damaged })
}

/// There is no such call: what is near to it is offered.
fn not_there(args: &Show, io: &mut Io<'_>, log: &Log, stream: Option<StreamId>) -> Result<Outcome, Failed> {
    let near = log.near(stream, &args.call)?;
    let missing = format!("there is no call `{}`", shown(&args.call));
    if near.is_empty() || args.look.json {
        return Err(Failed::NotThere(missing));
    }
    io.complain(&format!("{missing}; these are near:"));
    find::table(io, &log.streams()?, &near, &args.times.zone())?;
    Ok(Outcome::Findings)
}

const fn has_file(args: &Show) -> bool {
    args.svg.is_some() || args.html.is_some()
}

/// The pictures that were asked for.
fn drawn(
    args: &Show,
    io: &mut Io<'_>,
    zone: &TimeZone,
    call: &Call,
    commands: &[CommandTrail],
) -> Result<(), Failed> {
    // One offset for a call: that of when it began.
    let offset = i32::try_from(day_offset(zone, call.began.at).as_secs()).unwrap_or(0);
    let timeline = Timeline::of(call, commands).at_offset(offset);
    if args.timeline {
        write!(io.out, "{}", timeline.text())?;
    }
    if args.ladder {
        let apart = if args.timeline { "\n" } else { "" };
        write!(io.out, "{apart}{}", timeline.ladder_text())?;
    }
    if args.mermaid {
        write!(io.out, "{}", timeline.mermaid())?;
    }
    if let Some(path) = &args.svg {
        put(io, path, &timeline.svg())?;
    }
    if let Some(path) = &args.html {
        put(io, path, &timeline.html())?;
    }
    Ok(())
}

/// Writes a file, whole or not at all.
fn put(io: &mut Io<'_>, path: &Path, text: &str) -> Result<(), Failed> {
    if path == Path::new("-") {
        return Ok(write!(io.out, "{text}")?);
    }
    let mut out = Out::create(Some(path))?;
    out.write_all(text.as_bytes()).map_err(|error| out.failed().unwrap_or(error))?;
    out.finish()?;
    writeln!(io.out, "written to {}", shown(&path.display().to_string()))?;
    Ok(())
}

fn page(
    io: &mut Io<'_>,
    zone: &TimeZone,
    stream: &Stream,
    call: &Call,
    commands: &[CommandTrail],
) -> Result<(), Failed> {
    writeln!(io.out, "{TITLE}call {}{TITLE:#} in {}", shown(call.id.as_str()), titled(stream))?;
    let mut page = Page { out: &mut io.out, zone };
    page.calls(std::slice::from_ref(call))?;
    page.commands(commands)?;
    let times: Vec<_> = call
        .time
        .iter()
        .filter(|(_, span)| *span != callfold::Span::ZERO)
        .map(|(kind, span)| format!("{} {span}", kind.text()))
        .collect();
    let times = if times.is_empty() { "none".to_owned() } else { times.join(", ") };
    writeln!(io.out, "\n{TOTAL}the agent's time spent on it:{TOTAL:#} {times}")?;
    if call.held() > call.time.of(TimeKind::Hold) {
        writeln!(
            io.out,
            "(while it waited on hold, the time that the agent spent on another call is that call's)"
        )?;
    }
    Ok(())
}
