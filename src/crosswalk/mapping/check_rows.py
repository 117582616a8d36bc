"""The rows and match keys of one step, checked against the catalogue and the org."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from crosswalk.errors import ConfigurationError, Problem
from crosswalk.mapping import paths
from crosswalk.mapping.convert import Misfit, convert
from crosswalk.mapping.document import (
    AttributeEntry,
    AttributeMatch,
    AutoMatchEntry,
    FieldRow,
    JoinEntry,
    LadderSpec,
    MatchEntry,
    PassThroughRow,
    Step,
    StepEntry,
    ValueEntry,
    ValueMatch,
)
from crosswalk.mapping.nearest import did_you_mean
from crosswalk.mapping.rows import ONE_WAY, Makings, as_taken, entry_reader, writability
from crosswalk.mapping.types import Fit, verdict
from crosswalk.model import Field, LossyPolicy, NullPolicy, ObjectType, UpdatePolicy

_ID_LENGTH = 18


def check_match(match: Sequence[MatchEntry], place: str, target: ObjectType | None, makings: Makings) -> Iterator[Problem]:
    """Check the match keys of a step; `target` is None where the object is not known."""
    for number, key in enumerate(match):
        where = f"{place}.match[{number}]"
        yield from _entry(key.entry, f"{where}.entry", makings)
        found = target.field(key.field) if target else None
        if target and found is None:
            yield Problem("not_in_org", f"{where}.field", _no_field(target, key.field))
        elif target and found and not found.filterable:
            sentence = f"{target.label} {found.label} ({found.name}) cannot be searched; match by another field."
            yield Problem("not_filterable", f"{where}.field", sentence)
        elif found:
            yield from _types(key.entry, f"{where}.entry", found, makings)


def check_rows(step: Step, place: str, target: ObjectType | None, makings: Makings, *, org: bool) -> Iterator[Problem]:
    """Check the rows of a step. `org` says whether there is an org to check against."""
    yield from _doubled(step, place)
    keys = {key.field.lower() for key in step.match}
    for number, row in enumerate(step.rows):
        where = f"{place}.rows[{number}]"
        if isinstance(row, PassThroughRow):
            yield from _pass_through(row, where)
            continue
        yield from _entry(row.entry, f"{where}.entry", makings)
        yield from _policies(row, where, keys)
        yield from _ladder(row, where)
        yield from _auto_match(row, where, makings, org=org)
        if target is not None:
            yield from _against(row, where, target, makings)


def _doubled(step: Step, place: str) -> Iterator[Problem]:
    """Report a second row for the same field."""
    seen: dict[str, int] = {}
    for number, row in enumerate(step.rows):
        if not isinstance(row, FieldRow):
            continue
        first = seen.setdefault(row.field.lower(), number)
        if first != number:
            sentence = f"{row.field} is filled by row {first + 1} already; list several attributes in one row, the first with a value wins."
            yield Problem("duplicate_field", f"{place}.rows[{number}].field", sentence)


def _pass_through(row: PassThroughRow, where: str) -> Iterator[Problem]:
    for number, root in enumerate(row.pass_through.roots):
        try:
            paths.parse(root)
        except ConfigurationError as error:
            yield Problem(error.code, f"{where}.pass_through.roots[{number}]", error.sentence)
    if row.update is UpdatePolicy.ADVANCE:
        yield Problem("bad_ladder", f"{where}.update", "A pass-through row has no ladder to advance on; choose another policy.")


def _entry(entry: object, where: str, makings: Makings) -> Iterator[Problem]:
    """Report unknown attributes, paths and formulas that cannot be read; of a list of attributes each."""
    inner = entry.auto_match if isinstance(entry, AutoMatchEntry) else entry
    place = f"{where}.auto_match" if isinstance(entry, AutoMatchEntry) else where
    parts: list[tuple[str, object]] = [(f"{place}.formula" if hasattr(inner, "formula") else place, inner)]
    if isinstance(inner, AttributeEntry | AttributeMatch):
        several = len(inner.attribute) > 1
        parts = [
            (f"{place}.attribute" + (f"[{number}]" if several else ""), AttributeEntry(attribute=(key,)))
            for number, key in enumerate(inner.attribute)
        ]
    for spot, part in parts:
        try:
            entry_reader(part, makings)
        except ConfigurationError as error:
            yield Problem(error.code, spot, error.sentence)


def _policies(row: FieldRow, where: str, keys: Iterable[str]) -> Iterator[Problem]:
    if row.nulls is NullPolicy.CLEAR and row.field.lower() in keys:
        yield Problem("clears_key", f"{where}.nulls", "A match key is never cleared, or the record could not be found again.")
    if row.nulls is NullPolicy.CLEAR and row.placeholder is not None:
        yield Problem("contradiction", f"{where}.placeholder", "A row either clears the field or has a placeholder.")


def _ladder(row: FieldRow, where: str) -> Iterator[Problem]:
    """Check that policy, ladder and value map agree."""
    if row.update is UpdatePolicy.ADVANCE and row.ladder is None:
        yield Problem("bad_ladder", f"{where}.ladder", "The policy advance needs a ladder: the statuses in climbing order.")
    if row.ladder is None:
        return
    if row.update is not UpdatePolicy.ADVANCE:
        yield Problem("bad_ladder", f"{where}.update", "A ladder is climbed by the policy advance only.")
    statuses = [status.strip().casefold() for status in (*row.ladder.ranks, *row.ladder.resets)]
    twice = next((status for status in statuses if statuses.count(status) > 1), None)
    if twice:
        yield Problem("bad_ladder", f"{where}.ladder", f'"{twice}" stands on the ladder twice.')
    for key, value in _fixed_values(row):
        if isinstance(value, str) and value.strip().casefold() not in statuses:
            sentence = f'"{value}" is not a status of the ladder.{did_you_mean(value, _statuses(row.ladder))}'
            yield Problem("bad_ladder", f"{where}.{key}", sentence)


def _statuses(ladder: LadderSpec) -> tuple[str, ...]:
    return (*ladder.ranks, *ladder.resets)


def _auto_match(row: FieldRow, where: str, makings: Makings, *, org: bool) -> Iterator[Problem]:
    """Check that an auto-match looks in a field the org has and can search, with a value that fits it."""
    if not org or not isinstance(row.entry, AutoMatchEntry):
        return
    match = row.entry.auto_match
    target = makings.schema.object(match.object)
    spot = f"{where}.entry.auto_match"
    if target is None:
        yield Problem("not_in_org", f"{spot}.object", f"The org has no object {match.object}, or the connection's user may not see it.")
        return
    found = target.field(match.field)
    if found is None:
        yield Problem("not_in_org", f"{spot}.field", _no_field(target, match.field))
    elif not found.filterable:
        yield Problem("not_filterable", f"{spot}.field", f"{target.label} {found.label} cannot be searched; match by another field.")
    else:
        yield from _types(match, spot, found, makings)


def _against(row: FieldRow, where: str, target: ObjectType, makings: Makings) -> Iterator[Problem]:
    """Check a row against the field it fills."""
    found = target.field(row.field)
    note = writability(where, target, row.field)
    if found is None:
        yield Problem("not_in_org", f"{where}.field", _no_field(target, row.field))
        return
    if note and note.code not in ONE_WAY:
        yield Problem(note.code, f"{where}.field", note.sentence)
        return
    yield from _record_entry(row, where, found, makings)
    yield from _joined(row, where, found)
    if row.values is None:  # a value map stands between the two types
        yield from _types(row.entry, f"{where}.entry", found, makings)
    taken = as_taken(found, target)
    for key, value in _fixed_values(row):
        misfit = _misfit(value, taken)
        if misfit:
            yield Problem("bad_value", f"{where}.{key}", misfit)
    for number, status in enumerate(_statuses(row.ladder) if row.ladder else ()):
        misfit = _misfit(status, taken)
        if misfit:
            yield Problem("bad_ladder", f"{where}.ladder[{number}]", misfit)


def _fixed_values(row: FieldRow) -> Iterator[tuple[str, Any]]:
    """Yield the values that stand in the row itself, with their places: what does not fit can be told at save."""
    if isinstance(row.entry, ValueEntry) and row.values is None:
        yield "entry.value", row.entry.value
    if row.placeholder is not None:
        yield "placeholder", row.placeholder
    if not isinstance(row.entry, AutoMatchEntry):
        yield from ((f"values.{key}", value) for key, value in (row.values or {}).items() if value is not None)


def _misfit(value: Any, found: Field) -> str | None:
    """Return why a fixed value does not fit, or None."""
    trimmed = value.strip() if isinstance(value, str) else value
    if trimmed == "" and isinstance(trimmed, str):
        return "Empty text is no value: Salesforce stores it as nothing."
    result = convert(trimmed, found, LossyPolicy.HOLD, UTC)
    return result.sentence if isinstance(result, Misfit) else None


def _record_entry(row: FieldRow, where: str, found: Field, makings: Makings) -> Iterator[Problem]:
    """Check that an entry that gives a record goes into a field that refers to records."""
    if not isinstance(row.entry, AutoMatchEntry | StepEntry):
        return
    if found.type != "reference":
        sentence = f"{found.label} is of type {found.type}; a record can only be set in a field that refers to records."
        yield Problem("type_mismatch", f"{where}.entry", sentence)
    elif isinstance(row.entry, AutoMatchEntry) and found.reference_to:
        wanted = row.entry.auto_match.object
        if makings.schema.object(wanted) and wanted.lower() not in {name.lower() for name in found.reference_to}:
            sentence = f"{found.label} refers to {' or '.join(found.reference_to[:5])}, not to {wanted}."
            yield Problem("type_mismatch", f"{where}.entry.auto_match.object", sentence)


def _joined(row: FieldRow, where: str, found: Field) -> Iterator[Problem]:
    """Check that joined ids go into a text that holds all of them."""
    if not isinstance(row.entry, JoinEntry):
        return
    longest = len(row.entry.join) * (_ID_LENGTH + 1) - 1
    if found.type != "string" or found.length < longest:
        sentence = f"{found.label} cannot hold {longest} characters of joined ids; choose a text field that can."
        yield Problem("type_mismatch", f"{where}.entry", sentence)


def _types(entry: object, where: str, found: Field, makings: Makings) -> Iterator[Problem]:
    """Check each attribute's type against the field's (LS-21), and a fixed value."""
    if isinstance(entry, ValueMatch):
        misfit = _misfit(entry.value, found)
        if misfit:
            yield Problem("bad_value", f"{where}.value", misfit)
    if not isinstance(entry, AttributeEntry | AttributeMatch):
        return
    for key in entry.attribute:
        source = makings.sources.type(key)
        said = verdict(source, found.type) if source else None
        if said and said.fit is Fit.CANNOT:
            yield Problem("type_mismatch", f"{where}.attribute", f'"{key}" cannot go into {found.label} ({found.name}): {said.reason}')


def _no_field(target: ObjectType, name: str) -> str:
    """Say that a field is missing, with the nearest name."""
    question = did_you_mean(name, (found.name for found in target.fields.values()))
    return f"{target.label} has no field {name} in this org, or the connection's user may not see it.{question}"
