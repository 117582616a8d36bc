"""Pages of query results: what is left of an answer after its first page.

The locator is the last part of `nextRecordsUrl`, because some clients keep only that; it ends in the number of the record it goes on
with.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localorg import ids
from localorg.errors import SalesforceError

_LIFE = timedelta(days=2)
_KEPT = 500


@dataclass(frozen=True, slots=True)
class _Cursor:
    records: list[dict[str, Any]]
    size: int
    opened_at: datetime


class Cursors:
    """The open result sets of one org."""

    def __init__(self) -> None:
        self._cursors: dict[str, _Cursor] = {}
        self._opened = 0

    def first_page(self, records: list[dict[str, Any]], total: int, size: int, now: datetime, root: str) -> dict[str, Any]:
        """Return the answer with the first `size` records, keeping the rest for later calls."""
        if len(records) <= size:
            return {"totalSize": total, "done": True, "records": records}
        self._opened += 1
        name = ids.record_id("01g", self._opened)
        self._cursors[name] = _Cursor(records, size, now)
        while len(self._cursors) > _KEPT:
            self._cursors.pop(next(iter(self._cursors)))
        return self._page(name, 0, root)

    def next_page(self, locator: str, now: datetime, root: str) -> dict[str, Any]:
        """Return the page a locator stands for; INVALID_QUERY_LOCATOR when there is no such page any more."""
        name, _, start = locator.partition("-")
        cursor = self._cursors.get(name)
        if cursor is None or now - cursor.opened_at > _LIFE or not start.isdecimal() or int(start) >= len(cursor.records):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator", None)
        return self._page(name, int(start), root)

    def clear(self) -> None:
        """Close every result set."""
        self._cursors.clear()

    def _page(self, name: str, start: int, root: str) -> dict[str, Any]:
        cursor = self._cursors[name]
        end = start + cursor.size
        page: dict[str, Any] = {"totalSize": len(cursor.records), "done": end >= len(cursor.records)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"{root}/query/{name}-{end}"
        return page | {"records": cursor.records[start:end]}
