"""Keeps a source's own attributes up to date: what its system offers is stored in the source's settings, where the catalogue finds it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from crosswalk.engine.vendors import Vendor
from crosswalk.store import tables
from crosswalk.turn.context import Engine


async def refresh(engine: Engine, vendor: Vendor) -> bool:
    """Ask the system for its attributes and store them; tell whether anything changed. Raises what the system's API raises."""
    discovered = await vendor.kind.discover(vendor.api, vendor.source)
    changed = await _store(engine, vendor.source.id, discovered)
    if changed:
        engine.configuration.forget()
    return changed


async def _store(engine: Engine, source_id: str, discovered: Mapping[str, Any]) -> bool:
    source = tables.source
    async with engine.database.write() as tx:
        settings = (await tx.execute(select(source.c.settings).where(source.c.id == source_id).with_for_update())).scalar()
        wanted = {**(settings or {}), **discovered}
        if settings is None or wanted == settings:
            return False
        await tx.execute(update(source).where(source.c.id == source_id).values(settings=wanted))
        return True
