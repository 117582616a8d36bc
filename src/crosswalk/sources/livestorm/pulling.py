"""What is asked of Livestorm: sessions, then the people of each, a page of fifty at a time.

`sessions` finds what changed and reads everybody once a session has ended; `replays` looks again, for some weeks, for those who watch
later, because that changes the person and not the session. `chat` and `questions` read what was said in sessions that are over, each
session as one page, because its authors are read with it. A position holds one page of sessions and how far their people have been read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from crosswalk.errors import SkipRecord
from crosswalk.model import Accepted
from crosswalk.sources.base import Ended, NewId, Page, Window
from crosswalk.sources.livestorm import expanding, listing, people, sayings
from crosswalk.sources.livestorm.listing import Listed, Params, Reading
from crosswalk.sources.livestorm.people import Surroundings
from crosswalk.sources.livestorm.sayings import Said
from crosswalk.sources.livestorm.settings import LivestormSettings
from crosswalk.sources.vendor_api import VendorApi

SESSIONS, REPLAYS = "sessions", "replays"
_SAYINGS = frozenset({sayings.CHAT, sayings.QUESTIONS})
ONE = "one session"  # not a stream of its own: a session that is asked for by its id

Json = dict[str, Any]


def streams(settings: LivestormSettings) -> tuple[str, ...]:
    """Return the streams that the settings ask for."""
    wished = ((REPLAYS, settings.replay_days), (sayings.CHAT, settings.with_chat), (sayings.QUESTIONS, settings.with_questions))
    return (SESSIONS, *(name for name, wanted in wished if wanted))


@dataclass(frozen=True, slots=True)
class Position:
    """How far a window has been pulled; `todo` are the sessions of the page of sessions read last."""

    part: int = 0
    sessions: Reading | None = field(default_factory=Reading)
    todo: tuple[Json, ...] = ()
    people: Reading = field(default_factory=Reading)

    @classmethod
    def of(cls, stored: Any) -> "Position":
        """Return what `stored` was made from; the beginning for None."""
        if stored is None:
            return cls()
        sessions = stored["sessions"]
        return cls(
            part=stored["part"],
            sessions=Reading.of(sessions) if sessions else None,
            todo=tuple(stored["todo"]),
            people=Reading.of(stored["people"]),
        )

    def stored(self) -> Json:
        """Return it as JSON."""
        return {
            "part": self.part,
            "sessions": self.sessions.stored() if self.sessions else None,
            "todo": list(self.todo),
            "people": self.people.stored(),
        }

    def after_session(self) -> "Position":
        """Return the position once the first session has been done."""
        return replace(self, todo=self.todo[1:], people=Reading())


@dataclass(frozen=True, slots=True)
class Pull:
    """One stream of one source, with what its pages share."""

    api: VendorApi
    source_id: str
    settings: LivestormSettings
    stream: str
    window: Window

    async def page(self, position: Position, received_at: datetime, new_id: NewId) -> Page:
        """Return the page at a position: of people while sessions are at hand, else the next sessions."""
        if not position.todo:
            return await self._sessions(position)
        session = position.todo[0]
        try:
            if self.stream in _SAYINGS:
                return await self._said(session, position, received_at, new_id)
            listed = await listing.page(self.api, f"sessions/{session['id']}/people", self._people_filter(session), position.people)
        except SkipRecord:
            gone = f"Session {session['id']} is not at Livestorm any more, so the rest of it was passed over; nothing is to be done."
            return replace(self._page(Accepted(), position.after_session()), remarks=(gone,))
        event = await expanding.event_of(self.api, session) if listed.items else None
        accepted = Surroundings(session, event, self.source_id, received_at).accept(listed.items, new_id)
        page = self._page(accepted, replace(position, people=listed.next) if listed.next else position.after_session())
        return replace(page, remarks=_unsettled(listed, f"people of session {session['id']}"))

    async def _said(self, session: Json, position: Position, received_at: datetime, new_id: NewId) -> Page:
        """Return everything that was said in one session."""
        said = Said(self.api, self.stream, self.source_id, session, received_at)
        items = await said.items()
        accepted = await said.accept(items, await expanding.event_of(self.api, session), new_id) if items else Accepted()
        return self._page(accepted, position.after_session())

    async def _sessions(self, position: Position) -> Page:
        filters = self._session_filters()
        if position.sessions is None:
            return self._page(Accepted(), replace(position, part=position.part + 1, sessions=Reading()))
        listed = await listing.page(self.api, "sessions", filters[position.part], position.sessions)
        found = tuple(session for session in map(people.session_of, listed.items) if session)
        unread = tuple(people.rejected_session(item) for item in listed.items if people.session_of(item) is None)
        if self.stream in _SAYINGS:
            found = tuple(session for session in found if people.is_over(session))
        over = tuple(Ended(session["id"], at) for session in found if (at := people.ended_at(session)))
        page = self._page(Accepted(invalid=unread), replace(position, sessions=listed.next, todo=found), over)
        return replace(page, remarks=_unsettled(listed, "sessions"))

    async def session(self, session_id: str) -> Position:
        """Return where everybody of one session is read from; `SkipRecord` when there is none or it has not ended."""
        body = await self.api.get(f"sessions/{quote(session_id, safe='')}", headers=listing.JSON_API)
        found = people.session_of(body.get("data") if isinstance(body, dict) else None)
        if found is None or people.ended_at(found) is None:
            raise SkipRecord(f"The session {session_id} has not ended yet; it can be read again once it has.")
        return Position(sessions=None, todo=(found,))

    def _page(self, accepted: Accepted, position: Position, over: tuple[Ended, ...] = ()) -> Page:
        is_last = not position.todo and position.sessions is None and position.part + 1 >= len(self._session_filters())
        return Page(accepted, None if is_last else position.stored(), ended=over)

    def _session_filters(self) -> tuple[Params, ...]:
        if self.stream == ONE:
            return ({},)
        if self.stream == SESSIONS or self.stream in _SAYINGS:
            return ({"filter[updated_since]": _unix(self.window.start)},)
        held_since = self.window.end - timedelta(days=self.settings.replay_days)
        return ({"filter[status]": "past", "filter[date_from]": _unix(held_since)}, {"filter[status]": "on_demand"})

    def _people_filter(self, session: Mapping[str, Any]) -> Params:
        ended = people.ended_at(session)
        if self.stream == ONE or (self.stream == SESSIONS and ended and self.window.start <= ended):
            return {}  # everybody: of those who stayed away nothing may have changed
        return {"filter[updated_since]": _unix(self.window.start)}


def _unsettled(listed: Listed, what: str) -> tuple[str, ...]:
    """Say when a list never stood still."""
    sentence = f"The list of {what} changed all the while it was read; if some are missing, pull the range again when it is quiet."
    return (sentence,) if listed.gave_up else ()


def _unix(moment: datetime) -> int:
    return max(int(moment.timestamp()), 0)
