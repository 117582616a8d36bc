"""What is asked of Kaltura: its events, then the profiles of each, or the reports of the sessions that have ended.

`profiles` reads by the time of change: the next page begins at the last change seen, so that a profile that changes meanwhile moves behind
what is read and pushes nobody out of sight. `engagement` reads a session's reports again for some days, because they lag behind.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crosswalk.errors import SkipRecord
from crosswalk.model import Accepted, Event, Rejected
from crosswalk.sources import identifiers, moments
from crosswalk.sources.base import Ended, NewId, Page, Window
from crosswalk.sources.kaltura import records, reports, web_api
from crosswalk.sources.kaltura.paging import Place
from crosswalk.sources.kaltura.records import Json, Reading
from crosswalk.sources.kaltura.reports import Row
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.kaltura.web_api import KalturaApi

PROFILES, ENGAGEMENT = "profiles", "engagement"
STREAMS = (PROFILES, ENGAGEMENT)
EVENTS_PER_PAGE = 15
PROFILES_PER_PAGE = 50
_BROKEN_LINE = "A line of a report has another number of values than its header, as when a name holds a separator; it was not read."
_NO_ADDRESS_IN_POLLS = "An answer in the report of polls leads to no e-mail address; compare poll_columns with the report's own columns."


@dataclass(frozen=True, slots=True)
class Position:
    """How far a window has been pulled: events and sessions at hand, and how far the profiles of the first event have been read."""

    events: Place | None = field(default_factory=Place)  # where the next page of events begins; None after the last
    todo: tuple[Json, ...] = ()
    guid: str = ""
    since: str = ""
    profiles: Place = field(default_factory=Place)
    sessions: tuple[Json, ...] | None = None

    @classmethod
    def of(cls, stored: Any) -> "Position":
        """Return what `stored` was made from; the beginning for None."""
        if stored is None:
            return cls()
        events, sessions = stored["events"], stored["sessions"]
        return cls(
            events=None if events is None else Place.of(events),
            todo=tuple(stored["todo"]),
            guid=stored["guid"],
            since=stored["since"],
            profiles=Place.of(stored["profiles"]),
            sessions=None if sessions is None else tuple(sessions),
        )

    def stored(self) -> Json:
        """Return it as JSON."""
        return {
            "events": self.events.stored() if self.events else None,
            "todo": list(self.todo),
            "guid": self.guid,
            "since": self.since,
            "profiles": self.profiles.stored(),
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
    only: tuple[str, str] | None = None  # event and session, when nothing else is asked for

    async def page(self, position: Position, received_at: datetime, new_id: NewId) -> Page:
        """Return the page at a position: of an event while events are at hand, else the next events."""
        if not position.todo:
            return await self._events(position)
        event = position.todo[0]
        try:
            return await self._event(position, Reading(self.source_id, received_at, event), new_id)
        except SkipRecord:
            if self.only:
                raise
            gone = f"Event {event['id']} is not at Kaltura any more, so the rest of it was passed over; nothing is to be done."
            return _page(Accepted(), position.after_event(), gone)

    async def _event(self, position: Position, reading: Reading, new_id: NewId) -> Page:
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
        if self.only:
            filters["idIn"] = [records.event_number({"id": self.only[0]})]
        elif self.settings.event_ids:
            filters["idIn"] = list(self.settings.event_ids)
        place = position.events or Place()
        body = {"filter": filters, "pager": place.pager(EVENTS_PER_PAGE), "orderBy": "+createdAt"}
        listed = self._list(await self.api.service(web_api.EVENTS, "events/list", body), "events")
        unread = place.unread(listed)
        if unread is None:
            return _page(Accepted(), Position(place.again()))
        found = tuple(event for event in map(records.event_of, unread) if event and (not self.only or event["id"] == self.only[0]))
        if self.only and not found:
            raise SkipRecord(f"Kaltura does not list the event {self.only[0]} any more; nothing of it can be read.")
        broken = tuple(
            records.unreadable("The list of events holds something that is no event.", one) for one in unread if not records.event_of(one)
        )
        following = place.after(unread) if len(listed) == EVENTS_PER_PAGE else None
        return _page(Accepted(invalid=broken), Position(following, found), *_unsettled(place, "events"))

    async def _app_guid(self, event_id: str) -> str:
        """Return the application whose profiles are the event's attendees; empty where nobody has registered yet."""
        body = {"filter": {"appType": "epmEvent", "appCustomIdIn": [event_id]}}
        listed = self._list(await self.api.service(web_api.APPS, "app-registry/list", body), "objects")
        return identifiers.text(listed[0].get("id")) if listed and isinstance(listed[0], dict) else ""

    async def _profiles(self, position: Position, reading: Reading, new_id: NewId) -> Page:
        place = position.profiles
        changed = {"updatedAtGreaterThanOrEqual": position.since, "updatedAtLessThanOrEqual": _stamp(self.window.end)}
        body = {
            "filter": {"appGuidIn": [position.guid], **changed},
            "pager": place.pager(PROFILES_PER_PAGE),
            "orderBy": "updatedAt",
        }
        listed = self._list(await self.api.service(web_api.USERS, "user-profile/list", body), "objects")
        unread = place.unread(listed)
        if unread is None:
            return _page(Accepted(), replace(position, profiles=place.again()))
        accepted, remarks = _sorted(reading.profile(one, new_id()) for one in unread), _unsettled(place, "profiles")
        if len(listed) < PROFILES_PER_PAGE:
            return _page(accepted, position.after_event(), *remarks)
        last = identifiers.text(listed[-1].get("updatedAt")) if isinstance(listed[-1], dict) else ""
        if last > position.since and _ascending(listed):
            return _page(accepted, replace(position, since=last, profiles=Place()), *remarks)
        return _page(accepted, replace(position, profiles=place.after(unread)), *remarks)

    async def _sessions(self, position: Position) -> Page:
        event = position.todo[0]
        answer = await self.api.service(web_api.EVENTS, "sessions/list", {"eventId": records.event_number(event)})
        listed = self._list(answer, "sessions")
        broken = tuple(
            records.unreadable("The list of sessions holds something that is no session.", one)
            for one in listed
            if not records.session_of(one)
        )
        over = [(one, at) for one in map(records.session_of, listed) if one and (at := _end(one, event)) and at <= self.window.end]
        wanted = tuple(one for one, at in over if self.window.start <= at and (not self.only or one["id"] == self.only[1]))
        if self.only and not wanted:
            raise SkipRecord(f"The session {self.only[1]} has not ended yet, or is gone; it can be read again once it has ended.")
        told = tuple(Ended(f"{event['id']}/{one['id']}", at) for one, at in over)
        page = _page(Accepted(invalid=broken), replace(position, sessions=wanted) if wanted else position.after_event())
        return replace(page, ended=told)

    async def _engagement(self, position: Position, reading: Reading, new_id: NewId) -> Page:
        session, *left = position.sessions or ()
        told = await reports.read(self.api, reports.span_of(reading.event, session, reading.received_at), self.settings)
        left_out = reports.refusal(told.refused) if told.refused else ""
        profiles = await self._profiles_of(position.guid, [*told.rows, *told.answers])
        found: list[Event | Rejected] = [records.unreadable(_BROKEN_LINE, line) for line in told.broken]
        for email, (report, answered) in self._by_attendee(told.rows, told.answers, profiles, found).items():
            profile = profiles.get(email) or _unknown(report)
            found.append(reading.engagement(session, email, (profile, report, answered), new_id(), left_out))
        following = replace(position, sessions=tuple(left)) if left else position.after_event()
        return _page(_sorted(found), following, *([left_out] if left_out else []))

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
        """Join rows and polls by e-mail address; a row or an answer that leads to no address is told as unread."""
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
            else:
                unread.append(records.unreadable(_NO_ADDRESS_IN_POLLS, row))
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


def _end(session: Mapping[str, Any], event: Mapping[str, Any]) -> datetime | None:
    return moments.from_iso(session.get("endDate")) or moments.from_iso(event.get("endDate"))


def _page(accepted: Accepted, position: Position, *remarks: str) -> Page:
    is_last = not position.todo and position.events is None
    return Page(accepted, None if is_last else position.stored(), remarks)


def _unsettled(place: Place, what: str) -> tuple[str, ...]:
    """Say when a list never stood still: whoever moved last is found by the next pull."""
    sentence = f"The list of {what} changed all the while it was read; if some are missing, pull the range again when it is quiet."
    return (sentence,) if place.gave_up else ()


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
