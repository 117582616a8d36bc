"""Jobs as pages and the API show them: when a source is read by itself, what came of it last, and what stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.caller import Caller
from crosswalk.engine import asking, schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Schedule
from crosswalk.journal import runs
from crosswalk.journal.runs import Result, Run, RunKind
from crosswalk.reasons import State
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SourceState
from crosswalk.web import source_access
from crosswalk.web.services import Services

_MOST_STREAMS = 8
_DAY = timedelta(days=1)
_MOST_STARTS = 100
_WORST_FIRST = (Result.FAILED, Result.NEEDS_A_PERSON, Result.STOPPED, Result.RUNNING, Result.WRITING, Result.GREEN)


@dataclass(frozen=True, slots=True)
class Last:
    """What the last start of a job came to, all streams together."""

    at: datetime
    result: Result
    read: int
    written: int
    held: int
    calls: int
    detail: str

    @property
    def sentence(self) -> str:
        """The result in words."""
        match self.result:
            case Result.FAILED:
                return f"failed. {self.detail}".rstrip()
            case Result.RUNNING:
                return f"under way, {self.read:,} read so far"
        told = f"{self.read:,} read, {self.written:,} written"
        if self.result is Result.STOPPED:
            return f"stopped; {told}"
        return f"{told}, {self.held:,} held for a person" if self.held else told


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a source."""

    schedule: Schedule
    last: Last | None

    @property
    def sentence(self) -> str:
        """When it runs and how far it looks back."""
        return schedules.sentence(self.schedule)


@dataclass(frozen=True, slots=True)
class Told:
    """The jobs of one source, and what keeps what they read from being written."""

    source: SourceConfig
    jobs: Mapping[JobKind, Job]
    paused: Sequence[ConnectionConfig]
    has_sync: bool

    @property
    def is_idle(self) -> bool:
        """Whether nothing is read by itself."""
        return self.source.state is not SourceState.ON or not any(one.schedule.is_on for one in self.jobs.values())

    @property
    def troubles(self) -> Sequence[str]:
        """What stands in the way, one sentence each, with what to do."""
        found = []
        if self.source.state is not SourceState.ON:
            found.append("The source is switched off, so none of its jobs runs. Switch it on under Sources.")
        elif self.is_idle:
            found.append("No job is on: what its webhooks miss stays missing. Switch the periodic job on.")
        if not self.has_sync:
            found.append("No sync uses this source yet, so what is read is not written. Make one under Syncs.")
        found += [f"{one.name} is paused: {one.paused_reason} What is read waits there and is written afterwards." for one in self.paused]
        return found


@dataclass(frozen=True, slots=True)
class Start:
    """One coming start of a job."""

    at: datetime
    source: SourceConfig
    schedule: Schedule
    calls: int | None


async def known(services: Services, caller: Caller) -> list[SourceConfig]:
    """Return the sources with jobs that the caller may look at, by name."""
    configuration = await services.configuration.current()
    return [one for one in source_access.seen(configuration, caller) if asking.can_be_asked(one)]


async def told(services: Services, sources: Sequence[SourceConfig]) -> list[Told]:
    """Return the jobs of sources with what they came to last."""
    configuration = await services.configuration.current()
    async with services.database.read() as tx:
        return [await _told(tx, configuration, one) for one in sources]


def coming(found: Sequence[Told], now: datetime) -> list[Start]:
    """Return what starts within a day, soonest first."""
    starts = [
        Start(at, one.source, job.schedule, job.last.calls if job.last else None)
        for one in found
        if one.source.state is SourceState.ON
        for job in one.jobs.values()
        for at in _starts(job.schedule, now)
    ]
    return sorted(starts, key=lambda one: (one.at, one.source.name))[:_MOST_STARTS]


def _starts(schedule: Schedule, now: datetime) -> list[datetime]:
    found: list[datetime] = []
    at = schedule.next_at
    while at is not None and at <= now + _DAY:
        found.append(at)
        at = schedule.after(max(at, now))
    return found


async def _told(tx: AsyncConnection, configuration: Configuration, source: SourceConfig) -> Told:
    found = await schedules.of_source(tx, source.id)
    connections = source_access.connections_of(configuration, source)
    return Told(
        source,
        {kind: Job(found[kind], await _last(tx, source, kind)) for kind in schedules.KINDS},
        [one for one in connections if one.paused_reason is not None],
        bool(connections),
    )


async def _last(tx: AsyncConnection, source: SourceConfig, kind: JobKind) -> Last | None:
    found = await runs.recent(tx, _MOST_STREAMS, source_id=source.id, kind=RunKind(kind.value))
    newest: dict[str | None, Run] = {}
    for run in found:
        newest.setdefault(run.stream, run)
    if not newest:
        return None
    latest = list(newest.values())
    worst = min(latest, key=lambda run: _WORST_FIRST.index(run.result))
    return Last(
        at=max(run.started_at for run in latest),
        result=worst.result,
        read=sum(run.progress.read for run in latest),
        written=sum(run.totals.deliveries.get(State.WRITTEN.value, 0) for run in latest),
        held=sum(run.totals.held for run in latest),
        calls=sum(run.progress.calls for run in latest),
        detail=worst.detail,
    )
