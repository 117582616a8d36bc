"""Mappings that no longer fit their org or source, as the Drift page shows them.

Comparing takes reading every mapping and every described object, so it is done again only when one of them has changed, and once an hour
for what events alone tell.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select

from crosswalk.alerts.causes import Cause, Kind, plural
from crosswalk.editing import drifted
from crosswalk.editing.drifted import Drift, Drifted
from crosswalk.errors import ConfigurationError
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration
from crosswalk.turn.context import Engine

log = structlog.get_logger()

_AT_LEAST_EVERY = timedelta(hours=1)


class Drifting:
    """Remembers what it found until something has changed; keep one per watch."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: tuple[Any, datetime] | None = None
        self._causes: list[Cause] = []

    async def causes(self, configuration: Configuration, now: datetime) -> list[Cause]:
        """Return one cause for each sync and object with rows that drifted."""
        state = await self._state(configuration)
        if self._seen is None or self._seen[0] != state or now - self._seen[1] >= _AT_LEAST_EVERY:
            try:
                watched = await drifted.watch(self._engine, configuration, configuration.connections.values())
            except ConfigurationError as error:  # a mapping that cannot be read keeps no other alert from being raised
                log.warning("drift_not_compared", code=error.code, sentence=error.sentence)
                return self._causes
            self._causes = [cause for connection in watched for sync in connection.syncs for cause in _of(sync)]
            self._seen = state, now
        return self._causes

    async def _state(self, configuration: Configuration) -> Any:
        """Return what the comparison depends on: versions of mappings, when objects were described, rows put out of use."""
        described, suspended = tables.describe_cache, tables.suspended_row
        async with self._engine.database.read() as tx:
            known = (await tx.execute(select(func.count(), func.max(described.c.at)))).one()
            stopped = (await tx.execute(select(func.count(), func.max(suspended.c.at)))).one()
        return {one.id: (one.version, one.state) for one in configuration.syncs.values()}, tuple(known), tuple(stopped)


def _of(found: Drifted) -> list[Cause]:
    by_object: dict[str, list[Drift]] = {}
    for drift in found.drifts:
        by_object.setdefault(drift.object, []).append(drift)
    return [_cause(found, name, drifts) for name, drifts in by_object.items()]


def _cause(found: Drifted, name: str, drifts: list[Drift]) -> Cause:
    fields: Mapping[str, None] = dict.fromkeys(one.field for one in drifts if one.field)
    named = f" ({', '.join(fields)})" if fields else ""
    title = f"{found.sync.name}: {plural(len(drifts), 'mapping row')} of {name} no longer fit{'s' * (len(drifts) == 1)}{named}"
    sentence = "What cannot be sent is left out and the rest goes on; the Drift page says what happened and proposes what to map instead."
    return Cause(Kind.MAPPING_DRIFTED, f"{found.sync.id}:{name}", title, sentence, "/drift")
