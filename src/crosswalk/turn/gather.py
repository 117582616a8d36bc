"""From leased deliveries to drafts: the mapping version in force, what was learnt about the person, the campaign of the event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.deliveries import Work
from crosswalk.mapping import apply, campaigns, document
from crosswalk.mapping.apply import BoundCampaign, CompiledMapping, Context
from crosswalk.mapping.campaigns import Rules
from crosswalk.model import Draft, ObjectType, OrgSchema, Origin
from crosswalk.reasons import Reason, State
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SyncConfig
from crosswalk.turn.bound import Bound, group
from crosswalk.turn.context import Engine, Org, Turn

_suspended = tables.suspended_row
_ONCE_A_DAY = 86_400  # seconds; whoever waits to be named is woken when that happens


@dataclass(frozen=True, slots=True)
class Mappings:
    """The compiled mappings of one turn and their rules for campaigns, with the schema they were compiled against."""

    schema: OrgSchema
    compiled: Mapping[str, CompiledMapping]
    rules: Mapping[str, Rules]


async def mappings(engine: Engine, org: Org, configuration: Configuration, work: Sequence[Work]) -> Mappings:
    """Compile the mapping in force of each sync of the work against the described org, less what drift has suspended."""
    wanted = {one.delivery.sync_id for one in work}
    syncs = [configuration.syncs[sync_id] for sync_id in sorted(wanted) if sync_id in configuration.syncs]
    parsed = {sync.id: document.parse(sync.document) for sync in syncs}
    objects = {name for mapping in parsed.values() for name in document.objects(mapping)}
    for sync_id, mapping in parsed.items():
        objects |= apply.named_objects(mapping, (one.event for one in work if one.delivery.sync_id == sync_id))
    schema = await org.describe.schema(objects | {"Lead", "Contact", "CampaignMemberStatus"})
    async with engine.database.read() as tx:
        suspended = await _suspensions(tx, [sync.id for sync in syncs])
    compiled = {
        sync.id: _compile(sync, parsed[sync.id], configuration, _without(schema, suspended.get((sync.id, sync.version), set())))
        for sync in syncs
    }
    rules = {sync.id: _rules(sync, parsed[sync.id], configuration, schema) for sync in syncs}
    return Mappings(schema, compiled, rules)


def _compile(sync: SyncConfig, parsed: document.Document, configuration: Configuration, schema: OrgSchema) -> CompiledMapping:
    source = configuration.sources[sync.source_id]
    return apply.compile(
        parsed,
        registry.source(source.kind).catalogue(source.settings),
        schema,
        sync_id=sync.id,
        version=sync.version,
        position=sync.position,
        source_kind=source.kind,
    )


def _rules(sync: SyncConfig, parsed: document.Document, configuration: Configuration, schema: OrgSchema) -> Rules:
    source = configuration.sources[sync.source_id]
    return campaigns.compile_rules(parsed, registry.source(source.kind).catalogue(source.settings), schema)


async def _suspensions(tx: AsyncConnection, sync_ids: Sequence[str]) -> dict[tuple[str, int], set[tuple[str, str]]]:
    rows = await tx.execute(select(_suspended).where(_suspended.c.sync_id.in_(sync_ids)))
    found: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault((row.sync_id, row.version), set()).add((row.object.lower(), row.field.lower()))
    return found


def _without(schema: OrgSchema, suspended: set[tuple[str, str]]) -> OrgSchema:
    """Hide suspended fields, so that their rows are compiled as not available."""
    if not suspended:
        return schema
    return OrgSchema(
        {name: _less(described, {field for owner, field in suspended if owner == name}) for name, described in schema.objects.items()}
    )


def _less(described: ObjectType, hidden: set[str]) -> ObjectType:
    return replace(described, fields={name: field for name, field in described.fields.items() if name not in hidden})


def drafts(turn: Turn, ready: Mappings, bound: Bound, strong: Mapping[str, Mapping[str, str]]) -> list[Draft]:
    """Map every delivery of the turn; what makes no draft is concluded at once."""
    zone = ZoneInfo(str(turn.org.connection.settings.get("zone", "UTC")))
    made: list[Draft] = []
    for work in turn.work:
        if not _runs(turn, work):
            continue
        campaign = bound.of(work.event)
        context = Context(strong.get(work.event.id, {}), BoundCampaign(campaign) if campaign else None, zone)
        why = bound.why.get(group(work.event), "")
        made.extend(_mapped(turn, work, ready.compiled[work.delivery.sync_id], context, why))
    return made


def _runs(turn: Turn, work: Work) -> bool:
    """Whether the delivery's sync is on and its event can be read; a paused one waits, a removed one is skipped."""
    sync = turn.configuration.syncs.get(work.delivery.sync_id)
    delivery = whole(work, sync.version if sync else 0)
    if sync is None or sync.state in ("removed", "off"):
        turn.conclude(delivery, State.SKIPPED, Reason.SYNC_REMOVED)
        return False
    if sync.state == "paused":
        turn.conclude(delivery, State.WAITING, Reason.SYNC_PAUSED, due_at=turn.after(turn.engine.timings.recheck))
        return False
    if work.unreadable:
        turn.conclude(delivery, State.HELD, Reason.UNREADABLE, work.unreadable)
        return False
    return True


def whole(work: Work, version: int) -> list[Origin]:
    """Return the origin that stands for the delivery as a whole."""
    return [Origin(work.delivery.id, work.delivery.sync_id, version, "", work.event.freshness)]


def _mapped(turn: Turn, work: Work, mapping: CompiledMapping, context: Context, no_campaign: str) -> list[Draft]:
    applied = mapping.apply(work.event, work.delivery.id, work.delivery.lane_id, context)
    version = turn.configuration.syncs[work.delivery.sync_id].version
    for unmapped in applied.unmapped:
        origin = Origin(work.delivery.id, work.delivery.sync_id, version, unmapped.step, work.event.freshness)
        pause = _ONCE_A_DAY if unmapped.reason is Reason.NO_IDENTITY else turn.engine.timings.recheck
        due = turn.after(pause) if unmapped.reason.state is State.WAITING else None
        detail = no_campaign if unmapped.reason is Reason.NO_CAMPAIGN else unmapped.detail
        turn.conclude([origin], unmapped.reason.state, unmapped.reason, detail, due_at=due)
    if not applied.drafts and not applied.unmapped:
        turn.conclude(whole(work, version), State.SKIPPED, Reason.MAPPED_NOTHING)
    return list(applied.drafts)
