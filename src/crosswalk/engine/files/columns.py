"""How the row of a table becomes a body as its source would post it.

A column is named by an attribute of the source's catalogue (its key or label), or by the path into the body, in the language of mappings.
An empty cell is absent, so it never clears anything.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.mapping import nearest, paths
from crosswalk.mapping.paths import Index, Member, Step
from crosswalk.model import Attribute, SourceType
from crosswalk.sources.base import Source, Tabular

_MOST_ELEMENTS = 100
_TEXTUAL = frozenset({SourceType.TEXT, SourceType.EMAIL, SourceType.PHONE, SourceType.URL, SourceType.SELECT})
_WORDS = {"true": True, "false": False}
_EXAMPLE = "x"
_PATH = re.compile(r"[.\[]")


class _ClashError(Exception):
    """Something else stands where a column leads to."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its cells go, and whether they are text whatever they look like."""

    name: str
    steps: tuple[Step, ...]
    is_text: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The heading of a table. `remarks` name columns that no attribute of the source answers to."""

    columns: tuple[Column, ...]
    remarks: tuple[str, ...]
    complete: Callable[[dict[str, Any]], dict[str, Any]]

    def body(self, cells: Sequence[str]) -> dict[str, Any]:
        """Return the body of a row with one cell for each column."""
        body: dict[str, Any] = {}
        for column, cell in zip(self.columns, cells, strict=True):
            text = cell.strip()
            if text:
                _put(body, column.steps, text if column.is_text else _typed(text))
        return self.complete(body)


def read(kind: Source, settings: Any, heading: Sequence[str]) -> Columns:
    """Return the columns of a heading; raise `RequestRefused` that names the column that cannot be one."""
    names = [name.strip() for name in heading]
    whole = kind.catalogue(settings)
    spelled = {one.key for one in whole}
    catalogue = [one for one in whole if not one.paths[0].startswith("@")]  # what is read off the envelope cannot be written
    known = _by_name(catalogue)
    columns, remarks, example = [], [], dict[str, Any]()
    for place, name in enumerate(names):
        if not name:
            raise RequestRefused("bad_column", f"Column {place + 1} has no name; name it by an attribute or a path.", 422)
        if name in names[:place]:
            raise RequestRefused("bad_column", f"Two columns are called {name!r}; keep one of them.", 422)
        attribute = known.get(name) or known.get(name.casefold())
        path = attribute.paths[0] if attribute else kind.column(name) if isinstance(kind, Tabular) else name
        column = Column(name, _steps(name, path), attribute.type in _TEXTUAL if attribute else path != name)
        try:
            _put(example, column.steps, _EXAMPLE)
        except _ClashError:
            raise RequestRefused("bad_column", f"The column {name!r} stands where another column is; keep one of them.", 422) from None
        if attribute is None and name not in spelled and not _PATH.search(name):
            guess = nearest.did_you_mean(name, (one.key for one in catalogue))
            remarks.append(f"The column {name!r} is no attribute of {kind.kind}; its cells go to {path}.{guess}")
        columns.append(column)
    return Columns(tuple(columns), tuple(remarks), kind.complete if isinstance(kind, Tabular) else _as_it_is)


def _by_name(catalogue: Sequence[Attribute]) -> dict[str, Attribute]:
    """Return the attributes by key, and by key and label whatever their case; keys come before labels."""
    found = {one.label.casefold(): one for one in reversed(catalogue)}
    found |= {one.key.casefold(): one for one in reversed(catalogue)}
    return found | {one.key: one for one in catalogue}


def _steps(name: str, path: str) -> tuple[Step, ...]:
    try:
        return paths.parse(path)
    except ConfigurationError as error:
        raise RequestRefused("bad_column", f"The column {name!r} is no path into a body. {error.sentence}", 422) from error


def _put(body: dict[str, Any], steps: Sequence[Step], value: Any) -> None:
    """Set the value that the steps lead to, making what is on the way; `_ClashError` where something else stands there."""
    holder: Any = body
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        fresh: Any = value if following is None else {} if isinstance(following, Member) else []
        held = _held(holder, step, fresh)
        if held is not fresh and (following is None or type(held) is not type(fresh)):
            raise _ClashError
        holder = held


def _held(holder: Any, step: Step, fresh: Any) -> Any:
    """Return what stands at a step; `fresh`, put there, when nothing does."""
    if isinstance(step, Member):
        if not isinstance(holder, dict):
            raise _ClashError
        return holder.setdefault(step.name, fresh)
    if not isinstance(holder, list):
        raise _ClashError
    if isinstance(step, Index):
        if step.number >= _MOST_ELEMENTS:
            raise _ClashError
        holder.extend([None] * (step.number + 1 - len(holder)))
        if holder[step.number] is None:
            holder[step.number] = fresh
        return holder[step.number]
    if not isinstance(fresh, dict):
        raise _ClashError
    found = next((one for one in holder if isinstance(one, dict) and one.get(step.name) == step.value), None)
    if found is None:
        fresh[step.name] = step.value
        holder.append(fresh)
        return fresh
    return found


def _typed(text: str) -> Any:
    """Return a number or yes or no where nothing of the text is lost by it."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if str(number) == text and math.isfinite(number):
            return number
    return text


def _as_it_is(body: dict[str, Any]) -> dict[str, Any]:
    return body
