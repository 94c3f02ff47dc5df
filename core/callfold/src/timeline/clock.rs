//! Times as people read them, at an offset that is handed in: nothing here knows a time zone.

use callfold_engine::{Span, Timestamp};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// A clock this many seconds ahead of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock(pub(super) i32);

impl Clock {
    /// The day, such as `2026-01-12`.
    pub(super) fn date(self, at: Timestamp) -> String {
        let (year, month, day) = civil(self.local(at).div_euclid(DAY));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The time of day to the millisecond.
    pub(super) fn time(self, at: Timestamp) -> String {
        let of_day = self.local(at).rem_euclid(DAY);
        let (hours, minutes) = (of_day / HOUR, of_day % HOUR / MINUTE);
        let (seconds, millis) = (of_day % MINUTE / 1_000_000, of_day % 1_000_000 / 1_000);
        format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
    }

    /// What it is ahead of UTC, such as `UTC+03:00`.
    pub(super) fn zone(self) -> String {
        let minutes = self.0.unsigned_abs() / 60;
        match self.0 {
            0 => "UTC".to_owned(),
            seconds => {
                let sign = if seconds < 0 { '-' } else { '+' };
                format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    fn local(self, at: Timestamp) -> i64 {
        (at + Span::from_secs(i64::from(self.0))).as_micros()
    }
}

/// The date of a day since 1970-01-01, by the calendar of today at any time.
fn civil(day: i64) -> (i64, i64, i64) {
    // Counted in eras of 400 years from a March, so that the leap day is the last of a year.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, of_year - (153 * march + 2) / 5 + 1)
}

/// A length as people say it: to the millisecond below a minute, with minutes and hours above.
pub(super) fn length(span: Span) -> String {
    let micros = span.as_micros();
    if micros < MINUTE {
        return span.to_string();
    }
    let (hours, minutes, seconds) = (micros / HOUR, micros % HOUR / MINUTE, micros % MINUTE / 1_000_000);
    if hours > 0 {
        format!("{hours} h {minutes} min {seconds} s")
    } else {
        format!("{minutes} min {seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_at_its_offset() {
        let at = Timestamp::from_millis(1_768_255_199_999); // 2026-01-12 21:59:59.999 of UTC.
        assert_eq!((Clock(0).date(at), Clock(0).time(at)), ("2026-01-12".into(), "21:59:59.999".into()));
        let moscow = Clock(10_800);
        assert_eq!((moscow.date(at), moscow.time(at)), ("2026-01-13".into(), "00:59:59.999".into()));
        assert_eq!(
            [Clock(0).zone(), moscow.zone(), Clock(-12_600).zone()],
            ["UTC", "UTC+03:00", "UTC-03:30"]
        );
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, date) in
            [(0, (1970, 1, 1)), (-1, (1969, 12, 31)), (11_016, (2000, 2, 29)), (59, (1970, 3, 1))]
        {
            assert_eq!(civil(day), date);
        }
        // The ends of what can be told do not wrap.
        Clock(50_400).date(Timestamp::from_micros(i64::MAX));
        Clock(-50_400).time(Timestamp::from_micros(i64::MIN));
    }

    #[test]
    fn a_length_is_as_fine_as_it_is_short() {
        let told = [59_999, 60_000, 3_599_000, 7_325_400].map(|millis| length(Span::from_millis(millis)));
        assert_eq!(told, ["59.999 s", "1 min 0 s", "59 min 59 s", "2 h 2 min 5 s"]);
    }
}
