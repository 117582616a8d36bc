"""A chat as text that people read: a line for each thing said, in order.

What only agents could see, and what was deleted, is left out: a record in Salesforce may be shown to the customer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crosswalk.sources import identifiers
from crosswalk.sources.livechat import answers
from crosswalk.sources.moments import from_iso

Json = Mapping[str, Any]

_NOBODY = "Somebody"


def of_events(events: Iterable[Json], names: Mapping[str, str]) -> str:
    """Return the transcript, times in UTC; `names` are those of authors by their id."""
    return "\n".join(line for event in events if _is_shown(event) for line in _lines(event, names))


def _is_shown(event: Json) -> bool:
    recipients = event.get("visibility", event.get("recipients"))
    return recipients != "agents" and not event.get("deleted")


def _lines(event: Json, names: Mapping[str, str]) -> Iterator[str]:
    said = list(_said(event))
    if not said:
        return
    at = from_iso(event.get("created_at"))
    stamp = f"[{at:%Y-%m-%d %H:%M:%S}] " if at else ""
    author = identifiers.text(event.get("author_id"))
    who = "" if event.get("type") == "system_message" else f"{names.get(author) or author or _NOBODY}: "
    yield f"{stamp}{who}{said[0]}"
    yield from said[1:]


def _said(event: Json) -> Iterator[str]:
    match event.get("type"):
        case "message" | "system_message":
            yield from _texts(event.get("text"))
        case "file":
            yield " ".join(("File", *_texts(event.get("name")), *_texts(event.get("url"))))
        case "rich_message":
            yield from (text for element in answers.objects(event.get("elements")) for text in _element(element))
        case "filled_form":
            given = [f"  {_asked(answer.label)} {_one_line(answer.value)}" for answer in answers.filled([event]) if answer.value]
            yield from ("filled in a form", *given) if given else ()


def _element(element: Json) -> Iterator[str]:
    yield from _texts(element.get("title"))
    yield from _texts(element.get("subtitle"))
    yield from (f"[{text}]" for button in answers.objects(element.get("buttons")) for text in _texts(button.get("text")))


def _asked(label: str) -> str:
    return label if label.endswith((":", "?")) else f"{label}:"


def _texts(value: Any) -> Sequence[str]:
    return [value.strip()] if isinstance(value, str) and value.strip() else []


def _one_line(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
