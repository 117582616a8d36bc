"""The mapping as data: what YAML, the API and the editor exchange.

`parse` reports all mistakes at once, each with its place (`steps[0].rows[3].entry`), and knows nothing of any org or catalogue; what
needs those is in `check`. Unions are told apart by the key that stands in them, so a misspelled key is named instead of five failures.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, ValidationError

from crosswalk.errors import MappingError
from crosswalk.mapping.wording import problem
from crosswalk.model import CAMPAIGN, LossyPolicy, NullPolicy, OncePer, OnDeleted, OnDuplicates, OnMissing, UpdatePolicy


def _plain(value: Any) -> Any:
    """YAML reads 2026-03-05 as a date; a mapping means the text."""
    return value.isoformat() if isinstance(value, date) else value


Scalar = Annotated[str | bool | int | float, BeforeValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]


class _Part(BaseModel):
    """Any part of the document: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- entries ------------------------------------------------------------------------------------------------------------------------


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _single(value: tuple[str, ...]) -> str | list[str]:
    return value[0] if len(value) == 1 else list(value)


Sources = Annotated[tuple[Text, ...], BeforeValidator(_listed), PlainSerializer(_single), Field(min_length=1, max_length=20)]


class AttributeEntry(_Part):
    """Dynamic: an attribute of the catalogue, or an own path; of several the first with a value."""

    attribute: Sources


class ValueEntry(_Part):
    """Static: the same value for every event."""

    value: Scalar


class FormulaEntry(_Part):
    """Computed from attributes in {braces}."""

    formula: Text


class StepEntry(_Part):
    """The record of an earlier step; with `object` only where it is a record of that object."""

    step: Name
    object: Name | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps it names."""
        return (self.step,)


class JoinEntry(_Part):
    """The ids of the campaign or of earlier steps in 18 characters, joined by underscores."""

    join: Annotated[tuple[Name, ...], Field(min_length=1, max_length=5)]

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps it names."""
        return tuple(part for part in self.join if part != CAMPAIGN)


class AttributeMatch(_Part):
    """Find the record of `object` whose `field` equals an attribute."""

    object: Name
    field: Name
    attribute: Sources


class ValueMatch(_Part):
    """Find the record of `object` whose `field` equals a fixed value."""

    object: Name
    field: Name
    value: Scalar


class FormulaMatch(_Part):
    """Find the record of `object` whose `field` equals a formula."""

    object: Name
    field: Name
    formula: Text


def _told_apart(*keys: str) -> Discriminator:
    """Return a discriminator that looks for the one key that names the kind."""
    expected = " or ".join(keys)

    def kind(value: Any) -> str | None:
        found = [key for key in keys if (key in value if isinstance(value, Mapping) else hasattr(value, key))]
        return found[0] if len(found) == 1 else None

    return Discriminator(kind, custom_error_type="one_of", custom_error_message=f"exactly one of {expected} was expected")


MatchSource = Annotated[
    Annotated[AttributeMatch, Tag("attribute")] | Annotated[ValueMatch, Tag("value")] | Annotated[FormulaMatch, Tag("formula")],
    _told_apart("attribute", "value", "formula"),
]


class AutoMatchEntry(_Part):
    """The id of another record, found by one of its fields."""

    auto_match: MatchSource


Entry = Annotated[
    Annotated[AttributeEntry, Tag("attribute")]
    | Annotated[ValueEntry, Tag("value")]
    | Annotated[FormulaEntry, Tag("formula")]
    | Annotated[AutoMatchEntry, Tag("auto_match")]
    | Annotated[StepEntry, Tag("step")]
    | Annotated[JoinEntry, Tag("join")],
    _told_apart("attribute", "value", "formula", "auto_match", "step", "join"),
]
KeyEntry = Annotated[
    Annotated[AttributeEntry, Tag("attribute")] | Annotated[ValueEntry, Tag("value")] | Annotated[FormulaEntry, Tag("formula")],
    _told_apart("attribute", "value", "formula"),
]

# --- rows ---------------------------------------------------------------------------------------------------------------------------


class LadderSpec(_Part):
    """Statuses in climbing order, and the ones any later event may enter or leave."""

    ranks: tuple[Name, ...] = Field(min_length=1)
    resets: tuple[Name, ...] = ()


class FieldRow(_Part):
    """One field and what goes into it. `values` renames values; the key `*` stands for all others."""

    field: Name
    entry: Entry
    update: UpdatePolicy = UpdatePolicy.FILL_EMPTY
    nulls: NullPolicy = NullPolicy.KEEP
    lossy: LossyPolicy = LossyPolicy.HOLD
    placeholder: Scalar | None = None
    values: dict[Annotated[str, BeforeValidator(_plain)], Scalar | None] | None = None
    ladder: LadderSpec | None = None


class PassThrough(_Part):
    """All other members of the objects at `roots`; of the same member the first root wins."""

    roots: tuple[Text, ...] = Field(min_length=1)
    append: str = Field("", max_length=20)
    except_: tuple[str, ...] = Field((), alias="except")
    adjust_case: bool = False

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)


class PassThroughRow(_Part):
    """Whatever the event holds besides the mapped attributes, field by field under its own name."""

    pass_through: PassThrough
    update: UpdatePolicy = UpdatePolicy.FILL_EMPTY
    nulls: NullPolicy = NullPolicy.KEEP
    lossy: LossyPolicy = LossyPolicy.HOLD


Row = Annotated[
    Annotated[FieldRow, Tag("field")] | Annotated[PassThroughRow, Tag("pass_through")],
    _told_apart("field", "pass_through"),
]

# --- steps --------------------------------------------------------------------------------------------------------------------------


