"""A conversation as text that people read: a line for each thing said, in order.

What only agents could see is left out unless it is asked for, and so is the survey after a messaging conversation, which is told by its
answers: a record in Salesforce may be shown to the customer.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from crosswalk.sources import identifiers, moments
from crosswalk.sources.liveperson.cleaning import objects

Json = Mapping[str, Any]

_INTERNAL = "ONLY_TO_REP"
_SURVEY = "POST_SURVEY"
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_SYSTEM = frozenset({"system"})
_MARKUP = frozenset({"html", "TEXT_HTML"})
_NAMES = {"agent": "Agent", "consumer": "Visitor", "visitor": "Visitor"}
_DEEPEST = 20


def of_chat(lines: Any, *, internal: bool) -> str:
    """Return the transcript of a chat, times in UTC; lines come from the history or from the widget."""
    return "\n".join(_line(line, _by(line), _text_of_line(line)) for line in objects(lines) if _is_shown(line, internal=internal))


def of_messaging(record: Json) -> str:
    """Return the transcript of a messaging conversation, times in UTC."""
    surveys = {identifiers.text(dialog.get("dialogId")) for dialog in objects(record.get("dialogs")) if dialog.get("dialogType") == _SURVEY}
    names = dict(_names(record))
    said = [one for one in objects(record.get("messageRecords")) if identifiers.text(one.get("dialogId")) not in surveys]
    said.sort(key=_millis)
    told = ((one, " ".join(_texts_of_message(one))) for one in said)
    return "\n".join(_line(one, _speaker(one, names), text) for one, text in told if text)


def plain(text: str) -> str:
    """Return the text of HTML: without tags, a new line for each block, entities as the characters they mean."""
    lines = html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).replace("\xa0", " ").split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def at(said: Json) -> datetime | None:
    """Return when something was said: by the number of milliseconds, else by the text."""
    return moments.from_unix(_millis(said) / 1000) or moments.from_iso(said.get("time"))


def _millis(said: Json) -> float:
    number = said.get("timeL")
    return number if isinstance(number, int | float) and not isinstance(number, bool) and number > 0 else 0


def _line(said: Json, who: str, text: str) -> str:
    moment = at(said)
    stamp = f"[{moment:%Y-%m-%d %H:%M:%S}] " if moment else ""
    return f"{stamp}{who}{': ' if who else ''}{text}"


def _is_shown(line: Json, *, internal: bool) -> bool:
    return (internal or line.get("subType") != _INTERNAL) and bool(_text_of_line(line))


def _by(line: Json) -> str:
    source = identifiers.text(line.get("source"))
    return "" if source in _SYSTEM else identifiers.text(line.get("by")) or _NAMES.get(source, "")


def _text_of_line(line: Json) -> str:
    text = line.get("text")
    if isinstance(text, str) and text.strip():
        return plain(text) if line.get("textType") in _MARKUP or _is_agents_markup(line, text) else text.strip()
    return " ".join(_texts_of_rich_content(line.get("json")))


def _is_agents_markup(line: Json, text: str) -> bool:
    """Tell whether an agent's line is HTML though it does not say so, as old ones are."""
    return line.get("source") == "agent" and line.get("textType") is None and "</" in text


def _texts_of_message(message: Json) -> Iterator[str]:
    data = message.get("messageData")
    if not isinstance(data, dict):
        return
    msg, file, link = (_object(data.get(name)) for name in ("msg", "file", "link"))
    text = identifiers.text(msg.get("text"))
    if text:
        yield plain(text) if message.get("type") in _MARKUP else text
    if file:
        yield " ".join(filter(None, ("File", identifiers.text(file.get("caption")), identifiers.text(file.get("relativePath")))))
    yield from (found for name in ("title", "url") if (found := identifiers.text(link.get(name))))
    yield from _texts_of_rich_content(_object(data.get("richContent")).get("content"))


def _texts_of_rich_content(content: Any) -> Iterator[str]:
    """Give the texts of a card in order, those of its buttons in brackets."""
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            return
    yield from _texts_of_element(content, _DEEPEST)


def _texts_of_element(element: Any, deepest: int) -> Iterator[str]:
    if not isinstance(element, dict) or not deepest:
        return
    if element.get("type") == "button":
        title = identifiers.text(element.get("title"))
        yield from (f"[{title}]",) if title else ()
    else:
        yield from (text,) if (text := identifiers.text(element.get("text"))) else ()
    for inner in objects(element.get("elements")):
        yield from _texts_of_element(inner, deepest - 1)


def _speaker(message: Json, names: Mapping[str, str]) -> str:
    known = names.get(identifiers.text(message.get("participantId")))
    return known or _NAMES.get(identifiers.text(message.get("sentBy")).lower(), "")


def _names(record: Json) -> Iterable[tuple[str, str]]:
    """Give the names of those who took part by their ids."""
    for consumer in objects(record.get("consumerParticipants")):
        whole = f"{identifiers.text(consumer.get('firstName'))} {identifiers.text(consumer.get('lastName'))}".strip()
        name = identifiers.text(consumer.get("consumerName")) or whole
        yield from ((identifiers.text(consumer.get("participantId")), name),) if name else ()
    for agent in objects(record.get("agentParticipants")):
        name = identifiers.text(agent.get("agentNickname")) or identifiers.text(agent.get("agentFullName"))
        yield from ((identifiers.text(agent.get(key)), name) for key in ("participantId", "agentId") if agent.get(key) and name)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
