"""The row of a table as a call: what a client adds by itself, a row need not hold.

The message id follows from the row, so that the same row again, in this file or the next, is a repeat. Who hands in a file wants it in
Salesforce: a row asks for it, unless a column `integrations.Salesforce` says false.
"""

import hashlib
from typing import Any

from crosswalk.sources import bodies

_MEMBERS = frozenset(
    {"anonymousId", "channel", "context", "event", "groupId", "integrations", "messageId", "name", "originalTimestamp", "previousId"}
    | {"properties", "sentAt", "timestamp", "traits", "type", "userId"}
)
_DESTINATION = "Salesforce"


def column(name: str) -> str:
    """Return the path a column means: a member of the call, or else a trait."""
    return name if name.partition(".")[0] in _MEMBERS else f"traits.{name}"


def complete(body: dict[str, Any]) -> dict[str, Any]:
    """Return the call that a client would post for a row."""
    mark = f"row-{hashlib.sha256(bodies.canonical(body).encode()).hexdigest()[:40]}"
    asked = body.get("integrations", {})
    added: dict[str, Any] = {"integrations": {_DESTINATION: True, **asked}} if isinstance(asked, dict) else {}
    if not body.get("userId") and not body.get("anonymousId"):
        added["anonymousId"] = mark
    return {"type": "identify", "messageId": mark, **body, **added}
