"""Keeps turns going: looks for orgs with due lanes, gives each a turn, sleeps when nothing is due.

A turn starts when enough people are due or the oldest has waited `linger`; interactive work never waits. An error that nobody expected is
logged and ends its turn only: the lease runs out and the work comes again.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from crosswalk import flow
from crosswalk.engine.orgs import Orgs
from crosswalk.errors import ConfigurationError, CrosswalkError, PauseConnection, RetryLater
from crosswalk.inbox import deliveries, lanes
from crosswalk.inbox.lanes import Due
from crosswalk.journal import callouts
from crosswalk.ledger import changes, claims
from crosswalk.model import Priority
from crosswalk.turn import pausing
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

ENOUGH = 1_000  # lanes that make lingering pointless


class Beside(Protocol):
    """Work that goes on beside the turns, so that neither waits for the other: fetching notices, keeping house."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; it may be cancelled at any line."""
        ...


class Worker:
    """Works off due lanes until it is told to stop; any number may run on one database."""

    def __init__(self, engine: Engine, orgs: Orgs, at: At = nowhere, beside: Sequence[Beside] = ()) -> None:
        self._engine = engine
        self._orgs = orgs
        self._at = at
        self._beside = beside
        self._pauses: dict[str, float] = {}
        self._settle_again: dict[tuple[str, int], float] = {}  # connection and slot → not before
        self._ripens = 0.0  # seconds until lanes that linger are ripe, as of the last sweep; 0 when none linger

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a turn under way is finished first, what runs beside it is left to come again."""
        beside = [asyncio.create_task(one.run(stop), name=type(one).__name__.lower()) for one in self._beside]
        try:
            while not stop.is_set():
                try:
                    worked = await self.sweep()
                except RetryLater as busy:
                    log.warning("worker_waits", code=busy.code, sentence=busy.sentence)
                    worked = 0
                if not worked:
                    await self._idle(stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _idle(self, stop: asyncio.Event) -> None:
        waiting = asyncio.ensure_future(stop.wait())
        longest = self._engine.timings.idle_poll
        pause = asyncio.ensure_future(self._engine.clock.sleep(min(self._ripens or longest, longest)))
        await asyncio.wait({waiting, pause}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, pause):
            task.cancel()
        await asyncio.gather(waiting, pause, return_exceptions=True)

    async def sweep(self, *, linger: bool = True) -> int:
        """Give one turn to every slot with due lanes; return how many deliveries were looked at."""
        now = self._engine.clock.now()
        async with self._engine.database.write() as tx:
            await deliveries.expire_deadlines(tx, now)
            await claims.expire(tx, now)
        async with self._engine.database.read() as tx:
            due = await lanes.due_connections(tx, now)
            unanswered = await changes.ripe(tx, now)
        lingering = {id(one): pause for one in due if linger and (pause := self._lingers(one)) > 0}
        worked = sum([await self._slot(one.connection_id, one.slot) for one in due if id(one) not in lingering])
        if unanswered:
            await self._settle({slot for _, slot in unanswered}, {(one.connection_id, one.slot) for one in due})
        self._ripens = min(lingering.values(), default=0.0)
        await self._note_failures()
        return worked

    async def _note_failures(self) -> None:
        failed = self._orgs.failed()
        if failed:
            async with self._engine.database.write() as tx:
                await callouts.write(tx, self._engine.ids, failed, self._engine.clock.now())

    def _lingers(self, due: Due) -> float:
        """Return for how many seconds the lanes still wait for company; 0 or less when their turn has come."""
        timings = self._engine.timings
        if due.priority is Priority.INTERACTIVE or due.lanes >= ENOUGH:
            return 0.0
        linger = timings.linger_backfill if due.priority is Priority.BACKFILL else timings.linger_stream
        return linger - (self._engine.clock.now() - due.oldest).total_seconds()

    async def _settle(self, slots: Collection[int], busy: Collection[tuple[str, int]]) -> None:
        """Give a turn to slots with nothing but writes without a reply, as when the person they were for has been forgotten since."""
        now = self._engine.clock.monotonic()
        for connection_id in (await self._engine.configuration.current()).connections:
            for place in {(connection_id, slot) for slot in slots} - set(busy):
                if self._settle_again.get(place, 0.0) <= now:
                    self._settle_again[place] = now + self._engine.timings.busy_retry
                    await self._slot(*place)

    async def _slot(self, connection_id: str, slot: int) -> int:
        engine = self._engine
        configuration = await engine.configuration.current()
        connection = configuration.connections.get(connection_id)
        if connection is None or connection.paused_reason:
            return 0
        if self._pauses.get(connection.id, 0.0) > engine.clock.monotonic():
            return 0
        try:
            org = await self._orgs.of(connection)
            return await flow.turn(engine, org, slot, self._at)
        except (PauseConnection, ConfigurationError) as stop:
            await pausing.pause(engine, connection.id, stop.sentence)
            log.warning("connection_paused", connection=connection.name, code=stop.code, sentence=stop.sentence)
        except CrosswalkError as error:
            self._pauses[connection.id] = engine.clock.monotonic() + engine.timings.busy_retry
            log.warning("turn_failed", connection=connection.name, code=error.code, sentence=error.sentence)
        except Exception:  # the boundary of a turn: its lease runs out and the work comes again
            self._pauses[connection.id] = engine.clock.monotonic() + engine.timings.busy_retry
            log.exception("turn_broken", connection=connection.name)
        return 0
