"""One time for all processes of one PostgreSQL: the database's.

Leases are compared by processes on different machines, and a machine whose clock is ahead would take lanes that are still held. The offset
is read at start and every minute; the time told never goes back.
"""

from datetime import datetime, timedelta

from sqlalchemy import text

from crosswalk.clock import Clock
from crosswalk.errors import StoreBusyError
from crosswalk.model import EPOCH
from crosswalk.store.database import Database
from crosswalk.store.tables import Utc

_READ_EVERY_SECONDS = 60
_DATABASE_NOW = text("SELECT clock_timestamp() AT TIME ZONE 'UTC' AS moment").columns(moment=Utc())


class FollowingClock:
    """A clock that follows the database's; until the first `follow` it tells the time of its machine."""

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._offset = timedelta(0)
        self._latest = EPOCH

    def now(self) -> datetime:
        """Return the present moment of the database, never an earlier one than before."""
        self._latest = max(self._latest, self._machine.now() + self._offset)
        return self._latest

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return self._machine.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await self._machine.sleep(seconds)

    async def read(self, database: Database) -> timedelta:
        """Read how far the database's clock is ahead of the machine's; SQLite has none of its own."""
        if database.is_postgres:
            async with database.read() as tx:
                before = self._machine.now()
                moment = await tx.scalar(_DATABASE_NOW)
                after = self._machine.now()
            self._offset = moment - (before + (after - before) / 2)
        return self._offset

    async def follow(self, database: Database) -> None:
        """Read the offset every minute until cancelled; a database that is busy is asked again later."""
        while True:
            await self._machine.sleep(_READ_EVERY_SECONDS)
            try:
                await self.read(database)
            except StoreBusyError:
                continue
