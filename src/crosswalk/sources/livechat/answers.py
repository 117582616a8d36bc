"""What a visitor told: custom variables and the answers of forms, each flattened to one value by its name or label.

LiveChat writes an answer in a different member for each kind of field, and a variable as an object of its own in a list. Of several with
one name the last counts, as on the agent's screen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk.sources import identifiers

PRECHAT, POSTCHAT = "prechat", "postchat"

Json = Mapping[str, Any]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """A field of a filled form; `value` is text or a list of texts, empty text where the visitor left it empty."""

    form: str
    label: str
    type: str
    value: str | list[str]

    def stored(self) -> dict[str, Any]:
        """Return it as a payload keeps it."""
        return {"label": self.label, "type": self.type, "answer": self.value}


def variables(session_fields: Any) -> dict[str, Any]:
    """Return the custom variables by name, from a list of objects with one member each."""
    found: dict[str, Any] = {}
    for entry in objects(session_fields):
        found.update(entry)
    return found


def filled(events: Iterable[Json]) -> Iterator[Answer]:
    """Return the answers of all filled forms in order; a field without any answer is left out."""
    for event in events:
        if event.get("type") != "filled_form":
            continue
        form = form_type(event)
        for field in objects(event.get("fields")):
            label = identifiers.text(field.get("label"))
            value = _value(field)
            if label and value is not None:
                yield Answer(form, label, identifiers.text(field.get("type")), value)


def of_form(answers: Iterable[Answer], form: str) -> list[dict[str, Any]]:
    """Return the answers of one form, one for each label."""
    return list({answer.label: answer.stored() for answer in answers if answer.form == form}.values())


def first(answers: Iterable[Answer], field_type: str) -> str:
    """Return the first answer to a field of that type that is not empty, from whatever form before the chat's end."""
    texts = (answer.value for answer in answers if answer.type == field_type and answer.form != POSTCHAT)
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")


def form_type(event: Json) -> str:
    """Return which form was filled; old chats say it in a property."""
    own = identifiers.text(event.get("form_type"))
    return own or identifiers.text(_object(_object(event.get("properties")).get("lc2")).get("form_type"))


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, and nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _value(field: Json) -> str | list[str] | None:
    if "answers" in field:
        return [label for answer in objects(field["answers"]) if (label := identifiers.text(answer.get("label")))]
    answer = field.get("answer", field.get("value", _ABSENT))
    if isinstance(answer, str):
        return answer
    if isinstance(answer, dict):
        return identifiers.text(answer.get("label"))
    if isinstance(answer, list):
        return [label for item in objects(answer) if (label := identifiers.text(item.get("label")))]
    return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
