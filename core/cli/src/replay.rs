//! The command `replay`: runs traces through the engine, for programs or for people.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use callfold::replay::{self, Announcer, ReplayError, Step, Tally, Watch};
use callfold::trace::Header;

use crate::args::Replay;
use crate::calls::{Calls, Lines};
use crate::exit::Outcome;
use crate::input;
use crate::page::{self, Page};

/// The most lines of unknown kinds that are named one by one, for each trace.
const MAX_WARNINGS: u64 = 20;

/// Replays all traces; the worst that became of one is what became of all.
pub(crate) fn run(args: &Replay, out: impl Write, err: impl Write) -> Outcome {
    let mut run = Run {
        args,
        out: BufWriter::with_capacity(64 * 1024, out),
        err,
        total: Tally::default(),
        outcome: Outcome::Good,
    };
    match run.all().and_then(|()| run.out.flush()) {
        Ok(()) => run.outcome,
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => run.outcome,
        Err(error) => {
            run.complain(&format!("cannot write: {error}"));
            Outcome::Unwritable
        }
    }
}

struct Run<'a, O: Write, E> {
    args: &'a Replay,
    out: BufWriter<O>,
    err: E,
    total: Tally,
    outcome: Outcome,
}

impl<O: Write, E: Write> Run<'_, O, E> {
    const fn is_for_programs(&self) -> bool {
        self.args.announce || self.args.json
    }

    /// Fails only if the output cannot be written.
    fn all(&mut self) -> io::Result<()> {
        for (place, path) in self.args.traces.iter().enumerate() {
            if place > 0 && !self.is_for_programs() {
                writeln!(self.out)?;
            }
            self.one(path)?;
            // What was made of a trace is out before the next is begun, or an error is told.
            self.out.flush()?;
        }
        if self.args.traces.len() > 1 && !self.is_for_programs() && !self.args.calls {
            writeln!(self.out)?;
            page::grand_total(&mut self.out, self.args.traces.len(), &self.total)?;
        }
        Ok(())
    }

    fn one(&mut self, path: &Path) -> io::Result<()> {
        let name = input::name(path);
        let trace = match input::open(path) {
            Ok(trace) => trace,
            Err(error) => {
                self.complain(&format!("{name}: {error}"));
                self.outcome = self.outcome.max(Outcome::Damaged);
                return Ok(());
            }
        };
        let (ended, counted) = if self.args.json {
            let mut watch = Counted::new(Lines::new(&mut self.out), &name, &mut self.err);
            let ended = replay::run(trace, &mut watch);
            let counts = watch.counts();
            if watch.begun {
                watch.inner.finish()?;
            }
            (ended, counts)
        } else if self.args.calls {
            let mut watch = Counted::new(Calls::default(), &name, &mut self.err);
            let ended = replay::run(trace, &mut watch);
            let counts = watch.counts();
            // Of what is no trace at all, nothing is told but the error.
            if watch.begun {
                watch.inner.write_page(&mut self.out, &self.args.times.zone())?;
            }
            (ended, counts)
        } else if self.args.announce {
            let announcer = Announcer::new(&mut self.out);
            let mut watch = Counted::new(announcer, &name, &mut self.err);
            (replay::run(trace, &mut watch), watch.counts())
        } else {
            let page = Page::new(&mut self.out, self.args.times.zone(), self.args.verbose);
            let mut watch = Counted::new(page, &name, &mut self.err);
            let ended = replay::run(trace, &mut watch);
            let counts = watch.counts();
            // Of what is no trace at all, nothing is told but the error.
            if watch.begun {
                page::total(&mut self.out, ended.is_ok(), &counts)?;
            }
            (ended, counts)
        };
        self.total += counted;
        if counted.findings > 0 {
            self.outcome = self.outcome.max(Outcome::Findings);
        }
        if counted.unknown_lines > MAX_WARNINGS {
            self.complain(&format!("{name}: {} lines of unknown kinds in all", counted.unknown_lines));
        }
        match ended {
            Ok(()) => Ok(()),
            Err(ReplayError::Io(error)) => Err(error),
            Err(error) => {
                self.out.flush()?;
                self.complain(&format!("{name}: {error}"));
                self.outcome = self.outcome.max(Outcome::Damaged);
                Ok(())
            }
        }
    }

    /// Tells what is wrong. If that cannot be told, the exit code still says it.
    fn complain(&mut self, what: &str) {
        complain(&mut self.err, what);
    }
}

fn complain(err: &mut impl Write, what: &str) {
    let _ = writeln!(err, "callfold: {what}");
}

/// Shows a replay to a watcher, counts, and warns of lines of unknown kinds.
struct Counted<'a, W, E> {
    inner: W,
    tally: Tally,
    begun: bool,
    name: &'a str,
    err: &'a mut E,
}

impl<'a, W: Watch, E: Write> Counted<'a, W, E> {
    fn new(inner: W, name: &'a str, err: &'a mut E) -> Self {
        Self { inner, tally: Tally::default(), begun: false, name, err }
    }

    const fn counts(&self) -> Tally {
        self.tally
    }
}

impl<W: Watch, E: Write> Watch for Counted<'_, W, E> {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.begun = true;
        self.inner.begin(header)
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.tally.step(step)?;
        self.inner.step(step)
    }

    fn end(&mut self, at: callfold::Timestamp) {
        self.inner.end(at);
    }

    fn unknown_line(&mut self, number: usize) {
        self.tally.unknown_line(number);
        if self.tally.unknown_lines <= MAX_WARNINGS {
            let name = self.name;
            complain(self.err, &format!("{name}: line {number}: a line of an unknown kind, passed over"));
        }
        self.inner.unknown_line(number);
    }
}
