"""The pass-through row: whatever an event holds besides the mapped attributes goes to the field of the same name.

Its fields are only known when an event comes, so they are looked up then and remembered by name. A key without a field, or with a group
of values, is left out and noted; a value that does not fit its field follows the row's choice for lossy values, as in every row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crosswalk.mapping import paths
from crosswalk.mapping.convert import converter
from crosswalk.mapping.document import PassThroughRow
from crosswalk.mapping.paths import ABSENT, Getter, Member
from crosswalk.mapping.reading import Sources, fixed
from crosswalk.mapping.rows import policy_for, writability
from crosswalk.mapping.writing import Occasion, Rows, Sheet, Writer, fill
from crosswalk.model import Note, NullPolicy, ObjectType, UpdatePolicy

_REMEMBERED = 5_000  # names; an event may make up any number of them


@dataclass(frozen=True, slots=True)
class PassThroughWriter:
    """One pass-through row for one object. `skipped` are keys that rows use, `taken` the fields (in lower case) that rows write."""

    place: str
    row: PassThroughRow
    target: ObjectType
    roots: tuple[Getter, ...]
    skipped: frozenset[str]
    taken: frozenset[str]
    known: dict[str, Writer | Note | None] = field(default_factory=dict, compare=False)

    def fill(self, occasion: Occasion, sheet: Sheet) -> None:
        """Add what the event's other members want."""
        for key, value in self._members(occasion.event.payload).items():
            if isinstance(value, dict | list):
                sentence = f'"{key}" holds a group of values, which no field takes; it was left out. Map a value inside it by a row.'
                sheet.notes.append(Note("left_out", f"{self.place}.{key}", sentence))
                continue
            writer = self._writer(key)
            if isinstance(writer, Note):
                sheet.notes.append(writer)
            elif writer is not None:
                fill(Rows((_holding(writer, value),)), occasion, sheet)

    def _members(self, payload: Any) -> dict[str, Any]:
        """Return the members to pass through; of the same member the first root wins."""
        found: dict[str, Any] = {}
        for root in self.roots:
            members = root(payload)
            if isinstance(members, dict):
                found |= {key: value for key, value in members.items() if key not in found and key not in self.skipped}
        return found

    def _writer(self, key: str) -> Writer | Note | None:
        if key in self.known:
            return self.known[key]
        made = self._made(key)
        if len(self.known) < _REMEMBERED:
            self.known[key] = made
        return made

    def _made(self, key: str) -> Writer | Note | None:
        """Find the field of a key; None when a row writes that field already."""
        append = self.row.pass_through.append
        name = key if append and key.endswith(append) else key + append
        place = f"{self.place}.{key}"
        if name.lower() in self.taken:
            return None
        note = writability(place, self.target, name)
        found = self.target.field(name)
        if found is None or (note and note.code == "not_writable"):
            return note
        if found.name != name and not self.row.pass_through.adjust_case:
            sentence = f'"{key}" would go to {found.name} but for its capitals; spell it so at the source, or switch on "adjust case".'
            return Note("case_differs", place, sentence)
        return Writer(
            field=found.name,
            place=place,
            read=fixed(ABSENT),
            convert=converter(found, self.row.lossy),
            update=policy_for(found, self.row.update if self.row.update is not UpdatePolicy.ADVANCE else UpdatePolicy.OVERWRITE),
            clears=self.row.nulls is NullPolicy.CLEAR and found.nillable,
        )


def compile_pass_through(
    step: str,
    row: PassThroughRow,
    target: ObjectType,
    taken: Iterable[str],
    keys: Iterable[str],
    sources: Sources,
) -> PassThroughWriter:
    """Compile the row. `taken` are the fields and `keys` the attributes that the step's other rows use."""
    roots = row.pass_through.roots
    return PassThroughWriter(
        place=step,
        row=row,
        target=target,
        roots=tuple(paths.compile(root) for root in roots),
        skipped=frozenset(row.pass_through.except_) | _first_members(roots, (path for key in keys for path in sources.paths(key))),
        taken=frozenset(name.lower() for name in taken),
    )


def _holding(writer: Writer, value: Any) -> Writer:
    """Return the writer with the value at hand in place of a reader."""
    return Writer(writer.field, writer.place, fixed(value), writer.convert, writer.update, writer.ladder, writer.clears)


def _first_members(roots: Iterable[str], used: Iterable[str]) -> frozenset[str]:
    """Return the members right under the roots through which the used paths lead."""
    starts = [paths.parse(root) for root in roots]
    found = set()
    for path in used:
        if path.startswith("@"):
            continue
        steps = paths.parse(path)
        for start in starts:
            following = steps[len(start)] if len(steps) > len(start) and steps[: len(start)] == start else None
            if isinstance(following, Member):
                found.add(following.name)
    return frozenset(found)
