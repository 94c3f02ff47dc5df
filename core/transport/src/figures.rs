//! What running lines count, by the names under which the `metrics` crate has it. Nothing is counted until the program
//! installs a recorder of that crate's.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// Lines that are open.
pub const LINES: &str = "callfold_lines";
/// Sockets that were opened.
pub const SOCKETS: &str = "callfold_sockets_opened_total";
/// Frames that were received.
pub const FRAMES: &str = "callfold_frames_total";
/// Inputs that were handled.
pub const INPUTS: &str = "callfold_inputs_total";
/// From when an input came until it was handled.
pub const LAG: &str = "callfold_lag_seconds";
/// How often a lost connection was to be made again.
pub const RECONNECTS: &str = "callfold_reconnects_total";

/// Counts a line for as long as it is there.
#[derive(Debug)]
pub(crate) struct Counted(());

impl Counted {
    pub(crate) fn new() -> Self {
        gauge!(LINES).increment(1);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(LINES).decrement(1);
    }
}

pub(crate) fn opened() {
    counter!(SOCKETS).increment(1);
}

pub(crate) fn received() {
    counter!(FRAMES).increment(1);
}

pub(crate) fn reconnecting() {
    counter!(RECONNECTS).increment(1);
}

pub(crate) fn handled(inputs: usize) {
    counter!(INPUTS).increment(inputs as u64);
}

pub(crate) fn lagged(by: Duration) {
    histogram!(LAG).record(by);
}
