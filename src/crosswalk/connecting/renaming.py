"""Names of sources and connections as an admin enters them: no two of a kind have the same, and a new one stands in the audit trail."""

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.caller import Caller
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store.configuration import ConnectionConfig, SourceConfig
from crosswalk.turn.context import Engine


async def rename(
    tx: AsyncConnection, engine: Engine, caller: Caller, table: Table, name: str, stored: ConnectionConfig | SourceConfig | None
) -> None:
    """Give a stored source or connection a name, or see that a new one may have it; raise `RequestRefused` where another one has it."""
    taken = await tx.scalar(select(table.c.id).where(table.c.name == name))
    if taken and (stored is None or taken != stored.id):
        raise RequestRefused("name_taken", f"Another {table.name} has this name; choose another one.", 409, field="name")
    if stored is None or stored.name == name:
        return
    await tx.execute(update(table).where(table.c.id == stored.id).values(name=name))
    names, now = ({"name": stored.name}, {"name": name}), engine.clock.now()
    action = f"{table.name}.change"
    await audit.record(tx, engine.ids, now, actor=caller.actor, action=action, subject=stored.id, before=names[0], after=names[1])
