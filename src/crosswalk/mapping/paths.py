"""Reading a value out of an event: `a.b` is a member, `a[1]` an element, `a[name=value]` the first element whose member equals the value.

A path is compiled once into a function that never raises: what is not there is `ABSENT`, which is neither null nor empty. Over a list
without a selector the first element that has the rest of the path is taken. A selector ends at the first `]` that is followed by `.`,
`[` or the end, with or without a back-slash before it, so questions may hold brackets; `[name="…"]` and `["…"]` serve the rest.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from crosswalk.errors import ConfigurationError
from crosswalk.mapping.nearest import nearest


class Absent(Enum):
    """The value of a path that leads nowhere."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
Getter = Callable[[Any], Any]

_LONGEST = 1_000
_REMEMBERED = 20_000  # the paths of a large catalogue, which the editor reads anew for each page
_QUOTED = re.compile(r'(?P<name>[^"=\[\]]*)(?P<equals>=?)"(?P<text>(?:[^"\\]|\\.)*)"\](?=[.\[]|$)')
_ESCAPED = re.compile(r"\\(.)")


class PathSyntaxError(ConfigurationError):
    """A path cannot be read; the sentence shows where and what was expected."""

    code = "bad_path"

    def __init__(self, path: str, position: int, expected: str) -> None:
        before, after = path[max(0, position - 20) : position], path[position : position + 20]
        super().__init__(f'The path stops making sense at character {position + 1}, "{before}→{after}": {expected}.', path=path)
        self.position = position


@dataclass(frozen=True, slots=True)
class Member:
    """Step into the property of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """Step into the element at that place, counted from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Where:
    """Step into the first element whose property of that name equals the text."""

    name: str
    value: str


Step = Member | Index | Where


@lru_cache(maxsize=_REMEMBERED)
def parse(path: str, *, one_based: bool = False) -> tuple[Step, ...]:
    """Return the steps of a path; raise `PathSyntaxError` where it stops making sense."""
    if len(path) > _LONGEST:
        raise PathSyntaxError(path, _LONGEST, f"a path has at most {_LONGEST} characters")
    steps: list[Step] = []
    position = 0
    wants_name = not path.startswith("[")
    while wants_name or position < len(path):
        if wants_name:
            step, position = _member(path, position)
        else:
            step, position = _selector(path, position + 1, one_based=one_based)
        steps.append(step)
        wants_name = path[position : position + 1] == "."
        position += wants_name
    return tuple(steps)


@lru_cache(maxsize=_REMEMBERED)
def compile(path: str, *, one_based: bool = False) -> Getter:  # noqa: A001 - read as paths.compile, like re.compile
    """Return a function from a payload to the value the path addresses, or `ABSENT`. The function never raises and takes linear time."""
    steps = parse(path, one_based=one_based)
    names = tuple(step.name for step in steps if isinstance(step, Member))
    return _along(names, steps) if len(names) == len(steps) else _walking(steps)


def hint(path: str, payload: Any, *, one_based: bool = False) -> str | None:
    """Say why a path finds nothing in a payload, where that can be told; None when it finds something."""
    steps = parse(path, one_based=one_based)
    if _walk(payload, steps) is not ABSENT:
        return None
    reached = payload
    for step in steps:
        following = _walk(reached, (step,))
        if following is ABSENT:
            return _explain(step, reached)
        reached = following
    return None


def sought(path: str, payload: Any, *, one_based: bool = False) -> tuple[Where, frozenset[str]] | None:
    """Return the first `[name=value]` of a path and the texts that stand in its place in a payload; None when there is no list there."""
    steps = parse(path, one_based=one_based)
    at = next((place for place, step in enumerate(steps) if isinstance(step, Where)), None)
    if at is None:
        return None
    where, listed = steps[at], _walk(payload, steps[:at])
    if not isinstance(where, Where) or not isinstance(listed, list):
        return None
    texts = (as_selected(element.get(where.name)) for element in listed if isinstance(element, dict))
    return where, frozenset(text for text in texts if text)


def _member(path: str, start: int) -> tuple[Step, int]:
    """Read a name up to the next `.`, `[` or the end."""
    end = start
    while end < len(path) and path[end] not in ".[":
        end += 1
    name = path[start:end].strip()
    if not name:
        raise PathSyntaxError(path, start, "a name was expected here")
    return Member(name), end


