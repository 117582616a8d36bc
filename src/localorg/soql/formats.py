"""FORMAT(): numbers, amounts, dates and times as an en_US user reads them, in UTC and dollars."""

from datetime import date, datetime
from typing import Any

from localorg.schema import FieldType

_HALF_DAY = 12


def formatted(value: Any, type_: FieldType) -> str | None:
    """Return the text of a stored value; null stays null, text stays itself."""
    if value is None:
        return None
    match type_:
        case FieldType.CURRENCY:
            return f"${value:,.2f}"
        case FieldType.PERCENT:
            return f"{_number(value)}%"
        case FieldType.INT | FieldType.DOUBLE:
            return _number(value)
        case FieldType.DATE:
            return _day(date.fromisoformat(value))
        case FieldType.DATETIME:
            return _moment(datetime.fromisoformat(value))
        case FieldType.BOOLEAN:
            return "true" if value else "false"
        case _:
            return str(value)


def _number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _day(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _moment(moment: datetime) -> str:
    hour = moment.hour % _HALF_DAY or _HALF_DAY
    return f"{_day(moment)}, {hour}:{moment.minute:02} {'AM' if moment.hour < _HALF_DAY else 'PM'}"
