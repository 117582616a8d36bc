"""Changes the encryption key while everything runs: a new key, every stored value sealed with it, the old key thrown away.

Processes follow the key file, so a new key counts for all of them at once. The file says how far a rotation has come: with more than one
key it has begun and not ended, and the next request goes on. Sealing anew goes a page at a time, and each value only if nobody has changed
it since it was read.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, bindparam, select, tuple_, update

from crosswalk.errors import ConfigurationError
from crosswalk.store import key_file, tables
from crosswalk.store.database import Database
from crosswalk.store.statements import every
from crosswalk.store.vault import Vault

_PAGE = 500
_PASSES = 10
_SEALED_SUFFIX = "_ct"

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many values were sealed anew, and how many cannot be opened because their key is in no file any more."""

    values: int
    lost: int


def sealed_columns() -> tuple[tuple[Table, Column[Any]], ...]:
    """Return every column that holds sealed values, with its table."""
    return tuple(
        (table, column) for table in tables.metadata.sorted_tables for column in table.columns if column.name.endswith(_SEALED_SUFFIX)
    )


async def rotate(database: Database, path: Path, sleep: Sleep, grace: float) -> Resealed:
    """Begin a rotation, or go on with one that was interrupted, and end it.

    Between two passes `grace` seconds go by: a value sealed with the old key may still be on its way into the database.
    """
    vault = key_file.add_key(path) if key_file.number_of_keys(path) == 1 else key_file.read(path)
    return await finish(database, path, vault, sleep, grace)


async def finish(database: Database, path: Path, vault: Vault, sleep: Sleep, grace: float) -> Resealed:
    """Seal everything with the newest key of the file and throw the others away once nothing comes in under them any more."""
    values = (await reseal(database, vault)).values
    for _ in range(_PASSES):
        await sleep(grace)
        found = await reseal(database, vault)
        values += found.values
        if not found.values:
            key_file.drop_old_keys(path)
            return Resealed(values, found.lost)
    raise ConfigurationError("Some process goes on sealing with an old key; copy the key file to every machine, then rotate again.")


async def reseal(database: Database, vault: Vault) -> Resealed:
    """Seal everything with the newest key of the vault; repeat it after an interruption."""
    done = [await _reseal_column(database, vault, table, column) for table, column in sealed_columns()]
    return Resealed(sum(one.values for one in done), sum(one.lost for one in done))


async def lost(database: Database, vault: Vault) -> int:
    """Return how many stored values no key of the file opens."""
    found = 0
    for table, column in sealed_columns():
        after: Sequence[Any] | None = None
        while rows := await _page(database, table, column, after):
            after = tuple(rows[-1][:-1])
            found += sum(not vault.knows(row[-1]) for row in rows)
    return found


async def _reseal_column(database: Database, vault: Vault, table: Table, column: Column[Any]) -> Resealed:
    done = unopened = 0
    after: Sequence[Any] | None = None
    while rows := await _page(database, table, column, after):
        after = tuple(rows[-1][:-1])
        old = [row for row in rows if not vault.is_current(row[-1])]
        known = [row for row in old if vault.knows(row[-1])]
        keys = list(table.primary_key)
        statement = (
            update(table)
            .where(*(key == bindparam(f"of_{key.name}") for key in keys), column == bindparam("old"))
            .values({column: bindparam("new")})
        )
        values = [
            {f"of_{key.name}": row[n] for n, key in enumerate(keys)} | {"old": row[-1], "new": vault.reseal(row[-1])} for row in known
        ]
        async with database.write() as tx:
            await every(tx, statement, values)
        done, unopened = done + len(known), unopened + len(old) - len(known)
    return Resealed(done, unopened)


async def _page(database: Database, table: Table, column: Column[Any], after: Sequence[Any] | None) -> Sequence[Any]:
    keys = list(table.primary_key)
    statement = select(*keys, column).where(column.is_not(None)).order_by(*keys).limit(_PAGE)
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    async with database.read() as tx:
        return (await tx.execute(statement)).all()
