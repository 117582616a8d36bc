"""What LivePerson posts: conversations that changed, as hints only. The history is the truth.

A conversation that has ended is fetched. Whole records, and the model a widget sees, are taken too: nobody but the holder of the secret can
post them, and a file of them can be tried by `preview`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crosswalk.model import Accepted, Event, Notice, Rejected
from crosswalk.sources import bodies, identifiers
from crosswalk.sources.base import NewId
from crosswalk.sources.liveperson.cleaning import objects
from crosswalk.sources.liveperson.records import Reading

CLOSED = "conversation.closed"
_CHANGED = "cqm.ExConversationChangeNotification"
_OVER = "CLOSE"


def accepted(value: Any, reading: Reading, new_id: NewId) -> Accepted:
    """Return what a body is; one we cannot use is kept as invalid."""
    if not isinstance(value, dict):
        return Accepted(invalid=(_unusable("not_an_object", "The body is no JSON object.", value),))
    record = _record(value, reading, new_id)
    if record is not None:
        return Accepted(events=(record,)) if isinstance(record, Event) else Accepted(invalid=(record,))
    kind = identifiers.type_name(value.get("type"))
    if kind != _CHANGED:
        sentence = f"Crosswalk makes nothing of the webhook {kind[:80]}; take it out of the app to save the traffic."
        return Accepted(invalid=(_unusable("type_unused", sentence, value, key=f"type_unused:{kind[:80]}"),))
    made = list(_changes(value, reading.source_id, reading.received_at, new_id))
    notices = {notice.message_key: notice for notice in made if isinstance(notice, Notice)}
    invalid = tuple(one for one in made if isinstance(one, Rejected))
    return Accepted(notices=tuple(notices.values()), invalid=invalid)


def conversation_of(notice: Notice) -> str:
    """Return the conversation a notice points at."""
    return identifiers.text(notice.payload.get("conversation_id")) if isinstance(notice.payload, dict) else ""


def _record(value: dict[str, Any], reading: Reading, new_id: NewId) -> Event | Rejected | None:
    if isinstance(value.get("chatInfo"), dict):
        return reading.widget(value, new_id())
    info = value.get("info")
    if not isinstance(info, dict):
        return None
    return reading.messaging(value, new_id()) if "conversationId" in info else reading.chat(value, new_id())


def _changes(value: Mapping[str, Any], source_id: str, received_at: datetime, new_id: NewId) -> Iterator[Notice | Rejected]:
    body = value.get("body")
    changes = objects(body.get("changes")) if isinstance(body, dict) else []
    if not changes:
        yield _unusable("change_missing", "The notification does not say which conversation changed.", value)
    for change in changes:
        result = change.get("result")
        result = result if isinstance(result, dict) else {}
        details = result.get("conversationDetails")
        details = details if isinstance(details, dict) else {}
        conversation = identifiers.text(result.get("convId"))
        if not conversation:
            yield _unusable("change_missing", "The notification does not say which conversation changed.", change)
        elif details.get("state") != _OVER:
            sentence = "A conversation that goes on is not fetched; it is when it has ended."
            yield _unusable("conversation_open", sentence, change, key="conversation_open")
        else:
            changed = identifiers.text(details.get("metaDataLastUpdateTs")) or identifiers.text(details.get("endTs"))
            kept = {"conversation_id": conversation, "ended": details.get("endTs"), "reason": details.get("closeReason")}
            yield Notice(new_id(), source_id, CLOSED, f"{CLOSED}:{conversation}:{changed}", kept, received_at)


def _unusable(code: str, sentence: str, value: Any, key: str = "") -> Rejected:
    return Rejected(code, sentence, bodies.encode(value), key=key)
