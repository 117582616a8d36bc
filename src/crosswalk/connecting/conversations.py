"""A conversation that goes on gets its record when it starts, from what the agent's widget knows of it; the sync completes that record.

It takes the way of every event, so that however many ways lead to a conversation, it is one record (LP-60).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crosswalk.errors import RequestRefused
from crosswalk.inbox.receive import Receiver
from crosswalk.model import Accepted, Priority, Rejected
from crosswalk.reasons import Reason, State
from crosswalk.sources import registry
from crosswalk.sources.base import Conversing
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.turn.context import Engine


@dataclass(frozen=True, slots=True)
class Begun:
    """The id of a conversation, and whether anything new was told of it."""

    conversation_id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What a step of a sync has made of a conversation; a step without a record says why."""

    sync_id: str
    step: str
    state: State
    reason: Reason | None
    object: str | None
    record_id: str | None


async def begin(engine: Engine, receiver: Receiver, source: SourceConfig, model: Mapping[str, Any]) -> Begun:
    """Take the model of a conversation in, at the priority of work somebody waits for; raise `RequestRefused` where it cannot be read."""
    kind = registry.source(source.kind)
    if not isinstance(kind, Conversing):
        raise RequestRefused("no_conversations", "Conversations of this source are not seen while they go on; its jobs read them.", 404)
    if source.state is not SourceState.ON:
        raise RequestRefused("source_off", f"{source.name} is switched off and takes no events. Switch it on, then try again.", 409)
    event = kind.begun(model, source, engine.clock.now(), engine.ids.new)
    if isinstance(event, Rejected):
        raise RequestRefused(event.code, event.sentence, 422)
    receipt = await receiver.receive(source, Accepted(events=(event,)), priority=Priority.INTERACTIVE, fingerprint=kind.fingerprint)
    return Begun(event.entity_id or "", is_new=bool(receipt.events))


async def kept(engine: Engine, source: SourceConfig, conversation_id: str, connections: Collection[str]) -> list[Kept]:
    """Return what became of the latest event of a conversation in these connections, step by step."""
    event, delivery, outcome, sync = tables.event, tables.delivery, tables.step_outcome, tables.sync
    newest = select(event.c.id).where(event.c.source_id == source.id, event.c.entity_id == conversation_id)
    newest = newest.order_by(event.c.id.desc()).limit(1)
    query = (
        select(delivery.c.sync_id, outcome)
        .join(outcome, outcome.c.delivery_id == delivery.c.id)
        .join(sync, sync.c.id == delivery.c.sync_id)
        .where(delivery.c.event_id == newest.scalar_subquery(), sync.c.connection_id.in_(connections))
        .order_by(delivery.c.sync_id, outcome.c.step)
    )
    async with engine.database.read() as tx:
        rows = (await tx.execute(query)).all()
    return [
        Kept(row.sync_id, row.step, State(row.state), Reason(row.reason) if row.reason else None, row.object, row.record_id) for row in rows
    ]
