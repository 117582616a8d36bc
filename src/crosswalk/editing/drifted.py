"""Drift as the console shows it: what changed in Salesforce or at a source under a saved mapping, row by row, and what still works.

A saved mapping fitted the org when it was saved, so whatever does not fit now is drift; only rows that presets bring may wait for a field
the org never had. Looking costs no API call: the org as last described
is what everything is held against. `check` describes it anew; whenever that is done, rows are put out of use whose field is gone or may no
longer be written.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.editing import unseen
from crosswalk.engine import lost_rows
from crosswalk.errors import CrosswalkError, Problem
from crosswalk.journal import audit
from crosswalk.mapping import check as checking
from crosswalk.mapping import document
from crosswalk.mapping.document import Document, FieldRow, Step
from crosswalk.mapping.nearest import nearest
from crosswalk.model import ObjectType, OrgSchema
from crosswalk.presets import loader
from crosswalk.salesforce import composite, object_types
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig, SyncConfig, SyncState
from crosswalk.turn.context import Engine, Org

_PLACE = re.compile(r"steps\[(\d+)\](?:\.rows\[(\d+)\])?")
_WATCHED = (SyncState.ON, SyncState.PAUSED)


class Kind(StrEnum):
    """What happened to a row."""

    GONE = "gone"
    RENAMED = "renamed"
    RETYPED = "retyped"
    READ_ONLY = "read_only"
    REQUIRED = "required"
    VALUE_GONE = "value_gone"
    REFUSED = "refused"
    UNSEEN = "unseen"


_OF_CODE: Mapping[str, Kind] = {
    "not_in_org": Kind.GONE,
    "not_writable": Kind.READ_ONLY,
    "type_mismatch": Kind.RETYPED,
    "not_filterable": Kind.RETYPED,
    "required_field": Kind.REQUIRED,
    "bad_value": Kind.VALUE_GONE,
    "bad_ladder": Kind.VALUE_GONE,
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One row that does not work as it was saved. `row` is its number in the step; what concerns a whole step has none."""

    kind: Kind
    object: str
    field: str
    step: int
    row: int | None
    sentence: str
    since: datetime | None
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Drifted:
    """One sync with what drifted under it. `sent` of `rows` are sent as before."""

    sync: SyncConfig
    connection: ConnectionConfig
    drifts: Sequence[Drift]
    rows: int
    sent: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One connection: its syncs that drifted, when all its objects were last described, and what a check costs."""

    connection: ConnectionConfig
    syncs: Sequence[Drifted]
    objects: int
    calls: int
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Described:
    """The objects of a connection as last described, and when."""

    schema: OrgSchema
    at: Mapping[str, datetime]  # by lower-case name; an object the org lacks is here and not in the schema


@dataclass(frozen=True, slots=True)
class _Sync:
    """A sync with its mapping read."""

    config: SyncConfig
    parsed: Document

    @property
    def objects(self) -> frozenset[str]:
        return document.objects(self.parsed)

    def rows(self) -> Iterator[tuple[int, int, Step, FieldRow]]:
        for number, step in enumerate(self.parsed.steps):
            yield from ((number, place, step, row) for place, row in enumerate(step.rows) if isinstance(row, FieldRow))


async def watch(engine: Engine, configuration: Configuration, connections: Iterable[ConnectionConfig]) -> list[Watched]:
    """Return what drifted under the syncs into each connection, without asking Salesforce."""
    reworded = await _reworded(engine, configuration)
    return [await _watched(engine, configuration, connection, reworded) for connection in connections]


async def check(engine: Engine, org: Org, configuration: Configuration, actor: str) -> None:
    """Describe the objects of a connection's syncs anew and put rows out of use that can no longer be sent; raise what Salesforce says."""
    syncs = _syncs(configuration, org.connection)
    needed = sorted({name for sync in syncs for name in sync.objects})
    before = await org.describe.remembered(needed)
    for name in needed:
        org.describe.invalidate(name)
    try:
        now = await org.describe.schema(needed)
    finally:
        async with engine.database.write() as tx:
            await org.calls.flush(tx)
    lost = [row for sync in syncs for row in lost_rows.lost(sync.config, sync.parsed, before, now, engine.clock.now())]
    async with engine.database.write() as tx:
        after = {"objects": len(needed), "rows_paused": [f"{one['object']}.{one['field']}" for one in lost]}
        at, subject = engine.clock.now(), org.connection.id
        await audit.record(tx, engine.ids, at, actor=actor, action="drift.check", subject=subject, after=after)


