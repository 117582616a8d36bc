"""The functions of the language that look at values only, in Salesforce's spelling.

Each gets values that are already what its parameters say and returns a value or a `FormulaError`; none can run long, because every text
and number is bounded. FLOOR and CEILING go towards and away from zero for negative numbers: that is Salesforce's rule, not a slip.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from crosswalk.mapping import moments
from crosswalk.mapping.decimals import decimal, rounded_to
from crosswalk.mapping.formula.values import DECIMALS, LONGEST_TEXT, FormulaError, bounded, is_blank, is_null, text_of

ANY: Final = (object,)
TEXT: Final = (str,)
NUMBER: Final = (Decimal,)
DAY: Final = (date,)  # a datetime is a date too: YEAR, MONTH and DAY take both
_MOST = 250
_MOST_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Function:
    """A function over values. `spreads` makes null in, null out; `zoned` hands it the time zone first."""

    run: Callable[..., Any]
    parameters: tuple[tuple[type, ...], ...]
    optional: int = 0
    repeats: bool = False
    spreads: bool = True
    zoned: bool = False


@dataclass(frozen=True, slots=True)
class Arity:
    """How many arguments a function takes; `even` where they come in pairs, as CASE's do."""

    least: int
    most: int
    even: bool = False

    def fits(self, count: int) -> bool:
        """Tell whether a call has the right number of arguments."""
        return self.least <= count <= self.most and not (self.even and count % 2)

    @property
    def sentence(self) -> str:
        """Say the number for an error message."""
        if self.even:
            return "a value, pairs of value and result, and an otherwise"
        if self.least == self.most:
            return f"{self.least} argument{'' if self.least == 1 else 's'}"
        return f"at least {self.least}" if self.most == _MOST else f"{self.least} to {self.most}"


def _left(text: str, count: Decimal) -> str:
    return text[: max(0, int(count))]


def _right(text: str, count: Decimal) -> str:
    return text[-int(count) :] if count >= 1 else ""


def _mid(text: str, start: Decimal, count: Decimal) -> str:
    first = max(1, int(start)) - 1
    return text[first : first + max(0, int(count))]


def _substitute(text: str, old: str, new: str) -> Any:
    if not old:
        return text
    if len(text) + text.count(old) * (len(new) - len(old)) > LONGEST_TEXT:
        return FormulaError("the text becomes too long")
    return text.replace(old, new)


def _proper(text: str) -> str:
    """Capitalise each word; a letter behind a letter, a digit or an apostrophe does not begin one."""
    before = " "
    letters: list[str] = []
    for letter in text:
        letters.append(letter.lower() if before.isalnum() or before in "'’" else letter.upper())  # noqa: RUF001 - people's names hold it
        before = letter
    return "".join(letters)


def _contains(text: Any, part: Any) -> bool:
    return not is_null(text) and not is_null(part) and part in text


def _begins(text: Any, part: Any) -> bool:
    return not is_null(text) and not is_null(part) and text.startswith(part)


def _find(part: str, text: str, start: Decimal = Decimal(1)) -> Decimal:
    return Decimal(text.find(part, max(1, int(start)) - 1) + 1)


def _value(text: str) -> Any:
    if not text.strip():
        return None
    number = decimal(text)
    return FormulaError("VALUE() takes numeric text") if number is None else number


def _round(number: Decimal, places: Decimal) -> Any:
    if abs(places) > _MOST_DECIMALS:
        return FormulaError(f"ROUND() goes to {_MOST_DECIMALS} decimals")
    rounded = rounded_to(number, int(places))
    return FormulaError("the number is too large to round") if rounded is None else rounded


def _mod(number: Decimal, divisor: Decimal) -> Any:
    return FormulaError("division by zero") if not divisor else bounded(DECIMALS.remainder(number, divisor))


def _date(year: Decimal, month: Decimal, day: Decimal) -> Any:
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return FormulaError("there is no such date")


