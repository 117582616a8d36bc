"""Text that any database takes.

PostgreSQL refuses a zero character, a lone surrogate and anything too long for its column, and one such text would fail everybody who
shares the transaction. What cannot be stored whole is cut and marked with its hash, so that different texts stay different.
"""

import hashlib

_HASH_DIGITS = 32


def storable(text: str, limit: int) -> str:
    """Return `text` if every database takes it within `limit` characters, else a cleaned form that ends in `~` and a hash."""
    if len(text) <= limit and _is_clean(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    cleaned = text[: limit - _HASH_DIGITS - 1].encode("utf-8", "replace").decode().replace("\x00", "?")
    return f"{cleaned}~{digest}"


def _is_clean(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
