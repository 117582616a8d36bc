"""Changes become calls: one object, operation and set of headers each, rows of one parent together, never a record or key twice."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from crosswalk.model import Call, Change, Headers, Operation

MAX_BYTES = 5_000_000
MAX_ROWS = 1_000
_as_json = json.JSONEncoder(default=str).encode


def pack(changes: Sequence[Change], rows: Mapping[tuple[str, Operation], int], new_id: Callable[[], str]) -> list[Call]:
    """Pack changes into calls of at most `rows[(object, operation)]` rows (200 when unknown) and five megabytes.

    A change whose record or key is already in a call goes into a later one.
    """
    groups: defaultdict[tuple[str, Operation, Headers], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.object, change.operation, change.headers].append(change)
    calls: list[Call] = []
    for (object_name, operation, headers), group in groups.items():
        limit = max(1, min(rows.get((object_name, operation), 200), MAX_ROWS))
        calls.extend(
            Call(new_id(), object_name, operation, headers, tuple(part)) for part in _parts(sorted(group, key=_parent_first), limit)
        )
    return calls


def _parent_first(change: Change) -> tuple[str, str]:
    return change.parent_id or "", change.id


def _parts(changes: Sequence[Change], limit: int) -> list[list[Change]]:
    parts: list[list[Change]] = []
    waiting = list(changes)
    while waiting:
        part, waiting = _fill(waiting, limit)
        parts.append(part)
    return parts


def _fill(changes: Sequence[Change], limit: int) -> tuple[list[Change], list[Change]]:
    part: list[Change] = []
    rest: list[Change] = []
    seen: set[str] = set()
    size = 0
    for change in changes:
        names = {change.key, change.record_id or change.id}
        if len(part) >= limit or seen & names:
            rest.append(change)
            continue
        weight = _weight(change)
        if part and size + weight > MAX_BYTES:
            rest.append(change)
            continue
        part.append(change)
        seen |= names
        size += weight
    return part, rest


def _weight(change: Change) -> int:
    """Return at least the bytes of the row as it will be sent, commas and type included."""
    row = {"attributes": {"type": change.object}, "id": change.record_id or "", **change.fields}
    return len(_as_json(row)) + 2
