"""What is stored at the moment, as far as a workspace file speaks of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Schedule
from crosswalk.store import configuration, tables
from crosswalk.store.configuration import Configuration
from crosswalk.store.vault import Vault

PICKED = "picked"  # the origin of a binding that an admin chose
BindingKey = tuple[str, str, str]  # source id, group id, connection id


@dataclass(frozen=True, slots=True)
class Current:
    """The stored configuration, campaign bindings and jobs."""

    configuration: Configuration
    bindings: Mapping[BindingKey, str]
    picked: frozenset[BindingKey]  # the bindings that an admin chose and no rule found
    schedules: Mapping[str, Mapping[JobKind, Schedule]] = field(default_factory=dict)  # by source id


async def read(tx: AsyncConnection, vault: Vault) -> Current:
    """Read what is stored, as this transaction sees it."""
    binding = tables.campaign_binding
    rows = (await tx.execute(select(binding))).all()
    bindings = {(row.source_id, row.group_id, row.connection_id): row.campaign_id for row in rows}
    picked = frozenset((row.source_id, row.group_id, row.connection_id) for row in rows if row.origin == PICKED)
    return Current(await configuration.load(tx, vault), bindings, picked, await schedules.stored(tx))
