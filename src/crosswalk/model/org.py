"""What Salesforce says: its objects and fields, and answers to questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, as described by the org for the connection's user."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    filterable: bool = True
    restricted: bool = False
    picklist: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    custom: bool = False

    @property
    def required(self) -> bool:
        """Whether a create without it is refused."""
        return self.createable and not self.nillable and not self.defaulted and self.type != "boolean"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object of the org. Field names are looked up ignoring case, as Salesforce does."""

    name: str
    label: str
    fields: Mapping[str, Field]  # by lower-case name
    createable: bool = True
    updateable: bool = True

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or None when the org or the user's permissions hide it."""
        return self.fields.get(name.lower())


@dataclass(frozen=True, slots=True)
class OrgSchema:
    """The described objects of one org that the syncs of a turn need."""

    objects: Mapping[str, ObjectType]  # by lower-case name

    def object(self, name: str) -> ObjectType | None:
        """Return the object of that name, or None when the org has none."""
        return self.objects.get(name.lower())

    def field(self, object_name: str, name: str) -> Field | None:
        """Return the field, or None."""
        found = self.object(object_name)
        return found.field(name) if found else None


class Question(Struct, frozen=True):
    """Asks which records of `object` have `value` in `field`.

    `within` narrows to one parent (`("CampaignId", "701…")`). `deleted` asks the recycle bin too. `spellings` are other texts that mean
    the same value.
    """

    object: str
    field: str
    value: str
    within: tuple[str, str] | None = None
    deleted: bool = False
    spellings: tuple[str, ...] = ()


class Record(Struct, frozen=True):
    """A record as Salesforce answered: canonical field names to JSON values, parents as nested mappings."""

    object: str
    id: str
    fields: Mapping[str, Any]


Answers = Mapping[Question, tuple[Record, ...]]
