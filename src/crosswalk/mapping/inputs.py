"""Which control a person gets to enter a default value for a field, and what the control lets through.

The value is judged by the field's own converter in the end; these bounds are there so that a wrong one is hard to enter.
"""

from dataclasses import dataclass
from typing import Final

from crosswalk.mapping.types import FAMILIES, Family
from crosswalk.model import Field

_KINDS: Final = {
    Family.TEXT: "text",
    Family.EMAIL: "email",
    Family.PHONE: "tel",
    Family.URL: "url",
    Family.PICKLIST: "list",
    Family.MULTIPICKLIST: "choices",
    Family.BOOLEAN: "switch",
    Family.INTEGER: "number",
    Family.NUMBER: "number",
    Family.DATE: "date",
    Family.DATETIME: "datetime",
    Family.TIME: "time",
    Family.REFERENCE: "record",
}
_DIGITS = 15  # beyond these a browser's numbers are no longer exact


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its kind, and what it allows. `open` says that other values than the choices are taken too."""

    kind: str
    choices: tuple[str, ...] = ()
    open: bool = False
    longest: int = 0
    largest: str = ""
    step: str = ""
    objects: tuple[str, ...] = ()


def control(field: Field) -> Control | None:
    """Return the control that fits a field, or None for a field that takes no value."""
    family = FAMILIES.get(field.type)
    if family is None:
        return None
    kind = _KINDS[family]
    if family in (Family.PICKLIST, Family.MULTIPICKLIST):
        return Control(kind if field.picklist else "text", field.picklist, open=not field.restricted, longest=field.length)
    if family is Family.REFERENCE:
        return Control(kind, objects=field.reference_to, longest=18)
    if family in (Family.INTEGER, Family.NUMBER):
        decimals = 0 if family is Family.INTEGER else field.scale
        whole = min(field.precision - field.scale, _DIGITS) if field.precision > field.scale else 0
        step = f"0.{'0' * (decimals - 1)}1" if decimals else "1" if family is Family.INTEGER or field.precision else "any"
        return Control(kind, largest="9" * whole, step=step)
    return Control(kind, longest=field.length if kind in ("text", "email", "tel", "url") else 0)
