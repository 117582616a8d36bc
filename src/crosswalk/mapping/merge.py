"""Two people edited the same version: what each changed is put together, and where both changed one row, somebody has to choose.

Nothing is lost: a row that only one side touched is taken from that side; where both did, the second editor's stays in the merged draft
until the choice is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crosswalk.mapping.differences import PASS_THROUGH, keyed, named
from crosswalk.mapping.drafts import KEY

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Clash:
    """One row or setting that both changed; None stands for removed. `field` is empty for a setting, whose name is then in `setting`."""

    step: str
    field: str
    setting: str
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """A draft with both sides' changes in it, and where a choice is open."""

    document: dict[str, Any]
    clashes: tuple[Clash, ...]


def merge(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """Put the changes of two drafts of one version together; the order of steps and rows is that of `theirs`."""
    clashes: list[Clash] = []
    whole = _settings("", _less(base, "steps"), _less(mine, "steps"), _less(theirs, "steps"), clashes)
    old, my, their = named(base), named(mine), named(theirs)
    steps = []
    for name in [*their, *(one for one in my if one not in their)]:
        merged = _step(name, old.get(name), my.get(name), their.get(name), clashes)
        if merged is not None:
            steps.append(merged)
    return Merged({**whole, "steps": steps}, tuple(clashes))


def _step(name: str, base: Any, mine: Any, theirs: Any, clashes: list[Clash]) -> dict[str, Any] | None:
    if base is not None and (mine is None or theirs is None):
        kept = theirs if mine is None else mine
        if _bare(kept) == _bare(base):
            return None  # removed by one, untouched by the other
        clashes.append(Clash(name, "", "step", mine, theirs))
        return None if mine is None else dict(mine)
    if mine is None or theirs is None:
        return dict(mine or theirs)
    old = base or {}
    settings = _settings(name, _less(old, "rows"), _less(mine, "rows"), _less(theirs, "rows"), clashes)
    return {**settings, "rows": _rows(name, old, mine, theirs, clashes)}


def _rows(
    name: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], clashes: list[Clash]
) -> list[dict[str, Any]]:
    old, my, their = keyed(base), keyed(mine), keyed(theirs)
    page_keys = {_known_by(row): row[KEY] for row in mine.get("rows") or () if KEY in row}
    rows = []
    for field in [*their, *(one for one in my if one not in their)]:
        chosen, clash = _chosen(old.get(field, _MISSING), my.get(field, _MISSING), their.get(field, _MISSING))
        if clash:
            clashes.append(Clash(name, field, "", my.get(field), their.get(field)))
        if chosen is not _MISSING:
            rows.append({**({KEY: page_keys[field]} if field in page_keys else {}), **chosen})
    return rows


def _known_by(row: Mapping[str, Any]) -> str:
    return PASS_THROUGH if PASS_THROUGH in row else str(row.get("field") or "").lower() or f"{KEY}{row[KEY]}"


def _chosen(base: Any, mine: Any, theirs: Any) -> tuple[Any, bool]:
    """Return the side that changed; where both did, and differently, mine, and that somebody has to choose."""
    if mine == base:
        return theirs, False
    return mine, theirs not in (base, mine)


def _settings(
    step: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], clashes: list[Clash]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in [*theirs, *(one for one in mine if one not in theirs)]:
        old, my, their = base.get(key, _MISSING), mine.get(key, _MISSING), theirs.get(key, _MISSING)
        chosen, clash = _chosen(old, my, their)
        if clash:
            clashes.append(Clash(step, "", key, None if my is _MISSING else my, None if their is _MISSING else their))
        if chosen is not _MISSING:
            found[key] = chosen
    return found


def _less(part: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != key}


def _bare(step: Mapping[str, Any]) -> tuple[Any, Any]:
    return _less(step, "rows"), keyed(step)
