//! Where work is done: on one runtime of the process, never on the thread that asked for it. A panic ends the call that
//! it came in, with the code `internal`.

use std::any::Any;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use callfold::log::{LogError, OnProgress, Progress};
use callfold::problem::ProblemCode;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use crate::error::CallfoldError;

/// How often a listener is told how far a work is.
const EVERY: Duration = Duration::from_millis(50);

static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

/// The runtime that all lines of the process live in. It is made when it is first needed, and stays.
pub(crate) fn runtime() -> Result<&'static Runtime, CallfoldError> {
    let made = RUNTIME.get_or_init(|| {
        // Panics of the database over damaged files are caught and told as errors: they need not be printed as well.
        callfold::log::hush_caught_panics();
        Builder::new_multi_thread().worker_threads(2).thread_name("callfold").enable_all().build().ok()
    });
    made.as_ref().ok_or_else(|| CallfoldError::of(ProblemCode::NoRuntime, "no threads for a runtime"))
}

fn panicked(panic: &(dyn Any + Send)) -> CallfoldError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    CallfoldError::of(ProblemCode::Internal, text)
}

fn joined<T>(done: Result<Result<T, CallfoldError>, JoinError>) -> Result<T, CallfoldError> {
    done.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => Err(panicked(&*panic)),
        Err(error) => Err(CallfoldError::of(ProblemCode::Internal, error.to_string())),
    })
}

/// Does something that is quick, on the thread of the caller.
pub(crate) fn here<T>(deed: impl FnOnce() -> Result<T, CallfoldError>) -> Result<T, CallfoldError> {
    // What is left behind by a panic is told of no more than that it is there: our locks give it out again.
    catch_unwind(AssertUnwindSafe(deed)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Does something on the runtime. Whoever waits may be cancelled: what was begun takes its course.
pub(crate) async fn there<T: Send + 'static>(
    deed: impl Future<Output = Result<T, CallfoldError>> + Send + 'static,
) -> Result<T, CallfoldError> {
    joined(runtime()?.spawn(deed).await)
}

/// Does something that reads, writes or computes for long. Whoever waits may be cancelled: then it ends without effect.
pub(crate) async fn work<T: Send + 'static>(
    listener: Option<Arc<dyn ProgressListener>>,
    job: impl FnOnce(OnProgress<'_>) -> Result<T, CallfoldError> + Send + 'static,
) -> Result<T, CallfoldError> {
    let given_up = GivenUp::default();
    let flag = given_up.0.clone();
    let done = runtime()?.spawn_blocking(move || {
        let mut told: Option<Instant> = None;
        let mut stop = None;
        let done = job(&mut |at: Progress| {
            if flag.load(Ordering::Acquire) {
                stop = Some(LogError::Interrupted.into());
                return ControlFlow::Break(());
            }
            if at.done != at.of && told.is_some_and(|told| told.elapsed() < EVERY) {
                return ControlFlow::Continue(());
            }
            told = Some(Instant::now());
            match listener.as_ref().map_or(Ok(true), |listener| listener.progress(at.done, at.of)) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => {
                    stop = Some(LogError::Interrupted.into());
                    ControlFlow::Break(())
                }
                Err(error) => {
                    stop = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        match stop {
            Some(error) => Err(error),
            None => done,
        }
    });
    joined(done.await)
}

/// Says that nobody waits any more, when it is dropped.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Between two steps of a work that tells nothing by itself.
pub(crate) fn go_on(progress: OnProgress<'_>, done: u64) -> Result<(), LogError> {
    match progress(Progress::new(done, 0)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(LogError::Interrupted),
    }
}

/// Is told how far a long work is. It is called from a thread of callfold's own, and must not wait for that work.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// So much of so much is done (0 in all, if that is not known). Answers whether to go on; if not, the work fails
    /// with `interrupted`, and nothing is half done. What it throws ends the work, too.
    ///
    /// # Errors
    /// What the application throws.
    fn progress(&self, done: u64, of: u64) -> Result<bool, CallfoldError>;
}
