"""Counts by a few known values, in one pass and without sorting: a run of a million deliveries is counted in the memory of one of ten.

`GROUP BY` would gather every row first, which SQLite does in memory.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.reasons import State
from crosswalk.store import tables

Key = TypeVar("Key")


async def tally(tx: AsyncConnection, rows: Select[Any], kinds: Mapping[Key, ColumnElement[bool]]) -> dict[Key, int]:
    """Count the rows of each kind; kinds without any are left out."""
    if not kinds:
        return {}
    counted = rows.with_only_columns(*(func.count().filter(is_it) for is_it in kinds.values()), maintain_column_froms=True)
    found = (await tx.execute(counted)).one()
    return {kind: number for kind, number in zip(kinds, found, strict=True) if number}


async def by_state(tx: AsyncConnection, rows: Select[Any]) -> dict[str, int]:
    """Count deliveries by state."""
    return await tally(tx, rows, {state.value: tables.delivery.c.state == state.value for state in State})


async def by_write(tx: AsyncConnection, rows: Select[Any]) -> dict[str, int]:
    """Count changes by object and operation, as "Lead insert"."""
    change = tables.change
    both = (change.c.object, change.c.operation)
    kinds = (await tx.execute(rows.with_only_columns(*both, maintain_column_froms=True).distinct())).all()
    return await tally(tx, rows, {f"{one} {done}": and_(both[0] == one, both[1] == done) for one, done in kinds})
