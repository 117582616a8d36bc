"""What a preset needs in the org, as its file declares it; read strictly, so that a misspelt word is found at once.

Names and labels over Salesforce's forty characters are refused here, before any org sees them (G-05).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from crosswalk.errors import ConfigurationError

LONGEST = 40
_SUFFIX = "__c"
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")

FieldKind = Literal[
    "Text",
    "TextArea",
    "LongTextArea",
    "Email",
    "Phone",
    "Url",
    "Number",
    "Currency",
    "Percent",
    "Checkbox",
    "Date",
    "DateTime",
    "Picklist",
    "MultiselectPicklist",
    "Lookup",
    "MasterDetail",
]
NUMBERS = frozenset({"Number", "Currency", "Percent"})
LONG = frozenset({"LongTextArea"})
PICKLISTS = frozenset({"Picklist", "MultiselectPicklist"})
REFERENCES = frozenset({"Lookup", "MasterDetail"})
_KEYS = frozenset({"Text", "Number", "Email"})


def _custom_name(name: str) -> str:
    plain = name.removesuffix(_SUFFIX)
    if plain == name or _NAME.fullmatch(plain) is None or len(plain) > LONGEST:
        raise ValueError(f"{name} is no custom name: letters, digits and single underscores, at most {LONGEST} characters, then {_SUFFIX}")
    return name


def _plain_name(name: str) -> str:
    if _NAME.fullmatch(name) is None or len(name) > LONGEST:
        raise ValueError(f"{name} is no name: letters, digits and single underscores, at most {LONGEST} characters")
    return name


CustomName = Annotated[str, AfterValidator(_custom_name)]
PlainName = Annotated[str, AfterValidator(_plain_name)]
Label = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldNeed(_Strict):
    """A custom field; `required: ask` leaves it to the admin, and stands for "not required" until one has decided."""

    object: str
    field: CustomName
    label: Label
    type: FieldKind
    why: str
    help: str | None = None
    length: int | None = None
    longest: int | None = None
    precision: int | None = None
    scale: int | None = None
    visible_lines: int = 5
    required: bool | Literal["ask"] = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = True
    default: str | bool | None = None
    references: str | None = None
    relationship: PlainName | None = None
    relationship_label: Label | None = None
    on_delete: Literal["SetNull", "Restrict", "Cascade"] = "SetNull"

    @property
    def path(self) -> str:
        """The full name, `Object.Field__c`."""
        return f"{self.object}.{self.field}"

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        lacking = [
            text
            for text, wrong in (
                ("length", self.type in {"Text", *LONG} and self.length is None),
                ("precision and scale", self.type in NUMBERS and (self.precision is None or self.scale is None)),
                ("values", self.type in PICKLISTS and not self.values),
                ("references and relationship", self.type in REFERENCES and not (self.references and self.relationship)),
            )
            if wrong
        ]
        if lacking:
            raise ValueError(f"{self.path}: a field of type {self.type} needs {', '.join(lacking)}")
        if (self.unique or self.external_id) and self.type not in _KEYS:
            raise ValueError(f"{self.path}: a field of type {self.type} can be neither unique nor an External ID")
        return self


class NameField(_Strict):
    """What records of an object are called; `format` numbers them, as in `T-{000000}`."""

    label: Label
    type: Literal["Text", "AutoNumber"] = "Text"
    format: str | None = None


class ObjectNeed(_Strict):
    """A custom object with its fields; `also` are names under which an org may have it, `tab` is a motif: `Custom57: Building Block`."""

    name: CustomName
    also: tuple[CustomName, ...] = ()
    label: Label
    plural: Label
    why: str
    name_field: NameField
    sharing: Literal["ReadWrite", "Read", "Private", "ControlledByParent"] = "ReadWrite"
    activities: bool = False
    rights: tuple[Literal["read", "create", "edit", "delete"], ...] = ("read", "create", "edit")
    tab: str | None = None
    lookups_on_request: bool = False
    only_added_fields: bool = False
    fields: tuple[FieldNeed, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _own_fields(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("fields"), list):
            return {**given, "fields": [{"object": given.get("name"), **each} for each in given["fields"]]}
        return given


class ValuesNeed(_Strict):
    """Values that a picklist of Salesforce's own must offer; `value_set` is Metadata's name of its list, such as `LeadSource`."""

    object: str
    field: str
    value_set: str
    values: tuple[str, ...] = Field(min_length=1)
    why: str


class ReportTypeNeed(_Strict):
    """A report type over an object and the objects it looks up; `related` names their fields, as in `Lead__c.Company`."""

    name: PlainName
    label: Annotated[str, Field(max_length=50)]
    object: str
    why: str
    category: str = "other"
    related: tuple[str, ...] = ()


class Needs(_Strict):
    """Everything a preset needs in the org."""

    objects: tuple[ObjectNeed, ...] = ()
    fields: tuple[FieldNeed, ...] = ()
    values: tuple[ValuesNeed, ...] = ()
    report_types: tuple[ReportTypeNeed, ...] = ()

    def every_field(self) -> Iterator[FieldNeed]:
        """Give the fields of standard objects, then those of the preset's own."""
        yield from self.fields
        for each in self.objects:
            yield from each.fields


def parse(name: str, given: Any) -> Needs:
    """Return what the preset declares; a mistake in its file is an error that names the place."""
    try:
        return Needs.model_validate(given or {})
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The preset {name!r} declares its needs wrongly: {found}.") from error
