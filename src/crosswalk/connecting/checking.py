"""What a connection says when it is tested: whose login, which org, how many calls are left. It costs two calls and keeps what it found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from crosswalk.engine.orgs import Orgs
from crosswalk.errors import CrosswalkError
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import limits
from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.turn.context import Engine

_DAY = timedelta(days=1)
_ORGANISATION = "query?q=SELECT+Id,Name,OrganizationType,IsSandbox+FROM+Organization"


@dataclass(frozen=True, slots=True)
class Tested:
    """How a test ended."""

    works: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls of the last 24 hours: what the org said last, and when, with our own calls since."""

    used: int | None
    limit: int | None
    seen_at: datetime | None
    own: int


async def test(engine: Engine, orgs: Orgs, connection: ConnectionConfig) -> Tested:
    """Log in, ask for the organisation and for what is left of its calls."""
    try:
        org = await orgs.of(connection)
        body = (await org.client.get(_ORGANISATION, purpose=Purpose.CHECK)).body
        usage = await limits.usage(org.client)
    except CrosswalkError as error:
        return Tested(False, error.sentence)
    row: dict[str, Any] = (body.get("records") or [{}])[0] if isinstance(body, dict) else {}
    async with engine.database.write() as tx:
        await org.calls.flush(tx)
        seen = {"used_seen": usage.used, "used_at": engine.clock.now(), "limit_max": usage.max}
        await tx.execute(update(tables.connection).where(tables.connection.c.id == connection.id).values(**seen))
    engine.configuration.forget()
    kind = "sandbox" if row.get("IsSandbox") else "org"
    return Tested(True, f"Logged in to the {kind} {row.get('Name')}. {usage.left:,} of {usage.max:,} API calls are left today.")


async def calls(engine: Engine, connection_id: str) -> Calls:
    """Return what is known of an org's calls without asking it."""
    connection, call = tables.connection, tables.api_call
    since = engine.clock.now() - _DAY
    async with engine.database.read() as tx:
        row = (await tx.execute(select(connection).where(connection.c.id == connection_id))).one()
        counted = select(func.count()).where(call.c.connection_id == connection_id, call.c.started_at > since)
        own = int(await tx.scalar(counted) or 0)
        later = int(await tx.scalar(counted.where(call.c.started_at > row.used_at)) or 0) if row.used_at else 0
    used = None if row.used_seen is None else row.used_seen + later
    return Calls(used, row.limit_max, row.used_at, own)


async def waiting(engine: Engine, connection_id: str) -> int:
    """Return how many deliveries are kept for a connection that is paused."""
    delivery, sync = tables.delivery, tables.sync
    syncs = select(sync.c.id).where(sync.c.connection_id == connection_id)
    statement = select(func.count()).where(
        delivery.c.sync_id.in_(syncs), delivery.c.state == State.WAITING.value, delivery.c.reason == Reason.CONNECTION_PAUSED.value
    )
    async with engine.database.read() as tx:
        return int(await tx.scalar(statement) or 0)
