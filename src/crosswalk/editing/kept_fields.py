"""Fields that a preset keeps for itself: on an object it declares so, admins map the custom fields they added, and no others (LP-28).

The preset's own rows for its fields, with any of its options, are no trespass, nor is a row that was saved before: only a row that somebody
adds or alters is refused. What a package brought, by its namespace, is as little the admin's as what the preset declares.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from crosswalk.editing.desk import Desk
from crosswalk.errors import Problem
from crosswalk.mapping import drafts
from crosswalk.mapping.differences import keyed, named
from crosswalk.mapping.drafts import Draft
from crosswalk.model import Field, ObjectType
from crosswalk.presets import loader
from crosswalk.provisioning.declare import CUSTOM, KEY_FIELD

Plain = Mapping[str, Any]


def offered(desk: Desk, target: ObjectType) -> ObjectType:
    """Return an object with the fields only that an admin may map."""
    kept = _declared(desk.source.kind).get(target.name.lower())
    if kept is None:
        return target
    return replace(target, fields={name: field for name, field in target.fields.items() if _is_added(desk, field, kept)})


def problems(desk: Desk, draft: Draft) -> list[Problem]:
    """Return a problem for each row of a draft that fills a kept field in a way that is neither the preset's nor the saved one."""
    return list(_problems(desk, draft))


def _problems(desk: Desk, draft: Draft) -> Iterator[Problem]:
    saved = {name: keyed(step) for name, step in named(desk.saved).items()}
    for rows, step in zip(draft.rows, draft.data.get("steps") or (), strict=False):
        target = desk.schema.object(str(step.get("object") or ""))
        kept = _declared(desk.source.kind).get(target.name.lower()) if target else None
        if target is None or kept is None:
            continue
        before = saved.get(str(step.get("name")), {})
        for row in rows:
            field = target.field(row.field) if row.field else None
            if field is None or _is_added(desk, field, kept):
                continue
            if row.data not in (before.get(row.field.lower()), *_own_rows(desk.source.kind).get(row.field.lower(), ())):
                sentence = f"{field.label} ({field.name}) is filled by Crosswalk; map a custom field that you added to {target.label}."
                yield Problem("kept_field", f"{row.place}.field", sentence)


def _is_added(desk: Desk, field: Field, kept: frozenset[str]) -> bool:
    """Tell whether a field is custom, and neither the preset's, nor a package's, nor the key field."""
    name, key = field.name.lower(), (desk.connection.key_field or KEY_FIELD).lower()
    is_packaged = "__" in name.removesuffix(CUSTOM)
    return field.custom and not is_packaged and name != key and name not in kept


@cache
def _declared(kind: str) -> Mapping[str, frozenset[str]]:
    """Return the kept fields of each object that presets of a kind declare so, all in lower case."""
    return {
        name.lower(): frozenset(field.field.lower() for field in each.fields)
        for preset in loader.of_kind(kind)
        for each in preset.needs.objects
        if each.only_added_fields
        for name in (each.name, *each.also)
    }


@cache
def _own_rows(kind: str) -> Mapping[str, tuple[Plain, ...]]:
    """Return the rows that presets of a kind have for a field, with and without each of their options."""
    found: dict[str, list[Plain]] = {}
    for preset in loader.of_kind(kind):
        for chosen in ((), *((option,) for option in preset.options)):
            for step in named(drafts.normal(loader.load(preset.name, chosen).document)).values():
                for name, row in keyed(step).items():
                    found.setdefault(name, []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}
