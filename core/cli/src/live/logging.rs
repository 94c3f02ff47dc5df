//! What the program logs of itself, to standard error.
//!
//! What is logged has no secret in it, and no name or number: those are of types that print themselves masked. It is
//! what the crates of callfold log; others are heard only when they warn. The WebSocket library logs whole messages,
//! but through another crate (`log`), which nothing here listens to, and which is compiled out at that level.

use std::io;

use clap::{ArgAction, Args, ValueEnum};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much is logged.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Logging {
    /// Log more: what is done about connections; twice: every socket.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// What to log on standard error. It has no secrets, names or numbers in it.
    #[arg(long = "log", value_enum, value_name = "LEVEL", env = "CALLFOLD_LOG", default_value_t = Level::Warn)]
    level: Level,
}

/// From which level on something is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Logging {
    /// Logs from now on.
    pub(crate) fn start(self) {
        let level = self.level();
        let is_ours =
            |target: &str| target.split(':').next().is_some_and(|name| name.starts_with("callfold"));
        let heard = filter_fn(move |about| {
            let most = if is_ours(about.target()) { level } else { level.min(LevelFilter::WARN) };
            *about.level() <= most
        });
        let lines = tracing_subscriber::fmt::layer().compact().with_writer(io::stderr).with_ansi(false);
        // Whoever logs already goes on.
        let _ = tracing_subscriber::registry().with(lines.with_filter(heard)).try_init();
    }

    fn level(self) -> LevelFilter {
        let asked = match self.verbose {
            0 => Level::Off,
            1 => Level::Info,
            2.. => Level::Debug,
        };
        match self.level.max(asked) {
            Level::Off => LevelFilter::OFF,
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_louder_of_level_and_verbose_counts() {
        let level = |verbose, level| Logging { verbose, level }.level();
        assert_eq!(level(0, Level::Warn), LevelFilter::WARN);
        assert_eq!(level(1, Level::Warn), LevelFilter::INFO);
        assert_eq!(level(9, Level::Error), LevelFilter::DEBUG);
        assert_eq!(level(1, Level::Trace), LevelFilter::TRACE);
        assert_eq!(level(0, Level::Off), LevelFilter::OFF);
    }
}
