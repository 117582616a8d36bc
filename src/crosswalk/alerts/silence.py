"""How long each source may be silent before that is told."""

from sqlalchemy import update

from crosswalk.journal import audit
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine


async def allow(engine: Engine, actor: str, source: SourceConfig, hours: int | None) -> None:
    """Set after how many hours without an event a source counts as silent; None is what is unusual for it."""
    async with engine.database.write() as tx:
        await tx.execute(update(tables.source).where(tables.source.c.id == source.id).values(silent_after_hours=hours))
        before, after = {"silent_after_hours": source.silent_after_hours}, {"silent_after_hours": hours}
        now = engine.clock.now()
        await audit.record(tx, engine.ids, now, actor=actor, action="source.change", subject=source.id, before=before, after=after)
    engine.configuration.forget()
