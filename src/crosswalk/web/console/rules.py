"""The sentence of a step: how its record is found, and what happens when none or several are. Each choice in it is a button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.editing.desk import Desk

_MISSING = {"create": "create one", "skip": "skip the event", "wait": "wait until there is one"}
_SEVERAL = {"oldest": "the oldest", "newest": "the newest", "last-modified": "the one changed last", "hold": "none and hold the event"}
_DELETED = {"hold": "hold the event", "recreate": "create it again", "skip": "skip the event"}
_ONCE = {"person": "person", "event": "event", "entity": "conversation or registration", "person_and_entity": "person and session"}


@dataclass(frozen=True, slots=True)
class RulePart:
    """A piece of the sentence; `what` names the choice behind a button, and is empty for plain words."""

    words: str
    what: str = ""


def rule_of(data: Mapping[str, Any], number: int, desk: Desk) -> Sequence[RulePart]:
    """Return the sentence of a step of a draft; of a draft that cannot be read, nothing."""
    steps = data.get("steps")
    if not isinstance(steps, list) or not steps:
        return ()
    step = steps[number]
    if step.get("object_from"):
        return (RulePart("The event names the records itself. "), *_when(step, data))
    if step.get("campaign"):
        return (
            RulePart("Find the member of the event's campaign, once per person and session. If there is none, add one. "),
            *_when(step, data),
        )
    owner = data.get("person") if step.get("person") else step
    routing: Mapping[str, Any] = owner if isinstance(owner, Mapping) else {}
    found = desk.schema.object(str(step.get("object") or ""))
    noun = (found.label if found else str(step.get("object") or "record")).lower()
    parts = [*_found(step, noun, desk), *_missing(step, routing, noun)]
    parts += [RulePart(". If several are found, use "), _choice("duplicates", _SEVERAL, routing.get("on_duplicates"))]
    if step.get("person") and str(step.get("object")).lower() == "lead":
        follows = routing.get("follow_converted", True)
        parts += [RulePart(". If the lead was converted, "), RulePart("write to its contact" if follows else "hold the event", "converted")]
    parts += [RulePart(". If it was deleted, "), _choice("deleted", _DELETED, routing.get("on_deleted")), RulePart(". ")]
    return (*parts, *_when(step, data))


def _found(step: Mapping[str, Any], noun: str, desk: Desk) -> list[RulePart]:
    match = step.get("match")
    keys = [one for one in match if isinstance(one, Mapping)] if isinstance(match, list) else []
    if not keys:
        once = _ONCE.get(str(step.get("once_per")), "event")
        return [RulePart(f"One {noun} per {once}, found by what Crosswalk remembers; "), RulePart("no field is searched", "match")]
    names = [desk.label(str(step.get("object") or ""), str(one.get("field") or "")) for one in keys]
    return [RulePart(f"Find the {noun} by "), RulePart(", then ".join(names), "match")]


def _missing(step: Mapping[str, Any], routing: Mapping[str, Any], noun: str) -> list[RulePart]:
    creates = not step.get("person") or str(routing.get("create", "Lead")).lower() == str(step.get("object")).lower()
    if creates:
        return [RulePart(". If none is found, "), _choice("missing", _MISSING, routing.get("on_missing"))]
    return [RulePart(f". If none is found, the person is looked for elsewhere; no {noun} is created")]


def _choice(what: str, words: Mapping[str, str], value: object) -> RulePart:
    return RulePart(words.get(str(value), next(iter(words.values()))), what)


def _when(step: Mapping[str, Any], data: Mapping[str, Any]) -> list[RulePart]:
    condition, events = step.get("when"), data.get("events")
    types = ", ".join(str(one).rpartition(".")[2].replace("_", " ") for one in events) if isinstance(events, list) else ""
    words = f"where {condition}" if condition else "whatever they hold"
    return [
        RulePart("Takes events of the kinds "),
        RulePart(types or "all", "events"),
        RulePart(", "),
        RulePart(words, "when"),
        RulePart("."),
    ]
