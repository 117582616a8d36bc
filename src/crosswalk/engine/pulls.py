"""Asks a system for everything that changed in a window, page by page.

The position after a page is stored in the commit that keeps the page's events, so a pull that dies goes on with the next page; a page that
was read but not kept is read again, which is harmless, because the inbox knows its facts. A range somebody asked for has a cursor of its
own: it never moves the one of the regular pulls.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine.vendors import Vendor, Vendors
from crosswalk.errors import CrosswalkError, RetryLater
from crosswalk.inbox import cursors
from crosswalk.inbox.cursors import Cursor
from crosswalk.inbox.receive import Receipt, Receiver
from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.model import Priority
from crosswalk.sources.base import Page, Window
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

_LEASE_SECONDS = 900
_SHORT_WAIT = timedelta(seconds=60)
_SHORT_WAITS_IN_A_ROW = 4
_BROKEN = "The pull failed unexpectedly; the log has the details, and the next pull goes on where it stood."
_RANGE = "range"


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
    remarks: tuple[str, ...] = ()  # what the system would not tell, each sentence once


@dataclass(slots=True)
class _Pull:
    """A pull under way: what it holds and how far it has come."""

    vendor: Vendor
    cursor: Cursor
    stream: str
    window: Window
    run_id: str
    position: Any
    priority: Priority
    moves_window: bool
    calls_before: int
    receipt: Receipt = field(default_factory=Receipt)
    pages: int = 0
    remarks: dict[str, None] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """The calls of the vendor's API so far."""
        return self.vendor.api.calls - self.calls_before


class Puller:
    """Runs pulls of one process. `at` stands at the points where tests kill it."""

    def __init__(self, engine: Engine, receiver: Receiver, vendors: Vendors, at: At = nowhere) -> None:
        self._engine = engine
        self._receiver = receiver
        self._vendors = vendors
        self._at = at

    async def pull(self, source: SourceConfig, stream: str) -> Pulled | None:
        """Pull what changed since the last pull of the stream, or end the one that was broken off; None while another one runs."""
        return await self._run(source, stream, None)

    async def pull_range(self, source: SourceConfig, stream: str, window: Window) -> Pulled | None:
        """Pull a range at backfill priority, or end the same one that was broken off; None while another range of the stream runs."""
        return await self._run(source, stream, window)

    async def _run(self, source: SourceConfig, stream: str, asked: Window | None) -> Pulled | None:
        vendor = self._vendors.of(source)
        pull = await self._begin(vendor, stream, asked)
        if pull is None:
            return None
        try:
            await self._pages(pull)
        except CrosswalkError as error:
            log.warning("pull_stopped", source=source.name, stream=stream, code=error.code, sentence=error.sentence)
            return await self._end(pull, RunState.STOPPED if isinstance(error, RetryLater) else RunState.FAILED, error)
        except Exception:
            await self._end(pull, RunState.FAILED, CrosswalkError(_BROKEN))
            raise
        return await self._end(pull, RunState.DONE, None)

    async def _begin(self, vendor: Vendor, stream: str, asked: Window | None) -> _Pull | None:
        engine, source = self._engine, vendor.source
        now, name = engine.clock.now(), f"{stream}:{_RANGE}" if asked else stream
        async with engine.database.write() as tx:
            cursor = await cursors.lease(tx, source.id, name, engine.ids.new(), _LEASE_SECONDS, now)
            if cursor is None:
                return None
            left = _Left.of(cursor.position)
            if left and (asked is None or left.window == asked):
                window, position = left.window, left.position
                await self._interrupted(tx, left.run_id)
            else:
                window, position = asked or self._window(vendor, stream, cursor, now), None
            kind = RunKind.MANUAL if asked else RunKind.PULL
            run_id = await runs.start(tx, engine.ids, kind, now, source_id=source.id)
        priority = Priority.BACKFILL if asked else Priority.STREAM
        return _Pull(vendor, cursor, stream, window, run_id, position, priority, asked is None, vendor.api.calls)

    def _window(self, vendor: Vendor, stream: str, cursor: Cursor, now: datetime) -> Window:
        reach = vendor.kind.reach(vendor.source.settings, stream)
        end = now - reach.lag
        if cursor.window_end is None:
            return Window(end - reach.first, end)
        return Window(cursor.window_end - reach.overlap, max(end, cursor.window_end))

    async def _interrupted(self, tx: AsyncConnection, run_id: str) -> None:
        run = await runs.get(tx, run_id)
        if run and run.state is RunState.RUNNING:
            await runs.finish(tx, run_id, RunState.STOPPED, self._engine.clock.now(), "It was interrupted; a later run went on with it.")

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
            pull.receipt = _sum(pull.receipt, receipt)
            pull.position = page.position
            if page.position is None:
                return

    def _remark(self, pull: _Pull, page: Page) -> None:
        """Take what the system would not tell into the run, each sentence once."""
        for sentence in page.remarks:
            if sentence not in pull.remarks:
                log.warning("pull_remark", source=pull.vendor.source.name, stream=pull.stream, sentence=sentence)
                pull.remarks[sentence] = None

    async def _read(self, pull: _Pull) -> Page:
        engine, vendor = self._engine, pull.vendor
        return await vendor.kind.pull(
            vendor.api, vendor.source, pull.stream, pull.window, pull.position, engine.clock.now(), engine.ids.new
        )

    async def _keep(self, pull: _Pull, page: Page) -> Receipt:
        """Keep a page and move the cursor, in one commit."""

        async def move(tx: AsyncConnection, receipt: Receipt) -> None:
            del receipt
            now = self._engine.clock.now()
            if page.position is not None:
                stored = _Left(pull.window, pull.run_id, page.position).stored()
                await cursors.advance(tx, pull.cursor, stored, pull.cursor.window_end, _LEASE_SECONDS, now)
                return
            end = pull.window.end if pull.moves_window else pull.cursor.window_end
            await cursors.advance(tx, pull.cursor, None, end, _LEASE_SECONDS, now)

        fingerprint = pull.vendor.kind.fingerprint
        return await self._receiver.receive_page(
            pull.vendor.source, page.accepted, move, fingerprint=fingerprint, run_id=pull.run_id, priority=pull.priority
        )

    async def _end(self, pull: _Pull, state: RunState, error: CrosswalkError | None) -> Pulled:
        told = f"{pull.stream}: {pull.pages} pages, {pull.receipt.repeats} repeats, {pull.receipt.invalid} invalid, {pull.calls} calls."
        detail = " ".join([told, *([error.sentence] if error else []), *pull.remarks])
        async with self._engine.database.write() as tx:
            await cursors.release(tx, pull.cursor)
            await runs.finish(tx, pull.run_id, state, self._engine.clock.now(), detail)
        return Pulled(pull.run_id, pull.stream, pull.window, pull.receipt, pull.pages, pull.calls, state, error, tuple(pull.remarks))


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


def _sum(first: Receipt, second: Receipt) -> Receipt:
    return Receipt(
        events=first.events + second.events,
        notices=first.notices + second.notices,
        repeats=first.repeats + second.repeats,
        invalid=first.invalid + second.invalid,
    )
