"""Per record and field: the freshness of the event whose value we last considered, and what we last sent.

One row a record, not a row a field. The version detects that another turn moved the record since it was read: the caller then plans
again instead of writing.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.model import FieldState, RecordState
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

_state = tables.record_state


def _inserting() -> Repeated:
    statement = insert(_state)
    fresh = {"fields": statement.excluded.fields, "version": _state.c.version + 1}
    return Repeated(statement.on_conflict_do_update(index_elements=["org", "record_id"], set_=fresh))


_INSERT = _inserting()
_UPDATE = Repeated(
    update(_state)
    .where(_state.c.org == bindparam("of_org"), _state.c.record_id == bindparam("of_record"))
    .values(version=_state.c.version + 1, fields=bindparam("new_fields"))
)


def states(stored: Mapping[str, Any]) -> dict[str, FieldState]:
    """Return field states as they were before they were stored as JSON."""
    return msgspec.convert(stored, dict[str, FieldState])


async def load(tx: AsyncConnection, org: str, record_ids: Collection[str]) -> dict[str, RecordState]:
    """Return what we remember of the records; unknown ones are left out."""
    known: dict[str, RecordState] = {}
    for part in chunks(sorted(record_ids)):
        query = select(_state).where((_state.c.org == org) & _state.c.record_id.in_(part))
        for row in await tx.execute(query):
            known[row.record_id] = RecordState(row.record_id, row.object, row.version, states(row.fields))
    return known


async def versions(tx: AsyncConnection, org: str, record_ids: Collection[str]) -> dict[str, int]:
    """Return the present version of each remembered record."""
    known: dict[str, int] = {}
    for part in chunks(sorted(record_ids)):
        query = select(_state.c.record_id, _state.c.version).where((_state.c.org == org) & _state.c.record_id.in_(part))
        known |= {row.record_id: row.version for row in await tx.execute(query)}
    return known


async def save(tx: AsyncConnection, org: str, considered: Mapping[tuple[str, str], Mapping[str, FieldState]]) -> None:
    """Merge what was considered, by (object, record id), into the remembered states.

    The later freshness of a field wins, so that a late acknowledgement cannot undo what a successor has stored.
    """
    known = await load(tx, org, {record_id for _, record_id in considered})
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    for (object_name, record_id), fields in sorted(considered.items()):
        if not fields:
            continue
        state = known.get(record_id)
        merged = msgspec.to_builtins(_merged(state.fields if state else {}, fields))
        if state is None:
            inserts.append({"org": org, "record_id": record_id, "object": object_name, "version": 1, "fields": merged})
        else:
            updates.append({"of_org": org, "of_record": record_id, "new_fields": merged})
    await _INSERT.execute(tx, inserts)
    await _UPDATE.execute(tx, updates)


def _merged(known: Mapping[str, FieldState], fresh: Mapping[str, FieldState]) -> dict[str, FieldState]:
    result = dict(known)
    for name, state in fresh.items():
        before = result.get(name)
        if before is None or state.freshness >= before.freshness:
            result[name] = state
    return result
