//! Futures of Rust for asyncio.
//!
//! Written here and not taken from pyo3-async-runtimes: its futures are completed by threads that take the interpreter's lock
//! whenever they come to it, and an interpreter that is ending then crashes. Here the interpreter, when it ends, closes a gate
//! ([`close`]); what comes to it afterwards finds it closed, and who is inside is waited for.

use std::future::Future;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use callfold::problem::{Problem, ProblemCode};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::error::raise;
use crate::process::Process;

/// Whether the interpreter is ending. Held, to be read, by whoever is with it from a thread of the runtime.
static ENDING: RwLock<bool> = RwLock::new(false);

/// The runtime of all lines and simulators of the process.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<&'static Runtime> {
    static RUNTIME: OnceLock<(Process, Option<Runtime>)> = OnceLock::new();
    let (process, made) = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        (Process::this(), builder.worker_threads(2).thread_name("callfold").enable_all().build().ok())
    });
    process.check(py)?;
    made.as_ref().ok_or_else(|| {
        raise(py, Problem::new(ProblemCode::NoRuntime, "the system gives no threads for the runtime"))
    })
}

/// The interpreter ends: nothing of ours comes to it any more. Called by `atexit`.
#[pyfunction]
pub(crate) fn close(py: Python<'_>) {
    py.detach(|| *ENDING.write().unwrap_or_else(PoisonError::into_inner) = true);
}

/// The same, for `work` that takes its course once it was begun: only the waiting for it can be cancelled.
pub(crate) fn lasting<'py, T: Send + 'static>(
    py: Python<'py>,
    work: impl Future<Output = T> + Send + 'static,
    tell: impl for<'a> FnOnce(Python<'a>, T) -> PyResult<Bound<'a, PyAny>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let begun = runtime(py)?.spawn(work);
    future(py, begun, |py, done| match done {
        Ok(done) => tell(py, done),
        Err(_) => Err(raise(py, Problem::new(ProblemCode::Internal, "a task of a line broke off"))),
    })
}

/// An awaitable of the running loop, that `work` completes; `tell` makes a Python value of what came of it. When the waiting is
/// cancelled, `work` is dropped where it waits.
pub(crate) fn future<'py, T: Send + 'static>(
    py: Python<'py>,
    work: impl Future<Output = T> + Send + 'static,
    tell: impl for<'a> FnOnce(Python<'a>, T) -> PyResult<Bound<'a, PyAny>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    if *ENDING.read().unwrap_or_else(PoisonError::into_inner) {
        return Err(raise(py, Problem::new(ProblemCode::NotRunning, "the interpreter is ending")));
    }
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let event_loop = RUNNING.import(py, "asyncio", "get_running_loop")?.call0()?;
    let awaited = event_loop.call_method0("create_future")?;
    let (cancel, cancelled) = oneshot::channel();
    awaited.call_method1("add_done_callback", (Done(Mutex::new(Some(cancel))),))?;
    let (to_loop, to) = (event_loop.unbind(), awaited.clone().unbind());
    runtime(py)?.spawn(async move {
        let done = tokio::select! {
            biased;
            // Sent, or gone with the future: nobody waits any more.
            _ = cancelled => None,
            done = work => Some(done),
        };
        let ending = ENDING.read().unwrap_or_else(PoisonError::into_inner);
        // There is nobody to hand anything to, once the interpreter ends.
        if !*ending {
            Python::attach(|py| {
                if let Some(done) = done {
                    // A loop that was closed meanwhile takes nothing: then nobody waits, either.
                    drop(complete(py, to_loop.bind(py), to.bind(py), tell(py, done)));
                }
                drop((to_loop, to));
            });
        }
    });
    Ok(awaited)
}

fn complete<'py>(
    py: Python<'py>,
    event_loop: &Bound<'py, PyAny>,
    awaited: &Bound<'py, PyAny>,
    done: PyResult<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let (failed, value) = match done {
        Ok(value) => (false, value),
        Err(error) => (true, error.into_value(py).into_bound(py).into_any()),
    };
    event_loop.call_method1("call_soon_threadsafe", (Settle, awaited, failed, value))?;
    Ok(())
}

/// Settles a future in its own loop, if it is still waited for.
#[pyclass(frozen)]
struct Settle;

#[pymethods]
impl Settle {
    #[allow(clippy::unused_self, reason = "it is called as an object")]
    fn __call__(&self, awaited: &Bound<'_, PyAny>, failed: bool, value: Bound<'_, PyAny>) -> PyResult<()> {
        if awaited.call_method0("done")?.is_truthy()? {
            return Ok(());
        }
        awaited.call_method1(if failed { "set_exception" } else { "set_result" }, (value,))?;
        Ok(())
    }
}

/// A future is done: if it was cancelled, the work for it is to end.
#[pyclass(frozen)]
struct Done(Mutex<Option<oneshot::Sender<()>>>);

#[pymethods]
impl Done {
    fn __call__(&self, _awaited: &Bound<'_, PyAny>) {
        if let Some(cancel) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = cancel.send(());
        }
    }
}
