//! The program that a store is tried through, and what it says is in the store.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Error;
use crate::protocol::{self, Append, Heads, Task};
use crate::watchdog::{self, End, Run};

/// How long a check, or what is to be killed, may take before it counts as hanging: on a busy disk it takes seconds.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A driver, see the crate's documentation.
#[derive(Debug, Clone)]
pub struct Driver {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Driver {
    /// By its program.
    pub fn new(program: impl Into<PathBuf>) -> Driver {
        Driver { program: program.into(), environment: Vec::new() }
    }

    /// The same, with this in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Driver {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// What appends.
    pub fn append(&self, append: &Append) -> Command {
        self.command(&Task::Append(append.clone()))
    }

    /// What checks.
    pub fn check(&self, dir: &Path) -> Command {
        self.command(&Task::Check { dir: dir.to_owned() })
    }

    fn command(&self, task: &Task) -> Command {
        let mut command = Command::new(&self.program);
        command.args(task.arguments()).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Checks, and reads what it says.
    pub fn see(&self, dir: &Path) -> Result<Seen, Error> {
        Ok(Seen::of(&watchdog::run(&mut self.check(dir), LIMIT)?))
    }
}

/// What a check said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// What is in the store.
    Store {
        /// How far each stream is.
        heads: Heads,
        /// What the store says it lost or repaired.
        reports: Vec<String>,
    },
    /// It refused, in words.
    Refused(String),
    /// It panicked.
    Panicked(String),
    /// It did not end.
    Hung,
    /// It ended in another way, or did not speak the protocol.
    Broken(String),
}

impl Seen {
    /// Reads a run.
    pub fn of(run: &Run) -> Seen {
        let lines: Vec<String> = protocol::complete_lines(&run.stdout).collect();
        let refusal = lines.iter().find_map(|line| line.strip_prefix("error "));
        match run.end {
            End::Hung => Seen::Hung,
            End::Code(protocol::PANIC) => Seen::Panicked(run.stderr.clone()),
            End::Code(protocol::REFUSED) => refusal.map_or_else(
                || Seen::Broken("exit code 3 without the line `error KIND MESSAGE`".into()),
                |refusal| Seen::Refused(refusal.into()),
            ),
            End::Code(0) => Seen::store(&lines).unwrap_or_else(Seen::Broken),
            End::Code(_) | End::Signal(_) | End::Killed => {
                Seen::Broken(format!("{:?}: {}", run.end, run.stderr))
            }
        }
    }

    fn store(lines: &[String]) -> Result<Seen, String> {
        let mut heads = Heads::new();
        let mut reports = Vec::new();
        for line in lines {
            if let Some(report) = line.strip_prefix("report ") {
                reports.push(report.to_owned());
                continue;
            }
            let head: protocol::Head = line.parse()?;
            if heads.insert(head.stream, head).is_some() {
                return Err(format!("{line:?}: a stream told twice"));
            }
        }
        Ok(Seen::Store { heads, reports })
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::watchdog::{End, Run};

    fn seen(end: End, stdout: &str) -> Seen {
        Seen::of(&Run { end, stdout: stdout.into(), stderr: "why".into() })
    }

    #[test]
    fn every_end_is_told_apart() {
        let Seen::Store { heads, reports } = seen(End::Code(0), "0 2 aa\nreport tail cut\n3 1 bb\n") else {
            panic!("no store")
        };
        assert_eq!((heads.len(), reports.as_slice()), (2, ["tail cut".to_owned()].as_slice()));
        assert_eq!(seen(End::Code(3), "error Damaged block 7\n"), Seen::Refused("Damaged block 7".into()));
        assert_eq!(seen(End::Code(101), ""), Seen::Panicked("why".into()));
        assert_eq!(seen(End::Hung, ""), Seen::Hung);
        for (end, stdout) in [
            (End::Code(3), ""),
            (End::Code(1), "error Damaged x\n"),
            (End::Signal(6), ""),
            (End::Code(0), "0 2\n"),
            (End::Code(0), "0 2 aa\n0 3 bb\n"),
        ] {
            assert!(matches!(seen(end, stdout), Seen::Broken(_)), "{end:?} {stdout}");
        }
    }
}
