"""How this installation is: what `/readyz` answers from, and what the console and `/api/health` show beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from sqlalchemy import text

from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, fail, ok
from crosswalk.journal import queue
from crosswalk.journal.queue import Queue
from crosswalk.store import migrate
from crosswalk.web.services import Services


@dataclass(frozen=True, slots=True)
class Health:
    """Version, database, what waits, and the checks; without a database nothing is known of what waits."""

    version: str
    database: str
    schema: str
    checks: Sequence[Finding]
    queue: Queue | None


async def ready(services: Services) -> None:
    """Return when this process can take and serve; else the store's own error says why not."""
    async with services.database.read() as tx:
        await tx.execute(text("SELECT 1"))


async def health(services: Services) -> Health:
    """Return how everything stands at this moment."""
    kind = "PostgreSQL" if services.database.is_postgres else "SQLite"
    version, schema = metadata.version("crosswalk"), migrate.newest_version()
    try:
        await ready(services)
        async with services.database.read() as tx:
            waiting = await queue.read(tx, services.clock.now())
    except CrosswalkError as error:
        return Health(version, kind, schema, [fail("database", error.sentence)], None)
    return Health(version, kind, schema, [ok("database", "It answers; events are taken.")], waiting)