async def _watched(
    engine: Engine, configuration: Configuration, connection: ConnectionConfig, reworded: Mapping[str, Sequence[Problem]]
) -> Watched:
    syncs = _syncs(configuration, connection)
    needed = {name.lower() for sync in syncs for name in sync.objects}
    async with engine.database.read() as tx:
        described = await _described(tx, connection.id, needed)
        suspended = await _suspended(tx, [sync.config for sync in syncs])
    found = []
    for sync in syncs:
        source = configuration.sources[sync.config.source_id]
        catalogue = registry.source(source.kind).catalogue(source.settings)
        stopped = suspended.get(sync.config.id, {})
        drifts, unsent = list(_stopped(sync, stopped, described.schema)), set[tuple[int, int | None]]()
        if needed and all(name.lower() in described.at for name in sync.objects):
            problems = checking.check(sync.parsed, catalogue, described.schema)
            told, unsent = _told(sync, problems, _of_presets(source.kind))
            drifts += _derived(sync, told, described, {(one.step, one.row) for one in drifts})
        drifts += _unseen(sync, reworded.get(sync.config.id, ()))
        out = {(one.step, one.row) for one in drifts}
        every = {(step, row) for step, row, _, _ in sync.rows()} - (unsent - out)
        if drifts:
            found.append(Drifted(sync.config, connection, drifts, len(every), len(every - out)))
    known = [described.at[name] for name in needed if name in described.at]
    checked = min(known) if known and len(known) == len(needed) else None
    return Watched(connection, found, len(needed), -(-len(needed) // composite.MAX_PARTS), checked)


def _syncs(configuration: Configuration, connection: ConnectionConfig) -> list[_Sync]:
    watched = [sync for sync in configuration.syncs_into(connection.id) if sync.state in _WATCHED]
    return [_Sync(sync, document.parse(sync.document)) for sync in watched]


async def _reworded(engine: Engine, configuration: Configuration) -> Mapping[str, Sequence[Problem]]:
    found: dict[str, list[Problem]] = {}
    for source in configuration.sources.values():
        try:
            for sync, problem in await unseen.rows(engine, configuration, source):
                found.setdefault(sync.id, []).append(problem)
        except CrosswalkError:  # an event that cannot be opened says nothing about the mapping; `doctor` tells of it
            continue
    return found


async def _described(tx: AsyncConnection, connection_id: str, names: Collection[str]) -> _Described:
    cache = tables.describe_cache
    wanted = select(cache.c.object, cache.c.document, cache.c.at).where(
        cache.c.connection_id == connection_id, cache.c.object.in_(list(names))
    )
    rows = (await tx.execute(wanted)).all()
    schema = OrgSchema({row.object: object_types.object_type(row.document) for row in rows if row.document})
    return _Described(schema, {row.object: row.at for row in rows})


async def _suspended(tx: AsyncConnection, syncs: Sequence[SyncConfig]) -> dict[str, dict[tuple[str, str], Any]]:
    """Return the rows put out of use in the versions in force, by sync and by lower-case object and field."""
    suspended, versions = tables.suspended_row, {sync.id: sync.version for sync in syncs}
    found: dict[str, dict[tuple[str, str], Any]] = {}
    for row in await tx.execute(select(suspended).where(suspended.c.sync_id.in_(list(versions)))):
        if row.version == versions[row.sync_id]:
            found.setdefault(row.sync_id, {})[row.object.lower(), row.field.lower()] = row
    return found


def _stopped(sync: _Sync, stopped: Mapping[tuple[str, str], Any], schema: OrgSchema) -> Iterator[Drift]:
    """Tell of the rows that were put out of use."""
    for number, place, step, row in sync.rows():
        why = stopped.get(((step.object or "").lower(), row.field.lower()))
        if why is None:
            continue
        target = schema.object(step.object or "")
        field = target.field(row.field) if target else None
        if field is None:
            proposal = _proposal(row.field, step, target)
            kind = Kind.RENAMED if proposal else Kind.GONE
            sentence = "Salesforce no longer has this field, or the connection's user may not see it."
            yield Drift(kind, step.object or "", row.field, number, place, sentence, why.at, proposal)
        elif not field.createable and not field.updateable:
            sentence = "The connection's user may no longer write this field, or it has become a formula."
            yield Drift(Kind.READ_ONLY, step.object or "", row.field, number, place, sentence, why.at)
        else:
            yield Drift(Kind.REFUSED, step.object or "", row.field, number, place, why.sentence, why.at)


@cache
def _of_presets(kind: str) -> frozenset[tuple[str, str]]:
    """Return every object and field, in lower case, that presets of a kind fill: a row of theirs may wait for a field the org never had."""
    presets = [one for one in map(loader.load, loader.names()) if one.kind == kind]
    steps = [step for one in presets for step in document.parse(one.document).steps]
    rows = {((step.object or "").lower(), row.field.lower()) for step in steps for row in step.rows if isinstance(row, FieldRow)}
    return frozenset(rows | {((step.object or "").lower(), "") for step in steps})


def _told(
    sync: _Sync, problems: Iterable[Problem], waiting: Collection[tuple[str, str]]
) -> tuple[list[Problem], set[tuple[int, int | None]]]:
    """Return the problems that are drift, and the places that wait for what the org may never have had."""
    told: list[Problem] = []
    unsent: set[tuple[int, int | None]] = set()
    for problem in problems:
        place = _PLACE.match(problem.place)
        if place is None:
            continue
        step, number = sync.parsed.steps[int(place[1])], int(place[2]) if place[2] else None
        row = step.rows[number] if number is not None else None
        name = row.field.lower() if isinstance(row, FieldRow) else ""
        if problem.code in checking.SUSPENDING and ((step.object or "").lower(), name) in waiting:
            unsent.add((int(place[1]), number))
        else:
            told.append(problem)
    return told, unsent


def _derived(sync: _Sync, problems: Sequence[Problem], described: _Described, told: Collection[tuple[int, int | None]]) -> Iterator[Drift]:
    """Tell what no longer fits the mapping as it was saved, each row once."""
    seen = set(told)
    for problem in problems:
        place, kind = _PLACE.match(problem.place), _OF_CODE.get(problem.code)
        if place is None or kind is None:
            continue
        number, row = int(place[1]), int(place[2]) if place[2] else None
        if row is not None and (number, row) in seen:
            continue
        seen.add((number, row))
        step = sync.parsed.steps[number]
        found = step.rows[row] if row is not None else None
        name = found.field if isinstance(found, FieldRow) else ""
        field = described.schema.field(step.object or "", name)
        if kind is Kind.VALUE_GONE and not (field and field.picklist):
            kind = Kind.RETYPED
        proposal = _proposal(name, step, described.schema.object(step.object or "")) if kind is Kind.GONE and name else ""
        since = described.at.get((step.object or "").lower())
        yield Drift(Kind.RENAMED if proposal else kind, step.object or "", name, number, row, problem.sentence, since, proposal)


def _unseen(sync: _Sync, problems: Iterable[Problem]) -> Iterator[Drift]:
    for problem in problems:
        name, _, field = problem.place.partition(".")
        for number, place, step, row in sync.rows():
            if (step.name, row.field) == (name, field):
                yield Drift(Kind.UNSEEN, step.object or "", field, number, place, problem.sentence, None)


def _proposal(name: str, step: Step, target: ObjectType | None) -> str:
    """Return the field most like one that is gone, of those no row fills yet: it may be the same under another name."""
    used = {row.field.lower() for row in step.rows if isinstance(row, FieldRow)}
    free = [field for lower, field in target.fields.items() if lower not in used and field.createable] if target else []
    alike = [field.name for field in free if field.custom == name.endswith("__c")]
    return nearest(name, alike) or ""
