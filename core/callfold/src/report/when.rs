//! Days and hours of a clock that is so many seconds ahead of UTC, and lengths as tables have them.

use callfold_engine::{Span, Timestamp};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;

fn local(at: Timestamp, offset: i32) -> i64 {
    (at + Span::from_secs(i64::from(offset))).as_micros()
}

/// The day, counted from 1970-01-01.
pub(super) fn day(at: Timestamp, offset: i32) -> i64 {
    local(at, offset).div_euclid(DAY)
}

/// The hour of the day.
pub(super) fn hour(at: Timestamp, offset: i32) -> usize {
    usize::try_from(local(at, offset).rem_euclid(DAY) / HOUR).unwrap_or(0)
}

/// The date of a day, such as `2026-01-12`.
pub(super) fn date(day: i64) -> String {
    // Counted in eras of 400 years from a March, so that the leap day is the last of a year.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", of_year - (153 * march + 2) / 5 + 1)
}

/// Date and time of day to the second.
pub(super) fn moment(at: Timestamp, offset: i32) -> String {
    let seconds = local(at, offset).rem_euclid(DAY) / 1_000_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{} {hours:02}:{minutes:02}:{:02}", date(day(at, offset)), seconds % 60)
}

/// What the clock is ahead of UTC, such as `UTC+03:00`.
pub(super) fn zone(offset: i32) -> String {
    if offset == 0 {
        return "UTC".to_owned();
    }
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A moment as every command of callfold reads it.
pub(super) fn rfc3339(at: Timestamp) -> String {
    let micros = at.as_micros().rem_euclid(1_000_000);
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{}{fraction}Z", moment(at, 0).replace(' ', "T"))
}

/// A length: tenths of a second below a minute, else hours, minutes and seconds.
pub(super) fn length(span: Span) -> String {
    let micros = span.as_micros();
    let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    let seconds = micros / 1_000_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    if seconds < 60 {
        format!("{sign}{seconds}.{} s", micros / 100_000 % 10)
    } else if hours == 0 {
        format!("{sign}{minutes}:{:02}", seconds % 60)
    } else {
        format!("{sign}{hours}:{minutes:02}:{:02}", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_clock() {
        let at = Timestamp::from_millis(1_768_255_199_999); // 2026-01-12 21:59:59.999 of UTC.
        assert_eq!((moment(at, 0).as_str(), hour(at, 0)), ("2026-01-12 21:59:59", 21));
        assert_eq!((moment(at, 10_800).as_str(), hour(at, 10_800)), ("2026-01-13 00:59:59", 0));
        assert_eq!(rfc3339(at), "2026-01-12T21:59:59.999000Z");
        assert_eq!([zone(0), zone(10_800), zone(-12_600)], ["UTC", "UTC+03:00", "UTC-03:30"]);
        for (day, of) in [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29")] {
            assert_eq!(date(day), of);
        }
        // The ends of what can be told do not wrap.
        moment(Timestamp::from_micros(i64::MAX), 50_400);
        moment(Timestamp::from_micros(i64::MIN), -50_400);
    }

    #[test]
    fn a_length_is_as_fine_as_it_is_short() {
        let told =
            [0, 4_250, 59_999, 60_000, 3_599_000, 7_325_400].map(|millis| length(Span::from_millis(millis)));
        assert_eq!(told, ["0.0 s", "4.2 s", "59.9 s", "1:00", "59:59", "2:02:05"]);
    }
}
