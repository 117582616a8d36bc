"""`jobs`: when each source is read by itself, in plain sentences, and how to change that."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import runtime
from crosswalk.cli import bodies, process
from crosswalk.engine import asking, schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Schedule, Wish
from crosswalk.journal import run_words
from crosswalk.journal import runs as journal
from crosswalk.journal.runs import RunKind
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.store.configuration import SourceConfig, SourceState

_MOST_STREAMS = 8
_ACTOR = "command line"


def jobs(
    source: Annotated[str | None, typer.Argument(help="Name of the source; all without one.")] = None,
    job: Annotated[JobKind | None, typer.Argument(help="The job to change: periodic or daily.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch the job on or off.")] = None,
    every: Annotated[int | None, typer.Option(help="Hours between two starts of the periodic job.")] = None,
    hour: Annotated[int | None, typer.Option(help="Hour of the daily job, from 0 to 23.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of that hour, such as Europe/Paris.")] = None,
    window: Annotated[float | None, typer.Option(help="How many hours the job looks back.")] = None,
) -> None:
    """Show when sources are read by themselves, and switch or change that."""
    wish = Wish(on, every, hour, zone, window)
    if wish != Wish() and (source is None or job is None):
        raise typer.BadParameter("Name the source and the job to change, such as: jobs webinars daily --hour 4.")
    process.run(lambda settings: _jobs(settings, source, job, wish))


async def _jobs(settings: Settings, name: str | None, kind: JobKind | None, wish: Wish) -> int:
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        named = [bodies.source_named(configuration, name)] if name else sorted(configuration.sources.values(), key=lambda one: one.name)
        if kind is not None and wish != Wish():
            await asking.change_job(parts.engine, parts.vendors, named[0], kind, wish, _ACTOR)
        found = [line for source in named if asking.can_be_asked(source) for line in await _told(parts, source)]
    console = process.console()
    for line in found or ["No source can be asked: their systems only post."]:
        console.print(line, markup=False)
    return 0


async def _told(parts: Runtime, source: SourceConfig) -> list[str]:
    async with parts.database.read() as tx:
        found = await schedules.of_source(tx, source.id)
        latest = {kind: await _latest(tx, source, kind) for kind in schedules.KINDS}
    lines = [f"{source.name} ({source.kind})"]
    if source.state is not SourceState.ON:
        lines.append("  The source is switched off, so none of its jobs runs.")
    elif not any(schedule.is_on for schedule in found.values()):
        lines.append("  No job is on: what its webhooks miss stays missing. Switch the periodic job on.")
    for kind, schedule in found.items():
        lines += _lines(schedule, latest[kind])
    return lines


async def _latest(tx: AsyncConnection, source: SourceConfig, kind: JobKind) -> Sequence[journal.Run]:
    """Return the last run of each stream of a job."""
    found = await journal.recent(tx, _MOST_STREAMS, source_id=source.id, kind=RunKind(kind.value))
    newest = {run.stream: run for run in reversed(found)}
    return list(newest.values())


def _lines(schedule: Schedule, latest: Sequence[journal.Run]) -> Iterator[str]:
    state, zone = ("on" if schedule.is_on else "off"), ZoneInfo(schedule.zone)
    yield f"  {schedule.kind}, {state}. {schedules.sentence(schedule)}"
    if schedule.next_at:
        yield f"    Next: {schedule.next_at.astimezone(zone):%d %b %Y %H:%M} {schedule.zone}."
    for run in latest:
        yield f"    Last: {run.started_at.astimezone(zone):%d %b %Y %H:%M}, {run_words.in_words(run)}"
