"""Rows become writers when the mapping is compiled.

A row whose attribute is gone, or whose field the org lacks or does not let us write, is *suspended*: it is never sent and never fails
the delivery, and a note stands where an event did have a value for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from crosswalk.errors import ConfigurationError
from crosswalk.mapping.convert import Converted, Converter, Misfit, as_text, converter, storable, units
from crosswalk.mapping.document import (
    AttributeEntry,
    AttributeMatch,
    AutoMatchEntry,
    FieldRow,
    FormulaEntry,
    FormulaMatch,
    JoinEntry,
    StepEntry,
    ValueEntry,
    ValueMatch,
)
from crosswalk.mapping.formula.compile import Resolve, formula_reader
from crosswalk.mapping.formula.tokens import FormulaSyntaxError
from crosswalk.mapping.formula.values import FormulaError
from crosswalk.mapping.nearest import did_you_mean
from crosswalk.mapping.paths import ABSENT, Getter, PathSyntaxError
from crosswalk.mapping.reading import Reader, Sources, first_with_value, fixed
from crosswalk.mapping.writing import Rows, Suspended, Writer
from crosswalk.model import (
    AutoMatch,
    Field,
    JoinedIds,
    Ladder,
    LossyPolicy,
    Note,
    NullPolicy,
    ObjectType,
    OrgSchema,
    SourceType,
    StepRecord,
    UpdatePolicy,
)

PERSON = "person"
ONE_WAY = frozenset({"create_only", "update_only"})  # notes about fields that can be written, but not always


@dataclass(frozen=True, slots=True)
class Makings:
    """What rows are compiled with. `records` says under which name each step's record goes (all person steps: "person")."""

    sources: Sources
    schema: OrgSchema
    records: Mapping[str, str]


def compile_rows(step: str, rows: Sequence[FieldRow], target: ObjectType, makings: Makings) -> Rows:
    """Compile the rows of a step for an object of the org; rows that cannot work there are suspended."""
    writers: list[Writer] = []
    suspended: list[Suspended] = []
    notes: list[Note] = []
    for row in rows:
        compiled = _compile_row(f"{step}.{row.field}", row, target, makings)
        if isinstance(compiled, Suspended):
            suspended.append(compiled)
            notes.append(compiled.note)
            continue
        writers.append(compiled)
        one_way = writability(compiled.place, target, row.field)
        notes.extend([one_way] if one_way else [])
    return Rows(tuple(writers), tuple(suspended), tuple(notes))


def writability(place: str, target: ObjectType, name: str) -> Note | None:
    """Say what of a field cannot be written: nothing (None), updates, inserts, or all of it ("not_in_org", "not_writable")."""
    found = target.field(name)
    if found is None:
        remedy = f"Create the field {name} or give the connection's user access to it"
        return Note("not_in_org", place, f"{target.label} has no field {name} in this org. {remedy}, or remove the row.")
    if not found.createable and not found.updateable:
        sentence = (
            f"{target.label} {found.label} ({name}) may not be written by the connection's user; grant Edit on it, or remove the row."
        )
        return Note("not_writable", place, sentence)
    if not found.updateable:
        return Note("create_only", place, f"{found.label} ({name}) can be set on new records only.")
    if not found.createable:
        return Note("update_only", place, f"{found.label} ({name}) can be set on existing records only.")
    return None


def policy_for(found: Field, wished: UpdatePolicy) -> UpdatePolicy:
    """Return the policy that a field allows: one that cannot be updated is only ever set on creation."""
    return wished if found.updateable else UpdatePolicy.CREATE_ONLY


def _compile_row(place: str, row: FieldRow, target: ObjectType, makings: Makings) -> Writer | Suspended:
    """Compile one row, or say why it is suspended."""
    try:
        read = entry_reader(row.entry, makings)
    except (UnknownAttributeError, FormulaSyntaxError, PathSyntaxError) as error:
        return Suspended(fixed(ABSENT), Note(error.code, place, error.sentence))
    note = writability(place, target, row.field)
    if note is None or note.code in ONE_WAY:
        note = _unmatched(place, row, makings.schema) or note
    found = target.field(row.field)
    if found is None or (note and note.code not in ONE_WAY):
        return Suspended(read, note or Note("not_in_org", place, "The field is not in this org."))
    convert = _converter(row, as_taken(found, target), makings)
    get = entry_getter(row.entry, makings.sources)
    ladder = Ladder(row.ladder.ranks, frozenset(row.ladder.resets)) if row.ladder else None
    return Writer(
        field=found.name,
        place=place,
        read=read,
        convert=convert,
        update=policy_for(found, row.update),
        ladder=ladder,
        clears=row.nulls is NullPolicy.CLEAR and found.nillable,
        placeholder=_placeholder(row, found),
        get=get,
    )


def as_taken(found: Field, target: ObjectType) -> Field:
    """Return the field as it judges values: a member's Status is judged by the campaign's own list, which is not in the describe."""
    is_member_status = target.name == "CampaignMember" and found.name == "Status"
    return replace(found, restricted=False, picklist=()) if is_member_status else found


def _placeholder(row: FieldRow, found: Field) -> Any:
    """Return the placeholder as the field takes it; one that does not fit is none (check says so at save)."""
    if row.placeholder is None:
        return ABSENT
    value = converter(found, row.lossy)(row.placeholder, UTC)
    return ABSENT if isinstance(value, Converted | Misfit) else value


def _unmatched(place: str, row: FieldRow, schema: OrgSchema) -> Note | None:
    """Say when an auto-match looks in an object or field that the org lacks."""
    if not isinstance(row.entry, AutoMatchEntry):
        return None
    match = row.entry.auto_match
    found = schema.field(match.object, match.field)
    if found is not None and found.filterable:
        return None
    return Note("not_in_org", place, f"The org has no {match.object}.{match.field} that can be searched; choose another field to match.")


