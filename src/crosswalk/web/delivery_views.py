"""Deliveries as the event log shows them, on pages and in the API: which a caller may see, and each in words.

Names and content of people are opened only for those who may see them on the delivery's connection.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.inbox import stored
from crosswalk.journal import calls, explain, labels, log, summaries
from crosswalk.journal.explain import Written
from crosswalk.journal.labels import Labels
from crosswalk.journal.log import Entry, Filter, Full
from crosswalk.journal.people import Names
from crosswalk.journal.runs import RunKind
from crosswalk.journal.summaries import Step
from crosswalk.mapping import faces
from crosswalk.model import Event
from crosswalk.reasons import Reason, State
from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig
from crosswalk.web.services import Services

MASK = "•••••"
_OF_ONE_PERSON = 6
_CAMPAIGNS, _MAPPING, _CONNECTIONS = "/sources/{source}/campaigns", "/syncs/{sync}", "/connections"
_OPEN_MAPPING = ("Open the mapping", _MAPPING)
_CURES = {
    Reason.NO_CAMPAIGN: ("Pick the campaign", _CAMPAIGNS),
    Reason.UNKNOWN_STATUS: ("Check the member statuses", _CAMPAIGNS),
    Reason.SYNC_PAUSED: ("Open the sync", _MAPPING),
    Reason.NO_MATCH_KEY: _OPEN_MAPPING,
    Reason.MAPPED_NOTHING: _OPEN_MAPPING,
    Reason.CONNECTION_PAUSED: ("Look at the connection", _CONNECTIONS),
    Reason.BUDGET: ("Look at the API calls", _CONNECTIONS),
    Reason.DUPLICATE_RULE: ("Decide about duplicates", _CONNECTIONS),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see; names and ids as they stand in an address."""

    find: str = ""
    states: Sequence[State] = ()
    reasons: Sequence[Reason] = ()
    source_id: str | None = None
    sync_id: str | None = None
    run_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery in a list. `person` is a mark where the reader may not know, and empty when the event is about nobody."""

    entry: Entry
    person: str
    event: str
    source: str
    sync: str
    connection_id: str
    happened: str
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of lines; without `next` there are no older ones."""

    lines: Sequence[Line]
    next: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """One delivery from the event to the outcome. `content` is None where the reader may not see it or it is no longer kept."""

    line: Line
    full: Full
    connection: ConnectionConfig | None
    content: str | None
    is_masked: bool
    changes: Sequence[Written]
    calls: Sequence[calls.Entry]
    same_person: Sequence[Line]
    labels: Labels
    is_test: bool

    @property
    def cure(self) -> tuple[str, str] | None:
        """What a person can do about its reason, with the address where; None when nothing waits for a person."""
        delivery = self.line.entry.delivery
        usual = _OPEN_MAPPING if delivery.state is State.HELD else None
        found = _CURES.get(delivery.reason, usual) if delivery.reason else usual
        return (found[0], found[1].format(source=self.line.entry.source_id, sync=delivery.sync_id)) if found else None


async def wanted(services: Services, caller: Caller, asked: Asked) -> Filter:
    """Return the filter for what was asked, narrowed to the syncs the caller may look at."""
    configuration = await services.configuration.current()
    seen = [one.id for one in configuration.syncs.values() if caller.may_on(one.connection_id, Permission.LOOK)]
    found = Filter()
    if asked.find.strip():
        async with services.database.read() as tx:
            found = await log.searched(tx, services.vault, asked.find)
    return replace(
        found,
        states=asked.states,
        reasons=asked.reasons,
        source_id=asked.source_id,
        sync_id=asked.sync_id,
        sync_ids=None if len(seen) == len(configuration.syncs) else seen,
        run_id=asked.run_id,
        since=asked.since,
        until=asked.until,
    )


async def listing(services: Services, caller: Caller, found: Filter, limit: int, after: str | None = None) -> Listing:
    """Return one page, newest first."""
    async with services.database.read() as tx:
        page = await log.page(tx, found, limit, after)
    return Listing(await _lines(services, caller, page.entries), page.next)


async def counts(services: Services, found: Filter, most: int) -> Mapping[State, int]:
    """Return how many deliveries of each outcome the filter finds, whatever outcomes it names; none is counted beyond `most`."""
    async with services.database.read() as tx:
        return {state: await log.count(tx, replace(found, states=(state,), reasons=()), most) for state in State}


async def story(services: Services, caller: Caller, delivery_id: str) -> Story:
    """Return one delivery in full; raise 404 when there is none and 403 when its connection is none of the caller's business."""
    async with services.database.read() as tx:
        full = await _full(services, tx, delivery_id) if "\x00" not in delivery_id else None  # PostgreSQL takes no such text
        if full is None:
            raise unknown()
        changes = await explain.of_delivery(tx, services.vault, delivery_id)
        turns = await tx.scalars(
            select(tables.change.c.turn_id).where(tables.change.c.id.in_([one.change_id for one in changes])).distinct()
        )
        called = _concerning(changes, [call for turn_id in turns.all() for call in await calls.of_turn(tx, turn_id)])
        run_id = full.entry.delivery.run_id
        kind = await tx.scalar(select(tables.run.c.kind).where(tables.run.c.id == run_id)) if run_id else None
        lane_id = await tx.scalar(select(tables.delivery.c.lane_id).where(tables.delivery.c.id == delivery_id))
    configuration = await services.configuration.current()
    connection = _connection(configuration, full.entry)
    caller.expect_on(connection.id if connection else "", Permission.LOOK)
    [line] = await _lines(services, caller, [full.entry])
    async with services.database.read() as tx:
        named = {one.object for one in changes} | {step.object for step in full.steps if step.object}
        known = await labels.of_fields(tx, connection.id, named) if connection else Labels()
    is_masked = not (connection and caller.may_on(connection.id, Permission.SEE_PERSONS))
    of_person = await wanted(services, caller, Asked())
    same = await listing(services, caller, replace(of_person, lane_ids=(lane_id or "",)), _OF_ONE_PERSON)
    return Story(
        line=line,
        full=full,
        connection=connection,
        content=None if is_masked or full.event.payload is None else json.dumps(full.event.payload, indent=2, ensure_ascii=False),
        is_masked=is_masked,
        changes=[_masked(one) for one in changes] if is_masked else changes,
        calls=called,
        same_person=same.lines,
        labels=known,
        is_test=kind == RunKind.TEST,
    )


