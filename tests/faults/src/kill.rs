//! Kills a program at some moment of its work, as a kernel without memory or an impatient administrator would.

use std::process::Command;
use std::time::Duration;

use crate::Error;
use crate::random::Random;
use crate::watchdog::{End, Run, Running};

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This long after its start.
    After(Duration),
    /// When it wrote so many lines.
    AtLine(usize),
}

impl Moment {
    /// Some moment between 2 and 120 ms, half of them before 20, when a store is still being opened.
    pub fn draw(random: &mut Random) -> Moment {
        let longest = if random.coin() { 20_000 } else { 120_000 };
        Moment::After(Duration::from_micros(2_000 + random.below(longest - 2_000)))
    }
}

/// Runs it and kills it (SIGKILL) at that moment; one that ended before was not killed, and its run says so. One that is
/// to be killed at a line that does not come hangs when `limit` has passed.
pub fn run(command: &mut Command, moment: Moment, limit: Duration) -> Result<Run, Error> {
    let mut running = Running::start(command)?;
    let end = match moment {
        Moment::After(time) => running.wait(time)?.unwrap_or(End::Killed),
        Moment::AtLine(lines) => {
            let enough = |output: &[u8]| count_lines(output) >= lines;
            let ended = running.wait_until(limit, enough)?;
            let reached = enough(&running.output_so_far());
            ended.unwrap_or(if reached { End::Killed } else { End::Hung })
        }
    };
    running.finish(end)
}

fn count_lines(output: &[u8]) -> usize {
    output.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::{Moment, run};
    use crate::random::Random;
    use crate::watchdog::End;
    use std::process::Command;
    use std::time::Duration;

    const LIMIT: Duration = Duration::from_secs(20);

    fn counting() -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.002; done"]);
        command
    }

    #[test]
    fn it_is_killed_after_a_time() {
        let run = run(&mut counting(), Moment::After(Duration::from_millis(50)), LIMIT).unwrap();
        assert_eq!(run.end, End::Killed);
    }

    #[test]
    fn it_is_killed_at_a_line_and_what_it_wrote_is_kept() {
        let run = run(&mut counting(), Moment::AtLine(5), LIMIT).unwrap();
        assert_eq!(run.end, End::Killed);
        assert!(run.stdout.starts_with(b"1\n2\n3\n4\n5\n"), "{:?}", run.stdout);
    }

    #[test]
    fn one_that_ends_before_was_not_killed_and_one_that_is_silent_hangs() {
        let ended = run(&mut Command::new("true"), Moment::After(LIMIT), LIMIT).unwrap();
        assert_eq!(ended.end, End::Code(0));
        let mut silent = Command::new("sleep");
        let hung = run(silent.arg("60"), Moment::AtLine(1), Duration::from_millis(50)).unwrap();
        assert_eq!(hung.end, End::Hung);
    }

    #[test]
    fn moments_are_spread_and_repeatable() {
        let moments = |seed| {
            let mut random = Random::new(seed, "moments");
            (0..50).map(|_| Moment::draw(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(moments(1), moments(1));
        assert_ne!(moments(1), moments(2));
    }
}
