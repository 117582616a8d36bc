"""Notices become events: what a webhook only hinted at is fetched, with patience of its own.

Taking a notice pushes its time ahead, so that two processes do not fetch it at once and one that dies gives it back by itself. Fetching
twice is harmless: the events are the same facts and count as repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, CrosswalkError, RetryLater, SkipRecord
from crosswalk.inbox.prepare import Fingerprint, NoticeState
from crosswalk.inbox.receive import Receiver
from crosswalk.model import Accepted, Notice
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig
from crosswalk.store.database import Database
from crosswalk.store.statements import chunks, every
from crosswalk.store.texts import storable
from crosswalk.store.vault import Vault

FETCH_SECONDS = 300
MOST_ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 15
_LONGEST_PAUSE_SECONDS = 3_600
_DETAIL_LENGTH = 2_000


class Expanding(Protocol):
    """The part of a source that fetches what a notice points at."""

    def fingerprint(self, event: Any) -> Any:
        """Return what the event says about its entity."""
        ...

    async def expand(self, notice: Notice, source: SourceConfig) -> Accepted:
        """Return the events behind a notice; raise `RetryLater`, `SkipRecord` or another error that says what to do."""
        ...


class Ending(StrEnum):
    """How the fetching of a notice ended."""

    DONE = "done"
    AGAIN = "again"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice taken for fetching; `attempts` counts this one."""

    notice: Notice
    attempts: int


async def due_notices(tx: AsyncConnection, vault: Vault, limit: int, now: datetime) -> list[DueNotice]:
    """Take notices that are due, longest waiting first; each is ours until `FETCH_SECONDS` have passed.

    One that cannot be opened is held and says why.
    """
    table = tables.notice
    statement = (
        select(table)
        .where(table.c.state == NoticeState.TO_FETCH.value, table.c.due_at <= now)
        .order_by(table.c.due_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await tx.execute(statement)).all()
    taken = update(table).where(table.c.id == bindparam("of_notice")).values(due_at=bindparam("until"), attempts=table.c.attempts + 1)
    until = now + timedelta(seconds=FETCH_SECONDS)
    await every(tx, taken, [{"of_notice": row.id, "until": until} for row in rows])
    return [due for row in rows if (due := await _opened(tx, row, vault))]


async def _opened(tx: AsyncConnection, row: Any, vault: Vault) -> DueNotice | None:
    try:
        payload = None if row.payload_ct is None else vault.open(row.payload_ct)
    except ConfigurationError as error:
        values = {"state": NoticeState.HELD.value, "due_at": None, "detail": error.sentence}
        await tx.execute(update(tables.notice).where(tables.notice.c.id == row.id).values(values))
        return None
    return DueNotice(Notice(row.id, row.source_id, row.kind, row.message_key, payload, row.received_at), row.attempts + 1)


async def any_due(tx: AsyncConnection, now: datetime) -> bool:
    """Tell whether a notice is due."""
    table = tables.notice
    found = select(table.c.id).where(table.c.state == NoticeState.TO_FETCH.value, table.c.due_at <= now).limit(1)
    return (await tx.execute(found)).first() is not None


async def finish_notice(
    tx: AsyncConnection, due: DueNotice, ending: Ending, now: datetime, detail: str = "", due_at: datetime | None = None
) -> None:
    """Note how fetching ended. `AGAIN` comes back at `due_at`, or after a pause that doubles, and is held after too many attempts."""
    values: dict[str, Any] = {"detail": storable(detail, _DETAIL_LENGTH) or None, "due_at": None}
    if ending is Ending.AGAIN and due.attempts < MOST_ATTEMPTS:
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** (due.attempts - 1), _LONGEST_PAUSE_SECONDS)
        values |= {"state": NoticeState.TO_FETCH.value, "due_at": due_at or now + timedelta(seconds=pause)}
    else:
        values["state"] = (NoticeState.DONE if ending is Ending.DONE else NoticeState.HELD).value
    await tx.execute(update(tables.notice).where(tables.notice.c.id == due.notice.id).values(values))


async def release_source(tx: AsyncConnection, source_id: str, now: datetime) -> int:
    """Fetch the held notices of a source again; return how many."""
    table = tables.notice
    held = await tx.scalars(select(table.c.id).where(table.c.source_id == source_id, table.c.state == NoticeState.HELD.value))
    found = held.all()
    for part in chunks(found):
        await release_notices(tx, part, now)
    return len(found)


async def release_notices(tx: AsyncConnection, notice_ids: Sequence[str], now: datetime) -> None:
    """Fetch held notices again, after somebody mended what stood in the way."""
    table = tables.notice
    held = (table.c.id.in_(notice_ids), table.c.state == NoticeState.HELD.value)
    await tx.execute(update(table).where(*held).values(state=NoticeState.TO_FETCH.value, due_at=now, attempts=0, detail=None))


class Expander:
    """Fetches what due notices point at and puts the events through the door of the inbox."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, receiver: Receiver) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._receiver = receiver

    async def take(self, limit: int) -> list[DueNotice]:
        """Take notices that are due."""
        async with self._database.write() as tx:
            return await due_notices(tx, self._vault, limit, self._clock.now())

    async def expand(self, due: DueNotice, kind: Expanding, source: SourceConfig) -> Ending:
        """Fetch one notice, keep its events, and note how it ended."""
        fingerprint: Fingerprint = kind.fingerprint
        detail, due_at = "", None
        try:
            accepted = await kind.expand(due.notice, source)
            await self._receiver.receive(source, accepted, fingerprint=fingerprint)
            ending = Ending.DONE
        except RetryLater as error:
            ending, detail, due_at = Ending.AGAIN, error.sentence, error.due
        except SkipRecord as error:
            ending, detail = Ending.DONE, error.sentence
        except CrosswalkError as error:
            ending, detail = Ending.HELD, error.sentence
        async with self._database.write() as tx:
            await finish_notice(tx, due, ending, self._clock.now(), detail, due_at)
        return ending
