"""The syncs themselves: made from a preset or empty, named, ordered, switched, copied and removed.

A removed sync stays in the database under another name, because its deliveries, outcomes and versions belong to it; the name is free again.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.inbox import deliveries
from crosswalk.journal import audit, totals
from crosswalk.mapping import document
from crosswalk.presets import loader
from crosswalk.reasons import Reason
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SyncConfig, SyncState
from crosswalk.turn.context import Engine

_sync = tables.sync
_NAME_LENGTH = 100  # room for the mark of a removed one


@dataclass(frozen=True, slots=True)
class SyncView:
    """One sync as the list shows it."""

    id: str
    name: str
    state: SyncState
    version: int
    position: int
    source_id: str
    source: str
    source_kind: str
    connection_id: str
    connection: str
    objects: tuple[str, ...]
    events: tuple[str, ...]
    today: Mapping[str, int] = field(default_factory=dict)
    paused_rows: int = 0


async def listed(engine: Engine) -> list[SyncView]:
    """Return every sync in the order admins gave them, with the deliveries of the last 24 hours by state."""
    configuration = await engine.configuration.current()
    shown = [sync for sync in configuration.syncs.values() if sync.state is not SyncState.REMOVED]
    now = engine.clock.now()
    counted = await totals.between(engine.database, now - timedelta(hours=24), now, now, [sync.id for sync in shown])
    today: dict[str, dict[str, int]] = {}
    for one in counted:
        states = today.setdefault(one.sync_id, {})
        states[one.state.value] = states.get(one.state.value, 0) + one.number
    suspended = tables.suspended_row
    async with engine.database.read() as tx:
        rows = await tx.execute(
            select(suspended.c.sync_id, suspended.c.version, func.count()).group_by(suspended.c.sync_id, suspended.c.version)
        )
        paused = {(sync_id, version): count for sync_id, version, count in rows}
    return [view(configuration, sync, today.get(sync.id, {}), paused.get((sync.id, sync.version), 0)) for sync in shown]


def view(configuration: Configuration, sync: SyncConfig, today: Mapping[str, int] | None = None, paused_rows: int = 0) -> SyncView:
    """Return a sync as the list shows it."""
    source, connection = configuration.sources[sync.source_id], configuration.connections[sync.connection_id]
    steps = sync.document.get("steps") or ()
    return SyncView(
        id=sync.id,
        name=sync.name,
        state=sync.state,
        version=sync.version,
        position=sync.position,
        source_id=source.id,
        source=source.name,
        source_kind=source.kind,
        connection_id=connection.id,
        connection=connection.name,
        objects=tuple(dict.fromkeys(str(step.get("object") or "named by the event") for step in steps)),
        events=tuple(sorted(sync.events)),
        today=today or {},
        paused_rows=paused_rows,
    )


async def one(engine: Engine, sync_id: str) -> SyncConfig:
    """Return a sync; raise 404 when there is none or it was deleted."""
    sync = (await engine.configuration.current()).syncs.get(sync_id)
    if sync is None or sync.state is SyncState.REMOVED:
        raise RequestRefused("no_such_sync", "There is no such sync; it may have been deleted meanwhile.", 404)
    return sync


async def create(engine: Engine, actor: str, *, name: str, source_id: str, connection_id: str, preset: str | None) -> str:
    """Make a sync, switched off, from a preset of the source's kind or with one empty Lead step; return its id."""
    configuration = await engine.configuration.current()
    source, connection = configuration.sources.get(source_id), configuration.connections.get(connection_id)
    if source is None or connection is None:
        raise RequestRefused("no_such_end", "A sync needs a source and a connection that exist; choose both again.", 422)
    wanted = _preset(preset, source.kind) if preset else _empty(source.kind)
    return await _make(engine, configuration, actor, name, source_id, connection_id, wanted)


async def duplicate(engine: Engine, actor: str, sync_id: str, name: str) -> str:
    """Copy a sync with its current mapping, switched off; return the copy's id."""
    sync = await one(engine, sync_id)
    configuration = await engine.configuration.current()
    return await _make(engine, configuration, actor, name, sync.source_id, sync.connection_id, sync.document)


async def rename(engine: Engine, actor: str, sync_id: str, name: str) -> None:
    """Give a sync another name."""
    sync, wanted = await one(engine, sync_id), _name(name)
    async with engine.database.write() as tx:
        await _refuse_taken(tx, wanted, sync_id)
        await tx.execute(update(_sync).where(_sync.c.id == sync_id).values(name=wanted))
        await _audit(engine, tx, actor, "sync.rename", wanted, {"name": sync.name}, {"name": wanted})
    engine.configuration.forget()


