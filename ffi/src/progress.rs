//! Long work: how far it is, and whether it goes on.

use std::ffi::c_void;
use std::ops::ControlFlow;

use callfold::log::Progress;

use crate::options::callfold_flag;

/// Is told how far a long work is, now and then: `done` of `of` (0 if that is not known). Answers whether to go on; if not,
/// the work ends with CALLFOLD_INTERRUPTED, and what was done until then is whole. What is counted may change from one part of
/// a work to the next. It is called on the thread that does the work, which for events is one of callfold's own; it must not use
/// the log meanwhile, and must not throw or jump out.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_progress_function =
    Option<extern "C" fn(user: *mut c_void, done: u64, of: u64) -> callfold_flag>;

/// Who is told how far a long work is. Borrowed for the call that it is given to; for events, until their handle is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_progress {
    /// What is called.
    pub function: callfold_progress_function,
    /// What it is given.
    pub user: *mut c_void,
}

// SAFETY: what the pointer is to is the caller's, who was told on which threads the function is called.
unsafe impl Send for callfold_progress {}

/// What tells the caller.
pub(crate) fn teller(
    progress: Option<&callfold_progress>,
) -> impl FnMut(Progress) -> ControlFlow<()> + use<> {
    let told = progress.copied();
    move |at| {
        // The whole of it is moved, so that what may be sent is.
        let told = &told;
        match told.as_ref().and_then(|told| Some((told.function?, told.user))) {
            Some((function, user)) if !function(user, at.done, at.of).is() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
