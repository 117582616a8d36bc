"""A connection that cannot work is paused as a whole, and says so on everything that waits for it.

Only a person resumes it: what stopped it (credentials, permissions, another org) does not mend itself.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import deliveries
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.turn.context import Engine

_connection, _delivery = tables.connection, tables.delivery


async def pause(engine: Engine, connection_id: str, sentence: str) -> None:
    """Pause a connection, with the reason in words; what is queued for it says so."""
    async with engine.database.write() as tx:
        await tx.execute(update(_connection).where(_connection.c.id == connection_id).values(paused_reason=sentence))
        await _renamed(tx, connection_id, Reason.QUEUED, Reason.CONNECTION_PAUSED, engine.clock.now())
    engine.configuration.forget()


async def resume(engine: Engine, connection_id: str) -> None:
    """Let a connection work again; everything that waited for it is due at once."""
    now = engine.clock.now()
    async with engine.database.write() as tx:
        await tx.execute(update(_connection).where(_connection.c.id == connection_id).values(paused_reason=None))
        await deliveries.wake(tx, connection_id, {Reason.CONNECTION_PAUSED}, now)
        await _renamed(tx, connection_id, Reason.CONNECTION_PAUSED, Reason.QUEUED, now)
    engine.configuration.forget()


async def _renamed(tx: AsyncConnection, connection_id: str, old: Reason, new: Reason, now: datetime) -> None:
    of_connection = select(tables.sync.c.id).where(tables.sync.c.connection_id == connection_id)
    waiting = (_delivery.c.state == State.WAITING.value) & (_delivery.c.reason == old.value)
    await tx.execute(update(_delivery).where(waiting & _delivery.c.sync_id.in_(of_connection)).values(reason=new.value, updated_at=now))
