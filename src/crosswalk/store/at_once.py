"""A whole transaction on SQLite in one visit to a thread.

A statement that is awaited alone goes to the thread of its connection and back several times, which takes longer than the statement. Where
work awaits nothing but its transaction, all of it can run over there instead.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, ScalarResult
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import Executable

Made = TypeVar("Made")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, Made]]


class AtOnce:
    """One connection and its thread; `close` it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "sqlite-at-once")

    async def run(self, work: Work[Made]) -> Made:
        """Return what the work made, once its transaction is committed; an error rolls it back."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def close(self) -> None:
        """Wait for a transaction that runs, and give the connection back."""
        self._thread.shutdown()
        self._engine.dispose()

    def _run(self, work: Work[Made]) -> Made:
        with self._engine.begin() as connection:
            return _finished(work(cast("AsyncConnection", _Statements(connection))))


class _Statements:
    """What work asks of its transaction, answered without waiting."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.exec_driver_sql(statement, parameters)

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        return self._connection.scalars(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        return self._connection.scalar(statement, parameters)


def _finished(work: Coroutine[Any, Any, Made]) -> Made:
    """Run a coroutine that never has to wait."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast("Made", end.value)
    work.close()
    raise RuntimeError("Work that runs at once may await nothing but its transaction.")
