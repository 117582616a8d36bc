"""How long the content of a source's events is kept."""

from sqlalchemy import update

from crosswalk.access.caller import Caller
from crosswalk.journal import audit
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine


async def keep_for(engine: Engine, caller: Caller, source: SourceConfig, days: int | None) -> None:
    """Set how many days the content of a source's events is kept; None is what counts for all sources."""
    async with engine.database.write() as tx:
        await tx.execute(update(tables.source).where(tables.source.c.id == source.id).values(retention_days=days))
        before, after = {"retention_days": source.retention_days}, {"retention_days": days}
        now = engine.clock.now()
        await audit.record(tx, engine.ids, now, actor=caller.actor, action="source.change", subject=source.id, before=before, after=after)
    engine.configuration.forget()
