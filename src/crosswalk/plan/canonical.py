"""One normal form per Salesforce type: equal for values that Salesforce stores alike.

Salesforce trims text, turns empty text into null, rounds numbers, drops fractions of seconds, reorders multi-select values and lowers
e-mail addresses; whoever compares what was sent with what came back must not see a change in that. The form is JSON, so that it can be
hashed and stored, and taking it twice changes nothing.
"""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

from crosswalk import record_ids
from crosswalk.mapping import moments
from crosswalk.mapping.convert import as_text
from crosswalk.mapping.decimals import decimal, rounded_to

_SURE_DECIMALS = 10  # what a double of Salesforce keeps whatever its way through JSON


def canonical(field_type: str, value: Any, scale: int | None = None) -> str | int | float | bool | None:
    """Return the normal form of a value of that Salesforce type; `scale` rounds numbers. What is not of the type is kept as text."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value in ("", []):
        return None
    if field_type in _NUMBERS:
        return _number(value, scale)
    form = _FORMS.get(field_type, _text)
    return form(value)


def record_id18(record_id: str) -> str:
    """Return the 18-character form of a record id; what is none comes back trimmed, so that it finds nothing."""
    return record_ids.full(record_id) or record_id.strip()


def _text(value: Any) -> str | None:
    """Line ends are compared as one kind; what is no scalar is compared as JSON."""
    text = as_text(value) if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True, default=str)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip() or None


def _email(value: Any) -> str | None:
    text = _text(value)
    return text.lower() if text else None


def _reference(value: Any) -> str | None:
    text = _text(value)
    return record_id18(text) if text else None


def _multipicklist(value: Any) -> str | None:
    items = [as_text(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else as_text(value).split(";")
    return ";".join(sorted({item.strip() for item in items if item.strip()})) or None


def _boolean(value: Any) -> bool | str | None:
    if isinstance(value, bool):
        return value
    word = _text(value)
    return {"true": True, "false": False, "1": True, "0": False}.get(word.lower(), word) if word else None


def _number(value: Any, scale: int | None) -> int | float | str | None:
    number = decimal(value)
    if number is None:
        return _text(value)
    rounded = rounded_to(number, _SURE_DECIMALS if scale is None else scale)
    exact = number if rounded is None else rounded
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _date(value: Any) -> str | None:
    found = moments.day(value, UTC)
    return found.isoformat() if found else _text(value)


def _datetime(value: Any) -> str | None:
    found = moments.moment(value, UTC)
    return moments.stamp(found) if found else _text(value)


def _time(value: Any) -> str | None:
    found = moments.time_of_day(value, UTC)
    return f"{found:%H:%M:%S}" if found else _text(value)


_NUMBERS: Final = frozenset({"int", "long", "double", "percent", "currency"})
_FORMS: Final[dict[str, Callable[[Any], str | bool | None]]] = {
    "email": _email,
    "id": _reference,
    "reference": _reference,
    "multipicklist": _multipicklist,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}
