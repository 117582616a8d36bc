"""What arrives: events, hints to fetch more, and one delivery for each sync that wants an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from crosswalk.reasons import Reason, State

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Priority(IntEnum):
    """Whose turn comes first; lower goes first."""

    INTERACTIVE = 0
    STREAM = 1
    BACKFILL = 2


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a source.

    `entity_id` with `revision` identifies a fact whichever channel brings it; an event without them is identified by `message_id`.
    `person` holds what the event tells about who it was: "email", "user_id", "anonymous_id", "phone" → text as received.
    `rank` orders types that happen in one second (registered before attended). `body` is as received but for stripped secrets.
    """

    id: str
    source_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    payload: Any
    body: bytes = b""
    entity_id: str | None = None
    revision: int | None = None
    message_id: str | None = None
    person: Mapping[str, str] = field(default_factory=dict)
    group_id: str | None = None  # what a campaign is bound to: a webinar session, an event
    rank: int = 0

    @property
    def freshness(self) -> str:
        """A text that sorts as (occurred_at, rank, revision, message): the total order of events."""
        since = self.occurred_at - EPOCH
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return f"{micros:017d}.{self.rank:03d}.{self.revision or 0:020d}.{self.message_id or self.entity_id or self.id}"


@dataclass(frozen=True, slots=True)
class Notice:
    """A hint that something changed and must be fetched; it expands into events."""

    id: str
    source_id: str
    kind: str
    message_key: str
    payload: Any
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item of a request that cannot be an event: kept and counted, never silent.

    With a `key` it counts once however often it comes, as an item does that every pull finds again.
    """

    code: str
    sentence: str
    body: bytes
    key: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a source made of one request."""

    events: tuple[Event, ...] = ()
    notices: tuple[Notice, ...] = ()
    invalid: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one sync."""

    id: str
    event_id: str
    sync_id: str
    lane_id: str
    occurred_at: datetime
    state: State
    reason: Reason | None
    due_at: datetime | None
    deadline: datetime | None
    attempts: int
    run_id: str | None = None
