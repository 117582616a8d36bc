"""What is asked of Kaltura: its events, then the profiles of each, or the reports of the sessions that have ended.

`profiles` reads by the time of change: the next page begins at the last change seen, so that a profile that changes meanwhile moves behind
what is read and pushes nobody out of sight. `engagement` reads a session's reports again for some days, because they lag behind.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crosswalk.model import Accepted, Event, Rejected
from crosswalk.sources import identifiers, moments
from crosswalk.sources.base import NewId, Page, Window
from crosswalk.sources.kaltura import records, reports, web_api
from crosswalk.sources.kaltura.records import Json, Reading
from crosswalk.sources.kaltura.reports import Row
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.kaltura.web_api import KalturaApi

PROFILES, ENGAGEMENT = "profiles", "engagement"
STREAMS = (PROFILES, ENGAGEMENT)
EVENTS_PER_PAGE = 15
PROFILES_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Position:
    """How far a window has been pulled: events and sessions at hand, and how far the profiles of the first event have been read."""

    events: int | None = 0  # where the next page of events begins; None after the last
    todo: tuple[Json, ...] = ()
    guid: str = ""
    since: str = ""
    offset: int = 0
    sessions: tuple[Json, ...] | None = None

    @classmethod
    def of(cls, stored: Any) -> "Position":
        """Return what `stored` was made from; the beginning for None."""
        if stored is None:
            return cls()
        sessions = stored["sessions"]
        at = (stored["events"], tuple(stored["todo"]), stored["guid"], stored["since"], stored["offset"])
        return cls(*at, None if sessions is None else tuple(sessions))

    def stored(self) -> Json:
        """Return it as JSON."""
        return {
            "events": self.events,
            "todo": list(self.todo),
            "guid": self.guid,
            "since": self.since,
            "offset": self.offset,
            "sessions": None if self.sessions is None else list(self.sessions),
        }

    def after_event(self) -> "Position":
        """Return the position once the first event has been done."""
        return Position(self.events, self.todo[1:])


@dataclass(frozen=True, slots=True)
class Pull:
    """One stream of one source, with what its pages share."""

    api: KalturaApi
    source_id: str
    settings: KalturaSettings
    stream: str
    window: Window

    async def page(self, position: Position, received_at: datetime, new_id: NewId) -> Page:
        """Return the page at a position: of an event while events are at hand, else the next events."""
        if not position.todo:
            return await self._events(position)
        reading = Reading(self.source_id, received_at, position.todo[0])
        if not position.guid:
            guid = await self._app_guid(position.todo[0]["id"])
            position = replace(position, guid=guid, since=_stamp(self.window.start)) if guid else position.after_event()
            return _page(Accepted(), position)
        if self.stream == PROFILES:
            return await self._profiles(position, reading, new_id)
        if position.sessions is None:
            return await self._sessions(position)
        return await self._engagement(position, reading, new_id)

    async def _events(self, position: Position) -> Page:
        since = self.window.start - timedelta(days=self.settings.event_days)
        filters: Json = {"searchTerm": " ", "endDateGreaterThanOrEqual": _stamp(since)}
        if self.settings.event_ids:
            filters["idIn"] = list(self.settings.event_ids)
        at = position.events or 0
        pager = {"offset": at, "limit": EVENTS_PER_PAGE}
        answer = await self.api.service(web_api.EVENTS, "events/list", {"filter": filters, "pager": pager, "orderBy": "+createdAt"})
        listed = self._list(answer, "events")
        found = tuple(event for event in map(records.event_of, listed) if event)
        unread = tuple(
            records.unreadable("The list of events holds something that is no event.", one) for one in listed if not records.event_of(one)
        )
        following = at + len(listed) if len(listed) == EVENTS_PER_PAGE else None
        return _page(Accepted(invalid=unread), Position(following, found))

    async def _app_guid(self, event_id: str) -> str:
        """Return the application whose profiles are the event's attendees; empty where nobody has registered yet."""
        body = {"filter": {"appType": "epmEvent", "appCustomIdIn": [event_id]}}
        listed = self._list(await self.api.service(web_api.APPS, "app-registry/list", body), "objects")
        return identifiers.text(listed[0].get("id")) if listed and isinstance(listed[0], dict) else ""

    async def _profiles(self, position: Position, reading: Reading, new_id: NewId) -> Page:
        body = {
            "filter": {"appGuidIn": [position.guid], "updatedAtGreaterThanOrEqual": position.since},
            "pager": {"offset": position.offset, "limit": PROFILES_PER_PAGE},
            "orderBy": "updatedAt",
        }
        listed = self._list(await self.api.service(web_api.USERS, "user-profile/list", body), "objects")
        accepted = _sorted(reading.profile(one, new_id()) for one in listed)
        if len(listed) < PROFILES_PER_PAGE:
            return _page(accepted, position.after_event())
        last = identifiers.text(listed[-1].get("updatedAt")) if isinstance(listed[-1], dict) else ""
        if last > position.since and _ascending(listed):
            return _page(accepted, replace(position, since=last, offset=0))
        return _page(accepted, replace(position, offset=position.offset + len(listed)))

    async def _sessions(self, position: Position) -> Page:
        event = position.todo[0]
        body = {"eventId": int(event["id"]) if event["id"].isdigit() else event["id"]}
        listed = self._list(await self.api.service(web_api.EVENTS, "sessions/list", body), "sessions")
        ended = tuple(one for one in map(records.session_of, listed) if one and self._has_ended(one, event))
        return _page(Accepted(), replace(position, sessions=ended) if ended else position.after_event())

    def _has_ended(self, session: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
        ended = moments.from_iso(session.get("endDate")) or moments.from_iso(event.get("endDate"))
        return ended is not None and self.window.start <= ended <= self.window.end

    async def _engagement(self, position: Position, reading: Reading, new_id: NewId) -> Page:
        session, *left = position.sessions or ()
        span = reports.span_of(reading.event, session, reading.received_at)
        rows = await reports.reactions(self.api, span)
        for report_type in self.settings.user_reports:
            rows += await reports.table(self.api, span, report_type)
        answers = await reports.polls(self.api, span)
        profiles = await self._profiles_of(position.guid, [*rows, *answers])
        found: list[Event | Rejected] = []
        for email, (report, answered) in self._by_attendee(rows, answers, profiles, found).items():
            profile = profiles.get(email) or _unknown(report)
            found.append(reading.engagement(session, email, (profile, report, answered), new_id()))
        following = replace(position, sessions=tuple(left)) if left else position.after_event()
        return _page(_sorted(found), following)

    async def _profiles_of(self, guid: str, rows: Iterable[Row]) -> dict[str, Json]:
        """Return the profiles of everybody in the reports, by user id and by e-mail address, in lower case."""
        named = sorted({who for row in rows if (who := row.get("user_id") or row.get("email"))})
        found: dict[str, Json] = {}
        for start in range(0, len(named), PROFILES_PER_PAGE):
            body = {
                "filter": {"appGuidIn": [guid], "userIdIn": named[start : start + PROFILES_PER_PAGE]},
                "pager": {"offset": 0, "limit": PROFILES_PER_PAGE},
            }
            for profile in self._list(await self.api.service(web_api.USERS, "user-profile/list", body), "objects"):
                if isinstance(profile, dict):
                    found |= {known.lower(): profile for known in records.person_of(profile).values()}
        return found

    def _by_attendee(
        self, rows: Iterable[Row], answers: Iterable[Row], profiles: Mapping[str, Json], unread: list[Event | Rejected]
    ) -> dict[str, tuple[Row, list[Json]]]:
        """Join rows and polls by e-mail address; a row that leads to no address is told as unread."""
        found: defaultdict[str, tuple[Row, list[Json]]] = defaultdict(lambda: ({}, []))
        columns = self.settings.poll_columns
        for row in rows:
            email = _email(row, profiles)
            if email:
                found[email][0].update(reports.renamed(row, self.settings))
            else:
                unread.append(records.unreadable("The row of a report leads to no e-mail address.", row))
        for row in sorted(answers, key=lambda row: row.get(columns.asked_at, "")):
            email = _email({"email": row.get(columns.email, ""), "user_id": row.get(columns.user_id, "")}, profiles)
            if email:
                _, polls = found[email]
                polls.append({part: row.get(getattr(columns, part)) for part in ("type", "question", "answer")})
        return dict(sorted(found.items()))

    def _list(self, answer: Any, member: str) -> list[Any]:
        if not isinstance(answer, dict) or not isinstance(answer.get(member), list):
            raise self.api.later(f"answers without {member}")
        listed: list[Any] = answer[member]
        return listed


def _email(row: Row, profiles: Mapping[str, Json]) -> str:
    """Return the address of a row in lower case: its own, the profile's, or a user id that is one."""
    user_id = row.get("user_id", "").strip().lower()
    known = records.person_of(profiles.get(user_id, {})).get("email", "")
    email = row.get("email", "").strip() or known or user_id
    return email.lower() if "@" in email else ""


def _unknown(report: Row) -> Json:
    """Return what stands in for the profile of somebody without one."""
    return {"userId": report["user_id"]} if "user_id" in report else {}


def _ascending(listed: Iterable[Any]) -> bool:
    times = [identifiers.text(one.get("updatedAt")) if isinstance(one, dict) else "" for one in listed]
    return times == sorted(times)


def _sorted(found: Iterable[Event | Rejected]) -> Accepted:
    everything = tuple(found)
    return Accepted(
        tuple(one for one in everything if isinstance(one, Event)), invalid=tuple(one for one in everything if isinstance(one, Rejected))
    )


def _page(accepted: Accepted, position: Position) -> Page:
    is_last = not position.todo and position.events is None
    return Page(accepted, None if is_last else position.stored())


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
