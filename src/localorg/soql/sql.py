"""A piece of SQL with its parameters in order, and the few ways pieces are put together.

No value of a statement ever becomes SQL text: values are parameters, names come from the schema and are quoted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Parameter = str | int | float | None

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL text and the parameters of its question marks."""

    text: str
    parameters: tuple[Parameter, ...] = ()


def name(identifier: str) -> str:
    """Return an identifier that SQLite takes literally."""
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'


def storable(value: str) -> str:
    """Return text SQLite accepts as a parameter: a lone surrogate, which no column can hold, becomes the replacement character."""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def join(joint: str, pieces: Iterable[Sql]) -> Sql:
    """Return the pieces with text between them."""
    listed = list(pieces)
    return Sql(joint.join(piece.text for piece in listed), tuple(value for piece in listed for value in piece.parameters))


def of(template: str, *pieces: Sql) -> Sql:
    """Return a template with each `{}` replaced by a piece."""
    return Sql(template.format(*(piece.text for piece in pieces)), tuple(value for piece in pieces for value in piece.parameters))


def array(values: Sequence[Parameter]) -> Sql:
    """Return a subquery of all values as one parameter, so that a list of any length is one prepared statement."""
    return Sql("(SELECT value FROM json_each(?))", (json.dumps(values, ensure_ascii=False),))


def all_of(terms: Sequence[Sql]) -> Sql:
    """Return terms joined by AND, in parentheses."""
    return _chain(" AND ", terms)


def any_of(terms: Sequence[Sql]) -> Sql:
    """Return terms joined by OR, in parentheses."""
    return _chain(" OR ", terms)


def _chain(joint: str, terms: Sequence[Sql]) -> Sql:
    # SQLite nests a chain one deep for each joint and allows 1,000: long chains become chains of chains.
    while len(terms) > _CHUNK:
        terms = [_chain(joint, terms[start : start + _CHUNK]) for start in range(0, len(terms), _CHUNK)]
    return of("({})", join(joint, terms)) if len(terms) > 1 else terms[0]
