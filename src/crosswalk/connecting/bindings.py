"""Which campaign the sessions and events of a source belong to, per connection; `*` stands for all that have none of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import record_ids
from crosswalk.access.caller import Caller
from crosswalk.errors import RequestRefused
from crosswalk.inbox import deliveries
from crosswalk.journal import audit
from crosswalk.reasons import Reason
from crosswalk.store import statements, tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine

EVERY = "*"
_MOST = 200
_LONGEST_GROUP = 255


@dataclass(frozen=True, slots=True)
class Group:
    """One session or event: how many events came of it, and the campaign it is bound to."""

    id: str
    connection_id: str
    campaign_id: str | None
    events: int


async def groups(engine: Engine, source_id: str, connection_ids: Sequence[str]) -> Sequence[Group]:
    """Return the groups that were seen or are bound, for each connection; `*` first."""
    event, binding = tables.event, tables.campaign_binding
    async with engine.database.read() as tx:
        counted = select(event.c.group_id, func.count().label("events")).where(
            event.c.source_id == source_id, event.c.group_id.is_not(None)
        )
        rows = await tx.execute(counted.group_by(event.c.group_id).order_by(func.max(event.c.received_at).desc()).limit(_MOST))
        seen = {row.group_id: row.events for row in rows}
        bound = {
            (row.group_id, row.connection_id): row.campaign_id
            for row in await tx.execute(select(binding).where(binding.c.source_id == source_id))
        }
    names = list(dict.fromkeys([EVERY, *seen, *(group for group, _ in bound)]))
    return [Group(name, one, bound.get((name, one)), seen.get(name, 0)) for one in connection_ids for name in names]


async def bind(engine: Engine, caller: Caller, source: SourceConfig, group: str, connection_id: str, campaign: str) -> None:
    """Bind a group to a campaign, or with nothing take the binding away; what waited for it goes on."""
    campaign_id = record_ids.full(campaign.strip()) if campaign.strip() else None
    if campaign.strip() and campaign_id is None:
        sentence = "This is no id of a campaign: copy the 15 or 18 characters from the address of its page in Salesforce."
        raise RequestRefused("no_record_id", sentence, 422, field="campaign")
    if not group or len(group) > _LONGEST_GROUP:
        raise RequestRefused("no_group", "Name the session or event, or * for all.", 422, field="group")
    key = {"source_id": source.id, "group_id": group, "connection_id": connection_id}
    async with engine.database.write() as tx:
        before = await _write(tx, key, campaign_id)
        if campaign_id:
            await deliveries.wake(tx, connection_id, {Reason.NO_CAMPAIGN}, engine.clock.now())
        await audit.record(
            tx,
            engine.ids,
            engine.clock.now(),
            actor=caller.actor,
            action="campaign.change",
            subject=source.id,
            before={"group": group, "campaign": before},
            after={"group": group, "campaign": campaign_id},
        )


async def _write(tx: AsyncConnection, key: dict[str, str], campaign_id: str | None) -> str | None:
    """Write a binding and return the campaign that was bound before."""
    table = tables.campaign_binding
    mine = [table.c[name] == value for name, value in key.items()]
    before: str | None = await tx.scalar(select(table.c.campaign_id).where(*mine))
    if campaign_id is None:
        await tx.execute(delete(table).where(*mine))
        return before
    columns = [table.c[name] for name in key]
    statement = statements.insert(table).values(**key, campaign_id=campaign_id)
    await tx.execute(statement.on_conflict_do_update(index_elements=columns, set_={"campaign_id": campaign_id}))
    return before
