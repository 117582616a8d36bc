"""One database, SQLite or PostgreSQL, behind two verbs: write and read.

On SQLite one transaction at a time writes in a process, and it takes the file's write lock at its beginning, so that it never fails half
way for a lock; readers use connections of their own. A database that cannot take the work now is a `StoreBusyError`, never a silent wait.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, StoreBusyError
from crosswalk.store.at_once import AtOnce, Made, Work

_LOCK_WAIT_SECONDS = 5.0
_RETRY = timedelta(seconds=1)
_READERS = 5
_POOL = 10
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_WAL = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=4000",
)  # pages: many commits write the same ones, the file needs the last
_PRAGMAS = (*_WAL, "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536")


class Database:
    """Connections to one database; `open` it, `close` it."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = _understood(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self._clock = clock
        self._turn = asyncio.Lock()
        self._writer, self._reader = _postgres(self.url) if self.is_postgres else _sqlite(self.url)
        self._at_once = None if self.is_postgres else AtOnce(_sqlite_at_once(self.url))

    @classmethod
    async def open(cls, url: str, clock: Clock) -> Self:
        """Open the database and prove that it answers; raise `StoreBusyError` when it does not."""
        database = cls(url, clock)
        if not database.is_postgres and database.url.database:
            Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
        try:
            async with database.write():
                pass
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Give all connections back."""
        if self._at_once is not None:
            self._at_once.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that may write; it commits at the end of the block and rolls back on an error."""
        turn: AbstractAsyncContextManager[Any] = nullcontext() if self.is_postgres else self._turn
        async with turn, self._translated(), self._writer.begin() as tx:
            yield tx

    async def write_at_once(self, work: Work[Made]) -> Made:
        """Run work in a transaction as in `write`, and return what it made; on SQLite without a thread's visit for each statement.

        The work may await nothing but its transaction.
        """
        if self._at_once is None:
            async with self.write() as tx:
                return await work(tx)
        async with self._turn, self._translated():
            return await self._at_once.run(work)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that only reads; on SQLite it sees one moment of the database."""
        async with self._translated(), self._reader.begin() as tx:
            yield tx

    @asynccontextmanager
    async def outside_transactions(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection to PostgreSQL on which each statement stands alone, as its housekeeping needs."""
        async with self._writer.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except PoolTimeoutError as error:
            raise self._busy("All connections to the database are in use; it goes on by itself.") from error
        except DBAPIError as error:
            if self._is_busy(error):
                raise self._busy(
                    "The database does not answer or is locked; see that it runs, has room, and that CROSSWALK_DATABASE_URL leads to it."
                ) from error
            raise

    def _busy(self, sentence: str) -> StoreBusyError:
        return StoreBusyError(sentence, self._clock.now() + _RETRY, database=self.url.render_as_string(hide_password=True))

    def _is_busy(self, error: DBAPIError) -> bool:
        if self.is_postgres:  # its driver uses this class for a lost connection, a dead-lock and a full disk alike
            return error.connection_invalidated or isinstance(error, OperationalError)
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _BUSY_CODES


def _understood(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            "The database address is not understood; use sqlite+aiosqlite:///<file> or postgresql+psycopg://<user>@<host>/<name>."
        ) from error
    if parsed.drivername not in {"sqlite+aiosqlite", "postgresql+psycopg"}:
        raise ConfigurationError(
            "The database address names a driver that is not supported; begin it with sqlite+aiosqlite:// or postgresql+psycopg://.",
            driver=parsed.drivername,
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError("The SQLite address names no file; accepted events must outlive the process. Name a file.")
    return parsed


_dumps = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make an encoder for each value


def _postgres(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    engine = create_async_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_timeout=_LOCK_WAIT_SECONDS,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        json_serializer=_dumps,
    )
    return engine, engine


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    writer = _sqlite_engine(url, 1, "BEGIN IMMEDIATE", _PRAGMAS)
    reader = _sqlite_engine(url, _READERS, "BEGIN", (*_PRAGMAS, "query_only=ON"))
    return writer, reader


def _sqlite_at_once(url: URL) -> Engine:
    settings = {**_sqlite_settings(1), "connect_args": {"timeout": _LOCK_WAIT_SECONDS, "isolation_level": None, "check_same_thread": False}}
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), **settings)
    _prepare(engine, "BEGIN IMMEDIATE", _PRAGMAS)
    return engine


def _sqlite_engine(url: URL, connections: int, begin: str, pragmas: tuple[str, ...]) -> AsyncEngine:
    engine = create_async_engine(url, **_sqlite_settings(connections))
    _prepare(engine.sync_engine, begin, pragmas)
    return engine


def _sqlite_settings(connections: int) -> dict[str, Any]:
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": _LOCK_WAIT_SECONDS,
        "hide_parameters": True,
        "json_serializer": _dumps,
        "connect_args": {"timeout": _LOCK_WAIT_SECONDS, "isolation_level": None},
    }


def _prepare(engine: Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    """Let each connection begin with the pragmas and each transaction with the statement."""

    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", start)
