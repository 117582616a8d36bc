"""Never start a call that would eat the reserve an admin set.

Salesforce counts the calls of the last 24 hours of every application, and tells late. So what we know is a *base* (a figure the org gave,
at most a minute old) plus every call of ours it may not include: those that stand in blocks. A process takes a block of calls at a
time and spends it without asking the database; a block left behind by a crash runs out. Finding out the figure costs a call itself: while
the allowance is spent, one is made every few minutes at most.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import errors
from crosswalk.clock import Clock
from crosswalk.model import Priority
from crosswalk.salesforce import limits
from crosswalk.salesforce.calls import ApiCall
from crosswalk.salesforce.client import Client
from crosswalk.settings import Timings
from crosswalk.store import tables
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.store.database import Database

BLOCK_CALLS = 20

_SHARE = 20  # a block never takes more than this part of what is left, so that nobody hoards the last calls
_MARGINS = {Priority.INTERACTIVE: 0.5, Priority.STREAM: 1.0, Priority.BACKFILL: 2.0}  # of the reserve, kept untouched
_connection, _block = tables.connection, tables.api_block


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the org said of its count, and when."""

    used: int
    max: int
    at: datetime


@dataclass(slots=True)
class _Block:
    """Calls this process may make without asking the database."""

    id: str
    calls: int
    left: int
    expires_at: datetime


class _No(Enum):
    REFUSED = auto()
    STALE = auto()


