"""What can be found out about a Kaltura account itself: whether the app token works, and which reports it may read.

An account without a report is a finding of its own for each, because the pulls go on without it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord, SourceRefusedError
from crosswalk.sources.base import Finding, Verdict
from crosswalk.sources.kaltura import records, reports, web_api
from crosswalk.sources.kaltura.records import Json
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.kaltura.web_api import KalturaApi


async def check(api: KalturaApi, settings: KalturaSettings, now: datetime) -> tuple[Finding, ...]:
    """Try whether the app token opens a session that may list events and profiles, and which reports it may read."""
    try:
        event = await _newest_event(api, settings)
        await api.service(web_api.USERS, "user-profile/list", {"filter": {"appGuidIn": ["none"]}, "pager": {"offset": 0, "limit": 1}})
        refused = await _refused_reports(api, settings, event, now) if event else ()
    except SourceRefusedError as error:
        return (Finding(Verdict.FAIL, error.sentence),)
    except (RetryLater, SkipRecord) as trouble:
        return (Finding(Verdict.WARN, trouble.sentence),)
    fine = Finding(Verdict.OK, "Kaltura takes the app token and lists events and profiles.")
    return (fine, *(Finding(Verdict.WARN, reports.refusal((name,))) for name in refused))


async def _newest_event(api: KalturaApi, settings: KalturaSettings) -> Json | None:
    filters: Json = {"searchTerm": " "}
    if settings.event_ids:
        filters["idIn"] = list(settings.event_ids)
    body = {"filter": filters, "pager": {"offset": 0, "limit": 1}, "orderBy": "-startDate"}
    return next(_records(await api.service(web_api.EVENTS, "events/list", body), "events"), None)


async def _refused_reports(api: KalturaApi, settings: KalturaSettings, event: Json, now: datetime) -> tuple[str, ...]:
    """Ask for the reports of one session; they are cheap where it has no attendees yet."""
    body = {"eventId": records.event_number(event)}
    session = next(_records(await api.service(web_api.EVENTS, "sessions/list", body), "sessions"), None)
    if session is None:
        return ()
    return (await reports.read(api, reports.span_of(event, session, now), settings)).refused


def _records(answer: Any, member: str) -> Iterator[Json]:
    listed = answer.get(member) if isinstance(answer, dict) else None
    read = records.event_of if member == "events" else records.session_of
    yield from (found for found in map(read, listed if isinstance(listed, list) else ()) if found)
