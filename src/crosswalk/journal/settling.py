"""What people do about deliveries: try them again, skip them, or stop them; each with an entry in the audit trail.

A turn that is at work on a delivery meanwhile has the last word: what was written was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import deliveries
from crosswalk.journal import audit, runs, totals
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import chunks
from crosswalk.store.texts import storable

_NOTE_LENGTH = 500
_FROM = {Reason.SKIPPED_BY_HAND: (State.WAITING, State.HELD), Reason.HELD_BY_HAND: (State.WAITING,)}
_ACTIONS = {Reason.SKIPPED_BY_HAND: "delivery.skip", Reason.HELD_BY_HAND: "delivery.hold"}


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run that tries deliveries again; those left out are gone, or their content is no longer kept."""

    run_id: str
    queued: tuple[str, ...]
    left_out: int


async def replay(
    tx: AsyncConnection, ids: Ids, delivery_ids: Sequence[str], actor: str, now: datetime, kind: RunKind = RunKind.REPLAY
) -> Replayed:
    """Queue deliveries again as one run of a kind."""
    run_id = await runs.start(tx, ids, kind, now)
    queued = await deliveries.replay(tx, delivery_ids, now, run_id)
    await runs.finish(tx, run_id, RunState.DONE, now)  # its totals go on counting what becomes of them
    await totals.recount(tx, queued, now)
    await _tell(tx, ids, actor, f"delivery.{kind}", delivery_ids, {"queued": len(queued), "run": run_id}, now)
    return Replayed(run_id, queued, len(set(delivery_ids)) - len(queued))


async def skip(tx: AsyncConnection, ids: Ids, delivery_ids: Sequence[str], note: str, actor: str, now: datetime) -> int:
    """End deliveries that wait or are held as skipped; return how many there were."""
    return await _end(tx, ids, delivery_ids, Reason.SKIPPED_BY_HAND, note, actor, now)


async def hold(tx: AsyncConnection, ids: Ids, delivery_ids: Sequence[str], note: str, actor: str, now: datetime) -> int:
    """Stop deliveries that wait until somebody replays or skips them; return how many there were."""
    return await _end(tx, ids, delivery_ids, Reason.HELD_BY_HAND, note, actor, now)


async def _end(tx: AsyncConnection, ids: Ids, delivery_ids: Sequence[str], reason: Reason, note: str, actor: str, now: datetime) -> int:
    delivery = tables.delivery
    moved: list[str] = []
    for part in chunks(sorted(set(delivery_ids))):
        open_ones = delivery.c.id.in_(part) & delivery.c.state.in_([state.value for state in _FROM[reason]])
        found = (await tx.scalars(select(delivery.c.id).where(open_ones))).all()
        values = {
            "state": reason.state.value,
            "reason": reason.value,
            "detail": storable(note, _NOTE_LENGTH) or None,
            "due_at": None,
            "deadline": None,
            "updated_at": now,
        }
        await tx.execute(update(delivery).where(delivery.c.id.in_(found)).values(values))
        moved += found
    await totals.recount(tx, moved, now)
    await _tell(tx, ids, actor, _ACTIONS[reason], moved, {"note": note, "deliveries": len(moved)}, now)
    return len(moved)


async def _tell(
    tx: AsyncConnection, ids: Ids, actor: str, action: str, delivery_ids: Sequence[str], after: dict[str, object], now: datetime
) -> None:
    if not delivery_ids:
        return
    subject = delivery_ids[0] if len(delivery_ids) == 1 else f"{len(delivery_ids)} deliveries"
    await audit.record(tx, ids, now, actor=actor, action=action, subject=subject, after=after)
