"""The demo as data: who plays which part, every request that will be sent, and what the systems hold that will be asked.

The same random numbers and the same moment give the same scenario, byte for byte; that is what lets it be played twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from crosswalk.demo import chats, conversations, identifies, people, summit, webinar
from crosswalk.demo.chats import Chat
from crosswalk.demo.conversations import Conversations
from crosswalk.demo.identifies import Posted
from crosswalk.demo.people import Person
from crosswalk.demo.summit import Summit
from crosswalk.demo.webinar import Webhook, Webinar

_SINCE = timedelta(hours=24)
_EVERY = 4  # so that contacts, leads and people who were unknown before are among those met again


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are."""

    registrations: int = 500
    calls: int = 500
    chats: int = 60
    attendees: int = 80
    conversations: int = 60


FULL = Size()


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
    chats: Sequence[Chat]
    summit: Summit
    conversations: Conversations


def scenario(random: Random, now: datetime, size: Size = FULL) -> Scenario:
    """Return a webinar of yesterday, and what else happened since: calls of an app, chats, an event, conversations."""
    started_at = (now - _SINCE).replace(second=0, microsecond=0)
    registrations, calls = size.registrations, size.calls
    twice, overlap, promoted, nameless = registrations // 50, calls // 16, calls // 50, calls // 100
    talking = (size.chats, size.attendees, size.conversations)
    strangers = sum(number - _met(number, range(registrations - twice)) for number in talking)
    guests = people.crowd(random, registrations - twice + calls - overlap - promoted - nameless + 6 + strangers)
    newcomers = iter(guests[len(guests) - strangers :])
    registrants, others, bystanders = _parts(
        guests[: len(guests) - strangers], registrations - twice, calls - overlap - promoted - nameless
    )
    told = webinar.webinar(random, started_at)
    registered = webinar.registrations(random, registrants, registrants[8 : 8 + twice], told)
    bodies = webinar.webhooks(registered, told)
    identified = [*others, *registrants[len(registrants) - overlap :]]
    made = identifies.calls(random, identified, others[20 : 20 + promoted], nameless, started_at)
    redelivered, posted = webinar.redelivered(random, bodies), identifies.requests(random, made)
    visitors, attendees, talkers = (
        [*registrants[::_EVERY][: _met(number, registrants)], *islice(newcomers, number - _met(number, registrants))] for number in talking
    )
    return Scenario(
        told=told,
        known=_known(registrants, others, bystanders),
        webhooks=bodies,
        redelivered=redelivered,
        posted=posted,
        chats=chats.chats(random, visitors, told.ended_at),
        summit=summit.summit(random, attendees, told.ended_at),
        conversations=conversations.conversations(random, talkers, told.ended_at),
    )


def _met(number: int, registrants: Sequence[object]) -> int:
    """Return how many of those who chat, attend or talk were at the webinar, too: half of them, the same ones everywhere."""
    return min(number // 2, len(registrants[::_EVERY]))


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
