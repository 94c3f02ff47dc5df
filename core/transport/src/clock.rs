//! What time it is. The engine is told; here is where it is asked.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use callfold_engine::Timestamp;
use tokio::time::Instant;

/// Says what time it is, in microseconds of UTC.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(micros(since))
    }
}

/// A clock that starts at a given moment and goes with tokio's time, so that tests can pause it and run ahead.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Timestamp,
    since: Instant,
}

impl TokioClock {
    /// It is `start` now.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, since: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.start.as_micros().saturating_add(micros(self.since.elapsed())))
    }
}

/// The moments that a line tells its machine. They follow the clock. When that steps back, the step is told once, for
/// the machine to note; from then on time goes on at half its speed until the clock has caught up: were it held, every
/// timer would be too.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    last: Option<(Timestamp, Instant)>,
    step_told: bool,
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: None, step_told: false }
    }

    /// The moment to tell with an input that comes now.
    pub(crate) fn stamp(&mut self) -> Timestamp {
        let now = self.clock.now();
        let Some((last, _)) = self.last.filter(|(last, _)| now < *last) else {
            self.last = Some((now, Instant::now()));
            self.step_told = false;
            return now;
        };
        if !self.step_told {
            self.step_told = true;
            tracing::warn!(by = %(last - now), "the clock stepped back");
            return now;
        }
        let at = self.peek();
        self.last = Some((at, Instant::now()));
        at
    }

    /// How long it is until `due`.
    pub(crate) fn until(&self, due: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from((due - self.peek()).as_micros()).unwrap_or_default())
    }

    fn peek(&self) -> Timestamp {
        let now = self.clock.now();
        match self.last {
            Some((last, when)) if now < last => {
                Timestamp::from_micros(last.as_micros().saturating_add(micros(when.elapsed() / 2)))
            }
            Some(_) | None => now,
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct ByHand(AtomicI64);

    impl Clock for ByHand {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_steps_back_is_told_once_and_time_goes_on() {
        let clock = Arc::new(ByHand::default());
        clock.0.store(100_000_000, Ordering::Relaxed);
        let mut pace = Pace::new(clock.clone());
        assert_eq!(pace.stamp(), Timestamp::from_millis(100_000));

        clock.0.store(10_000_000, Ordering::Relaxed);
        assert_eq!(pace.stamp(), Timestamp::from_millis(10_000), "the step, for the machine to note");
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(pace.until(Timestamp::from_millis(105_000)), Duration::from_secs(3));
        assert_eq!(pace.stamp(), Timestamp::from_millis(102_000));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(pace.stamp(), Timestamp::from_millis(104_000));

        clock.0.store(200_000_000, Ordering::Relaxed);
        assert_eq!(pace.stamp(), Timestamp::from_millis(200_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_of_tokio_s_goes_with_tokio_s_time() {
        let clock = TokioClock::starting_at(Timestamp::from_millis(5_000));
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now(), Timestamp::from_millis(6_500));
    }
}
