"""Which campaign the sessions and events of a source belong to, per connection; `*` stands for all that have none of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from crosswalk import record_ids
from crosswalk.access.caller import Caller
from crosswalk.engine import bindings
from crosswalk.errors import RequestRefused
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.bound import EVERY
from crosswalk.turn.context import Engine

_MOST = 200
_LONGEST_GROUP = 255
_CAMPAIGNS = "701"  # what ids of campaigns begin with, in every org


@dataclass(frozen=True, slots=True)
class Group:
    """One session or event: how many events came of it, the campaign it is bound to, and how many deliveries wait for one."""

    id: str
    connection_id: str
    campaign_id: str | None
    events: int
    title: str = ""
    waiting: int = 0


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
    waiting = {(one.group_id or EVERY, one.connection_id): one for one in await bindings.waiting(engine, source_id)}
    found = []
    for connection_id in connection_ids:
        for name in dict.fromkeys([EVERY, *seen, *(group for group, _ in bound)]):
            late = waiting.get((name, connection_id))
            title, count = (late.title, late.deliveries) if late else ("", 0)
            found.append(Group(name, connection_id, bound.get((name, connection_id)), seen.get(name, 0), title, count))
    return found


async def bind(engine: Engine, caller: Caller, source: SourceConfig, group: str, connection_id: str, campaign: str) -> int:
    """Bind a group to a campaign, or with nothing take the binding away; return how many deliveries go on by it."""
    campaign_id = record_ids.full(campaign.strip()) if campaign.strip() else None
    if campaign.strip() and not (campaign_id or "").startswith(_CAMPAIGNS):
        sentence = "This is no id of a campaign: copy the 15 or 18 characters from the address of its page in Salesforce."
        raise RequestRefused("no_record_id", sentence, 422, field="campaign")
    if not group or len(group) > _LONGEST_GROUP:
        raise RequestRefused("no_group", "Name the session or event, or * for all.", 422, field="group")
    if campaign_id is None:
        await bindings.unbind(engine, source.id, connection_id, group, caller.actor)
        return 0
    return await bindings.bind(engine, source.id, connection_id, group, campaign_id, caller.actor)
