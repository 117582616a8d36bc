"""What SQLite and PostgreSQL both understand, beyond plain SQL.

`insert` is PostgreSQL's form with `on_conflict_…`; SQLite took the clause over word by word, and a contract test proves that each of our
statements means the same on both.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import Executable

__all__ = ["chunks", "every", "insert", "least"]

CHUNK = 1_000
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Cut into lists that fit the parameter limit of one statement."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def least(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the smaller of two values; null stands for none (SQLite and PostgreSQL name the function differently)."""
    return case((or_(first.is_(None), second < first), second), else_=first)


async def every(tx: AsyncConnection, statement: Executable, rows: Sequence[dict[str, Any]]) -> None:
    """Execute a statement once for each row; nothing for no rows."""
    if rows:
        await tx.execute(statement, rows)
