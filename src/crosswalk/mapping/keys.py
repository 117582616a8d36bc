"""Match keys in one normal form, and the claims they stand for.

Two events mean the same record when they have a claim in common, so the form must not depend on who sent the value. Lead, Contact and
person account share one namespace: a person found by email is one person, whichever object holds it. Text is lowered, not case-folded:
Salesforce compares without case but does not think that "ß" is "ss", and the normal form is what it is asked for.
"""

import unicodedata
from typing import Any

from crosswalk import phone_numbers, record_ids
from crosswalk.mapping.convert import storable, units
from crosswalk.model import Event, Field

PERSON_OBJECTS = frozenset({"lead", "contact"})
_OF_PERSON_ACCOUNTS = {"personemail": "email", "personmobilephone": "mobilephone", "personhomephone": "homephone"}


def normalised(field: Field, value: Any) -> str | None:
    """Return the value as every event and every record would spell it, or None when it cannot be a key."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    else:
        text = _number(value)
    if not text:
        return None
    if field.type in ("id", "reference"):
        return record_ids.full(text)
    if field.type == "phone":
        return phone_numbers.digits(text) or None
    composed = text if text.isascii() and "\0" not in text else unicodedata.normalize("NFC", storable(text))
    if field.length and units(composed) > field.length:
        return None  # no record can hold it, so none can be found by it
    return composed if field.case_sensitive else composed.lower()


def spellings(field: Field, value: Any) -> tuple[str, ...]:
    """Return other texts than the normal form under which a record may hold the key: a phone number as it was received."""
    return (storable(value).strip(),) if field.type == "phone" and isinstance(value, str) else ()


def match_claim(object_name: str, field_name: str, value: str) -> str:
    """Return the claim of a match key; `value` is already normalised."""
    if field_name.lower() == "id":
        return record_claim(value)
    if object_name.lower() in PERSON_OBJECTS:
        return f"person:{field_name.lower()}={value}"
    if object_name.lower() == "account" and (personal := _OF_PERSON_ACCOUNTS.get(field_name.lower())):
        return f"person:{personal}={value}"
    return f"{object_name}:{field_name}={value}"


def record_claim(record_id: str) -> str:
    """Return the claim of a record that is known by its id."""
    return f"id:{record_id}"


def entity_claim(source_kind: str, entity: str, step: str) -> str:
    """Return the claim of a record that a step makes once for that entity (or event, or person and entity)."""
    return f"entity:{source_kind}:{entity}:{step}"


def member_claim(campaign_id: str, person: str) -> str:
    """Return the claim of one person's membership in a campaign; `person` is a claim of the person."""
    return f"member:{campaign_id}:{person}"


def event_identity(event: Event) -> str:
    """Return what stays the same when the same event is received again."""
    return event.message_id or event.id


def _number(value: float) -> str:
    """Return a number as text, 5.0 like 5."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