class Budget:
    """The API calls of one connection; keep one per process and connection."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        connection: ConnectionConfig,
        timings: Timings,
        *,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._database = database
        self._clock = clock
        self._id = connection.id
        self._max_age = timedelta(seconds=timings.usage_max_age)
        self._retry = timedelta(seconds=timings.budget_retry)
        self._new_id = new_id
        self._client: Client | None = None
        self._blocks: dict[Priority, _Block] = {}
        self._seen: _Seen | None = None
        self._turn = asyncio.Lock()

    def ask_through(self, client: Client) -> None:
        """Use this client to ask for the org's count when the last one heard is too old."""
        self._client = client

    def heard(self, call: ApiCall) -> None:
        """Remember what a call's answer said of the org's count."""
        if call.used_seen is not None and call.limit_seen is not None:
            self.seen(call.used_seen, call.limit_seen)

    def seen(self, used: int, most: int) -> None:
        """Remember the org's count as of now."""
        self._seen = _Seen(used, most, self._clock.now())

    def spender(self, priority: Priority) -> Callable[[], Awaitable[None]]:
        """Return a function that reserves one call of that priority, for look-ups and describes."""

        async def spend() -> None:
            await self.reserve(1, priority)

        return spend

    async def reserve(self, calls: int, priority: Priority) -> None:
        """Allow so many calls to be made now; raise `BudgetSpentError` when they would eat the reserve."""
        async with self._turn:
            if self._spent_locally(calls, priority):
                return
            answer = await self._asked(calls, priority)
            if answer is _No.STALE:
                await self._find_out()
                answer = await self._asked(calls, priority)
            if isinstance(answer, _No):
                raise errors.BudgetSpentError(
                    "The Salesforce API calls left are kept in reserve; it goes on when calls free up, or lower the reserve.",
                    self._clock.now() + self._retry,
                    connection=self._id,
                )
            self._blocks[priority] = answer  # only now: a block whose commit failed is nobody's

    async def release(self) -> None:
        """Give back what was reserved and not used, for other processes to use."""
        async with self._turn:
            if not self._blocks:
                return
            async with self._database.write() as tx:
                for priority in list(self._blocks):
                    await self._close(tx, priority)

    def _spent_locally(self, calls: int, priority: Priority) -> bool:
        block = self._blocks.get(priority)
        if block is None or block.left < calls or block.expires_at <= self._clock.now():
            return False
        block.left -= calls
        return True

    async def _asked(self, calls: int, priority: Priority) -> _Block | _No:
        async with self._database.write() as tx:
            await self._close(tx, priority)
            base = await self._base(tx)
            if base is None:
                return await self._to_find_out(tx, priority)
            reserve = await tx.scalar(select(_connection.c.reserve).where(_connection.c.id == self._id)) or 0
            free = base.max - int(reserve * _MARGINS[priority] + 0.5) - base.used - await self._outstanding(tx, base)
            if self._clock.now() - base.at > self._max_age and (free >= calls or self._clock.now() - base.at >= self._retry):
                return await self._to_find_out(tx, priority)
            if free < calls:
                return _No.REFUSED
            return await self._open(tx, priority, max(calls, min(BLOCK_CALLS, free // _SHARE)), calls)

    async def _to_find_out(self, tx: AsyncConnection, priority: Priority) -> _No:
        """Count the call that will ask for the org's figure: other processes do not see it in theirs."""
        values = {"id": self._new_id(), "connection_id": self._id, "priority": priority, "calls": 1, "expires_at": self._clock.now()}
        await tx.execute(insert(_block).values(values))
        return _No.STALE

    async def _base(self, tx: AsyncConnection) -> _Seen | None:
        """Return the figure that counts, which is the one stored or, where that is old or too low, the one heard since."""
        stored = (
            await tx.execute(
                select(_connection.c.used_seen, _connection.c.limit_max, _connection.c.used_at)
                .where(_connection.c.id == self._id)
                .with_for_update()
            )
        ).first()
        if stored is None:
            raise errors.ConfigurationError("The connection was removed; connect to Salesforce again.", connection=self._id)
        heard = self._seen
        if stored.used_at is None or stored.limit_max is None or stored.used_seen is None:
            return await self._rebased(tx, heard) if heard else None
        base = _Seen(stored.used_seen, stored.limit_max, stored.used_at)
        if heard is None or heard.at <= base.at:
            return base
        if self._clock.now() - base.at > self._max_age or heard.used > base.used + await self._outstanding(tx, base):
            return await self._rebased(tx, heard)
        return base

    async def _rebased(self, tx: AsyncConnection, heard: _Seen) -> _Seen:
        values = {"used_seen": heard.used, "limit_max": heard.max, "used_at": heard.at}
        await tx.execute(update(_connection).where(_connection.c.id == self._id).values(values))
        included = heard.at - self._max_age  # the org's figure may run behind by so much
        await tx.execute(delete(_block).where(_block.c.connection_id == self._id, _block.c.expires_at < included))
        return heard

    async def _outstanding(self, tx: AsyncConnection, base: _Seen) -> int:
        """Return our calls that the base may not include: those of blocks that were open shortly before it, or since."""
        statement = select(func.sum(_block.c.calls)).where(
            _block.c.connection_id == self._id, _block.c.expires_at >= base.at - self._max_age
        )
        return int(await tx.scalar(statement) or 0)

    async def _open(self, tx: AsyncConnection, priority: Priority, calls: int, at_once: int) -> _Block:
        block = _Block(self._new_id(), calls, calls - at_once, self._clock.now() + self._max_age)
        values = {"id": block.id, "connection_id": self._id, "priority": priority, "calls": calls, "expires_at": block.expires_at}
        await tx.execute(insert(_block).values(values))
        return block

    async def _close(self, tx: AsyncConnection, priority: Priority) -> None:
        """Let our block hold only the calls that were made, and end now."""
        block = self._blocks.pop(priority, None)
        if block is None:
            return
        mine = _block.c.id == block.id
        ended = min(block.expires_at, self._clock.now())
        await tx.execute(update(_block).where(mine).values(calls=block.calls - block.left, expires_at=ended))

    async def _find_out(self) -> None:
        if self._client is None:
            raise errors.BudgetSpentError(
                "Nobody knows how many Salesforce API calls are left; it goes on when the org has told.",
                self._clock.now() + self._retry,
                connection=self._id,
            )
        found = await limits.usage(self._client)
        self.seen(found.used, found.max)
