"""How pages write numbers and times. Times are in the reader's zone, which the browser tells by a cookie; without it in UTC."""

import re
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup
from starlette.requests import Request

ZONE_COOKIE = "crosswalk_zone"
_MINUTE, _HOUR = 60, 3600
# Each browser also names those it wants to be taken for, so the most particular comes first.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Version", "Safari"))
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "CrOS", "Linux")


def zone(request: Request) -> tzinfo:
    """Return the reader's time zone."""
    name = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def zone_name(of: tzinfo) -> str:
    """Return how a page names a zone."""
    return str(getattr(of, "key", "UTC"))


def full(at: datetime, in_zone: tzinfo) -> str:
    """Return a time as "10 Mar 2026, 17:40"."""
    local = at.astimezone(in_zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def day(iso: str) -> str:
    """Return a day, given as 2026-03-10, as "10 Mar 2026"."""
    of = date.fromisoformat(iso)
    return f"{of.day} {of:%b %Y}"


def browser(agent: str) -> str:
    """Return a browser's own description as "Firefox 140 on Linux"; what is no such description is returned as it is."""
    found = next((f"{name} {hit[1]}" for mark, name in _BROWSERS if (hit := re.search(rf"{mark}/(\d+)", agent))), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return f"{found} on {system}" if found and system else found or agent or "unknown"


def moment(at: datetime | None, now: datetime, in_zone: tzinfo) -> Markup:
    """Return a time for a page: relative within the hour, the clock today, else with the day; the full time is in its title."""
    if at is None:
        return Markup("<span>never</span>")
    local, today = at.astimezone(in_zone), now.astimezone(in_zone)
    seconds = (now - at).total_seconds()
    if 0 <= seconds < _HOUR:
        text = "just now" if seconds < _MINUTE else f"{int(seconds // _MINUTE)} min ago"
    elif local.date() == today.date():
        text = f"{local:%H:%M}"
    else:
        text = full(at, in_zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.astimezone(UTC).isoformat(), full(at, in_zone), text)


def number(value: float) -> str:
    """Return a number in groups of three: 12,482."""
    return f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: "1 sync", "4 syncs"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Return two letters for a picture of a person."""
    words = [word for word in name.split() if word]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()[:2] or "?"
