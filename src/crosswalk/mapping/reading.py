"""Where a row's value comes from: an attribute, an own path, a fixed value, a formula, or an earlier step.

An attribute is tried along each of its paths, because sources spell the same thing differently by channel; the first with a value wins.
From an event type on which it means nothing it is absent whatever the payload holds. `@type` and its like read the envelope.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from crosswalk.mapping import moments, paths
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


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a mapping may read from: the catalogue, and own paths under the connection's way of counting."""

    catalogue: Mapping[str, Attribute]
    kind: str
    one_based: bool = False

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
        attribute = self.catalogue.get(key)
        if attribute is None:
            return _path_reader(key, self.kind, one_based=self.one_based)
        if any(path in ENVELOPE for path in attribute.paths):
            read = first_with_value([_path_reader(path, self.kind, one_based=False) for path in attribute.paths])
        else:
            read = _payload_reader([paths.compile(path) for path in attribute.paths])
        if attribute.type in (SourceType.DATETIME, SourceType.DATE):
            read = _zero_is_never(read)
        return _meaningful_from(attribute.event_types, read) if attribute.event_types else read


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


def _path_reader(path: str, kind: str, *, one_based: bool) -> Reader:
    """Return the reader of one path, in the payload or in the envelope."""
    if path in ENVELOPE:
        return _envelope_reader(path, kind)
    get = paths.compile(path, one_based=one_based)
    return lambda event, _zone: get(event.payload)


def _payload_reader(getters: Sequence[Getter]) -> Reader:
    """Return what `first_with_value` returns for paths into the payload, a call a path cheaper: nearly all reading is this."""
    if len(getters) == 1:
        only = getters[0]
        return lambda event, _zone: only(event.payload)

    def read(event: Event, _zone: tzinfo) -> Any:
        payload = event.payload
        empty: Any = ABSENT
        for get in getters:
            value = get(payload)
            if value is ABSENT:
                continue
            if value is not None and not (value.__class__ is str and not value.strip()):
                return value
            if empty is ABSENT:
                empty = value
        return empty

    return read


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


def _zero_is_never(read: Reader) -> Reader:
    """Return a reader of times that takes 0 as absent: sources that write times as numbers mean "not yet" by it."""

    def read_time(event: Event, zone: tzinfo) -> Any:
        value = read(event, zone)
        return ABSENT if value == 0 and value.__class__ in (int, float) else value

    return read_time


def _meaningful_from(event_types: frozenset[str], read: Reader) -> Reader:
    return lambda event, zone: read(event, zone) if event.type in event_types else ABSENT
