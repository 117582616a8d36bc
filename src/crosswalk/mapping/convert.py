"""A value becomes what its field takes: the run-time side of the table in `types`.

A converter is built once per row and never raises. It returns the JSON value itself; only where something is to be said does it return a
`Converted` with a note, or a `Misfit` when the value does not fit and the row's choice is to hold. Personal values stay out of the
sentences; a picklist value, which is none, is quoted.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final

from crosswalk import record_ids
from crosswalk.mapping import moments
from crosswalk.mapping.decimals import decimal, rounded_to
from crosswalk.mapping.nearest import did_you_mean
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.types import FAMILIES, Family
from crosswalk.model import Field, LossyPolicy, SourceType

Converter = Callable[[Any, tzinfo], Any]


@dataclass(frozen=True, slots=True)
class Converted:
    """A value that fits now, with what had to be done to it; `ABSENT` when it was left out."""

    value: Any
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """The value does not fit and the row says hold."""

    sentence: str


_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_TRUE = frozenset({"true", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "n", "off", "0"})
_LARGEST_INT = 2**31
_CUTTABLE = frozenset({Family.TEXT, Family.PICKLIST})


def converter(field: Field, lossy: LossyPolicy, source: SourceType | None = None) -> Converter:
    """Return the converter into `field`. `source` is the attribute's type where one is known: it lets numbers be times."""
    family = FAMILIES.get(field.type)
    if family is None:
        return lambda _value, _zone: _unfit(lossy, f"{field.label} cannot be written directly; map its parts.")
    if family in (Family.TEXT, Family.PHONE, Family.URL, Family.EMAIL):
        return _text_converter(field, family, lossy, source)
    return _MAKERS[family](field, lossy)


def convert(value: Any, field: Field, lossy: LossyPolicy, zone: tzinfo, source: SourceType | None = None) -> Converted | Misfit:
    """Convert one value; for callers that do it once. `value` is neither null nor absent nor empty text."""
    result = converter(field, lossy, source)(value, zone)
    return result if isinstance(result, Converted | Misfit) else Converted(result)


def as_text(value: Any) -> str:
    """Return any JSON value as text: lists joined by commas, groups as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(as_text(item) for item in value if item is not None and item != "")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict) else str(value)


def _unfit(lossy: LossyPolicy, sentence: str) -> Converted | Misfit:
    """Hold the value or leave it out; what is no longer the same when cut is left out too."""
    return Misfit(sentence) if lossy is LossyPolicy.HOLD else Converted(ABSENT, "left_out", sentence + " It was left out.")


def _text_converter(field: Field, family: Family, lossy: LossyPolicy, source: SourceType | None) -> Converter:
    """Text of every kind. The first line is the whole story for nearly every value."""
    length, label = field.length or 1 << 30, field.label
    is_email = family is Family.EMAIL
    is_mail = _EMAIL.fullmatch

    def convert_text(value: Any, _zone: tzinfo) -> Any:
        if value.__class__ is str and len(value) <= length and value.isascii() and "\0" not in value and (not is_email or is_mail(value)):
            return value
        if value.__class__ is not str:
            if value.__class__ is dict and source not in (None, SourceType.OBJECT):
                return ABSENT  # the attribute is a plain value and the event holds something else there
            value = as_text(value)
        value = storable(value)
        if is_email and not is_mail(value):
            return _unfit(lossy, f"{label} takes an e-mail address and the value is none.")
        return value if units(value) <= length else _too_long(value, field, family, lossy)

    if source is SourceType.DATETIME:
        return lambda value, zone: convert_text(_moment_text(value, zone), zone)
    return convert_text


def _moment_text(value: Any, zone: tzinfo) -> str:
    """Write a moment as ISO 8601, however the source wrote it."""
    found = moments.moment(value, zone)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}" if found else as_text(value)


def storable(text: str) -> str:
    """Drop what no database stores: NUL, and halves of surrogate pairs."""
    text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text


def units(text: str) -> int:
    """Length as Salesforce counts it: UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _too_long(text: str, field: Field, family: Family, lossy: LossyPolicy) -> Converted | Misfit:
    sentence = f"The text has {units(text)} characters and {field.label} takes {field.length}."
    if lossy is LossyPolicy.TRUNCATE and family in _CUTTABLE:
        cut = text.encode("utf-16-le")[: field.length * 2].decode("utf-16-le", "ignore").rstrip()
        return Converted(cut, "truncated", sentence + " It was cut.")
    return _unfit(lossy, sentence)


def _picklist_converter(field: Field, lossy: LossyPolicy) -> Converter:
    check = _choice_checker(field)
    length = field.length or 255

    choices = frozenset(choice for choice in field.picklist if check(choice) == choice and units(choice) <= length)

    def convert_choice(value: Any, _zone: tzinfo) -> Any:
        if value.__class__ is str and value in choices:
            return value
        text = storable(as_text(value))
        found = check(text)
        if found is None:
            return _unfit(lossy, _no_choice(text, field))
        return found if units(found) <= length else _too_long(found, field, Family.PICKLIST, lossy)

    return convert_choice


