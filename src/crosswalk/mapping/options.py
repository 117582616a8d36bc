"""What the pickers of the editor list: fields of an object, attributes of a source, and which goes into which.

The verdicts come as one small table of source type by field type, so that a page with 5,000 attributes and 800 fields asks once: the same
table refuses a save (`types.verdict`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crosswalk.mapping import faces
from crosswalk.mapping.types import Verdict, verdict
from crosswalk.model import Attribute, Field, ObjectType, SourceType


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One field as the right picker shows it. `refusal` says why it cannot be written at all."""

    name: str
    label: str
    type: str
    words: str
    required: bool
    custom: bool
    length: int
    picklist: tuple[str, ...]
    reference_to: tuple[str, ...]
    filterable: bool
    refusal: str = ""
    also: str = ""  # how Salesforce's own pages call it


@dataclass(frozen=True, slots=True)
class Unexposed:
    """A field that pages of Salesforce show and its API has not, and what to do instead."""

    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AttributeOption:
    """One attribute as the left picker shows it."""

    key: str
    label: str
    type: SourceType
    words: str
    path: str
    group: str
    varies: bool


Verdicts = Mapping[str, Mapping[str, Verdict]]

_ID = " ID"
_CAMPAIGN = Unexposed(
    "Campaign",
    "Salesforce shows it where a person is made by hand and keeps it from other programs. A Campaign Member step adds people to campaigns.",
)
_UNEXPOSED: Mapping[str, tuple[Unexposed, ...]] = {"lead": (_CAMPAIGN,), "contact": (_CAMPAIGN,)}
_READ_ONLY = "Salesforce fills this field itself, or the connection's user may not edit it."


def field_options(target: ObjectType) -> list[FieldOption]:
    """Return every field, required ones first, then by label; what cannot be written says why."""
    fields = sorted(target.fields.values(), key=lambda field: (not field.required, field.label.casefold(), field.name))
    return [_field_option(field) for field in fields]


def unexposed(target: ObjectType) -> tuple[Unexposed, ...]:
    """Return what one may look for in an object and never finds, because Salesforce does not expose it (LP-109)."""
    return _UNEXPOSED.get(target.name.lower(), ())


def _also(field: Field) -> str:
    """Return the name a lookup has on Salesforce's pages: the API calls Account Name of a case "Account ID"."""
    return f"{field.label.removesuffix(_ID)} Name" if field.type == "reference" and field.label.endswith(_ID) else ""


def _field_option(field: Field) -> FieldOption:
    writable = field.createable or field.updateable
    return FieldOption(
        name=field.name,
        label=field.label,
        type=field.type,
        words=faces.field_words(field),
        required=field.required,
        custom=field.custom,
        length=field.length,
        picklist=field.picklist,
        reference_to=field.reference_to,
        filterable=field.filterable,
        refusal="" if writable else _READ_ONLY,
        also=_also(field),
    )


def attribute_options(catalogue: Iterable[Attribute]) -> list[AttributeOption]:
    """Return the attributes in the catalogue's order."""
    return [
        AttributeOption(
            attribute.key,
            attribute.label,
            attribute.type,
            faces.ATTRIBUTE_WORDS[attribute.type],
            attribute.paths[0],
            attribute.group or "Other",
            attribute.varies,
        )
        for attribute in catalogue
    ]


def verdicts(attributes: Sequence[AttributeOption], fields: Sequence[FieldOption]) -> Verdicts:
    """Return the part of the type table that these attributes and fields need."""
    sources = sorted({attribute.type for attribute in attributes} | {SourceType.TEXT})
    targets = sorted({field.type for field in fields})
    return {source.value: {target: verdict(source, target) for target in targets} for source in sources}
