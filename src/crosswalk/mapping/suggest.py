"""Rows the editor proposes: pairs everybody maps first, then equal names, then near ones; never a pair whose types do not fit.

A proposal is no more than a ghost row until an admin accepts it, so a near name may be wrong but must be worth reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from crosswalk.mapping.types import Fit, verdict
from crosswalk.model import Attribute, Field, ObjectType

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "firstname": ("FirstName",),
    "lastname": ("LastName",),
    "email": ("Email",),
    "phone": ("Phone", "MobilePhone"),
    "company": ("Company",),
    "jobtitle": ("Title",),
    "title": ("Title",),
    "city": ("City", "MailingCity"),
    "country": ("Country", "MailingCountry"),
    "state": ("State", "MailingState"),
    "postalcode": ("PostalCode", "MailingPostalCode"),
    "street": ("Street", "MailingStreet"),
    "website": ("Website",),
    "industry": ("Industry",),
    "employees": ("NumberOfEmployees",),
    "description": ("Description",),
    "subject": ("Subject",),
}
_NEAR = 0.82
_SAME, _SIMILAR = 10, 20  # behind every known pair
_MOST = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One proposed row, and why it is proposed."""

    field: str
    field_label: str
    attribute: str
    attribute_label: str
    why: str


def suggestions(
    target: ObjectType, catalogue: Sequence[Attribute], used_fields: Iterable[str], used_attributes: Iterable[str], *, is_person: bool
) -> list[Suggestion]:
    """Return proposals for fields that no row fills yet, the surest first. What differs by session is not proposed for a person."""
    taken = {name.lower() for name in used_fields}
    read = set(used_attributes)
    offered = [one for one in catalogue if one.key not in read and not (is_person and one.varies)]
    free = [field for name, field in target.fields.items() if name not in taken and (field.createable or field.updateable)]
    found: dict[str, tuple[int, Suggestion]] = {}
    for attribute in offered:
        for rank, field, why in _pairs(attribute, free):
            known = found.get(field.name)
            if known is None or rank < known[0]:
                found[field.name] = (rank, Suggestion(field.name, field.label, attribute.key, attribute.label, why))
    ranked = sorted(found.values(), key=lambda pair: (pair[0], pair[1].field_label.casefold()))
    return _each_attribute_once([one for _, one in ranked])[:_MOST]


def _pairs(attribute: Attribute, fields: Sequence[Field]) -> Iterable[tuple[int, Field, str]]:
    names = {_letters(attribute.key), _letters(attribute.label)}
    known = {name.lower(): rank for word in names for rank, name in enumerate(KNOWN.get(word, ()))}
    for field in fields:
        if verdict(attribute.type, field.type).fit is Fit.CANNOT or field.type == "reference":
            continue
        spelled = {_letters(field.label), _letters(field.name.removesuffix("__c"))}
        if field.name.lower() in known:
            yield known[field.name.lower()], field, "Mapped by nearly everybody"
        elif names & spelled:
            yield _SAME, field, "Same name"
        elif field.custom and any(_alike(one, other) for one in names for other in spelled):
            yield _SIMILAR, field, "Similar name"


def _alike(one: str, other: str) -> bool:
    """Compare names; the cheap bound first, because an org has hundreds of fields."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _each_attribute_once(found: Iterable[Suggestion]) -> list[Suggestion]:
    seen: set[str] = set()
    kept = []
    for one in found:
        if one.attribute not in seen:
            kept.append(one)
        seen.add(one.attribute)
    return kept
