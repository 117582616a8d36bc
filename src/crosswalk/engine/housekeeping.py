"""Keeps what is personal no longer than it is needed: at intervals, in bounded batches, beside the turns of a worker.

Any number of processes may do this at once, and any of them may die at any line: each batch is one transaction that looks for what is
still there, so a second one finds nothing to do.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import RetryLater
from crosswalk.inbox import retention
from crosswalk.inbox.retention import Batch
from crosswalk.settings import Retention
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

Step = Callable[[AsyncConnection, str], Awaitable[Batch]]


class Housekeeping:
    """Blanks old content and deletes old traces until it is told to stop."""

    def __init__(self, engine: Engine, at: At = nowhere) -> None:
        self._engine = engine
        self._at = at

    async def run(self, stop: asyncio.Event) -> None:
        """Tidy up now and at every interval until `stop` is set."""
        while not stop.is_set():
            try:
                done = await self.sweep()
            except RetryLater as busy:
                log.warning("housekeeping_waits", code=busy.code, sentence=busy.sentence)
            except Exception:  # the boundary of a sweep: what is left is found by the next one
                log.exception("housekeeping_broken")
            else:
                if any(done.values()):
                    log.info("housekeeping_done", **done)
            await self._engine.clock.sleep(self._engine.timings.housekeeping)

    async def sweep(self) -> Mapping[str, int]:
        """Do everything that is due once and return how many rows lost their content or were deleted, by kind."""
        engine, kept = self._engine, self._engine.settings.retention
        done: Counter[str] = Counter()
        for source in (await engine.configuration.current()).sources.values():
            before = self._ago(kept.content_days if source.retention_days is None else source.retention_days)
            done["events"] += await self._batches(_events(source.id, before, kept.batch_rows))
            done["notices"] += await self._batches(_notices(source.id, before, kept.batch_rows))
        done["changes"] += await self._batches(lambda tx, after: retention.blank_forgotten(tx, kept.batch_rows, after))
        done["changes"] += await self._batches(_changes(self._ago(kept.undo_days), kept.batch_rows))
        for table, column in retention.TRACES:
            done["traces"] += await self._batches(_traces(table, column, self._ago(kept.trace_days), kept))
        return dict(done)

    async def _batches(self, step: Step) -> int:
        """Repeat a step, each time in a transaction of its own, until it finds nothing."""
        rows, after = 0, ""
        while True:
            async with self._engine.database.write() as tx:
                batch = await step(tx, after)
            await self._at("batch")
            if batch.last is None:
                return rows
            rows, after = rows + batch.rows, batch.last

    def _ago(self, days: float) -> datetime:
        return self._engine.clock.now() - timedelta(days=days)


def _events(source_id: str, before: datetime, rows: int) -> Step:
    return lambda tx, after: retention.blank_old_events(tx, source_id, before, rows, after)


def _notices(source_id: str, before: datetime, rows: int) -> Step:
    return lambda tx, after: retention.blank_old_notices(tx, source_id, before, rows, after)


def _changes(before: datetime, rows: int) -> Step:
    return lambda tx, after: retention.blank_old_changes(tx, before, rows, after)


def _traces(table: Table, column: str, before: datetime, kept: Retention) -> Step:
    return lambda tx, _: retention.delete_old_traces(tx, table, column, before, kept.trace_rows, kept.batch_rows)
