"""Saves a mapping as a new version, unless something is wrong with it or somebody else saved first.

The second of two editors loses nothing: the refusal carries both changes put together, and each row where a choice is open. An equal
document makes no version, so a repeated save is harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.editing import drift, kept_fields
from crosswalk.editing.desk import Desk
from crosswalk.errors import MappingError, Problem, RequestRefused
from crosswalk.inbox import deliveries
from crosswalk.journal import audit
from crosswalk.mapping import check, document, drafts
from crosswalk.mapping.differences import Difference, compare, keyed
from crosswalk.mapping.drafts import Draft
from crosswalk.mapping.merge import Merged, merge
from crosswalk.reasons import Reason
from crosswalk.store import tables
from crosswalk.turn.context import Engine


@dataclass(frozen=True, slots=True)
class Saved:
    """The version in force after a save; `is_new` is false where nothing differed."""

    version: int
    is_new: bool
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved meanwhile: who and when, what they changed, and both changes put together."""

    version: int
    author: str
    at: datetime
    theirs: tuple[Difference, ...]
    merged: Merged


async def save(engine: Engine, desk: Desk, data: Any, expected: int, actor: str) -> Saved | Conflict:
    """Save a draft made from version `expected`; raise `MappingError` with every problem that refuses it."""
    draft = drafts.read(data)
    async with engine.database.read() as tx:
        if desk.sync.version != expected or await _current(tx, desk.sync.id) != expected:
            return await conflict(tx, desk, draft, expected)
        refused = refusals(desk, draft, await drift.dead(tx, desk))
    if refused or draft.document is None:
        raise MappingError(refused)
    return await keep(engine, desk, draft, expected, actor)


async def keep(engine: Engine, desk: Desk, draft: Draft, expected: int, actor: str) -> Saved | Conflict:
    """Make a draft that was checked the next version; raise `MappingError` when it is not even whole."""
    if draft.document is None:
        raise MappingError(list(draft.problems))
    wanted = document.dump(draft.document)
    found = tuple(compare(desk.saved, wanted, desk.catalogue, desk.label))
    if not found:
        return Saved(expected, is_new=False)
    async with engine.database.write() as tx:
        if not await _write(engine, tx, desk, wanted, expected, actor):
            return await conflict(tx, desk, draft, expected)
        await _audit(engine, tx, desk, found, expected + 1, actor)
    engine.configuration.forget()
    return Saved(expected + 1, is_new=True, differences=found)


def refusals(desk: Desk, draft: Draft, dead: drift.Dead) -> list[Problem]:
    """Return every problem that refuses the save of a draft, with its place in the draft."""
    found = check.refusing(drafts.problems(draft, desk.catalogue, desk.known_schema))
    if draft.document and draft.document.source != desk.source.kind:
        sentence = f"The mapping is for a source of the kind {draft.document.source}, this one is {desk.source.kind}."
        found.append(Problem("wrong_source", "source", sentence))
    return [*found, *dead.problems(draft), *kept_fields.problems(desk, draft)]


async def conflict(tx: AsyncConnection, desk: Desk, draft: Draft, expected: int) -> Conflict:
    """Return what an editor of an older version is told."""
    current = await _current(tx, desk.sync.id)
    base, theirs = await _version(tx, desk.sync.id, expected), await _version(tx, desk.sync.id, current)
    old, new = drafts.normal(base.document), drafts.normal(theirs.document)
    mine = document.dump(draft.document) if draft.document and draft.is_whole else draft.data
    return Conflict(current, theirs.author, theirs.at, tuple(compare(old, new, desk.catalogue, desk.label)), merge(old, mine, new))


async def _current(tx: AsyncConnection, sync_id: str) -> int:
    query = select(tables.sync.c.current_version).where(tables.sync.c.id == sync_id)
    return int((await tx.execute(query)).scalar_one())


async def _version(tx: AsyncConnection, sync_id: str, number: int) -> Any:
    table = tables.mapping_version
    row = (await tx.execute(select(table).where(table.c.sync_id == sync_id, table.c.version == number))).one_or_none()
    if row is None:
        raise RequestRefused("no_such_version", f"The sync has no version {number}; open the mapping again.", 409)
    return row


async def _write(engine: Engine, tx: AsyncConnection, desk: Desk, wanted: Mapping[str, Any], expected: int, actor: str) -> bool:
    """Write the next version; false when another save took the number first."""
    sync, now = tables.sync, engine.clock.now()
    moved = await tx.execute(
        update(sync).where(sync.c.id == desk.sync.id, sync.c.current_version == expected).values(current_version=expected + 1)
    )
    if moved.rowcount != 1:
        return False
    row = {"sync_id": desk.sync.id, "version": expected + 1, "document": wanted, "author": actor[:120], "at": now}
    await tx.execute(insert(tables.mapping_version), [row])
    await _carry_over(tx, desk, wanted, expected)
    await deliveries.wake_sync(tx, desk.sync.id, {Reason.NO_RECORD}, now)
    return True


async def _carry_over(tx: AsyncConnection, desk: Desk, wanted: Mapping[str, Any], expected: int) -> None:
    """Keep out of use what was out of use and is in the new version still: its other rows may be mended one by one."""
    table = tables.suspended_row
    rows = {(str(step.get("object")).lower(), name) for step in wanted["steps"] for name in keyed(step)}
    found = await tx.execute(select(table).where(table.c.sync_id == desk.sync.id, table.c.version == expected))
    left = [{**row, "version": expected + 1} for row in found.mappings() if (row["object"].lower(), row["field"].lower()) in rows]
    if left:
        await tx.execute(insert(table), left)


async def _audit(engine: Engine, tx: AsyncConnection, desk: Desk, found: tuple[Difference, ...], version: int, actor: str) -> None:
    """Keep one entry a save: what changed in words, and each row's before and after."""
    before = {_place(one): one.before for one in found if one.before}
    after = {"version": version, "changes": [one.sentence for one in found], **{_place(one): one.after for one in found if one.after}}
    await audit.record(
        tx, engine.ids, engine.clock.now(), actor=actor, action="mapping.change", subject=desk.sync.name, before=before, after=after
    )


def _place(one: Difference) -> str:
    return " › ".join(part for part in (one.object or one.step, one.label, one.what) if part)  # noqa: RUF001  # as the audit trail says it
