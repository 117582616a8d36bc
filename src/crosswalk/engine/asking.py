"""What people ask of the jobs: another hour, a start now, a range, one session, an end; each with an entry in the audit trail.

The console, its API and the command line ask here. Nothing is read meanwhile: what is asked for is queued, and a worker does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import jobs, schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Schedule, Wish
from crosswalk.engine.vendors import Vendors
from crosswalk.errors import ConfigurationError
from crosswalk.journal import audit, runs
from crosswalk.journal.runs import PULLS, RunKind, RunState
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling, Refetching, Window
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine

_KNOWN_RUNS = 60  # so many of the latest runs tell what a range will cost
_MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a range will probably cost; None when nothing of the source was read before."""

    days: float
    parts: int
    items: int | None
    calls: int | None


def can_be_asked(source: SourceConfig) -> bool:
    """Tell whether a source's system answers, or only posts."""
    return isinstance(registry.source(source.kind), Pulling)


def can_be_asked_for_one(source: SourceConfig) -> bool:
    """Tell whether a source's system answers for one session or conversation."""
    return isinstance(registry.source(source.kind), Refetching)


async def change_job(engine: Engine, vendors: Vendors, source: SourceConfig, kind: JobKind, wish: Wish, actor: str) -> Schedule:
    """Change a job as is wanted and return it; raise `ConfigurationError` when it cannot be had."""
    if kind not in schedules.KINDS:
        raise ConfigurationError(f"A {kind} job has no schedule; change periodic or daily.")
    if not can_be_asked(source):
        raise ConfigurationError(f"The source {source.name!r} cannot be asked: its system only posts.")
    if wish.is_on:
        vendors.of(source)  # what is missing to ask it is told now, not every three hours
    async with engine.database.write() as tx:
        known = (await schedules.of_source(tx, source.id))[kind]
        made = await schedules.save(tx, engine.ids, schedules.changed(known, wish), engine.clock.now())
        before, after = ({"on": one.is_on, "job": schedules.sentence(one)} for one in (known, made))
        await _tell(tx, engine, actor, "job.change", _job(source, kind), after, before)
    return made


async def start_job(engine: Engine, vendors: Vendors, source: SourceConfig, kind: JobKind, actor: str) -> Schedule:
    """Let a job that is on start now instead of at its time; its later starts stay as they are."""
    vendors.of(source)
    now = engine.clock.now()
    async with engine.database.write() as tx:
        known = (await schedules.of_source(tx, source.id)).get(kind)
        if known is None or not known.is_on:
            raise ConfigurationError(f"The {kind} job is off, so nothing was started. Switch it on, or read a range.")
        table = tables.schedule
        await tx.execute(update(table).where(table.c.source_id == source.id, table.c.kind == kind.value).values(next_at=now))
        await _tell(tx, engine, actor, "job.start", _job(source, kind), {"at": now.isoformat()})
    return replace(known, next_at=now)


async def ask_range(
    engine: Engine, vendors: Vendors, source: SourceConfig, window: Window, actor: str, *, split: bool = False
) -> Sequence[Window]:
    """Queue a range of all streams of a source and return its parts; raise `ConfigurationError` when it cannot be read."""
    vendor, now = vendors.of(source), engine.clock.now()
    _length(window)
    wanted = jobs.parts(window, now, split=split)
    streams = vendor.kind.streams(source.settings)
    async with engine.database.write() as tx:
        await jobs.ask_range(tx, engine.ids, source.id, streams, wanted, now)
        asked = {"from": window.start.isoformat(), "to": window.end.isoformat(), "runs": len(wanted) * len(streams)}
        await _tell(tx, engine, actor, "run.start", source.id, asked)
    return wanted


async def ask_one(engine: Engine, vendors: Vendors, source: SourceConfig, subject: str, actor: str) -> None:
    """Queue one session or conversation; raise `ConfigurationError` when the source cannot be asked for it."""
    vendors.of(source)
    if not can_be_asked_for_one(source):
        raise ConfigurationError(f"The source {source.name!r} cannot be asked for one session or conversation; read a range instead.")
    now = engine.clock.now()
    async with engine.database.write() as tx:
        await jobs.ask_one(tx, engine.ids, source.id, subject.strip(), now)
        await _tell(tx, engine, actor, "run.start", source.id, {"one": subject.strip()})


async def stop(engine: Engine, run_id: str, actor: str) -> None:
    """Let a pull end after its page; raise `ConfigurationError` when there is nothing that could stop."""
    now = engine.clock.now()
    async with engine.database.write() as tx:
        await runs.request_stop(tx, run_id, now)
        await _tell(tx, engine, actor, "run.stop", run_id, {"asked": now.isoformat()})


async def estimate(tx: AsyncConnection, source: SourceConfig, window: Window, stream: str | None = None) -> Estimate:
    """Return what a range will probably cost, of one stream or all, from what the latest runs read in an hour of their windows."""
    length = _length(window)
    found = await runs.recent(tx, _KNOWN_RUNS, source_id=source.id)
    items, calls = _rates([run for run in found if run.state is RunState.DONE and run.kind in PULLS and stream in (None, run.stream)])
    parts = -(-length // timedelta(days=jobs.MOST_DAYS))
    hours = length / timedelta(hours=1)
    return Estimate(
        days=hours / 24,
        parts=parts,
        items=None if items is None else round(items * hours),
        calls=None if calls is None else max(parts, round(calls * hours)),
    )


def _length(window: Window) -> timedelta:
    length = window.end - window.start
    if length <= timedelta(0) or length > timedelta(days=_MOST_DAYS):
        raise ConfigurationError("The range must begin before it ends, and span ten years at most; correct its begin and its end.")
    return length


def _rates(found: Sequence[runs.Run]) -> tuple[float | None, float | None]:
    """Return items and calls for one hour, summed over the streams; a pull without a window tells nothing."""
    items: dict[str, float] = {}
    calls: dict[str, float] = {}
    hours: dict[str, float] = {}
    for run in found:
        length = _hours(run)
        if run.stream is None or not length or run.kind in {RunKind.ON_DEMAND, RunKind.REREAD}:
            continue
        progress = run.progress
        hours[run.stream] = hours.get(run.stream, 0) + length
        items[run.stream] = items.get(run.stream, 0) + progress.read
        calls[run.stream] = calls.get(run.stream, 0) + progress.calls
    if not hours:
        return None, None
    return sum(items[name] / hours[name] for name in hours), sum(calls[name] / hours[name] for name in hours)


def _hours(run: runs.Run) -> float:
    start, end = run.progress.start, run.progress.end
    if not start or not end:
        return 0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(hours=1)


def _job(source: SourceConfig, kind: JobKind) -> str:
    return f"job {source.name} {kind.value}"


async def _tell(
    tx: AsyncConnection,
    engine: Engine,
    actor: str,
    action: str,
    subject: str,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> None:
    await audit.record(tx, engine.ids, engine.clock.now(), actor=actor, action=action, subject=subject, before=before, after=after)
