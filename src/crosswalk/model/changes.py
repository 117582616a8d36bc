"""What we remember, decide and write: field states, changes, decisions, outcomes.

What is made for every field or step of an event is a msgspec struct, for the same reason as in `wishes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from crosswalk.model.wishes import Draft, Note, Origin
from crosswalk.reasons import Reason, State


class Link(Struct, frozen=True):
    """What we remember: this key is that record. `origin` is agent, matched or created."""

    object: str
    record_id: str
    origin: str


class FieldState(Struct, frozen=True, omit_defaults=True):
    """What we remember of one field of one record.

    `freshness` is that of the event whose value was last considered, sent or not. `sent` is the HMAC of the canonical value last sent.
    `statuses` serves `advance`: each status with the latest freshness that asked for it. `rule` is the `sync@version` that asked last.
    """

    freshness: str = ""
    sent: str | None = None
    change_id: str | None = None
    placeholder: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""


class RecordState(Struct, frozen=True):
    """What we remember of one record; `version` detects that somebody else moved it."""

    record_id: str
    object: str
    version: int = 0
    fields: Mapping[str, FieldState] = field(default_factory=dict)


class Operation(StrEnum):
    """What a change does to a record."""

    INSERT = "insert"
    UPDATE = "update"


class ChangeState(StrEnum):
    """How far a change has come. `void` means provably not done."""

    PLANNED = "planned"
    SENT = "sent"
    KNOWN = "known"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Headers:
    """Request headers that must be the same for all rows of a call."""

    auto_assign: bool = False
    allow_duplicates: bool = False


class Change(Struct, frozen=True):
    """One planned write.

    `fields` is the row as it will be sent; `before` holds what stood in the same fields. `considered` is the freshness to store once
    the outcome is known. `reasons` says for each field why (policy and row).
    """

    id: str
    object: str
    operation: Operation
    fields: Mapping[str, Any]
    key: str
    claims: tuple[str, ...]
    origins: tuple[Origin, ...]
    record_id: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    considered: Mapping[str, FieldState] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    parent_id: str | None = None
    keyed: bool = True  # the row carries the unique key field: safe to repeat


class Decision(Struct, frozen=True):
    """What is to be done about one draft, and why."""

    draft: Draft
    state: State
    reason: Reason | None = None
    detail: str = ""
    object: str | None = None
    record_id: str | None = None
    change: Change | None = None
    considered: Mapping[str, FieldState] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()  # other ids the same person goes by
    became: tuple[tuple[str, str], ...] = ()  # object and id of what the person's lead was converted into


class Outcome(Struct, frozen=True):
    """How one step of one delivery ended."""

    delivery_id: str
    step: str
    state: State
    reason: Reason | None = None
    detail: str = ""
    object: str | None = None
    record_id: str | None = None
    change_id: str | None = None
    mapping_version: int | None = None
    notes: tuple[Note, ...] = ()
    due_at: datetime | None = None  # when a waiting step looks again
