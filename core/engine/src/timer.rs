//! Everything the machine waits for: one enum, one table.

use serde::{Deserialize, Serialize};

use crate::command::CommandId;
use crate::input::SocketId;
use crate::time::Timestamp;

/// Why the machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Timer {
    /// A socket has not won within the open timeout.
    Open(SocketId),
    /// The oldest request has had no answer for the query timeout.
    Answer,
    /// `ping` is due.
    KeepAlive,
    /// `getcurrentqueue` is due.
    Queue,
    /// A line picture is due.
    Picture,
    /// The line is looked at after `answer`.
    LookAfterAnswer(CommandId),
    /// No conference came of the talk in time.
    ConferenceBuilt(CommandId),
    /// The mode of a ghost that just joined is set.
    GhostMode(CommandId),
    /// A long message is given up.
    Multipart,
    /// The CTI model dials again.
    Reconnect,
}

/// Deadlines, by time; those of one moment in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timers {
    set: Vec<(Timestamp, Timer)>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, timer: Timer) {
        let place = self.set.partition_point(|(due, _)| *due <= at);
        self.set.insert(place, (at, timer));
    }

    /// Sets the one deadline of a kind that has at most one.
    pub(crate) fn reset(&mut self, at: Option<Timestamp>, timer: Timer) {
        self.cancel(timer);
        if let Some(at) = at {
            self.set(at, timer);
        }
    }

    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.set.retain(|(_, set)| *set != timer);
    }

    pub(crate) fn clear(&mut self, which: impl Fn(Timer) -> bool) {
        self.set.retain(|(_, timer)| !which(*timer));
    }

    pub(crate) fn next(&self) -> Option<(Timestamp, Timer)> {
        self.set.first().copied()
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.set.iter().any(|(_, set)| *set == timer)
    }

    pub(crate) fn count(&self, timer: Timer) -> usize {
        self.set.iter().filter(|(_, set)| *set == timer).count()
    }

    /// Whether a deadline of this timer stands at this moment.
    pub(crate) fn is_set_at(&self, at: Timestamp, timer: Timer) -> bool {
        self.set.contains(&(at, timer))
    }

    /// Takes the first deadline of `timer` that has passed; whether there was one.
    pub(crate) fn take_due(&mut self, now: Timestamp, timer: Timer) -> bool {
        let place = self.set.iter().position(|(due, set)| *set == timer && *due <= now);
        place.map(|place| self.set.remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn deadlines_come_by_time_and_then_in_the_order_set() {
        let mut timers = Timers::default();
        timers.set(at(5), Timer::Queue);
        timers.set(at(3), Timer::Picture);
        timers.set(at(5), Timer::KeepAlive);
        assert_eq!(timers.next(), Some((at(3), Timer::Picture)));
        assert!(timers.take_due(at(3), Timer::Picture));
        assert_eq!(timers.next(), Some((at(5), Timer::Queue)));
    }

    #[test]
    fn a_timer_that_is_not_due_or_not_set_is_not_taken() {
        let mut timers = Timers::default();
        timers.set(at(5), Timer::Queue);
        assert!(!timers.take_due(at(4), Timer::Queue));
        assert!(!timers.take_due(at(9), Timer::KeepAlive));
        assert!(timers.take_due(at(9), Timer::Queue) && !timers.take_due(at(9), Timer::Queue));
    }
}
