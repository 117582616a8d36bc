"""Which events about an entity tell something new.

A webhook, a pull and an overlapping pull tell the same fact several times. The row of the entity, locked for the rest of the transaction,
keeps for each attribute the fingerprint last seen and its revision. An event is compared on the attributes it has, and of those only on
what is not older than what we know: "attended" that comes after "watched the replay" still tells something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import PreparedEvent
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

_NOT_SEEN = -(2**62)

_OPEN = Repeated(insert(tables.entity).on_conflict_do_nothing())
_REMEMBER = Repeated(
    update(tables.entity)
    .where(tables.entity.c.source_id == bindparam("of_source"), tables.entity.c.entity_id == bindparam("of_entity"))
    .values(last_hash=bindparam("hashes"), revision=bindparam("new_revision"), last_event_id=bindparam("event_id"))
)

EntityKey = tuple[str, str]


@dataclass(slots=True)
class _Row:
    known: dict[str, tuple[int, str]]  # by attribute: the revision that told it last, and its hash
    revision: int
    last_event_id: str
    changed: bool = False


async def news(tx: AsyncConnection, items: Sequence[PreparedEvent]) -> list[PreparedEvent]:
    """Return the events that are no repeats, in order, and remember them; events about no entity are all returned."""
    rows = await _locked(tx, sorted({_key(item) for item in items if item.hashes is not None}))
    fresh = [item for item in items if item.hashes is None or _tells(item, rows[_key(item)])]
    await _save(tx, rows)
    return fresh


def _tells(item: PreparedEvent, row: _Row) -> bool:
    """Compare an event with the entity's row and bring the row up to date."""
    revision = row.revision if item.event.revision is None else item.event.revision
    nothing = (_NOT_SEEN, "")
    current = {name: (revision, value) for name, value in (item.hashes or {}).items() if row.known.get(name, nothing)[0] <= revision}
    repeats = bool(row.last_event_id) and all(row.known.get(name, nothing)[1] == value for name, (_, value) in current.items())
    row.changed |= not repeats or any(row.known[name][0] < revision for name in current)
    row.known |= current
    if not repeats and revision >= row.revision:
        row.last_event_id = item.event.id
    row.revision = max(revision, row.revision)
    return not repeats


def _key(item: PreparedEvent) -> EntityKey:
    return item.event.source_id, item.event.entity_id or ""


async def _locked(tx: AsyncConnection, wanted: Sequence[EntityKey]) -> dict[EntityKey, _Row]:
    """Lock the rows in sorted order, new ones too: they are made empty first, so that a second receiver waits for the first."""
    table = tables.entity
    empty = [
        {"source_id": source_id, "entity_id": entity_id, "last_hash": {}, "revision": _NOT_SEEN, "last_event_id": ""}
        for source_id, entity_id in wanted
    ]
    await _OPEN.execute(tx, empty)
    rows: dict[EntityKey, _Row] = {}
    for part in chunks(wanted):
        statement = (
            select(table)
            .where(table.c.source_id.in_({source_id for source_id, _ in part}), table.c.entity_id.in_([entity for _, entity in part]))
            .order_by(table.c.source_id, table.c.entity_id)
            .with_for_update()
        )
        for row in await tx.execute(statement):
            rows[row.source_id, row.entity_id] = _Row(
                {name: (told[0], told[1]) for name, told in row.last_hash.items()}, row.revision, row.last_event_id
            )
    return rows


async def _save(tx: AsyncConnection, rows: dict[EntityKey, _Row]) -> None:
    changed = [
        {
            "of_source": source_id,
            "of_entity": entity_id,
            "hashes": row.known,
            "new_revision": row.revision,
            "event_id": row.last_event_id,
        }
        for (source_id, entity_id), row in rows.items()
        if row.changed
    ]
    await _REMEMBER.execute(tx, changed)
