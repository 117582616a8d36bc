"""What a mapping says and makes: attributes, policies, and drafts of wanted records, still ignorant of the org.

What is made for every event is a msgspec struct: a frozen dataclass takes ten times as long to make, and a profile showed it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec import Struct

from crosswalk.reasons import Reason


class SourceType(StrEnum):
    """The type of an attribute, as a source describes it."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    SELECT = "select"
    LIST = "list"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value in an event that a mapping can pick.

    `paths` are tried in order (one per payload shape). `event_types` says from which types on it means anything; empty means all:
    before that the attribute is absent, whatever the payload holds (C-05).
    """

    key: str
    label: str
    type: SourceType
    paths: tuple[str, ...]
    group: str = ""
    event_types: frozenset[str] = frozenset()
    varies: bool = False  # differs from session to session: recommended for Campaign Member only


class UpdatePolicy(StrEnum):
    """What a mapped value may do to a value that stands in Salesforce."""

    FILL_EMPTY = "fill-empty"
    OVERWRITE = "overwrite"
    CREATE_ONLY = "create-only"
    ADVANCE = "advance"


class NullPolicy(StrEnum):
    """What null or empty text does; absent never does anything."""

    KEEP = "keep"
    CLEAR = "clear"


class LossyPolicy(StrEnum):
    """What happens to a value that does not fit its field whole."""

    HOLD = "hold"
    TRUNCATE = "truncate"
    LEAVE_OUT = "leave-out"


class OncePer(StrEnum):
    """How often a step makes a record."""

    PERSON = "person"
    EVENT = "event"
    ENTITY = "entity"
    PERSON_AND_ENTITY = "person_and_entity"


class OnMissing(StrEnum):
    """What a step does when nothing matches."""

    CREATE = "create"
    SKIP = "skip"
    WAIT = "wait"


class OnDuplicates(StrEnum):
    """Which of several matching records is used."""

    OLDEST = "oldest"
    NEWEST = "newest"
    LAST_MODIFIED = "last-modified"
    HOLD = "hold"


class OnDuplicateRule(StrEnum):
    """What is done when a duplicate rule of the org refuses a new record; chosen for a whole connection."""

    HOLD = "hold"
    ALLOW = "allow"
    USE = "use"


class OnDeleted(StrEnum):
    """What happens when the known record is in the recycle bin or gone."""

    HOLD = "hold"
    RECREATE = "recreate"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Statuses that only climb, and reset statuses any later event may enter or leave."""

    ranks: tuple[str, ...]
    resets: frozenset[str] = frozenset()


CAMPAIGN = "campaign"  # the part of joined ids that is the campaign of the event


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A value that is the record of an earlier step of the same event.

    With `object` only a record of that object is wanted: the step's own, what a lead was converted into, or a person account's contact.
    """

    step: str
    object: str | None = None

    @property
    def steps(self) -> frozenset[str]:
        """The steps whose records it needs."""
        return frozenset({self.step})


@dataclass(frozen=True, slots=True)
class JoinedIds:
    """A value that is several record ids joined by underscores: those of earlier steps, and of the campaign where a part says so."""

    parts: tuple[str, ...]

    @property
    def steps(self) -> frozenset[str]:
        """The steps whose records it needs."""
        return frozenset(self.parts) - {CAMPAIGN}


@dataclass(frozen=True, slots=True)
class AutoMatch:
    """A value that is the id of the record of `object` whose `field` equals `value`; `is_twin` takes contacts of person accounts alone."""

    object: str
    field: str
    value: str
    is_twin: bool = False


class Want(Struct, frozen=True):
    """What one event wants in one field.

    `value` is JSON as Salesforce takes it, already converted to the field's type; `None` asks to clear (the null policy was `clear`);
    or it is a `StepRecord`, `JoinedIds` or an `AutoMatch` that become ids once the records are known.
    """

    field: str
    value: Any
    freshness: str
    delivery_id: str
    row: str
    update: UpdatePolicy = UpdatePolicy.FILL_EMPTY
    ladder: Ladder | None = None
    placeholder: bool = False
    sync_position: int = 0


class MatchKey(Struct, frozen=True):
    """A field that finds the record, the normalised value, the claim both stand for, and other texts under which a record may hold it."""

    field: str
    value: str
    claim: str
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about one row that does not stop the delivery: such as truncated or not available."""

    code: str
    row: str
    sentence: str


class Target(Struct, frozen=True):
    """One object a draft may land on, with the keys that find it and the values it wants there."""

    object: str
    step: str
    keys: tuple[MatchKey, ...]
    wants: tuple[Want, ...]


class Origin(Struct, frozen=True):
    """The delivery a draft comes from, and the place of its step among those of the mapping."""

    delivery_id: str
    sync_id: str
    mapping_version: int
    step: str
    freshness: str
    lane_id: str = ""
    place: int = 0


class Draft(Struct, frozen=True):
    """A wanted record, still ignorant of the org.

    A person step has several targets in search order (Contact, Lead), other steps one. `claims` are all keys that must be held to
    decide about it; `key` is the claim whose hash goes into the unique key field when a record is created. `member_of` is the
    campaign of a Campaign Member; its parent is the record of the step named in `parent`.
    """

    origins: tuple[Origin, ...]
    step: str
    targets: tuple[Target, ...]
    claims: tuple[str, ...]
    key: str
    create: str | None = None
    record_id: str | None = None
    on_missing: OnMissing = OnMissing.CREATE
    on_duplicates: OnDuplicates = OnDuplicates.OLDEST
    on_deleted: OnDeleted = OnDeleted.HOLD
    follow_converted: bool = True
    member_of: str | None = None
    parent: str | None = None
    auto_assign: bool = False
    allow_duplicates: bool = False
    notes: tuple[Note, ...] = ()
    held: tuple[Reason, str] | None = None  # found while mapping, such as a lossy value

    @property
    def deliveries(self) -> frozenset[str]:
        """The ids of the deliveries behind it; several when drafts were folded."""
        return frozenset(origin.delivery_id for origin in self.origins)


class Unmapped(Struct, frozen=True):
    """A step of a delivery that makes no draft, and why."""

    delivery_id: str
    step: str
    reason: Reason
    detail: str = ""
