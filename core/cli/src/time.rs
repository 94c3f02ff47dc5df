//! Times as people write and read them, in a zone.

use std::str::FromStr;

use callfold::{Span, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

/// How times are written, for `--help`.
macro_rules! times_help {
    ($of:literal) => {
        concat!(
            "\
Times: RFC 3339 (2026-01-12T09:14:03Z), or of the zone that times are shown in: 2026-01-12,
'2026-01-12 09:14', '2026-01-12 09:14:03.123', or 09:14:03 alone, which is of the day of ",
            $of,
            "."
        )
    };
}
pub(crate) use times_help;

/// The date and time of day.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    zoned(at, zone).map_or("time unknown".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// The time of day, to the millisecond.
pub(crate) fn moment_of_day(at: Timestamp, zone: &TimeZone) -> String {
    zoned(at, zone).map_or("time unknown".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string())
}

/// The time of day, to the second.
pub(crate) fn time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    zoned(at, zone).map_or("time unknown".to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

/// How far the zone's days begin before those of UTC.
pub(crate) fn day_offset(zone: &TimeZone, at: Timestamp) -> Span {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    Span::from_secs(i64::from(zone.to_offset(at).seconds()))
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<jiff::Zoned> {
    Some(jiff::Timestamp::from_microsecond(at.as_micros()).ok()?.to_zoned(zone.clone()))
}

/// A moment as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// It is known.
    At(Timestamp),
    /// A date and time of day, in a zone that is known later.
    Local(civil::DateTime),
    /// A time of day; the day is known later.
    OfDay(civil::Time),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            Ok(Self::At(Timestamp::from_micros(at.as_microsecond())))
        } else if let Ok(local) = text.parse::<civil::DateTime>() {
            Ok(Self::Local(local))
        } else if let Ok(time) = text.parse::<civil::Time>() {
            Ok(Self::OfDay(time))
        } else {
            Err("not a time such as 2026-01-12T09:14:03Z, 2026-01-12, '2026-01-12 09:14:03.123' or 09:14:03"
                .to_owned())
        }
    }
}

impl When {
    /// The moment in this zone; a time of day is of the day of `last`. None if there is no such moment.
    pub(crate) fn resolve(self, zone: &TimeZone, last: Option<Timestamp>) -> Option<Timestamp> {
        let local = match self {
            Self::At(at) => return Some(at),
            Self::Local(local) => local,
            Self::OfDay(time) => zoned(last?, zone)?.date().to_datetime(time),
        };
        let at = local.to_zoned(zone.clone()).ok()?;
        Some(Timestamp::from_micros(at.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let last = Timestamp::from_millis(1_768_255_200_000); // 2026-01-13 01:00 in Moscow, the day before in UTC.
        let at = text.parse::<When>().ok()?.resolve(&zone, Some(last)).unwrap();
        Some(clock(at, &zone))
    }

    #[test]
    fn a_time_is_read_as_people_write_it() {
        assert_eq!(shown("2026-01-12T06:14:03Z").unwrap(), "2026-01-12 09:14:03.000");
        assert_eq!(shown("2026-01-12T09:14:03+03:00").unwrap(), "2026-01-12 09:14:03.000");
        assert_eq!(shown("2026-01-12 09:14:03.123").unwrap(), "2026-01-12 09:14:03.123");
        assert_eq!(shown("2026-01-12T09:14").unwrap(), "2026-01-12 09:14:00.000");
        assert_eq!(shown("2026-01-12").unwrap(), "2026-01-12 00:00:00.000");
        assert_eq!(shown("09:14:03.5").unwrap(), "2026-01-13 09:14:03.500");
        for text in ["", "now", "25:00", "2026-13-01", "12.01.2026"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
