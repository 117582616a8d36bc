"""The small configured world of the inbox, with deliveries that have ended."""

import pytest
from sqlalchemy import insert, update
from tests.inbox_world import world  # noqa: F401 - pytest finds the fixture here

from crosswalk.store import tables


@pytest.fixture
def history(world):  # noqa: F811 - the fixture above
    """Return ways to write what a turn leaves behind."""
    return History(world)


class History:
    def __init__(self, around):
        self.world = around

    async def end(self, delivery_id, state, reason=None):
        async with self.world.database.write() as tx:
            row = tables.delivery.c.id == delivery_id
            await tx.execute(update(tables.delivery).where(row).values(state=state, reason=reason, due_at=None, deadline=None))

    async def change(self, operation="insert", result="written", object_name="Lead", run_id=None):
        row = {
            "id": self.world.ids.new(),
            "org": "00D",
            "turn_id": "turn-1",
            "object": object_name,
            "operation": operation,
            "state": "known",
            "result": result,
            "key_hmac": "k",
            "keyed": True,
            "lease_id": "l",
            "planned_at": self.world.clock.now(),
            "run_id": run_id,
        }
        async with self.world.database.write() as tx:
            await tx.execute(insert(tables.change), [row])

    async def call(self, purpose="write", status=200, rows=10, run_id=None):
        row = {
            "id": self.world.ids.new(),
            "connection_id": "conn-1",
            "run_id": run_id,
            "turn_id": "turn-1",
            "purpose": purpose,
            "started_at": self.world.clock.now(),
            "ms": 12.5,
            "status": status,
            "rows": rows,
        }
        async with self.world.database.write() as tx:
            await tx.execute(insert(tables.api_call), [row])
        return row["id"]
