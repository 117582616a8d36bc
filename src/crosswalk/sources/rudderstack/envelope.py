"""From a request of the data plane to its entries, with the gateway's own checks and messages.

A bad entry that came alone refuses the request, as the gateway does. Among others it is kept as invalid instead: clients throw a whole
batch away on 4xx, and the good events with it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crosswalk.errors import RequestRefused
from crosswalk.sources import bodies
from crosswalk.sources.base import Incoming
from crosswalk.sources.rudderstack import pixel

CALLS = frozenset({"identify", "track", "page", "screen", "group", "alias", "merge"})
BATCHES = frozenset({"batch", "import"})


def entries(request: Incoming, received_at: datetime) -> list[Any]:
    """Return the entries of the request, at least one."""
    last = request.path.rstrip("/").rpartition("/")[2]
    if request.method == "GET":
        return [pixel.entry(last, request.query, received_at)]
    decoded = bodies.decode(request.body).value
    if last in CALLS:
        return [{**decoded, "type": last} if isinstance(decoded, dict) else decoded]
    if last in BATCHES or (isinstance(decoded, dict) and "batch" in decoded):
        return _batch(decoded)
    return [decoded]


def _batch(decoded: Any) -> list[Any]:
    found = decoded.get("batch") if isinstance(decoded, Mapping) else None
    if not isinstance(found, list) or not found:
        raise RequestRefused("empty_batch", "empty batch payload", 400)
    return found
