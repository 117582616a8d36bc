"""A webhook of LiveChat, opened: its sender proven, its secret taken out, and what it is.

There is no signature: the secret stands in the body itself, so the body is parsed before anybody is believed, and nothing of it is kept
before the secret is gone. Bodies that were stripped before can prove themselves by a header instead; LiveChat never sends it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crosswalk.errors import RequestRefused
from crosswalk.model import Notice, Rejected
from crosswalk.sources import bodies, identifiers

SECRET_MEMBER = "secret_key"  # noqa: S105  # the name of a member
SECRET_HEADER = "x-crosswalk-secret-key"  # noqa: S105  # the name of a header

INCOMING_CHAT = "incoming_chat"
INCOMING_EVENT = "incoming_event"
CHAT_DEACTIVATED = "chat_deactivated"
SESSION_FIELDS_UPDATED = "customer_session_fields_updated"

_HINTS = frozenset(
    {
        CHAT_DEACTIVATED,
        SESSION_FIELDS_UPDATED,
        "chat_properties_deleted",
        "chat_properties_updated",
        "chat_transferred",
        "event_deleted",
        "event_properties_deleted",
        "event_properties_updated",
        "event_updated",
        "thread_properties_deleted",
        "thread_properties_updated",
        "thread_summary_set",
        "thread_tagged",
        "thread_untagged",
        "user_added_to_chat",
        "user_removed_from_chat",
    }
)
_FORM = "filled_form"
_RATED = "rating."
_KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Envelope:
    """One webhook without its secret."""

    action: str
    payload: Mapping[str, Any]
    content: Mapping[str, Any]

    @property
    def chat_id(self) -> str:
        """The chat it is about, or nothing."""
        return identifiers.text(self._active_chat().get("chat_id"))

    @property
    def thread_id(self) -> str:
        """The thread it is about, or nothing."""
        return identifiers.text(self._active_chat().get("thread_id"))

    @property
    def event(self) -> Mapping[str, Any]:
        """The chat event it brings, or an empty one."""
        return _object(self.payload.get("event"))

    @property
    def is_message(self) -> bool:
        """Whether it brings a chat event that is whole in itself."""
        return self.action == INCOMING_EVENT and bool(identifiers.text(self.event.get("id"))) and not self._changes_the_thread()

    @property
    def is_hint(self) -> bool:
        """Whether the chat it is about has to be fetched."""
        return bool(self.chat_id) and (self.action in _HINTS or (self.action == INCOMING_EVENT and self._changes_the_thread()))

    def notice(self, source_id: str, received_at: datetime, notice_id: str) -> Notice:
        """Return the notice that the chat is to be fetched. Only what happens once has a lasting key: a tag may be set twice."""
        happens_once = self.action in (CHAT_DEACTIVATED, INCOMING_EVENT)
        key = f"{self.action}:{self.thread_id or self.chat_id}:{self._digest() if happens_once else notice_id}"
        return Notice(notice_id, source_id, self.action, key, self.content, received_at)

    def rejected(self) -> Rejected:
        """Return why nothing can be made of it."""
        body = bodies.encode(self.content)
        if not self.action:
            return Rejected("action_missing", "The webhook names no action, so nothing can be told about what it is.", body)
        if self.action in _HINTS or self.action in (INCOMING_CHAT, INCOMING_EVENT):
            return Rejected("chat_missing", f"The webhook {self.action} does not say which chat it is about.", body)
        sentence = f"Crosswalk makes nothing of the webhook {self.action}; unregister it to save the traffic."
        return Rejected("action_unused", sentence, body, key=f"action_unused:{self.action}")

    def _active_chat(self) -> Mapping[str, Any]:
        return _object(self.payload.get("active_chat")) if self.action == SESSION_FIELDS_UPDATED else self.payload

    def _changes_the_thread(self) -> bool:
        """Tell whether the event is one that a record may take: an answered form, or a rating."""
        return self.event.get("type") == _FORM or identifiers.text(self.event.get("system_message_type")).startswith(_RATED)

    def _digest(self) -> str:
        return hashlib.sha256(bodies.canonical(dict(self.payload)).encode()).hexdigest()[:_KEY_LENGTH]


def opened(value: Any, secret: str | None, header: str | None) -> Envelope:
    """Prove the sender and return the envelope without its secret; refuse with 401 what proves nothing, with 400 what is no object."""
    if not secret:
        raise RequestRefused("secret_missing", "This source has no webhook_secret; set it to the secret_key of the webhooks.", 401)
    if not isinstance(value, dict):
        raise RequestRefused("not_an_object", "The body must be a JSON object with the members action and payload.", 400)
    given = value.get(SECRET_MEMBER)
    given = header if given is None else given
    if not isinstance(given, str):
        raise RequestRefused("secret_absent", "The body has no secret_key; register the webhook with one.", 401)
    if not hmac.compare_digest(_bytes(given), _bytes(secret)):
        raise RequestRefused("secret_mismatch", "The secret_key is not the one of this source; register the webhook with that one.", 401)
    content = {name: member for name, member in value.items() if name != SECRET_MEMBER}
    return Envelope(identifiers.text(content.get("action")), _object(content.get("payload")), content)


def of_notice(notice: Notice) -> Envelope:
    """Return the envelope a notice was made from."""
    content = _object(notice.payload)
    return Envelope(notice.kind, _object(content.get("payload")), content)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
