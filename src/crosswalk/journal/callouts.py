"""The log of callouts: every call to a source or to Salesforce that failed, with what happens next.

Entries are gathered in memory by those who call and written when the database is at hand. The log is bounded by age and by number, so that
a system that is down for weeks cannot fill the disk.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.model import Callout
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import every
from crosswalk.store.texts import storable

KEPT_DAYS = 30
KEPT_ENTRIES = 10_000
_SENTENCE_LENGTH, _REQUEST_LENGTH = 2_000, 300

_MEND = "Mend the connection, then `crosswalk resume`; what waits is kept."
_NEXT_STEPS = MappingProxyType(
    {
        "skip_record": "Nothing: it is passed over, and everything else goes on.",
        "source_refused": "Correct the credentials or settings of the source; `crosswalk doctor` tries them.",
        "salesforce_refused": "`crosswalk log --state held` shows what it was for; mend the cause, then replay.",
        "reply_lost": "Nothing: Salesforce is asked what became of the write before anything is repeated.",
        "pause_connection": _MEND,
        "login_refused": _MEND,
        "org_changed": _MEND,
        "configuration": "Correct the configuration it names, and apply it.",
    }
)
_BY_ITSELF = "Nothing: it goes on by itself."


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed call and whose it was: a source's or a connection's."""

    callout: Callout
    source_id: str | None = None
    connection_id: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The sources and connections whose failed calls a reader may see."""

    sources: Collection[str]
    connections: Collection[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    id: str
    at: datetime
    system: str
    source_id: str | None
    connection_id: str | None
    request: str
    status: int | None  # None: no answer came
    code: str
    sentence: str
    next_step: str


async def write(tx: AsyncConnection, ids: Ids, failed: Iterable[Failed], now: datetime) -> None:
    """Write failed calls down, and take from the log what is older or more than is kept."""
    rows = [
        {
            "id": ids.new(),
            "at": one.callout.at,
            "system": one.callout.system,
            "source_id": one.source_id,
            "connection_id": one.connection_id,
            "request": storable(one.callout.request, _REQUEST_LENGTH),
            "status": one.callout.status,
            "code": one.callout.code,
            "sentence": storable(one.callout.sentence, _SENTENCE_LENGTH),
            "next_step": next_step(one.callout),
        }
        for one in failed
    ]
    if rows:
        await every(tx, insert(tables.callout), rows)
        await _bound(tx, now)


async def page(
    tx: AsyncConnection,
    limit: int,
    after: str | None = None,
    *,
    source_id: str | None = None,
    connection_id: str | None = None,
    since: datetime | None = None,
    seen: Seen | None = None,
) -> list[Entry]:
    """Return the newest entries, or those that follow the entry `after`; what is given besides narrows."""
    callout = tables.callout
    statement = select(callout).order_by(callout.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(callout.c.id < after)
    if source_id is not None:
        statement = statement.where(callout.c.source_id == source_id)
    if connection_id is not None:
        statement = statement.where(callout.c.connection_id == connection_id)
    if since is not None:
        statement = statement.where(callout.c.at >= since)
    if seen is not None:
        ours = or_(callout.c.source_id.in_(list(seen.sources)), callout.c.connection_id.in_(list(seen.connections)))
        statement = statement.where(ours)
    return [Entry(**row) for row in (await tx.execute(statement)).mappings()]


def next_step(callout: Callout) -> str:
    """Return what happens next, or what a person is to do."""
    if callout.due is not None:
        return f"Nothing: it is tried again by itself, not before {callout.due:%Y-%m-%d %H:%M:%S} UTC."
    return _NEXT_STEPS.get(callout.code, _BY_ITSELF)


async def _bound(tx: AsyncConnection, now: datetime) -> None:
    callout = tables.callout
    await tx.execute(delete(callout).where(callout.c.at < now - timedelta(days=KEPT_DAYS)))
    last = await tx.scalar(select(callout.c.id).order_by(callout.c.id.desc()).offset(KEPT_ENTRIES).limit(1))
    if last is not None:
        await tx.execute(delete(callout).where(callout.c.id <= last))
