"""Campaign bindings as an admin sees them: what waits for a campaign, which campaign that could be, and picking it.

Picking lets everything go on that waits for it, and what had waited until its deadline is tried again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import record_ids
from crosswalk.errors import ConfigurationError
from crosswalk.inbox import deliveries, stored
from crosswalk.journal import audit
from crosswalk.mapping import keys
from crosswalk.mapping.campaigns import OBJECT
from crosswalk.mapping.reading import Sources
from crosswalk.model import Priority, Question
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import lookup
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.store.statements import insert
from crosswalk.turn.bound import EVERY, BindingOrigin
from crosswalk.turn.context import Engine, Org

_TITLES = ("event_title", "event_name")
_MOST = 500
_WAITED = f"It waited for: {Reason.NO_CAMPAIGN}."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session or event without a campaign: how much waits for one, since when, and what was looked for in vain.

    Without a group the events belong to no session; only a campaign for all of the source serves them.
    """

    source_id: str
    connection_id: str
    group_id: str | None
    deliveries: int
    since: datetime
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of the org."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What is bound at present."""

    source_id: str
    connection_id: str
    group_id: str
    campaign_id: str
    origin: BindingOrigin


async def waiting(engine: Engine, source_id: str | None = None) -> list[Waiting]:
    """Return what waits for a campaign, of one source or of all, the longest waiting first."""
    delivery, event, sync = tables.delivery, tables.event, tables.sync
    group = (event.c.source_id, sync.c.connection_id, event.c.group_id)
    statement = (
        select(
            *group,
            func.count().label("deliveries"),
            func.min(event.c.received_at).label("since"),
            func.max(event.c.id).label("newest"),
            func.max(delivery.c.detail).label("why"),
        )
        .join(event, event.c.id == delivery.c.event_id)
        .join(sync, sync.c.id == delivery.c.sync_id)
        .where(delivery.c.state == State.WAITING.value, delivery.c.reason == Reason.NO_CAMPAIGN.value)
        .where(true() if source_id is None else sync.c.source_id == source_id)
        .group_by(*group)
        .order_by(func.min(event.c.id))
        .limit(_MOST)
    )
    sources = (await engine.configuration.current()).sources
    async with engine.database.read() as tx:
        rows = (await tx.execute(statement)).all()
        titles = await _titles(tx, engine, [row.newest for row in rows], sources)
    return [
        Waiting(row.source_id, row.connection_id, row.group_id, row.deliveries, row.since, titles.get(row.newest, ""), row.why or "")
        for row in rows
    ]


async def bindings(engine: Engine) -> list[Binding]:
    """Return everything that is bound."""
    table = tables.campaign_binding
    async with engine.database.read() as tx:
        rows = await tx.execute(select(table).order_by(table.c.source_id, table.c.group_id))
        return [Binding(row.source_id, row.connection_id, row.group_id, row.campaign_id, BindingOrigin(row.origin)) for row in rows]


async def campaign(org: Org, field: str, value: str) -> Campaign:
    """Return the one campaign whose field (Id, Name, an external id) has that value; raise `ConfigurationError` when it is not one."""
    schema = await org.describe.schema({OBJECT})
    found = schema.field(OBJECT, field)
    if found is None or not found.filterable:
        raise ConfigurationError(f"Campaigns of this org cannot be searched by {field}; name another field.")
    wanted = record_ids.full(value) if field.lower() == "id" else keys.normalised(found, value)
    if not wanted:
        raise ConfigurationError(f"{value!r} cannot be the {found.name} of a campaign; look at it in Salesforce and copy it.")
    question = Question(OBJECT, found.name, wanted)
    answers = await lookup.ask(org.client, [question], {OBJECT: ("Name",)}, org.budget.spender(Priority.INTERACTIVE), schema)
    records = answers.get(question, ())
    if len(records) != 1:
        many = f"{len(records)} campaigns have" if records else "No campaign has"
        raise ConfigurationError(f"{many} the {found.name} {value!r}; name one campaign by its id.")
    return Campaign(records[0].id, str(records[0].fields.get("Name") or ""))


