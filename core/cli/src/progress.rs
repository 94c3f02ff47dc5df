//! The bar that long work shows on a terminal, on standard error. Without a terminal there is none.

use std::io::BufRead;
use std::ops::ControlFlow;

use callfold::log::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a work is, and goes when it is dropped.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// For work on records. `hidden`: none is shown.
    pub(crate) fn new(what: &str, hidden: bool) -> Self {
        Self::styled(what, hidden, "{msg} [{bar:30}] {human_pos} of {human_len} records, {eta} left")
    }

    /// For the reading of something of which nobody knows how long it is.
    pub(crate) fn reading(what: &str, hidden: bool) -> Self {
        Self::styled(what, hidden, "{msg} {bytes}, {bytes_per_sec}")
    }

    /// For work on records of which nobody knows how many there are.
    pub(crate) fn counting(what: &str, hidden: bool) -> Self {
        Self::styled(what, hidden, "{msg} {human_pos} records, {per_sec}")
    }

    fn styled(what: &str, hidden: bool, style: &str) -> Self {
        let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(0) };
        // A style that makes no sense is replaced by the plain one: a bar is no reason to fail.
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        Self(bar)
    }

    /// So far is it now. It goes on: who wants it to end ends the process.
    pub(crate) fn at(&self, progress: Progress) -> ControlFlow<()> {
        self.0.set_length(progress.of.max(progress.done));
        self.0.set_position(progress.done);
        ControlFlow::Continue(())
    }

    /// Counts what is read.
    pub(crate) fn watch<R: BufRead>(&self, input: R) -> impl BufRead + use<R> {
        self.0.wrap_read(input)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
