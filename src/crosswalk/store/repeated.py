"""Statements that are executed for many rows at a time.

SQLAlchemy takes longer to bind a row than SQLite takes to write it, so for SQLite the rows are bound here: the statement is compiled once,
and a time that stands in many rows is written out once.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import UpdateBase

from crosswalk.store.tables.columns import Utc

Row = dict[str, Any]
Process = Callable[[Any], Any]


class Repeated:
    """An insert or update; keep it as long as the process, and give it the same columns in every row."""

    def __init__(self, statement: UpdateBase) -> None:
        self._statement = statement
        self._bound: _Bound | None = None

    async def execute(self, tx: AsyncConnection, rows: Sequence[Row]) -> None:
        """Execute it once for each row; nothing for no rows."""
        if not rows:
            return
        if tx.dialect.name != "sqlite":
            await tx.execute(self._statement, rows)
            return
        if self._bound is None:
            self._bound = _Bound(self._statement, tx.dialect, list(rows[0]))
        await tx.exec_driver_sql(self._bound.text, self._bound.parameters(rows))


class _Bound:
    """The statement as SQLite reads it, and how a row becomes its parameters."""

    def __init__(self, statement: UpdateBase, dialect: Dialect, columns: list[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.text = str(compiled)
        names = compiled.positiontup or []
        self._of = itemgetter(*names)
        self._constants = {name: compiled.params[name] for name in names if name not in columns}
        types = [compiled.binds[name].type for name in names]
        self._processes: list[tuple[int, Process]] = []
        for place, type_ in enumerate(types):
            process = type_.dialect_impl(dialect).bind_processor(dialect)
            if process is not None and not isinstance(type_, LargeBinary):  # SQLite takes bytes as they are
                self._processes.append((place, _remembering(process) if isinstance(type_, Utc) else process))

    def parameters(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Return the parameters of each row, in their order."""
        found = []
        for row in rows:
            values = list(self._of({**self._constants, **row} if self._constants else row))
            for place, process in self._processes:
                values[place] = process(values[place])
            found.append(tuple(values))
        return found


def _remembering(process: Process) -> Process:
    """Return a process that keeps what it made of the last value."""
    known: tuple[Any, Any] = (None, None)

    def remembering(value: Any) -> Any:
        nonlocal known
        if value is None:
            return None
        last = known
        if last[0] is value:
            return last[1]
        made = process(value)
        known = (value, made)
        return made

    return remembering
