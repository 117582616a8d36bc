"""What a form says about each kind of source: its name, what it sends, and its settings as fields with a type.

The fields are those of the kind's own settings model, so that a new setting stands in the form without a word here. Kinds of third parties
have no model we know; their settings are entered in the workspace file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.livechat.settings import LiveChatSettings
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.livestorm.settings import LivestormSettings
from crosswalk.sources.rudderstack.settings import RudderStackSettings

_HIDDEN = frozenset({"api_url"})  # where a simulator listens: for tests


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source, for people."""

    kind: str
    title: str
    line: str
    model: type[BaseModel] | None = None
    found_in: str = ""  # what must have a new attribute before a scan can find it; empty where the system lists them

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets it needs."""
        return registry.source(self.kind).secret_names

    @property
    def optional_secrets(self) -> tuple[str, ...]:
        """The secrets it may have besides."""
        return registry.source(self.kind).optional_secret_names


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: `type` is text, number, switch, choice or json."""

    name: str
    label: str
    hint: str
    type: str
    value: Any
    choices: Sequence[str] = ()


_KNOWN: Mapping[str, tuple[str, str, type[BaseModel]]] = {
    "livestorm": ("Livestorm", "Webinars", LivestormSettings),
    "livechat": ("LiveChat", "Chats", LiveChatSettings),
    "kaltura": ("Kaltura", "Virtual events", KalturaSettings),
    "rudderstack": ("RudderStack", "Website and apps", RudderStackSettings),
    "liveperson": ("LivePerson", "Conversations", LivePersonSettings),
}

_FOUND_IN: Mapping[str, str] = {"livechat": "archived chat", "liveperson": "ended chat"}


def every() -> Sequence[Kind]:
    """Return all installed kinds, ours first."""
    ours = [kind for kind in _KNOWN if kind in registry.sources()]
    return [of(kind) for kind in (*ours, *sorted(set(registry.sources()) - set(ours)))]


def of(kind: str) -> Kind:
    """Return one kind; raise `ConfigurationError` when it is not installed."""
    registry.source(kind)
    return Kind(kind, *_KNOWN[kind], _FOUND_IN.get(kind, "")) if kind in _KNOWN else Kind(kind, kind, "")


def title(kind: str) -> str:
    """Return how a kind is called, installed or not."""
    return _KNOWN[kind][0] if kind in _KNOWN else kind


def fields(kind: Kind, settings: Mapping[str, Any]) -> Sequence[Field]:
    """Return the settings of a source as fields of a form; what its system tells us is left out."""
    if kind.model is None:
        return ()
    known = registry.source(kind.kind)
    hidden = _HIDDEN | frozenset(known.discovered_settings if isinstance(known, Pulling) else ())
    schema = kind.model.model_json_schema()
    shared = schema.get("$defs", {})
    properties = ((name, part) for name, part in schema["properties"].items() if name not in hidden)
    return [_field(name, part, shared, settings) for name, part in properties]


def read(kind: Kind, form: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings a form says, without those that are as the model has them anyway; raise ValueError naming a field that fails."""
    read: dict[str, Any] = {}
    for field in fields(kind, {}):
        text = form.get(field.name, "")
        try:
            value = _value(field, text)
        except ValueError:
            raise ValueError(field.name) from None
        if value != field.value:
            read[field.name] = value
    shown = {field.name for field in fields(kind, {})}
    return {**{name: value for name, value in settings.items() if name not in shown}, **read}


def _field(name: str, part: Mapping[str, Any], shared: Mapping[str, Any], settings: Mapping[str, Any]) -> Field:
    label = name.replace("_", " ").capitalize()
    shape = _shape(part, shared)
    value = settings.get(name, part.get("default"))
    type_ = {"boolean": "switch", "integer": "number", "number": "number", "string": "text"}.get(str(shape.get("type")), "json")
    choices = tuple(str(one) for one in shape.get("enum", ()))
    return Field(name, label, str(part.get("description", "")), "choice" if choices else type_, value, choices)


def _shape(part: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [one for one in part.get("anyOf", ()) if one.get("type") != "null"] or part.get("allOf") or [part]
    shape = options[0]
    if "$ref" in shape:
        shape = shared[shape["$ref"].rsplit("/", 1)[-1]]
    return shape if "properties" not in shape else {}


def _value(field: Field, text: str) -> Any:
    if field.type == "switch":
        return text == "on"
    if not text.strip():
        return field.value
    if field.type == "number":
        number = float(text)
        return int(number) if number.is_integer() else number
    if field.type == "json":
        return json.loads(text)
    return text.strip()
