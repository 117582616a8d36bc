"""Name → source. Third parties join through the entry point group `crosswalk.sources`."""

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from types import MappingProxyType

from crosswalk.errors import ConfigurationError
from crosswalk.sources.base import Source

GROUP = "crosswalk.sources"


@cache
def sources() -> Mapping[str, Source]:
    """Return every installed source by its kind; a broken one is named."""
    found: dict[str, Source] = {}
    for entry in metadata.entry_points(group=GROUP):
        made = entry.load()()
        if not isinstance(made, Source):
            raise ConfigurationError(f"The source {entry.name!r} ({entry.value}) lacks parts of a source; update or uninstall its package.")
        if entry.name in found:
            raise ConfigurationError(f"Two packages bring a source of the kind {entry.name!r}; uninstall the one with {entry.value}.")
        found[entry.name] = made
    return MappingProxyType(found)


def source(kind: str) -> Source:
    """Return the source of that kind, or say which kinds there are."""
    known = sources()
    if kind not in known:
        raise ConfigurationError(f"There is no source of the kind {kind!r}; known are: {', '.join(sorted(known))}.")
    return known[kind]
