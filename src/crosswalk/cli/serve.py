"""`serve`, `worker`, `migrate`: the processes of an installation.

One `serve` on SQLite is a whole installation: web application and worker in one process. On SIGTERM no new request is taken, the turn
under way is finished, and the process leaves with 0.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from crosswalk import runtime, serving, workspace
from crosswalk.access import first_run, users
from crosswalk.cli import logs, process
from crosswalk.clock import Time
from crosswalk.connecting.practice import Practice
from crosswalk.settings import Settings
from crosswalk.store import migrate as migrations
from crosswalk.store.database import Database


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else CROSSWALK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one; else CROSSWALK_PORT.")] = None,
    workspace_file: Annotated[Path | None, typer.Option("--workspace", help="Workspace file to apply before starting.")] = None,
) -> None:
    """Serve the API and write to Salesforce, in one process."""
    logs.for_service()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    process.run(lambda settings: _serve(settings.model_copy(update=given), workspace_file))


def worker() -> None:
    """Write to Salesforce only; run as many as you like beside `serve` on PostgreSQL."""
    logs.for_service()
    process.run(_work)


def migrate() -> None:
    """Bring the database to the schema of this version."""
    process.run(_migrate)


async def _serve(settings: Settings, workspace_file: Path | None) -> int:
    stop = process.stop_on_signal()
    async with _practice(settings) as practice, runtime.opened(settings, practice=practice) as parts:
        if workspace_file:
            await workspace.apply_file(parts.engine, workspace_file)
        with serving.listen(settings.host, settings.port) as listener:
            working = asyncio.create_task(parts.worker().run(stop))
            async with serving.serving(parts.app(), listener) as address:
                gc.freeze()  # what was loaded stays; looking through it again and again costs a large page a quarter of a second
                typer.echo(f"crosswalk {process.version()} listens on {address}")
                await _tell_first_run(parts, address)
                process.collect_seldom()
                await _first(working, stop)
            await working
    return 0


@asynccontextmanager
async def _practice(settings: Settings) -> AsyncIterator[Practice | None]:
    """Give the practice org where one process is the whole installation; with workers elsewhere it could not be reached by them."""
    if settings.database_url.startswith("postgresql"):
        yield None
        return
    from crosswalk.demo.practice import PracticeOrg  # loads the local org

    practice = PracticeOrg(settings.data_dir)
    try:
        yield practice
    finally:
        await practice.close()


async def _tell_first_run(parts: runtime.Runtime, address: str) -> None:
    """Print the set-up code as long as nobody can log in."""
    async with parts.database.read() as tx:
        if await users.anybody(tx):
            return
    typer.echo(
        f"Nobody can log in yet: open {address}/first-run and make the first owner. Set-up code: {first_run.code(parts.engine.vault)}"
    )


async def _work(settings: Settings) -> int:
    stop = process.stop_on_signal()
    async with runtime.opened(settings) as parts:
        typer.echo(f"crosswalk {process.version()} works")
        process.collect_seldom()
        await parts.worker().run(stop)
    return 0


async def _first(working: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait until told to stop, or until the worker has ended; then both are to end."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    stop.set()


async def _migrate(settings: Settings) -> int:
    database = await Database.open(settings.url, Time())
    try:
        await migrations.upgrade(database)
    finally:
        await database.close()
    typer.echo(f"The database has schema {migrations.newest_version()}.")
    return 0
