"""What `doctor` finds out about a source.

It asks the source's system about credentials, permissions and webhooks that are no longer posted, looks at which webhooks were refused, and
compares what the syncs look for with what arrived lately.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

from sqlalchemy import func, select

from crosswalk.editing import unseen
from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, Level, warn
from crosswalk.runtime import Runtime
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig, SourceState

_LATELY = timedelta(days=1)


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


async def refused(parts: Runtime, source: SourceConfig) -> AsyncIterator[Finding]:
    """Tell of webhooks of the last day that did not prove their sender, once for each reason."""
    refusal = tables.refusal
    grouped = (
        select(func.count(), func.max(refusal.c.at), func.max(refusal.c.sentence))
        .where(refusal.c.source_id == source.id, refusal.c.status == HTTPStatus.UNAUTHORIZED.value)
        .where(refusal.c.at > parts.engine.clock.now() - _LATELY)
        .group_by(refusal.c.code)
        .order_by(refusal.c.code)
    )
    async with parts.database.read() as tx:
        rows = (await tx.execute(grouped)).all()
    for count, last, sentence in rows:
        yield warn(f"source {source.name}", f"{count:,} refused in the last day, the last at {last:%H:%M} UTC: {sentence}")


async def reworded(parts: Runtime, source: SourceConfig) -> AsyncIterator[Finding]:
    """Name the rows whose survey question or form field is in none of the latest events, where others are."""
    configuration = await parts.engine.configuration.current()
    try:
        for sync, problem in await unseen.rows(parts.engine, configuration, source):
            yield warn(f"sync {sync.name}", f"{problem.place}: {problem.sentence}")
    except CrosswalkError as error:
        yield warn(f"source {source.name}", error.sentence)
