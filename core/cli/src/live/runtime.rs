//! What lines run on.

use tokio::runtime::{Builder, Runtime};

use crate::fail::Failed;

/// The most threads that wait for the disk. More lines than that take turns; what they wait for is the same sync.
const MOST_WAITING_FOR_THE_DISK: usize = 64;

/// A runtime with a thread for each core.
///
/// # Errors
/// [`Failed::System`] if the system gives no threads.
pub(crate) fn start() -> Result<Runtime, Failed> {
    let runtime = Builder::new_multi_thread()
        .max_blocking_threads(MOST_WAITING_FOR_THE_DISK)
        .thread_name("callfold")
        .enable_all()
        .build();
    runtime.map_err(|error| Failed::System(format!("no threads to run on: {error}")))
}
