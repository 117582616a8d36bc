"""The API calls an org was asked for: what for, how long, what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables


@dataclass(frozen=True, slots=True)
class Entry:
    """One request; `status` is None when no reply came."""

    id: str
    connection_id: str
    purpose: str
    started_at: datetime
    ms: float
    status: int | None
    rows: int
    used_seen: int | None
    request_id: str | None
    turn_id: str | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one purpose cost."""

    calls: int
    rows: int
    failed: int


async def page(tx: AsyncConnection, connection_id: str, limit: int, after: str | None = None) -> list[Entry]:
    """Return the newest calls of a connection, or those that follow the entry `after`."""
    call = tables.api_call
    statement = select(call).where(call.c.connection_id == connection_id).order_by(call.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(call.c.id < after)
    return await _entries(tx, statement)


async def of_turn(tx: AsyncConnection, turn_id: str) -> list[Entry]:
    """Return the calls of one turn in order, as for explaining a change."""
    call = tables.api_call
    return await _entries(tx, select(call).where(call.c.turn_id == turn_id).order_by(call.c.id))


async def of_run(tx: AsyncConnection, run_id: str, limit: int) -> list[Entry]:
    """Return the newest calls of a run."""
    call = tables.api_call
    return await _entries(tx, select(call).where(call.c.run_id == run_id).order_by(call.c.id.desc()).limit(limit))


async def usage(tx: AsyncConnection, connection_id: str, since: datetime) -> Mapping[str, Usage]:
    """Return what each purpose cost a connection since then; a call without a reply counts as failed."""
    call = tables.api_call
    good = func.count().filter(call.c.status < _CLIENT_ERROR)
    statement = (
        select(call.c.purpose, func.count(), func.sum(call.c.rows), good)
        .where(call.c.connection_id == connection_id, call.c.started_at >= since)
        .group_by(call.c.purpose)
    )
    return {row[0]: Usage(row[1], int(row[2]), row[1] - row[3]) for row in await tx.execute(statement)}


async def _entries(tx: AsyncConnection, statement: Select[Any]) -> list[Entry]:
    return [
        Entry(
            id=row.id,
            connection_id=row.connection_id,
            purpose=row.purpose,
            started_at=row.started_at,
            ms=row.ms,
            status=row.status,
            rows=row.rows,
            used_seen=row.used_seen,
            request_id=row.request_id,
            turn_id=row.turn_id,
            run_id=row.run_id,
        )
        for row in await tx.execute(statement)
    ]


_CLIENT_ERROR = 400
