"""The log of everything that was written to an org, oldest first.

Writes are many and seldom looked at, so all but the latest are packed into bytes, which are a fraction of the size and no work for the
garbage collector; reading unpacks them.
"""

import marshal
from collections import deque
from collections.abc import Iterable, Iterator

from localorg.transaction import Write

_BLOCK = 1000
_BLOCKS_KEPT = 1000


class WriteLog:
    """The latest million writes, give or take a block."""

    def __init__(self) -> None:
        self._packed: deque[bytes] = deque(maxlen=_BLOCKS_KEPT)
        self._latest: list[Write] = []

    def extend(self, writes: Iterable[Write]) -> None:
        """Add writes at the end."""
        self._latest.extend(writes)
        while len(self._latest) > 2 * _BLOCK:
            self._packed.append(_pack(self._latest[:_BLOCK]))
            del self._latest[:_BLOCK]

    def clear(self) -> None:
        """Forget all."""
        self._packed.clear()
        self._latest.clear()

    def __len__(self) -> int:
        return len(self._packed) * _BLOCK + len(self._latest)

    def __iter__(self) -> Iterator[Write]:
        for block in tuple(self._packed):
            yield from (Write(*each) for each in marshal.loads(block))  # noqa: S302  # bytes that were packed here
        yield from tuple(self._latest)


def _pack(writes: list[Write]) -> bytes:
    return marshal.dumps([tuple(each) for each in writes])
