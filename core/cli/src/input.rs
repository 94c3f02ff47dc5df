//! Names and opens what the commands read: a file or standard input, packed or not.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use callfold::files;

use crate::words::shown;

/// Whether this path means standard input.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What it is called when something is told of it.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { shown(&path.display().to_string()) }
}

/// Opens a file, or standard input, and unpacks it on the way.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    // The lock of standard input cannot be handed to another thread, as an input that is unpacked may be.
    if is_stdin(path) { files::unpacked(BufReader::new(io::stdin())) } else { files::open(path) }
}