async def bind(engine: Engine, source_id: str, connection_id: str, group_id: str, campaign_id: str, actor: str) -> int:
    """Bind a session or event (or `*`, all others of the source) to a campaign and return how many deliveries go on by it."""
    table, now = tables.campaign_binding, engine.clock.now()
    row = {"source_id": source_id, "group_id": group_id, "connection_id": connection_id}
    picked = {"campaign_id": campaign_id, "origin": BindingOrigin.PICKED.value, "at": now}
    async with engine.database.write() as tx:
        before = await _bound_now(tx, row)
        statement = insert(table).values(**row, **picked)
        await tx.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=picked))
        released = await _release(tx, connection_id, source_id, None if group_id == EVERY else group_id, now)
        await _audit(tx, engine, row, actor, "campaign.bind", before, campaign_id)
    return released


async def unbind(engine: Engine, source_id: str, connection_id: str, group_id: str, actor: str) -> bool:
    """Take a binding away and tell whether there was one; members written before stay."""
    table = tables.campaign_binding
    row = {"source_id": source_id, "group_id": group_id, "connection_id": connection_id}
    async with engine.database.write() as tx:
        before = await _bound_now(tx, row)
        await tx.execute(delete(table).where(*(table.c[name] == value for name, value in row.items())))
        if before:
            await _audit(tx, engine, row, actor, "campaign.unbind", before, None)
    return before is not None


async def _bound_now(tx: AsyncConnection, row: Mapping[str, str]) -> str | None:
    table = tables.campaign_binding
    return await tx.scalar(select(table.c.campaign_id).where(*(table.c[name] == value for name, value in row.items())))


async def _release(tx: AsyncConnection, connection_id: str, source_id: str, group_id: str | None, now: datetime) -> int:
    """Wake what waits, and try again what had waited for a campaign until its deadline."""
    delivery, event, sync = tables.delivery, tables.event, tables.sync
    woken = await deliveries.wake_group(tx, connection_id, source_id, group_id, now)
    late = (
        select(delivery.c.id)
        .join(event, event.c.id == delivery.c.event_id)
        .join(sync, sync.c.id == delivery.c.sync_id)
        .where(delivery.c.state == State.HELD.value, delivery.c.reason == Reason.DEADLINE.value, delivery.c.detail == _WAITED)
        .where(sync.c.connection_id == connection_id, event.c.source_id == source_id)
    )
    if group_id is not None:
        late = late.where(event.c.group_id == group_id)
    return woken + len(await deliveries.replay(tx, (await tx.scalars(late)).all(), now))


async def _audit(
    tx: AsyncConnection, engine: Engine, row: Mapping[str, str], actor: str, action: str, before: str | None, after: str | None
) -> None:
    source = (await engine.configuration.current()).sources.get(row["source_id"])
    subject = f"{source.name if source else row['source_id']}/{row['group_id']}"
    shown = {"before": {"campaign": before} if before else None, "after": {"campaign": after} if after else None}
    await audit.record(tx, engine.ids, engine.clock.now(), actor=actor, action=action, subject=subject, **shown)


async def _titles(tx: AsyncConnection, engine: Engine, event_ids: Sequence[str], sources: Mapping[str, SourceConfig]) -> dict[str, str]:
    """Return what the events call themselves, as far as that can be read."""
    event = tables.event
    found: dict[str, str] = {}
    for row in await tx.execute(select(event).where(event.c.id.in_(event_ids))):
        source = sources.get(row.source_id)
        title = _title(row, engine, source) if source else ""
        found |= {row.id: title} if title else {}
    return found


def _title(row: object, engine: Engine, source: SourceConfig) -> str:
    catalogue = {attribute.key: attribute for attribute in registry.source(source.kind).catalogue(source.settings)}
    known = [key for key in _TITLES if key in catalogue]
    try:
        event = stored.event(row, str(getattr(row, "id", "")), engine.vault)
    except ConfigurationError:
        return ""
    values = (Sources(catalogue, source.kind).reader(key)(event, UTC) for key in known)
    return next((value for value in values if isinstance(value, str)), "")