def _date_value(zone: tzinfo, value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        return None
    found = None if isinstance(value, Decimal) else moments.day(value, zone)
    return found or FormulaError("DATEVALUE() takes text such as 2026-03-05, or a date and time")


def _datetime_value(zone: tzinfo, value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        return None
    found = moments.moment(int(value) if isinstance(value, Decimal) else value, zone)
    return found or FormulaError("DATETIMEVALUE() takes text such as 2026-03-05T10:00:00Z, or seconds since 1970")


def _part_of_day(name: str) -> Callable[[tzinfo, Any], Decimal]:
    def part(zone: tzinfo, value: Any) -> Decimal:
        local = value.astimezone(zone) if isinstance(value, datetime) else value
        return Decimal(int(getattr(local, name)))

    return part


def _least(*numbers: Decimal) -> Decimal:
    return min(numbers)


def _greatest(*numbers: Decimal) -> Decimal:
    return max(numbers)


FUNCTIONS: Final[dict[str, Function]] = {
    "ISBLANK": Function(is_blank, (ANY,), spreads=False),
    "ISNULL": Function(is_null, (ANY,), spreads=False),
    "TEXT": Function(text_of, (ANY,)),
    "VALUE": Function(_value, (TEXT,)),
    "LEFT": Function(_left, (TEXT, NUMBER)),
    "RIGHT": Function(_right, (TEXT, NUMBER)),
    "MID": Function(_mid, (TEXT, NUMBER, NUMBER)),
    "LEN": Function(lambda text: Decimal(0 if is_null(text) else len(text)), (TEXT,), spreads=False),
    "LOWER": Function(str.lower, (TEXT,)),
    "UPPER": Function(str.upper, (TEXT,)),
    "TRIM": Function(str.strip, (TEXT,)),
    "PROPER": Function(_proper, (TEXT,)),
    "INITCAP": Function(_proper, (TEXT,)),
    "SUBSTITUTE": Function(_substitute, (TEXT, TEXT, TEXT)),
    "CONTAINS": Function(_contains, (TEXT, TEXT), spreads=False),
    "BEGINS": Function(_begins, (TEXT, TEXT), spreads=False),
    "FIND": Function(_find, (TEXT, TEXT, NUMBER), optional=1),
    "ROUND": Function(_round, (NUMBER, NUMBER)),
    "FLOOR": Function(lambda number: number.to_integral_value(ROUND_DOWN), (NUMBER,)),
    "CEILING": Function(lambda number: number.to_integral_value(ROUND_UP), (NUMBER,)),
    "ABS": Function(abs, (NUMBER,)),
    "MIN": Function(_least, (NUMBER,), repeats=True),
    "MAX": Function(_greatest, (NUMBER,), repeats=True),
    "MOD": Function(_mod, (NUMBER, NUMBER)),
    "DATE": Function(_date, (NUMBER, NUMBER, NUMBER)),
    "DATEVALUE": Function(_date_value, (ANY,), zoned=True),
    "DATETIMEVALUE": Function(_datetime_value, (ANY,), zoned=True),
    "YEAR": Function(_part_of_day("year"), (DAY,), zoned=True),
    "MONTH": Function(_part_of_day("month"), (DAY,), zoned=True),
    "DAY": Function(_part_of_day("day"), (DAY,), zoned=True),
}

# The ones that decide which of their arguments are looked at, or that look at the event; `compile` knows how.
_LAZY: Final = {
    "IF": Arity(2, 3),
    "AND": Arity(1, _MOST),
    "OR": Arity(1, _MOST),
    "NOT": Arity(1, 1),
    "CASE": Arity(4, _MOST, even=True),
    "BLANKVALUE": Arity(2, 2),
    "NULLVALUE": Arity(2, 2),
    "TODAY": Arity(0, 0),
    "NOW": Arity(0, 0),
}

ARITIES: Final[dict[str, Arity]] = _LAZY | {
    name: Arity(len(function.parameters) - function.optional, _MOST if function.repeats else len(function.parameters))
    for name, function in FUNCTIONS.items()
}
