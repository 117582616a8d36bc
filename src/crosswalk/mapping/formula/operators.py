"""What stands between two values: arithmetic, comparison and joining of text.

Null is not zero: arithmetic with null is null. Comparison with null is false, but for `=` and `<>`. Dates take days: a date plus 7, and
a date minus a date.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from crosswalk.mapping.formula.values import DECIMALS, LONGEST_TEXT, FormulaError, bounded, is_null, kind, text_of

Operator = Callable[[Any, Any], Any]

_SECONDS_A_DAY = Decimal(86_400)
_MOST_DAYS = 1_000_000
_FIRST_YEAR, _LAST_YEAR = 1700, 4000  # what Salesforce stores


def joined(left: Any, right: Any) -> Any:
    """`&`: both as text; nothing and nothing is nothing."""
    if is_null(left) and is_null(right):
        return None
    text = text_of(left) + text_of(right)
    return text if len(text) <= LONGEST_TEXT else FormulaError("the text becomes too long")


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        mixed = next((value for value in (left, right) if not isinstance(value, str) and not is_null(value)), None)
        return joined(left, right) if mixed is None else FormulaError(f"+ joins text with text, not with {kind(mixed)}; use & or TEXT()")
    if is_null(left) or is_null(right):
        return None
    if isinstance(left, date) and isinstance(right, Decimal):
        return _later(left, right)
    if isinstance(left, Decimal) and isinstance(right, date):
        return _later(right, left)
    return _calculated("+", DECIMALS.add, left, right)


def _subtract(left: Any, right: Any) -> Any:
    if is_null(left) or is_null(right):
        return None
    if isinstance(left, date) and isinstance(right, Decimal):
        return _later(left, -right)
    if isinstance(left, date) and isinstance(right, date):
        return _between(left, right)
    return _calculated("-", DECIMALS.subtract, left, right)


def _later(moment: date, days: Decimal) -> Any:
    """Return the date, or date and time, so many days later; a date takes whole days."""
    if abs(days) > _MOST_DAYS:
        return FormulaError("the date is out of range")
    whole = timedelta(seconds=int(days * _SECONDS_A_DAY)) if isinstance(moment, datetime) else timedelta(days=int(days))
    try:
        later = moment + whole
    except OverflowError:
        return FormulaError("the date is out of range")
    return later if _FIRST_YEAR <= later.year < _LAST_YEAR else FormulaError("the date is out of range")


def _between(left: date, right: date) -> Any:
    """Return the days from one date to another."""
    if isinstance(left, datetime) != isinstance(right, datetime):
        return FormulaError("a date and a date and time cannot be subtracted; use DATEVALUE()")
    return DECIMALS.divide(Decimal(int((left - right).total_seconds())), _SECONDS_A_DAY)


def _arithmetic(sign: str, run: Callable[[Decimal, Decimal], Decimal]) -> Operator:
    def operate(left: Any, right: Any) -> Any:
        return None if is_null(left) or is_null(right) else _calculated(sign, run, left, right)

    return operate


def _calculated(sign: str, run: Callable[[Decimal, Decimal], Decimal], left: Any, right: Any) -> Any:
    for value in (left, right):
        if not isinstance(value, Decimal):
            return FormulaError(f"{sign} takes numbers, not {kind(value)}")
    if sign == "/" and not right:
        return FormulaError("division by zero")
    return bounded(run(left, right))


def equal(left: Any, right: Any) -> Any:
    """`=`: nothing equals nothing (empty text too); different kinds do not compare."""
    if is_null(left) or is_null(right):
        return (is_null(left) or left == "") and (is_null(right) or right == "")
    return left == right if _alike(left, right) else _unlike("=", left, right)


def _unequal(left: Any, right: Any) -> Any:
    result = equal(left, right)
    return result if isinstance(result, FormulaError) else not result


def _ordered(sign: str, run: Callable[[Any, Any], bool]) -> Operator:
    def compare(left: Any, right: Any) -> Any:
        if is_null(left) or is_null(right):
            return False
        if isinstance(left, bool) or not _alike(left, right):
            return _unlike(sign, left, right)
        return run(left, right)

    return compare


def _alike(left: Any, right: Any) -> bool:
    return type(left) is type(right)


def _unlike(sign: str, left: Any, right: Any) -> FormulaError:
    return FormulaError(f"{sign} compares values of one kind, not {kind(left)} with {kind(right)}")


OPERATORS: Final[dict[str, Operator]] = {
    "&": joined,
    "+": _add,
    "-": _subtract,
    "*": _arithmetic("*", DECIMALS.multiply),
    "/": _arithmetic("/", DECIMALS.divide),
    "^": _arithmetic("^", DECIMALS.power),
    "=": equal,
    "<>": _unequal,
    "<": _ordered("<", lambda left, right: bool(left < right)),
    ">": _ordered(">", lambda left, right: bool(left > right)),
    "<=": _ordered("<=", lambda left, right: bool(left <= right)),
    ">=": _ordered(">=", lambda left, right: bool(left >= right)),
}
