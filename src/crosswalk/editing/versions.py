"""The versions of a mapping: which there are, what differs between two, and an old one put in force again as a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from crosswalk.editing import saving
from crosswalk.editing.desk import Desk
from crosswalk.editing.saving import Conflict, Saved
from crosswalk.errors import RequestRefused
from crosswalk.mapping import drafts
from crosswalk.mapping.differences import Difference, compare
from crosswalk.store import tables
from crosswalk.turn.context import Engine

_table = tables.mapping_version
MOST = 100


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version: who made it, when, and what it changed."""

    number: int
    author: str
    at: datetime
    changes: tuple[Difference, ...]


async def listed(engine: Engine, desk: Desk, limit: int = 20, before: int | None = None) -> list[Version]:
    """Return the versions, newest first, each with what it changed of the one before."""
    query = select(_table).where(_table.c.sync_id == desk.sync.id).order_by(_table.c.version.desc())
    if before is not None:
        query = query.where(_table.c.version < before)
    async with engine.database.read() as tx:
        rows = (await tx.execute(query.limit(min(limit, MOST) + 1))).all()
    documents = [drafts.normal(row.document) for row in rows]
    older: list[Mapping[str, Any]] = documents[1:]
    if len(rows) <= limit and rows:
        older.append({})
    return [
        Version(row.version, row.author, row.at, tuple(compare(base, own, desk.catalogue, desk.label)) if base else ())
        for row, own, base in zip(rows[:limit], documents, older, strict=False)
    ]


async def document_of(engine: Engine, desk: Desk, number: int) -> Mapping[str, Any]:
    """Return the document of a version; raise 404 when the sync has none of that number."""
    async with engine.database.read() as tx:
        query = select(_table.c.document).where(_table.c.sync_id == desk.sync.id, _table.c.version == number)
        found = (await tx.execute(query)).scalar_one_or_none()
    if found is None:
        raise RequestRefused("no_such_version", f"The sync has no version {number}.", 404)
    return drafts.normal(found)


async def between(engine: Engine, desk: Desk, older: int, newer: int) -> list[Difference]:
    """Return what differs between two versions, row by row."""
    before, after = await document_of(engine, desk, older), await document_of(engine, desk, newer)
    return compare(before, after, desk.catalogue, desk.label)


async def restore(engine: Engine, desk: Desk, number: int, expected: int, actor: str) -> Saved | Conflict:
    """Put an old version in force as a new one; raise `MappingError` where the org or the source no longer takes it."""
    return await saving.save(engine, desk, dict(await document_of(engine, desk, number)), expected, actor)
