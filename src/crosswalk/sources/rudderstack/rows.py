"""The line of a file as a call: what a client adds by itself, a line need not hold.

A message id follows from the content, so that the same line again, in this file or the next, is a repeat. Who hands in a file wants it in
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
    asked = body.get("integrations", {})
    added: dict[str, Any] = {"integrations": {_DESTINATION: True, **asked}} if isinstance(asked, dict) else {}
    if not body.get("userId") and not body.get("anonymousId"):
        added["anonymousId"] = _mark(body)
    return {**marked({"type": "identify", **body}), **added}


def marked(body: Any) -> Any:
    """Return the call, or the batch of calls, with a message id that follows from its content where it has none."""
    if isinstance(body, dict) and isinstance(body.get("batch"), list):
        return {**body, "batch": [marked(entry) for entry in body["batch"]]}
    return {**body, "messageId": _mark(body)} if isinstance(body, dict) and body and not body.get("messageId") else body


def _mark(body: dict[str, Any]) -> str:
    return f"row-{hashlib.sha256(bodies.canonical(body).encode()).hexdigest()[:40]}"
