"""Dates and times as sources write them: ISO 8601 in its many spellings, and seconds or milliseconds since 1970.

A time without an offset is taken in the connection's zone. What is not a time is None, never an error: payloads hold anything.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000  # in seconds this is the year 5138, in milliseconds 1973
_LONGEST = 40
_FIRST_YEAR, _LAST_YEAR = 1700, 4000  # what Salesforce stores
_DATE_LENGTH = 10


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """Return the moment a JSON value means, in UTC and whole seconds, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _from_text(value.strip(), zone)
    if isinstance(value, int | float):
        return _from_number(value)
    if isinstance(value, datetime):
        return _utc(value, zone)
    return _utc(datetime.combine(value, time()), zone) if isinstance(value, date) else None


def day(value: Any, zone: tzinfo) -> date | None:
    """Return the day a JSON value means; of a moment it is the day in `zone`."""
    if isinstance(value, str) and len(value.strip()) == _DATE_LENGTH:
        try:
            return _stored(date.fromisoformat(value.strip()))
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return _stored(value)
    found = moment(value, zone)
    return found.astimezone(zone).date() if found else None


def time_of_day(value: Any, zone: tzinfo) -> time | None:
    """Return the time of day a JSON value means; of a moment it is the time in `zone`."""
    if isinstance(value, str) and len(value.strip()) < _DATE_LENGTH + 5:
        try:
            return time.fromisoformat(value.strip().removesuffix("Z")).replace(tzinfo=None)
        except ValueError:
            return None
    found = moment(value, zone)
    return found.astimezone(zone).time() if found else None


def stamp(value: datetime) -> str:
    """Return a moment in UTC as Salesforce takes it."""
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}T{value.hour:02d}:{value.minute:02d}:{value.second:02d}.000Z"


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    try:
        return _utc(datetime.fromisoformat(text), zone)
    except ValueError:
        return None


def _from_number(number: float) -> datetime | None:
    try:
        seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
        return _utc(_EPOCH + timedelta(seconds=int(seconds)), UTC)
    except (OverflowError, ValueError):
        return None


def _utc(value: datetime, zone: tzinfo) -> datetime | None:
    try:
        aware = value if value.tzinfo else value.replace(tzinfo=zone)
        found = aware.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        return None
    return found if _FIRST_YEAR <= found.year < _LAST_YEAR else None


def _stored(value: date) -> date | None:
    return value if _FIRST_YEAR <= value.year < _LAST_YEAR else None
