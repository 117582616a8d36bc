"""`run`: does what `preview` shows, at backfill priority, and ends when it is done.

A file of any size is read a page at a time and takes the same memory. Stopped or killed, the same command goes on where it stood.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crosswalk import runtime
from crosswalk.cli import bodies, draining, preview, process
from crosswalk.cli.bodies import Opened
from crosswalk.cli.pace import Pace
from crosswalk.engine.files import backfill, lines
from crosswalk.engine.files.backfill import Backfill, Begun
from crosswalk.errors import ConfigurationError, CrosswalkError
from crosswalk.journal import runs
from crosswalk.journal.runs import RunState
from crosswalk.model import Rejected
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings

_WAITS = "Another run reads this file; this one goes on where that one ends."
_STOPPED = "It was stopped; what it had read is kept."


def run(
    file: Annotated[Path, typer.Option("--file", help=bodies.TOLD, allow_dash=True)],
    source: Annotated[str, typer.Option(help="Name of the source.")],
    encoding: bodies.Encoding = lines.ENCODING,
) -> None:
    """Write what the bodies of a file say, and end when all of it is done; 1 when something is held, waits or cannot be read."""
    process.run(lambda settings: _run(settings, file, source, encoding))


async def _run(settings: Settings, file: Path, name: str, encoding: str) -> int:
    stop, console = process.stop_on_signal(), process.console()
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        source = bodies.source_named(configuration, name)
        for connection in preview.connections_of(configuration, source):
            await parts.orgs.of(connection)  # a login that fails is told now, not when the work is queued
        with bodies.opened(file, source, settings.max_body_bytes, encoding) as opened:
            filing = Backfill(parts.engine, parts.receiver, source, _mark(file))
            begun = await filing.begin(lambda: console.print(_WAITS))
            if begun.is_resumed:
                console.print(f"run {begun.run_id} goes on behind row {begun.items:,}")
            begun, is_clean = await _taken(parts, filing, begun, opened, stop, console)
        kept = begun.receipt
        told = f"{kept.events:,} events, {kept.notices:,} notices, {kept.repeats:,} received before"
        console.print(f"run {begun.run_id}: {told}" + (f", {kept.invalid:,} invalid" if kept.invalid else ""))
        if not begun.is_whole:
            return process.INTERRUPTED
        code = await draining.drain(parts, begun.run_id, stop, console)
        if code != process.INTERRUPTED:
            await filing.close(begun)
    return code or (0 if is_clean and not kept.invalid else process.ERROR)


def _mark(file: Path) -> str:
    return backfill.mark_of(file) if file.is_file() else ""  # what comes through a pipe is read once


async def _taken(
    parts: Runtime, filing: Backfill, begun: Begun, opened: Opened, stop: asyncio.Event, console: Console
) -> tuple[Begun, bool]:
    """Take the file in until it ends or somebody wants to stop; what cannot be read is told line by line, and whether there was any."""
    is_clean = True
    try:
        with Pace(console, parts.engine.clock, "reading").counting(opened.size) as pace:
            async for page in filing.take(begun, opened.items):
                begun = page.begun
                _name(page.invalid)
                is_clean &= not page.invalid
                pace.reached(opened.at(), f"{begun.items:,} rows")
                if stop.is_set():
                    break
    except CrosswalkError as error:
        await _broken_off(parts, filing, begun, RunState.FAILED, error.sentence)
        raise
    if not begun.items:
        await _broken_off(parts, filing, begun, RunState.FAILED, "The file is empty.")
        await filing.close(begun)
        raise ConfigurationError("The file holds no line; it must hold one JSON body a line, as the source posts it, or a table with rows.")
    if begun.is_whole:
        await filing.let_go(begun)
    else:
        await _broken_off(parts, filing, begun, RunState.STOPPED, _STOPPED)
        console.print("Stopped; the same command goes on where this one stood.")
    return begun, is_clean


async def _broken_off(parts: Runtime, filing: Backfill, begun: Begun, state: RunState, why: str) -> None:
    async with parts.database.write() as tx:
        await runs.finish(tx, begun.run_id, state, parts.engine.clock.now(), why)
    await filing.let_go(begun)


def _name(invalid: Sequence[Rejected]) -> None:
    for item in invalid:
        typer.echo(f"invalid {item.code}: {item.sentence}", err=True)
