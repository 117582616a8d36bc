"""A field that is wanted against the one an org has: what to change, and what cannot be changed for its admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crosswalk.presets.needs import LONG, NUMBERS, PICKLISTS, REFERENCES, FieldNeed
from crosswalk.salesforce.xml_text import Content, listed

_OWN_VALUES = "valueSetDefinition"


@dataclass(frozen=True, slots=True)
class Compared:
    """`content` is the definition to deploy, None when the field will do; `usable` is False when its rows cannot be sent as it is."""

    content: Content | None
    changes: tuple[str, ...]
    obstacles: tuple[str, ...]
    usable: bool = True


def field(need: FieldNeed, existing: Content, *, required: bool) -> Compared:
    """Compare a field; what it has beyond the need is kept."""
    kind = str(existing.get("type") or "")
    if kind != need.type:
        sentence = f"It is a field of type {kind or 'computed'} and should be {need.type}; rename or delete it, or map another field."
        return Compared(None, (), (sentence,), usable=False)
    if need.type in REFERENCES and str(existing.get("referenceTo", "")).lower() != (need.references or "").lower():
        sentence = f"It points to {existing.get('referenceTo')} and should point to {need.references}; rename or delete it."
        return Compared(None, (), (sentence,), usable=False)
    changed = dict(existing)
    changes = [*_sizes(need, changed), *_flags(need, changed, required=required), *_choices(need, changed)]
    obstacles = tuple(_beyond_us(need, existing, required=required))
    return Compared(changed if changes else None, tuple(changes), obstacles)


def _sizes(need: FieldNeed, changed: Content) -> Iterator[str]:
    if need.type in {"Text", *LONG} and _number(changed, "length") < (need.length or 0):
        changed["length"] = need.length
        yield f"length {need.length}"
    if need.type in NUMBERS:
        scale = max(_number(changed, "scale"), need.scale or 0)
        whole = max(_number(changed, "precision") - _number(changed, "scale"), (need.precision or 0) - (need.scale or 0))
        if (scale, whole + scale) != (_number(changed, "scale"), _number(changed, "precision")):
            changed |= {"precision": whole + scale, "scale": scale}
            yield f"{whole + scale} digits, {scale} of them decimals"


def _flags(need: FieldNeed, changed: Content, *, required: bool) -> Iterator[str]:
    if need.unique and not _flag(changed, "unique"):
        changed |= {"unique": True, "caseSensitive": need.case_sensitive}
        yield "unique"
    elif need.unique and _flag(changed, "caseSensitive") and not need.case_sensitive:
        changed["caseSensitive"] = False
        yield "unique whatever the case"
    if need.external_id and not _flag(changed, "externalId"):
        changed["externalId"] = True
        yield "External ID"
    if required and not _flag(changed, "required") and need.type not in {"Checkbox", "MasterDetail"}:
        changed["required"] = True
        yield "required"


def _choices(need: FieldNeed, changed: Content) -> Iterator[str]:
    value_set = changed.get("valueSet")
    if need.type not in PICKLISTS or not isinstance(value_set, dict) or _OWN_VALUES not in value_set:
        return
    lacking = _lacking(need, value_set)
    if lacking:
        defined = value_set[_OWN_VALUES]
        added = [{"fullName": value, "default": False, "label": value} for value in lacking]
        values = {**defined, "value": [*listed(defined, "value"), *added]}
        changed["valueSet"] = {**value_set, _OWN_VALUES: values}
        yield f"values {', '.join(lacking)}"


def _beyond_us(need: FieldNeed, existing: Content, *, required: bool) -> Iterator[str]:
    length = _number(existing, "length")
    if need.longest and length > need.longest:
        yield f"It is {length} characters long and should have at most {need.longest}; shorten it in Salesforce, values and all."
    if need.required == "ask" and _flag(existing, "required") and not required:
        yield "It is required: members that people or other tools add are refused without it; make it optional where that should not be."
    value_set = existing.get("valueSet")
    if need.type in PICKLISTS and isinstance(value_set, dict) and value_set.get("valueSetName"):
        yield f"It takes its values from the value set {value_set['valueSetName']}; see that it offers {', '.join(need.values)}."


def _lacking(need: FieldNeed, value_set: Content) -> list[str]:
    offered = {str(each.get("fullName", "")) for each in listed(value_set[_OWN_VALUES], "value")}
    return [value for value in need.values if value not in offered]


def _flag(content: Content, name: str) -> bool:
    return str(content.get(name, "")).lower() == "true"


def _number(content: Content, name: str) -> int:
    value: Any = content.get(name)
    return int(value) if str(value or "").isdecimal() else 0
