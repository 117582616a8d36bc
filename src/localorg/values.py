"""Turns one JSON value into what the org stores, or refuses it as Salesforce would.

Two kinds of refusal: a value of the wrong JSON type fails in the reader (JSON_PARSER_ERROR), before any field rule; a value of the
right type may still be too long, outside the picklist or no address (an error on the field). Empty text is null.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from localorg import ids
from localorg.clock import stamp
from localorg.errors import SalesforceError
from localorg.schema import COMPOUNDS, IDS, Field, FieldType
from localorg.settings import Switches

Stored = str | int | float | bytes | None

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})Z?")
_DATETIME = re.compile(r"(?P<text>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?P<fraction>\.\d{1,9})?(?P<zone>Z|[+-]\d{2}:\d{2}|[+-]\d{4})")
_TIME = re.compile(r"(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?Z?")
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,}"
)
_FIRST_YEAR, _LAST_YEAR = 1700, 4000
_LAST_HOUR, _LAST_MINUTE = 23, 59
_INT_LIMIT = 2**31
_MOST_DIGITS = 18
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse(field: Field, value: Any, switches: Switches) -> Stored:
    """Return the stored form of a JSON value for this field; SalesforceError when it does not fit."""
    if value is None:
        return None
    return _PARSERS[field.type](field, value, switches)


def utf16_length(text: str) -> int:
    """Return the length as Salesforce counts it: astral characters count twice."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def moment(text: str) -> datetime | None:
    """Read a datetime in a form the JSON reader takes; None for any other text."""
    found = _DATETIME.fullmatch(text)
    if found is None:
        return None
    zone = found["zone"]
    if found["fraction"] is None and zone != "Z" and ":" not in zone:
        return None
    try:
        read = datetime.fromisoformat(found["text"])
    except ValueError:
        return None
    return (read - _offset(zone)).replace(tzinfo=UTC)


def unreadable(kind: str, value: Any) -> SalesforceError:
    """Return the JSON reader's complaint about a value."""
    return SalesforceError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {_token(value)} value {_shown(value)} "
        "or request may be missing a required field at [line:1, column:2]",
        None,
    )


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))


def _text(field: Field, value: Any, switches: Switches) -> Stored:
    if not isinstance(value, str) or not (value.isascii() or _SURROGATE.search(value) is None):
        raise unreadable("string", value)
    text = value.strip() if switches.text_is_trimmed else value
    if not text:
        return None
    # A character counts once or twice, so most texts are short enough at a glance.
    if field.length and 2 * len(text) > field.length and utf16_length(text) > field.length:
        raise SalesforceError(
            400,
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
            (field.name,),
        )
    return text


def _email(field: Field, value: Any, switches: Switches) -> Stored:
    text = _text(field, value, switches)
    if not isinstance(text, str):
        return None
    if _EMAIL.fullmatch(text.strip()) is None:
        raise SalesforceError(400, "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", (field.name,))
    return text.lower()


def _picklist(field: Field, value: Any, switches: Switches) -> Stored:
    text = _text(field, value, switches)
    if isinstance(text, str) and field.restricted_picklist and text not in _active(field):
        raise bad_picklist(field, text)
    return text


def bad_picklist(field: Field, text: str) -> SalesforceError:
    """Return the refusal of a value that a restricted picklist does not have."""
    return SalesforceError(
        400,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field.label}: bad value for restricted picklist field: {text}",
        (field.name,),
    )


def _multipicklist(field: Field, value: Any, switches: Switches) -> Stored:
    text = _text(field, value, switches)
    if not isinstance(text, str):
        return None
    chosen = list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    defined = [each.value for each in field.picklist]
    for part in chosen:
        if field.restricted_picklist and part not in _active(field):
            raise bad_picklist(field, part)
    known = [each for each in defined if each in chosen]
    return ";".join([*known, *(part for part in chosen if part not in defined)]) or None


def _active(field: Field) -> set[str]:
    return {each.value for each in field.picklist if each.active}


def _boolean(_field: Field, value: Any, _switches: Switches) -> Stored:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return int(value.lower() == "true")
    raise unreadable("boolean", value)


