"""Rows that can no longer be sent are put out of use when the org is described anew, before anything is written (LS-41).

Once a description is kept, nothing tells a field that was deleted from one the org never had, for which rows of presets may wait. So the
two are compared at the moment one takes the place of the other. A row whose field is back is taken up again in the same way.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, tuple_

from crosswalk.mapping import document
from crosswalk.mapping.document import Document, FieldRow
from crosswalk.model import Field, OrgSchema
from crosswalk.store import tables
from crosswalk.store.configuration import SyncConfig, SyncState
from crosswalk.store.statements import insert
from crosswalk.turn.context import Engine

_GONE, _READ_ONLY = "not_in_org", "not_writable"
_WATCHED = (SyncState.ON, SyncState.PAUSED)


async def settle(engine: Engine, connection_id: str, before: OrgSchema, now: OrgSchema) -> None:
    """Put rows of a connection's syncs out of use that could be sent by the old description and cannot by the new one, and the reverse."""
    watched = [sync for sync in (await engine.configuration.current()).syncs_into(connection_id) if sync.state in _WATCHED]
    syncs = [(sync, document.parse(sync.document)) for sync in watched]
    gone = [row for sync, parsed in syncs for row in lost(sync, parsed, before, now, engine.clock.now())]
    back = [
        (sync.id, step.object, row.field)
        for sync, parsed in syncs
        for step in parsed.steps
        for row in step.rows
        if isinstance(row, FieldRow) and step.object and not _taken(before, step.object, row.field) and _taken(now, step.object, row.field)
    ]
    if not gone and not back:
        return
    table = tables.suspended_row
    async with engine.database.write() as tx:
        if gone:
            await tx.execute(insert(table).values(gone).on_conflict_do_nothing())
        if back:
            mended = tuple_(table.c.sync_id, table.c.object, table.c.field).in_(back)
            await tx.execute(delete(table).where(mended, table.c.code.in_([_GONE, _READ_ONLY])))


def lost(sync: SyncConfig, parsed: Document, before: OrgSchema, now: OrgSchema, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield the rows that could be sent by the last description and cannot by this one, as rows to be put out of use."""
    seen: set[tuple[str, str]] = set()
    for step in parsed.steps:
        name = step.object or ""
        for row in step.rows:
            if not isinstance(row, FieldRow) or now.object(name) is None or (name.lower(), row.field.lower()) in seen:
                continue
            if not _taken(before, name, row.field) or _taken(now, name, row.field):
                continue
            seen.add((name.lower(), row.field.lower()))
            is_gone = now.field(name, row.field) is None
            sentence = f"{row.field} is gone." if is_gone else f"{row.field} may no longer be written."
            keys = {"sync_id": sync.id, "version": sync.version, "object": name, "field": row.field}
            yield {**keys, "code": _GONE if is_gone else _READ_ONLY, "sentence": sentence, "at": at}


def _taken(schema: OrgSchema, object_name: str, name: str) -> bool:
    """Tell whether a description has a field and lets us write it."""
    found: Field | None = schema.field(object_name, name)
    return found is not None and (found.createable or found.updateable)
