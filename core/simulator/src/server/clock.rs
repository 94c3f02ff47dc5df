//! The server's clock: the time of day when it started, and what has passed since. It never steps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callfold_engine::Timestamp;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Timestamp,
    started: Instant,
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl Clock {
    pub(super) fn start() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Timestamp::from_micros(micros(start)), started: Instant::now() }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.start.as_micros().saturating_add(micros(self.started.elapsed())))
    }

    /// When a moment comes.
    pub(super) fn instant(&self, at: Timestamp) -> Instant {
        let after = at.as_micros().saturating_sub(self.start.as_micros());
        self.started + Duration::from_micros(u64::try_from(after).unwrap_or(0))
    }
}
