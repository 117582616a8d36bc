"""Makes what was blanked unreadable in the files as well: a database keeps old pages until it needs the room.

SQLite rewrites its file and empties its write-ahead log; PostgreSQL gives the dead rows free. Both run beside the living system.
"""

import asyncio
import sqlite3
from contextlib import closing

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crosswalk.store.database import Database

_TRIES = 20
_WAIT_SECONDS = 0.5
_PERSONAL = ("event", "notice", "change", "identity", "entity", "delivery", "step_outcome")


async def scrub(database: Database) -> bool:
    """Rewrite what holds deleted content; False when others used the database all the time, so that old pages may still stand there."""
    if database.is_postgres:
        return await _vacuum(database)
    return await asyncio.to_thread(_rewrite, database.url.database or "")


async def _vacuum(database: Database) -> bool:
    try:
        async with database.outside_transactions() as connection:
            await connection.execute(text(f"VACUUM {', '.join(_PERSONAL)}"))
    except DBAPIError:
        return False
    return True


def _rewrite(path: str) -> bool:
    """Rewrite the file, then bring the log into it: until both have happened old pages stand in one or the other."""
    for _ in range(_TRIES):
        with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            try:
                connection.execute("VACUUM")
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:  # somebody writes, or reads an older moment of it
                continue
            if not busy:
                return True
    return False
