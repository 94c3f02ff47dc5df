//! Ctrl-C and the wish of the system that the program ends: the first is granted in good order, the second at once.

use tokio::signal::ctrl_c;

use crate::fail::Failed;

/// The exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// Waits for being asked to end.
#[derive(Debug)]
pub(crate) struct Interrupts {
    #[cfg(unix)]
    others: [tokio::signal::unix::Signal; 2],
}

impl Interrupts {
    /// From now on a signal does not kill the program. Needs a runtime.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failed> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Failed::System(format!("no signals: {error}")));
        // The first listener is what takes Ctrl-C away from the system.
        drop(listen(SignalKind::interrupt())?);
        Ok(Self { others: [listen(SignalKind::terminate())?, listen(SignalKind::hangup())?] })
    }

    /// From now on a signal does not kill the program. Needs a runtime.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Failed> {
        Ok(Self {})
    }

    /// Waits until somebody asks the program to end.
    #[cfg(unix)]
    pub(crate) async fn asked(&mut self) {
        let [terminate, hangup] = &mut self.others;
        tokio::select! {
            _ = ctrl_c() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Waits until somebody asks the program to end.
    #[cfg(not(unix))]
    pub(crate) async fn asked(&mut self) {
        let _ = ctrl_c().await;
    }

    /// The program is ending. Whoever asks again does not want to wait for it.
    pub(crate) fn leave_at_the_next(mut self) {
        tokio::spawn(async move {
            self.asked().await;
            std::process::exit(INTERRUPTED);
        });
    }
}
