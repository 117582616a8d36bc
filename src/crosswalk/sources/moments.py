"""When something happened, from what a sender claims.

Nothing is believed to lie in the future by more than five minutes: one phone with a clock in 2099 would otherwise win against every
later event for ever.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from crosswalk.model import EPOCH

AHEAD = timedelta(minutes=5)
_LATEST_UNIX = 253_402_300_799  # the last second of the year 9999


def from_unix(seconds: Any) -> datetime | None:
    """Read whole or broken Unix seconds; 0, null and anything else mean unknown."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LATEST_UNIX:
        return None
    return EPOCH + timedelta(seconds=seconds)


def from_iso(text: Any) -> datetime | None:
    """Read an ISO 8601 time; one without a zone is UTC; anything else, or a time before 1970, means unknown."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= EPOCH else None


def believable(claimed: datetime | None, received_at: datetime) -> datetime:
    """Return the claimed time, or the latest one we believe."""
    return received_at if claimed is None else min(claimed, received_at + AHEAD)