def unknown() -> RequestRefused:
    """Return that there is no such delivery."""
    return RequestRefused("unknown_delivery", "There is no delivery with this id; look for the person in the event log.", 404)


def record_address(connection: ConnectionConfig | None, record_id: str) -> str:
    """Return where a person opens a record: an org leads from the id to its page."""
    host = str(connection.settings.get("login_url", "")) if connection else ""
    return f"{host.rstrip('/')}/{record_id}" if host.startswith(("https://", "http://")) else ""


def since_hours(now: datetime, hours: int) -> datetime | None:
    """Return when a range of so many hours begins; 0 means from the beginning."""
    return now - timedelta(hours=hours) if hours else None


async def _full(services: Services, tx: AsyncConnection, delivery_id: str) -> Full | None:
    try:
        return await log.full(tx, services.vault, delivery_id)
    except ConfigurationError as error:
        raise RequestRefused("unreadable", error.sentence, 409) from error


async def _lines(services: Services, caller: Caller, entries: Sequence[Entry]) -> list[Line]:
    configuration = await services.configuration.current()
    names = Names(configuration.sources)
    async with services.database.read() as tx:
        steps = await summaries.of(tx, [entry.delivery.id for entry in entries])
        events = await _events(services, tx, entries)
        known = await _labels(tx, configuration, entries, steps)
    return [_line(configuration, caller, entry, names, events, steps.get(entry.delivery.id, ()), known) for entry in entries]


async def _labels(
    tx: AsyncConnection, configuration: Configuration, entries: Sequence[Entry], steps: Mapping[str, Sequence[Step]]
) -> Mapping[str, Labels]:
    """Return, for each sync, how its org calls the objects that the deliveries wrote."""
    written: dict[str, set[str]] = {}
    for entry in entries:
        objects = {step.object for step in steps.get(entry.delivery.id, ()) if step.object}
        written.setdefault(entry.delivery.sync_id, set()).update(objects)
    known = {sync_id: (configuration.syncs.get(sync_id), objects) for sync_id, objects in written.items()}
    return {id_: await labels.of_objects(tx, sync.connection_id, objects) for id_, (sync, objects) in known.items() if sync and objects}


async def _events(services: Services, tx: AsyncConnection, entries: Sequence[Entry]) -> Mapping[str, Event]:
    ids = {entry.delivery.event_id for entry in entries}
    found: dict[str, Event] = {}
    for row in await tx.execute(select(tables.event).where(tables.event.c.id.in_(ids))):
        try:
            found[row.id] = stored.event(row, row.id, services.vault)
        except ConfigurationError:
            found[row.id] = stored.without_content(row, row.id)
    return found


def _line(
    configuration: Configuration,
    caller: Caller,
    entry: Entry,
    names: Names,
    events: Mapping[str, Event],
    steps: Sequence[Step],
    known: Mapping[str, Labels],
) -> Line:
    delivery = entry.delivery
    source, sync = configuration.sources.get(entry.source_id), configuration.syncs.get(delivery.sync_id)
    connection = _connection(configuration, entry)
    person = names.of(events[delivery.event_id]) if delivery.event_id in events else ""
    sees = connection is not None and caller.may_on(connection.id, Permission.SEE_PERSONS)
    return Line(
        entry=entry,
        person=person if sees or not person else MASK,
        event=faces.event_words(entry.event_type),
        source=source.name if source else "a removed source",
        sync=sync.name if sync else "a removed sync",
        connection_id=connection.id if connection else "",
        happened=summaries.line(delivery.state, delivery.reason, entry.detail, steps, known.get(delivery.sync_id, Labels())),
        steps=steps,
    )


def _concerning(changes: Sequence[Written], called: Sequence[calls.Entry]) -> list[calls.Entry]:
    """Leave out the writes of other people's records in the same turns."""
    own = {one.call.id for one in changes if one.call}
    return [call for call in called if call.purpose != Purpose.WRITE or call.id in own]


def _connection(configuration: Configuration, entry: Entry) -> ConnectionConfig | None:
    sync = configuration.syncs.get(entry.delivery.sync_id)
    return configuration.connections.get(sync.connection_id) if sync else None


def _masked(one: Written) -> Written:
    """Return a change without the values, which may tell about a person."""
    hidden = tuple(
        replace(field, before=MASK if field.before is not None else None, after=MASK if field.after is not None else None)
        for field in one.fields or ()
    )
    return replace(one, fields=None if one.fields is None else hidden, error={"code": one.error["code"]} if one.error else None)