def _multipicklist_converter(field: Field, lossy: LossyPolicy) -> Converter:
    """Choices are joined by semicolons; with `leave-out` or `truncate` the wrong ones alone are left out."""
    check = _choice_checker(field)

    def convert_choices(value: Any, _zone: tzinfo) -> Any:
        items = [as_text(item) for item in value if item is not None] if isinstance(value, list) else as_text(value).split(";")
        kept = [storable(item).strip() for item in items]
        chosen = {item: check(item) for item in kept if item}
        wrong = [item for item, found in chosen.items() if found is None]
        joined = ";".join(dict.fromkeys(found for found in chosen.values() if found is not None))
        if not wrong:
            return joined or ABSENT
        sentence = _no_choice(wrong[0], field)
        if lossy is LossyPolicy.HOLD:
            return Misfit(sentence)
        return Converted(joined or ABSENT, "left_out", sentence + " It was left out.")

    return convert_choices


def _choice_checker(field: Field) -> Callable[[str], str | None]:
    """Return a function from a value to the org's spelling of it; None when a restricted field has no such choice."""
    spelled = {choice.casefold(): choice for choice in reversed(field.picklist)}
    if field.restricted:
        return lambda text: spelled.get(text.casefold())
    return lambda text: spelled.get(text.casefold(), text)


def _no_choice(text: str, field: Field) -> str:
    return f'"{text[:60]}" is not among the choices of {field.label}.{did_you_mean(text, field.picklist)}'


def _boolean_converter(field: Field, lossy: LossyPolicy) -> Converter:
    def convert_boolean(value: Any, _zone: tzinfo) -> Any:
        if isinstance(value, bool):
            return value
        word = as_text(value).casefold()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        return _unfit(lossy, f"{field.label} takes true or false and the value is neither.")

    return convert_boolean


def _number_converter(field: Field, lossy: LossyPolicy) -> Converter:
    """Numbers are rounded to the field's decimals, as Salesforce does; too many digits before the point do not fit."""
    whole = FAMILIES[field.type] is Family.INTEGER
    scale = 0 if whole else field.scale if field.precision else None
    limit = _limit(field, whole=whole)

    def convert_number(value: Any, _zone: tzinfo) -> Any:
        if value.__class__ is int and -limit < value < limit:
            return value
        number = decimal(value)
        if number is None:
            return _unfit(lossy, f"{field.label} takes a number and the value is none.")
        rounded = number if scale is None else rounded_to(number, scale)
        if rounded is None or abs(rounded) >= limit:
            return _unfit(lossy, f"The number has more digits than {field.label} takes.")
        result = int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
        if whole and rounded != number:
            return Converted(result, "rounded", f"{field.label} takes whole numbers; the value was rounded.")
        return result

    return convert_number


def _limit(field: Field, *, whole: bool) -> Decimal:
    """Return the first number that is too large."""
    if field.precision > field.scale:
        return Decimal(10) ** (field.precision - field.scale)
    return Decimal(_LARGEST_INT) if whole and field.type == "int" else Decimal(10) ** 18


def _date_converter(field: Field, lossy: LossyPolicy) -> Converter:
    def convert_date(value: Any, zone: tzinfo) -> Any:
        found = moments.day(value, zone)
        return found.isoformat() if found else _unfit(lossy, f"{field.label} takes a date and the value is none.")

    return convert_date


def _datetime_converter(field: Field, lossy: LossyPolicy) -> Converter:
    def convert_datetime(value: Any, zone: tzinfo) -> Any:
        found = moments.moment(value, zone)
        return moments.stamp(found) if found else _unfit(lossy, f"{field.label} takes a date and time and the value is none.")

    return convert_datetime


def _time_converter(field: Field, lossy: LossyPolicy) -> Converter:
    def convert_time(value: Any, zone: tzinfo) -> Any:
        found = moments.time_of_day(value, zone)
        return f"{found:%H:%M:%S}.000Z" if found else _unfit(lossy, f"{field.label} takes a time of day and the value is none.")

    return convert_time


def _reference_converter(field: Field, lossy: LossyPolicy) -> Converter:
    def convert_reference(value: Any, _zone: tzinfo) -> Any:
        found = record_ids.full(value) if isinstance(value, str) else None
        return found or _unfit(lossy, f"{field.label} takes a record id and the value is none.")

    return convert_reference


def _file_converter(field: Field, lossy: LossyPolicy) -> Converter:
    """Text becomes a file. Only what is text already can: a file of anything else would not be what a person expects to open."""

    def convert_file(value: Any, _zone: tzinfo) -> Any:
        if not isinstance(value, str):
            return _unfit(lossy, f"{field.label} takes text as a file and the value is none.")
        return base64.b64encode(storable(value).encode()).decode()

    return convert_file


_MAKERS: Final[dict[Family, Callable[[Field, LossyPolicy], Converter]]] = {
    Family.PICKLIST: _picklist_converter,
    Family.MULTIPICKLIST: _multipicklist_converter,
    Family.BOOLEAN: _boolean_converter,
    Family.INTEGER: _number_converter,
    Family.NUMBER: _number_converter,
    Family.DATE: _date_converter,
    Family.DATETIME: _datetime_converter,
    Family.TIME: _time_converter,
    Family.REFERENCE: _reference_converter,
    Family.FILE: _file_converter,
}
