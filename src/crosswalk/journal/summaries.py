"""What happened to many deliveries, a line each: which records were created, updated, or left as they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.journal.labels import Labels
from crosswalk.model import Operation
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.statements import chunks

_DONE = {Operation.INSERT: "created"}


@dataclass(frozen=True, slots=True)
class Step:
    """How one step ended; `operation` is what was written."""

    name: str
    state: State
    reason: Reason | None
    detail: str
    object: str | None
    record_id: str | None
    operation: Operation | None


async def of(tx: AsyncConnection, delivery_ids: Sequence[str]) -> Mapping[str, Sequence[Step]]:
    """Return the steps of each delivery, by step name."""
    outcome, change = tables.step_outcome, tables.change
    found: dict[str, list[Step]] = {}
    for part in chunks(delivery_ids):
        statement = (
            select(outcome, change.c.operation)
            .outerjoin(change, change.c.id == outcome.c.change_id)
            .where(outcome.c.delivery_id.in_(part))
            .order_by(outcome.c.delivery_id, outcome.c.at, outcome.c.step)
        )
        for row in await tx.execute(statement):
            found.setdefault(row.delivery_id, []).append(
                Step(
                    name=row.step,
                    state=State(row.state),
                    reason=Reason(row.reason) if row.reason else None,
                    detail=row.detail or "",
                    object=row.object,
                    record_id=row.record_id,
                    operation=Operation(row.operation) if row.operation else None,
                )
            )
    return found


def line(state: State, reason: Reason | None, detail: str, steps: Sequence[Step], labels: Labels) -> str:
    """Return what happened in one sentence."""
    if state is State.WRITTEN:
        done = [f"{labels.object(one.object)} {_DONE.get(one.operation, 'updated')}" for one in steps if one.operation and one.object]
        return ", ".join(dict.fromkeys(done)) or "Written"
    if state is State.UNCHANGED:
        return detail or "Salesforce already has these values"
    return detail or (reason.sentence if reason else "")
