"""A message as it is said becomes an event of its own: it is whole, and fetching the chat for each would cost a call a line."""

from datetime import datetime

from crosswalk.model import Event
from crosswalk.sources import identifiers, moments
from crosswalk.sources.livechat.envelope import Envelope

MESSAGE = "chat.message"


def of_envelope(envelope: Envelope, source_id: str, received_at: datetime, event_id: str) -> Event:
    """Return the event of a message; it has no entity, because its thread is told by the chat itself."""
    said = envelope.event
    return Event(
        id=event_id,
        source_id=source_id,
        type=MESSAGE,
        occurred_at=moments.believable(moments.from_iso(said.get("created_at")), received_at),
        received_at=received_at,
        payload=dict(envelope.payload),
        message_id=f"{MESSAGE}:{identifiers.text(said.get('id'))}",
    )
