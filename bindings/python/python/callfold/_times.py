"""Times: aware, in UTC; what has no zone is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Union

from .errors import InvalidArgument

When = Union[datetime, int]
"""A moment: an aware `datetime`, or whole microseconds of UTC since 1970."""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


_MOST = 2**63 - 1
# What a `datetime` can hold.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


def micros_at(when: object) -> int:
    """Microseconds of UTC since 1970 of a moment that an application gives."""
    at = when if isinstance(when, int) and not isinstance(when, bool) else time_of(when)
    if not -_MOST <= at <= _MOST:
        raise InvalidArgument.of(5005, "bad_time", f"{at} microseconds is further away than times are kept", {})
    return at


def moment_of(micros: int) -> datetime:
    """The moment so many microseconds of UTC after 1970, held at the ends of the calendar as the native half holds it."""
    return EPOCH + timedelta(microseconds=min(max(micros, _FIRST), _LAST))


def micros(length: timedelta) -> int:
    """A length of time in whole microseconds."""
    if not isinstance(length, timedelta):
        raise TypeError(f"a timedelta is needed, not {type(length).__name__}")
    return length // _MICROSECOND


def offset(utc_offset: timedelta) -> int:
    """How far east of UTC midnights are, in microseconds."""
    east = micros(utc_offset)
    if abs(east) > 86_400_000_000:
        raise InvalidArgument.of(5002, "bad_range", f"{utc_offset} is more than a day; no place is so far from UTC", {})
    return east


def time_of(given: object) -> int:
    """Microseconds of UTC since 1970 of an aware `datetime`."""
    if not isinstance(given, datetime):
        raise TypeError(
            f"a time is an aware datetime, or whole microseconds since 1970, not {type(given).__name__}"
        )
    if given.tzinfo is None or given.utcoffset() is None:
        raise InvalidArgument.of(
            5003,
            "time_without_zone",
            f"{given.isoformat(' ')} has no time zone, so nobody knows which moment it is: "
            "say datetime(..., tzinfo=timezone.utc), or given.astimezone() if it is this machine's time",
            {"time": given.isoformat()},
        )
    return (given - EPOCH) // _MICROSECOND


def date_of(day: int) -> date:
    """The day so many days after 1970-01-01, held at the ends of the calendar."""
    return date.fromordinal(min(max(719_163 + day, 1), date.max.toordinal()))


def day_of(day: date) -> int:
    """How many days after 1970-01-01 a day is."""
    if isinstance(day, datetime) or not isinstance(day, date):
        raise TypeError(f"a date is needed, not {type(day).__name__}")
    return day.toordinal() - 719_163
