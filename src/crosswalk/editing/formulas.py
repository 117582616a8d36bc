"""Checks a formula while it is typed: where it stops making sense, what it gives for the latest events, and if the field takes that."""

from collections.abc import Sequence
from dataclasses import dataclass

from crosswalk.editing import samples
from crosswalk.editing.desk import Desk
from crosswalk.errors import ConfigurationError
from crosswalk.mapping import trial
from crosswalk.mapping.convert import Converted, Misfit, as_text, convert, units
from crosswalk.mapping.formula.compile import formula_reader
from crosswalk.mapping.formula.functions import ARITIES
from crosswalk.mapping.formula.tokens import FormulaSyntaxError
from crosswalk.mapping.formula.values import FormulaError
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.rows import formula_resolver
from crosswalk.model import Event, Field, LossyPolicy

EVENTS = 3
FUNCTIONS = tuple(sorted(ARITIES))


@dataclass(frozen=True, slots=True)
class FormulaResult:
    """What the formula gives for one event; `error` where it fails there or the field cannot take it."""

    person: str
    what: str
    value: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class FormulaCheck:
    """Whether a formula can be read; `position` is the character where it stops making sense, counted from 0."""

    error: str = ""
    position: int = -1
    gives: str = ""
    longest: int = 0
    results: tuple[FormulaResult, ...] = ()


def checked(desk: Desk, formula: str, field: Field | None, events: Sequence[Event], *, sees_people: bool) -> FormulaCheck:
    """Check a formula and run it over some events."""
    try:
        read = formula_reader(formula, formula_resolver(desk.makings(None).sources))
    except FormulaSyntaxError as error:
        return FormulaCheck(error.sentence, error.position)
    except ConfigurationError as error:
        key = str(error.facts.get("key", ""))
        return FormulaCheck(error.sentence, formula.find(f"{{{key}}}"))
    values = [(event, read(event, desk.zone)) for event in events[:EVENTS]]
    results = tuple(_result(desk, event, value, field, sees_people=sees_people) for event, value in values)
    texts = [as_text(value) for _, value in values if _has_value(value)]
    kinds = sorted({_kind(value) for _, value in values if _has_value(value)})
    return FormulaCheck(gives=" or ".join(kinds), longest=max(map(units, texts), default=0), results=results)


def _result(desk: Desk, event: Event, value: object, field: Field | None, *, sees_people: bool) -> FormulaResult:
    sample = samples.sample(desk, event, sees_people=sees_people)
    if isinstance(value, FormulaError):
        return FormulaResult(sample.person, sample.what, "", f"Fails at character {value.position + 1}: {value.message}")
    if not _has_value(value):
        return FormulaResult(sample.person, sample.what, "Nothing")
    taken = convert(value, field, LossyPolicy.HOLD, desk.zone) if field else Converted(value)
    if isinstance(taken, Misfit):
        return FormulaResult(sample.person, sample.what, samples.masked(value, None, sees_people=sees_people), taken.sentence)
    shown = trial.shown(taken.value, field) if sees_people else samples.masked(taken.value, None, sees_people=False)
    return FormulaResult(sample.person, sample.what, shown, taken.sentence)


def _has_value(value: object) -> bool:
    return value is not ABSENT and value is not None and value != "" and not isinstance(value, FormulaError)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else "text"
