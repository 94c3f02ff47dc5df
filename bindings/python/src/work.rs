//! Long work: without the interpreter's lock, with progress, and broken off by Ctrl-C.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use callfold::log::{LogError, OnProgress, Progress, Stream};
use callfold::problem::{Problem, ProblemCode};
use pyo3::prelude::*;

use crate::error::{OrRaise, raise, refuse};

/// How often the application is told, and Ctrl-C is looked for.
const EVERY: Duration = Duration::from_millis(50);

/// Does something that may take long. `progress` is called with what is done and how much there is (0 if that is not
/// known); what it raises ends the work, and so does Ctrl-C.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    job: impl FnOnce(OnProgress<'_>) -> Result<T, LogError> + Send,
) -> PyResult<T> {
    begin(py, progress, job)?.or_raise(py)
}

/// The same, of a file: what goes wrong names it.
pub(crate) fn run_on<T: Send>(
    py: Python<'_>,
    path: &Path,
    progress: Option<&Py<PyAny>>,
    job: impl FnOnce(OnProgress<'_>) -> Result<T, LogError> + Send,
) -> PyResult<T> {
    begin(py, progress, job)?.map_err(|error| raise(py, Problem::from(error).of_file(path)))
}

fn begin<T: Send>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    job: impl FnOnce(OnProgress<'_>) -> Result<T, LogError> + Send,
) -> PyResult<Result<T, LogError>> {
    let mut raised = None;
    let done = py.detach(|| {
        // The first is told at once: who does not want it, says so before anything is done.
        let mut told: Option<Instant> = None;
        job(&mut |at: Progress| {
            if raised.is_some() {
                return ControlFlow::Break(());
            }
            let is_end = at.done == at.of;
            if !is_end && told.is_some_and(|told| told.elapsed() < EVERY) {
                return ControlFlow::Continue(());
            }
            told = Some(Instant::now());
            let tell = Python::attach(|py| {
                py.check_signals()?;
                let _telling = Telling::begin();
                progress.map(|progress| progress.call1(py, (at.done, at.of))).transpose()
            });
            match tell {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    raised = Some(error);
                    ControlFlow::Break(())
                }
            }
        })
    });
    match raised {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

thread_local! {
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// That this thread is telling how far it is: the log is locked meanwhile.
struct Telling;

impl Telling {
    fn begin() -> Self {
        TELLING.set(true);
        Self
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TELLING.set(false);
    }
}

/// Refuses to use a log from within a `progress`: it would wait for itself.
pub(crate) fn check_not_telling(py: Python<'_>) -> PyResult<()> {
    if TELLING.get() {
        return Err(refuse(py, ProblemCode::UsedAtOnce, "a `progress` must not use a log: it is at work"));
    }
    Ok(())
}

/// How far work over several streams is, all of them together.
pub(crate) struct Steps {
    done: u64,
    of: u64,
}

impl Steps {
    pub(crate) fn over(streams: &[Stream]) -> Self {
        Self { done: 0, of: streams.iter().map(|stream| stream.head.seq).sum() }
    }

    /// Does one stream of them. Short streams never ask whether to go on: so it is asked before each.
    pub(crate) fn step<T>(
        &mut self,
        stream: &Stream,
        progress: OnProgress<'_>,
        work: impl FnOnce(OnProgress<'_>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let (done, of) = (self.done, self.of);
        if progress(Progress::new(done, of)).is_break() {
            return Err(LogError::Interrupted);
        }
        let result = work(&mut |at: Progress| progress(Progress::new(done + at.done, of)))?;
        self.done += stream.head.seq;
        Ok(result)
    }
}
