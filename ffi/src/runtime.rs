//! The threads that lines and simulators live by.

use std::future::Future;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callfold::problem::{Problem, ProblemCode};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

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

/// The longest that goodbyes are waited for when a runtime ends; then the longest for its threads.
const GOODBYES: Duration = Duration::from_secs(10);

/// A runtime, for everything that lives by it. Whoever drops it last waits for its threads; that is never one of them: tasks do
/// not hold it.
pub(crate) struct Threads {
    /// None only while it ends.
    runtime: Option<Runtime>,
    handle: Handle,
    /// What is to be done before it ends.
    owed: Mutex<JoinSet<()>>,
}

pub(crate) type Shared = Arc<Threads>;

impl Threads {
    /// Where tasks are begun, and waited for.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Does something that the runtime is not to end before.
    pub(crate) fn owe(&self, what: impl Future<Output = ()> + Send + 'static) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        while owed.try_join_next().is_some() {}
        owed.spawn_on(what, &self.handle);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let owed = std::mem::take(self.owed.get_mut().unwrap_or_else(PoisonError::into_inner));
        if let Some(runtime) = self.runtime.take() {
            drop(runtime.block_on(async { timeout(GOODBYES, owed.join_all()).await }));
            runtime.shutdown_timeout(GOODBYES);
        }
    }
}

/// How long something is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Until(Option<Instant>);

impl Until {
    /// So many milliseconds from now.
    pub(crate) fn after(milliseconds: u32) -> Self {
        let is_bounded = milliseconds != CALLFOLD_FOREVER;
        Self(is_bounded.then(|| Instant::now() + Duration::from_millis(milliseconds.into())))
    }

    /// Waits for something; none if it takes longer.
    pub(crate) fn wait<T>(self, runtime: &Threads, what: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            None => Some(runtime.handle.block_on(what)),
            Some(until) => runtime.handle.block_on(async { timeout_at(until, what).await.ok() }),
        }
    }
}

struct Held(Shared);

impl Object for Held {
    const KIND: Kind = Kind::Runtime;
    const BOUND_TO_PROCESS: bool = true;
}

/// The runtime that a handle names.
pub(crate) fn shared(runtime: callfold_runtime) -> Result<Shared, Problem> {
    Ok(Arc::clone(&handle::get::<Held>(runtime.handle)?.0))
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
        let handle = made.handle().clone();
        let threads = Threads { runtime: Some(made), handle, owed: Mutex::default() };
        runtime.with(callfold_runtime { handle: handle::put(Held(Arc::new(threads)))? });
        Ok(())
    })
}

/// Frees a runtime. Its threads end when the last line and simulator that lives by it is freed; that call waits for the goodbyes
/// of lines, 10 seconds at most, and for its threads.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_runtime_free(runtime: callfold_runtime) -> callfold_result {
    done(|| handle::free::<Held>(runtime.handle))
}
