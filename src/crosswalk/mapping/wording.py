"""What pydantic finds in a document, in our words and with our places.

Pydantic speaks of Python's types and puts the tags of unions into its locations; a person who wrote YAML knows neither.
"""

import re
from collections.abc import Iterable, Sequence

from pydantic_core import ErrorDetails

from crosswalk.errors import Problem
from crosswalk.mapping.nearest import did_you_mean

_KINDS = frozenset({"attribute", "value", "formula", "auto_match", "step", "field", "pass_through"})


def problem(detail: ErrorDetails, keys: Iterable[str]) -> Problem:
    """Say one finding in our words, without repeating the input; `keys` are those a document may hold."""
    place = _place(detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            return Problem("unknown_key", place, f'"{key}" is not known here.{did_you_mean(key, {*keys, *_KINDS})}')
        case "missing":
            return Problem("missing", place, "This is required.")
        case _:
            message = _reworded(detail["msg"])
            return Problem("malformed", place, message[:1].upper() + message[1:].rstrip(".") + ".")


def _reworded(message: str) -> str:
    """Turn pydantic's words for Python's types into words for YAML's."""
    message = message.removeprefix("Value error, ").replace("tuple", "list").replace("Tuple", "The list")
    return re.sub(r"valid dictionary( or instance of \w+)?", "group of keys", message).replace(" after validation", "")


def _place(location: Sequence[int | str]) -> str:
    """Spell a location as `steps[0].rows[3].entry`, without the tags that pydantic puts in for unions."""
    place = ""
    for at, part in enumerate(location):
        if isinstance(part, int):
            place += f"[{part}]"
        elif not _is_tag(location, at):
            place += f".{part}" if place else part
    return place or "the document"


def _is_tag(location: Sequence[int | str], at: int) -> bool:
    """Tell whether a part is a union's tag: it follows a row's number, an entry or an auto-match."""
    before = location[at - 1] if at else None
    if location[at] not in _KINDS:
        return False
    in_rows = isinstance(before, int) and at > 1 and location[at - 2] == "rows"
    return in_rows or before == "entry" or (before == "auto_match" and not _is_entry_tag(location, at - 1))


def _is_entry_tag(location: Sequence[int | str], at: int) -> bool:
    """Tell whether `auto_match` at that place is the tag of an entry rather than its key."""
    return at > 0 and location[at - 1] == "entry"
