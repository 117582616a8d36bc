"""What was with a lead follows the lead into the contact, account and opportunity that it is converted into.

Nothing tells us of a conversion, so the org is asked at intervals which leads were converted, a call for each source whose mapping ties
records to what a lead becomes. The deliveries that had ended on such a lead are tried again, and find the contact in its place; those that
have done so are known by their outcome, so looking twice repeats nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog
from sqlalchemy import select

from crosswalk import record_ids
from crosswalk.engine.orgs import Orgs
from crosswalk.errors import CrosswalkError
from crosswalk.inbox import cursors
from crosswalk.inbox.cursors import Cursor
from crosswalk.journal import settling
from crosswalk.mapping import document
from crosswalk.mapping.document import Document, FieldRow, StepEntry
from crosswalk.model import Priority
from crosswalk.salesforce import soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SyncState
from crosswalk.store.statements import chunks
from crosswalk.turn.context import Engine, Org

log = structlog.get_logger()

_ACTOR = "lead conversion"
_LEAD = "Lead"
_BECOMES = frozenset({"contact", "account", "opportunity"})
_FIRST = timedelta(days=30)
_OVERLAP = timedelta(minutes=10)
_LEASE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class _Place:
    """A source and an org in which its syncs follow leads."""

    source: SourceConfig
    connection: ConnectionConfig
    syncs: tuple[str, ...]

    @property
    def stream(self) -> str:
        """The name under which it is kept how far we have looked."""
        return f"converted leads {self.connection.id}"


class Conversions:
    """Looks for converted leads until it is told to stop."""

    def __init__(self, engine: Engine, orgs: Orgs) -> None:
        self._engine = engine
        self._orgs = orgs

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and at every interval until `stop` is set."""
        while not stop.is_set():
            try:
                await self.sweep()
            except CrosswalkError as error:
                log.warning("conversions_wait", code=error.code, sentence=error.sentence)
            except Exception:  # the boundary of a look: what it did not see is found by the next one
                log.exception("conversions_broken")
            await self._engine.clock.sleep(self._engine.timings.conversions)

    async def sweep(self) -> int:
        """Look wherever it is time to and return how many deliveries are tried again; an org that does not answer is asked next time."""
        count = 0
        for place in _places(await self._engine.configuration.current()):
            try:
                count += await self._look(place)
            except CrosswalkError as error:
                log.warning("conversions_wait", connection=place.connection.id, code=error.code, sentence=error.sentence)
        return count

    async def _look(self, place: _Place) -> int:
        engine, now = self._engine, self._engine.clock.now()
        async with engine.database.write() as tx:
            cursor = await cursors.lease(tx, place.source.id, place.stream, engine.ids.new(), _LEASE_SECONDS, now)
        if cursor is None:
            return 0
        try:
            if cursor.window_end and cursor.window_end + timedelta(seconds=engine.timings.conversions) > now:
                return 0
            org = await self._orgs.of(place.connection)
            since = cursor.window_end - _OVERLAP if cursor.window_end else now - _FIRST
            leads = await _converted(org, since)
            return await self._follow(place, cursor, leads, now)
        finally:
            async with engine.database.write() as tx:
                await cursors.release(tx, cursor)

    async def _follow(self, place: _Place, cursor: Cursor, leads: Sequence[str], now: datetime) -> int:
        """Try again what ended on these leads, and keep how far we have looked, in one transaction."""
        outcome, delivery = tables.step_outcome, tables.delivery
        engine, found = self._engine, list[str]()
        async with engine.database.write() as tx:
            for part in chunks(leads):
                tied = select(delivery.c.id).join(outcome, outcome.c.delivery_id == delivery.c.id)
                here = (outcome.c.record_id.in_(part), outcome.c.object == _LEAD, delivery.c.sync_id.in_(place.syncs))
                found += (await tx.scalars(tied.where(*here))).all()
            if found:
                await settling.replay(tx, engine.ids, found, _ACTOR, now)
            await cursors.advance(tx, cursor, None, now, _LEASE_SECONDS, now)
        return len(set(found))


async def _converted(org: Org, since: datetime) -> list[str]:
    """Return the leads that have been converted since a moment, and perhaps some that were only touched since."""
    query = f"SELECT Id FROM {_LEAD} WHERE IsConverted = TRUE AND SystemModstamp >= {soql.literal(since)}"  # noqa: S608  # a literal
    address, found = f"query?q={quote(query, safe='')}", list[str]()
    while address:
        await org.budget.reserve(1, Priority.BACKFILL)
        body = (await org.client.get(address, purpose=Purpose.LOOKUP)).body
        found += [record_ids.full(row["Id"]) or row["Id"] for row in body["records"]]
        address = body.get("nextRecordsUrl") or ""
    return found


def _places(configuration: Configuration) -> Iterable[_Place]:
    """Return where leads are followed: by syncs that are on and tie records to what a lead becomes."""
    found: dict[tuple[str, str], list[str]] = {}
    for sync in configuration.syncs.values():
        if sync.state is SyncState.ON and _follows(document.parse(sync.document)):
            found.setdefault((sync.source_id, sync.connection_id), []).append(sync.id)
    for (source_id, connection_id), syncs in found.items():
        connection = configuration.connections[connection_id]
        if connection.paused_reason is None:
            yield _Place(configuration.sources[source_id], connection, tuple(syncs))


def _follows(mapping: Document) -> bool:
    if not mapping.person.follow_converted or not any(step.person and step.object == _LEAD for step in mapping.steps):
        return False
    entries = [row.entry for step in mapping.steps if not step.person for row in step.rows if isinstance(row, FieldRow)]
    return any(isinstance(entry, StepEntry) and (entry.object or "").lower() in _BECOMES for entry in entries)
