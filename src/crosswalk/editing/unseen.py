"""Rows that read something by its name, such as a survey question, that none of the latest events has: `doctor` and the console tell."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from crosswalk.errors import Problem
from crosswalk.inbox import stored
from crosswalk.mapping import document, questions
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SourceConfig, SyncConfig, SyncState
from crosswalk.turn.context import Engine

_LATEST = 200


async def rows(engine: Engine, configuration: Configuration, source: SourceConfig) -> Sequence[tuple[SyncConfig, Problem]]:
    """Return the rows of a source's syncs that read what is no longer sent; the place of a problem is `step.field`."""
    syncs = [
        sync for sync in configuration.syncs.values() if sync.source_id == source.id and sync.state in (SyncState.ON, SyncState.PAUSED)
    ]
    if not syncs:
        return ()
    offered = registry.source(source.kind).catalogue(source.settings)
    latest = await _latest(engine, source)
    return [(sync, problem) for sync in syncs for problem in questions.gone(document.parse(sync.document), offered, latest)]


async def _latest(engine: Engine, source: SourceConfig) -> list[Any]:
    """Return the payloads of the latest events that still have one."""
    event = tables.event
    wanted = select(event).where(event.c.source_id == source.id, event.c.status != "invalid", event.c.payload_ct.is_not(None))
    async with engine.database.read() as tx:
        found = (await tx.execute(wanted.order_by(event.c.received_at.desc()).limit(_LATEST))).all()
    return [stored.event(row, row.id, engine.vault).payload for row in found]
