"""Rows the editor proposes: pairs everybody maps first, then equal names, then near ones; never a pair whose types do not fit.

A proposal is no more than a ghost row until an admin accepts it, so a near name may be wrong but must be worth reading.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
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
_MOST_COMPARED = 30_000  # pairs of names; beyond, only equal names are proposed


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
    index = _Index.of([field for field in free if field.type != "reference"], len(offered))
    found: dict[str, tuple[int, Suggestion]] = {}
    for attribute in offered:
        for rank, field, why in index.pairs(attribute):
            known = found.get(field.name)
            if known is None or rank < known[0]:
                found[field.name] = (rank, Suggestion(field.name, field.label, attribute.key, attribute.label, why))
    ranked = sorted(found.values(), key=lambda pair: (pair[0], pair[1].field_label.casefold()))
    return _each_attribute_once([one for _, one in ranked])[:_MOST]


@dataclass(frozen=True, slots=True)
class _Index:
    """The free fields by how they are spelled; `near` holds those that are compared letter by letter, none where that would take long."""

    by_name: Mapping[str, Field]
    by_letters: Mapping[str, Sequence[Field]]
    near: Sequence[tuple[str, Field]]

    @classmethod
    def of(cls, fields: Sequence[Field], attributes: int) -> "_Index":
        """Index the fields of an object for that many attributes."""
        by_letters: dict[str, list[Field]] = {}
        for field in fields:
            for spelled in {_letters(field.label), _letters(field.name.removesuffix("__c"))}:
                by_letters.setdefault(spelled, []).append(field)
        near = [(spelled, field) for spelled, found in by_letters.items() for field in found if field.custom]
        few = len(near) * attributes <= _MOST_COMPARED
        return cls({field.name.lower(): field for field in fields}, by_letters, near if few else ())

    def pairs(self, attribute: Attribute) -> Iterator[tuple[int, Field, str]]:
        """Yield the fields an attribute may belong to, each with how sure that is; lower is surer."""
        names = {_letters(attribute.key), _letters(attribute.label)}
        for rank, field, why in self._alike(names):
            if verdict(attribute.type, field.type).fit is not Fit.CANNOT:
                yield rank, field, why

    def _alike(self, names: set[str]) -> Iterator[tuple[int, Field, str]]:
        for word in names:
            for rank, name in enumerate(KNOWN.get(word, ())):
                field = self.by_name.get(name.lower())
                if field is not None:
                    yield rank, field, "Mapped by nearly everybody"
            for field in self.by_letters.get(word, ()):
                yield _SAME, field, "Same name"
        for spelled, field in self.near:
            if any(_alike(name, spelled) for name in names):
                yield _SIMILAR, field, "Similar name"


def _alike(one: str, other: str) -> bool:
    """Compare names; the cheap bound first, because an org has hundreds of fields."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR


@lru_cache(maxsize=20_000)  # names of fields and attributes come again with every edit
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
