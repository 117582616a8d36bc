"""Takes what sources accepted and answers only when it is committed.

Requests that arrive together share a commit, because the commit is what costs: one task writes, everybody else waits for it. When a shared
commit fails, each request is tried alone, and within a failing request each event alone, so that one that no database takes is kept as
invalid and hurts nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.clock import Clock
from crosswalk.errors import RequestRefused, StoreBusyError
from crosswalk.inbox.commit import Commit, Receipt
from crosswalk.inbox.prepare import Fingerprint, Preparation, Prepared, PreparedEvent, Provenance
from crosswalk.model import Accepted, Priority
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration, ConfigurationCache, SourceConfig
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault

__all__ = ["Receipt", "Receiver"]

Also = Callable[[AsyncConnection, Receipt], Awaitable[None]]

_REFUSALS = (SQLAlchemyError, ValueError, TypeError, OverflowError)  # how drivers say that they do not take a value
_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request in the queue and the promise to its caller."""

    request: Prepared
    done: asyncio.Future[Receipt] = field(repr=False)


class Receiver:
    """The door of the inbox; one per process. `close` it to let the last commit finish."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, ids: Ids, configuration: ConfigurationCache, settings: Settings
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._settings = settings
        self._preparation = Preparation(vault, ids)
        self._commit = Commit(vault, ids)
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()
        self._promised: set[asyncio.Future[Receipt]] = set()
        self._writer: asyncio.Task[None] | None = None

    async def receive(
        self,
        source: SourceConfig,
        accepted: Accepted,
        *,
        fingerprint: Fingerprint,
        run_id: str | None = None,
        priority: Priority = Priority.STREAM,
    ) -> Receipt:
        """Keep what a source accepted and return once it is committed.

        Raises `RequestRefused` (429) when too much waits, `StoreBusyError` when the database does not take it; then nothing is kept.
        """
        provenance = Provenance(source.id, self._clock.now(), run_id, priority)
        request = self._preparation.request(accepted, provenance, fingerprint)
        if not request.size:
            return Receipt()
        if self._queued + request.size > self._settings.queue_limit and self._queue:
            raise RequestRefused("overloaded", "More events arrive than can be stored at the moment; send it again later.", 429)
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._enqueue(waiting)
        return await waiting.done

    async def receive_page(
        self,
        source: SourceConfig,
        accepted: Accepted,
        also: Also,
        *,
        fingerprint: Fingerprint,
        run_id: str | None = None,
        priority: Priority = Priority.STREAM,
    ) -> Receipt:
        """Keep one page of a pull in a transaction of its own, in which `also` moves the cursor; both happen or neither.

        `also` hears what became of the page; it may run twice, when the page has to be kept item by item.
        """
        provenance = Provenance(source.id, self._clock.now(), run_id, priority)
        request = self._preparation.request(accepted, provenance, fingerprint)
        return await self._alone(request, also)

    async def close(self) -> None:
        """Commit what waits and stop."""
        while self._promised:
            await asyncio.wait(set(self._promised))
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
            self._writer = None

    def _enqueue(self, waiting: _Waiting) -> None:
        self._promised.add(waiting.done)
        waiting.done.add_done_callback(self._promised.discard)
        self._queue.append(waiting)
        self._queued += waiting.request.size
        self._arrived.set()
        if self._queued >= self._settings.commit_rows:
            self._full.set()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_for_ever(), name="inbox-writer")

    async def _write_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            await self._gather_company()
            await self._settle(self._take())

    async def _gather_company(self) -> None:
        """Wait a moment of real time: it is about this process's load, not about when anything happened."""
        if self._settings.commit_wait_ms <= 0 or self._queued >= self._settings.commit_rows:
            return
        self._full.clear()
        try:
            await asyncio.wait_for(self._full.wait(), self._settings.commit_wait_ms / 1000)
        except TimeoutError:
            return

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        rows = 0
        while self._queue and (not taken or rows + self._queue[0].request.size <= self._settings.commit_rows):
            waiting = self._queue.popleft()
            rows += waiting.request.size
            taken.append(waiting)
        self._queued -= rows
        if not self._queue:
            self._arrived.clear()
        return taken

    async def _settle(self, taken: list[_Waiting]) -> None:
        """Commit requests together, or one by one when that fails, and keep the promises; it never raises on their account."""
        try:
            receipts = await self._together([waiting.request for waiting in taken])
        except asyncio.CancelledError:
            for waiting in taken:
                waiting.done.cancel()
            raise
        except StoreBusyError as error:
            for waiting in taken:
                _break(waiting, error)
        except Exception:  # noqa: BLE001 - whose fault it was shows when each is tried alone
            for waiting in taken:
                await self._settle_alone(waiting)
        else:
            for waiting, receipt in zip(taken, receipts, strict=True):
                _keep(waiting, receipt)

    async def _settle_alone(self, waiting: _Waiting) -> None:
        try:
            receipt = await self._alone(waiting.request, _nothing)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, who gets it
            _break(waiting, error)
        else:
            _keep(waiting, receipt)

    async def _together(self, requests: list[Prepared]) -> list[Receipt]:
        configuration = await self._configuration.current()
        return await self._database.write_at_once(lambda tx: self._commit.write(tx, requests, configuration, self._clock.now()))

    async def _alone(self, request: Prepared, also: Also) -> Receipt:
        configuration = await self._configuration.current()
        try:
            async with self._database.write() as tx:
                receipts = await self._commit.write(tx, [request], configuration, self._clock.now())
                await also(tx, receipts[0])
                return receipts[0]
        except _REFUSALS:
            async with self._database.write() as tx:
                receipt = await self._item_by_item(tx, request, configuration)
                await also(tx, receipt)
                return receipt

    async def _item_by_item(self, tx: AsyncConnection, request: Prepared, configuration: Configuration) -> Receipt:
        """Keep each item behind a save point of its own; one that the database refuses is kept as invalid."""
        receipt = await self._piece(tx, replace(request, events=()), configuration) if request.notices else Receipt()
        for item in request.events:
            receipt = receipt + await self._item(tx, request, item, configuration)
        return receipt

    async def _item(self, tx: AsyncConnection, request: Prepared, item: PreparedEvent, configuration: Configuration) -> Receipt:
        try:
            async with tx.begin_nested():
                return await self._piece(tx, replace(request, events=(item,), notices=()), configuration)
        except _REFUSALS as error:
            _log.warning("event_unstorable", source_id=item.event.source_id, error=type(error).__name__)
            item = self._preparation.unstorable(item)
            return await self._piece(tx, replace(request, events=(item,), notices=()), configuration)

    async def _piece(self, tx: AsyncConnection, piece: Prepared, configuration: Configuration) -> Receipt:
        return (await self._commit.write(tx, [piece], configuration, self._clock.now()))[0]


async def _nothing(tx: AsyncConnection, receipt: Receipt) -> None:
    del tx, receipt


def _keep(waiting: _Waiting, receipt: Receipt) -> None:
    if not waiting.done.done():  # the caller may have gone away; its events are kept all the same
        waiting.done.set_result(receipt)


def _break(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