class UnknownAttributeError(ConfigurationError):
    """The source's catalogue has no such attribute (any more)."""

    code = "unknown_attribute"

    def __init__(self, key: str, known: Iterable[str]) -> None:
        question = did_you_mean(key, known)
        super().__init__(f'The source has no attribute "{key}" (any more); pick another or remove the row.{question}', key=key)


def entry_reader(entry: object, makings: Makings) -> Reader:
    """Return the reader of an entry; raise when it names an unknown attribute or cannot be parsed."""
    match entry:
        case AttributeEntry() | AttributeMatch():
            return first_with_value([_attribute_reader(key, makings.sources) for key in entry.attribute])
        case ValueEntry() | ValueMatch():
            return fixed(entry.value)
        case FormulaEntry() | FormulaMatch():
            return formula_reader(entry.formula, formula_resolver(makings.sources))
        case StepEntry():
            return fixed(StepRecord(makings.records.get(entry.step, entry.step), entry.object))
        case JoinEntry():
            return fixed(JoinedIds(tuple(makings.records.get(part, part) for part in entry.join)))
        case AutoMatchEntry():
            return entry_reader(entry.auto_match, makings)
        case _:
            raise TypeError(f"{type(entry).__name__} is no entry")


def entry_getter(entry: object, sources: Sources) -> Getter | None:
    """Return what reads an entry that `entry_reader` took from the payload alone; None where more than one attribute of it is read."""
    if isinstance(entry, AttributeEntry | AttributeMatch) and len(entry.attribute) == 1:
        return sources.getter(entry.attribute[0])
    return None


def formula_resolver(sources: Sources) -> Resolve:
    """Return what formulas ask for the attributes in their braces."""
    return lambda key: (_attribute_reader(key, sources), sources.type(key))


def _attribute_reader(key: str, sources: Sources) -> Reader:
    if not sources.knows(key):
        raise UnknownAttributeError(key, sources.catalogue)
    return sources.reader(key)


def _converter(row: FieldRow, found: Field, makings: Makings) -> Converter:
    """Chain what happens to a value on its way: formula errors, the value map, the type, the ladder."""
    entry = row.entry
    if isinstance(entry, StepEntry | JoinEntry):
        return lambda value, _zone: value
    if isinstance(entry, AutoMatchEntry):
        convert: Converter = _auto_matcher(entry, makings.schema)
    else:
        convert = converter(found, row.lossy, _source_type(entry, makings.sources))
    if row.ladder:
        convert = _on_ladder(convert, (*row.ladder.ranks, *row.ladder.resets), row.lossy)
    if row.values is not None:
        convert = _renamed(row.values, convert)
    has_formula = isinstance(entry, FormulaEntry) or (isinstance(entry, AutoMatchEntry) and isinstance(entry.auto_match, FormulaMatch))
    return _without_errors(convert, row.lossy) if has_formula else convert


def _source_type(entry: object, sources: Sources) -> SourceType | None:
    """Return the attribute's type where the entry is one attribute."""
    return sources.type(entry.attribute[0]) if isinstance(entry, AttributeEntry) else None


def _auto_matcher(entry: AutoMatchEntry, schema: OrgSchema) -> Converter:
    match = entry.auto_match
    described, found = schema.object(match.object), schema.field(match.object, match.field)
    object_name = described.name if described else match.object
    field_name = found.name if found else match.field
    longest = found.length if found else 0

    def auto_match(value: Any, _zone: tzinfo) -> Any:
        text = storable(as_text(value)).strip()
        if longest and units(text) > longest:
            return Converted(ABSENT, "left_out", f"No {object_name} can have a {field_name} of more than {longest} characters.")
        return AutoMatch(object_name, field_name, text)

    return auto_match


def _renamed(values: Mapping[str, Any], convert: Converter) -> Converter:
    """Rename values first; `*` stands for all that are not listed, and a value renamed to null is left out."""

    def rename(value: Any) -> Any:
        text = as_text(value).strip()
        return values[text] if text in values else values.get("*", value)

    def renamed(value: Any, zone: tzinfo) -> Any:
        several = isinstance(value, list)
        value = [new for item in value if (new := rename(item)) is not None] if several else rename(value)
        return ABSENT if value is None or value == [] else convert(value, zone)

    return renamed


def _on_ladder(convert: Converter, statuses: Sequence[str], lossy: LossyPolicy) -> Converter:
    """Let through only statuses of the ladder: any other could neither climb nor reset."""
    spelled = {status.casefold(): status for status in statuses}

    def on_ladder(value: Any, zone: tzinfo) -> Any:
        status = convert(value, zone)
        if not isinstance(status, str):
            return status
        known = spelled.get(status.casefold())
        if known is not None:
            return known
        sentence = f'"{status[:60]}" is not a status of the row\'s ladder; add it to the ladder or to the value map.'
        return Misfit(sentence) if lossy is LossyPolicy.HOLD else Converted(ABSENT, "left_out", sentence + " It was left out.")

    return on_ladder


def _without_errors(convert: Converter, lossy: LossyPolicy) -> Converter:
    """Let a formula's error hold the draft, or leave the row out where the row says so."""

    def without_errors(value: Any, zone: tzinfo) -> Any:
        if value.__class__ is not FormulaError:
            return convert(value, zone)
        sentence = f"The formula failed at character {value.position + 1}: {value.message}."
        return Misfit(sentence) if lossy is LossyPolicy.HOLD else Converted(ABSENT, "formula_error", sentence + " The row was left out.")

    return without_errors
