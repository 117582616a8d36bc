"""What can be found out about a LiveChat licence: whether the token works, and which variables and form fields its chats have.

Fields are found by looking at the latest hundred chats, because LiveChat lists them nowhere: a new one needs one archived chat.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord, SourceRefusedError
from crosswalk.model import Rejected
from crosswalk.sources.base import Finding, Verdict
from crosswalk.sources.livechat import answers, web_api
from crosswalk.sources.livechat.answers import POSTCHAT, PRECHAT
from crosswalk.sources.livechat.archives import Reader
from crosswalk.sources.livechat.chats import Chat
from crosswalk.sources.livechat.settings import FormField

DISCOVERED = ("custom_variables", "prechat_fields", "postchat_fields")

_LONGEST = 400
_TYPES = {"email": "email", "radio": "select", "select": "select", "group_chooser": "select", "checkbox": "list"}


async def discovered(reader: Reader) -> Mapping[str, Any]:
    """Return the settings that name the custom variables and form fields of the latest hundred chats, and those known before.

    What was found once stays: a rare variable would otherwise leave the mapping whenever a hundred chats go by without it.
    """
    read = [Chat.read(content) for content in await reader.latest()]
    chats = [chat for chat in read if not isinstance(chat, Rejected)]
    known = reader.settings
    names = {name for chat in chats for name in answers.variables(chat.visitor.get("session_fields")) if 0 < len(name) <= _LONGEST}
    return {
        "custom_variables": sorted(names.union(known.custom_variables)),
        "prechat_fields": _fields(chats, PRECHAT, known.prechat_fields),
        "postchat_fields": _fields(chats, POSTCHAT, known.postchat_fields),
    }


async def check(reader: Reader) -> tuple[Finding, ...]:
    """Find out whether the token works and may read the archive, and the directory where that is wished for."""
    wanted = {web_api.LIST_ARCHIVES: {"limit": 1}}
    if reader.settings.directory:
        wanted |= {web_api.LIST_GROUPS: {}, web_api.LIST_AGENTS: {}}
    for method, body in wanted.items():
        finding = await _trouble(reader, method, body)
        if finding:
            return (finding,)
    return (Finding(Verdict.OK, "LiveChat takes the token."), *await _region(reader))


async def _trouble(reader: Reader, method: str, body: Mapping[str, Any]) -> Finding | None:
    try:
        await web_api.ask(reader.api, reader.settings, method, body)
    except SourceRefusedError as refused:
        return Finding(Verdict.FAIL, refused.sentence)
    except (RetryLater, SkipRecord) as trouble:
        return Finding(Verdict.WARN, trouble.sentence)
    return None


async def _region(reader: Reader) -> tuple[Finding, ...]:
    """Say where every call is made twice because the setting names the other data centre."""
    try:
        await web_api.ask_there(reader.api, reader.settings.region, web_api.LIST_ARCHIVES, {"limit": 1})
    except SourceRefusedError:
        other = web_api.elsewhere(reader.settings.region).value
        sentence = f"The licence lives in the other data centre; set region to {other!r} to save every second call."
        return (Finding(Verdict.WARN, sentence),)
    return ()


def _fields(chats: Iterable[Chat], form: str, known: Iterable[FormField]) -> list[Mapping[str, str]]:
    """Return the fields of a form by label; of one label the type of the latest chat that has it."""
    found: dict[str, str] = {}
    for chat in chats:
        for answer in chat.answers:
            if answer.form == form and len(answer.label) <= _LONGEST:
                found.setdefault(answer.label, _TYPES.get(answer.type, "text"))
    found = {field.label: field.type for field in known} | found
    return [{"label": label, "type": found[label]} for label in sorted(found)]
