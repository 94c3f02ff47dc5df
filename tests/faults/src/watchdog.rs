//! Runs a program with a limit, so that one that hangs fails and does not hang its test.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Error;

/// How often a running program is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal that was not ours: an abort, a wrong address.
    Signal(i32),
    /// We killed it, as was asked.
    Killed,
    /// It did not end within its limit.
    Hung,
}

/// What is left of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// What it wrote to its standard output, up to its last byte.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: String,
}

/// Runs it to its end, or until the limit.
pub fn run(command: &mut Command, limit: Duration) -> Result<Run, Error> {
    let mut running = Running::start(command)?;
    let end = running.wait(limit)?;
    running.finish(end.unwrap_or(End::Hung))
}

/// A program that is running, its output being read.
pub(crate) struct Running {
    child: Child,
    stdout: Reader,
    stderr: Reader,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Running, Error> {
        let what = format!("{:?}", command.get_program());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| Error::Io { what, source })?;
        let stdout = Reader::start(child.stdout.take());
        let stderr = Reader::start(child.stderr.take());
        Ok(Running { child, stdout, stderr })
    }

    /// Its end, if it comes before the limit.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<End>, Error> {
        self.wait_until(limit, |_| false)
    }

    /// Its end; nothing if the limit or `enough`, which sees the output so far, comes first.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<End>, Error> {
        let started = Instant::now();
        loop {
            let status = self.child.try_wait();
            if let Some(status) = status.map_err(|source| Error::Io { what: "waiting".into(), source })? {
                return Ok(Some(end_of(status)));
            }
            if started.elapsed() >= limit || enough(&self.stdout.so_far()) {
                return Ok(None);
            }
            thread::sleep(GLANCE);
        }
    }

    /// What it has written to its standard output until now.
    pub(crate) fn output_so_far(&self) -> Vec<u8> {
        self.stdout.so_far().clone()
    }

    /// Kills it if it still runs. What it had written is read to the end first.
    pub(crate) fn finish(mut self, end: End) -> Result<Run, Error> {
        let failed = |source| Error::Io { what: "killing".into(), source };
        self.child.kill().map_err(failed)?;
        self.child.wait().map_err(failed)?;
        let stderr = String::from_utf8_lossy(&self.stderr.finish()).into_owned();
        Ok(Run { end, stdout: self.stdout.finish(), stderr })
    }
}

fn end_of(status: ExitStatus) -> End {
    status.code().map_or_else(|| End::Signal(status.signal().unwrap_or(0)), End::Code)
}

/// Reads a pipe in a thread of its own: a program that waits for its reader would seem to hang.
struct Reader {
    read: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Reader {
        let read = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&read);
        let thread = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut buffer = [0; 8192];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(length) => lock(&into).extend(buffer.iter().take(length)),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        });
        Reader { read, thread }
    }

    fn so_far(&self) -> MutexGuard<'_, Vec<u8>> {
        lock(&self.read)
    }

    fn finish(self) -> Vec<u8> {
        // The thread does nothing that could panic, and what it read is there even then.
        let _ = self.thread.join();
        std::mem::take(&mut *lock(&self.read))
    }
}

fn lock(read: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{End, run};
    use std::process::Command;
    use std::time::{Duration, Instant};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_hangs_is_ended_and_said_to_hang() {
        let started = Instant::now();
        let run = run(&mut shell("echo here; exec sleep 60"), Duration::from_millis(100)).unwrap();
        assert_eq!((run.end, run.stdout.as_slice()), (End::Hung, b"here\n".as_slice()));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn ends_are_told_apart_and_long_output_is_no_hang() {
        let limit = Duration::from_secs(20);
        assert_eq!(run(&mut shell("exit 3"), limit).unwrap().end, End::Code(3));
        assert_eq!(run(&mut shell("kill -ABRT $$"), limit).unwrap().end, End::Signal(6));
        let long = run(&mut shell("yes | head -c 300000; echo why >&2"), limit).unwrap();
        assert_eq!((long.end, long.stdout.len(), long.stderr.as_str()), (End::Code(0), 300_000, "why\n"));
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(run(&mut Command::new("/no/such/program"), Duration::from_secs(1)).is_err());
    }
}
