"""Asks a system for everything that changed in a window, page by page.

The position after a page is stored in the commit that keeps the page's events, so a pull that dies goes on with the next page; a page that
was read but not kept is read again, which is harmless, because the inbox knows its facts. A range or a session somebody asked for has a
cursor of its own: it never moves the one of the regular pulls, and live work never waits for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import alive, orders, rereads
from crosswalk.engine.orders import Order
from crosswalk.engine.vendors import Vendor, Vendors
from crosswalk.errors import ConfigurationError, CrosswalkError, RetryLater
from crosswalk.inbox import cursors
from crosswalk.inbox.cursors import Cursor
from crosswalk.inbox.receive import Receipt, Receiver
from crosswalk.journal import callouts, runs
from crosswalk.journal.runs import Progress, RunState
from crosswalk.sources.base import Page, Refetching, Window
from crosswalk.sources.vendor_api import Tally, tallied
from crosswalk.store.configuration import SourceConfig
from crosswalk.store.texts import storable
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

_STREAM_LENGTH = 80
_SHORT_WAIT = timedelta(seconds=60)
_SHORT_WAITS_IN_A_ROW = 4
_BROKEN = "The pull failed unexpectedly; the log has the details, and the next pull goes on where it stood."
_STOPPED = "It was stopped; what it had read is kept."
_ENDING = "The process that pulled was ended; another one goes on where it stood."


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of one pull; `error` says what ended it early."""

    run_id: str
    stream: str
    window: Window
    receipt: Receipt
    pages: int
    calls: int
    state: RunState
    error: CrosswalkError | None = None
    resumed: bool = False  # it ended a window that an earlier pull had begun
    remarks: tuple[str, ...] = ()  # what the system would not tell, each sentence once


@dataclass(slots=True)
class _Pull:
    """A pull under way: what it holds and how far it has come."""

    vendor: Vendor
    order: Order
    cursor: Cursor
    window: Window
    run_id: str
    position: Any
    resumed: bool
    tally: Tally
    receipt: Receipt = field(default_factory=Receipt)
    pages: int = 0
    stopping: bool = False
    remarks: dict[str, None] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """The calls of the vendor's API so far."""
        return self.tally.calls

    @property
    def stream(self) -> str:
        """The stream that is pulled."""
        return self.order.stream

    def progress(self, page: Receipt | None = None) -> Progress:
        """Return how far it has come, with the page at hand."""
        receipt = self.receipt + (page or Receipt())
        pages = self.pages + (page is not None)
        start, end = self.window.start.isoformat(), self.window.end.isoformat()
        return Progress(pages, receipt.events, receipt.notices, receipt.repeats, receipt.invalid, self.calls, start, end)


