"""Provisioning as one asks for it: look, show, apply, or write files. What the command line and the REST API call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import record_ids
from crosswalk.errors import ConfigurationError
from crosswalk.journal import audit
from crosswalk.mapping import document, labels
from crosswalk.mapping.document import Document
from crosswalk.model import Priority
from crosswalk.presets import loader
from crosswalk.provisioning import apply, declare, package, survey
from crosswalk.provisioning.apply import Applied
from crosswalk.provisioning.declare import KEY_FIELD, Declaration, Status
from crosswalk.provisioning.plan import Plan, plan
from crosswalk.provisioning.survey import State
from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig, SyncConfig, SyncState
from crosswalk.turn.context import Engine, Org

_suspended, _binding = tables.suspended_row, tables.campaign_binding


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: presets, fields they want required, objects to link to, campaigns beside the bound ones, options."""

    presets: tuple[str, ...]
    required: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def declaration(self, key_field: str | None = KEY_FIELD, documents: Iterable[Document] = ()) -> Declaration:
        """Return everything this asks for; `documents` are mappings whose needs count besides those of the presets."""
        return declare.declaration(
            self.presets, options=self.options, key_field=key_field, required=self.required, lookups=self.lookups, documents=documents
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A wish held against an org: what it has, and what is to be done."""

    wanted: Declaration
    state: State
    statuses: Mapping[str, tuple[Status, ...]]
    plan: Plan


async def prepare(engine: Engine, org: Org, wish: Wish) -> Prepared:
    """Look at the org and return what there is to do; nothing is changed."""
    configuration = await engine.configuration.current()
    syncs = _served(configuration, org.connection, wish.presets)
    documents = [document.parse(sync.document) for sync in syncs]
    written = {name for each in documents for name in document.written(each)}
    wanted = wish.declaration(org.connection.key_field or KEY_FIELD, documents)
    there = await _there(org, wanted)
    wanted = wanted.renamed(wanted.names_in(there) or wanted.names_in([*there, *written]))
    async with engine.database.read() as tx:
        statuses = await bound_statuses(tx, org.connection, syncs, [each.label for each in wanted.statuses if each.responded])
    for campaign in wish.campaigns:
        full = record_ids.full(campaign)
        if full is None:
            raise ConfigurationError(f"{campaign} is no id of a campaign; it has 15 or 18 characters and begins with 701.")
        statuses[full] = _united([*statuses.get(full, ()), *wanted.statuses])
    state = await survey.survey(org, wanted, statuses)
    return Prepared(wanted, state, statuses, plan(wanted, state, statuses))


async def _there(org: Org, wanted: Declaration) -> list[str]:
    """Return which of the preset's objects the org has, under which of their names."""
    names = [name for each in wanted.objects if each.also for name in (each.name, *each.also)]
    return list(await survey.api(org).read("CustomObject", names)) if names else []


async def carry_out(engine: Engine, org: Org, prepared: Prepared, actor: str) -> Applied:
    """Do what was prepared, note who did it, and let rows that drift had put out of use run again where their field is back."""
    applied = await apply.apply(org, engine.clock, prepared.wanted, prepared.state, prepared.statuses)
    async with engine.database.write() as tx:
        await _revive(tx, await engine.configuration.current(), org, prepared.wanted)
        if applied.steps:
            done = [f"{step.action.value} {step.type} {step.name}" for step in applied.steps]
            now = engine.clock.now()
            await audit.record(tx, engine.ids, now, actor=actor, action="provision", subject=org.connection.name, after=done)
    return applied


@dataclass(frozen=True, slots=True)
class Linkable:
    """A custom object of the org, and whether the preset's own records have a lookup to it."""

    name: str
    label: str
    linked: bool


async def linkable(org: Org, preset: str) -> tuple[Linkable, ...]:
    """Return the org's custom objects that a preset's records could be linked to; those without a lookup are given one on request."""
    owners = [each.name for each in loader.load(preset).needs.objects if each.lookups_on_request]
    for name in owners:
        org.describe.invalidate(name)
    schema = await org.describe.schema(owners)
    known = [described for name in owners if (described := schema.object(name)) is not None]
    linked = {target.lower() for each in known for field in each.fields.values() for target in field.reference_to}
    await org.budget.reserve(1, Priority.INTERACTIVE)
    listed = (await org.client.get("sobjects", purpose=Purpose.DESCRIBE)).body["sobjects"]
    return tuple(
        Linkable(each["name"], each["label"], each["name"].lower() in linked)
        for each in listed
        if each["custom"] and each["name"].endswith(declare.CUSTOM) and each["name"] not in owners
    )


def write_source(folder: Path, wanted: Declaration) -> tuple[Path, ...]:
    """Write the declaration as a project in source format and return its files; raises `ConfigurationError` where that cannot be."""
    made = []
    for name, text in package.source_files(package.whole(wanted)).items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"The file {path} cannot be written: {error.strerror}.") from error
        made.append(path)
    return tuple(made)


async def bound_statuses(
    tx: AsyncConnection, connection: ConnectionConfig, syncs: Iterable[SyncConfig], responded: Iterable[str] = ()
) -> dict[str, tuple[Status, ...]]:
    """Return the member statuses that these syncs write, by campaign bound to them; `responded` labels count as a response."""
    rows = await tx.execute(select(_binding.c.source_id, _binding.c.campaign_id).where(_binding.c.connection_id == connection.id))
    campaigns: dict[str, list[str]] = {}
    for row in rows:
        campaigns.setdefault(row.source_id, []).append(row.campaign_id)
    found: dict[str, tuple[Status, ...]] = {}
    for sync in syncs:
        parsed = document.parse(sync.document)
        counted = {label.casefold() for label in (*responded, *parsed.member_statuses.responded)}
        marked = [Status(label, label.casefold() in counted) for label in labels.written(parsed)]
        for campaign in campaigns.get(sync.source_id, ()) if marked else ():
            found[campaign] = _united([*found.get(campaign, ()), *marked])
    return found


def _served(configuration: Configuration, connection: ConnectionConfig, presets: Iterable[str]) -> list[SyncConfig]:
    """Return the syncs into a connection whose source is of a kind that the presets are for."""
    kinds = {loader.load(name).kind for name in presets}
    return [
        sync
        for sync in configuration.syncs_into(connection.id)
        if sync.state is not SyncState.REMOVED and configuration.sources[sync.source_id].kind in kinds
    ]


def _united(statuses: Iterable[Status]) -> tuple[Status, ...]:
    found: dict[str, Status] = {}
    for each in statuses:
        found.setdefault(each.label.casefold(), each)
    return tuple(found.values())


async def _revive(tx: AsyncConnection, configuration: Configuration, org: Org, wanted: Declaration) -> None:
    """Forget the suspension of rows whose field the user can write now."""
    schema = await org.describe.schema(wanted.surveyed)
    back = [
        (need.object.lower(), need.field.lower())
        for need in wanted.fields
        if (described := schema.field(need.object, need.field)) is not None and (described.createable or described.updateable)
    ]
    syncs = [sync.id for sync in configuration.syncs_into(org.connection.id)]
    rows = (await tx.execute(select(_suspended.c.object, _suspended.c.field).where(_suspended.c.sync_id.in_(syncs)))).all()
    mended = [(row.object, row.field) for row in rows if (row.object.lower(), row.field.lower()) in back]
    if mended:
        chosen = _suspended.c.sync_id.in_(syncs) & tuple_(_suspended.c.object, _suspended.c.field).in_(mended)
        await tx.execute(delete(_suspended).where(chosen))
