//! The time axis: as many ticks as there is room for, at steps that people count in.

use callfold_engine::{Span, Timestamp};

use super::Tick;

/// The most ticks, the first among them.
const MOST: i64 = 11;
/// Steps in milliseconds: fractions of a second only where a second is too long.
const STEPS: [i64; 20] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
];
const DAY: i64 = 86_400_000;

/// The ticks from a moment to another.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Vec<Tick> {
    let millis = (to - from).as_micros() / 1_000;
    let fits = |step: &&i64| millis / **step < MOST;
    // Beyond the steps of the table: whole days, as many as it takes.
    let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| (millis / DAY / MOST + 1) * DAY);
    let mut ticks = Vec::new();
    let mut after = 0;
    while after <= millis && ticks.len() < MOST as usize + 1 {
        ticks.push(Tick { at: from + Span::from_millis(after), label: label(after, step) });
        after += step;
    }
    ticks
}

/// How long after the beginning.
fn label(after: i64, step: i64) -> String {
    let seconds = after / 1_000;
    if step < 1_000 {
        return format!("{seconds}.{} s", after % 1_000 / 100);
    }
    if step >= DAY {
        return format!("{} d", after / DAY);
    }
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    } else if seconds >= 60 {
        format!("{minutes}:{:02}", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(millis: i64) -> Vec<String> {
        let from = Timestamp::from_millis(5);
        between(from, from + Span::from_millis(millis)).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn steps_are_those_that_people_count_in() {
        assert_eq!(labels(0), ["0.0 s"]);
        assert_eq!(labels(350), ["0.0 s", "0.1 s", "0.2 s", "0.3 s"]);
        assert_eq!(labels(16_000)[..3], ["0 s", "2 s", "4 s"]);
        assert_eq!(labels(400_000)[..4], ["0 s", "1:00", "2:00", "3:00"]);
        assert_eq!(labels(12 * 3_600_000)[..2], ["0 s", "2:00:00"]);
        assert_eq!(labels(40 * DAY)[..2], ["0 d", "4 d"]);
    }

    #[test]
    fn there_are_never_many() {
        let mut millis = 1;
        while millis < i64::MAX / 1_000 {
            let ticks = labels(millis);
            assert!((1..=12).contains(&ticks.len()), "{millis}: {ticks:?}");
            millis = millis * 3 / 2 + 1;
        }
        assert!(between(Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX)).len() > 5);
    }
}
