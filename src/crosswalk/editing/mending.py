"""Mends one drifted row of a saved mapping: fills another field with it, or takes it out; each makes a version as any save does.

Other rows of the sync may have died too. They stay as they are and are mended one by one, so only what mending would add refuses it.
"""

import copy
from collections.abc import Mapping
from typing import Any

from crosswalk.editing import drift, saving
from crosswalk.editing.desk import Desk
from crosswalk.editing.saving import Saved
from crosswalk.errors import MappingError, RequestRefused
from crosswalk.mapping import drafts
from crosswalk.turn.context import Engine


async def use(engine: Engine, desk: Desk, step: int, field: str, other: str, expected: int, actor: str) -> Saved:
    """Let the row of a field fill another field, as match key too; raise what the new mapping would be refused for."""
    mended, plain = _copied(desk, step, field)
    for row in (*plain["rows"], *_match_keys(plain)):
        if _is_of(row, field):
            row["field"] = other
    return await _kept(engine, desk, mended, expected, actor)


async def remove(engine: Engine, desk: Desk, step: int, field: str, expected: int, actor: str) -> Saved:
    """Take the row of a field out of a step, and the field out of its match keys; raise what the rest would be refused for."""
    mended, plain = _copied(desk, step, field)
    plain["rows"] = [row for row in plain["rows"] if not _is_of(row, field)]
    if "match" in plain:
        plain["match"] = [key for key in _match_keys(plain) if not _is_of(key, field)]
    return await _kept(engine, desk, mended, expected, actor)


def _copied(desk: Desk, step: int, field: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a copy of the mapping in force and its step; raise 409 when that has no such row (any more)."""
    mended = copy.deepcopy(dict(desk.saved))
    steps = mended.get("steps") or ()
    plain = steps[step] if 0 <= step < len(steps) else {}
    if not any(_is_of(row, field) for row in plain.get("rows") or ()):
        sentence = "The mapping has no such row any more; look at the drift again."
        raise RequestRefused("no_such_row", sentence, 409)
    return mended, plain


def _match_keys(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [key for key in plain.get("match") or () if isinstance(key, dict)]


def _is_of(row: Mapping[str, Any], field: str) -> bool:
    return str(row.get("field") or "").lower() == field.lower()


async def _kept(engine: Engine, desk: Desk, mended: Mapping[str, Any], expected: int, actor: str) -> Saved:
    draft = drafts.read(mended)
    async with engine.database.read() as tx:
        dead = await drift.dead(tx, desk)
    before = {(one.code, one.sentence) for one in saving.refusals(desk, drafts.read(desk.saved), dead)}
    added = [one for one in saving.refusals(desk, draft, dead) if (one.code, one.sentence) not in before]
    if added:
        raise MappingError(added)
    done = await saving.keep(engine, desk, draft, expected, actor) if desk.sync.version == expected else None
    if not isinstance(done, Saved):
        raise RequestRefused("saved_meanwhile", "Somebody saved this mapping meanwhile; look at the drift again.", 409)
    return done
