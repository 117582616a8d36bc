"""The values of the formula language and how payloads become them.

Numbers are exact decimals, so that 0.1 + 0.2 is 0.3. Absent and null are one thing here, nothing; `compile` keeps them apart where it
matters, in what comes out. An error is a value too, with its place in the formula; the first one wins.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from crosswalk.mapping import moments
from crosswalk.mapping.convert import as_text
from crosswalk.mapping.decimals import decimal
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import SourceType

LONGEST_TEXT = 262_144
LARGEST = 40  # digits before the point
DECIMALS = Context(prec=34, rounding=ROUND_HALF_UP, traps=[])


@dataclass(frozen=True, slots=True)
class FormulaError:
    """Why a formula has no value for this event, and where in the formula."""

    message: str
    position: int = -1


def is_null(value: Any) -> bool:
    """Tell whether a value is nothing."""
    return value is None


def is_blank(value: Any) -> bool:
    """Tell whether a value is nothing or empty text: one thing to Salesforce."""
    return value is None or value == ""


def kind(value: Any) -> str:
    """Name what a value is, for error messages."""
    for name, types in (("yes or no", bool), ("a number", Decimal), ("text", str), ("a date and time", datetime), ("a date", date)):
        if isinstance(value, types):
            return name
    return "nothing"


def incoming(value: Any, source: SourceType | None, zone: tzinfo) -> Any:
    """Return a payload's value as the language sees it, by the attribute's type where one is known."""
    if value is None or value is ABSENT:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and not value.strip():
        return ""
    if source is SourceType.DATETIME:
        return moments.moment(value, zone) or FormulaError("the attribute holds no date and time")
    if source is SourceType.DATE:
        return moments.day(value, zone) or FormulaError("the attribute holds no date")
    if isinstance(value, int | float) or source in (SourceType.INTEGER, SourceType.NUMBER):
        return _number(value)
    return _text(value)


def outgoing(value: Any) -> Any:
    """Return a value of the language as JSON, for the converters."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return moments.stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def text_of(value: Any) -> str:
    """Return a value as TEXT() writes it."""
    if isinstance(value, Decimal):
        return f"{value.normalize(DECIMALS):f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str) else ""


def bounded(number: Decimal) -> Any:
    """Return a result of arithmetic, or an error when it is no number or too large to mean anything."""
    if number.is_finite() and number.adjusted() < LARGEST:
        return number
    return FormulaError("the number is too large")


def _number(value: Any) -> Any:
    found = decimal(value)
    return FormulaError("the attribute holds no number") if found is None else found


def _text(value: Any) -> Any:
    try:
        text = as_text(value)
    except (ValueError, RecursionError):
        return FormulaError("the attribute cannot be written as text")
    return text if len(text) <= LONGEST_TEXT else FormulaError("the attribute's text is too long for a formula")
