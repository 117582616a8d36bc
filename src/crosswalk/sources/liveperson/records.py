"""A record of the history, or the model a widget sees, becomes an event about its conversation.

The entity is the conversation, under one name however it is told: the chat id without the account in front, or the conversation id. Records
bear no time of change, so what one says is as new as the moment it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crosswalk.model import EPOCH, Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.liveperson import cleaning, derived, transcript
from crosswalk.sources.liveperson.settings import AttributeOrder, LivePersonSettings

CHAT_STARTED, MESSAGING_STARTED = "chat.started", "messaging.started"
MESSAGING_OPEN = "messaging.open"
CHAT_ENDED, MESSAGING_ENDED = "chat.ended", "messaging.ended"

Json = dict[str, Any]

_MICROSECOND = datetime.resolution
_RANKS = {CHAT_STARTED: 0, MESSAGING_STARTED: 0, MESSAGING_OPEN: 1, CHAT_ENDED: 2, MESSAGING_ENDED: 2}
_DEEPEST = 40
_KEY_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Reading:
    """What the events of one page have in common."""

    source_id: str
    settings: LivePersonSettings
    received_at: datetime

    def chat(self, record: Any, event_id: str) -> Event | Rejected:
        """Return the event of an ended chat, or why it cannot be read."""
        found = self._cleaned(record)
        if isinstance(found, Rejected):
            return found
        info = _object(found.get("info"))
        entity = self.chat_id(identifiers.text(info.get("engagementId")))
        if not entity:
            return _unreadable("id_missing", "The chat has no engagementId, so nothing can be told about it.", record)
        known = found | {"derived": derived.of_chat(found, self.settings)}
        at = derived.instant(info, "endTime") or derived.instant(info, "startTime")
        who = {"anonymous_id": identifiers.text(info.get("visitorId"))}
        return self._event(CHAT_ENDED, entity, at, known, who, event_id)

    def messaging(self, record: Any, event_id: str) -> Event | Rejected:
        """Return the event of a messaging conversation, or why it cannot be read."""
        found = self._cleaned(record)
        if isinstance(found, Rejected):
            return found
        info = _object(found.get("info"))
        entity = identifiers.text(info.get("conversationId"))
        if not entity:
            return _unreadable("id_missing", "The conversation has no conversationId, so nothing can be told about it.", record)
        kind = MESSAGING_ENDED if info.get("status") == "CLOSE" else MESSAGING_OPEN
        known = found | {"derived": derived.of_messaging(found)}
        consumer = next(iter(cleaning.objects(found.get("consumerParticipants"))), {})
        who = {"anonymous_id": identifiers.text(consumer.get("participantId"))}
        return self._event(kind, entity, derived.instant(info, "endTime") or _last_said(found, info), known, who, event_id)

    def widget(self, model: Any, event_id: str) -> Event | Rejected:
        """Return the event of a conversation as the agent's widget sees it, or why it cannot be read."""
        found = self._cleaned(model)
        if isinstance(found, Rejected):
            return found
        chat = _object(found.get("chatInfo"))
        entity = identifiers.text(chat.get("rtSessionId"))
        if not entity:
            return _unreadable("id_missing", "The widget's model has no chatInfo.rtSessionId, so nothing can be told about it.", model)
        kind = MESSAGING_STARTED if chat.get("isMessaging") is True else CHAT_STARTED
        began = chat.get("chatStartTime")
        at = moments.from_unix(began / 1000) if isinstance(began, int | float) and not isinstance(began, bool) else moments.from_iso(began)
        who = {"anonymous_id": identifiers.text(_object(found.get("visitorInfo")).get("visitorId"))}
        return self._event(kind, entity, at, found | {"derived": derived.of_widget(found, self.settings)}, who, event_id)

    def chat_id(self, engagement_id: str) -> str:
        """Return the id of a chat without its account, as the widget has it."""
        account = self.settings.account_id
        return engagement_id.removeprefix(account) or engagement_id

    def _cleaned(self, record: Any) -> Json | Rejected:
        if not isinstance(record, dict):
            return _unreadable("not_an_object", "The list holds something that is no conversation.", record)
        if bodies.deeper_than(record, _DEEPEST):
            return _unreadable("too_deep", "The conversation is nested too deep to be read.", record)
        return cleaning.cleaned(record, newest_first=self.settings.sde_order is AttributeOrder.NEWEST)

    def _event(self, kind: str, entity: str, at: datetime | None, payload: Json, who: Mapping[str, str], event_id: str) -> Event:
        told = payload["derived"]
        payload["derived"] = {**told, "conversation_id": entity}
        customer = identifiers.text(derived.attribute(payload, "CUSTOMER_INFO").get("customerId"))
        person = {**who, "email": told.get("email", ""), "phone": told.get("phone", ""), "user_id": customer}
        return Event(
            id=event_id,
            source_id=self.source_id,
            type=kind,
            occurred_at=moments.believable(at, self.received_at),
            received_at=self.received_at,
            payload=payload,
            entity_id=entity,
            revision=(self.received_at - EPOCH) // _MICROSECOND,
            person={name: value for name, value in person.items() if value},
            rank=_RANKS[kind],
        )


def _last_said(record: Json, info: Mapping[str, Any]) -> datetime | None:
    """Return when something was last said in a conversation that goes on."""
    times = [moment for one in cleaning.objects(record.get("messageRecords")) if (moment := transcript.at(one))]
    return max(times, default=derived.instant(info, "startTime"))


def _unreadable(code: str, sentence: str, record: Any) -> Rejected:
    """Return what becomes of a record that cannot be read; it counts once however often it is found."""
    body = bodies.encode(record)
    return Rejected(code, sentence, body, key=f"liveperson:{code}:{body[:_KEY_LENGTH].decode(errors='replace')}")


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
