"""Which campaign each session or event is bound to: picked by an admin, found by a rule, or made by one.

A binding belongs to a source and a connection, not to a sync. An admin's pick is never replaced by what a rule finds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select

from crosswalk.inbox import deliveries
from crosswalk.model import Event
from crosswalk.store import tables
from crosswalk.store.statements import chunks, insert
from crosswalk.turn.context import Engine

EVERY = "*"  # the group that stands for all of a source

Group = tuple[str, str]  # source, and session or event in it
_binding = tables.campaign_binding


class BindingOrigin(StrEnum):
    """How a binding came about."""

    PICKED = "picked"
    FOUND = "found"
    CREATED = "created"


@dataclass(slots=True)
class Bound:
    """What is known about the campaigns of a turn's events. `why` tells what is lacking where a rule came to nothing."""

    campaigns: dict[Group, str] = field(default_factory=dict)
    every: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    why: dict[Group, str] = field(default_factory=dict)

    def of(self, event: Event) -> str | None:
        """Return the campaign of an event: its own group's, else the one for all of its source."""
        return self.campaigns.get(group(event), self.every.get(event.source_id))


def group(event: Event) -> Group:
    """Return what a campaign is bound to; an event without a session or event around it stands for itself."""
    return event.source_id, event.group_id or f"event:{event.id}"


async def load(engine: Engine, connection_id: str, events: Sequence[Event]) -> Bound:
    """Return the bindings of the events' groups."""
    bound = Bound()
    sources = {event.source_id for event in events}
    groups = sorted({EVERY, *(event.group_id for event in events if event.group_id)})
    async with engine.database.read() as tx:
        for part in chunks(groups):
            mine = (_binding.c.connection_id == connection_id, _binding.c.source_id.in_(sources), _binding.c.group_id.in_(part))
            for row in await tx.execute(select(_binding).where(*mine)):
                if row.group_id == EVERY:
                    bound.every[row.source_id] = row.campaign_id
                else:
                    bound.campaigns[row.source_id, row.group_id] = row.campaign_id
                if row.origin == BindingOrigin.CREATED:
                    bound.created.add(row.campaign_id)
    return bound


async def keep(engine: Engine, connection_id: str, found: Iterable[tuple[Event, str, BindingOrigin]]) -> None:
    """Remember what rules found, unless an admin was faster, and let go on what waited for it."""
    now = engine.clock.now()
    async with engine.database.write() as tx:
        for event, campaign_id, origin in found:
            if event.group_id is None:
                continue
            row = {"source_id": event.source_id, "group_id": event.group_id, "connection_id": connection_id}
            await tx.execute(insert(_binding).values(**row, campaign_id=campaign_id, origin=origin.value, at=now).on_conflict_do_nothing())
            await deliveries.wake_group(tx, connection_id, event.source_id, event.group_id, now)
