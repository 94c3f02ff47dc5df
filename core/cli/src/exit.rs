//! How a run ended, and the exit codes that say so. The codes are promises.

use std::process::ExitCode;

/// The exit codes, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  good: everything was read, and nothing is wrong with it
  1  findings: read to its end, but a message could not be read, a piece of a long
     message was refused, or the clock stepped back
  2  misuse: the arguments make no sense
  3  damaged: not a trace, a line cut short or foreign to a trace, an unreadable file
  4  the output cannot be written

With several traces all are replayed, and the worst code counts. A line of an unknown
kind is passed over with a warning and is no finding. A reader of the output that goes
away (`| head`) ends the run without an error.";

/// How a run ended; a later one is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Everything was read, nothing is wrong with it.
    #[default]
    Good,
    /// Everything was replayed, but something is wrong with the inputs.
    Findings,
    /// Something could not be read, or not to its end.
    Damaged,
    /// The output could not be written.
    Unwritable,
}

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Findings => 1,
            // 2 is clap's.
            Self::Damaged => 3,
            Self::Unwritable => 4,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_outcome_has_the_higher_code_and_is_in_the_help() {
        let all = [Outcome::Good, Outcome::Findings, Outcome::Damaged, Outcome::Unwritable];
        assert!(all.is_sorted_by(|a, b| a < b && a.code() < b.code()));
        for outcome in all {
            assert!(HELP.contains(&format!("\n  {}  ", outcome.code())), "{outcome:?}");
        }
    }
}
