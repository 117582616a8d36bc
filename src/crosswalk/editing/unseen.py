"""Rows that read something by its name, such as a survey question, that none of the latest events has: `doctor` and the console tell."""

from collections.abc import Sequence

from crosswalk.editing import samples
from crosswalk.errors import Problem
from crosswalk.mapping import document, questions
from crosswalk.sources import registry
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
    latest = [event.payload for event in await samples.latest(engine, source.id, _LATEST)]
    return [(sync, problem) for sync in syncs for problem in questions.gone(document.parse(sync.document), offered, latest)]
