"""What one event would send by one row: the column "This event would send" of the editor.

Each row is compiled and run exactly as a delivery's rows are, so that what is shown is what is sent, before the update policy is known:
that needs the record, which the preview asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from crosswalk.mapping.check import SUSPENDING
from crosswalk.mapping.convert import Converted, Misfit, as_text
from crosswalk.mapping.document import FieldRow
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.reading import Reader
from crosswalk.mapping.rows import Makings, compile_rows
from crosswalk.mapping.writing import Writer
from crosswalk.model import AutoMatch, Event, Field, JoinedIds, ObjectType, StepRecord

_NUMBERS = frozenset({bool, int, float})
_LONGEST_SHOWN = 240


class Sends(StrEnum):
    """How a row ends for one event."""

    VALUE = "value"
    NOTHING = "nothing"
    PLACEHOLDER = "placeholder"
    CLEARS = "clears"
    RECORD = "record"
    HELD = "held"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a row would send. `raw` is the event's own value where it differs; `match` is what an auto-match would look for."""

    sends: Sends
    value: Any = None
    raw: Any = None
    sentence: str = ""
    match: AutoMatch | None = None


def trial(row: FieldRow, target: ObjectType, makings: Makings, event: Event, zone: tzinfo) -> Trial:
    """Run one row over one event; never raises for anything an event may hold."""
    compiled = compile_rows("", [row], target, makings)
    if compiled.suspended:
        one = compiled.suspended[0]
        return Trial(Sends.PAUSED, raw=_present(one.read(event, zone)), sentence=one.note.sentence)
    writer = compiled.writers[0]
    raw = _read(writer.read, event, zone)
    if raw is ABSENT or (not raw and raw.__class__ not in _NUMBERS):
        return _without(writer, raw)
    value = writer.convert(raw, zone)
    sentence = ""
    if isinstance(value, Misfit):
        return Trial(Sends.HELD, raw=raw, sentence=value.sentence)
    if isinstance(value, Converted):
        value, sentence = value.value, value.sentence
    if value is ABSENT:
        left = _without(writer, ABSENT)
        return Trial(left.sends, left.value, _present(raw), sentence or left.sentence)
    if isinstance(value, AutoMatch):
        return Trial(Sends.RECORD, raw=raw, sentence=f"{value.object} whose {value.field} is {value.value}", match=value)
    if isinstance(value, StepRecord):
        return Trial(Sends.RECORD, sentence=f"The record of {value.step}")
    if isinstance(value, JoinedIds):
        return Trial(Sends.RECORD, sentence=f"The ids of {' and '.join(value.parts)}, joined")
    return Trial(Sends.VALUE, value, raw if raw != value else None, sentence)


def samples(readers: Mapping[str, Reader], event: Event, zone: tzinfo) -> dict[str, Any]:
    """Return the value each attribute has in an event; attributes the event lacks are left out."""
    found = {key: _read(read, event, zone) for key, read in readers.items()}
    return {key: value for key, value in found.items() if value is not ABSENT and value is not None}


def shown(value: Any, field: Field | None = None) -> str:
    """Return a value as a person reads it, by the type of its field."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if field and field.type == "multipicklist" and isinstance(value, str):
        return "; ".join(part.strip() for part in value.split(";"))
    if field and field.type == "datetime" and isinstance(value, str):
        moment = _moment(value)
        return f"{moment.day} {moment:%b %Y, %H:%M} UTC" if moment else value
    if field and field.type == "date" and isinstance(value, str):
        moment = _moment(value)
        return f"{moment.day} {moment:%b %Y}" if moment else value
    text = as_text(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _read(read: Reader, event: Event, zone: tzinfo) -> Any:
    value = read(event, zone)
    return value.strip() if isinstance(value, str) else value


def _without(writer: Writer, raw: Any) -> Trial:
    """Say what is sent where the event has no value: the rules of `writing`, in words."""
    if writer.placeholder is not ABSENT:
        return Trial(Sends.PLACEHOLDER, writer.placeholder, sentence=f"If missing, new records get “{shown(writer.placeholder)}”")
    if writer.clears and raw is not ABSENT:
        return Trial(Sends.CLEARS, sentence="The event says empty, so the field is emptied")
    return Trial(Sends.NOTHING, sentence="Nothing, field stays as it is")


def _present(value: Any) -> Any:
    return None if value is ABSENT else value


def pauses(code: str) -> bool:
    """Tell whether a problem of that code suspends its row."""
    return code in SUSPENDING
