"""A preset by its name: a mapping document, and what it needs in the org.

The files are YAML, so that an admin can read, copy and change them; a preset is only a beginning, never a reference at run time.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from crosswalk.errors import ConfigurationError

_PACKAGE = "crosswalk.presets"
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Need:
    """A custom field the org must have for a row to be sent."""

    object: str
    field: str
    label: str
    type: str
    length: int
    why: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready sync for one kind of source; `options` names the variants that `load` can add, with their titles."""

    name: str
    title: str
    kind: str
    needs: tuple[Need, ...]
    member_statuses: tuple[str, ...]
    options: Mapping[str, str]
    document: Mapping[str, Any]


def names() -> tuple[str, ...]:
    """Return the names of all presets."""
    files = (entry.name for entry in resources.files(_PACKAGE).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def load(name: str, options: Iterable[str] = ()) -> Preset:
    """Return the preset with the given options worked in; an unknown name or option is an error that lists the known ones."""
    if name not in names():
        raise ConfigurationError(f"There is no preset {name!r}; known are: {', '.join(names())}.")
    content = copy.deepcopy(_content(name))
    known = content.get("options", {})
    document = content["document"]
    for option in options:
        if option not in known:
            raise ConfigurationError(f"The preset {name!r} has no option {option!r}; known are: {', '.join(sorted(known)) or 'none'}.")
        for step in document["steps"]:
            step["rows"] = _widened(step["rows"], known[option]["rows"].get(step["name"], []))
    meta = content["preset"]
    return Preset(
        name=name,
        title=meta["title"],
        kind=meta["kind"],
        needs=tuple(Need(**need) for need in meta.get("needs", ())),
        member_statuses=tuple(meta.get("member_statuses", ())),
        options={key: option["title"] for key, option in known.items()},
        document=document,
    )


@cache
def _content(name: str) -> dict[str, Any]:
    text = resources.files(_PACKAGE).joinpath(name + _SUFFIX).read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _widened(rows: list[dict[str, Any]], added: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the added rows before the pass-through rows, which from then on leave their traits alone."""
    replaced = {row["field"] for row in added}
    fields = [row for row in rows if "field" in row and row["field"] not in replaced]
    return [*fields, *added, *(_narrowed(row, added) for row in rows if "pass_through" in row)]


def _narrowed(row: dict[str, Any], added: list[dict[str, Any]]) -> dict[str, Any]:
    traits = {key.partition(".")[0] for new in added for key in _listed(new["entry"]["attribute"])}
    passed = row["pass_through"]
    return {**row, "pass_through": {**passed, "except": sorted({*passed.get("except", ()), *traits})}} if traits else row


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
