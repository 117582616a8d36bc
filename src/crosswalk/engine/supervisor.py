"""Starts jobs when their time comes and does them, beside the turns of a worker.

Any number of processes may do this: a schedule is moved on by one of them, a job is taken by one, and a stream is pulled by one. Some jobs
run at once, so that a long range of one source holds up nobody else.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import alive, jobs, orders, rereads, schedules
from crosswalk.engine.jobs import Job, JobKind
from crosswalk.engine.orders import Order
from crosswalk.engine.pulls import Pulled, Puller
from crosswalk.engine.schedules import Schedule
from crosswalk.engine.vendors import Vendors
from crosswalk.errors import BudgetSpentError, ConfigurationError, CrosswalkError, Replan, RetryLater
from crosswalk.inbox import cursors
from crosswalk.inbox.receive import Receiver
from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling, Refetching, Window
from crosswalk.store.configuration import Configuration, SourceConfig, SourceState
from crosswalk.turn.context import At, Engine, nowhere

log = structlog.get_logger()

_AT_ONCE = 4
_LAST_PAGE_SECONDS = 20
_MOST_ATTEMPTS = 8
_BUSY_RETRY = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_POLLS = 4  # jobs start at whole minutes: they need not be looked for as often as lanes


class Supervisor:
    """Starts and does jobs until it is told to stop. `at` stands at the points where tests kill a pull."""

    def __init__(self, engine: Engine, receiver: Receiver, vendors: Vendors, at: At = nowhere) -> None:
        self._engine = engine
        self._vendors = vendors
        self._ending = False
        self._puller = Puller(engine, receiver, vendors, at, lambda: self._ending)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; pulls under way finish their page, and another process goes on from there."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set():
                under_way |= {asyncio.create_task(self._do(job), name="job") for job in await self._looked(_AT_ONCE - len(under_way))}
                pause = asyncio.ensure_future(self._engine.clock.sleep(self._engine.timings.idle_poll * _POLLS))
                await asyncio.wait({pause, *under_way}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
                under_way = {task for task in under_way if not task.done()}
        finally:
            await self._end(under_way)

    async def sweep(self) -> int:
        """Do what is due, one after the other, and return how many jobs there were."""
        count = 0
        while found := await self._looked(1):
            await self._do(found[0])
            count += 1
        return count

    async def _end(self, under_way: set[asyncio.Task[None]]) -> None:
        """Let pulls under way finish their page, also when we are told a second time to end."""
        self._ending = True
        finishing = asyncio.ensure_future(_finished(under_way))
        while not finishing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(finishing)

    async def _looked(self, free: int) -> list[Job]:
        """Start what is due and take up to so many jobs; a database that is busy is asked again later."""
        try:
            return await self._taken(free)
        except RetryLater as busy:
            log.warning("jobs_wait", code=busy.code, sentence=busy.sentence)
        except Exception:  # the boundary of a look: what is due stays due
            log.exception("jobs_broken")
        return []

    async def _taken(self, free: int) -> list[Job]:
        database, now = self._engine.database, self._engine.clock.now()
        async with database.read() as tx:  # looking first keeps an idle process from writing
            starting, due = await schedules.any_due(tx, now), await jobs.any_due(tx, now)
        if starting:
            configuration = await self._engine.configuration.current()
            async with database.write() as tx:
                for schedule in await schedules.start_due(tx, now):
                    await self._start(tx, configuration, schedule, now)
        if not free or not (starting or due):
            return []
        async with database.write() as tx:
            return await jobs.take(tx, free, now)

    async def _start(self, tx: AsyncConnection, configuration: Configuration, schedule: Schedule, now: datetime) -> None:
        source = configuration.sources.get(schedule.source_id)
        if source is None or source.state is not SourceState.ON:
            return
        kind = registry.source(source.kind)
        if not isinstance(kind, Pulling):
            return
        wanted = [
            Job(
                id=self._engine.ids.new(),
                source_id=source.id,
                key=f"{schedule.kind}:{stream}",
                kind=schedule.kind,
                due_at=now,
                stream=stream,
                window_seconds=int(schedule.window.total_seconds()),
            )
            for stream in kind.streams(source.settings)
            if schedule.kind is JobKind.DAILY or kind.reach(source.settings, stream).is_periodic
        ]
        await jobs.add(tx, wanted, now)

    async def _do(self, job: Job) -> None:
        source = (await self._engine.configuration.current()).sources.get(job.source_id)
        try:
            if source is None:
                await self._done(job)
            elif source.state is not SourceState.ON:
                await self._again(job, _LONGEST_PAUSE)
            else:
                await alive.kept(self._pull(job, source), lambda: self._hold(job))
        except RetryLater as busy:
            log.warning("job_waits", kind=job.kind.value, code=busy.code, sentence=busy.sentence)
        except Exception:  # the boundary of a job: it comes again by itself
            log.exception("job_broken", kind=job.kind.value)

    async def _hold(self, job: Job) -> None:
        async with self._engine.database.write() as tx:
            await jobs.hold(tx, job, self._engine.clock.now())

    async def _pull(self, job: Job, source: SourceConfig) -> None:
        while True:
            try:
                pulled = await self._puller.run(source, _order(job))
            except ConfigurationError as error:
                await self._refused(job, error)
                return
            if pulled is None:
                await self._again(job, _BUSY_RETRY)
                return
            if not (pulled.resumed and pulled.state is RunState.DONE and _order(job).is_regular):
                await self._concluded(job, pulled)
                return

    async def _concluded(self, job: Job, pulled: Pulled) -> None:
        error = pulled.error
        if self._ending and isinstance(error, RetryLater):
            await self._again(job, timedelta(0))
        elif isinstance(error, Replan):
            await self._again(job, _BUSY_RETRY)
        elif isinstance(error, BudgetSpentError):  # the source's own allowance: however long it takes, nothing is wrong
            await self._again(job, max(_BUSY_RETRY, error.due - self._engine.clock.now()))
        elif isinstance(error, RetryLater) and job.attempts + 1 < _MOST_ATTEMPTS:
            pause = min(_BUSY_RETRY * 2**job.attempts, _LONGEST_PAUSE)
            await self._again(job, max(pause, error.due - self._engine.clock.now()), job.attempts + 1)
        else:
            await self._done(job)

    async def _refused(self, job: Job, error: CrosswalkError) -> None:
        """Keep a trace of a job that could not even begin."""
        engine, now = self._engine, self._engine.clock.now()
        async with engine.database.write() as tx:
            about = job.subject or job.stream
            run_id = await runs.start(tx, engine.ids, RunKind(job.kind.value), now, source_id=job.source_id, stream=about)
            await runs.finish(tx, run_id, RunState.FAILED, now, error.sentence)
        await self._done(job)

    async def _again(self, job: Job, pause: timedelta, attempts: int | None = None) -> None:
        async with self._engine.database.write() as tx:
            await jobs.again(tx, job, self._engine.clock.now() + pause, job.attempts if attempts is None else attempts)

    async def _done(self, job: Job) -> None:
        """End a job; a session that is read again has a next time until its last."""
        following = await self._following(job) if job.kind is JobKind.REREAD else None
        async with self._engine.database.write() as tx:
            if job.subject is not None:  # the next reading begins at the beginning, also when this one was given up half way
                await cursors.forget(tx, job.source_id, _order(job).cursor)
            if following:
                await jobs.again(tx, job, following, 0)
            else:
                await jobs.done(tx, job)

    async def _following(self, job: Job) -> datetime | None:
        source = (await self._engine.configuration.current()).sources.get(job.source_id)
        kind = registry.source(source.kind) if source else None
        if source is None or job.range_end is None or not isinstance(kind, Refetching):
            return None
        return rereads.following(job.range_end, kind.late_data(source.settings), self._engine.clock.now())


async def _finished(under_way: set[asyncio.Task[None]]) -> None:
    if under_way:
        _, late = await asyncio.wait(under_way, timeout=_LAST_PAGE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _order(job: Job) -> Order:
    kind = RunKind(job.kind.value)
    if job.subject is not None:
        return orders.of_one(kind, job.subject, job.id)
    stream = job.stream or ""
    if job.range_start is not None and job.range_end is not None:
        return orders.of_range(stream, Window(job.range_start, job.range_end))
    return orders.last(kind, stream, timedelta(seconds=job.window_seconds or 0))