class MatchEntry(_Part):
    """One match key."""

    field: Name
    entry: KeyEntry


class ObjectFrom(_Part):
    """The event names object and record in a list of `{type, id}`; `rows_of` lends the rows of another step to an object.

    Where an entry has the member `key`, that names the field in which the id is looked for, and the traits are as that system mapped them.
    """

    path: Text
    type_prefix: str | tuple[str, ...] = ""
    id: Name = "id"
    key: Name | None = None
    rows_of: dict[Name, Name] = Field(default_factory=dict)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the type of an entry may start with."""
        return (self.type_prefix,) if isinstance(self.type_prefix, str) else self.type_prefix


class Step(_Part):
    """One target object of the sync. Which keys go together is checked by `check.shape`.

    Without `automation` no event makes or updates its record; it stays for an agent to use.
    """

    name: Name
    object: Name | None = None
    object_from: ObjectFrom | None = None
    person: bool = False
    match: tuple[MatchEntry, ...] = ()
    rows: tuple[Row, ...] = ()
    once_per: OncePer | None = None
    parent: Name | None = None
    campaign: Literal["bound"] | None = None
    when: Text | None = None
    on_missing: OnMissing | None = None
    on_duplicates: OnDuplicates | None = None
    on_deleted: OnDeleted | None = None
    allow_duplicates: bool = False
    auto_assign: bool = False
    automation: bool = True
    remark: Text | None = None


class CampaignRule(_Part):
    """One way to the campaign of an event: a fixed one, or the one whose fields match, made where none does if `create` says so.

    `template` is a campaign of which a new one takes `copied` fields that no row fills, and the member statuses.
    """

    when: Text | None = None
    campaign: Name | None = None
    match: tuple[MatchEntry, ...] = ()
    on_duplicates: OnDuplicates = OnDuplicates.HOLD
    create: bool = False
    rows: tuple[FieldRow, ...] = ()
    template: Name | None = None
    copied: tuple[Name, ...] = ("Type", "Status", "IsActive", "ParentId")


class MemberStatuses(_Part):
    """What happens when a campaign lacks a member status that is to be written; `responded` are those that count as a response."""

    missing: Literal["hold", "create"] = "hold"
    responded: tuple[Name, ...] = ()


class PersonRouting(_Part):
    """Which object a person is looked for and created in, and what happens in the special cases."""

    search: tuple[Name, ...] = ("Contact", "Lead")
    create: Name | None = "Lead"
    on_missing: OnMissing = OnMissing.CREATE
    on_nameless: Literal["skip", "wait"] = "skip"
    on_duplicates: OnDuplicates = OnDuplicates.OLDEST
    on_deleted: OnDeleted = OnDeleted.HOLD
    follow_converted: bool = True


class OptInMode(StrEnum):
    """Which calls ask for Salesforce."""

    EXPLICIT = "explicit"
    SERVER = "server"


class OptIn(_Part):
    """The name to look for in `integrations`, and how."""

    mode: OptInMode = OptInMode.EXPLICIT
    name: Name = "Salesforce"


def _unlike(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Refuse two steps of one name, and more than one person step for an object."""
    names = [step.name.lower() for step in steps]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two steps have the name {min(twice)}; give each its own")
    objects = [step.object.lower() for step in steps if step.person and step.object]
    doubled = {name for name in objects if objects.count(name) > 1}
    if doubled:
        raise ValueError(f"two person steps write {min(doubled)}; keep one")
    return steps


class Document(_Part):
    """A whole mapping: from the events of one source to the records of one org."""

    title: str = ""
    source: Name
    events: tuple[Name, ...] = ()
    opt_in: OptIn | None = None
    person: PersonRouting = PersonRouting()
    campaigns: tuple[CampaignRule, ...] = Field((), max_length=20)
    member_statuses: MemberStatuses = MemberStatuses()
    steps: Annotated[tuple[Step, ...], AfterValidator(_unlike)] = Field(min_length=1, max_length=50)


_KEYS = frozenset(
    key
    for part in (
        Document,
        OptIn,
        PersonRouting,
        CampaignRule,
        MemberStatuses,
        Step,
        ObjectFrom,
        MatchEntry,
        FieldRow,
        PassThrough,
        PassThroughRow,
        LadderSpec,
    )
    for key in part.model_fields
)


def parse(data: Any) -> Document:
    """Return the document in `data` (from YAML or JSON); raise `MappingError` with every mistake and its place."""
    try:
        return Document.model_validate(data)
    except ValidationError as error:
        raise MappingError([problem(detail, _KEYS) for detail in error.errors(include_url=False)]) from None


def objects(document: Document) -> frozenset[str]:
    """Return the objects a document names; those that only events name (`object_from`) are not among them."""
    names = set(document.person.search) | {document.person.create or ""} if any(step.person for step in document.steps) else set()
    names |= {"Campaign"} if document.campaigns else set()
    for step in document.steps:
        names.add(step.object or "")
        names.update(step.object_from.rows_of if step.object_from else ())
        names.update(
            row.entry.auto_match.object for row in step.rows if isinstance(row, FieldRow) and isinstance(row.entry, AutoMatchEntry)
        )
    return frozenset(names - {""})


def written(document: Document) -> frozenset[str]:
    """Return the objects of which a document may make records, and that need the unique key field: its steps', and Campaign by rule."""
    made = {"Campaign"} if any(rule.create for rule in document.campaigns) else set()
    return frozenset({step.object for step in document.steps if step.object} | made)


def dump(document: Document) -> dict[str, Any]:
    """Return the document as plain data without what is left at its default; `parse` reads it back to the same document."""
    data: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return data
