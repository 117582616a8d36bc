"""Chats as LiveChat holds them once they are over, and the webhooks it posted meanwhile.

Most webhooks only hint at a chat, which is then fetched; what came after the close, a tag or a rating, is in it by that time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crosswalk.demo.people import Person

Chat = dict[str, Any]
Webhook = dict[str, Any]

AGENTS = {"maya.lind@harbor-supply.example": "Maya Lind", "omar.said@harbor-supply.example": "Omar Said"}
_GROUP = 4
_SPELL_SECONDS = 20 * 3_600
_TALK = (
    ("Do you deliver to {city}?", "We do. It takes three working days."),
    ("Can {company} pay by invoice?", "From the second order on, yes."),
    ("My last delivery came without its papers.", "I have sent them to you once more."),
)
_TAGS = ("quote", "delivery", "invoice")
_TAGGED_SHARE, _RATED_SHARE, _GOOD_SHARE = 0.3, 0.4, 0.8
_REDELIVERED = 4


def chats(random: Random, visitors: Sequence[Person], since: datetime) -> list[Chat]:
    """Return one chat of every visitor, held in the hours after that moment."""
    begins = sorted(since + timedelta(seconds=random.randrange(_SPELL_SECONDS)) for _ in visitors)
    return [_chat(random, number, person, at) for number, (person, at) in enumerate(zip(visitors, begins, strict=True))]


def webhooks(held: Sequence[Chat]) -> list[Webhook]:
    """Return what LiveChat posted: a beginning and an end of each chat, then tags and ratings, and a few ends a second time."""
    bodies = [_webhook("incoming_chat", {"chat": _at_its_beginning(chat)}) for chat in held]
    ends = [_webhook("chat_deactivated", {**_ids(chat), "user_id": chat["users"][1]["id"]}) for chat in held]
    tags = [_webhook("thread_tagged", {**_ids(chat), "tag": tag}) for chat in held for tag in chat["thread"].get("tags", ())]
    ratings = [
        _webhook("thread_properties_updated", {**_ids(chat), "properties": {"rating": rating}})
        for chat in held
        if (rating := chat["thread"]["properties"].get("rating"))
    ]
    return [*bodies, *ends, *tags, *ratings, *ends[:_REDELIVERED]]


def _chat(random: Random, number: int, person: Person, at: datetime) -> Chat:
    thread_id, visitor, agent = f"TDEMO{number:04}", f"visitor-{random.getrandbits(40):010x}", random.choice(tuple(AGENTS))
    asked, answered = random.choice(_TALK)
    said = ((visitor, asked.format(city=person.city, company=person.company.name)), (agent, answered))
    thread: dict[str, Any] = {
        "id": thread_id,
        "active": False,
        "user_ids": [visitor, agent],
        "events": [
            {
                "id": f"{thread_id}_{place}",
                "type": "message",
                "text": text,
                "author_id": author,
                "created_at": _stamp(at + timedelta(seconds=40 * place)),
                "visibility": "all",
            }
            for place, (author, text) in enumerate(said, 1)
        ],
        "properties": {},
        "access": {"group_ids": [_GROUP]},
        "created_at": _stamp(at),
    }
    if random.random() < _TAGGED_SHARE:
        thread["tags"] = [random.choice(_TAGS)]
    if random.random() < _RATED_SHARE:
        thread["properties"]["rating"] = {"score": int(random.random() < _GOOD_SHARE)}
    return {
        "id": f"CDEMO{number:04}",
        "users": [
            {"id": visitor, "type": "customer", "name": person.name, "email": person.email, "created_at": _stamp(at)},
            {"id": agent, "type": "agent", "name": AGENTS[agent], "email": agent},
        ],
        "thread": thread,
        "properties": {},
        "access": {"group_ids": [_GROUP]},
    }


def _at_its_beginning(chat: Chat) -> Chat:
    kept = {name: value for name, value in chat["thread"].items() if name != "tags"}
    return {**chat, "thread": {**kept, "active": True, "events": [], "properties": {}}}


def _webhook(action: str, payload: dict[str, Any]) -> Webhook:
    return {"webhook_id": "demo", "action": action, "payload": payload, "additional_data": {}}


def _ids(chat: Chat) -> dict[str, str]:
    return {"chat_id": chat["id"], "thread_id": chat["thread"]["id"]}


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
