"""Identifiers as senders write them, read as text. What is too long or unfit for a column is the inbox's care."""

import hashlib
from typing import Any

UNKNOWN_TYPE = "unknown"


def text(value: Any) -> str:
    """Return an id as text: trimmed text, a number in digits; nothing else is an id."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else ""


def disguised(value: str) -> str:
    """Return an id that stands for a personal value, such as the e-mail address that alone tells attendees apart."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def type_name(value: Any) -> str:
    """Return the type of an event as text; a missing one is `unknown`."""
    return text(value) or UNKNOWN_TYPE
