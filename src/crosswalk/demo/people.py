"""The demo's cast: made-up people at made-up firms, the same ones for the same random numbers.

Every person has an address of their own, because in this demo an address is what makes two records one person.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from crosswalk.demo.places import PLACES, Company, Place

_TITLES = (
    "Head of Operations",
    "Marketing Manager",
    "Sales Director",
    "Product Owner",
    "Customer Success Lead",
    "Data Analyst",
    "Chief Technology Officer",
    "Office Manager",
    "Procurement Specialist",
    "HR Business Partner",
    "Founder",
    "Finance Controller",
)
_PRIVATE_DOMAIN = "postbox.example"
_UNDECOMPOSED = {"ø": "o", "ß": "ss"}  # letters that have no accent to drop


@dataclass(frozen=True, slots=True)
class Person:
    """One person as they are; what they type into a form is another matter."""

    first_name: str
    last_name: str
    email: str
    title: str
    city: str
    phone: str | None
    company: Company
    place: Place

    @property
    def name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}"


def crowd(random: Random, size: int) -> list[Person]:
    """Return that many different people in no order; ValueError when there are not so many names."""
    everyone = list(_everyone())
    if size > len(everyone):
        raise ValueError(f"the demo has names for {len(everyone)} people")
    return [_person(random, *chosen) for chosen in random.sample(everyone, size)]


def _everyone() -> Iterator[tuple[Place, str, str]]:
    for place in PLACES:
        for first in place.first_names:
            for last in place.last_names:
                yield place, first, last


def _person(random: Random, place: Place, first_name: str, last_name: str) -> Person:
    company = random.choice(place.companies)
    local = f"{_ascii(first_name)}.{_ascii(last_name)}"
    domain = _PRIVATE_DOMAIN if random.random() < 0.06 else company.domain  # noqa: PLR2004  # a few use their own address
    return Person(
        first_name=first_name,
        last_name=last_name,
        email=f"{local}@{domain}",
        title=random.choice(_TITLES),
        city=random.choice(place.cities),
        phone=_phone(random, place.phone),
        company=company,
        place=place,
    )


def _phone(random: Random, pattern: str | None) -> str | None:
    if pattern is None:
        return None
    return "".join(str(random.randrange(10)) if sign == "#" else sign for sign in pattern)


def _ascii(name: str) -> str:
    """Return a name as it stands in an address: lower case, no accents, no apostrophe."""
    folded = "".join(_UNDECOMPOSED.get(letter, letter) for letter in name.lower())
    return "".join(letter for letter in unicodedata.normalize("NFKD", folded) if letter.isascii() and letter.isalpha())
