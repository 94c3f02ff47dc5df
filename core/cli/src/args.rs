//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use crate::exit;

/// Folds what a PBX says and what an agent does into one log, and tells what follows from it.
#[derive(Debug, Parser)]
#[command(name = "callfold", version, after_help = exit::HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run recorded sessions through the engine, and tell what happened.
    #[command(after_help = exit::HELP)]
    Replay(Replay),
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

    /// Show the time of UTC instead of local time.
    #[arg(long, conflicts_with = "tz")]
    pub(crate) utc: bool,

    /// Show the time of this zone, such as Europe/Moscow, instead of local time.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(crate) tz: Option<TimeZone>,
}

impl Replay {
    /// The zone that times are shown in.
    pub(crate) fn zone(&self) -> TimeZone {
        match &self.tz {
            Some(zone) => zone.clone(),
            None if self.utc => TimeZone::UTC,
            None => TimeZone::system(),
        }
    }
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
        let zone = |args: &[&str]| match Args::try_parse_from(args).unwrap().command {
            Command::Replay(replay) => replay.zone(),
        };
        assert_eq!(zone(&["callfold", "replay", "--utc", "-"]), TimeZone::UTC);
        assert_eq!(zone(&["callfold", "replay", "-"]), TimeZone::system());
    }
}
