"""Which attribute may go into which field: one table of source type by Salesforce type.

The editor greys options out by it, a save is refused by it, and `convert` keeps its promises at run time. Salesforce's types fall into
families that take the same values, so the table has a column per family; types nobody can write are in none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crosswalk.model import Attribute, Field, SourceType


class Family(StrEnum):
    """Field types that take the same values."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    BOOLEAN = "boolean"
    INTEGER = "int"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    REFERENCE = "reference"
    FILE = "file"


FAMILIES: Final = {
    "string": Family.TEXT,
    "textarea": Family.TEXT,
    "encryptedstring": Family.TEXT,
    "combobox": Family.TEXT,
    "anyType": Family.TEXT,
    "email": Family.EMAIL,
    "phone": Family.PHONE,
    "url": Family.URL,
    "picklist": Family.PICKLIST,
    "multipicklist": Family.MULTIPICKLIST,
    "boolean": Family.BOOLEAN,
    "int": Family.INTEGER,
    "long": Family.INTEGER,
    "double": Family.NUMBER,
    "percent": Family.NUMBER,
    "currency": Family.NUMBER,
    "date": Family.DATE,
    "datetime": Family.DATETIME,
    "time": Family.TIME,
    "id": Family.REFERENCE,
    "reference": Family.REFERENCE,
    "base64": Family.FILE,
}


class Fit(StrEnum):
    """How an attribute goes into a field."""

    FITS = "fits"
    CONVERTS = "converts"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One cell of the table. `reason` says how the value is converted, or why it cannot be."""

    fit: Fit
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an editor's picker; one that cannot be chosen is shown with its reason."""

    name: str
    label: str
    verdict: Verdict


_AS_IS = Verdict(Fit.FITS)
_CHOICE = Verdict(Fit.CONVERTS, "has to be one of the field's choices")
_WORDS = Verdict(Fit.CONVERTS, "true, yes, on and 1 are true; false, no, off and 0 are false")
_DIGITS = Verdict(Fit.CONVERTS, "written as text")
_NUMERIC = Verdict(Fit.CONVERTS, "numeric text only")
_DATED = Verdict(Fit.CONVERTS, "ISO 8601 dates only, such as 2026-03-05")
_TIMED = Verdict(Fit.CONVERTS, "ISO 8601 only, such as 2026-03-05T10:00:00Z")
_BIT = Verdict(Fit.CONVERTS, "true is 1 and false is 0")

