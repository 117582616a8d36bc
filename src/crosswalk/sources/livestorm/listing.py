"""Reading a list of Livestorm page by page although it changes meanwhile.

Pages are counted by offset, so a record that leaves the list moves the next one onto a page already read. A pass that saw fewer records
than there are, or fewer than there were when it began, is therefore followed by another; the ids seen stay with the position.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crosswalk.errors import SourceRefusedError
from crosswalk.sources import bodies, identifiers
from crosswalk.sources.vendor_api import VendorApi

PAGE_SIZE = 50
JSON_API = {"Accept": "application/vnd.api+json"}
_PASSES_AT_MOST = 4
_MARK_BYTES = 6
_NO_SUCH_PAGE = 400

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a list has been read; marks are short hashes of the ids seen."""

    page: int = 0
    passes: int = 1
    began_with: int = 0
    seen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Reading":
        """Return what `stored` was made from."""
        return cls(stored["page"], stored["passes"], stored["began_with"], frozenset(stored["seen"]))

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"page": self.page, "passes": self.passes, "began_with": self.began_with, "seen": sorted(self.seen)}


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list: the items not seen before, and how to go on; None when the list has been read, or never stood still."""

    items: tuple[Any, ...]
    next: Reading | None
    gave_up: bool = False


async def page(api: VendorApi, path: str, params: Params, reading: Reading) -> Listed:
    """Read one page; a page that is no longer there ends the pass."""
    try:
        body = await api.get(path, {**params, "page[number]": reading.page, "page[size]": PAGE_SIZE}, JSON_API)
    except SourceRefusedError as error:
        if error.status != _NO_SUCH_PAGE or not reading.page:
            raise
        return _another_pass((), reading)
    items, meta = _parts(body, api)
    marks = [_mark(item) for item in items]
    fresh = tuple(item for item, mark in zip(items, marks, strict=True) if mark not in reading.seen)
    count = meta.get("record_count")
    count = count if isinstance(count, int) else 0
    began_with = reading.began_with if reading.page else count
    reading = replace(reading, began_with=began_with, seen=reading.seen.union(marks))
    if items and _more(meta, reading):
        return Listed(fresh, replace(reading, page=reading.page + 1))
    if len(reading.seen) >= count >= began_with:
        return Listed(fresh, None)
    return _another_pass(fresh, reading)


async def whole(api: VendorApi, path: str, params: Params) -> tuple[Any, ...]:
    """Read a whole list."""
    items: list[Any] = []
    reading: Reading | None = Reading()
    while reading is not None:
        listed = await page(api, path, params, reading)
        items += listed.items
        reading = listed.next
    return tuple(items)


def _another_pass(items: tuple[Any, ...], reading: Reading) -> Listed:
    if reading.passes >= _PASSES_AT_MOST:
        return Listed(items, None, gave_up=True)
    return Listed(items, replace(reading, page=0, passes=reading.passes + 1))


def _more(meta: Mapping[str, Any], reading: Reading) -> bool:
    if "next_page" in meta:
        return meta["next_page"] is not None and meta["next_page"] is not False
    count = meta.get("page_count")
    return isinstance(count, int) and reading.page + 1 < count


def _parts(body: Any, api: VendorApi) -> tuple[list[Any], Mapping[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise api.later("answers without a list")
    meta = body.get("meta")
    return body["data"], meta if isinstance(meta, dict) else {}


def _mark(item: Any) -> str:
    own = identifiers.text(item.get("id")) if isinstance(item, dict) else ""
    return hashlib.blake2b((own or bodies.canonical(item)).encode(), digest_size=_MARK_BYTES).hexdigest()
