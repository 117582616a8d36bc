"""What `doctor` finds out about a source by asking its system: credentials, permissions, webhooks that are no longer posted."""

from collections.abc import AsyncIterator

from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, Level, warn
from crosswalk.runtime import Runtime
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.store.configuration import SourceConfig, SourceState


async def examine(parts: Runtime, source: SourceConfig) -> AsyncIterator[Finding]:
    """Ask the system behind a source, if it is one that can be asked and is switched on."""
    subject = f"source {source.name}"
    try:
        if source.state is not SourceState.ON or not isinstance(registry.source(source.kind), Pulling):
            return
        vendor = parts.vendors.of(source)
        found = await vendor.kind.check(vendor.api, vendor.source)
    except CrosswalkError as error:
        yield warn(subject, f"Nothing can be fetched: {error.sentence}")
        return
    for one in found:
        yield Finding(Level(one.verdict.value), subject, one.sentence)
