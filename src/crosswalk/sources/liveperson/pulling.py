"""The histories, read page by page, and single conversations that a webhook pointed at.

Pages are counted in a list that grows and shrinks while it is read. Each page therefore begins a few records before the end of the last
one, and where the last record is not found again the window begins anew, once: everything read twice is a repeat. Deep in a long list
reading goes on from the start time of the last record, because nobody says how far LivePerson counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord
from crosswalk.model import EPOCH, Accepted, Event, Notice, Rejected
from crosswalk.sources import identifiers
from crosswalk.sources.base import NewId, Page, Window
from crosswalk.sources.liveperson import derived, facts, webhooks
from crosswalk.sources.liveperson.records import MESSAGING_OPEN, Reading
from crosswalk.sources.liveperson.web_api import LivePersonApi

CHATS, MESSAGING = "chats", "messaging"
LONGEST = timedelta(days=28)  # of what is asked for at once: LivePerson takes a month of chats, and a month may be short
BLOCKS = [
    *("campaign", "messageRecords", "agentParticipants", "consumerParticipants", "transfers", "conversationSurveys"),
    *("summary", "sdes", "unAuthSdes", "monitoring", "dialogs"),
]

_AGAIN = 5  # records of the last page that are asked for again
_DEEPEST = 5_000
_FIRST_PAUSE = timedelta(seconds=15)
_GIVE_UP = timedelta(hours=6)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a window has been pulled: the part of at most a month at hand, from which start time on, and which record came last."""

    begins: str
    since: int | None = None
    offset: int = 0
    last: str = ""
    begun_again: bool = False

    @classmethod
    def of(cls, stored: Any, window: Window) -> "Position":
        """Return what `stored` was made from; the beginning of the window for None."""
        if stored is None:
            return cls(window.start.isoformat())
        return cls(stored["begins"], stored["since"], stored["offset"], stored["last"], stored["begun_again"])

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "begins": self.begins,
            "since": self.since,
            "offset": self.offset,
            "last": self.last,
            "begun_again": self.begun_again,
        }


@dataclass(frozen=True, slots=True)
class _Listed:
    """One page as LivePerson answers it."""

    records: list[Any]
    count: int


@dataclass(frozen=True, slots=True)
class Pull:
    """One stream of one source, with what its pages share."""

    api: LivePersonApi
    reading: Reading
    stream: str
    window: Window
    deepest: int = _DEEPEST

    async def page(self, position: Position, new_id: NewId) -> Page:
        """Return the page at a position; a record that cannot be read is invalid and holds nobody up."""
        asked = max(position.offset - _AGAIN, 0)
        listed = await self._list(position, asked)
        if position.last and not position.begun_again and position.last not in map(self._id, listed.records):
            return Page(Accepted(), Position(position.begins, begun_again=True).stored())
        read = [await self._read(record, new_id) for record in listed.records]
        accepted = Accepted(
            events=tuple(one for one in read if isinstance(one, Event)), invalid=tuple(one for one in read if isinstance(one, Rejected))
        )
        following = self._following(position, asked, listed)
        return Page(accepted, following.stored() if following else None)

    def _following(self, position: Position, asked: int, listed: _Listed) -> Position | None:
        """Return the position of the next page, of the next part of the window, or None at the end of both."""
        reached = asked + len(listed.records)
        if reached < listed.count and reached > position.offset:
            last = listed.records[-1]
            began = self._start(last)
            if reached >= self.deepest and began is not None and began > (position.since or 0):
                return Position(position.begins, since=began)
            return replace(position, offset=reached, last=self._id(last))
        if reached < listed.count:
            raise self.api.later("counts more conversations than it lists")
        begins, ends = self._part(position)
        return Position(ends.isoformat()) if begins < ends < self.window.end else None

    async def _list(self, position: Position, offset: int) -> _Listed:
        begins, ends = self._part(position)
        if self.stream == CHATS:
            start = {"from": position.since or _millis(begins), "to": _millis(ends)}
            answer = await self.api.chats({"start": start, "interactive": True, "ended": True}, offset)
            return self._listed(answer, "interactionHistoryRecords")
        earliest = _millis(begins - timedelta(days=self.reading.settings.open_days))
        body = {
            "start": {"from": position.since or max(earliest, 0), "to": _millis(ends)},
            "end": {"from": _millis(begins), "to": _millis(ends)},
            "status": ["CLOSE"],
            "contentToRetrieve": BLOCKS,
        }
        return self._listed(await self.api.conversations(body, offset), "conversationHistoryRecords")

    def _listed(self, answer: Any, name: str) -> _Listed:
        """Return the records of a page; one of which LivePerson itself says that records are missing is asked for again."""
        found = answer if isinstance(answer, dict) else {}
        meta = found.get("_metadata")
        meta = meta if isinstance(meta, dict) else {}
        shards = meta.get("shardsStatusResult")
        if isinstance(shards, dict) and shards.get("partialResult") is True:
            raise self.api.later("answers with a part of the conversations only")
        records, count = found.get(name), meta.get("count")
        if not isinstance(records, list) or isinstance(count, bool) or not isinstance(count, int):
            raise self.api.later("answers with something else than a list of conversations")
        return _Listed(records, count)

    async def _read(self, record: Any, new_id: NewId) -> Event | Rejected:
        if self.stream == CHATS:
            return self.reading.chat(record, new_id())
        found = self.reading.messaging(record, new_id())
        if not self.reading.settings.every_attribute or isinstance(found, Rejected):
            return found
        try:
            return await one(self.api, self.reading, found.entity_id or "", new_id)
        except SkipRecord:  # forgotten at LivePerson since it was listed
            return found

    def _part(self, position: Position) -> tuple[datetime, datetime]:
        begins = datetime.fromisoformat(position.begins)
        return begins, min(begins + LONGEST, self.window.end)

    def _id(self, record: Any) -> str:
        return identifiers.text(_info(record).get("engagementId" if self.stream == CHATS else "conversationId"))

    def _start(self, record: Any) -> int | None:
        began = derived.instant(_info(record), "startTime")
        return _millis(began) if began else None


