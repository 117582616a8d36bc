"""`runs` and `stop`: what bounded pieces of work have done, in plain sentences, and an end to those under way."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from crosswalk import runtime
from crosswalk.cli import bodies, process
from crosswalk.journal import run_words
from crosswalk.journal import runs as journal
from crosswalk.journal.runs import Run
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration


def runs(
    source: Annotated[str | None, typer.Option("--source", help="Only runs of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a run.")] = False,
) -> None:
    """Show runs, newest first: what each has read and written, and how it ended."""
    process.run(lambda settings: _runs(settings, source, limit, as_json=as_json))


def stop(run: Annotated[str, typer.Argument(help="Id of the run, as `runs` shows it.")]) -> None:
    """Stop a pull that is under way: it finishes its page, and what it has read is kept."""
    process.run(lambda settings: _stop(settings, run))


async def _runs(settings: Settings, source: str | None, limit: int, *, as_json: bool) -> int:
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        source_id = bodies.source_named(configuration, source).id if source else None
        async with parts.database.read() as tx:
            found = await journal.recent(tx, limit, source_id=source_id)
    console = process.console()
    for run in found:
        if as_json:
            typer.echo(json.dumps({**asdict(run), "result": run.result}, ensure_ascii=False, default=str))
            continue
        console.print(f"{run.id}  {run.started_at:%Y-%m-%d %H:%M} UTC  {_title(run, configuration)}", markup=False)
        console.print(f"    {run_words.in_words(run)}", markup=False)
        if run.detail:
            console.print(f"    {run.detail}", markup=False)
    if not found and not as_json:
        console.print("Nothing has run yet.")
    return 0


async def _stop(settings: Settings, run_id: str) -> int:
    async with runtime.opened(settings) as parts, parts.database.write() as tx:
        await journal.request_stop(tx, run_id, parts.engine.clock.now())
    process.console().print("It stops after the page it reads now; what it has read is kept, and the next pull goes on from there.")
    return 0


def _title(run: Run, configuration: Configuration) -> str:
    source = configuration.sources.get(run.source_id or "")
    return f"{run.kind} of {source.name}" if source else run.kind.value
