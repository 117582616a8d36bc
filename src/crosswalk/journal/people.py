"""How events name the people they are about."""

from collections.abc import Mapping
from datetime import UTC

from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.reading import Reader, Sources
from crosswalk.model import Event
from crosswalk.sources import registry
from crosswalk.store.configuration import SourceConfig

_NAMES = (("first_name", "firstName", "firstname", "name"), ("last_name", "lastName", "lastname"))
_KNOWN_BY = ("email", "phone", "user_id", "anonymous_id")


class Names:
    """Reads names out of events of the sources given."""

    def __init__(self, sources: Mapping[str, SourceConfig]) -> None:
        self._sources = sources
        self._readers: dict[str, list[Reader]] = {}

    def of(self, event: Event) -> str:
        """Return a person's name, else what the event knows them by; empty when it is about nobody."""
        parts = (str(value).strip() for read in self._of_source(event.source_id) if (value := read(event, UTC)) is not ABSENT and value)
        known = " ".join(part for part in parts if part)
        return known or next((str(event.person[key]) for key in _KNOWN_BY if event.person.get(key)), "")

    def _of_source(self, source_id: str) -> list[Reader]:
        if source_id not in self._readers:
            self._readers[source_id] = _readers(self._sources.get(source_id))
        return self._readers[source_id]


def _readers(source: SourceConfig | None) -> list[Reader]:
    if source is None:
        return []
    catalogue = {attribute.key: attribute for attribute in registry.source(source.kind).catalogue(source.settings)}
    sources = Sources(catalogue, source.kind)
    chosen = (next((key for key in keys if key in catalogue), None) for keys in _NAMES)
    return [sources.reader(key) for key in chosen if key]
