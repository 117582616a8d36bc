"""Writing SOQL: literals that cannot break out of their quotes, checked names, and `IN` statements.

SOQL over REST has no bind variables, so every value goes through `literal` or `typed` and every name through `identifier`; nothing else
may put text into a statement. Rules: Salesforce SOQL reference, quoted string escapes and field expression syntax.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from crosswalk import errors

MAX_STATEMENT_CHARS = 100_000
MAX_LITERAL_CHARS = 4_000

_PART = r"[A-Za-z][A-Za-z0-9_]{0,79}"
_IDENTIFIER = re.compile(rf"{_PART}(?:\.{_PART}){{0,5}}")
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_NUMBERS = frozenset({"int", "double", "percent", "currency", "long"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A query for the records whose `key` is one of some values."""

    object: str
    fields: tuple[str, ...]
    key: str
    within: str | None = None

    def text(self, literals: Sequence[str], parents: Sequence[str] = ()) -> str:
        """Return the statement for these literals, each already made by `literal` or `typed`; `parents` are those of `within`."""
        names = ", ".join(identifier(name) for name in self.fields)
        where = f"{identifier(self.key)} IN ({', '.join(literals)})"
        if self.within:
            where = f"{identifier(self.within)} IN ({', '.join(parents)}) AND {where}"
        return f"SELECT {names} FROM {identifier(self.object)} WHERE {where}"  # noqa: S608  # names and literals are checked above


def identifier(name: str) -> str:
    """Return the object, field or parent path unchanged; raise `ConfigurationError` when it cannot be one."""
    if not _IDENTIFIER.fullmatch(name):
        raise errors.ConfigurationError(
            f"{name[:80]!r} is not the API name of a Salesforce object or field; correct it in the mapping.", name=name[:80]
        )
    return name


def literal(value: str | bool | float | Decimal | date | None) -> str:  # noqa: FBT001  # a boolean is a value here
    """Return the value as SOQL writes it; text is quoted and escaped."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return f"'{''.join(map(_escaped, value))}'"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return f"{Decimal(str(value)):f}"


def containing(text: str) -> str:
    """Return the literal of a LIKE pattern for values that hold the text; its own wildcards are escaped as SOQL's LIKE reads them."""
    inner = literal(text)[1:-1].replace("%", "\\%").replace("_", "\\_")
    return f"'%{inner}%'"


def typed(value: str, field_type: str) -> str | None:
    """Return the literal of a text for a field of that type, or None when no record can have such a value.

    Empty text is never asked for: Salesforce takes it for null and would answer with every record that lacks a value.
    """
    if not value.strip() or len(value) > MAX_LITERAL_CHARS:
        return None
    try:
        if field_type in _NUMBERS:
            return literal(finite) if (finite := Decimal(value)).is_finite() else None
        if field_type == "boolean":
            return literal({"true": True, "false": False}[value.lower()])
        if field_type == "date":
            return literal(date.fromisoformat(value))
        if field_type == "datetime":
            return literal(moment(value))
    except (ValueError, InvalidOperation, KeyError):
        return None
    return literal(value)


def moment(text: str) -> datetime:
    """Return the moment a text in any of Salesforce's spellings means; a text without a zone is UTC. Raise ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    # Other control characters and halves of surrogate pairs do not survive URL encoding as they are.
    if char < " " or "\ud800" <= char <= "\udfff":
        return f"\\u{ord(char):04X}"
    return char
