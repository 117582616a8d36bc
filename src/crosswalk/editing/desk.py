"""Everything the editing of one sync needs at hand: its ends, the source's catalogue and the described org.

Salesforce may be away or signed out while somebody edits. Then the last description we hold serves, and `stale` says so; without any, the
mapping is shown and checked as far as that goes without an org.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crosswalk.engine.orgs import Orgs
from crosswalk.errors import CrosswalkError, MappingError, RequestRefused
from crosswalk.journal.people import Names
from crosswalk.mapping import check, document, drafts
from crosswalk.mapping.document import Document
from crosswalk.mapping.reading import Sources
from crosswalk.mapping.rows import PERSON, Makings
from crosswalk.model import Attribute, ObjectType, OrgSchema
from crosswalk.salesforce import object_types
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SyncConfig, SyncState
from crosswalk.turn.context import Engine, Org

_NAME = re.compile(r"[A-Za-z]\w{0,79}", re.ASCII)
_ALWAYS = frozenset({"Lead", "Contact", "CampaignMember"})


@dataclass(frozen=True, slots=True)
class Desk:
    """One sync as it is edited. `org` is None while Salesforce cannot be asked; `stale` then says why."""

    sync: SyncConfig
    source: SourceConfig
    connection: ConnectionConfig
    catalogue: tuple[Attribute, ...]
    attributes: Mapping[str, Attribute]  # the catalogue by key
    schema: OrgSchema
    names: Names = field(repr=False)
    sources: Sources = field(repr=False)
    org: Org | None = None
    stale: str = ""

    @property
    def saved(self) -> Mapping[str, Any]:
        """The document in force, without what stands at its default."""
        return drafts.normal(self.sync.document)

    @property
    def zone(self) -> ZoneInfo:
        """The connection's time zone."""
        return ZoneInfo(str(self.connection.settings.get("zone", "UTC")))

    @property
    def known_schema(self) -> OrgSchema | None:
        """The schema to check against, or None when nothing of the org is known."""
        return self.schema if self.schema.objects else None

    def makings(self, parsed: Document | None) -> Makings:
        """Return what rows of a document are compiled with."""
        records = {step.name: PERSON if step.person else step.name for step in parsed.steps} if parsed else {}
        return Makings(self.sources, self.schema, records)

    def label(self, object_name: str, field: str) -> str:
        """Return a field's label, or its name where the org is not known to have it."""
        found = self.schema.field(object_name, field)
        return found.label if found else field


async def open_sync(engine: Engine, orgs: Orgs, sync_id: str, *more: Mapping[str, Any]) -> Desk:
    """Return the desk of a sync with every object described that its mapping or those of `more` name; raise 404 for no such sync."""
    configuration = await engine.configuration.current()
    sync = configuration.syncs.get(sync_id)
    if sync is None or sync.state is SyncState.REMOVED:
        raise RequestRefused("no_such_sync", "There is no such sync; it may have been deleted meanwhile.", 404)
    source, connection = configuration.sources[sync.source_id], configuration.connections[sync.connection_id]
    catalogue = registry.source(source.kind).catalogue(source.settings)
    by_key = {attribute.key: attribute for attribute in catalogue}
    reading = (Names({source.id: source}), Sources(by_key, source.kind))
    wanted = _ALWAYS | _objects(sync.document, more)
    try:
        org = await orgs.of(connection)
        return Desk(sync, source, connection, catalogue, by_key, await org.describe.schema(wanted), *reading, org)
    except CrosswalkError as away:
        remembered = await _remembered(engine, connection.id, wanted)
        return Desk(sync, source, connection, catalogue, by_key, remembered, *reading, None, away.sentence)


async def described(desk: Desk, names: Iterable[str]) -> OrgSchema:
    """Return further objects of the desk's org; what is known already is not asked again."""
    missing = [name for name in names if name.lower() not in desk.schema.objects]
    if not missing or desk.org is None:
        return desk.schema
    found = await desk.org.describe.schema(missing)
    return OrgSchema({**desk.schema.objects, **found.objects})


def _objects(saved: Mapping[str, Any], drafts_of_it: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the objects that the saved document and drafts of it name."""
    found = {name for data in drafts_of_it for name in _begun(data)}
    try:
        found |= document.objects(document.parse(saved))
    except MappingError:
        found |= _begun(saved)
    return {name for name in found if _NAME.fullmatch(name)}


def _begun(data: Mapping[str, Any]) -> set[str]:
    """Return what stands where objects are named; a draft may hold anything there, and is not worth parsing for it."""
    found: set[str] = set()
    steps = data.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        found.add(str(step.get("object")))
        rows = step.get("rows")
        for row in rows if isinstance(rows, list) else ():
            entry = row.get("entry") if isinstance(row, dict) else None
            match = entry.get("auto_match") if isinstance(entry, dict) else None
            found |= {str(match.get("object"))} if isinstance(match, dict) else set()
    return found


async def _remembered(engine: Engine, connection_id: str, names: Iterable[str]) -> OrgSchema:
    """Return what was described last, without asking the org."""
    cache = tables.describe_cache
    query = select(cache.c.object, cache.c.document).where(
        cache.c.connection_id == connection_id, cache.c.object.in_([name.lower() for name in names])
    )
    found: dict[str, ObjectType] = {}
    async with engine.database.read() as tx:
        for row in await tx.execute(query):
            if row.document:
                found[row.object] = object_types.object_type(row.document)
    return OrgSchema(found)


def creates(parsed: Document | None, number: int) -> bool:
    """Tell whether a step of a draft may create its record."""
    return parsed is not None and check.creates(parsed.steps[number], parsed)
