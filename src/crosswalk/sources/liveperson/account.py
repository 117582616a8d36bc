"""What can be found out about a LivePerson account: whether the credentials work, what they may read, its skills and survey questions.

Questions are found by looking at recent chats, because LivePerson lists them nowhere: a new one needs one ended chat.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import CrosswalkError, RetryLater, SkipRecord, SourceRefusedError
from crosswalk.model import EPOCH, Event
from crosswalk.sources import identifiers
from crosswalk.sources.base import Finding, Verdict
from crosswalk.sources.liveperson import web_api
from crosswalk.sources.liveperson.cleaning import objects
from crosswalk.sources.liveperson.records import Reading
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.liveperson.web_api import LivePersonApi, Login

DISCOVERED = ("skills", "skills_trouble", "prechat_questions", "postchat_questions", "agent_questions")

_SURVEYS = {"preChat": "prechat_questions", "postChat": "postchat_questions", "operator": "agent_questions"}
_LOOK_BACK = timedelta(days=7)
_LONGEST = 400
_PERMISSIONS = {
    web_api.CHAT_HISTORY: "Data > Engagement History",
    web_api.MESSAGING_HISTORY: "Data > Engagement History, which messaging takes too",
    web_api.CONFIGURATION: "Administration > Skills",
}
_RETIRED = (
    "OAuth 1.0 keys are at their end of life at LivePerson: they cannot be changed any more, and support ended in May 2026. "
    "Make an OAuth 2 app and set client_id and client_secret."
)


async def expect(http: httpx2.AsyncClient, clock: Clock, settings: LivePersonSettings) -> None:
    """Ask, without credentials, where an account lives; raise `SourceRefusedError` when there is none of that number."""
    await LivePersonApi(http, clock, settings, Login()).expect_account()


async def check(api: LivePersonApi, settings: LivePersonSettings, now: datetime) -> tuple[Finding, ...]:
    """Find out whether the credentials work, and for each permission whether they have it."""
    found = [finding for service, ask in _asking(api, settings, now).items() if (finding := await _trouble(service, ask))]
    fine = Finding(Verdict.OK, f"LivePerson takes the credentials for account {settings.account_id}.")
    retired = (Finding(Verdict.WARN, _RETIRED),) if api.is_oauth1 else ()
    return (*(found or (fine,)), *retired)


async def discovered(api: LivePersonApi, reading: Reading) -> Mapping[str, Any]:
    """Return the settings that name the account's skills and the questions of recent chats, and those known before."""
    settings, found = reading.settings, {name: set(getattr(reading.settings, name)) for name in _SURVEYS.values()}
    if settings.chats:
        for chat in await _recent(api, reading):
            for survey, questions in questions_of(chat.payload).items():
                found[survey] |= questions
    skills, trouble = await _skills(api)
    skills = sorted(skills, key=lambda skill: (skill["name"], skill["id"]))
    return {"skills": skills, "skills_trouble": trouble, **{name: sorted(questions) for name, questions in found.items()}}


def questions_of(payload: Any) -> dict[str, set[str]]:
    """Return the questions asked in a chat, by the setting that lists them."""
    surveys = payload.get("surveys") if isinstance(payload, dict) else None
    asked = surveys if isinstance(surveys, dict) else {}
    return {
        name: {text for one in objects(asked.get(survey)) if 0 < len(text := identifiers.text(one.get("displayName"))) <= _LONGEST}
        for survey, name in _SURVEYS.items()
    }


def _asking(api: LivePersonApi, settings: LivePersonSettings, now: datetime) -> Mapping[str, Callable[[], Awaitable[Any]]]:
    start = _start(now)
    asking: dict[str, Callable[[], Awaitable[Any]]] = {}
    if settings.chats:
        asking[web_api.CHAT_HISTORY] = lambda: api.chats({"start": start, "interactive": True, "ended": True}, 0)
    if settings.messaging:
        asking[web_api.MESSAGING_HISTORY] = lambda: api.conversations(
            {"start": start, "status": ["CLOSE"], "contentToRetrieve": ["campaign"]}, 0
        )
    return asking | {web_api.CONFIGURATION: api.skills}


async def _trouble(service: str, ask: Callable[[], Awaitable[Any]]) -> Finding | None:
    try:
        await ask()
    except SourceRefusedError as refused:
        sentence = f"{refused.sentence} What is missing may be the permission {_PERMISSIONS[service]}."
        return Finding(Verdict.WARN if service == web_api.CONFIGURATION else Verdict.FAIL, sentence)
    except (RetryLater, SkipRecord) as trouble:
        return Finding(Verdict.WARN, trouble.sentence)
    return None


async def _recent(api: LivePersonApi, reading: Reading) -> Iterable[Event]:
    answer = await api.chats({"start": _start(reading.received_at), "interactive": True, "ended": True}, 0)
    records = answer.get("interactionHistoryRecords") if isinstance(answer, dict) else None
    read = [reading.chat(record, "") for record in records] if isinstance(records, list) else []
    return [one for one in read if isinstance(one, Event)]


async def _skills(api: LivePersonApi) -> tuple[list[dict[str, str]], str]:
    """Return the skills, and what stood in the way: an account without skills is another matter than a refusal."""
    try:
        listed = await api.skills()
    except SourceRefusedError as refused:
        return [], f"{refused.sentence} What is missing may be the permission {_PERMISSIONS[web_api.CONFIGURATION]}."
    except CrosswalkError as trouble:
        return [], trouble.sentence
    found = objects(listed)
    skills = [
        {"id": key, "name": name}
        for one in found
        if (key := identifiers.text(one.get("id"))) and (name := identifiers.text(one.get("name")))
    ]
    return skills, ""


def _start(now: datetime) -> dict[str, int]:
    begins, ends = ((moment - EPOCH) // timedelta(milliseconds=1) for moment in (now - _LOOK_BACK, now))
    return {"from": begins, "to": ends}
