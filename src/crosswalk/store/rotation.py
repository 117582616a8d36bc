"""Seals every stored value with the newest key, so that the old ones can be thrown away.

It runs beside the living system, a page at a time. Processes that started before the key was added still seal with the old one: restart
them first, and drop old keys only when a second run finds nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Table, bindparam, select, tuple_, update

from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.statements import every
from crosswalk.store.vault import Vault

_PAGE = 500
_SEALED_SUFFIX = "_ct"


def sealed_columns() -> tuple[tuple[Table, Column[Any]], ...]:
    """Return every column that holds sealed values, with its table."""
    return tuple(
        (table, column) for table in tables.metadata.sorted_tables for column in table.columns if column.name.endswith(_SEALED_SUFFIX)
    )


async def reseal(database: Database, vault: Vault) -> int:
    """Seal everything with the newest key of the vault and return how many values that were; repeat it after an interruption."""
    return sum([await _reseal_column(database, vault, table, column) for table, column in sealed_columns()])


async def _reseal_column(database: Database, vault: Vault, table: Table, column: Column[Any]) -> int:
    done = 0
    after: Sequence[Any] | None = None
    while rows := await _page(database, table, column, after):
        after = tuple(rows[-1][:-1])
        old = [row for row in rows if not vault.is_current(row[-1])]
        keys = list(table.primary_key)
        statement = (
            update(table)
            .where(*(key == bindparam(f"of_{key.name}") for key in keys), column == bindparam("old"))
            .values({column: bindparam("new")})
        )
        values = [{f"of_{key.name}": row[n] for n, key in enumerate(keys)} | {"old": row[-1], "new": vault.reseal(row[-1])} for row in old]
        async with database.write() as tx:
            await every(tx, statement, values)
        done += len(old)
    return done


async def _page(database: Database, table: Table, column: Column[Any], after: Sequence[Any] | None) -> Sequence[Any]:
    keys = list(table.primary_key)
    statement = select(*keys, column).where(column.is_not(None)).order_by(*keys).limit(_PAGE)
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    async with database.read() as tx:
        return (await tx.execute(statement)).all()