def _selector(path: str, start: int, *, one_based: bool) -> tuple[Step, int]:
    """Read what stands in brackets; `start` is behind the opening one."""
    quoted = _QUOTED.match(path, start)
    if quoted:
        text = _ESCAPED.sub(r"\1", quoted["text"])
        if quoted["equals"] and quoted["name"].strip():
            return Where(quoted["name"].strip(), text), quoted.end()
        if not quoted["equals"] and not quoted["name"]:
            return Member(text), quoted.end()
    end = path.find("]", start)
    while end >= 0 and path[end + 1 : end + 2] not in ("", ".", "["):
        end = path.find("]", end + 1)
    if end < 0:
        raise PathSyntaxError(path, start, "the selector has no closing ] that is followed by . or [ or the end")
    content = path[start:end].removesuffix("\\")
    return _selected(path, start, content, one_based=one_based), end + 1


def _selected(path: str, start: int, content: str, *, one_based: bool) -> Step:
    """Return the step that an unquoted selector means."""
    name, equals, value = content.partition("=")
    if equals and name.strip():
        return Where(name.strip(), value.strip())
    digits = content.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise PathSyntaxError(path, start, "a number or name=value was expected between the brackets")
    number = int(digits[:18]) - one_based
    if number < 0:
        raise PathSyntaxError(path, start, "counting starts at 1 here, so there is no element 0")
    return Index(number)


def _along(names: Sequence[str], steps: Sequence[Step]) -> Getter:
    """Return the quick reader for paths of names only: most payloads hold objects all the way."""
    match names:
        case [only]:
            return lambda payload: payload.get(only, ABSENT) if payload.__class__ is dict else _walk(payload, steps)
        case [first, second, third]:
            return _along_three(first, second, third, steps)
    *outer, last = names

    def get(payload: Any) -> Any:
        value = payload
        for name in outer:
            if value.__class__ is not dict:
                return ABSENT if value is None else _walk(payload, steps)
            value = value.get(name)
        if value.__class__ is dict:
            return value.get(last, ABSENT)
        return ABSENT if value is None else _walk(payload, steps)

    return get


def _along_three(first: str, second: str, third: str, steps: Sequence[Step]) -> Getter:
    """Return the reader of `first.second.third`: systems that follow JSON:API write `data.attributes.x`."""

    def get(payload: Any) -> Any:
        if payload.__class__ is dict:
            outer = payload.get(first)
            if outer.__class__ is dict:
                inner = outer.get(second)
                if inner.__class__ is dict:
                    return inner.get(third, ABSENT)
        return _walk(payload, steps)

    return get


def _walking(steps: Sequence[Step]) -> Getter:
    """Return the reader for paths with selectors."""
    return lambda payload: _walk(payload, steps)


def _walk(payload: Any, steps: Sequence[Step]) -> Any:
    """Follow the steps; at a list without selector try its elements in order. Each value of the payload is seen at most once."""
    pending = [(payload, 0)]
    while pending:
        value, at = pending.pop()
        while at < len(steps):
            step = steps[at]
            if isinstance(step, Member):
                if isinstance(value, list):
                    pending.extend((element, at) for element in reversed(value) if isinstance(element, dict | list))
                    break
                value = value.get(step.name, ABSENT) if isinstance(value, dict) else ABSENT
            else:
                value = _pick(value, step)
            if value is ABSENT:
                break
            at += 1
        else:
            return value
    return ABSENT


def _pick(value: Any, step: Index | Where) -> Any:
    """Return the element a selector means."""
    if not isinstance(value, list):
        return ABSENT
    if isinstance(step, Index):
        return value[step.number] if step.number < len(value) else ABSENT
    name, wanted = step.name, step.value
    for element in value:
        if element.__class__ is dict and element.get(name) == wanted:
            return element
    for element in value:
        if isinstance(element, dict) and as_selected(element.get(name)) == wanted:
            return element
    return ABSENT


def as_selected(value: Any) -> str | None:
    """Return a scalar as the text a selector compares with."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _explain(step: Step, reached: Any) -> str:
    """Say what is at hand where a step finds nothing."""
    if isinstance(step, Index):
        if not isinstance(reached, list):
            return f"There is no list to take [{step.number}] from."
        return f"The list has {len(reached)} elements and counting starts at 0, so there is no [{step.number}]."
    elements = [element for element in (reached if isinstance(reached, list) else [reached]) if isinstance(element, dict)]
    if isinstance(step, Where):
        found = nearest(step.value, [text for element in elements if (text := as_selected(element.get(step.name))) is not None])
        question = f' The nearest is "{found}".' if found else ""
        return f'No element has {step.name} = "{step.value}".{question}'
    found = nearest(step.name, {name for element in elements for name in element})
    return f'There is no "{step.name}" here.' + (f' The nearest is "{found}".' if found else "")