async def one(api: LivePersonApi, reading: Reading, conversation_id: str, new_id: NewId) -> Event | Rejected:
    """Return one messaging conversation with all its attributes; `SkipRecord` when LivePerson does not have it."""
    answer = await api.conversation(conversation_id, BLOCKS)
    records = answer.get("conversationHistoryRecords") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        raise api.later("answers with something else than a conversation")
    if not records:
        raise SkipRecord("LivePerson does not have the conversation in its history.")
    return reading.messaging(records[0], new_id())


async def again(api: LivePersonApi, reading: Reading, subject: str, new_id: NewId) -> Page:
    """Return one ended conversation by its id; `SkipRecord` says why when there is none or it goes on."""
    found = await one(api, reading, subject, new_id) if _is_messaging(subject) else await _chat(api, reading, subject, new_id)
    if isinstance(found, Rejected):
        return Page(Accepted(invalid=(found,)), None)
    if found.type == MESSAGING_OPEN:
        raise SkipRecord("The conversation goes on; it can be read once it has ended.")
    return Page(Accepted(events=(found,)), None)


async def _chat(api: LivePersonApi, reading: Reading, chat_id: str, new_id: NewId) -> Event | Rejected:
    """Return one chat; LivePerson's history holds ended ones only, and looks for an id whatever the times are."""
    settings, now = reading.settings, reading.received_at
    start = {"from": _millis(now - LONGEST), "to": _millis(now)}
    asked = {"start": start, "engagementId": settings.account_id + reading.chat_id(chat_id)}
    answer = await api.chats({**asked, "interactive": True, "ended": True}, 0)
    records = answer.get("interactionHistoryRecords") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        raise api.later("answers with something else than a list of conversations")
    if not records:
        raise SkipRecord("LivePerson does not have the chat in its history; it can be read once it has ended.")
    return reading.chat(records[0], new_id())


async def expand(api: LivePersonApi, reading: Reading, notice: Notice, new_id: NewId) -> Accepted:
    """Return the conversation behind a notice; one that is not in the history yet, or not closed there, is asked for again later."""
    conversation_id = webhooks.conversation_of(notice)
    if not conversation_id:
        raise SkipRecord("The notice names no conversation, so nothing can be fetched for it.")
    waited = reading.received_at - notice.received_at
    try:
        found = await one(api, reading, conversation_id, new_id)
    except SkipRecord:
        if waited < _GIVE_UP:
            raise _later(reading.received_at, waited) from None
        raise
    if isinstance(found, Rejected):
        return Accepted(invalid=(found,))
    if (found.type == MESSAGING_OPEN or facts.is_partial(found.payload)) and waited < _GIVE_UP:
        raise _later(reading.received_at, waited)
    return Accepted(events=(found,))


def _is_messaging(conversation_id: str) -> bool:
    """Tell a messaging conversation from a chat by its id: chats are numbered."""
    return not (conversation_id.isascii() and conversation_id.isdigit())


def _later(now: datetime, waited: timedelta) -> RetryLater:
    return RetryLater(
        "LivePerson's history does not hold all of the ended conversation yet; it is asked again by itself.",
        now + max(_FIRST_PAUSE, waited),
    )


def _millis(moment: datetime) -> int:
    return (moment - EPOCH) // _MILLISECOND


def _info(record: Any) -> Mapping[str, Any]:
    info = record.get("info") if isinstance(record, dict) else None
    return info if isinstance(info, dict) else {}
