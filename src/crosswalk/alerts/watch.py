"""Looks for causes and tells of them, at intervals, beside the turns of a worker.

Any number of processes may do this: of several, the one that moves the time of the next look on looks for causes, and each message is
taken by one. A channel that does not answer holds up the others for seconds only, and never a turn.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import httpx2
import structlog
from sqlalchemy import update

from crosswalk.alerts import looking, outbox, sending, standing
from crosswalk.alerts.drifting import Drifting
from crosswalk.alerts.outbox import Letter
from crosswalk.alerts.standing import About
from crosswalk.errors import AlertNotSentError, RetryLater
from crosswalk.store import tables
from crosswalk.store.statements import insert
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

_LOOK = "causes"


class Watch:
    """Raises, clears and tells until it is told to stop. `at` stands at the points where tests kill it."""

    def __init__(self, engine: Engine, http: httpx2.AsyncClient, at: At = nowhere) -> None:
        self._engine = engine
        self._http = http
        self._at = at
        self._drifting = Drifting(engine)

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and at every interval until `stop` is set."""
        while not stop.is_set():
            try:
                await self.sweep()
            except RetryLater as busy:
                log.warning("alerts_wait", code=busy.code, sentence=busy.sentence)
            except Exception:  # the boundary of a look: what is so now is found by the next one
                log.exception("alerts_broken")
            await self._engine.clock.sleep(self._engine.timings.alert_look)

    async def sweep(self) -> Mapping[About, int]:
        """Look if it is our turn, send what is due, and return how many alerts were raised and cleared."""
        done = await self._looked() if await self._is_our_turn() else {}
        while letter := await self._taken():
            await self._send(letter)
        return done

    async def _is_our_turn(self) -> bool:
        look, now = tables.alert_look, self._engine.clock.now()
        following = now + timedelta(seconds=self._engine.timings.alert_look)
        async with self._engine.database.write() as tx:
            await tx.execute(insert(look).values(name=_LOOK, next_at=now).on_conflict_do_nothing())
            moved = await tx.execute(update(look).where(look.c.name == _LOOK, look.c.next_at <= now).values(next_at=following))
            return bool(moved.rowcount)

    async def _looked(self) -> Mapping[About, int]:
        engine, now = self._engine, self._engine.clock.now()
        configuration = await engine.configuration.current()
        async with engine.database.read() as tx:
            found = await looking.causes(tx, configuration, now)
        found += await self._drifting.causes(configuration, now)
        await self._at("looked")
        async with engine.database.write() as tx:
            done = await standing.update_all(tx, engine.ids, engine.timings, found, now)
        if any(done.values()):
            log.info("alerts_changed", **{about.value: number for about, number in done.items()})
        return done

    async def _taken(self) -> Letter | None:
        engine, now = self._engine, self._engine.clock.now()
        async with engine.database.read() as tx:  # looking first keeps an idle process from writing
            if not await outbox.any_due(tx, now):
                return None
        async with engine.database.write() as tx:
            return await outbox.take(tx, engine.vault, engine.settings, now)

    async def _send(self, letter: Letter) -> None:
        engine = self._engine
        try:
            await sending.send(engine, self._http, letter.channel, letter.message)
        except AlertNotSentError as error:
            log.warning("alert_not_sent", channel=letter.channel.name, cause=letter.message.kind, sentence=error.sentence)
            async with engine.database.write() as tx:
                await outbox.failed(tx, engine.timings, letter, error.sentence, engine.clock.now())
            return
        await self._at("sent")
        async with engine.database.write() as tx:
            await outbox.sent(tx, letter, engine.clock.now())
