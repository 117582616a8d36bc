"""Recent events of a source, to try a mapping on: which there are, one of them, and how their people are called.

Who may not see personal data gets marks instead of text. Numbers, dates, choices and yes or no are shown to all: they are why one looks.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from crosswalk.editing.desk import Desk
from crosswalk.inbox import stored
from crosswalk.mapping import trial
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.reading import Sources
from crosswalk.model import Event, SourceType
from crosswalk.presets import loader
from crosswalk.store import tables
from crosswalk.turn.context import Engine

MASK = "•••••"
RECENT = 25
_LOOKED_AT = 200
_IMPERSONAL = frozenset(
    {SourceType.SELECT, SourceType.INTEGER, SourceType.NUMBER, SourceType.BOOLEAN, SourceType.DATE, SourceType.DATETIME}
)
_TITLES = {
    "people.registered": "registered",
    "people.attended": "attended",
    "people.not_attended": "missed",
    "people.watched_replay": "watched",
}


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


async def recent(engine: Engine, desk: Desk, *, sees_people: bool, limit: int = RECENT) -> list[Sample]:
    """Return the latest events that the sync takes and whose body is still kept, newest first."""
    return [sample(desk, event, sees_people=sees_people) for event in await events(engine, desk, limit)]


async def events(engine: Engine, desk: Desk, limit: int = RECENT, within: Range = ALWAYS) -> list[Event]:
    """Return the latest events of the sync themselves, or the latest that arrived within a range."""
    event = tables.event
    query = select(event).where(event.c.source_id == desk.source.id, event.c.payload_ct.is_not(None))
    if within.start is not None:
        query = query.where(event.c.received_at >= _utc(within.start))
    if within.end is not None:
        query = query.where(event.c.received_at < _utc(within.end))
    if desk.sync.events:
        query = query.where(event.c.type.in_(sorted(desk.sync.events)))
    async with engine.database.read() as tx:
        return [
            stored.event(row, row.id, engine.vault) for row in await tx.execute(query.order_by(event.c.received_at.desc()).limit(limit))
        ]


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
    what = _TITLES.get(event.type, event.type.replace("_", " ").replace(".", " "))
    return Sample(event.id, _person(desk, event) if sees_people else MASK, what, event.occurred_at)


def _person(desk: Desk, event: Event) -> str:
    """Return the person's name, else what the event knows them by."""
    sources = Sources(desk.attributes, desk.source.kind)
    names = []
    for keys in (("first_name", "firstName", "firstname"), ("last_name", "lastName", "lastname")):
        key = next((key for key in keys if key in desk.attributes), None)
        value = sources.reader(key)(event, desk.zone) if key else ABSENT
        if isinstance(value, str) and value.strip():
            names.append(value.strip())
    known = " ".join(names) or event.person.get("email") or event.person.get("user_id") or next(iter(event.person.values()), "")
    return str(known) or "Somebody unknown"


def masked(value: Any, source: SourceType | None, *, sees_people: bool) -> str:
    """Return a value of an event in words, or a mark where it may tell about a person and the reader may not know."""
    if sees_people or source in _IMPERSONAL or isinstance(value, bool | int | float):
        return trial.shown(value)
    return MASK


def by_attribute(desk: Desk, event: Event | None, *, sees_people: bool) -> dict[str, str]:
    """Return each attribute's value in the event, in words; attributes it lacks are left out."""
    if event is None:
        return {}
    attributes = desk.attributes
    found = trial.samples(attributes, Sources(attributes, desk.source.kind), event, desk.zone)
    return {key: masked(value, attributes[key].type, sees_people=sees_people) for key, value in found.items()}