def _int(field: Field, value: Any, _switches: Switches) -> Stored:
    number = _decimal("int", value)
    if abs(number) >= _INT_LIMIT:
        raise _out_of_range(field, value)
    if number != number.to_integral_value():
        raise unreadable("int", value)
    if len(str(abs(int(number)))) > (field.digits or len(str(_INT_LIMIT))):
        raise _out_of_range(field, value)
    return int(number)


def _double(field: Field, value: Any, _switches: Switches) -> Stored:
    number = _decimal("double", value)
    limit = Decimal(10) ** ((field.precision or _MOST_DIGITS) - field.scale)
    if abs(number) >= limit:
        raise _out_of_range(field, value)
    rounded = number.quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_UP) if field.precision else number
    if abs(rounded) >= limit:
        raise _out_of_range(field, value)
    return float(rounded)


def _decimal(kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise unreadable(kind, value)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise unreadable(kind, value) from None
    if not number.is_finite():
        raise unreadable(kind, value)
    return number


def _out_of_range(field: Field, value: Any) -> SalesforceError:
    return SalesforceError(
        400,
        "NUMBER_OUTSIDE_VALID_RANGE",
        f"{field.label}: value outside of valid range on numeric field: {value}",
        (field.name,),
    )


def _date(field: Field, value: Any, _switches: Switches) -> Stored:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise unreadable("date", value)
    try:
        read = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise unreadable("date", value) from None
    _check_year(field, read.year, value)
    return read.isoformat()


def _datetime(field: Field, value: Any, _switches: Switches) -> Stored:
    read = moment(value) if isinstance(value, str) else None
    if read is None:
        raise unreadable("datetime", value)
    _check_year(field, read.year, value)
    return stamp(read)


def _check_year(field: Field, year: int, value: Any) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise SalesforceError(
            400,
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            f"{field.label}: value not of required type: {value}",
            (field.name,),
        )


def _time(_field: Field, value: Any, _switches: Switches) -> Stored:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > _LAST_HOUR or max(int(found[2]), int(found[3])) > _LAST_MINUTE:
        raise unreadable("time", value)
    return f"{found[1]}:{found[2]}:{found[3]}.{(found[4] or '').ljust(3, '0')}Z"


def _id(field: Field, value: Any, _switches: Switches) -> Stored:
    if not isinstance(value, str):
        raise unreadable("string", value)
    if not value.strip():
        return None
    found = ids.canonical(value.strip())
    if found is None:
        raise wrong_id(field, value)
    return found


def wrong_id(field: Field, value: str) -> SalesforceError:
    """Return the refusal of an id that is malformed or of another object."""
    return SalesforceError(400, "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,))


def _blob(_field: Field, value: Any, _switches: Switches) -> Stored:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise unreadable("base64Binary", value) from None


def _refused(field: Field, value: Any, _switches: Switches) -> Stored:
    raise unreadable(field.type, value)


def _token(value: Any) -> str:
    if isinstance(value, str):
        return "VALUE_STRING"
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    if isinstance(value, int):
        return "VALUE_NUMBER_INT"
    if isinstance(value, float):
        return "VALUE_NUMBER_FLOAT"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return "[" if isinstance(value, list) else "{"
    return json.dumps(value)


_PARSERS: dict[FieldType, Callable[[Field, Any, Switches], Stored]] = {
    **dict.fromkeys(FieldType, _text),
    **dict.fromkeys(IDS, _id),
    **dict.fromkeys(COMPOUNDS, _refused),
    FieldType.EMAIL: _email,
    FieldType.PICKLIST: _picklist,
    FieldType.MULTIPICKLIST: _multipicklist,
    FieldType.BOOLEAN: _boolean,
    FieldType.INT: _int,
    FieldType.DOUBLE: _double,
    FieldType.CURRENCY: _double,
    FieldType.PERCENT: _double,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.TIME: _time,
    FieldType.BASE64: _blob,
    FieldType.COMPLEXVALUE: _refused,
}
