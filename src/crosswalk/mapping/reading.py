"""Where a row's value comes from: an attribute, an own path, a fixed value, a formula, or an earlier step.

An attribute is tried along each of its paths, because sources spell the same thing differently by channel; the first with a value wins.
From an event type on which it means nothing it is absent whatever the payload holds. `@type` and its like read the envelope.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from crosswalk.mapping import moments
from crosswalk.mapping.listed import Lists
from crosswalk.mapping.paths import ABSENT, Getter
from crosswalk.model import Attribute, Event, SourceType

Reader = Callable[[Event, tzinfo], Any]

ENVELOPE: Final[Mapping[str, SourceType]] = {
    "@type": SourceType.TEXT,
    "@occurred_at": SourceType.DATETIME,
    "@entity_id": SourceType.TEXT,
    "@group_id": SourceType.TEXT,
    "@message_id": SourceType.TEXT,
    "@source": SourceType.TEXT,
}


_TIMES = (SourceType.DATETIME, SourceType.DATE)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a mapping may read from: the catalogue, and own paths under the connection's way of counting."""

    catalogue: Mapping[str, Attribute]
    kind: str
    one_based: bool = False
    lists: Lists = field(default_factory=Lists, compare=False, repr=False)
    readers: dict[str, Reader] = field(default_factory=dict, compare=False, repr=False)  # those made so far

    def knows(self, key: str) -> bool:
        """Tell whether the key is an attribute, an envelope name, or written as a path."""
        return key in self.catalogue or key in ENVELOPE or (is_path(key) and not key.startswith("@"))

    def type(self, key: str) -> SourceType | None:
        """Return the type of an attribute; an own path has none."""
        attribute = self.catalogue.get(key)
        return attribute.type if attribute else ENVELOPE.get(key)

    def paths(self, key: str) -> tuple[str, ...]:
        """Return the paths a key reads."""
        attribute = self.catalogue.get(key)
        return attribute.paths if attribute else (key,)

    def reader(self, key: str) -> Reader:
        """Return the function that reads a key; raise `PathSyntaxError` when an own path cannot be read."""
        known = self.readers.get(key)
        return known or self.readers.setdefault(key, self._made(key))

    def _made(self, key: str) -> Reader:
        attribute = self.catalogue.get(key)
        if attribute is None:
            return self._path_reader(key, one_based=self.one_based)
        get = self._attribute_getter(attribute)
        if get is not None:
            read = of_payload(get)
        else:
            read = first_with_value([self._path_reader(path, one_based=False) for path in attribute.paths])
            read = _zero_is_never(read) if attribute.type in _TIMES else read
        return _meaningful_from(attribute.event_types, read) if attribute.event_types else read

    def getter(self, key: str) -> Getter | None:
        """Return what reads a key from the payload alone, a call cheaper than its reader; None where its value hangs on more."""
        attribute = self.catalogue.get(key)
        if attribute is None:
            return None if key in ENVELOPE else self.lists.getter(key, one_based=self.one_based)
        return None if attribute.event_types else self._attribute_getter(attribute)

    def _attribute_getter(self, attribute: Attribute) -> Getter | None:
        """Return what reads an attribute from the payload; None for one of the envelope."""
        if any(path in ENVELOPE for path in attribute.paths):
            return None
        get = _first([self.lists.getter(path) for path in attribute.paths])
        return _zero_is_absent(get) if attribute.type in _TIMES else get

    def _path_reader(self, path: str, *, one_based: bool) -> Reader:
        """Return the reader of one path, in the payload or in the envelope."""
        if path in ENVELOPE:
            return _envelope_reader(path, self.kind)
        return of_payload(self.lists.getter(path, one_based=one_based))


def is_path(key: str) -> bool:
    """Tell whether a key that is no attribute is meant as a path of its own."""
    return "." in key or "[" in key or key.startswith("@")


def first_with_value(readers: Sequence[Reader]) -> Reader:
    """Return a reader that tries several: the first value wins, else the first null or empty one, so that null is told from absent."""
    if len(readers) == 1:
        return readers[0]

    def read(event: Event, zone: tzinfo) -> Any:
        empty: Any = ABSENT
        for one in readers:
            value = one(event, zone)
            if value is ABSENT:
                continue
            if value is not None and not (value.__class__ is str and not value.strip()):
                return value
            if empty is ABSENT:
                empty = value
        return empty

    return read


def fixed(value: Any) -> Reader:
    """Return a reader of the same value for every event."""
    return lambda _event, _zone: value


def of_payload(get: Getter) -> Reader:
    """Return the reader of what a getter finds in the payload."""
    return lambda event, _zone: get(event.payload)


def _first(getters: Sequence[Getter]) -> Getter:
    """Return what `first_with_value` returns, for paths into the payload: nearly all reading is this."""
    if len(getters) == 1:
        return getters[0]

    def get_first(payload: Any) -> Any:
        empty: Any = ABSENT
        for get in getters:
            value = get(payload)
            if value is ABSENT:
                continue
            if value is not None and not (value.__class__ is str and (not value or value.isspace())):
                return value
            if empty is ABSENT:
                empty = value
        return empty

    return get_first


def _envelope_reader(name: str, kind: str) -> Reader:
    if name == "@source":
        return fixed(kind)
    if name == "@occurred_at":
        return lambda event, _zone: moments.stamp(event.occurred_at)
    member = name.removeprefix("@")

    def read(event: Event, _zone: tzinfo) -> Any:
        value = getattr(event, member)
        return ABSENT if value is None else value

    return read


def _zero_is_absent(get: Getter) -> Getter:
    """Return what `_zero_is_never` returns, for a path into the payload."""

    def get_time(payload: Any) -> Any:
        value = get(payload)
        return ABSENT if value == 0 and value.__class__ in (int, float) else value

    return get_time


def _zero_is_never(read: Reader) -> Reader:
    """Return a reader of times that takes 0 as absent: sources that write times as numbers mean "not yet" by it."""

    def read_time(event: Event, zone: tzinfo) -> Any:
        value = read(event, zone)
        return ABSENT if value == 0 and value.__class__ in (int, float) else value

    return read_time


def _meaningful_from(event_types: frozenset[str], read: Reader) -> Reader:
    return lambda event, zone: read(event, zone) if event.type in event_types else ABSENT