async def switch(engine: Engine, actor: str, sync_id: str, state: SyncState) -> None:
    """Switch a sync on, off, or pause it; a paused sync that goes on takes up what waited."""
    sync = await one(engine, sync_id)
    if state is SyncState.REMOVED:
        raise RequestRefused("not_a_switch", "Delete the sync instead.", 422)
    if sync.state is state:
        return
    async with engine.database.write() as tx:
        await tx.execute(update(_sync).where(_sync.c.id == sync_id).values(state=state.value))
        if state is SyncState.ON:
            await deliveries.wake_sync(tx, sync_id, {Reason.SYNC_PAUSED}, engine.clock.now())
        await _audit(engine, tx, actor, f"sync.{state.value}", sync.name, {"state": sync.state.value}, {"state": state.value})
    engine.configuration.forget()


async def delete(engine: Engine, actor: str, sync_id: str, typed_name: str) -> None:
    """Remove a sync; its name has to be typed. Its deliveries stay in the log, and those under way end as removed."""
    sync = await one(engine, sync_id)
    if typed_name.strip() != sync.name:
        raise RequestRefused("name_differs", f"Type the name {sync.name} to delete the sync.", 422)
    async with engine.database.write() as tx:
        gone = f"{sync.name} (deleted {sync.id[-8:]})"
        await tx.execute(update(_sync).where(_sync.c.id == sync_id).values(state=SyncState.REMOVED.value, name=gone[:120]))
        await _audit(engine, tx, actor, "sync.remove", sync.name, {"state": sync.state.value}, {"state": SyncState.REMOVED.value})
    engine.configuration.forget()


async def reorder(engine: Engine, actor: str, sync_ids: Sequence[str]) -> None:
    """Put the syncs in an order; where two write one field, the earlier one counts first. Syncs not named follow in their old order."""
    configuration = await engine.configuration.current()
    known = [sync.id for sync in configuration.syncs.values() if sync.state is not SyncState.REMOVED]
    unknown = [sync_id for sync_id in sync_ids if sync_id not in known]
    if unknown:
        raise RequestRefused("no_such_sync", "One of the syncs does not exist any more; open the list again.", 404)
    wanted = [*dict.fromkeys(sync_ids), *(sync_id for sync_id in known if sync_id not in sync_ids)]
    if wanted == known:
        return
    names = {sync_id: configuration.syncs[sync_id].name for sync_id in known}
    async with engine.database.write() as tx:
        for position, sync_id in enumerate(wanted):
            await tx.execute(update(_sync).where(_sync.c.id == sync_id).values(position=position))
        before, after = [names[one] for one in known], [names[one] for one in wanted]
        await _audit(engine, tx, actor, "sync.order", "Syncs", {"order": before}, {"order": after})
    engine.configuration.forget()


def _preset(name: str, kind: str) -> Mapping[str, Any]:
    try:
        preset = loader.load(name)
    except ConfigurationError as error:
        raise RequestRefused("unknown_preset", error.sentence, 422) from error
    if preset.kind != kind:
        raise RequestRefused("wrong_source", f"The preset {preset.title} is for sources of the kind {preset.kind}.", 422)
    return preset.document


def _empty(kind: str) -> Mapping[str, Any]:
    key = {"field": "Email", "entry": {"attribute": "email"}}
    step = {"name": "lead", "object": "Lead", "person": True, "match": [key], "rows": [key]}
    return {"source": kind, "person": {"search": ["Lead"], "create": "Lead"}, "steps": [step]}


async def _make(
    engine: Engine, configuration: Configuration, actor: str, name: str, source_id: str, connection_id: str, wanted: Mapping[str, Any]
) -> str:
    title, sync_id = _name(name), engine.ids.new()
    plain = document.dump(document.parse(copy.deepcopy(dict(wanted))))
    position = 1 + max((sync.position for sync in configuration.syncs.values()), default=-1)
    async with engine.database.write() as tx:
        await _refuse_taken(tx, title, sync_id)
        row = {"id": sync_id, "name": title, "connection_id": connection_id, "source_id": source_id, "position": position}
        await tx.execute(insert(_sync), [{**row, "state": SyncState.OFF.value, "current_version": 1}])
        version = {"sync_id": sync_id, "version": 1, "document": plain, "author": actor[:120], "at": engine.clock.now()}
        await tx.execute(insert(tables.mapping_version), [version])
        ends = {"source": configuration.sources[source_id].name, "connection": configuration.connections[connection_id].name}
        await _audit(engine, tx, actor, "sync.add", title, None, ends)
    engine.configuration.forget()
    return sync_id


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > _NAME_LENGTH:
        raise RequestRefused("bad_name", f"A sync needs a name of 1 to {_NAME_LENGTH} characters.", 422)
    return wanted


async def _refuse_taken(tx: AsyncConnection, name: str, sync_id: str) -> None:
    if (await tx.execute(select(_sync.c.id).where(_sync.c.name == name, _sync.c.id != sync_id))).first():
        raise RequestRefused("name_taken", f"Another sync is called {name}; choose another name.", 409)


async def _audit(engine: Engine, tx: AsyncConnection, actor: str, action: str, subject: str, before: Any, after: Any) -> None:
    await audit.record(tx, engine.ids, engine.clock.now(), actor=actor, action=action, subject=subject, before=before, after=after)
