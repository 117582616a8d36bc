"""The nouns of an org's schema: objects, fields, relationships, and the lookup by name that ignores case.

Objects and fields are frozen; `Schema` swaps a whole object when a custom field comes or goes and raises `version`, so that anything
compiled against it knows when it is stale. A field hidden from the user is simply absent, as in a real describe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property


class FieldType(StrEnum):
    """The `type` of a field, spelled as a describe spells it."""

    ID = "id"
    REFERENCE = "reference"
    STRING = "string"
    TEXTAREA = "textarea"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    COMBOBOX = "combobox"
    ENCRYPTEDSTRING = "encryptedstring"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    PERCENT = "percent"
    CURRENCY = "currency"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    ADDRESS = "address"
    LOCATION = "location"
    BASE64 = "base64"
    ANYTYPE = "anyType"
    COMPLEXVALUE = "complexvalue"


IDS = frozenset({FieldType.ID, FieldType.REFERENCE})
TEXTS = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.PICKLIST,
        FieldType.MULTIPICKLIST,
        FieldType.COMBOBOX,
        FieldType.ENCRYPTEDSTRING,
        FieldType.ANYTYPE,
    }
)
NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.PERCENT, FieldType.CURRENCY})
COMPOUNDS = frozenset({FieldType.ADDRESS, FieldType.LOCATION})
_AUDIT = frozenset({"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "OwnerId"})
UNSTORED = COMPOUNDS | {FieldType.BASE64, FieldType.COMPLEXVALUE}


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One choice of a picklist; an inactive one is kept on old records and refused on writes to a restricted field."""

    value: str
    label: str
    active: bool = True
    default: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, with the facts of its describe entry that this org acts on."""

    name: str
    label: str
    type: FieldType
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default_value: str | float | bool | None = None
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    aggregatable: bool = True
    calculated: bool = False
    custom: bool = False
    name_field: bool = False
    restricted_picklist: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    polymorphic: bool = False
    compound_field: str | None = None
    extra_type_info: str | None = None
    auto_number: bool = False
    html: bool = False
    display_format: str | None = None
    """How an auto-number is written: `T-{0000}`."""
    child_relationship: str | None = None
    """What the parent of a custom lookup calls its children, `__r` included."""
    cascade_delete: bool = False
    restricted_delete: bool = False
    description: str | None = None
    help_text: str | None = None

    @property
    def stored(self) -> bool:
        """Tell whether the object's table has a column for this field."""
        return self.type not in UNSTORED

    @property
    def required(self) -> bool:
        """Tell whether a create without a value must be refused."""
        return self.createable and not self.nillable and not self.defaulted_on_create and self.type is not FieldType.BOOLEAN

    @property
    def sql_type(self) -> str:
        """Return the column's declaration: storage class, and how it compares."""
        if self.type in {FieldType.BOOLEAN, FieldType.INT}:
            return "INTEGER"
        if self.type in NUMBERS:
            return "REAL"
        if self.type in TEXTS and not (self.unique and self.case_sensitive):
            return "TEXT COLLATE NOCASE"
        return "TEXT"


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A lookup seen from the parent; `relationship_name` is None where a query cannot name the children."""

    child_object: str
    field: str
    relationship_name: str | None = None
    cascade_delete: bool = False
    restricted_delete: bool = False


@dataclass(frozen=True)
class ObjectType:
    """One object of the org; `fields` maps lower-case names and keeps the describe's order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: Mapping[str, Field]
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    retrieveable: bool = True
    replicateable: bool = True
    searchable: bool = True
    mergeable: bool = False
    undeletable: bool = True
    triggerable: bool = True
    layoutable: bool = True
    feed_enabled: bool = False
    named_children: tuple[ChildRelationship, ...] = ()

    def field(self, name: str) -> Field | None:
        """Return the field of that name whatever its case, or None."""
        return self.fields.get(name.lower())

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """Return the stored fields in order: exactly the columns of the object's table."""
        return tuple(each for each in self.fields.values() if each.stored)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(each.name for each in self.columns)

    @cached_property
    def references(self) -> Mapping[str, Field]:
        """Return the fields that hold ids of other records, by name."""
        return {each.name: each for each in self.columns if each.type is FieldType.REFERENCE}

    @cached_property
    def audited(self) -> frozenset[str]:
        """Return which of the fields that the org stamps this object has."""
        return frozenset(_AUDIT & {each.name for each in self.columns})

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Return the names of the fields a create must fill, in order."""
        return tuple(each.name for each in self.columns if each.required)

    @cached_property
    def unique(self) -> tuple[Field, ...]:
        """Return the fields whose values no two records may share."""
        return tuple(each for each in self.columns if each.unique)

    @cached_property
    def auto_numbers(self) -> tuple[Field, ...]:
        """Return the fields that number the records of this object."""
        return tuple(each for each in self.columns if each.auto_number and each.display_format is not None)

    @cached_property
    def defaults(self) -> Mapping[str, str | float | None]:
        """Return what a new record holds where nothing is given; a boolean is never null."""
        return {
            each.name: int(bool(each.default_value)) if each.type is FieldType.BOOLEAN else each.default_value
            for each in self.columns
            if each.type is FieldType.BOOLEAN or each.default_value is not None
        }

    @cached_property
    def insert_statement(self) -> str:
        """Return the INSERT that takes one value per column, in column order."""
        names = ", ".join(f'"{each.name}"' for each in self.columns)
        marks = ", ".join("?" for _ in self.columns)
        return f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})'  # noqa: S608  # names of the schema

    @cached_property
    def name_field(self) -> Field | None:
        """Return the field that names a record to people, or None for objects without one."""
        return next((each for each in self.fields.values() if each.name_field), None)


@dataclass(slots=True)
class Schema:
    """All objects of one org, or of one user's view of it."""

    _objects: dict[str, ObjectType] = field(default_factory=dict)
    version: int = 0
    _children: dict[str, tuple[ChildRelationship, ...]] = field(default_factory=dict)

    def object(self, name: str) -> ObjectType | None:
        """Return the object of that name whatever its case, or None."""
        return self._objects.get(name.lower())

    def objects(self) -> tuple[ObjectType, ...]:
        """Return every object, by name."""
        return tuple(self._objects[key] for key in sorted(self._objects))

    def object_of_prefix(self, prefix: str) -> ObjectType | None:
        """Return the object whose ids begin with these three characters, or None."""
        return next((each for each in self._objects.values() if each.key_prefix == prefix), None)

    def children(self, object_name: str) -> tuple[ChildRelationship, ...]:
        """Return every lookup of this schema that points at the object, named or not."""
        key = object_name.lower()
        if key not in self._children:
            self._children[key] = self._find_children(key)
        return self._children[key]

    def add_object(self, added: ObjectType) -> None:
        """Define an object, replacing one of the same name."""
        self._objects[added.name.lower()] = added
        self._changed()

    def add_field(self, object_name: str, added: Field) -> None:
        """Define a field on an existing object, replacing one of the same name."""
        owner = self._objects[object_name.lower()]
        self.add_object(replace(owner, fields={**owner.fields, added.name.lower(): added}))

    def remove_object(self, object_name: str) -> None:
        """Forget an object."""
        del self._objects[object_name.lower()]
        self._changed()

    def become(self, other: "Schema") -> None:
        """Take over the objects of another schema; what refers to this one sees them too."""
        self._objects = {each.name.lower(): each for each in other.objects()}
        self._changed()

    def remove_field(self, object_name: str, field_name: str) -> None:
        """Forget a field."""
        owner = self._objects[object_name.lower()]
        kept = {key: each for key, each in owner.fields.items() if key != field_name.lower()}
        self.add_object(replace(owner, fields=kept))

    def without(self, hidden: Iterable[str]) -> "Schema":
        """Return a view in which fields given as `Object.Field` do not exist."""
        view = Schema(dict(self._objects))
        for path in hidden:
            object_name, _, field_name = path.partition(".")
            if view.object(object_name) is not None:
                view.remove_field(object_name, field_name)
        return view

    def _changed(self) -> None:
        self.version += 1
        self._children.clear()

    def _find_children(self, parent_key: str) -> tuple[ChildRelationship, ...]:
        parent = self._objects.get(parent_key)
        if parent is None:
            return ()
        named = {(each.child_object.lower(), each.field.lower()): each for each in parent.named_children}
        found = []
        for child in self.objects():
            for each in child.fields.values():
                if each.type is FieldType.REFERENCE and parent.name in each.reference_to:
                    plain = ChildRelationship(child.name, each.name, each.child_relationship, each.cascade_delete, each.restricted_delete)
                    found.append(named.get((child.name.lower(), each.name.lower()), plain))
        return tuple(found)
