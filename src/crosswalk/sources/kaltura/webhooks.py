"""Event notifications: a hint that a user or an object changed, made an event of its own.

No notification tells of registration or attendance, so those are pulled; a new user's is enough to make a lead. What happened is told by
the template's system name: the numbers of event types are not documented consistently. A Kaltura session in the body is a credential and
is taken out before anything is stored.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crosswalk.model import Event, Rejected
from crosswalk.sources import bodies, identifiers, moments

USER = "user"
OTHER = "notification"
_SECRETS = frozenset({"ks", "kalturasession", "adminsecret", "usersecret"})


def without_sessions(value: Any) -> Any:
    """Return the value without Kaltura sessions and account secrets."""
    if isinstance(value, dict):
        return {name: without_sessions(member) for name, member in value.items() if name.lower() not in _SECRETS}
    if isinstance(value, list):
        return [without_sessions(item) for item in value]
    return value


def event_of(payload: Mapping[str, Any], source_id: str, received_at: datetime, event_id: str, body: bytes) -> Event | Rejected:
    """Return the event, or why it cannot be told from others."""
    job = identifiers.text(payload.get("eventNotificationJobId"))
    if not job:
        return Rejected(
            "id_missing", "The notification has no eventNotificationJobId, so a repeat could not be told.", bodies.encode(payload)
        )
    about = payload.get("object")
    about = about if isinstance(about, dict) else {}
    is_user = identifiers.text(about.get("objectType")) == "KalturaUser"
    found = {"email": identifiers.text(about.get("email")), "user_id": identifiers.text(about.get("id"))} if is_user else {}
    return Event(
        id=event_id,
        source_id=source_id,
        type=USER if is_user else OTHER,
        occurred_at=moments.believable(moments.from_unix(about.get("updatedAt")), received_at),
        received_at=received_at,
        payload=payload,
        body=body,
        message_id=f"notification:{job}",
        person={kind: value for kind, value in found.items() if value},
    )
