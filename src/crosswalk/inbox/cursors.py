"""How far the pull of a stream has come.

A cursor is leased for the length of a pull, so that two pulls of one stream never run at once, and it moves in the transaction that keeps
the page: pass `advance` to `Receiver.receive_page`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import Replan
from crosswalk.store import tables
from crosswalk.store.statements import insert


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull goes on; both parts are None before the first one."""

    source_id: str
    stream: str
    lease_id: str
    position: Any
    window_end: datetime | None


async def lease(tx: AsyncConnection, source_id: str, stream: str, lease_id: str, seconds: float, now: datetime) -> Cursor | None:
    """Take a stream for pulling; None while another pull of it runs."""
    cursor = tables.cursor
    statement = insert(cursor)
    statement = statement.on_conflict_do_update(
        index_elements=[cursor.c.source_id, cursor.c.stream],
        set_={"lease_id": statement.excluded.lease_id, "leased_until": statement.excluded.leased_until},
        where=or_(cursor.c.lease_id.is_(None), cursor.c.leased_until <= now, cursor.c.lease_id == lease_id),
    )
    row = {
        "source_id": source_id,
        "stream": stream,
        "position": None,
        "window_end": None,
        "lease_id": lease_id,
        "leased_until": now + timedelta(seconds=seconds),
    }
    found = (await tx.execute(statement.values(row).returning(cursor.c.position, cursor.c.window_end))).first()
    return None if found is None else Cursor(source_id, stream, lease_id, found.position, found.window_end)


async def advance(tx: AsyncConnection, cursor: Cursor, position: Any, window_end: datetime | None, seconds: float, now: datetime) -> None:
    """Move a leased cursor and hold it longer; raise `Replan` when another pull took it, which undoes the page too."""
    values = {"position": position, "window_end": window_end, "leased_until": now + timedelta(seconds=seconds)}
    await _expect_ours(tx, cursor, values)


async def hold(tx: AsyncConnection, cursor: Cursor, seconds: float, now: datetime) -> None:
    """Hold a leased cursor longer; nothing happens when another took it, which the next `advance` tells."""
    table = tables.cursor
    mine = (table.c.source_id == cursor.source_id, table.c.stream == cursor.stream, table.c.lease_id == cursor.lease_id)
    await tx.execute(update(table).where(*mine).values(leased_until=now + timedelta(seconds=seconds)))


async def release(tx: AsyncConnection, cursor: Cursor) -> None:
    """Let others pull the stream; nothing happens when another took it."""
    table = tables.cursor
    await tx.execute(
        update(table)
        .where(table.c.source_id == cursor.source_id, table.c.stream == cursor.stream, table.c.lease_id == cursor.lease_id)
        .values(lease_id=None, leased_until=None)
    )


async def drop(tx: AsyncConnection, cursor: Cursor) -> None:
    """Forget a leased cursor that served one piece of work; nothing happens when another took it."""
    table = tables.cursor
    mine = (table.c.source_id == cursor.source_id, table.c.stream == cursor.stream, table.c.lease_id == cursor.lease_id)
    await tx.execute(delete(table).where(*mine))


async def forget(tx: AsyncConnection, source_id: str, stream: str) -> None:
    """Forget a cursor whose work was given up, unless somebody is at it."""
    table = tables.cursor
    await tx.execute(delete(table).where(table.c.source_id == source_id, table.c.stream == stream, table.c.lease_id.is_(None)))


async def _expect_ours(tx: AsyncConnection, cursor: Cursor, values: dict[str, Any]) -> None:
    table = tables.cursor
    mine = (table.c.source_id == cursor.source_id, table.c.stream == cursor.stream, table.c.lease_id == cursor.lease_id)
    if not (await tx.execute(update(table).where(*mine).values(values))).rowcount:
        raise Replan("Another pull of this stream has taken over; it goes on from where that one is.", stream=cursor.stream)
