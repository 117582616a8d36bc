"""What reached us, counted in the commit that keeps it, so that the sums of the console always hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import insert


@dataclass(slots=True)
class Count:
    """How the items of one source were taken; `received` is always the sum of the others."""

    events: int = 0
    notices: int = 0
    repeats: int = 0
    rejected: int = 0

    @property
    def received(self) -> int:
        """All items."""
        return self.events + self.notices + self.repeats + self.rejected


def _adding() -> Repeated:
    table = tables.received_count
    statement = insert(table)
    names = ("received", "events", "notices", "repeats", "rejected")
    more = {name: table.c[name] + statement.excluded[name] for name in names}
    return Repeated(statement.on_conflict_do_update(index_elements=[table.c.source_id, table.c.day], set_=more))


_ADD = _adding()


async def add(tx: AsyncConnection, counts: Mapping[str, Count], now: datetime) -> None:
    """Add to the counts of the day, by source id."""
    rows = [
        {"source_id": source_id, "day": now.date().isoformat(), "received": count.received, **asdict(count)}
        for source_id, count in sorted(counts.items())
        if count.received
    ]
    await _ADD.execute(tx, rows)
