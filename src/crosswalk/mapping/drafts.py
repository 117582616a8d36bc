"""A mapping while it is being edited: rows may have one side only, and what is wrong in one row must not hide the others.

The page calls rows by keys of its own (`_key`), which are kept out of the document. Whatever can be parsed is, and every problem has the
place it has in the draft, not in the document that was left of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crosswalk.errors import MappingError, Problem
from crosswalk.mapping import check
from crosswalk.mapping.document import Document, FieldRow, Row, dump, parse
from crosswalk.model import Attribute, OrgSchema

KEY = "_key"

_ROW = re.compile(r"steps\[(\d+)\]\.rows\[(\d+)\]")
_MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One row of a draft; `row` is None while it is incomplete or cannot be read."""

    key: str
    place: str
    data: Mapping[str, Any]
    row: Row | None = None

    @property
    def field(self) -> str:
        """The API name of its field, or nothing yet."""
        return str(self.data.get("field") or "")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as far as it can be understood: its rows by step, the document made of the whole ones, and the problems of reading it."""

    data: Mapping[str, Any]
    rows: tuple[tuple[DraftRow, ...], ...] = ()
    document: Document | None = None
    problems: tuple[Problem, ...] = ()
    kept: tuple[tuple[int, ...], ...] = field(default=(), repr=False)  # by step: the draft's number of each row of the document

    @property
    def is_whole(self) -> bool:
        """Whether everything in it could be read."""
        return self.document is not None and all(one.row is not None for rows in self.rows for one in rows)

    def placed(self, problem: Problem) -> Problem:
        """Return a problem of the document with its place in the draft."""
        return replace(problem, place=_original(problem.place, self.kept))


def read(data: Any) -> Draft:
    """Read a draft; what cannot be read is a problem, never an error."""
    if not _is_shaped(data):
        return Draft({}, problems=(Problem("malformed", "the document", "A mapping with a list of steps was expected."),))
    rows = tuple(tuple(_draft_row(step, number, row) for number, row in enumerate(one.get("rows") or ())) for step, one in _steps(data))
    if sum(map(len, rows)) > _MOST_ROWS:
        return Draft(
            {}, problems=(Problem("too_many", "the document", f"A mapping has at most {_MOST_ROWS} rows; split it in two syncs."),)
        )
    kept = [[number for number, row in enumerate(step) if _is_complete(row.data)] for step in rows]
    problems: list[Problem] = []
    document = None
    for _ in range(2):  # the second time without the rows that could not be read
        try:
            document = parse(plain(data, kept))
            break
        except MappingError as error:
            found = [replace(problem, place=_original(problem.place, kept)) for problem in error.problems]
            problems += [problem for problem in found if problem not in problems]
            bad = {(int(match[1]), int(match[2])) for problem in found if (match := _ROW.match(problem.place))}
            kept = [[number for number in numbers if (step, number) not in bad] for step, numbers in enumerate(kept)]
    if document is not None:
        rows = tuple(
            _parsed(step, numbers, document.steps[place].rows) for place, (step, numbers) in enumerate(zip(rows, kept, strict=True))
        )
    return Draft(data, rows, document, tuple(problems), tuple(map(tuple, kept)))


def problems(draft: Draft, catalogue: Sequence[Attribute], schema: OrgSchema | None, *, one_based: bool = False) -> list[Problem]:
    """Return every problem of a draft at once: what cannot be read, what is unfinished, and what `check` finds."""
    found = list(draft.problems)
    if draft.document is None:
        return found
    checked = check.check(draft.document, catalogue, schema, one_based=one_based)
    found += [draft.placed(problem) for problem in checked if problem.code != "required_field"]
    labels: dict[tuple[int, str], str] = {}
    for number, step in enumerate(draft.document.steps):
        target = schema.object(step.object) if schema and step.object else None
        missing = check.unfilled(step, target) if target and target.createable and check.creates(step, draft.document) else []
        labels |= {(number, one.name.lower()): one.label for one in missing}
        begun = {row.field.lower() for row in draft.rows[number]}
        for one in missing:
            if one.name.lower() not in begun and target:
                sentence = f"{target.label} needs {one.label} ({one.name}) on creation; add a row for it."
                found.append(Problem("required_field", f"steps[{number}].rows", sentence))
    broken = {problem.place.partition(".entry")[0] for problem in found}
    for number, rows in enumerate(draft.rows):
        found += [_unfinished(row, labels.get((number, row.field.lower()))) for row in rows if row.row is None and row.place not in broken]
    return found


def preloaded(data: Mapping[str, Any], document: Document, schema: OrgSchema) -> dict[str, Any]:
    """Return the draft with an empty row for each required field of a step that creates and does not fill it."""
    steps = []
    for step, plain_step in zip(document.steps, data.get("steps") or (), strict=True):
        target = schema.object(step.object or "")
        wanted = check.unfilled(step, target) if target and target.createable and check.creates(step, document) else []
        steps.append({**plain_step, "rows": [*(plain_step.get("rows") or ()), *({"field": one.name} for one in wanted)]})
    return {**data, "steps": steps}


def normal(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a saved document without what stands at its default, so that equal ones look equal; as it is if it cannot be read."""
    try:
        return dump(parse(data))
    except MappingError:
        return data


