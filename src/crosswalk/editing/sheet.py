"""One step of a draft as the editor shows it: every row with both faces, what the chosen event would send, and what is wrong with it.

Made anew for every edit from the draft alone, so the page holds no second opinion about anything: it asks, and shows the answer.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crosswalk.editing import kept_fields, samples
from crosswalk.editing.desk import Desk
from crosswalk.editing.drift import DEAD, Dead
from crosswalk.errors import Problem
from crosswalk.mapping import drafts, faces, forms, hints, trial
from crosswalk.mapping.check import SUSPENDING, creates
from crosswalk.mapping.differences import keyed
from crosswalk.mapping.document import AttributeEntry, Document, FieldRow
from crosswalk.mapping.drafts import Draft, DraftRow
from crosswalk.mapping.rows import Makings
from crosswalk.mapping.trial import Sends, Trial
from crosswalk.model import Event, Field, ObjectType, SourceType

_COLLECTED = frozenset({"Registration", "Workspace attributes"})
_SHORT_HINTS = {"varies": "Differs per session. Better on Campaign Member"}
_NOT_COLLECTED = "Not collected by this event's registration page, no value will arrive"


@dataclass(frozen=True, slots=True)
class RowView:
    """One row as it is drawn."""

    key: str
    place: str
    field: str
    field_label: str
    field_words: str
    kind: str
    source_label: str
    source_words: str
    update: str
    required: bool
    match: int
    sends: str
    value: str
    below: str
    hints: tuple[str, ...]
    problems: tuple[str, ...]
    edited: str
    bad: str = ""
    record: str = ""  # the id a default value of a lookup names; the page asks for its name
    objects: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as its tab shows it."""

    name: str
    number: int
    object: str
    label: str
    role: str
    rows: int
    problems: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The shown step of a draft, the tabs of all, and every problem with its place."""

    steps: tuple[StepView, ...]
    step: int
    required: tuple[RowView, ...]
    others: tuple[RowView, ...]
    problems: tuple[Problem, ...]
    refusing: tuple[Problem, ...]
    changes: int
    places: Mapping[str, str] = field(default_factory=dict)  # place of a row → its key


def sheet(desk: Desk, saved: Mapping[str, Any], draft: Draft, event: Event | None, step: int, dead: Dead, *, sees_people: bool) -> Sheet:
    """Return one step of a draft as the editor draws it."""
    step = min(max(step, 0), max(len(draft.rows) - 1, 0))
    found = [*drafts.problems(draft, desk.catalogue, desk.known_schema), *dead.problems(draft), *kept_fields.problems(desk, draft)]
    rows = draft.rows[step] if draft.rows else ()
    drawing = _Drawing(desk, draft, event, step, found, sees_people=sees_people)
    old = _saved_rows(saved, draft, step)
    views = [drawing.row(row, _edited(row, old)) for row in rows]
    refusing = tuple(problem for problem in found if problem.code not in SUSPENDING)
    return Sheet(
        steps=tuple(_step_view(desk, draft, number, refusing) for number in range(len(draft.rows))),
        step=step,
        required=tuple(view for view in views if view.required),
        others=tuple(view for view in views if not view.required),
        problems=tuple(found),
        refusing=refusing,
        changes=_changes(saved, draft),
        places={row.place: row.key for rows in draft.rows for row in rows},
    )


class _Drawing:
    """Draws the rows of one step."""

    def __init__(
        self, desk: Desk, draft: Draft, event: Event | None, number: int, problems: Sequence[Problem], *, sees_people: bool
    ) -> None:
        self._desk = desk
        self._event = event
        self._sees_people = sees_people
        self._attributes = desk.attributes
        self._plain = draft.data["steps"][number] if draft.rows else {}
        self._target = desk.schema.object(str(self._plain.get("object") or ""))
        self._makings: Makings = desk.makings(draft.document)
        self._creates = draft.document is not None and creates(draft.document.steps[number], draft.document)
        match = self._plain.get("match")
        self._keys = [str(key.get("field") or "").lower() for key in match if isinstance(key, dict)] if isinstance(match, list) else []
        self._problems = _by_row(problems)
        self._hints = _by_row(_hints(desk, draft))

    def row(self, row: DraftRow, edited: str) -> RowView:
        """Draw one row."""
        found = self._target.field(row.field) if self._target and row.field else None
        label, words = faces.entry_words(row.data.get("entry"), self._attributes)
        if "pass_through" in row.data:
            label, words = "All other traits", "Every member that no row reads, under its own name"
        tried = self._tried(row)
        sends, value, below = _sentences(self._masked(row, tried, found))
        told = self._problems[row.place]
        dead = [problem for problem in told if problem.code in DEAD]
        problems = tuple(problem.sentence for problem in dead or told)
        return RowView(
            key=row.key,
            place=row.place,
            field=row.field,
            field_label=found.label if found else row.field,
            field_words=f"{faces.field_words(found)} · {found.name}" if found else _absent_words(row, self._target),
            kind=faces.entry_kind(row.data.get("entry")) or ("pass-through" if "pass_through" in row.data else ""),
            source_label=label,
            source_words=words,
            update=str(row.data.get("update") or "fill-empty"),
            required=bool(found and found.required and self._creates),
            match=self._keys.index(row.field.lower()) + 1 if row.field.lower() in self._keys else 0,
            sends=sends,
            value=value,
            below=below,
            hints=(*self._collected(row, tried), *(_SHORT_HINTS.get(hint.code, hint.sentence) for hint in self._hints[row.place])),
            problems=problems,
            edited=edited,
            bad=_bad_side(dead or told),
            record=_record(row, found),
            objects=",".join(found.reference_to[:5]) if found else "",
        )

    def _tried(self, row: DraftRow) -> Trial | None:
        if self._event is None or self._target is None or not isinstance(row.row, FieldRow):
            return None
        return trial.trial(row.row, self._target, self._makings, self._event, self._desk.zone)

    def _masked(self, row: DraftRow, tried: Trial | None, found: Field | None) -> tuple[Trial | None, str, str]:
        """Return the trial with its value and raw value in words, hidden from those who may not know."""
        if tried is None:
            return None, "", ""
        if self._sees_people or faces.entry_kind(row.data.get("entry")) == "static" or tried.sends is Sends.PLACEHOLDER:
            return tried, _shown(tried.value, found), _shown(tried.raw, None)
        source = self._type(row)
        value, raw = (_hidden(one, source, found) for one in (tried.value, tried.raw))
        sentence = "A record found by a personal value" if tried.match else tried.sentence
        return Trial(tried.sends, tried.value, tried.raw, sentence), value, raw

    def _type(self, row: DraftRow) -> SourceType | None:
        entry = row.row.entry if isinstance(row.row, FieldRow) else None
        return self._makings.sources.type(entry.attribute[0]) if isinstance(entry, AttributeEntry) else None

    def _collected(self, row: DraftRow, tried: Trial | None) -> tuple[str, ...]:
        """Say when the attribute is one of a form and the event's form does not ask for it (LS-15)."""
        entry = row.row.entry if isinstance(row.row, FieldRow) else None
        if tried is None or self._event is None or not isinstance(entry, AttributeEntry):
            return ()
        known = self._attributes.get(entry.attribute[0])
        missing = known is not None and known.group in _COLLECTED and forms.asks(known, self._event.payload) is False
        return (_NOT_COLLECTED,) if missing and tried.sends in (Sends.NOTHING, Sends.PLACEHOLDER) else ()


