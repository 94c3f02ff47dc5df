//! Ctrl-C and the wish of the system that the program ends: the first is granted in good order, the second at once.

use crate::fail::Failed;

/// The exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// Waits for being asked to end.
#[derive(Debug)]
pub(crate) struct Interrupts {
    /// Kept from the start: what comes while nobody waits is known to who waits next.
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interrupts {
    /// From now on a signal does not kill the program. Needs a runtime.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failed> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Failed::System(format!("no signals: {error}")));
        let signals = [
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ];
        Ok(Self { signals })
    }

    /// From now on a signal does not kill the program. Needs a runtime.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Failed> {
        Ok(Self {})
    }

    /// Waits until somebody asks the program to end, or has done so since it was waited for last. Given up without
    /// loss.
    #[cfg(unix)]
    pub(crate) async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Waits until somebody asks the program to end.
    #[cfg(not(unix))]
    pub(crate) async fn asked(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    /// The program is ending. Whoever asks again does not want to wait for it.
    pub(crate) fn leave_at_the_next(mut self) {
        tokio::spawn(async move {
            self.asked().await;
            std::process::exit(INTERRUPTED);
        });
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_comes_while_nobody_waits_is_not_lost() {
        let mut interrupts = Interrupts::listen().unwrap();
        let this = rustix::process::getpid();
        rustix::process::kill_process(this, rustix::process::Signal::INT).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::timeout(Duration::from_secs(10), interrupts.asked()).await.unwrap();
    }
}
