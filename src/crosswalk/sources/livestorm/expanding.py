"""What is fetched for one webhook: everybody in a session that has ended, or the session and event of one person.

Sessions and events are remembered for a while, because hundreds of webhooks tell of the same ones within minutes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord
from crosswalk.model import Accepted, Notice, Rejected
from crosswalk.sources.base import NewId
from crosswalk.sources.livestorm import listing, people
from crosswalk.sources.livestorm.people import Surroundings
from crosswalk.sources.livestorm.records import Record
from crosswalk.sources.livestorm.settings import LivestormSettings
from crosswalk.sources.vendor_api import VendorApi

_SESSION_SECONDS = 60
_EVENT_SECONDS = 600


async def session(
    api: VendorApi, source_id: str, settings: LivestormSettings, notice: Notice, received_at: datetime, new_id: NewId
) -> Accepted:
    """Return the whole session behind `session.ended` as events; `RetryLater` until its attendance is complete."""
    ended = people.session_of(_data(notice.payload))
    if ended is None:
        raise SkipRecord("The notice names no session, so nothing can be fetched for it.")
    complete_at = (people.ended_at(ended) or notice.received_at) + timedelta(seconds=settings.attendance_delay_seconds)
    if received_at < complete_at:
        raise RetryLater("Attendance is fetched once Livestorm has counted it.", complete_at)
    items = await listing.whole(api, f"sessions/{ended['id']}/people", {})
    event = await event_of(api, ended) if items else None
    return Surroundings(ended, event, source_id, received_at).accept(items, new_id)


async def person(api: VendorApi, source_id: str, notice: Notice, new_id: NewId) -> Accepted:
    """Return the event a webhook about a person told, with its session and event beside it as a pull has them."""
    if not isinstance(notice.payload, dict):
        raise SkipRecord("The notice names no person, so nothing can be fetched for it.")
    record = Record.read(notice.kind, notice.payload)
    if isinstance(record, Rejected):
        return Accepted(invalid=(record,))
    held = await _session_of(api, record.session_id)
    included = [one for one in (held, await event_of(api, held) if held else None) if one]
    whole = Record(record.type, record.id, record.attributes, record.detail, {**notice.payload, "included": included})
    return Accepted(events=(whole.event(source_id, notice.received_at, new_id(), b""),))


async def event_of(api: VendorApi, held: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the event a session belongs to; None when Livestorm does not have it any more."""
    event_id = held["attributes"].get("event_id")
    return people.event_of(await _fetched(api, f"events/{event_id}", _EVENT_SECONDS)) if event_id else None


async def _session_of(api: VendorApi, session_id: str) -> dict[str, Any] | None:
    return people.session_of(await _fetched(api, f"sessions/{session_id}", _SESSION_SECONDS))


async def _fetched(api: VendorApi, path: str, max_age_seconds: float) -> Any:
    try:
        return _data(await api.get_recent(path, max_age_seconds, listing.JSON_API))
    except SkipRecord:
        return None


def _data(body: Any) -> Any:
    return body.get("data") if isinstance(body, dict) else None
