"""Conversations as LivePerson's two histories hold them: half of them chats, half by messaging, all ended."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crosswalk.demo.people import Person

Record = dict[str, Any]

ACCOUNT = "87412093"
SKILLS = ({"id": 301770110, "name": "Orders"}, {"id": 301770112, "name": "Returns"})
_FIRST_CHAT = 4_294_970_000
_SPELL_SECONDS = 20 * 3_600
_AGENT = {"name": "Priya Nair", "login": "priya.nair@harbor-supply.example"}
_TALK = (
    ("Where is my order?", "It left our store this morning."),
    ("I would like to send something back.", "Here is a label for the parcel."),
    ("Can I change the address of a delivery?", "Until it is packed, yes. I have changed it."),
)


@dataclass(frozen=True, slots=True)
class Conversations:
    """What the account holds."""

    chats: Sequence[Record]
    messaging: Sequence[Record]


def conversations(random: Random, visitors: Sequence[Person], since: datetime) -> Conversations:
    """Return one conversation of every visitor, in the hours after that moment."""
    begins = [since + timedelta(seconds=random.randrange(_SPELL_SECONDS)) for _ in visitors]
    held = list(zip(visitors, begins, strict=True))
    chats = [_chat(random, number, *one) for number, one in enumerate(held[::2])]
    return Conversations(chats, [_messaging(random, *one) for one in held[1::2]])


def _chat(random: Random, number: int, person: Person, began: datetime) -> Record:
    skill, asked_and_answered = random.choice(SKILLS), random.choice(_TALK)
    ended = began + timedelta(minutes=random.randrange(2, 15))
    answers = {"Name": person.name, "Email": person.email}
    speakers = ((person.first_name, "visitor"), (_AGENT["name"], "agent"))
    return {
        "info": {
            **_times("startTime", began),
            **_times("endTime", ended),
            "engagementId": f"{ACCOUNT}{_FIRST_CHAT + number}",
            "accountId": ACCOUNT,
            "visitorId": f"visitor-{random.getrandbits(40):010x}",
            "visitorName": person.name,
            "skillId": skill["id"],
            "skillName": skill["name"],
            "agentFullName": _AGENT["name"],
            "agentLoginName": _AGENT["login"],
            "isPartial": False,
        },
        "transcript": {
            "lines": [
                {**_times("time", began + timedelta(seconds=30 * place)), "text": text, "by": by, "source": source, "lineSeq": str(place)}
                for place, (text, (by, source)) in enumerate(zip(asked_and_answered, speakers, strict=True))
            ]
        },
        "campaign": {"campaignName": "Order support", "goalName": "Resolve order questions"},
        "surveys": {"preChat": [{"displayName": name, "value": value, "values": [value]} for name, value in answers.items()]},
    }


def _messaging(random: Random, person: Person, began: datetime) -> Record:
    conversation_id, consumer = str(uuid.UUID(int=random.getrandbits(128), version=4)), f"consumer-{random.getrandbits(40):010x}"
    skill, asked_and_answered = random.choice(SKILLS), random.choice(_TALK)
    senders = ((consumer, "Consumer"), ("301774522", "Agent"))
    return {
        "info": {
            "conversationId": conversation_id,
            "brandId": ACCOUNT,
            "status": "CLOSE",
            **_times("startTime", began),
            **_times("endTime", began + timedelta(minutes=random.randrange(20, 120))),
            "latestSkillName": skill["name"],
            "latestAgentFullName": _AGENT["name"],
            "latestAgentLoginName": _AGENT["login"],
            "isPartial": False,
        },
        "campaign": {"campaignName": "Order support"},
        "consumerParticipants": [
            {
                "participantId": consumer,
                "firstName": person.first_name,
                "lastName": person.last_name,
                "consumerName": person.name,
                "email": person.email,
            }
        ],
        "messageRecords": [
            {
                **_times("time", began + timedelta(minutes=place)),
                "type": "TEXT_PLAIN",
                "messageData": {"msg": {"text": text}},
                "dialogId": conversation_id,
                "seq": place,
                "participantId": sender,
                "sentBy": role,
            }
            for place, (text, (sender, role)) in enumerate(zip(asked_and_answered, senders, strict=True))
        ],
    }


def _times(name: str, moment: datetime) -> dict[str, Any]:
    """Return a time as LivePerson writes it: as text, and beside it in milliseconds."""
    milliseconds = int(moment.timestamp() * 1000)
    return {name: f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03}+0000", f"{name}L": milliseconds}
