"""Lists of named values, such as the answers to a form: `fields[id=company].value`.

A mapping reads a dozen of them, and each would search the list anew. So for all paths of one mapping into the same list its elements are
put by name once for each payload, which never changes after it was decoded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT, Getter, Member, Step, Where

Elements = Mapping[str, Any]


class Lists:
    """The lists that the paths of one mapping look into."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], str], _Listed] = {}

    def getter(self, path: str, *, one_based: bool = False) -> Getter:
        """Return what `paths.compile` returns, which shares its search with the other paths of the mapping where it can."""
        general = paths.compile(path, one_based=one_based)
        steps = paths.parse(path, one_based=one_based)
        at = next((place for place, step in enumerate(steps) if isinstance(step, Where)), None)
        if at is None or not isinstance(where := steps[at], Where):
            return general
        before, after = _names(steps[:at]), _names(steps[at + 1 :])
        if before is None or after is None:
            return general
        listed = self._known.setdefault((before, where.name), _Listed(before, where.name))
        return _by_one(listed, where.value, after[0], general) if len(after) == 1 else _by_all(listed, where.value, after, general)


class _Listed:
    """One list and the member its elements are told apart by; remembers the elements of the payload seen last."""

    __slots__ = ("_member", "_path", "last")

    def __init__(self, path: tuple[str, ...], member: str) -> None:
        self._path = path
        self._member = member
        self.last: tuple[Any, Elements | None] = (ABSENT, None)

    def elements(self, payload: Any) -> Elements | None:
        """Return the elements by the text of their member; None when the way there is not objects alone."""
        last = self.last
        if last[0] is not payload:
            last = self.last = (payload, self._found(payload))
        return last[1]

    def _found(self, payload: Any) -> Elements | None:
        value = payload
        for name in self._path:
            if value is None:
                return {}
            if value.__class__ is not dict:
                return None
            value = value.get(name)
        return by_text(value, self._member) if isinstance(value, list) else {}


def by_text(elements: Sequence[Any], member: str) -> Elements:
    """Return the first element for each text its member may be selected by; one that is spelled exactly so comes before all others."""
    exact: dict[str, Any] = {}
    alike: dict[str, Any] = {}
    for element in elements:
        if isinstance(element, dict):
            value = element.get(member)
            if value.__class__ is str:
                stripped = value.strip()
                if stripped != value:
                    alike.setdefault(stripped, element)
                if value not in exact:
                    exact[value] = element
            elif (text := paths.as_selected(value)) is not None:
                alike.setdefault(text, element)
    return alike | exact if alike else exact


def _by_one(listed: _Listed, wanted: str, name: str, general: Getter) -> Getter:
    """Return the reader of one member of the element: nearly all such paths end so."""

    def get(payload: Any) -> Any:
        last = listed.last
        elements = last[1] if last[0] is payload else listed.elements(payload)
        if elements is not None:
            element = elements.get(wanted)
            if element is None:
                return ABSENT
            if element.__class__ is dict:
                return element.get(name, ABSENT)
        return general(payload)

    return get


def _by_all(listed: _Listed, wanted: str, names: Sequence[str], general: Getter) -> Getter:
    """Return the reader of whatever lies deeper in the element, or of the element itself."""

    def get(payload: Any) -> Any:
        elements = listed.elements(payload)
        if elements is None:
            return general(payload)
        value = elements.get(wanted, ABSENT)
        for name in names:
            if value is None or value is ABSENT:
                return ABSENT
            if value.__class__ is not dict:
                return general(payload)
            value = value.get(name, ABSENT)
        return value

    return get


def _names(steps: Sequence[Step]) -> tuple[str, ...] | None:
    """Return the names of steps that are members alone; None where one is a selector."""
    names = tuple(step.name for step in steps if isinstance(step, Member))
    return names if len(names) == len(steps) else None
