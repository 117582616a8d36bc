"""Takes a file into the inbox, page by page, at backfill priority.

How far it has come is written down in the commit of each page, under the mark of the file's content: the same file, begun again after a
crash, goes on with the page that was not kept, as the same run. What has been read is not read for nothing either way, because the inbox
knows its facts. Without a mark, as with standard input, a second attempt begins at the first line.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine.files import bodies
from crosswalk.engine.files.bodies import Item
from crosswalk.errors import RetryLater
from crosswalk.inbox import cursors
from crosswalk.inbox.cursors import Cursor
from crosswalk.inbox.receive import Receipt, Receiver
from crosswalk.journal import runs
from crosswalk.journal.runs import Progress, RunKind
from crosswalk.model import Accepted, Priority, Rejected
from crosswalk.sources import registry
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import At, Engine, nowhere

AT_ONCE = 500  # items of a page
_LEASE_SECONDS = 5.0  # a page takes a fraction of it; whoever was killed keeps others waiting no longer
_POLL_SECONDS = 0.5
_TRIES = 20


def mark_of(path: Path) -> str:
    """Return what stands for the content of a file, wherever it lies and whatever it is called."""
    with path.open("rb") as stream:
        return f"file:{hashlib.file_digest(stream, 'sha256').hexdigest()[:40]}"


@dataclass(slots=True)
class Begun:
    """A file that is being taken in: its run, how many items have been kept, and what became of them."""

    run_id: str
    items: int = 0
    pages: int = 0
    receipt: Receipt = field(default_factory=Receipt)
    is_whole: bool = False  # nothing of the file is left to be read
    is_resumed: bool = False
    cursor: Cursor | None = None

    def with_page(self, items: int, receipt: Receipt, *, is_whole: bool) -> "Begun":
        """Return how far it has come with one more page."""
        return replace(self, items=self.items + items, pages=self.pages + 1, receipt=self.receipt + receipt, is_whole=is_whole)

    @property
    def progress(self) -> Progress:
        """How far it has come, for the run."""
        kept = self.receipt
        return Progress(self.pages, kept.events, kept.notices, kept.repeats, kept.invalid)

    def stored(self) -> dict[str, Any]:
        """Return what a later attempt needs to go on."""
        kept = self.receipt
        counts = [kept.events, kept.notices, kept.repeats, kept.invalid]
        return {"run": self.run_id, "items": self.items, "pages": self.pages, "receipt": counts, "whole": self.is_whole}

    @classmethod
    def of(cls, cursor: Cursor) -> "Begun":
        """Return what an earlier attempt has left."""
        left = cursor.position
        return cls(left["run"], left["items"], left["pages"], Receipt(*left["receipt"]), left["whole"], is_resumed=True, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """What has just been kept: how far that is, and the items that are no events."""

    begun: Begun
    invalid: tuple[Rejected, ...]


class Backfill:
    """Takes one file of a source in. `at` stands at the points where tests kill it."""

    def __init__(
        self, engine: Engine, receiver: Receiver, source: SourceConfig, mark: str, *, at: At = nowhere, at_once: int = AT_ONCE
    ) -> None:
        self._engine = engine
        self._receiver = receiver
        self._source = source
        self._mark = mark
        self._at = at
        self._at_once = at_once

    async def begin(self, waiting: Callable[[], None]) -> Begun:
        """Begin a run, or go on with the one that was broken off; `waiting` is called once while another process reads the same file."""
        engine, is_told = self._engine, False
        while True:
            async with engine.database.write() as tx:
                begun = await self._begun(tx)
            if begun is not None:
                return begun
            if not is_told:
                waiting()
                is_told = True
            await engine.clock.sleep(_POLL_SECONDS)

    async def take(self, begun: Begun, items: Iterator[Item]) -> AsyncIterator[Page]:
        """Keep the items behind those that were kept before, a page at a time, and tell each page once it is committed.

        Raises `Replan` when another process has taken the file over, `RetryLater` when the database is busy for long.
        """
        for _ in islice(items, begun.items):  # they were kept by an earlier attempt
            pass
        while not begun.is_whole:
            part = list(islice(items, self._at_once))
            accepted = bodies.accepted(self._source, part, self._engine.clock.now(), self._engine.ids.new)
            is_whole = len(part) < self._at_once
            await self._at("F1")
            begun = await self._kept(begun, accepted, len(part), is_whole=is_whole)
            await self._at("F2")
            yield Page(begun, accepted.invalid)

    async def let_go(self, begun: Begun) -> None:
        """Let others go on with the file; what has been kept stays so."""
        if begun.cursor is not None:
            async with self._engine.database.write() as tx:
                await cursors.release(tx, begun.cursor)

    async def close(self, begun: Begun) -> None:
        """Forget how far the file was read: all of it has come to its end."""
        if begun.cursor is not None:
            async with self._engine.database.write() as tx:
                await cursors.forget(tx, self._source.id, self._mark)

    async def _begun(self, tx: AsyncConnection) -> Begun | None:
        engine, now = self._engine, self._engine.clock.now()
        cursor = None
        if self._mark:
            cursor = await cursors.lease(tx, self._source.id, self._mark, engine.ids.new(), _LEASE_SECONDS, now)
            if cursor is None:
                return None
            if cursor.position is not None:
                begun = Begun.of(cursor)
                await runs.reopen(tx, begun.run_id)
                return begun
        begun = Begun(await runs.start(tx, engine.ids, RunKind.BACKFILL, now, source_id=self._source.id), cursor=cursor)
        if cursor is not None:
            await cursors.advance(tx, cursor, begun.stored(), None, _LEASE_SECONDS, now)
        return begun

    async def _kept(self, begun: Begun, accepted: Accepted, items: int, *, is_whole: bool) -> Begun:
        """Keep a page and move the cursor, in one commit."""
        engine = self._engine

        async def move(tx: AsyncConnection, receipt: Receipt) -> None:
            reached = begun.with_page(items, receipt, is_whole=is_whole)
            await runs.advance(tx, begun.run_id, reached.progress)
            if begun.cursor is not None:
                await cursors.advance(tx, begun.cursor, reached.stored(), None, _LEASE_SECONDS, engine.clock.now())

        fingerprint = registry.source(self._source.kind).fingerprint
        tries = 0
        while True:
            try:
                receipt = await self._receiver.receive_page(
                    self._source, accepted, move, fingerprint=fingerprint, run_id=begun.run_id, priority=Priority.BACKFILL
                )
                return begun.with_page(items, receipt, is_whole=is_whole)
            except RetryLater as busy:
                tries += 1
                if tries == _TRIES:
                    raise
                await engine.clock.sleep(max((busy.due - engine.clock.now()).total_seconds(), _POLL_SECONDS))
