"""A step's `when`: a formula that says yes or no. One that fails holds the draft, because nobody can tell which was meant."""

from collections.abc import Callable
from datetime import tzinfo

from crosswalk.errors import ConfigurationError
from crosswalk.mapping.formula.compile import condition
from crosswalk.mapping.formula.values import FormulaError
from crosswalk.mapping.rows import Makings, formula_resolver
from crosswalk.mapping.writing import Occasion, Sheet
from crosswalk.model import Event, Note
from crosswalk.reasons import Reason

Condition = Callable[[Event, tzinfo], bool | FormulaError]


def compile_condition(step: str, text: str, makings: Makings) -> Condition | Note:
    """Compile a condition; one that cannot be read is reported, and the caller lets the step make nothing."""
    try:
        return condition(text, formula_resolver(makings.sources))
    except ConfigurationError as error:
        return Note(error.code, f"{step}.when", error.sentence)


def decide(test: Condition, step: str, occasion: Occasion, sheet: Sheet) -> bool:
    """Tell whether the step goes on; an error lets it go on to a held draft."""
    decided = test(occasion.event, occasion.zone)
    if isinstance(decided, FormulaError):
        sentence = f"{step}.when: The condition failed at character {decided.position + 1}: {decided.message}."
        sheet.held = sheet.held or (Reason.LOSSY_VALUE, sentence)
        return True
    return decided
