"""How many rows one call carries: grows while the org is quick, shrinks when it is slow or locks.

Kept per connection and object in the database, because automation makes one object slow and not the other, and all workers learn from
each other. A thousand rows that run for minutes would hold locks and leave a thousand unknowns when the answer is lost.
"""

from collections.abc import Sequence

from sqlalchemy import select

from crosswalk.model import Call, Fault, Operation, Recovery
from crosswalk.store import statements, tables
from crosswalk.store.database import Database

START_ROWS = 200
MAX_ROWS = 1_000
QUICK_SECONDS = 5.0
SLOW_SECONDS = 10.0

_LOCKED = frozenset({"UNABLE_TO_LOCK_ROW"})


class Sizes:
    """The adaptive call sizes of one connection."""

    def __init__(self, database: Database, connection_id: str) -> None:
        self._database = database
        self._connection_id = connection_id

    async def rows(self) -> dict[tuple[str, Operation], int]:
        """Return how many rows the next call of each known object should carry; an object not in it starts at 200."""
        return {(name, operation): rows for name, rows in (await self._stored()).items() for operation in Operation}

    async def observe(self, call: Call, seconds: float, faults: Sequence[Fault]) -> int:
        """Learn from a call that was answered; return the size for the next of that object."""
        now = (await self._stored()).get(call.object, START_ROWS)
        sent = len(call.changes)
        if seconds > SLOW_SECONDS or any(_strained(fault) for fault in faults):
            return await self._keep(call.object, now, max(1, min(now, sent) // 2))
        if seconds < QUICK_SECONDS and sent >= now:  # a call that was not full tells nothing about a fuller one
            return await self._keep(call.object, now, min(MAX_ROWS, now * 2))
        return now

    async def shrink(self, object_name: str) -> int:
        """Halve the size: the answer to a call was lost, or it was refused for load."""
        now = (await self._stored()).get(object_name, START_ROWS)
        return await self._keep(object_name, now, max(1, now // 2))

    async def _stored(self) -> dict[str, int]:
        size = tables.call_size
        async with self._database.read() as tx:
            rows = await tx.execute(select(size.c.object, size.c.rows).where(size.c.connection_id == self._connection_id))
            return {row.object: row.rows for row in rows}

    async def _keep(self, object_name: str, before: int, rows: int) -> int:
        if rows == before:
            return rows
        size = tables.call_size
        values = {"connection_id": self._connection_id, "object": object_name, "rows": rows}
        kept = statements.insert(size).values(values).on_conflict_do_update(index_elements=list(size.primary_key), set_={"rows": rows})
        async with self._database.write() as tx:
            await tx.execute(kept)
        return rows


def _strained(fault: Fault) -> bool:
    return fault.recovery is Recovery.HALVE or fault.code in _LOCKED
