"""A thousand people whom a webinar brings to an org that knows some of them: who is there before, what arrives in which order, what fails.

The same seed gives the same script. Crosswalk and its peers are run on it, and `checker` tells what the org should look like afterwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Any

from bench import webhooks
from bench.webhooks import ATTENDED, NOT_ATTENDED, REGISTERED, WATCHED

from crosswalk.presets import loader

STATUSES = {REGISTERED: "Registered", NOT_ATTENDED: "Did not attend", ATTENDED: "Attended"}
LADDER = ("Sent", "Registered", "Did not attend", "Attended")
REPLAY = "Watched replay"
SESSION_AT = int(datetime(2026, 3, 4, 9, tzinfo=UTC).timestamp())
_DAY = 86_400
_TITLES = ("Head of Operations", "Marketing Manager", "Data Analyst", "Founder")
_CITIES = ("Lyon", "Porto", "Graz", "Turku")

Row = dict[str, Any]


class Kind(StrEnum):
    """What the org knows of a person before anything happens, with the share of people."""

    NEW = "new"  # 60 %
    LEAD = "lead"  # 25 %
    CONTACT = "contact"  # 10 %
    CONVERTED = "converted"  # 5 %


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook about a person."""

    kind: str
    at: int
    phone: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person: what the org holds of them, what the form holds, and what happens."""

    number: int
    kind: Kind
    doubled: bool
    answers: dict[str, str]
    seeded: Row
    told: tuple[Told, ...]

    @property
    def email(self) -> str:
        """The address on the form, and in the org but for converted people."""
        return f"person.{self.number}@northwind.example"

    def body(self, told: Told) -> bytes:
        """Return the webhook as it is posted; people do not mind capitals in their address."""
        email = self.email.upper() if (self.number + told.at) % 7 == 0 else self.email
        answers = self.answers | ({"phone": told.phone} if told.phone else {})
        return webhooks.webhook(told.kind, f"livestorm-{self.number}", told.at, email, answers)


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that happens."""

    people: Sequence[Person]
    arrivals: Sequence[tuple[Person, Told]]

    def bodies(self) -> Iterator[bytes]:
        """Return what is posted, in the order of arrival."""
        return (person.body(told) for person, told in self.arrivals)


def script(seed: int, people: int = 1_000, first: int = 0) -> Script:
    """Return the script: three events each out of order, 5 % of them delivered a second time; people are numbered from `first` on."""
    random = Random(seed)
    cast = [_person(random, first + place, place / people) for place in range(people)]
    arrivals = [(person, told) for person in cast for told in person.told]
    again = random.sample(arrivals, len(arrivals) // 20)
    random.shuffle(arrivals)
    for each in again:
        arrivals.insert(random.randrange(arrivals.index(each) + 1, len(arrivals) + 1), each)
    return Script(cast, arrivals)


def _person(random: Random, number: int, share: float) -> Person:
    kind = Kind.NEW if share < 0.6 else Kind.LEAD if share < 0.85 else Kind.CONTACT if share < 0.95 else Kind.CONVERTED
    answers = {"first_name": "Ann", "last_name": f"Berg {number}", "job_title": random.choice(_TITLES), "country": "Norway"}
    answers |= {"company": "Northwind"} if random.random() < 0.9 else {}
    answers |= {"city": random.choice(_CITIES)} if random.random() < 0.5 else {}
    return Person(number, kind, 0.6 <= share < 0.62, answers, _seeded(random, number, kind), _told(random, number))


def _seeded(random: Random, number: int, kind: Kind) -> Row:
    """Return what stands in the org: some fields filled otherwise than on the form, some empty."""
    if kind is Kind.NEW:
        return {}
    row: Row = {"FirstName": "Anne", "LastName": f"Berg-Known {number}"}
    row |= {"Title": "Director"} if random.random() < 0.5 else {}
    row |= {"Phone": f"+47 22 {number:04d}"} if random.random() < 0.5 else {}
    town = "City" if kind is Kind.LEAD else "MailingCity"
    row |= {town: "Oslo"} if random.random() < 0.5 else {}
    return row | ({"Company": "Known Ltd"} if kind is Kind.LEAD else {})


def _told(random: Random, number: int) -> tuple[Told, ...]:
    after = SESSION_AT + 3_600
    times = (SESSION_AT - random.randrange(_DAY, 9 * _DAY), after + random.randrange(600), after + random.randrange(_DAY, 2 * _DAY))
    kinds = (REGISTERED, ATTENDED if random.random() < 0.62 else NOT_ATTENDED, WATCHED)
    phones = [f"+47 33 {number:04d} {place}" if random.random() < 0.7 else None for place in range(3)]
    return tuple(Told(kind, at, phone) for kind, at, phone in zip(kinds, times, phones, strict=True))


def mapping() -> Row:
    """Return the webinar preset with one difference: the phone follows the form, so that the order of events matters."""
    document: Row = dict(loader.load("livestorm").document)
    for step in document["steps"]:
        for row in step["rows"]:
            if row["field"] == "Phone":
                row["update"] = "overwrite"
    return document


def records(script: Script) -> dict[str, list[Row]]:
    """Return the records to put into the org beforehand, by object, in the order in which they were made; people by `number`.

    A converted lead is put in by converting it: `converted` holds the leads.
    """
    found: dict[str, list[Row]] = {"Lead": [], "Contact": []}
    for person in script.people:
        if person.kind is Kind.LEAD:
            dates = ("2025-02-01", "2025-06-01") if person.doubled else ("2025-02-01",)
            found["Lead"] += [{**person.seeded, "Email": person.email, "CreatedDate": f"{day}T09:00:00.000Z"} for day in dates]
        elif person.kind is Kind.CONTACT:
            found["Contact"].append({**person.seeded, "Email": person.email})
        elif person.kind is Kind.CONVERTED:
            found["Contact"].append({**person.seeded, "Email": f"moved.{person.number}@new-desk.example"})
    return found


def converted(script: Script, contacts: Sequence[str]) -> list[Row]:
    """Return the converted leads, given the ids of the contacts in the order of `records`."""
    people = [person for person in script.people if person.kind in (Kind.CONTACT, Kind.CONVERTED)]
    return [
        {
            "LastName": f"Berg-Known {person.number}",
            "Company": "Known Ltd",
            "Email": person.email,
            "IsConverted": True,
            "Status": "Closed - Converted",
            "ConvertedContactId": contact,
        }
        for person, contact in zip(people, contacts, strict=True)
        if person.kind is Kind.CONVERTED
    ]


def faults(seed: int) -> list[Row]:
    """Return what goes wrong: 2 % of writes (one at least) time out after their commit, 1 % of rows are locked, one 503, an old session."""
    written = [
        {"match": {"method": method, "resource": "collections|composite|sobject", "probability": 0.02, "seed": seed + place}}
        for place, method in enumerate(("POST", "PATCH"))
    ]
    once = {"match": {"method": "POST", "resource": "collections|sobject", "nth": 3}}
    return [
        *({**rule, "do": "drop_after_commit"} for rule in (once, *written)),
        {"match": {"nth": 9}, "do": "status", "status": 503},
        {"match": {"nth": 14}, "do": "expire_session"},
        {"match": {"probability": 0.01, "seed": seed + 9}, "do": "lock_row"},
    ]
