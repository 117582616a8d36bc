"""The mapping document of a sync: its preset with what the sync changes of it, or its own; checked against its source's catalogue.

A sync that names neither has the default mapping of its source: the preset of the source's kind.
"""

import copy
from collections.abc import Mapping
from typing import Any

from crosswalk.errors import ConfigurationError, MappingError, Problem
from crosswalk.mapping import check, document
from crosswalk.presets import loader
from crosswalk.sources import registry
from crosswalk.workspace import mistakes
from crosswalk.workspace.document import Override, SyncSpec


def of(sync: SyncSpec, place: str, kind: str, settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the document as it is stored, and every reason not to store it."""
    try:
        wanted = _wanted(sync, kind)
    except ConfigurationError as error:
        return {}, [Problem("unknown_preset", f"{place}.preset", error.sentence)]
    part = f"{place}.{'preset' if sync.document is None else 'document'}"
    try:
        parsed = document.parse(wanted)
    except MappingError as error:
        return {}, mistakes.below(part, error.problems)
    if parsed.source != kind:
        return {}, [
            Problem("wrong_source", f"{place}.source", f"The mapping is for a source of the kind {parsed.source}, this one is {kind}.")
        ]
    problems = check.refusing(check.check(parsed, registry.source(kind).catalogue(settings), None))
    return document.dump(parsed), mistakes.below(part, problems)


def _wanted(sync: SyncSpec, kind: str) -> Mapping[str, Any]:
    if sync.document is not None:
        return sync.document
    preset = loader.load(sync.preset or kind, sync.options).document
    return _overridden(preset, sync.override) if sync.override else preset


def _overridden(preset: Mapping[str, Any], override: Override) -> dict[str, Any]:
    changed = copy.deepcopy(dict(preset))
    for key in ("title", "events", "opt_in", "campaigns", "member_statuses"):
        value = getattr(override, key)
        if value is not None:
            changed[key] = value
    if override.person is not None:
        changed["person"] = {**changed.get("person", {}), **override.person}
    steps = {step["name"]: step for step in changed["steps"]}
    for name in (*override.objects, *override.rows):
        if name not in steps:
            raise ConfigurationError(f"The preset has no step {name!r} to change; it has {', '.join(steps)}.")
    for name, target in override.objects.items():
        steps[name]["object"] = target
    for name, rows in override.rows.items():
        steps[name]["rows"] = _merged(steps[name].get("rows", []), rows)
    return changed


def _merged(rows: list[dict[str, Any]], added: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put new rows before the pass-through row, which takes what is left over."""
    replaced = {row.get("field") for row in added}
    kept = [row for row in rows if "field" in row and row["field"] not in replaced]
    return [*kept, *added, *(row for row in rows if "field" not in row)]
