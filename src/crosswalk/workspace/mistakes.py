"""All mistakes of a workspace file at once, each with its place in the file."""

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from crosswalk.errors import MappingError, Problem
from crosswalk.mapping.nearest import did_you_mean


class WorkspaceError(MappingError):
    """The workspace file cannot be applied; nothing was changed."""

    code = "workspace_invalid"


def of_shape(details: Iterable[ErrorDetails], known_keys: frozenset[str]) -> list[Problem]:
    """Return what pydantic found, without repeating any value of the file: it may be a secret in the wrong place."""
    return [_problem(detail, known_keys) for detail in details]


def below(place: str, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of a part with the place of that part before theirs."""
    return [Problem(problem.code, f"{place}.{problem.place}", problem.sentence) for problem in problems]


def _problem(detail: ErrorDetails, known_keys: frozenset[str]) -> Problem:
    place = place_of(detail["loc"])
    key = str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return Problem("unknown_key", place, f'"{key}" is not known here.{did_you_mean(key, known_keys)}')
    if detail["type"] == "missing":
        return Problem("missing", place, "This is required.")
    message = detail["msg"].removeprefix("Value error, ").replace("valid dictionary", "group of keys").replace("valid tuple", "list")
    return Problem("malformed", place, message[:1].upper() + message[1:].rstrip(".") + ".")


def place_of(location: Iterable[int | str]) -> str:
    """Spell a location as `syncs[0].campaigns`."""
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    return place or "the file"
