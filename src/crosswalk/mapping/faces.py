"""How fields, attributes and entries are named to a person: the second line of a picker, and a row in words.

Nothing here decides anything; the words stand in one place so that editor, comparison and audit trail say the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from crosswalk.model import Attribute, Field, SourceType, UpdatePolicy

ATTRIBUTE_WORDS: Final[Mapping[SourceType, str]] = {
    SourceType.TEXT: "Text",
    SourceType.EMAIL: "E-mail",
    SourceType.PHONE: "Phone",
    SourceType.URL: "Link",
    SourceType.SELECT: "Single choice",
    SourceType.LIST: "List of text",
    SourceType.INTEGER: "Whole number",
    SourceType.NUMBER: "Number",
    SourceType.BOOLEAN: "True or false",
    SourceType.DATE: "Date",
    SourceType.DATETIME: "Date and time",
    SourceType.OBJECT: "Group of values",
}
POLICY_WORDS: Final[Mapping[UpdatePolicy, str]] = {
    UpdatePolicy.FILL_EMPTY: "Keep it",
    UpdatePolicy.OVERWRITE: "Overwrite",
    UpdatePolicy.CREATE_ONLY: "Only on create",
    UpdatePolicy.ADVANCE: "Move forward only",
}
_EVENT_WORDS: Final = {
    "people.registered": "Registered",
    "people.attended": "Attended",
    "people.not_attended": "Missed",
    "people.watched_replay": "Watched replay",
    "identify": "Identified",
}
SETTING_WORDS: Final[Mapping[str, str]] = {
    "update": "If already filled",
    "nulls": "Empty values",
    "lossy": "Values that do not fit",
    "placeholder": "Placeholder on create",
    "values": "Translated values",
    "ladder": "Order of statuses",
    "entry": "Source",
    "pass_through": "All other traits",
}
_PLAIN: Final = {
    "textarea": "Long text",
    "encryptedstring": "Encrypted text",
    "combobox": "Text with choices",
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "time": "Time",
    "id": "Record id",
}
_SIZED: Final = {
    "string": "Text",
    "email": "Email",
    "phone": "Phone",
    "url": "URL",
    "textarea": "Long text",
    "encryptedstring": "Encrypted text",
}
_NUMBERS: Final = {"int": "Whole number", "long": "Whole number", "double": "Number", "percent": "Percent", "currency": "Currency"}
_SHOWN_OBJECTS = 3


def event_words(event_type: str) -> str:
    """Return what happened, by the type of an event: "Registered", "Chat ended"."""
    return _EVENT_WORDS.get(event_type) or event_type.replace(".", " ").replace("_", " ").capitalize()


def field_words(field: Field) -> str:
    """Return a field's type as an admin would say it: "Text 80", "Picklist, 5 values", "Lookup to User or Group"."""
    if field.type in _SIZED and field.length:
        return f"{_SIZED[field.type]} {field.length}"
    if field.type in _NUMBERS:
        return f"{_NUMBERS[field.type]} {field.precision - field.scale}, {field.scale}" if field.precision else _NUMBERS[field.type]
    if field.type in ("picklist", "multipicklist"):
        name = "Picklist" if field.type == "picklist" else "Multi-select picklist"
        return f"{name}, {len(field.picklist)} values" if field.picklist else name
    if field.type == "reference":
        objects = " or ".join(field.reference_to[:_SHOWN_OBJECTS])
        more = " or others" if len(field.reference_to) > _SHOWN_OBJECTS else ""
        return f"Lookup to {objects}{more}" if objects else "Lookup"
    return _PLAIN.get(field.type) or _SIZED.get(field.type) or field.type.capitalize()


def entry_kind(entry: Any) -> str:
    """Return which kind of entry plain data is: dynamic, static, formula, auto-match or step; empty for none."""
    kinds = {"attribute": "dynamic", "value": "static", "formula": "formula", "auto_match": "auto-match", "step": "step", "join": "step"}
    keys = entry if isinstance(entry, Mapping) else {}
    return next((kind for key, kind in kinds.items() if key in keys), "")


def entry_words(entry: Any, catalogue: Mapping[str, Attribute]) -> tuple[str, str]:
    """Return the two lines of a source picker for an entry as plain data."""
    kind = entry_kind(entry)
    if kind == "dynamic":
        return _attribute_words(entry["attribute"], catalogue)
    if kind == "static":
        return _shown(entry["value"]), "Default value · Text"
    if kind == "formula":
        return str(entry["formula"]), "Formula"
    if kind == "auto-match":
        match = entry["auto_match"] if isinstance(entry["auto_match"], Mapping) else {}
        what = match.get("attribute", match.get("value", match.get("formula", "")))
        label = _attribute_words(what, catalogue)[0] if "attribute" in match else _shown(what)
        where = f"{match.get('object', '')}.{match.get('field', '')}"
        return f"Find the {match.get('object', '')} whose {match.get('field', '')} is {label}", f"Auto-match · {where} = {_shown(what)}"
    if kind == "step":
        if "join" in entry:
            return " and ".join(_listed(entry["join"])), "Step · ids joined"
        return f"The record of {entry['step']}", "Step · record id"
    return "", ""


def _attribute_words(keys: Any, catalogue: Mapping[str, Attribute]) -> tuple[str, str]:
    listed = _listed(keys)
    known = [catalogue.get(key) for key in listed]
    label = ", else ".join(attribute.label if attribute else key for key, attribute in zip(listed, known, strict=True))
    first = known[0] if known else None
    if first is None:
        return label, "Own path"
    return label, f"{ATTRIBUTE_WORDS[first.type]} · {first.paths[0] if len(listed) == 1 else ', '.join(listed)}"


def setting_words(name: str, value: Any, catalogue: Mapping[str, Attribute]) -> str:
    """Return the value of one part of a row in words, for comparisons and the audit trail."""
    if name == "entry":
        return entry_words(value, catalogue)[0] or "nothing"
    if name == "update":
        return POLICY_WORDS.get(value or UpdatePolicy.FILL_EMPTY, str(value))
    if name == "nulls":
        return "Empty the field" if value == "clear" else "Leave as it is"
    if name == "lossy":
        return {"truncate": "Shorten it", "leave-out": "Leave it out"}.get(str(value), "Hold the delivery")
    if name == "values":
        return ", ".join(f"{key} becomes {_shown(to)}" for key, to in (value or {}).items()) or "none"
    if name == "ladder":
        return ", ".join((value or {}).get("ranks", ())) or "none"
    return "none" if value is None else _shown(value)


def _listed(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return "nothing" if value is None else str(value)
