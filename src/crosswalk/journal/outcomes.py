"""How each step of each delivery ended: what, why, on which record, by which change.

One row a step. Planning again after a crash must not hide what was written: `written` is kept against a later `unchanged` or `waiting` of
the same mapping version, until the delivery is replayed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.model import Note, Outcome
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

_step = tables.step_outcome


async def save(tx: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Keep the outcomes, each in place of the earlier one of its step."""
    await _SAVE.execute(tx, [_row(outcome, now) for outcome in outcomes])


async def of_delivery(tx: AsyncConnection, delivery_id: str) -> list[Outcome]:
    """Return how the steps of a delivery ended, by step name."""
    rows = await tx.execute(select(_step).where(_step.c.delivery_id == delivery_id).order_by(_step.c.step))
    return [_outcome(row) for row in rows]


async def written(tx: AsyncConnection, versions: Mapping[str, int]) -> set[str]:
    """Return which deliveries have a step that was written, of those given with the mapping version they run under."""
    found: set[str] = set()
    for part in chunks(sorted(versions)):
        query = select(_step.c.delivery_id, _step.c.mapping_version)
        rows = await tx.execute(query.where(_step.c.delivery_id.in_(part), _step.c.state == State.WRITTEN.value))
        found.update(row.delivery_id for row in rows if row.mapping_version == versions[row.delivery_id])
    return found


def _row(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": outcome.delivery_id,
        "step": outcome.step,
        "state": outcome.state.value,
        "reason": outcome.reason.value if outcome.reason else None,
        "detail": outcome.detail or None,
        "object": outcome.object,
        "record_id": outcome.record_id,
        "change_id": outcome.change_id,
        "mapping_version": outcome.mapping_version,
        "notes": [[note.code, note.row, note.sentence] for note in outcome.notes] or None,
        "at": now,
    }


def _outcome(row: Any) -> Outcome:
    return Outcome(
        delivery_id=row.delivery_id,
        step=row.step,
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
        detail=row.detail or "",
        object=row.object,
        record_id=row.record_id,
        change_id=row.change_id,
        mapping_version=row.mapping_version,
        notes=tuple(Note(*note) for note in row.notes or ()),
    )


_INSERT = insert(_step)
_KEPT = and_(
    _step.c.state == State.WRITTEN.value,
    or_(*(_INSERT.excluded.state == state.value for state in (State.UNCHANGED, State.WAITING))),
    _step.c.mapping_version == _INSERT.excluded.mapping_version,
)
_SAVE = Repeated(
    _INSERT.on_conflict_do_update(
        index_elements=["delivery_id", "step"],
        set_={
            column.name: case((_KEPT, column), else_=_INSERT.excluded[column.name])
            for column in _step.columns
            if column.name not in ("delivery_id", "step")
        },
    )
)
