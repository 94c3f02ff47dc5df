//! How a run ended, and the exit codes that say so. The codes are promises.

use std::process::ExitCode;

/// The exit codes, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  good: everything was read, and nothing is wrong with it
  1  findings: read to its end, but there is something to look at
       replay: a message could not be read, a piece of a long message was refused,
               or the clock stepped back
       import: a session is in the store already
       verify, diff: today's rules decide otherwise; diff: two logs differ
       lint:   something does not fit
       record: a server refused one of the logins for good, or a line broke off
       console: a command was refused, or waited for in vain
       erase:  it can still be read somewhere, or nothing has it
       others: what was asked for is not there (no such call, stream or record)
  2  misuse: the arguments make no sense
  3  damaged: not a trace or an exported log, a line cut short or foreign to it, an
     unreadable file, a store that is damaged or cannot be opened
  4  the output cannot be written; record: nor can the store any more
  5  refused: a server takes none of the logins, or the address to listen on is taken

With several files all are read, and the worst code counts. A line of an unknown kind
is passed over with a warning and is no finding. A reader of the output that goes away
(`| head`) ends the run without an error.";

/// How a run ended; a later one is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Everything was read, nothing is wrong with it.
    #[default]
    Good,
    /// Everything was read, but there is something to look at, or what was asked for is not there.
    Findings,
    /// The arguments make no sense together. Most of that is found by clap, which ends with the same code.
    Misuse,
    /// Something could not be read, or not to its end.
    Damaged,
    /// The output could not be written.
    Unwritable,
    /// A server takes no login, or an address cannot be listened on.
    Refused,
}

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Findings => 1,
            Self::Misuse => 2,
            Self::Damaged => 3,
            Self::Unwritable => 4,
            Self::Refused => 5,
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
        let all = [
            Outcome::Good,
            Outcome::Findings,
            Outcome::Misuse,
            Outcome::Damaged,
            Outcome::Unwritable,
            Outcome::Refused,
        ];
        assert!(all.is_sorted_by(|a, b| a < b && a.code() < b.code()));
        for outcome in all {
            assert!(HELP.contains(&format!("\n  {}  ", outcome.code())), "{outcome:?}");
        }
    }
}
