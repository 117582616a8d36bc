"""Salesforce record ids, of which every record has two: 15 characters that tell case apart, and 18 that need not.

The last three characters of the long form say which of the others are capitals, so the short form can always be lengthened and a wrong
long form recognised.
"""

from functools import lru_cache

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = 15
_LONG = 18
_GROUP = 5
_REMEMBERED = 20_000  # a turn asks for the same few thousand again and again


@lru_cache(_REMEMBERED)
def full(text: str) -> str | None:
    """Return the 18-character form of a record id, or None when `text` is not one."""
    trimmed = text.strip()
    if len(trimmed) not in (_SHORT, _LONG) or not (trimmed.isascii() and trimmed.isalnum()):
        return None
    full = trimmed[:_SHORT] + _checksum(trimmed[:_SHORT])
    if len(trimmed) == _LONG and trimmed[_SHORT:].upper() != full[_SHORT:]:
        return None
    return full


def _checksum(short: str) -> str:
    """Return the three characters that record where the capitals are."""
    groups = (short[start : start + _GROUP] for start in range(0, _SHORT, _GROUP))
    return "".join(_ALPHABET[sum(1 << place for place, letter in enumerate(group) if "A" <= letter <= "Z")] for group in groups)
