"""One entry per request to Salesforce: what for, how long, what it cost.

Entries are gathered in memory and written in one insert when the flow is in the database anyway; a crash loses the entries of the turn,
never a delivery.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables


class Purpose(StrEnum):
    """What a request is for."""

    LOOKUP = "lookup"
    WRITE = "write"
    SETTLE = "settle"
    DESCRIBE = "describe"
    LIMITS = "limits"
    CHECK = "check"
    PROVISION = "provision"

    @property
    def writes(self) -> bool:
        """Whether a lost reply leaves something unknown behind."""
        return self in {Purpose.WRITE, Purpose.PROVISION}


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request as it went; `status` is None when no answer came."""

    purpose: Purpose
    started_at: datetime
    ms: float
    status: int | None
    rows: int = 0
    used_seen: int | None = None
    limit_seen: int | None = None
    request_id: str | None = None


class CallJournal(Protocol):
    """Takes one entry per request."""

    def record(self, call: ApiCall) -> None:
        """Keep the entry; must not fail."""
        ...


class RecordedCalls:
    """Buffers entries of one connection; `on_call` hears each at once (the budget does)."""

    def __init__(self, connection_id: str, new_id: Callable[[], str], on_call: Callable[[ApiCall], None] | None = None) -> None:
        self._connection_id = connection_id
        self._new_id = new_id
        self._on_call = on_call
        self._calls: list[ApiCall] = []

    @property
    def pending(self) -> tuple[ApiCall, ...]:
        """The entries not yet written."""
        return tuple(self._calls)

    def record(self, call: ApiCall) -> None:
        """Keep the entry until the next flush."""
        self._calls.append(call)
        if self._on_call:
            self._on_call(call)

    async def flush(self, tx: AsyncConnection, turn_id: str | None = None, run_id: str | None = None) -> None:
        """Write all entries gathered so far in one insert, marked with the turn and run they served."""
        calls, self._calls = self._calls, []
        if not calls:
            return
        rows = [
            {
                "id": self._new_id(),
                "connection_id": self._connection_id,
                "turn_id": turn_id,
                "run_id": run_id,
                "purpose": call.purpose.value,
                "started_at": call.started_at,
                "ms": call.ms,
                "status": call.status,
                "rows": call.rows,
                "used_seen": call.used_seen,
                "request_id": call.request_id,
            }
            for call in calls
        ]
        await tx.execute(insert(tables.api_call), rows)
