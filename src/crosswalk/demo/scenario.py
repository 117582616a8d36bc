"""The demo as data: who plays which part, and every request that will be sent.

The same random numbers and the same moment give the same scenario, byte for byte; that is what lets it be played twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from crosswalk.demo import identifies, people, webinar
from crosswalk.demo.identifies import Posted
from crosswalk.demo.people import Person
from crosswalk.demo.webinar import Webhook, Webinar

_SINCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Known:
    """The people who are in the org before anything happens."""

    contacts: Sequence[Person]
    converted: Sequence[Person]
    leads: Sequence[Person]
    doubled: Sequence[Person]  # as two leads each
    bystanders: Sequence[Person]  # nothing will happen to them


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything the demo needs to know before it starts."""

    told: Webinar
    known: Known
    webhooks: Sequence[Webhook]
    redelivered: Sequence[Webhook]
    posted: Sequence[Posted]


def scenario(random: Random, now: datetime, registrations: int = 500, calls: int = 500) -> Scenario:
    """Return a webinar of yesterday with so many registrations, and so many identify calls made since."""
    started_at = (now - _SINCE).replace(second=0, microsecond=0)
    twice, overlap, promoted, nameless = registrations // 50, calls // 16, calls // 50, calls // 100
    guests = people.crowd(random, registrations - twice + calls - overlap - promoted - nameless + 6)
    registrants, others, bystanders = _parts(guests, registrations - twice, calls - overlap - promoted - nameless)
    told = webinar.webinar(random, started_at)
    registered = webinar.registrations(random, registrants, registrants[8 : 8 + twice], told)
    bodies = webinar.webhooks(registered, told)
    identified = [*others, *registrants[len(registrants) - overlap :]]
    made = identifies.calls(random, identified, others[20 : 20 + promoted], nameless, started_at)
    return Scenario(
        told=told,
        known=_known(registrants, others, bystanders),
        webhooks=bodies,
        redelivered=webinar.redelivered(random, bodies),
        posted=identifies.requests(random, made),
    )


def _parts(guests: Sequence[Person], first: int, second: int) -> tuple[Sequence[Person], Sequence[Person], Sequence[Person]]:
    return guests[:first], guests[first : first + second], guests[first + second :]


def _known(registrants: Sequence[Person], others: Sequence[Person], bystanders: Sequence[Person]) -> Known:
    return Known(
        contacts=[*registrants[:14], *others[:5]],
        converted=registrants[14:17],
        leads=[*registrants[17:33], *others[5:12]],
        doubled=registrants[33:36],
        bystanders=bystanders,
    )
