"""Several requests in one API call.

Salesforce takes up to 25 parts, of which queries and collections together make five. Each part answers for itself: the whole is a
success even when every part failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from crosswalk.model import Fault
from crosswalk.salesforce import faults

MAX_PARTS = 25
MAX_COLLECTIONS = 5  # queries and collections together

_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Subrequest:
    """One part of a composite request; `path` is absolute (`Client.path` makes it)."""

    method: str
    path: str
    reference: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubReply:
    """The answer to one part of a composite request."""

    reference: str
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def fault(self) -> Fault | None:
        """What went wrong with this part, or None."""
        if self.status == _NOT_MODIFIED or httpx2.codes.is_success(self.status):
            return None
        return faults.classify_body(self.status, self.body)


def body(subrequests: Sequence[Subrequest]) -> dict[str, Any]:
    """Return what is posted: independent parts, run in order."""
    return {
        "allOrNone": False,
        "collateSubrequests": False,  # true, the default since v49, promises no order
        "compositeRequest": [_part(subrequest) for subrequest in subrequests],
    }


def answers(body: Any) -> tuple[SubReply, ...]:
    """Return the answers in the order they came; none when the body is not that of a composite."""
    parts = body.get("compositeResponse") if isinstance(body, Mapping) else None
    if not isinstance(parts, list):
        return ()
    return tuple(
        SubReply(
            reference=str(part.get("referenceId")),
            status=int(part.get("httpStatusCode") or 0),
            headers=part.get("httpHeaders") or {},
            body=part.get("body"),
        )
        for part in parts
        if isinstance(part, Mapping)
    )


def _part(subrequest: Subrequest) -> dict[str, Any]:
    part: dict[str, Any] = {"method": subrequest.method, "url": subrequest.path, "referenceId": subrequest.reference}
    if subrequest.body is not None:
        part["body"] = subrequest.body
    if subrequest.headers:
        part["httpHeaders"] = dict(subrequest.headers)
    return part
