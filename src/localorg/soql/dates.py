"""Relative dates: `TODAY`, `LAST_N_WEEKS:3` and their like, as a span of days.

A span is half-open: from its first day to the first day after it. Weeks start on Sunday and fiscal periods are calendar periods, as in an
en_US org nobody has configured; days are days of UTC, the time zone of every user here.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

MAX_COUNT_DIGITS = 9

_MONTHS_IN_YEAR = 12
_DAYS_IN_WEEK = 7
_NINETY = 90


class Unit(StrEnum):
    """What a relative date counts in."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"
    FISCAL_QUARTER = "FISCAL_QUARTER"
    FISCAL_YEAR = "FISCAL_YEAR"


_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12, Unit.FISCAL_QUARTER: 3, Unit.FISCAL_YEAR: 12}


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` to before `end`; `to_now` when it ends with the present second instead."""

    start: date
    end: date
    to_now: bool = False


@dataclass(frozen=True, slots=True)
class _Period:
    """`count` whole units that begin `first` units after the current one."""

    unit: Unit
    first: int
    count: int


_SHIFTS = {"LAST": -1, "THIS": 0, "NEXT": 1}
PLAIN: dict[str, _Period] = {
    "YESTERDAY": _Period(Unit.DAY, -1, 1),
    "TODAY": _Period(Unit.DAY, 0, 1),
    "TOMORROW": _Period(Unit.DAY, 1, 1),
    "LAST_90_DAYS": _Period(Unit.DAY, -_NINETY, _NINETY + 1),
    "NEXT_90_DAYS": _Period(Unit.DAY, 1, _NINETY),
    **{f"{word}_{unit}": _Period(unit, shift, 1) for word, shift in _SHIFTS.items() for unit in Unit if unit is not Unit.DAY},
}
COUNTED: dict[str, Unit] = {
    name: unit for unit in Unit for name in (f"LAST_N_{unit}S", f"NEXT_N_{unit}S", "N_DAYS_AGO" if unit is Unit.DAY else f"N_{unit}S_AGO")
}


def span(name: str, count: int | None, today: date) -> Span:
    """Return the days a relative date stands for; dates that no calendar holds raise OverflowError or ValueError."""
    period = PLAIN[name] if count is None else _counted(name, count)
    start = _start(period.unit, period.first, today)
    end = _start(period.unit, period.first + period.count, today)
    return Span(start, end, to_now=name in {"LAST_90_DAYS", "LAST_N_DAYS"})


def _counted(name: str, count: int) -> _Period:
    unit = COUNTED[name]
    if name.endswith("_AGO"):
        return _Period(unit, -count, 1)
    if name.startswith("NEXT"):
        return _Period(unit, 1, count)
    # Days are the odd one out: LAST_N_DAYS reaches into today, LAST_N_WEEKS ends before this week.
    return _Period(unit, -count, count + 1 if unit is Unit.DAY else count)


def _start(unit: Unit, shift: int, today: date) -> date:
    if unit is Unit.DAY:
        return today + timedelta(days=shift)
    if unit is Unit.WEEK:
        sunday = today - timedelta(days=today.isoweekday() % _DAYS_IN_WEEK)
        return sunday + timedelta(weeks=shift)
    length = _MONTHS[unit]
    month = (today.year * _MONTHS_IN_YEAR + today.month - 1) // length * length + shift * length
    return date(month // _MONTHS_IN_YEAR, month % _MONTHS_IN_YEAR + 1, 1)
