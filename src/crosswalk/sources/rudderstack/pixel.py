"""The event of a pixel call: every query parameter is a dotted path into it, and every value is text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crosswalk.errors import RequestRefused

_UNNAMED_PAGE = "Unknown Page"
_DEEPEST = 32


def entry(call: str, query: Mapping[str, str], received_at: datetime) -> dict[str, Any]:
    """Build the event a gateway builds; a track without an event name is refused."""
    now = received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    built: dict[str, Any] = {"channel": "web", "integrations": {"All": True}, "originalTimestamp": now, "sentAt": now}
    for path, value in query.items():
        if path != "writeKey":
            _put(built, path.split("."), value)
    anonymous_id = built.get("anonymousId")
    if isinstance(anonymous_id, str):
        built["anonymousId"] = anonymous_id.removeprefix('"').removesuffix('"')
    built["type"] = call
    if call == "page" and not built.get("name"):
        built["name"] = _UNNAMED_PAGE
    if call == "track" and not built.get("event"):
        raise RequestRefused("event_missing", "The pixel call has no event name; add the parameter event.", 400)
    return built


def _put(target: dict[str, Any], path: list[str], value: str) -> None:
    if len(path) > _DEEPEST:
        return
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[path[-1]] = value
