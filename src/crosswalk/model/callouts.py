"""A call to another system that failed, as the log of callouts keeps it: no secret, no personal value."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[\w.:~-]{1,64}", re.ASCII)  # names and ids; an address, a name or a token in a path has other signs or is longer
_ADDRESS = re.compile(r"[^\s@<>\"'/]+@[^\s@<>\"',;)]+")
_QUERY = re.compile(r"\?[^\s;,)]*")
_LENGTH = 300
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Callout:
    """One failed call: to whom, what was asked, what came of it; `due` is when it is asked again by itself."""

    at: datetime
    system: str
    request: str
    code: str
    sentence: str
    status: int | None = None
    due: datetime | None = None


def masked_request(method: str, address: str) -> str:
    """Return a request as it may be kept: method and path, without host and query, and without anything that is no plain name or id."""
    segments = urlsplit(address).path.split("/")
    kept = "/".join(segment if not segment or _PLAIN.fullmatch(segment) else _HIDDEN for segment in segments)
    return f"{method} {kept}"[:_LENGTH]


def masked_sentence(sentence: str) -> str:
    """Return a sentence without e-mail addresses and query strings."""
    return _ADDRESS.sub(_HIDDEN, _QUERY.sub("", sentence)) if "@" in sentence or "?" in sentence else sentence
