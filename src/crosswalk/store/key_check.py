"""Proves that the key file at hand is the one this database was filled with.

With another HMAC key every claim, link and identity would look unknown, and every person would be made a second time.
"""

from sqlalchemy import select

from crosswalk.errors import ConfigurationError
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.statements import insert
from crosswalk.store.vault import Vault

_NAME = "hmac"
_PROOF = "crosswalk key check"


async def prove(database: Database, vault: Vault) -> None:
    """Remember the key on first use; raise `ConfigurationError` when the database was filled with another one."""
    table, mine = tables.key_check, vault.hmac(_PROOF)
    async with database.write() as tx:
        await tx.execute(insert(table).values(name=_NAME, value_hmac=mine).on_conflict_do_nothing())
        found = await tx.scalar(select(table.c.value_hmac).where(table.c.name == _NAME))
    if found != mine:
        raise ConfigurationError(
            "The key file is not the one this database was filled with; put that one back, or set CROSSWALK_KEY_FILE to where it is."
        )