def plain(data: Mapping[str, Any], kept: Sequence[Sequence[int]] | None = None) -> dict[str, Any]:
    """Return the draft without the page's keys, and of its rows only those to be kept."""
    steps = []
    for place, step in _steps(data):
        rows = list(step.get("rows") or ())
        numbers = range(len(rows)) if kept is None else kept[place]
        steps.append({**step, "rows": [_without_key(rows[number]) for number in numbers]})
    return {**data, "steps": steps}


def _is_shaped(data: Any) -> bool:
    if not isinstance(data, dict) or not isinstance(data.get("steps"), list) or not data["steps"]:
        return False
    return all(
        isinstance(step, dict) and isinstance(step.get("rows") or [], list) and all(isinstance(row, dict) for row in step.get("rows") or ())
        for step in data["steps"]
    )


def _steps(data: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(data["steps"]))


def _draft_row(step: int, number: int, row: Mapping[str, Any]) -> DraftRow:
    return DraftRow(str(row.get(KEY) or f"s{step}r{number}"), f"steps[{step}].rows[{number}]", _without_key(row))


def _without_key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != KEY}


def _is_complete(row: Mapping[str, Any]) -> bool:
    return "pass_through" in row or bool(row.get("field") and row.get("entry"))


def _parsed(rows: Sequence[DraftRow], numbers: Sequence[int], parsed: Sequence[Row]) -> tuple[DraftRow, ...]:
    by_number = dict(zip(numbers, parsed, strict=True))
    return tuple(replace(row, row=by_number.get(number)) for number, row in enumerate(rows))


def _original(place: str, kept: Sequence[Sequence[int]]) -> str:
    found = _ROW.match(place)
    if not found:
        return place
    step, number = int(found[1]), int(found[2])
    return f"steps[{step}].rows[{kept[step][number]}]{place[found.end() :]}"


def _unfinished(row: DraftRow, label: str | None) -> Problem:
    if label:
        return Problem("required_field", f"{row.place}.entry", f"{label} is required by Salesforce; pick what goes into it.")
    if not row.field and not row.data.get("entry"):
        return Problem("incomplete", row.place, "The row is empty; pick an attribute and a field, or remove it.")
    if not row.field:
        return Problem("incomplete", f"{row.place}.field", "Pick the Salesforce field, or remove the row.")
    return Problem("incomplete", f"{row.place}.entry", f"Pick what goes into {row.field}, or remove the row.")


def field_rows(rows: Sequence[DraftRow]) -> list[tuple[DraftRow, FieldRow]]:
    """Return the rows that were read and fill one field."""
    return [(one, one.row) for one in rows if isinstance(one.row, FieldRow)]
