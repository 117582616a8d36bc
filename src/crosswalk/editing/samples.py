"""Recent events of a source, to try a mapping on: which there are, one of them, and how their people are called.

Who may not see personal data gets marks instead of text. Numbers, dates, choices and yes or no are shown to all: they are why one looks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from crosswalk.editing.desk import Desk
from crosswalk.errors import ConfigurationError
from crosswalk.inbox import stored
from crosswalk.inbox.prepare import EventStatus
from crosswalk.mapping import faces, trial
from crosswalk.mapping.reading import Sources
from crosswalk.model import Event, SourceType
from crosswalk.presets import loader
from crosswalk.store import tables
from crosswalk.turn.context import Engine

MASK = "•••••"
RECENT = 25
_LOOKED_AT = 200
_LAST_SEEN = 50
_READ_AT_MOST = 20_000  # values, so that a catalogue of thousands is shown at once
_IMPERSONAL = frozenset(
    {SourceType.SELECT, SourceType.INTEGER, SourceType.NUMBER, SourceType.BOOLEAN, SourceType.DATE, SourceType.DATETIME}
)


@dataclass(frozen=True, slots=True)
class Range:
    """From when to when events arrived; open ends are open."""

    start: datetime | None = None
    end: datetime | None = None


ALWAYS = Range()


@dataclass(frozen=True, slots=True)
class Sample:
    """One event one can try a mapping on."""

    id: str
    person: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest value of an attribute in words, and when it arrived."""

    value: str
    at: datetime


async def recent(engine: Engine, desk: Desk, *, sees_people: bool, limit: int = RECENT) -> list[Sample]:
    """Return the latest events that the sync takes and whose body is still kept, newest first."""
    return [sample(desk, event, sees_people=sees_people) for event in await events(engine, desk, limit)]


async def events(engine: Engine, desk: Desk, limit: int = RECENT, within: Range = ALWAYS) -> list[Event]:
    """Return the latest events of the sync themselves, or the latest that arrived within a range."""
    event = tables.event
    narrowed = []
    if within.start is not None:
        narrowed.append(event.c.received_at >= _utc(within.start))
    if within.end is not None:
        narrowed.append(event.c.received_at < _utc(within.end))
    if desk.sync.events:
        narrowed.append(event.c.type.in_(sorted(desk.sync.events)))
    return await latest(engine, desk.source.id, limit, *narrowed)


async def latest(engine: Engine, source_id: str, limit: int, *narrowed: ColumnElement[bool]) -> list[Event]:
    """Return the latest events of a source that could be read and still have their content, newest first."""
    event = tables.event
    whole = (event.c.source_id == source_id, event.c.status != EventStatus.INVALID.value, event.c.payload_ct.is_not(None))
    query = select(event).where(*whole, *narrowed).order_by(event.c.received_at.desc()).limit(limit)
    async with engine.database.read() as tx:
        rows = (await tx.execute(query)).all()
    return list(_readable(engine, rows))


def _readable(engine: Engine, rows: Iterable[Row[Any]]) -> Iterator[Event]:
    """Leave out events whose key is lost: they hold their own deliveries and nothing else."""
    for row in rows:
        try:
            yield stored.event(row, row.id, engine.vault)
        except ConfigurationError:
            continue


async def last_seen(engine: Engine, source_id: str, sources: Sources, *, sees_people: bool) -> dict[str, Seen]:
    """Return the newest value of each attribute among a source's latest events; those that none has are left out."""
    missing, found = {key: sources.reader(key) for key in sources.catalogue}, dict[str, Seen]()
    for event in await latest(engine, source_id, max(min(_LAST_SEEN, _READ_AT_MOST // max(len(missing), 1)), 1)):
        for key, value in trial.samples(missing, event, UTC).items():
            found[key] = Seen(masked(value, sources.type(key), sees_people=sees_people), event.received_at)
            del missing[key]
    return found


async def types(engine: Engine, desk: Desk) -> list[str]:
    """Return the event types one may choose from: those of the mapping, of the presets for this kind of source, and of recent events."""
    presets = [loader.load(name) for name in loader.names()]
    known = {str(one) for preset in presets if preset.kind == desk.source.kind for one in preset.document.get("events") or ()}
    event = tables.event
    recent_ones = select(event.c.type).where(event.c.source_id == desk.source.id).order_by(event.c.received_at.desc()).limit(_LOOKED_AT)
    async with engine.database.read() as tx:
        known |= set((await tx.execute(recent_ones)).scalars())
    return sorted(known | desk.sync.events)


def _utc(at: datetime) -> datetime:
    """Take a time without a zone for UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def one(engine: Engine, desk: Desk, event_id: str | None) -> Event | None:
    """Return an event of the desk's source, or None when there is none or its body was blanked; without an id the latest."""
    if not event_id:
        return next(iter(await events(engine, desk, 1)), None)
    async with engine.database.read() as tx:
        row = (await tx.execute(select(tables.event).where(tables.event.c.id == event_id[:36]))).one_or_none()
    if row is None or row.source_id != desk.source.id or row.payload_ct is None:
        return None
    return stored.event(row, row.id, engine.vault)


def sample(desk: Desk, event: Event, *, sees_people: bool) -> Sample:
    """Return how an event is offered: whose it is, and what happened."""
    person = (desk.names.of(event) or "Somebody unknown") if sees_people else MASK
    return Sample(event.id, person, faces.event_words(event.type).lower(), event.occurred_at)


def masked(value: Any, source: SourceType | None, *, sees_people: bool) -> str:
    """Return a value of an event in words, or a mark where it may tell about a person and the reader may not know."""
    if sees_people or source in _IMPERSONAL or isinstance(value, bool | int | float):
        return trial.shown(value)
    return MASK


def by_attribute(desk: Desk, event: Event | None, *, sees_people: bool) -> dict[str, str]:
    """Return each attribute's value in the event, in words; attributes it lacks are left out."""
    if event is None:
        return {}
    found = trial.samples({key: desk.sources.reader(key) for key in desk.attributes}, event, desk.zone)
    return {key: masked(value, desk.sources.type(key), sees_people=sees_people) for key, value in found.items()}
