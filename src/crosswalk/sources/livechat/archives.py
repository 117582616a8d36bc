"""The archive of chats, read page by page, and single chats that a webhook pointed at.

The oldest come first, so that what is archived while we read joins at the end. A page is asked for by its id alone, and an id that LiveChat
no longer takes begins the window again, once: everything read twice is a repeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord, SourceRefusedError
from crosswalk.model import Accepted, Event, Notice, Rejected
from crosswalk.sources import identifiers
from crosswalk.sources.base import NewId, Page, Window
from crosswalk.sources.livechat import directory, envelope, web_api
from crosswalk.sources.livechat.chats import Chat, Directory
from crosswalk.sources.livechat.settings import LiveChatSettings
from crosswalk.sources.vendor_api import VendorApi

STREAM = "archives"
PAGE_SIZE = 100

_PAGE_GONE = 400
_FIRST_PAUSE = timedelta(seconds=15)
_GIVE_UP = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads chats for one source with what its settings ask for."""

    api: VendorApi
    source_id: str
    settings: LiveChatSettings

    async def page(self, window: Window, position: Any | None, received_at: datetime, new_id: NewId) -> Page:
        """Return the page of the archive at a position; a chat that cannot be read is invalid and holds nobody up."""
        try:
            listed = await self._list(_request(window, position))
        except SourceRefusedError as refused:
            if refused.status != _PAGE_GONE or not position or position["begun_again"]:
                raise
            return Page(Accepted(), {"page_id": None, "begun_again": True})
        known = await directory.fetched(self.api, self.settings) if listed["chats"] else Directory.empty()
        read = [self._read(chat, known, received_at, new_id) for chat in listed["chats"]]
        events = tuple(one for one in read if isinstance(one, Event))
        invalid = tuple(one for one in read if isinstance(one, Rejected))
        following = identifiers.text(listed.get("next_page_id"))
        begun_again = bool(position and position["begun_again"])
        return Page(Accepted(events, invalid=invalid), {"page_id": following, "begun_again": begun_again} if following else None)

    async def thread(self, thread_id: str, received_at: datetime, new_id: NewId) -> Page:
        """Return the page that holds one archived thread; `SkipRecord` when it has not ended or is not there."""
        listed = await self._list({"filters": {"thread_ids": [thread_id]}})
        if not listed["chats"]:
            raise SkipRecord(f"LiveChat has no ended chat with the thread {thread_id}; a chat can be read once it has ended.")
        known = await directory.fetched(self.api, self.settings)
        read = [self._read(chat, known, received_at, new_id) for chat in listed["chats"]]
        events = tuple(one for one in read if isinstance(one, Event))
        return Page(Accepted(events, invalid=tuple(one for one in read if isinstance(one, Rejected))), None)

    async def latest(self) -> list[Any]:
        """Return the latest hundred chats of the archive, as LiveChat shows them."""
        chats: list[Any] = (await self._list({"limit": PAGE_SIZE, "sort_order": "desc"}))["chats"]
        return chats[:PAGE_SIZE]

    async def expand(self, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Return the chat behind a notice; a thread that LiveChat does not have yet, or not closed yet, is asked for again later."""
        hint = envelope.of_notice(notice)
        waited = received_at - notice.received_at
        asked = {"chat_id": hint.chat_id} | ({"thread_id": hint.thread_id} if hint.thread_id else {})
        try:
            found = await web_api.ask(self.api, self.settings, web_api.GET_CHAT, asked)
        except SkipRecord:
            if waited < _GIVE_UP:
                raise _later(received_at, waited) from None
            raise
        chat = Chat.read(found)
        if isinstance(chat, Rejected):
            return Accepted(invalid=(chat,))
        if chat.is_active and hint.action == envelope.CHAT_DEACTIVATED and waited < _GIVE_UP:
            raise _later(received_at, waited)
        chat = chat.with_session_fields(hint.payload.get("session_fields"))
        known = await directory.fetched(self.api, self.settings)
        return Accepted(events=(chat.fetched(self.source_id, received_at, new_id(), known),))

    async def _list(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        listed = await web_api.ask(self.api, self.settings, web_api.LIST_ARCHIVES, body)
        if not isinstance(listed, dict) or not isinstance(listed.get("chats"), list):
            raise self.api.later("answers with something else than a list of chats")
        return listed

    def _read(self, content: Any, known: Directory, received_at: datetime, new_id: NewId) -> Event | Rejected:
        chat = Chat.read(content)
        return chat if isinstance(chat, Rejected) else chat.fetched(self.source_id, received_at, new_id(), known)


def _request(window: Window, position: Any | None) -> Mapping[str, Any]:
    """Return the body that asks for a page: LiveChat takes filters only for the first one."""
    if position and position["page_id"]:
        return {"page_id": position["page_id"]}
    filters = {"from": _stamp(window.start), "to": _stamp(window.end)}
    return {"filters": filters, "sort_order": "asc", "limit": PAGE_SIZE}


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _later(now: datetime, waited: timedelta) -> RetryLater:
    return RetryLater("LiveChat does not show the closed thread yet; it is asked again by itself.", now + max(_FIRST_PAUSE, waited))
