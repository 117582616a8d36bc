"""New events become deliveries, one for each sync that takes them, and wake their lanes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import lanes
from crosswalk.inbox.prepare import PreparedEvent
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SyncConfig, SyncState
from crosswalk.store.ids import Ids
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

QUEUE_DEADLINE = timedelta(days=30)  # whatever it waits for, a delivery is held in the end
_PAUSED_RECHECK = timedelta(days=1)  # resuming a sync wakes it at once; this is for when that was missed
_DELIVER = Repeated(insert(tables.delivery))


@dataclass(frozen=True, slots=True)
class Routed:
    """One new event on its way to its syncs."""

    item: PreparedEvent
    lane_key: str
    syncs: tuple[SyncConfig, ...]


async def deliver(tx: AsyncConnection, routed: Sequence[Routed], configuration: Configuration, ids: Ids, now: datetime) -> None:
    """Write the deliveries of new events and make their lanes due."""
    found: dict[str, dict[str, Any]] = {}
    deliveries = []
    for one in routed:
        for sync in one.syncs:
            delivery = _delivery(one, sync, ids, now)
            deliveries.append(delivery)
            lane = found.get(delivery["lane_id"])
            if lane is None:
                slots = configuration.connections[sync.connection_id].slots
                found[delivery["lane_id"]] = _lane(one, sync, slots, delivery)
            else:
                lane["due_at"] = min(lane["due_at"], delivery["due_at"])
                lane["priority"] = min(lane["priority"], delivery["priority"])
    await lanes.add_work(tx, list(found.values()))
    await _DELIVER.execute(tx, deliveries)


async def wake_learnt(tx: AsyncConnection, lane_keys: Iterable[str], connection_ids: Iterable[str], now: datetime) -> None:
    """Let deliveries that waited to learn who somebody is try again."""
    connections = sorted(set(connection_ids))
    wanted = [lanes.lane_id(connection, lane_key) for lane_key in lane_keys for connection in connections]
    await lanes.wake(tx, wanted, now)
    delivery = tables.delivery
    for part in chunks(sorted(wanted)):
        nameless = (
            delivery.c.lane_id.in_(part),
            delivery.c.state == State.WAITING.value,
            delivery.c.reason == Reason.NO_IDENTITY.value,
        )
        await tx.execute(update(delivery).where(*nameless).values(due_at=now, updated_at=now))


def _delivery(one: Routed, sync: SyncConfig, ids: Ids, now: datetime) -> dict[str, Any]:
    paused = sync.state == SyncState.PAUSED
    return {
        "id": ids.new(),
        "event_id": one.item.event.id,
        "sync_id": sync.id,
        "lane_id": lanes.lane_id(sync.connection_id, one.lane_key),
        "occurred_at": one.item.event.occurred_at,
        "state": State.WAITING.value,
        "reason": (Reason.SYNC_PAUSED if paused else Reason.QUEUED).value,
        "priority": int(one.item.provenance.priority),
        "due_at": now + _PAUSED_RECHECK if paused else now,
        "deadline": now + QUEUE_DEADLINE,
        "attempts": 0,
        "split": False,
        "run_id": one.item.provenance.run_id,
        "updated_at": now,
    }


def _lane(one: Routed, sync: SyncConfig, slots: int, delivery: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": delivery["lane_id"],
        "org": sync.connection_id,
        "lane_key": one.lane_key,
        "slot": lanes.slot_of(one.lane_key, slots),
        "priority": delivery["priority"],
        "due_at": delivery["due_at"],
    }
