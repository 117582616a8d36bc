"""Fetches what webhooks only hinted at, beside the turns of a worker, so that a slow vendor never holds up a write.

Any number of processes may do this: a notice taken by one is not taken by another until its time has run out.
"""

import asyncio
from datetime import timedelta

import structlog

from crosswalk.engine.vendors import Vendor, Vendors
from crosswalk.errors import ConfigurationError, RetryLater
from crosswalk.inbox import expand
from crosswalk.inbox.expand import DueNotice, Ending, Expander
from crosswalk.inbox.receive import Receiver
from crosswalk.journal import callouts
from crosswalk.model import Accepted, Event, Notice
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.turn.context import Engine

log = structlog.get_logger()

_OFF_RETRY = timedelta(hours=1)


class Notices:
    """Fetches due notices until it is told to stop."""

    def __init__(self, engine: Engine, receiver: Receiver, vendors: Vendors) -> None:
        self._engine = engine
        self._vendors = vendors
        self._expander = Expander(engine.database, engine.vault, engine.clock, receiver)

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch until `stop` is set; one under way is given back, to be fetched again."""
        while not stop.is_set():
            try:
                worked = await self.sweep()
            except RetryLater as busy:
                log.warning("notices_wait", code=busy.code, sentence=busy.sentence)
                worked = 0
            except Exception:  # the boundary of a sweep: notices not finished come again by themselves
                log.exception("notices_broken")
                worked = 0
            if not worked:
                await self._engine.clock.sleep(self._engine.timings.idle_poll)

    async def sweep(self) -> int:
        """Fetch what is due, one after the other, and return how many there were."""
        fetched = 0
        while await self._any_due():
            for due in await self._expander.take(1):
                await self._fetch(due)
                fetched += 1
            await self._note_failures()
        return fetched

    async def _note_failures(self) -> None:
        failed = self._vendors.failed()
        if failed:
            async with self._engine.database.write() as tx:
                await callouts.write(tx, self._engine.ids, failed, self._engine.clock.now())

    async def _any_due(self) -> bool:
        async with self._engine.database.read() as tx:  # looking first keeps an idle process from writing
            return await expand.any_due(tx, self._engine.clock.now())

    async def _fetch(self, due: DueNotice) -> None:
        source = (await self._engine.configuration.current()).sources.get(due.notice.source_id)
        if source is None:
            await self._finish(due, Ending.DONE, "The source is gone.")
        elif source.state is not SourceState.ON:
            await self._finish(due, Ending.AGAIN, "The source is switched off.", wait=_OFF_RETRY)
        else:
            await self._ask(due, source)

    async def _ask(self, due: DueNotice, source: SourceConfig) -> None:
        try:
            asking = _Asking(self._engine, self._vendors.of(source))
            ending = await self._expander.expand(due, asking, source)
        except ConfigurationError as error:
            ending = Ending.HELD
            await self._finish(due, ending, error.sentence)
        except Exception:  # the boundary of a notice: a bug in one source must not stop the others
            log.exception("notice_broken", source=source.name, kind=due.notice.kind)
            ending = Ending.AGAIN
            await self._finish(due, ending, "Fetching failed unexpectedly; the log has the details.")
        log.info("notice_fetched", source=source.name, kind=due.notice.kind, ending=ending.value)

    async def _finish(self, due: DueNotice, ending: Ending, detail: str, wait: timedelta | None = None) -> None:
        now = self._engine.clock.now()
        async with self._engine.database.write() as tx:
            await expand.finish_notice(tx, due, ending, now, detail, now + wait if wait else None)


class _Asking:
    """A source and its API, as the inbox asks it."""

    def __init__(self, engine: Engine, vendor: Vendor) -> None:
        self._engine = engine
        self._vendor = vendor

    def fingerprint(self, event: Event) -> object:
        """Return what the event says about its entity."""
        return self._vendor.kind.fingerprint(event)

    async def expand(self, notice: Notice, source: SourceConfig) -> Accepted:
        """Return the events behind a notice."""
        engine = self._engine
        return await self._vendor.kind.expand(self._vendor.api, source, notice, engine.clock.now(), engine.ids.new)
