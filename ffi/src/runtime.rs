//! The threads that lines and simulators live by.

use std::future::Future;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

use callfold::problem::{Problem, ProblemCode};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::boundary::{callfold_result, done};
use crate::handle::{self, Kind, Object};
use crate::text::{bad, fill};

/// Threads that lines and simulators live by. Make one for a process; it may be used from any thread.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_runtime {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// Waits as long as it takes.
pub const CALLFOLD_FOREVER: u32 = u32::MAX;

const MOST_THREADS: u32 = 64;

/// The runtime, for everything that lives by it. Whoever drops it last waits for its threads; that is never one of them:
/// tasks do not hold it.
pub(crate) type Shared = Arc<Runtime>;

struct Held(Shared);

impl Object for Held {
    const KIND: Kind = Kind::Runtime;
    const BOUND_TO_PROCESS: bool = true;
}

/// The runtime that a handle names.
pub(crate) fn shared(runtime: callfold_runtime) -> Result<Shared, Problem> {
    Ok(Arc::clone(&handle::get::<Held>(runtime.handle)?.0))
}

/// Waits for something, so many milliseconds at most.
pub(crate) fn wait<T>(
    runtime: &Runtime,
    milliseconds: u32,
    what: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    if milliseconds == CALLFOLD_FOREVER {
        return runtime.block_on(what);
    }
    let limit = Duration::from_millis(milliseconds.into());
    let done = runtime.block_on(async { timeout(limit, what).await });
    done.unwrap_or_else(|_| {
        let why = format!("it takes longer than the {milliseconds} ms that were waited");
        Err(Problem::new(ProblemCode::TimedOut, why))
    })
}

/// Makes a runtime with so many threads, from 1 to 64; 0: two. Many lines need no more.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_runtime_new(
    threads: u32,
    runtime: Option<&mut MaybeUninit<callfold_runtime>>,
) -> callfold_result {
    done(|| {
        let runtime = fill(runtime, "runtime")?;
        let threads = match threads {
            0 => 2,
            1..=MOST_THREADS => threads as usize,
            _ => return Err(bad(format!("threads: from 1 to {MOST_THREADS}, not {threads}"))),
        };
        let made =
            Builder::new_multi_thread().worker_threads(threads).thread_name("callfold").enable_all().build();
        let made = made.map_err(|error| Problem::new(ProblemCode::NoRuntime, error.to_string()))?;
        runtime.with(callfold_runtime { handle: handle::put(Held(Arc::new(made)))? });
        Ok(())
    })
}

/// Frees a runtime. Its threads end when the last line and simulator that lives by it is freed; that call waits for them.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_runtime_free(runtime: callfold_runtime) -> callfold_result {
    done(|| handle::free::<Held>(runtime.handle))
}
