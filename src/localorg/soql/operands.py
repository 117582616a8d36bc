"""The left side of a comparison, and the right side turned into what the column holds.

Types are as strict as the real thing's: a quoted number, an unquoted name or a date against a datetime field is refused with the field's
name. Ids are accepted with 15 or 18 characters and compared with 18.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from localorg import ids
from localorg.schema import IDS, NUMBERS, TEXTS, Field, FieldType
from localorg.soql import dates, sql
from localorg.soql.problems import Code, QueryError
from localorg.soql.sql import Parameter, Sql
from localorg.soql.tree import ClockTime, Day, Moment, Null, Number, Relative, Text, Truth, Value

_SAFE_DIGITS = 18
_MILLISECONDS = 23
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Operand:
    """An expression as SQL; `optional` when a lookup leads to it, so that it is null where the lookup is empty."""

    sql: Sql
    type: FieldType
    name: str
    at: int
    field: Field | None = None
    optional: bool = False

    @property
    def case_sensitive(self) -> bool:
        """Tell whether text is compared letter by letter, case included."""
        return self.field is not None and self.field.unique and self.field.case_sensitive


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a relative date covers, as stored values: from `start` to before `end`."""

    start: str
    end: str


def bound(operand: Operand, value: Value, now: datetime) -> Parameter | Bounds:
    """Return the value as the operand's column would hold it; None stands for null, which empty text is too."""
    if isinstance(value, Null):
        # A checkbox is never null: Salesforce reads `= NULL` on one as `= FALSE`.
        return 0 if operand.type is FieldType.BOOLEAN else None
    if operand.type in IDS:
        return _id(operand, value)
    if operand.type in TEXTS:
        return _text(operand, value)
    if operand.type in NUMBERS:
        return _number(operand, value)
    if operand.type is FieldType.DATE or operand.type is FieldType.DATETIME:
        return _time(operand, value, now)
    if operand.type is FieldType.BOOLEAN and isinstance(value, Truth):
        return int(value.value)
    if operand.type is FieldType.TIME and isinstance(value, ClockTime):
        return datetime.fromisoformat(f"2000-01-01T{value.text}").time().isoformat("milliseconds")[: _MILLISECONDS - 11] + "Z"
    raise _wrong_type(operand, operand.type)


def stored_moment(moment: datetime) -> str:
    """Return a datetime as columns hold it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:_MILLISECONDS] + "+0000"


def _id(operand: Operand, value: Value) -> str | None:
    text = _text(operand, value)
    if text is None:
        return None
    found = ids.canonical(text)
    if found is None:
        raise QueryError(Code.INVALID_OPERATOR, f"invalid ID field: {text}", operand.at)
    return found


def _text(operand: Operand, value: Value) -> str | None:
    if not isinstance(value, Text):
        message = f"value of filter criterion for field '{operand.name}' must be of type string and should be enclosed in quotes"
        raise QueryError(Code.INVALID_FIELD, message, operand.at)
    return sql.storable(value.value) or None


def _number(operand: Operand, value: Value) -> float:
    if not isinstance(value, Number) or (value.currency and operand.type is not FieldType.CURRENCY):
        raise _wrong_type(operand, FieldType.INT if operand.type is FieldType.INT else FieldType.DOUBLE)
    if value.digits.lstrip("+-").isdigit() and len(value.digits) <= _SAFE_DIGITS:
        return int(value.digits)
    number = float(value.digits)
    if math.isinf(number):
        raise QueryError(Code.MALFORMED_QUERY, f"numeric value out of range: {value.digits}", value.at)
    return number


def _time(operand: Operand, value: Value, now: datetime) -> str | Bounds:
    dated = operand.type is FieldType.DATE
    if isinstance(value, Relative):
        return _bounds(value, now, dated=dated)
    if dated and isinstance(value, Day):
        return value.text
    if not dated and isinstance(value, Moment):
        return stored_moment(datetime.fromisoformat(value.text))
    raise _wrong_type(operand, operand.type)


def _bounds(value: Relative, now: datetime, *, dated: bool) -> Bounds:
    now = now.astimezone(UTC)
    try:
        span = dates.span(value.name, value.count, now.date())
    except (OverflowError, ValueError) as error:
        raise QueryError(Code.MALFORMED_QUERY, f"{value.name}:{value.count} is beyond the calendar", value.at) from error
    if dated:
        return Bounds(span.start.isoformat(), span.end.isoformat())
    end = stored_moment(now.replace(microsecond=0) + _SECOND) if span.to_now else _midnight(span.end)
    return Bounds(_midnight(span.start), end)


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000+0000"


def _wrong_type(operand: Operand, expected: FieldType) -> QueryError:
    name = "dateTime" if expected is FieldType.DATETIME else expected.value
    message = f"value of filter criterion for field '{operand.name}' must be of type {name} and should not be enclosed in quotes"
    return QueryError(Code.INVALID_FIELD, message, operand.at)
