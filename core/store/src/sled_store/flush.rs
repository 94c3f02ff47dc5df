//! Flushing sled without waiting for ever.
//!
//! When a write fails in one of its threads, sled sometimes notes that and does not wake who waits for it in `flush`.
//! Another flush finds the note and wakes them all.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::{caught, locked};

/// How long sled may flush before it is looked after.
const PATIENCE: Duration = Duration::from_secs(1);

/// Flushes, and has a thread that looks after sled while it does.
#[derive(Debug)]
pub(super) struct Flusher {
    db: sled::Db,
    since: Arc<Mutex<Option<Instant>>>,
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Flusher {
    pub(super) fn new(db: &sled::Db) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let since = Arc::new(Mutex::new(None));
        let (watched, watched_since) = (db.clone(), Arc::clone(&since));
        let watch = Builder::new().name("callfold-flush".to_owned()).spawn(move || {
            while stopped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let since: Option<Instant> = *locked(&watched_since);
                if since.is_some_and(|since| since.elapsed() >= PATIENCE) {
                    wake(watched.clone());
                }
            }
        })?;
        Ok(Self { db: db.clone(), since, watch: Some((stop, watch)) })
    }

    /// Hands to the system what was written. Does not wait for the disk, whatever sled says of it.
    pub(super) fn flush(&self) -> sled::Result<usize> {
        *locked(&self.since) = Some(Instant::now());
        let flushed = caught(|| self.db.flush());
        *locked(&self.since) = None;
        flushed.unwrap_or_else(|| Err(sled::Error::ReportableBug("it broke off while flushing".to_owned())))
    }
}

/// It may have to wait as well, so it gets a thread of its own. Without one, the next time.
fn wake(db: sled::Db) {
    let _ = Builder::new().name("callfold-wake".to_owned()).spawn(move || caught(move || db.flush().is_ok()));
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if let Some((stop, watch)) = self.watch.take() {
            drop(stop);
            let _ = watch.join();
        }
    }
}