def _hints(desk: Desk, draft: Draft) -> list[Problem]:
    if draft.document is None:
        return []
    return [draft.placed(hint) for hint in hints.hints(draft.document, desk.catalogue, desk.known_schema)]


def _by_row(problems: Sequence[Problem]) -> Mapping[str, list[Problem]]:
    """Gather problems by the place of their row: `steps[0].rows[3].entry` belongs to `steps[0].rows[3]`."""
    found: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        step, dot, rest = problem.place.partition(".rows[")
        if dot:
            found[f"{step}.rows[{rest.partition(']')[0]}]"].append(problem)
    return found


def _sentences(told: tuple[Trial | None, str, str]) -> tuple[str, str, str]:
    """Return how a row ends, its first line, and the line below."""
    tried, value, raw = told
    if tried is None:
        return "", "", ""
    source = f"from {raw}" if raw and raw != value else ""
    match tried.sends:
        case Sends.VALUE:
            return "value", value, tried.sentence or source
        case Sends.RECORD:
            return "record", tried.sentence, source
        case Sends.HELD:
            return "held", tried.sentence, source
        case Sends.PAUSED:
            return "paused", "Nothing", f"this event says {raw}" if raw else ""
        case Sends.PLACEHOLDER:
            return "placeholder", "Nothing, field stays as it is", tried.sentence
    return tried.sends.value, tried.sentence, source