class Puller:
    """Runs pulls of one process. `at` stands at the points where tests kill it."""

    def __init__(
        self, engine: Engine, receiver: Receiver, vendors: Vendors, at: At = nowhere, ending: Callable[[], bool] = lambda: False
    ) -> None:
        self._engine = engine
        self._receiver = receiver
        self._vendors = vendors
        self._at = at
        self._ending = ending  # whether this process is to end: a pull under way finishes its page

    async def pull(self, source: SourceConfig, stream: str) -> Pulled | None:
        """Pull what changed since the last pull of the stream, or end the one that was broken off; None while another one runs."""
        return await self.run(source, orders.since_last(stream))

    async def pull_range(self, source: SourceConfig, stream: str, window: Window) -> Pulled | None:
        """Pull a range at backfill priority, or end the same one that was broken off; None while another range of the stream runs."""
        return await self.run(source, orders.of_range(stream, window))

    async def run(self, source: SourceConfig, order: Order) -> Pulled | None:
        """Pull what is ordered, or end the same that was broken off; None while another pull has the cursor."""
        vendor = self._vendors.of(source)
        with tallied() as tally:
            pull = await self._begin(vendor, order, tally)
            return None if pull is None else await self._ran(pull)

    async def _ran(self, pull: _Pull) -> Pulled:
        try:
            await alive.kept(self._pages(pull), lambda: self._hold(pull))
        except CrosswalkError as error:
            log.warning("pull_stopped", source=pull.vendor.source.name, stream=pull.stream, code=error.code, sentence=error.sentence)
            return await self._end(pull, RunState.STOPPED if isinstance(error, RetryLater) else RunState.FAILED, error)
        except Exception:
            await self._end(pull, RunState.FAILED, CrosswalkError(_BROKEN))
            raise
        if pull.position is None:
            return await self._end(pull, RunState.DONE, None)
        now = self._engine.clock.now()
        return await self._end(pull, RunState.STOPPED, CrosswalkError(_STOPPED) if pull.stopping else RetryLater(_ENDING, now))

    async def _hold(self, pull: _Pull) -> None:
        """Hold the cursor longer: a page may take its time."""
        async with self._engine.database.write() as tx:
            await cursors.hold(tx, pull.cursor, alive.LEASE_SECONDS, self._engine.clock.now())

    async def _begin(self, vendor: Vendor, order: Order, tally: Tally) -> _Pull | None:
        engine, source = self._engine, vendor.source
        now = engine.clock.now()
        async with engine.database.write() as tx:
            cursor = await cursors.lease(tx, source.id, order.cursor, engine.ids.new(), alive.LEASE_SECONDS, now)
            if cursor is None:
                return None
            left = _Left.of(cursor.position)
            if left and order.window not in (None, left.window):
                left = None
            window = left.window if left else self._window(vendor, order, cursor, now)
            told = storable(order.subject or order.stream, _STREAM_LENGTH)
            await runs.interrupt(tx, source.id, told, order.kinds, now)
            pull = _Pull(vendor, order, cursor, window, "", left and left.position, left is not None, tally)
            pull.run_id = await runs.start(tx, engine.ids, order.kind, now, source_id=source.id, stream=told, progress=pull.progress())
        return pull

    def _window(self, vendor: Vendor, order: Order, cursor: Cursor, now: datetime) -> Window:
        if order.window or order.subject:
            return order.window or Window(now, now)
        reach = vendor.kind.reach(vendor.source.settings, order.stream)
        end = now - reach.lag
        if order.last is None:
            if cursor.window_end is None:
                return Window(end - reach.first, end)
            return Window(cursor.window_end - reach.overlap, max(end, cursor.window_end))
        if cursor.window_end is None:
            return Window(end - order.last, end)
        # A process that was away for longer than the window goes back to where the last pull came to, and a little further.
        reached = cursor.window_end - min(reach.overlap, order.last / 3)
        return Window(min(end - order.last, reached), max(end, cursor.window_end))

    async def _pages(self, pull: _Pull) -> None:
        waits = 0
        while True:
            try:
                page = await self._read(pull)
                await self._at("P1")
                receipt = await self._keep(pull, page)
                await self._at("P2")
            except RetryLater as later:
                waits += 1
                if waits > _SHORT_WAITS_IN_A_ROW or later.due - self._engine.clock.now() > _SHORT_WAIT:
                    raise
                await self._engine.clock.sleep(max((later.due - self._engine.clock.now()).total_seconds(), 0))
                continue
            waits = 0
            pull.pages += 1
            self._remark(pull, page)
            pull.receipt = pull.receipt + receipt
            pull.position = page.position
            if page.position is None or pull.stopping or self._ending():
                return

    def _remark(self, pull: _Pull, page: Page) -> None:
        """Take what the system would not tell into the run, each sentence once."""
        for sentence in page.remarks:
            if sentence not in pull.remarks:
                log.warning("pull_remark", source=pull.vendor.source.name, stream=pull.stream, sentence=sentence)
                pull.remarks[sentence] = None

    async def _read(self, pull: _Pull) -> Page:
        engine, vendor, now = self._engine, pull.vendor, self._engine.clock.now()
        if pull.order.subject is None:
            return await vendor.kind.pull(vendor.api, vendor.source, pull.stream, pull.window, pull.position, now, engine.ids.new)
        if not isinstance(vendor.kind, Refetching):
            raise ConfigurationError(f"A source of the kind {vendor.source.kind!r} cannot be asked for one session or conversation.")
        return await vendor.kind.refetch(vendor.api, vendor.source, pull.order.subject, pull.position, now, engine.ids.new)

    async def _keep(self, pull: _Pull, page: Page) -> Receipt:
        """Keep a page and move the cursor, in one commit."""

        async def move(tx: AsyncConnection, receipt: Receipt) -> None:
            engine, now = self._engine, self._engine.clock.now()
            pull.stopping = await runs.advance(tx, pull.run_id, pull.progress(receipt))
            await rereads.note(tx, engine.ids, pull.vendor, page.ended, now)
            if page.position is not None:
                stored = _Left(pull.window, pull.run_id, page.position).stored()
                await cursors.advance(tx, pull.cursor, stored, pull.cursor.window_end, alive.LEASE_SECONDS, now)
                return
            end = pull.window.end if pull.order.is_regular else pull.cursor.window_end
            await cursors.advance(tx, pull.cursor, None, end, alive.LEASE_SECONDS, now)

        fingerprint = pull.vendor.kind.fingerprint
        return await self._receiver.receive_page(
            pull.vendor.source, page.accepted, move, fingerprint=fingerprint, run_id=pull.run_id, priority=pull.order.priority
        )

    async def _end(self, pull: _Pull, state: RunState, error: CrosswalkError | None) -> Pulled:
        told = f"{pull.stream}: {pull.pages} pages, {pull.receipt.repeats} repeats, {pull.receipt.invalid} invalid, {pull.calls} calls."
        detail = " ".join([told, *([error.sentence] if error else []), *pull.remarks])
        async with self._engine.database.write() as tx:
            if pull.order.subject is not None and pull.position is None:
                await cursors.drop(tx, pull.cursor)
            else:
                await cursors.release(tx, pull.cursor)
            await runs.finish(tx, pull.run_id, state, self._engine.clock.now(), detail)
            await callouts.write(tx, self._engine.ids, self._vendors.failed(), self._engine.clock.now())
        return Pulled(
            run_id=pull.run_id,
            stream=pull.stream,
            window=pull.window,
            receipt=pull.receipt,
            pages=pull.pages,
            calls=pull.calls,
            state=state,
            error=error,
            resumed=pull.resumed,
            remarks=tuple(pull.remarks),
        )


@dataclass(frozen=True, slots=True)
class _Left:
    """What a cursor holds in the middle of a window."""

    window: Window
    run_id: str
    position: Any

    @classmethod
    def of(cls, stored: Any) -> "_Left | None":
        """Return what `stored` was made from; None when no window is under way."""
        if stored is None:
            return None
        window = Window(datetime.fromisoformat(stored["start"]), datetime.fromisoformat(stored["end"]))
        return cls(window, stored["run"], stored["at"])

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"start": self.window.start.isoformat(), "end": self.window.end.isoformat(), "run": self.run_id, "at": self.position}
