//! The command `report`: a floor's figures, as a page, as JSON, or on the terminal.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anstyle::Style;
use callfold::calls::TimeKind;
use callfold::log::{Log, Stream};
use callfold::report::{Agent, Mean, Report, ReportOptions, Slot};
use callfold::{Span, Timestamp};
use clap::Args;
use jiff::tz::TimeZone;

use super::{Io, count, open};
use crate::args::{Look, Quiet, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::out_file::Out;
use crate::progress::Bar;
use crate::style::{TITLE, TOTAL, Tone};
use crate::table;
use crate::time::{When, clock, day_offset, times_help};
use crate::words::shown;

pub(crate) const HELP: &str = concat!(
    "\
Examples:
  callfold report --store sessions
  callfold report --store sessions --from 2026-01-12 --to 2026-01-13 --html floor.html
  callfold report --store sessions --from 2026-01-12 --agent ivanov --agent petrov
  callfold report --store sessions --service-level 30s --short-abandon 10s --json

",
    times_help!("the\nlast record"),
    " Hours and days are those of the zone as it is at the beginning.

Calls count that began within the time; of agents' time, what lies within. Service level: answered
within the threshold, of the calls that came in, short abandons and unknown fates aside. ASA: average
speed of answer. AHT: average handling time, talk and hold and wrap-up. Occupancy: time on calls and
after them, of that and the time in which a call could come. Each figure, with what is in its base,
stands in core/callfold/FIGURES.md.

The page needs no other file and nothing from the network; it has names and numbers in it. It lists
some calls of each figure, and the command that lists them all. Of a line that is damaged it tells
what comes before, and names the damage; the exit code is 3 then."
);

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    store: Store,

    /// Calls that began at this time or later, and time from then on.
    #[arg(long, value_name = "TIME")]
    from: Option<When>,

    /// Calls that began before this time, and time until then.
    #[arg(long, value_name = "TIME")]
    to: Option<When>,

    /// Only the lines of this agent. May be given several times.
    #[arg(long, value_name = "LOGIN")]
    agent: Vec<String>,

    /// Whoever was answered within this time counts for the service level.
    #[arg(long, value_name = "LENGTH", default_value = "20s", value_parser = length)]
    service_level: Span,

    /// Whoever gives up sooner than this is a short abandon, and counts neither for nor against.
    #[arg(long, value_name = "LENGTH", default_value = "5s", value_parser = length)]
    short_abandon: Span,

    /// Write a page to this file; `-` is standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,

    #[command(flatten)]
    quiet: Quiet,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

/// A length of time such as `20s` or `1m 30s`.
fn length(text: &str) -> Result<Span, String> {
    let wrong = || "not a length such as 20s or 1m30s".to_owned();
    let length: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    let micros = i64::try_from(length.as_micros()).ok().filter(|micros| *micros >= 0);
    micros.map(Span::from_micros).ok_or_else(wrong)
}

pub(crate) fn run(args: &ReportArgs, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let log = open(&args.store, io)?;
    let zone = args.times.zone();
    let options = options(args, &log.streams()?, &zone)?;
    let bar = Bar::new("reading", args.quiet.quiet || args.look.json);
    let report = log.report(&options, &mut |progress| bar.at(progress))?;
    drop(bar);
    if !report.unknown_agents.is_empty() {
        return Err(unknown(&log, &report.unknown_agents)?);
    }
    for damage in &report.damage {
        let (stream, what) = (shown(&damage.stream), &damage.what);
        io.complain(&format!("{stream}: told up to record {}, and not further: {what}", damage.until));
    }
    if args.look.json {
        let json = serde_json::to_string(&report).map_err(|error| Failed::System(error.to_string()))?;
        writeln!(io.out, "{json}")?;
    } else if let Some(path) = &args.html {
        put(io, path, &report.html())?;
    } else {
        page(io, &report, &zone)?;
    }
    Ok(if report.is_damaged() { Outcome::Damaged } else { Outcome::Good })
}

/// What is asked for; refused if no time is in it.
fn options(args: &ReportArgs, streams: &[Stream], zone: &TimeZone) -> Result<ReportOptions, Failed> {
    let last = streams.iter().filter_map(|stream| stream.head.at).max();
    let resolve = |when: Option<When>| -> Result<Option<Timestamp>, Failed> {
        let Some(when) = when else { return Ok(None) };
        let at = when.resolve(zone, last);
        at.map(Some).ok_or_else(|| Failed::NotThere("there is no such time, or no record yet".to_owned()))
    };
    let mut options = ReportOptions::default();
    (options.from, options.to) = (resolve(args.from)?, resolve(args.to)?);
    if let (Some(from), Some(to)) = (options.from, options.to)
        && from >= to
    {
        let (from, to) = (clock(from, zone), clock(to, zone));
        return Err(Failed::Misuse(format!("the range is empty: --to {to} is not after --from {from}")));
    }
    let first = streams.iter().map(|stream| stream.info.began).min();
    let begins = options.from.or(first).unwrap_or_default();
    options.offset = i32::try_from(day_offset(zone, begins).as_secs()).unwrap_or(0);
    options.agents.clone_from(&args.agent);
    (options.threshold, options.short_abandon) = (args.service_level, args.short_abandon);
    Ok(options)
}

/// Agents that have no line, with those that there are.
fn unknown(log: &Log, agents: &[String]) -> Result<Failed, Failed> {
    let mut there = Vec::new();
    for stream in log.streams()? {
        there.extend(log.agent(stream.id)?.map(|agent| shown(agent.as_str())));
    }
    there.sort_unstable();
    there.dedup();
    let others = there.len().saturating_sub(10);
    let mut known = there.into_iter().take(10).collect::<Vec<_>>().join(", ");
    if others > 0 {
        known = format!("{known} and {others} more");
    }
    let known = if known.is_empty() { "nobody".to_owned() } else { known };
    let wanted: Vec<_> = agents.iter().map(|agent| format!("`{}`", shown(agent))).collect();
    Ok(Failed::NotThere(format!("no line is of {}; there are {known}", wanted.join(", "))))
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

/// The report on a terminal.
fn page(io: &mut Io<'_>, report: &Report, zone: &TimeZone) -> Result<(), Failed> {
    let (from, to) = (clock(report.from, zone), clock(report.to, zone));
    writeln!(io.out, "{TITLE}calls from {from} to {to}{TITLE:#}, {}", count(report.lines, "line", "lines"))?;
    let (inbound, outbound) = (&report.floor.inbound, &report.floor.outbound);
    let undetermined = inbound.undetermined.count + outbound.undetermined.count + report.floor.unplaced.count;
    let handling = &report.handling;
    let lines = [
        ("offered", inbound.offered.count.to_string()),
        ("service level", {
            let level = &inbound.service_level;
            format!("{} ({} of {})", thousandths(level.per_mille), level.part, level.base.count)
        }),
        ("ASA", format!("{} (of {} answered)", mean(inbound.answer_speed), inbound.answer_speed.of)),
        ("abandoned", {
            let (of, short) = (&inbound.abandonment, inbound.short_abandoned.count);
            format!("{} ({} of {}, and {short} short)", thousandths(of.per_mille), of.part, of.base.count)
        }),
        ("AHT", {
            let (talk, hold, wrap_up) = (mean(handling.talk), mean(handling.hold), mean(handling.wrap_up));
            let of = count(handling.handled.count, "call", "calls");
            format!("{} (talk {talk}, hold {hold}, wrap-up {wrap_up}; {of})", mean(handling.time))
        }),
        ("occupancy", {
            let time = &report.time;
            format!("{} ({} of {})", thousandths(time.occupancy), told(time.busy), told(time.staffed))
        }),
        ("outgoing", format!("{} ({} answered)", outbound.made.count, outbound.answered.count)),
        ("transfers", {
            let of = &report.transfers;
            format!("{} blind, {} attended, {} to us", of.blind.count, of.attended.count, of.to_us.count)
        }),
        ("conferences", report.conferences.count.to_string()),
        ("gaps", format!("{} ({} unknown)", report.gaps, told(report.time.totals.of(TimeKind::Unknown)))),
        ("fate not known", undetermined.to_string()),
    ];
    let rows: Vec<_> =
        lines.into_iter().map(|(what, how)| (Style::new(), vec![what.to_owned(), how])).collect();
    table::write(&mut io.out, &["", ""], &rows)?;
    slots(io, "hour", &report.hours)?;
    if report.days.len() > 1 {
        slots(io, "day", &report.days)?;
    }
    agents(io, &report.agents)?;
    for irregular in &report.irregularities {
        let (bad, calls) = (Tone::Warning.style(), count(irregular.calls.count, "call", "calls"));
        writeln!(io.out, "{bad}irregular: {} in {calls}{bad:#}", irregular.kind.text())?;
    }
    if let Some(longest) = report.longest_holds.first() {
        let at = clock(longest.from, zone);
        writeln!(
            io.out,
            "{TOTAL}longest hold:{TOTAL:#} {} from {at}, {}",
            told(longest.length),
            longest.end
        )?;
    }
    Ok(())
}

/// Hours or days in which something was.
fn slots(io: &mut Io<'_>, head: &str, slots: &[Slot]) -> Result<(), Failed> {
    let rows: Vec<_> = slots.iter().filter(|slot| slot.has_calls()).map(slot_row).collect();
    if rows.is_empty() {
        writeln!(io.out, "\nno calls")?;
        return Ok(());
    }
    let head = [
        head,
        "offered",
        "answered",
        "abandoned",
        "short",
        "other",
        "not known",
        "service level",
        "ASA",
        "outgoing",
        "reached",
    ];
    writeln!(io.out)?;
    Ok(table::write(&mut io.out, &head, &rows)?)
}

fn slot_row(slot: &Slot) -> (Style, Vec<String>) {
    let (inbound, outbound) = (&slot.calls.inbound, &slot.calls.outbound);
    let cells = vec![
        slot.name.clone(),
        number(inbound.offered.count),
        number(inbound.answered.count),
        number(inbound.abandoned.count),
        number(inbound.short_abandoned.count),
        number(inbound.declined.count + inbound.failed.count),
        number(inbound.undetermined.count),
        thousandths(inbound.service_level.per_mille),
        mean(inbound.answer_speed),
        number(outbound.made.count),
        number(outbound.answered.count),
    ];
    (Style::new(), cells)
}

fn agents(io: &mut Io<'_>, agents: &[Agent]) -> Result<(), Failed> {
    if agents.is_empty() {
        return Ok(());
    }
    let head = [
        "agent",
        "presented",
        "answered",
        "missed",
        "made",
        "handled",
        "AHT",
        "logged in",
        "talk",
        "hold",
        "wrap-up",
        "idle",
        "unknown",
        "occupancy",
        "",
    ];
    let row = |agent: &Agent| {
        let time = |kinds: &[TimeKind]| {
            told(kinds.iter().fold(Span::ZERO, |sum, kind| sum + agent.time.totals.of(*kind)))
        };
        let irregular = agent.irregular.count;
        let cells = vec![
            agent
                .login
                .as_deref()
                .filter(|login| !login.is_empty())
                .map_or("nobody logged in".to_owned(), shown),
            number(agent.presented.count),
            number(agent.answered.count),
            number(agent.missed.count),
            number(agent.made.count),
            number(agent.handling.handled.count),
            mean(agent.handling.time),
            told(agent.time.logged_in),
            time(&[TimeKind::Talk, TimeKind::Consult, TimeKind::Conference]),
            time(&[TimeKind::Hold]),
            time(&[TimeKind::WrapUp]),
            time(&[TimeKind::Idle]),
            time(&[TimeKind::Unknown]),
            thousandths(agent.time.occupancy),
            if irregular > 0 { format!("{irregular} irregular") } else { String::new() },
        ];
        (if irregular > 0 { Tone::Warning } else { Tone::Plain }.style(), cells)
    };
    let rows: Vec<_> = agents.iter().map(row).collect();
    writeln!(io.out)?;
    table::write(&mut io.out, &head, &rows)?;
    Ok(writeln!(io.out)?)
}

fn number(count: u64) -> String {
    if count == 0 { "–".to_owned() } else { count.to_string() }
}

fn thousandths(per_mille: Option<u64>) -> String {
    per_mille.map_or("–".to_owned(), |of| format!("{}.{} %", of / 10, of % 10))
}

fn mean(of: Mean) -> String {
    of.mean.map_or("–".to_owned(), told)
}

/// A length: to the tenth of a second below a minute, else with minutes and hours.
fn told(span: Span) -> String {
    let micros = span.as_micros().unsigned_abs();
    let seconds = micros / 1_000_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if micros == 0 => "–".to_owned(),
        (0, 0, seconds) => format!("{seconds}.{} s", micros / 100_000 % 10),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_length_of_time() {
        assert_eq!(length("20s"), Ok(Span::from_secs(20)));
        assert_eq!(length("1m30s"), Ok(Span::from_secs(90)));
        assert_eq!(length("500ms"), Ok(Span::from_millis(500)));
        for wrong in ["", "20", "-5s", "soon", "1d"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
