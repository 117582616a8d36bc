"""A copy of the embedded database while it is in use: one moment of it, complete, whatever is written meanwhile."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from crosswalk.errors import ConfigurationError
from crosswalk.store.database import Database

_PAGES = 2_000  # copied at a time, so that writers get in between


async def copy(database: Database, to: Path) -> None:
    """Write a copy to a file that does not exist yet; raise `ConfigurationError` when it exists or the database is no file."""
    if database.is_postgres:
        raise ConfigurationError("This database is PostgreSQL; back it up with pg_dump.")
    await asyncio.to_thread(_copy, database.url.database or "", to)


def _copy(path: str, to: Path) -> None:
    if to.exists():
        raise ConfigurationError(f"The file {to} exists already; name another one, so that no earlier backup is lost.")
    unfinished = to.with_name(f"{to.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target, pages=_PAGES)
        unfinished.chmod(0o600)
        unfinished.replace(to)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"The backup {to} cannot be written: {error}.") from error
