"""Faults on order: "the next composite commits and then drops its answer".

A rule says which calls (or rows) it picks and what happens to them. Picking is reproducible: by count, or by a random generator with a
seed of the rule's own. Rules are tried in order and one call suffers at most one of them; row rules are asked for every row.
"""

import itertools
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from localorg.errors import SalesforceError
from localorg.transaction import Row


class Effect(StrEnum):
    """What a fault does."""

    DROP_BEFORE = "drop_before"
    DROP_AFTER_COMMIT = "drop_after_commit"
    STALL = "stall"
    STATUS = "status"
    HTML = "html"
    EXPIRE_SESSION = "expire_session"
    DAILY_LIMIT = "daily_limit"
    CONCURRENT_LIMIT = "concurrent_limit"
    LOCK_ROW = "lock_row"
    REJECT_ROW = "reject_row"
    REWRITE_FIELD = "rewrite_field"


ROW_EFFECTS = frozenset({Effect.LOCK_ROW, Effect.REJECT_ROW, Effect.REWRITE_FIELD})
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("resource", "object", "method", "field", "code", "message", "template"), (str,)),
    **dict.fromkeys(("nth", "times", "seed", "status"), (int,)),
    **dict.fromkeys(("probability", "seconds"), (int, float)),
    "ids": (tuple,),
}
_FIRST_STATUS, _LAST_STATUS = 200, 599
_OPS = {"POST": "insert", "PATCH": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls or rows a rule picks; what is None is not asked."""

    resource: str | None = None
    object: str | None = None
    method: str | None = None
    nth: int = 1
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    field: str | None = None
    value: Any = None
    ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Rule:
    """A match, an effect with its figures, and how often it has been asked and has fired."""

    id: str
    match: Match
    do: Effect
    seconds: float = 0.0
    status: int = 503
    code: str = "SERVER_UNAVAILABLE"
    message: str = "Server too busy"
    template: str = "{value}"
    asked: int = 0
    fired: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._random.seed(self.match.seed)

    def fires(self) -> bool:
        """Count one more matching call or row, and tell whether it is struck."""
        self.asked += 1
        if self.asked < self.match.nth or self.fired >= self._most:
            return False
        if self.match.probability < 1 and self._random.random() >= self.match.probability:
            return False
        self.fired += 1
        return True

    @property
    def _most(self) -> float:
        if self.match.times is not None:
            return self.match.times
        return 1 if self.match.nth > 1 else float("inf")


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a rule may know of a call."""

    kind: str
    path: str
    method: str
    object: str | None


class Faults:
    """The rules of one org."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._numbers = itertools.count(1)

    def add(self, given: Mapping[str, Any]) -> Rule:
        """Read a rule from JSON; ValueError says what is wrong with it."""
        rule = _rule(given, str(given.get("id") or f"fault-{next(self._numbers)}"))
        self._rules[rule.id] = rule
        return rule

    def all(self) -> list[Rule]:
        """Return the rules in the order they are tried."""
        return list(self._rules.values())

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def strike(self, facts: CallFacts) -> Rule | None:
        """Return the rule that strikes this call, or None."""
        for rule in self._rules.values():
            if rule.do not in ROW_EFFECTS and _picks_call(rule.match, facts) and rule.fires():
                return rule
        return None

    def strike_work(self, facts: CallFacts) -> Rule | None:
        """Return the rule that strikes a piece of work done in the background; only one that names its resource does."""
        for rule in self._rules.values():
            if rule.do not in ROW_EFFECTS and rule.match.resource is not None and _picks_call(rule.match, facts) and rule.fires():
                return rule
        return None

    def for_rows(self, facts: CallFacts) -> "StruckRows":
        """Return the row rules that hold during a call."""
        rules = [each for each in self._rules.values() if each.do in ROW_EFFECTS]
        return StruckRows(tuple(each for each in rules if _picks_resource(each.match, facts)))


@dataclass(frozen=True, slots=True)
class StruckRows:
    """Row rules at work in one call."""

    rules: tuple[Rule, ...]

    def check(self, op: str, object_name: str, row: Row) -> None:
        """Raise SalesforceError when a rule picks this row."""
        for rule in self.rules:
            if rule.do is Effect.REWRITE_FIELD or not _picks_row(rule.match, op, object_name, row) or not rule.fires():
                continue
            if rule.do is Effect.LOCK_ROW:
                text = f"unable to obtain exclusive access to this record or 1 records: {row['Id']}"
                raise SalesforceError(400, "UNABLE_TO_LOCK_ROW", text, ())
            raise SalesforceError(400, rule.code, rule.message, ())

    def rewrite(self, op: str, object_name: str, values: Row) -> None:
        """Change the values about to be stored, as a trigger would."""
        for rule in self.rules:
            name = rule.match.field
            if rule.do is not Effect.REWRITE_FIELD or name is None or not isinstance(values.get(name), str):
                continue
            if _picks_row(rule.match, op, object_name, values) and rule.fires():
                values[name] = rule.template.replace("{value}", values[name])


def _rule(given: Mapping[str, Any], rule_id: str) -> Rule:
    match = dict(given.get("match") or {})
    if "ids" in match:
        match["ids"] = tuple(match["ids"])
    figures = {name: given[name] for name in ("seconds", "status", "code", "message", "template") if name in given}
    unknown = set(given) - {"id", "match", "do", *figures}
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has id, match, do, seconds, status, code, message, template")
    try:
        effect, read = Effect(given.get("do", "")), Match(**match)
        re.compile(read.resource or "")
    except (TypeError, ValueError, re.error) as problem:
        raise ValueError(f"this fault cannot be read: {problem}; `do` is one of {', '.join(Effect)}") from problem
    _check_types(match, figures)
    if effect is Effect.REJECT_ROW:
        figures = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "This row is not welcome here.", **figures}
    return Rule(rule_id, read, effect, **figures)


def _check_types(match: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Refuse facts of the wrong kind now, not when a call meets them."""
    for name, held in {**match, **figures}.items():
        kind = _KINDS.get(name)
        if kind is not None and held is not None and (not isinstance(held, kind) or isinstance(held, bool)):
            raise ValueError(f"{name} of a fault is not {held!r}")
    if not _FIRST_STATUS <= figures.get("status", _FIRST_STATUS) <= _LAST_STATUS or not 0 <= figures.get("seconds", 0) < float("inf"):
        raise ValueError("the status of a fault is 200 to 599, its seconds are a number that is not negative")


def _picks_call(match: Match, facts: CallFacts) -> bool:
    if match.method is not None and match.method.upper() != facts.method:
        return False
    if match.object is not None and match.object.lower() != (facts.object or "").lower():
        return False
    return _picks_resource(match, facts)


def _picks_resource(match: Match, facts: CallFacts) -> bool:
    if match.resource is None:
        return True
    return re.search(match.resource, facts.kind) is not None or re.search(match.resource, facts.path) is not None


def _picks_row(match: Match, op: str, object_name: str, row: Row) -> bool:
    if match.object is not None and match.object.lower() != object_name.lower():
        return False
    if match.method is not None and _OPS.get(match.method.upper()) != op:
        return False
    if match.ids and row.get("Id") not in match.ids:
        return False
    if match.field is None or match.value is None:
        return True
    return str(row.get(match.field)).lower() == str(match.value).lower()
