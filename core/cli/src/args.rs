//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use crate::demo;
use crate::exit;
use crate::live::{record, simulate};
use crate::store::{
    calls, diff, erase, export, find, head, import, lint, report, show, state, streams, verify,
};
use crate::{console, watch};

/// Folds what a PBX says and what an agent does into one log, and tells what follows from it.
///
/// `replay` tells a recorded session at once. The other commands work on a store, in which sessions are kept: `record`
/// and `import` fill it. `simulate` is a server to try it with.
#[derive(Debug, Parser)]
#[command(name = "callfold", version, after_help = exit::HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play a day in a small office: agents, customers, a simulated PBX; recorded, told, and looked at.
    #[command(after_help = demo::HELP)]
    Demo(demo::Demo),
    /// Run recorded sessions through the engine, and tell what happened.
    #[command(after_help = exit::HELP)]
    Replay(Replay),
    /// Record agents' lines on a server into a store, until Ctrl-C.
    #[command(after_help = record::HELP)]
    Record(record::Record),
    /// Be a server to talk to: a PBX with a small office, until Ctrl-C.
    #[command(after_help = simulate::HELP)]
    Simulate(simulate::Simulate),
    /// Take recorded sessions and exported logs into a store.
    #[command(after_help = import::HELP)]
    Import(import::Import),
    /// List the streams of a store: one for each session.
    #[command(after_help = streams::HELP)]
    Streams(streams::Streams),
    /// List calls, by when they began.
    #[command(after_help = calls::HELP)]
    Calls(calls::Calls),
    /// Find calls by what is so of them: who, when, how they ended, how long, held, passed on, irregular.
    #[command(after_help = find::HELP)]
    Find(find::Find),
    /// Tell everything about one call.
    #[command(after_help = show::HELP)]
    Show(show::Show),
    /// Add up a floor's calls and times: by hour, by agent, with service level, handling time, occupancy.
    #[command(after_help = report::HELP)]
    Report(report::ReportArgs),
    /// Tell what a line was doing at a moment.
    #[command(after_help = state::HELP)]
    State(state::State),
    /// Prove that a store, or an exported log, is whole; or name the records that are wrong.
    #[command(after_help = verify::HELP)]
    Verify(verify::Verify),
    /// Name what does not fit in a store, with the records that show it.
    #[command(after_help = lint::HELP)]
    Lint(lint::Lint),
    /// Tell which calls come out otherwise: by today's rules, or in another store or export.
    #[command(after_help = diff::HELP)]
    Diff(diff::Diff),
    /// Write the heads of all streams, to be kept elsewhere.
    #[command(after_help = head::HELP)]
    Head(head::Head),
    /// Write the log, or a table of it, for other programs.
    #[command(after_help = export::HELP)]
    Export(export::Export),
    /// Make a number or a name unreadable, for good.
    #[command(after_help = erase::HELP)]
    Erase(erase::Erase),
    /// Look on: what is so on every line.
    #[command(after_help = watch::HELP)]
    Watch(watch::Watch),
    /// Work an agent's line from the keyboard, or by a script.
    #[command(after_help = console::HELP)]
    Console(console::Console),
}

/// The store that a command works on.
#[derive(Debug, Arguments)]
pub(crate) struct Store {
    /// The directory of the store.
    #[arg(long = "store", value_name = "DIR", env = "CALLFOLD_STORE")]
    pub(crate) path: PathBuf,
}

/// How a command tells what it found.
#[derive(Clone, Copy, Debug, Arguments)]
pub(crate) struct Look {
    /// Print JSON lines, for programs.
    ///
    /// Moments are microseconds of UTC since 1970, lengths are microseconds.
    #[arg(long)]
    pub(crate) json: bool,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// Whether long work shows how far it is.
#[derive(Clone, Copy, Debug, Arguments)]
pub(crate) struct Quiet {
    /// Do not show a progress bar. Without a terminal, or with `--json`, there is none.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// In which time.
#[derive(Debug, Arguments)]
pub(crate) struct Times {
    /// Use the time of UTC instead of local time.
    #[arg(long, conflicts_with = "tz")]
    utc: bool,

    /// Use the time of this zone, such as Europe/Moscow, instead of local time.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    tz: Option<TimeZone>,
}

impl Times {
    /// The zone that times are shown in, and read in.
    pub(crate) fn zone(&self) -> TimeZone {
        match &self.tz {
            Some(zone) => zone.clone(),
            None if self.utc => TimeZone::UTC,
            None => TimeZone::system(),
        }
    }
}

#[derive(Debug, Arguments)]
pub(crate) struct Replay {
    /// Recorded sessions, one after another; `-` is standard input. Those packed by gzip or zstd are
    /// unpacked on the way.
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,

    /// Print announcements, results, snapshots and requests as JSON lines, for programs.
    ///
    /// The login of the trace's made-up user is printed with its digests.
    #[arg(long, conflicts_with_all = ["verbose", "utc", "tz"])]
    pub(crate) announce: bool,

    /// Tell the calls, the commands with what they led to, and where the time went.
    #[arg(long, conflicts_with_all = ["announce", "verbose"])]
    pub(crate) calls: bool,

    /// With `--calls`: JSON lines, for programs: every call and command when it is over, the time last.
    ///
    /// Moments are microseconds of UTC since 1970, lengths are microseconds.
    #[arg(long, requires = "calls", conflicts_with_all = ["utc", "tz"])]
    pub(crate) json: bool,

    /// Tell every event, the quiet ones too.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,

    #[command(flatten)]
    pub(crate) times: Times,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "no time zone of this name is known here".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }

    #[test]
    fn utc_is_shown_only_if_asked_for() {
        let zone = |args: &[&str]| {
            let Command::Replay(replay) = Args::try_parse_from(args).unwrap().command else {
                panic!("another command")
            };
            replay.times.zone()
        };
        assert_eq!(zone(&["callfold", "replay", "--utc", "-"]), TimeZone::UTC);
        assert_eq!(zone(&["callfold", "replay", "-"]), TimeZone::system());
    }
}