_TABLE: Final[dict[SourceType, dict[Family, Verdict]]] = {
    SourceType.TEXT: {
        Family.TEXT: _AS_IS,
        Family.EMAIL: Verdict(Fit.CONVERTS, "has to be an e-mail address"),
        Family.PHONE: _AS_IS,
        Family.URL: _AS_IS,
        Family.PICKLIST: _CHOICE,
        Family.MULTIPICKLIST: Verdict(Fit.CONVERTS, "choices parted by semicolons"),
        Family.BOOLEAN: _WORDS,
        Family.INTEGER: _NUMERIC,
        Family.NUMBER: _NUMERIC,
        Family.DATE: _DATED,
        Family.DATETIME: _TIMED,
        Family.TIME: Verdict(Fit.CONVERTS, "times of the day only, such as 14:30"),
        Family.REFERENCE: Verdict(Fit.CONVERTS, "has to be a record id of 15 or 18 characters"),
        Family.FILE: Verdict(Fit.CONVERTS, "becomes a text file in UTF-8"),
    },
    SourceType.EMAIL: {Family.TEXT: _AS_IS, Family.EMAIL: _AS_IS},
    SourceType.PHONE: {Family.TEXT: _AS_IS, Family.PHONE: _AS_IS},
    SourceType.URL: {Family.TEXT: _AS_IS, Family.URL: _AS_IS},
    SourceType.SELECT: {
        Family.TEXT: _AS_IS,
        Family.PICKLIST: _CHOICE,
        Family.MULTIPICKLIST: _CHOICE,
        Family.BOOLEAN: _WORDS,
        Family.INTEGER: _NUMERIC,
        Family.NUMBER: _NUMERIC,
    },
    SourceType.LIST: {
        Family.TEXT: Verdict(Fit.CONVERTS, "joined by commas"),
        Family.MULTIPICKLIST: Verdict(Fit.CONVERTS, "each has to be one of the field's choices"),
    },
    SourceType.INTEGER: {
        Family.TEXT: _DIGITS,
        Family.PICKLIST: _CHOICE,
        Family.BOOLEAN: Verdict(Fit.CONVERTS, "1 is true and 0 is false; other numbers do not fit"),
        Family.INTEGER: _AS_IS,
        Family.NUMBER: _AS_IS,
    },
    SourceType.NUMBER: {
        Family.TEXT: _DIGITS,
        Family.PICKLIST: _CHOICE,
        Family.INTEGER: Verdict(Fit.CONVERTS, "rounded to a whole number"),
        Family.NUMBER: _AS_IS,
    },
    SourceType.BOOLEAN: {
        Family.TEXT: Verdict(Fit.CONVERTS, 'written as "true" or "false"'),
        Family.PICKLIST: Verdict(Fit.CONVERTS, '"true" or "false" has to be one of the field\'s choices; a value map can rename them'),
        Family.BOOLEAN: _AS_IS,
        Family.INTEGER: _BIT,
        Family.NUMBER: _BIT,
    },
    SourceType.DATE: {
        Family.TEXT: Verdict(Fit.CONVERTS, "written as 2026-03-05"),
        Family.DATE: _AS_IS,
        Family.DATETIME: Verdict(Fit.CONVERTS, "midnight in the connection's time zone"),
    },
    SourceType.DATETIME: {
        Family.TEXT: Verdict(Fit.CONVERTS, "written as 2026-03-05T10:00:00Z"),
        Family.DATE: Verdict(Fit.CONVERTS, "the day it is in the connection's time zone"),
        Family.DATETIME: _AS_IS,
        Family.TIME: Verdict(Fit.CONVERTS, "the time of day in the connection's time zone"),
    },
    SourceType.OBJECT: {Family.TEXT: Verdict(Fit.CONVERTS, "written as JSON; pick a value inside it instead")},
}

_NOUNS: Final = {
    SourceType.TEXT: "text",
    SourceType.EMAIL: "an e-mail address",
    SourceType.PHONE: "a phone number",
    SourceType.URL: "a link",
    SourceType.SELECT: "a choice",
    SourceType.LIST: "a list",
    SourceType.INTEGER: "a whole number",
    SourceType.NUMBER: "a number",
    SourceType.BOOLEAN: "yes or no",
    SourceType.DATE: "a date",
    SourceType.DATETIME: "a date and time",
    SourceType.OBJECT: "a group of values",
}


def verdict(source: SourceType, field_type: str) -> Verdict:
    """Say how an attribute of that type goes into a field of that Salesforce type; every pair has an answer."""
    family = FAMILIES.get(field_type)
    if family is None:
        return Verdict(Fit.CANNOT, f"A field of type {field_type} cannot be written directly; map its parts.")
    refusal = f"The attribute is {_NOUNS[source]} ({source.value}); a field of type {field_type} cannot hold that."
    return _TABLE[source].get(family) or Verdict(Fit.CANNOT, refusal)


def fields_for(source: SourceType, fields: Iterable[Field]) -> list[Option]:
    """Return every writable field with whether an attribute of that type may go into it, for the editor's right side."""
    writable = (field for field in fields if field.createable or field.updateable)
    return [Option(field.name, field.label, verdict(source, field.type)) for field in writable]


def attributes_for(field: Field, catalogue: Iterable[Attribute]) -> list[Option]:
    """Return every attribute with whether it may go into that field, for the editor's left side."""
    return [Option(attribute.key, attribute.label, verdict(attribute.type, field.type)) for attribute in catalogue]
