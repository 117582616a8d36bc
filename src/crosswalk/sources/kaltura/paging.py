"""Reading a list of Kaltura page by page although it changes meanwhile.

Pages are counted by offset, so an item that leaves the list moves the others up unseen. Each page therefore begins with the last item of
the one before; where another stands there, the list has moved and is read from its beginning: what comes twice is known by then.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.sources import bodies, identifiers

_PASSES_AT_MOST = 4
_MARK_BYTES = 6


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list has been read; `last` is a short hash of the item read last, empty at the beginning."""

    offset: int = 0
    last: str = ""
    passes: int = 1

    @classmethod
    def of(cls, stored: Sequence[Any]) -> "Place":
        """Return what `stored` was made from."""
        offset, last, passes = stored
        return cls(offset, last, passes)

    def stored(self) -> list[Any]:
        """Return it as JSON."""
        return [self.offset, self.last, self.passes]

    def pager(self, size: int) -> dict[str, int]:
        """Return what asks for the next page."""
        return {"offset": self.offset - bool(self.last), "limit": size}

    def unread(self, listed: Sequence[Any]) -> Sequence[Any] | None:
        """Return the items of a page that have not been read; None when the list has moved."""
        if not self.last:
            return listed
        return listed[1:] if listed and _mark(listed[0]) == self.last else None

    def after(self, read: Sequence[Any]) -> "Place":
        """Return the place behind what was read; a list that never stands still is read on without looking back."""
        last = _mark(read[-1]) if read and not self.gave_up else ""
        return Place(self.offset + len(read), last, self.passes)

    def again(self) -> "Place":
        """Return the beginning of another pass."""
        return Place(passes=self.passes + 1)

    @property
    def gave_up(self) -> bool:
        """Whether the list has moved too often to wait for a pass in which it stands still."""
        return self.passes >= _PASSES_AT_MOST


def _mark(item: Any) -> str:
    own = identifiers.text(item.get("id")) if isinstance(item, dict) else ""
    return hashlib.blake2b((own or bodies.canonical(item)).encode(), digest_size=_MARK_BYTES).hexdigest()
