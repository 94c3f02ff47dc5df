//! What the tools themselves can fail of. What a store does wrong is not an error here but a verdict.

use std::io;
use std::path::Path;

/// Why a fault could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a process.
    #[error("{what}: {source}")]
    Io {
        /// What was done to what.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The shim is C.
    #[error("the C compiler `{0}` is missing: install gcc or clang, or name one in CC")]
    NoCompiler(String),
    /// The shim does not compile here.
    #[error("the C compiler refused the shim:\n{0}")]
    Compiler(String),
    /// The trace is not what the shim writes, or tells of something that no image can be built from.
    #[error("entry {entry} of the trace: {why}")]
    Trace {
        /// Its number, from 0.
        entry: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// For `map_err`: says what was being done to which path.
    pub(crate) fn at<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
        move |source| Error::Io { what: format!("{what} {}", path.display()), source }
    }
}
