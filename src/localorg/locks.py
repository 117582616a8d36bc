"""Row locks between requests that overlap in time.

A request that takes time holds every record its body names, from its start to its commit. Another one that names the same records waits
for a while, then those rows fail with UNABLE_TO_LOCK_ROW, as Salesforce does. All locks of a request are taken at once, so none can
wait in a circle.
"""

import asyncio
import re
from typing import Any

from localorg import ids
from localorg.clock import Clock

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_NEVER_LOCKED = ("005", "00G", "012")


class Locks:
    """The records held by requests that are running now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holders: dict[str, str] = {}
        self._freed = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Tell whether any request holds a record."""
        return bool(self._holders)

    async def wait(self, keys: frozenset[str], seconds: float) -> None:
        """Return when nobody holds any of the keys, or the time is up."""
        if not self.held(keys):
            return
        deadline = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            while self.held(keys) and not deadline.done():
                freed = asyncio.ensure_future(self._freed.wait())
                await asyncio.wait({freed, deadline}, return_when=asyncio.FIRST_COMPLETED)
                freed.cancel()
        finally:
            deadline.cancel()

    def held(self, keys: frozenset[str]) -> frozenset[str]:
        """Return those keys that a request holds."""
        return frozenset(key for key in keys if key in self._holders) if self._holders else frozenset()

    def take(self, keys: frozenset[str], holder: str) -> None:
        """Hold the keys that are free."""
        for key in keys:
            self._holders.setdefault(key, holder)

    def release(self, holder: str) -> None:
        """Let go of everything a request holds, and wake those who wait."""
        self._holders = {key: each for key, each in self._holders.items() if each != holder}
        self._freed.set()
        self._freed = asyncio.Event()


def keys_of(path: str, body: Any, prefixes: frozenset[str]) -> frozenset[str]:
    """Return every record id that a request names; `prefixes` are those of the org's objects."""
    texts = re.split(r"[/,?&=]", path)
    _collect(texts, body)
    found = {ids.canonical(text) for text in texts if text[:3] in prefixes and _ID.fullmatch(text)}
    return frozenset(each for each in found if each is not None and not each.startswith(_NEVER_LOCKED))


def _collect(texts: list[str], value: Any) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for each in value.values():
            _collect(texts, each)
    elif isinstance(value, list):
        for each in value:
            _collect(texts, each)
