"""Writers fill a sheet with wants: the inner loop of the mapping, run once per row and event.

Absent wants nothing; null and empty text (an empty list too) want something only where the row says `clear`; a placeholder stands in for
both, on insert alone. A value that must be held holds the whole draft, one that was cut or left out is noted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

from msgspec import Struct

from crosswalk.mapping.convert import Converted, Converter, Misfit
from crosswalk.mapping.paths import ABSENT, Getter
from crosswalk.mapping.reading import Reader
from crosswalk.model import Event, Ladder, Note, UpdatePolicy, Want
from crosswalk.reasons import Reason

_NUMBERS = frozenset({bool, int, float})


class Occasion(Struct):
    """One event of one delivery, with what all its steps need. `learnt` holds keys of the person known from other events."""

    event: Event
    zone: tzinfo
    delivery_id: str
    lane_id: str
    freshness: str
    position: int
    learnt: Mapping[str, str]


class Sheet(Struct):
    """What a target gathers while its rows are read. The first value that must be held holds the draft."""

    wants: list[Want] = []
    notes: list[Note] = []
    held: tuple[Reason, str] | None = None

    def take(self) -> tuple[Want, ...]:
        """Return the wants gathered for one target and begin with none for the next."""
        wants = tuple(self.wants)
        self.wants = []
        return wants

    def remark(self, place: str, finding: Converted | Misfit) -> Any:
        """Note what was done to a value, or that it holds the draft; return what is left of it."""
        if isinstance(finding, Converted):
            self.notes.append(Note(finding.code, place, finding.sentence))
            return finding.value
        self.held = self.held or (Reason.LOSSY_VALUE, f"{place}: {finding.sentence}")
        return ABSENT


class Writer(NamedTuple):
    """How one field is filled. `get` reads what `read` reads, where that needs the payload alone."""

    field: str
    place: str
    read: Reader
    convert: Converter
    update: UpdatePolicy
    ladder: Ladder | None = None
    clears: bool = False
    placeholder: Any = ABSENT
    get: Getter | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """A row that is not sent, and the note an event gets that had a value for it."""

    read: Reader
    note: Note


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one step for one object, ready to run. `notes` tells the admin, once, what the mapping as a whole lacks."""

    writers: tuple[Writer, ...] = ()
    suspended: tuple[Suspended, ...] = ()
    notes: tuple[Note, ...] = ()


def fill(rows: Rows, occasion: Occasion, sheet: Sheet) -> None:
    """Read every row's value from the event and add what it wants to the sheet."""
    event, zone, delivery_id = occasion.event, occasion.zone, occasion.delivery_id
    freshness, position, payload = occasion.freshness, occasion.position, event.payload
    add = sheet.wants.append
    for writer in rows.writers:
        name, place, read, convert, update, ladder, clears, placeholder, get = writer
        value = read(event, zone) if get is None else get(payload)
        if value.__class__ is str:
            value = value.strip()
        if value is ABSENT or (not value and value.__class__ not in _NUMBERS):
            if clears or placeholder is not ABSENT:
                _fill_without(writer, value, occasion, sheet)
            continue
        value = convert(value, zone)
        if value.__class__ is not str:
            if value.__class__ is Converted or value.__class__ is Misfit:
                value = sheet.remark(place, value)
            if value is ABSENT:
                _fill_without(writer, value, occasion, sheet)
                continue
        add(Want(name, value, freshness, delivery_id, place, update, ladder, False, position))
    for row in rows.suspended:
        if row.read(event, zone) not in (ABSENT, None, ""):
            sheet.notes.append(row.note)


def _fill_without(writer: Writer, value: Any, occasion: Occasion, sheet: Sheet) -> None:
    """There is nothing to send: use the placeholder, or clear where the row says so and the event says null."""
    if writer.placeholder is not ABSENT:
        value, placeholder = writer.placeholder, True
    elif writer.clears and value is not ABSENT:
        value, placeholder = None, False
    else:
        return
    wanted = (writer.field, value, occasion.freshness, occasion.delivery_id, writer.place, writer.update, writer.ladder)
    sheet.wants.append(Want(*wanted, placeholder, occasion.position))
