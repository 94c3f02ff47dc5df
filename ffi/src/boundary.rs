//! The boundary that every call crosses: results become numbers, panics become results, and why a call failed is kept for
//! the thread that made it.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use callfold::problem::{Problem, ProblemCode};

/// What a function says: `CALLFOLD_OK` (0), `CALLFOLD_END` (1), `CALLFOLD_NOTHING` (2), or the number of what went wrong
/// (from 5001 up, the same as on every surface).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_result = u32;

/// What a call that did not fail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    /// It was done.
    Ok = 0,
    /// There is no more.
    End = 1,
    /// There is nothing now.
    Nothing = 2,
}

thread_local! {
    /// Why the last call of this thread that failed did so.
    static LAST: RefCell<Option<Problem>> = const { RefCell::new(None) };
}

/// Does what a function is to do. Nothing gets out of it but a number: a panic, too, becomes `CALLFOLD_INTERNAL`.
pub(crate) fn cross(deed: impl FnOnce() -> Result<Status, Problem>) -> callfold_result {
    match caught(deed) {
        Ok(status) => status as u32,
        Err(problem) => fail(problem),
    }
}

/// The same for what has nothing to say but that it was done.
pub(crate) fn done(deed: impl FnOnce() -> Result<(), Problem>) -> callfold_result {
    cross(|| deed().map(|()| Status::Ok))
}

/// Does something; a panic in it becomes a problem.
pub(crate) fn caught<T>(deed: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    // What is shared and was being changed is behind locks that say nothing of what a panic left.
    let deed = AssertUnwindSafe(|| {
        #[cfg(feature = "panic-injection")]
        injected::strike();
        deed()
    });
    catch_unwind(deed).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// What a panic says.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::new(ProblemCode::Internal, text.unwrap_or("a panic without words"))
}

fn fail(problem: Problem) -> callfold_result {
    let number = u32::from(problem.code.number());
    // A thread that is ending keeps nothing any more.
    let _ = LAST.try_with(|last| last.replace(Some(problem)));
    number
}

/// Why the last call of this thread that failed did so.
pub(crate) fn last() -> Option<Problem> {
    LAST.try_with(|last| last.borrow().clone()).ok().flatten()
}

/// Has the next call panic inside, for tests.
#[cfg(feature = "panic-injection")]
pub mod injected {
    use std::cell::Cell;

    thread_local! {
        static ARMED: Cell<bool> = const { Cell::new(false) };
    }

    /// The next call of this thread panics.
    pub fn panic_next() {
        ARMED.set(true);
    }

    #[allow(clippy::panic, reason = "what it is for")]
    pub(super) fn strike() {
        assert!(!ARMED.replace(false), "injected");
    }
}
