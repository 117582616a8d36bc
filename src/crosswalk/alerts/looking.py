"""Looks for causes: what the journal, the log of callouts and the configuration say of this moment.

Nothing is asked of another system, so looking every minute costs no call. Each question is answered by an index or from small tables.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.alerts.causes import Cause, Kind, plural
from crosswalk.alerts.reading import of_reading
from crosswalk.journal import health
from crosswalk.journal.health import Calls
from crosswalk.model import Priority
from crosswalk.model.callouts import masked_sentence
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceState, SyncConfig, SyncState

_BEHIND = timedelta(hours=1)
_EXPIRING = timedelta(days=7)
_FIGURE_LASTS = timedelta(hours=1)  # the org's own count of calls, when nobody has asked since


async def causes(tx: AsyncConnection, configuration: Configuration, now: datetime) -> list[Cause]:
    """Return every cause there is at this moment, each key once, without those of `drifting`."""
    live = {one.id: one for one in configuration.syncs.values() if one.state is not SyncState.REMOVED}
    found = list(_paused(configuration.connections.values()))
    for source in configuration.sources.values():
        if source.state is SourceState.ON:
            found += await of_reading(tx, source, now)
    found += await _held(tx, live)
    for connection in configuration.connections.values():
        found += await _budget(tx, connection, now)
    found += await _behind(tx, _working(configuration), now)
    found += await _expiring(tx, now)
    return found


def _paused(connections: Iterable[ConnectionConfig]) -> Iterator[Cause]:
    for one in connections:
        if one.paused_reason:
            said = masked_sentence(one.paused_reason)
            sentence = f"{said} Nothing is written until the connection is resumed."
            yield Cause(Kind.CONNECTION_PAUSED, one.id, f"{one.name} is paused", sentence, "/connections")


async def _held(tx: AsyncConnection, live: dict[str, SyncConfig]) -> list[Cause]:
    return [
        Cause(
            Kind.DELIVERIES_HELD,
            f"{one.sync_id}:{one.reason}",
            f"{live[one.sync_id].name}: {plural(one.number, 'delivery', 'deliveries')} held ({one.reason.value.replace('_', ' ')})",
            one.reason.sentence,
            f"/event-log?hours=0&sync={one.sync_id}&reason={one.reason}",
        )
        for one in await health.held(tx, live)
    ]


async def _budget(tx: AsyncConnection, connection: ConnectionConfig, now: datetime) -> list[Cause]:
    seen_at = await tx.scalar(select(tables.connection.c.used_at).where(tables.connection.c.id == connection.id))
    if seen_at is None or now - seen_at > _FIGURE_LASTS:
        return []
    calls = await health.calls(tx, connection.id, now)
    if calls.free != 0:
        return []
    return [
        Cause(
            Kind.BUDGET_RESERVE,
            connection.id,
            f"{connection.name}: the API calls left are kept in reserve",
            f"{_figures(calls)} What waits goes on by itself when calls free up; lower the reserve, or see which program uses them.",
            "/connections",
        )
    ]


def _figures(calls: Calls) -> str:
    return f"{calls.used or 0:,} of {calls.limit or 0:,} calls of the last 24 hours are used, and {calls.reserve:,} are the reserve."


def _working(configuration: Configuration) -> list[str]:
    """Return the syncs whose deliveries nobody has paused."""
    paused = {one.id for one in configuration.connections.values() if one.paused_reason}
    return [one.id for one in configuration.syncs.values() if one.state is SyncState.ON and one.connection_id not in paused]


async def _behind(tx: AsyncConnection, syncs: list[str], now: datetime) -> list[Cause]:
    delivery = tables.delivery
    late = (
        select(func.count())
        .select_from(delivery)
        .where(
            delivery.c.sync_id.in_(syncs),
            delivery.c.state == State.WAITING.value,
            delivery.c.due_at <= now - _BEHIND,
            delivery.c.priority < Priority.BACKFILL,
        )
    )
    number = await tx.scalar(late) or 0
    if not number:
        return []
    title = f"{plural(number, 'delivery', 'deliveries')} not written for an hour"
    sentence = "They are due and nothing keeps them waiting; see the callout errors, and that Salesforce and a worker are up."
    return [Cause(Kind.DELIVERIES_BEHIND, "", title, sentence, "/callouts")]


async def _expiring(tx: AsyncConnection, now: datetime) -> list[Cause]:
    token = tables.api_token
    ending = select(token.c.id, token.c.name, token.c.expires_at).where(token.c.expires_at <= now + _EXPIRING)
    return [
        Cause(
            Kind.LOGIN_EXPIRING,
            row.id,
            f"The API token {row.name} ends on {row.expires_at:%d %b %Y, %H:%M} UTC",
            "Programs that use it are refused from then on; make a new token, enter it there, and revoke this one.",
            "/users",
        )
        for row in await tx.execute(ending.order_by(token.c.id))
    ]
