//! Which process something was opened in. A forked child has a copy of it, and none of the threads that it lives by.

use callfold::problem::ProblemCode;
use pyo3::prelude::*;

use crate::error::refuse;

/// The process that something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    /// This one.
    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    pub(crate) fn is_this(self) -> bool {
        self == Self::this()
    }

    /// Refuses what belongs to another process.
    pub(crate) fn check(self, py: Python<'_>) -> PyResult<()> {
        if self.is_this() {
            return Ok(());
        }
        let why = "this was opened before the process was forked: open it in the child, \
                   or use multiprocessing's \"spawn\" or \"forkserver\"";
        Err(refuse(py, ProblemCode::AfterFork, why))
    }
}