def _shown(value: Any, found: Field | None) -> str:
    return "" if value is None else trial.shown(value, found)


def _hidden(value: Any, source: SourceType | None, found: Field | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float) or (found and found.type in ("date", "datetime", "picklist", "multipicklist")):
        return trial.shown(value, found)
    return samples.masked(value, source, sees_people=False)


def _absent_words(row: DraftRow, target: ObjectType | None) -> str:
    if not row.field:
        return ""
    return f"Not in this org · {row.field}" if target else row.field


def _bad_side(problems: Sequence[Problem]) -> str:
    """Return which picker is marked: that of the field, of the source, or none."""
    sides = ["field" if problem.place.endswith(".field") else "source" for problem in problems if problem.code != "bad_ladder"]
    return sides[0] if sides else ""


def _record(row: DraftRow, found: Field | None) -> str:
    """Return the record id in a default value of a lookup."""
    entry = row.data.get("entry")
    value = entry.get("value") if isinstance(entry, Mapping) else None
    is_record = found is not None and found.type == "reference" and isinstance(value, str)
    return str(value) if is_record and value and value.isalnum() else ""


def _saved_rows(saved: Mapping[str, Any], draft: Draft, step: int) -> Mapping[str, Any]:
    name = draft.data["steps"][step].get("name") if draft.rows else None
    return next((keyed(one) for one in saved.get("steps") or () if one.get("name") == name), {})


def _edited(row: DraftRow, old: Mapping[str, Any]) -> str:
    before = old.get("pass_through" if "pass_through" in row.data else row.field.lower())
    if before == row.data:
        return ""
    if before is None:
        return "Added, not saved" if row.data.get("entry") else ""
    return "Edited, not saved"


def _changes(saved: Mapping[str, Any], draft: Draft) -> int:
    """Count what saving would change, a row or setting each; required rows that wait for an entry are not changes."""
    if not draft.rows:
        return 0
    old = {str(step.get("name")): step for step in saved.get("steps") or ()}
    count: int = sum(saved.get(key) != draft.data.get(key) for key in ("title", "events", "person", "opt_in"))
    for step in draft.data["steps"]:
        before = old.pop(str(step.get("name")), {})
        was, now = keyed(before), keyed(step)
        now = {key: row for key, row in now.items() if row.get("entry") or "pass_through" in row or key in was}
        count += sum(was.get(key) != row for key, row in now.items()) + sum(key not in now for key in was)
        settings = (set(before) | set(step)) - {"rows"}
        count += sum(before.get(key) != step.get(key) for key in settings) if before else 1
        count += [key for key in now if key in was] != [key for key in was if key in now]
    return count + len(old)


def _step_view(desk: Desk, draft: Draft, number: int, refusing: Sequence[Problem]) -> StepView:
    plain = draft.data["steps"][number]
    name = str(plain.get("object") or "")
    found = desk.schema.object(name)
    rows = sum(bool(row.data.get("entry")) or "pass_through" in row.data for row in draft.rows[number])
    problems = sum(problem.place.startswith(f"steps[{number}]") for problem in refusing)
    label = found.label if found else name or "Named by the event"
    return StepView(str(plain.get("name")), number, name, label, _role(draft.document, plain, number), rows, problems)


def _role(parsed: Document | None, plain: Mapping[str, Any], number: int) -> str:
    """Say in two words what a step does."""
    if plain.get("campaign"):
        return "Add to campaign"
    if plain.get("object_from"):
        return "Records the event names"
    makes = parsed is not None and creates(parsed.steps[number], parsed)
    return "Find or create" if makes else "Update if found"
