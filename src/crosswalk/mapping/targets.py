"""One object a step may land on: the keys that find the record there, and what it wants in its fields.

A record we create must be findable by the keys it was looked for, so where no row fills a key's field (or the key was learnt from another
event) the key itself is wanted there, on creation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.errors import ConfigurationError
from crosswalk.mapping import keys
from crosswalk.mapping.convert import Converted, Converter, Misfit, converter
from crosswalk.mapping.document import (
    AttributeEntry,
    AttributeMatch,
    AutoMatchEntry,
    FieldRow,
    FormulaEntry,
    FormulaMatch,
    MatchEntry,
    PassThroughRow,
    Row,
)
from crosswalk.mapping.formula import parser, tree
from crosswalk.mapping.passthrough import PassThroughWriter, compile_pass_through
from crosswalk.mapping.paths import ABSENT, Getter
from crosswalk.mapping.reading import Reader, Sources
from crosswalk.mapping.rows import Makings, compile_rows, entry_getter, entry_reader
from crosswalk.mapping.writing import Occasion, Rows, Sheet, fill
from crosswalk.model import Field, LossyPolicy, MatchKey, Note, ObjectType, SourceType, Target, UpdatePolicy, Want

PERSON_KINDS = ("email", "user_id", "anonymous_id", "phone")


@dataclass(frozen=True, slots=True)
class KeyReader:
    """One match key. `kind` names the key of the person that may stand in for the attribute; `covered` says that a row fills the field.

    `claims` is what its claims begin with; `get` reads what `read` reads, where that needs the payload alone.
    """

    claims: str
    field: Field
    read: Reader
    convert: Converter
    kind: str | None
    covered: bool
    get: Getter | None = None


@dataclass(frozen=True, slots=True)
class TargetMaker:
    """Everything compiled for one object of a step."""

    object: str
    step: str
    keys: tuple[KeyReader, ...]
    rows: Rows
    pass_through: tuple[PassThroughWriter, ...]
    creates: bool
    notes: tuple[Note, ...] = ()

    def make(self, occasion: Occasion, sheet: Sheet) -> Target:
        """Read keys and rows from the event; what is to be said about them goes to the sheet."""
        fill(self.rows, occasion, sheet)
        for row in self.pass_through:
            row.fill(occasion, sheet)
        found = [key for reader in self.keys if (key := self._key(reader, occasion, sheet)) is not None]
        return Target(self.object, self.step, tuple(found), sheet.take())

    def _key(self, reader: KeyReader, occasion: Occasion, sheet: Sheet) -> MatchKey | None:
        """Return the key as this event has it, or as it was learnt from another."""
        field = reader.field
        raw = reader.read(occasion.event, occasion.zone) if reader.get is None else reader.get(occasion.event.payload)
        value = keys.normalised(field, raw)
        learnt = value is None
        if learnt and reader.kind:
            raw = occasion.event.person.get(reader.kind) or occasion.learnt.get(reader.kind)
            value = keys.normalised(field, raw)
        if value is None:
            return None
        if self.creates and (learnt or not reader.covered):
            self._want(reader, raw, occasion, sheet)
        return MatchKey(field.name, value, reader.claims + value, keys.spellings(field, raw))

    def _want(self, reader: KeyReader, raw: Any, occasion: Occasion, sheet: Sheet) -> None:
        """Want the key in its field on creation, unless a row has a value for the field."""
        name = reader.field.name
        if not reader.field.createable or any(want.field == name and not want.placeholder for want in sheet.wants):
            return
        value = reader.convert(raw.strip() if isinstance(raw, str) else raw, occasion.zone)
        if isinstance(value, Converted | Misfit) or value is ABSENT:
            return
        place = f"{self.step}.match.{name}"
        position = occasion.position
        sheet.wants.append(
            Want(name, value, occasion.freshness, occasion.delivery_id, place, UpdatePolicy.CREATE_ONLY, sync_position=position),
        )


def compile_target(
    step: str,
    target: ObjectType,
    rows: Sequence[Row],
    match: Sequence[MatchEntry],
    makings: Makings,
    *,
    creates: bool,
) -> TargetMaker:
    """Compile keys and rows for an object of the org; keys that cannot be searched there are left out with a note."""
    field_rows = [row for row in rows if isinstance(row, FieldRow)]
    compiled = compile_rows(step, field_rows, target, makings)
    used = used_attributes(field_rows, match)
    taken = [row.field for row in field_rows]
    key_readers = [_compile_key(step, target, entry, field_rows, makings) for entry in match]
    return TargetMaker(
        object=target.name,
        step=step,
        keys=tuple(key for key in key_readers if isinstance(key, KeyReader)),
        rows=compiled,
        pass_through=tuple(
            compile_pass_through(step, row, target, taken, used, makings.sources) for row in rows if isinstance(row, PassThroughRow)
        ),
        creates=creates,
        notes=compiled.notes + tuple(key for key in key_readers if isinstance(key, Note)),
    )


def used_attributes(rows: Sequence[FieldRow], match: Sequence[MatchEntry]) -> frozenset[str]:
    """Return the keys of all attributes and own paths that rows and match keys read."""
    entries: Iterable[object] = (*(row.entry for row in rows), *(key.entry for key in match))
    return frozenset[str]().union(*(_attributes_of(entry) for entry in entries))


def _attributes_of(entry: object) -> frozenset[str]:
    match entry:
        case AttributeEntry() | AttributeMatch():
            return frozenset(entry.attribute)
        case AutoMatchEntry():
            return _attributes_of(entry.auto_match)
        case FormulaEntry() | FormulaMatch():
            try:
                return tree.references(parser.parse(entry.formula))
            except ConfigurationError:
                return frozenset()
        case _:
            return frozenset()


def _compile_key(step: str, target: ObjectType, match: MatchEntry, rows: Sequence[FieldRow], makings: Makings) -> KeyReader | Note:
    """Compile one match key, or say why it cannot be used."""
    place = f"{step}.match.{match.field}"
    found = target.field(match.field)
    if found is None:
        return Note("not_in_org", place, f"{target.label} has no field {match.field} in this org, so it finds nobody.")
    if not found.filterable:
        return Note("not_filterable", place, f"{target.label} {found.label} ({found.name}) cannot be searched; match by another field.")
    try:
        read = entry_reader(match.entry, makings)
    except ConfigurationError as error:
        return Note(error.code, place, error.sentence)
    return KeyReader(
        claims=keys.match_claim(target.name, found.name, ""),
        field=found,
        read=read,
        convert=converter(found, LossyPolicy.LEAVE_OUT),
        kind=_person_kind(match, found, makings.sources),
        covered=any(row.field.lower() == match.field.lower() and row.entry == match.entry for row in rows),
        get=entry_getter(match.entry, makings.sources),
    )


def _person_kind(match: MatchEntry, found: Field, sources: Sources) -> str | None:
    """Return which of the person's keys the match key is, where it is one."""
    if not isinstance(match.entry, AttributeEntry):
        return None
    for key in match.entry.attribute:
        if key in PERSON_KINDS:
            return key
        by_type = {SourceType.EMAIL: "email", SourceType.PHONE: "phone"}.get(sources.type(key) or SourceType.OBJECT)
        if by_type:
            return by_type
    return {"email": "email", "phone": "phone"}.get(found.type)
