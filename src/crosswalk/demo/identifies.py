"""Identify calls as four clients post them to a data plane: traits in the root, in the context or in both, one call or many a request.

Most ask for Salesforce; some say nothing of it, some say no, and a few name nobody. Those are skipped, each with its reason.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crosswalk.demo.people import Person

Call = dict[str, Any]

_PLANS = ("free", "trial", "team", "enterprise")
_ASKS = 0.9
_REFUSES = 0.5
_BATCH = 60
_ONE_ALONE_IN = 12


@dataclass(frozen=True, slots=True)
class Posted:
    """One request to the data plane."""

    path: str
    body: dict[str, Any]
    zipped: bool

    @property
    def calls(self) -> int:
        """Return how many calls it carries."""
        return len(self.body.get("batch", (self.body,)))


def calls(random: Random, people: Sequence[Person], again: Sequence[Person], nameless: int, since: datetime) -> list[Call]:
    """Return one call about everybody, a later one about those in `again`, and some of visitors nobody knows, in the order they came."""
    made = [_identify(random, person, _soon(random, since)) for person in people]
    made += [_promoted(random, person, _soon(random, since + timedelta(hours=12))) for person in again]
    made += [_nameless(random, _soon(random, since)) for _ in range(nameless)]
    return sorted(made, key=_claimed)


def _claimed(call: Call) -> str:
    return str(call.get("timestamp") or call["originalTimestamp"])


def requests(random: Random, told: Sequence[Call]) -> list[Posted]:
    """Return the calls as requests: some alone, most in batches, half of the batches compressed."""
    first = len(told) // _ONE_ALONE_IN
    alone = [Posted("/v1/identify", call, zipped=False) for call in told[:first]]
    rest = told[first:]
    batches = [
        Posted("/v1/batch", {"batch": list(rest[start : start + _BATCH])}, zipped=random.random() < _REFUSES)
        for start in range(0, len(rest), _BATCH)
    ]
    return alone + batches


def _identify(random: Random, person: Person, at: datetime) -> Call:
    traits = _traits(random, person)
    call = random.choice((_python_client, _node_client, _hand_written))(random, traits, at)
    return {**call, "userId": f"u-{random.getrandbits(40):010x}", "integrations": _integrations(random)}


def _promoted(random: Random, person: Person, at: datetime) -> Call:
    """Return a call that says what has changed, in other letters: it must find the same person.

    The Node client states no time of its own, so the call counts as made when it is sent: after everything else.
    """
    traits = {"email": person.email.title(), "title": f"Senior {person.title}", "plan": "enterprise"}
    call = _node_client(random, traits, at)
    return {**call, "userId": f"u-{random.getrandbits(40):010x}", "integrations": {"Salesforce": True}}


def _nameless(random: Random, at: datetime) -> Call:
    call = _hand_written(random, {"plan": "free"}, at)
    return {**call, "anonymousId": f"anon-{random.getrandbits(32):08x}", "integrations": {"Salesforce": True}}


def _traits(random: Random, person: Person) -> dict[str, Any]:
    company = person.company
    traits: dict[str, Any] = {"email": person.email, "title": person.title, "plan": random.choice(_PLANS)}
    whole = random.random()
    if whole < 0.5:  # noqa: PLR2004  # half the sites keep one name, half keep two
        traits["name"] = person.name
        traits["company"] = {"name": company.name, "industry": company.industry, "employee_count": company.employees}
        traits["address"] = {"city": person.city, "country": person.place.country}
    else:
        traits |= {"firstName": person.first_name, "lastName": person.last_name, "company": company.name}
        traits |= {"city": person.city, "country": person.place.country}
    if person.phone:
        traits["phone"] = person.phone
    if random.random() < 0.3:  # noqa: PLR2004  # a trait without a field in the org: noted, not sent
        traits["favouriteRoute"] = random.choice(("coast", "city", "night"))
    return traits


def _python_client(random: Random, traits: dict[str, Any], at: datetime) -> Call:
    context = {"traits": traits, "library": {"name": "analytics-python", "version": "2.1.9"}}
    return {
        "anonymousId": None,
        "timestamp": at.isoformat(timespec="microseconds"),
        "context": context,
        "type": "identify",
        "messageId": _uuid(random),
        "channel": "server",
    }


def _node_client(random: Random, traits: dict[str, Any], at: datetime) -> Call:
    return {
        "traits": traits,
        "context": {"traits": traits, "library": {"name": "analytics-node", "version": "3.0.13"}},
        "type": "identify",
        "channel": "server",
        "_metadata": {"nodeVersion": "20.20.2"},
        "originalTimestamp": _zulu(at),
        "messageId": _uuid(random),
        "sentAt": _zulu(at + timedelta(milliseconds=500)),
    }


def _hand_written(random: Random, traits: dict[str, Any], at: datetime) -> Call:
    return {"type": "identify", "messageId": _uuid(random), "traits": traits, "timestamp": _zulu(at)}


def _integrations(random: Random) -> dict[str, Any]:
    if random.random() < _ASKS:
        return random.choice(({"Salesforce": True}, {"All": False, "Salesforce": True}))
    return {"All": True, "Salesforce": False} if random.random() < _REFUSES else {"All": True}


def _soon(random: Random, since: datetime) -> datetime:
    return since + timedelta(milliseconds=random.randrange(10 * 3_600_000))


def _zulu(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
