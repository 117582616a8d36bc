"""The systems this process can ask, one API a source, made when first needed.

A source's API is kept, because its pace is: pulls and notices of one source share one allowance of calls. Changed settings or secrets make
a new one.
"""

from dataclasses import dataclass

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError
from crosswalk.journal.callouts import Failed
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig


@dataclass(frozen=True, slots=True)
class Vendor:
    """A source's kind and its API, ready to be asked."""

    source: SourceConfig
    kind: Pulling
    api: VendorApi


class Vendors:
    """Makes and keeps the APIs of this process."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock) -> None:
        self.http = http
        self._clock = clock
        self._ready: dict[str, Vendor] = {}

    def of(self, source: SourceConfig) -> Vendor:
        """Return what a source is asked through; raise `ConfigurationError` when its kind cannot be asked or lacks a secret."""
        ready = self._ready.get(source.id)
        if ready and (ready.source.settings, ready.source.secrets) == (source.settings, source.secrets):
            return Vendor(source, ready.kind, ready.api)
        kind = registry.source(source.kind)
        if not isinstance(kind, Pulling):
            raise ConfigurationError(
                f"A source of the kind {source.kind!r} cannot be asked: its system only posts. Nothing is to be pulled."
            )
        if wrong := kind.problems(source.settings):
            told = "; ".join(f"{problem.place}: {problem.sentence}" for problem in wrong)
            raise ConfigurationError(f"The settings of the source {source.name!r} are wrong. {told}")
        made = Vendor(source, kind, kind.api(source, self.http, self._clock))
        self._ready[source.id] = made
        return made

    def failed(self) -> list[Failed]:
        """Hand out the calls that failed since the last time, for the log of callouts."""
        found: list[Failed] = []
        for source_id, vendor in self._ready.items():
            while vendor.api.failed:
                found.append(Failed(vendor.api.failed.popleft(), source_id=source_id))
        return found
