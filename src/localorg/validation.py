"""Validation rules that bite: simple conditions set at `/localorg/validation`.

Rules made by metadata are formulas and are only kept; these are what a test uses to be refused with an admin's own words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from localorg.errors import SalesforceError
from localorg.transaction import Row, Transaction


class Condition(StrEnum):
    """When a rule is broken."""

    BLANK = "blank"
    FILLED = "filled"
    EQUALS = "equals"
    DIFFERS = "differs"
    MATCHES = "matches"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class _Rule:
    object: str
    when: Condition
    field: str | None
    value: Any
    message: str
    error_field: str | None

    def broken_by(self, row: Row) -> bool:
        held = row.get(self.field) if self.field is not None else None
        if self.when is Condition.MATCHES:
            return held is not None and re.search(str(self.value), str(held)) is not None
        answers = {
            Condition.ALWAYS: True,
            Condition.BLANK: held is None,
            Condition.FILLED: held is not None,
            Condition.EQUALS: held == self.value,
            Condition.DIFFERS: held != self.value,
        }
        return bool(answers[self.when])


def put(transaction: Transaction, body: dict[str, Any]) -> dict[str, Any]:
    """Set the rules of an object: `{object, rules: [{when, field?, value?, message, error_field?}]}`."""
    object_type = transaction.full_schema.object(str(body["object"]))
    if object_type is None:
        raise ValueError(f"there is no object {body['object']!r}")
    rules = [_rule(object_type.name, each) for each in body["rules"]]
    for each in rules:
        if each.field is not None and object_type.field(each.field) is None:
            raise ValueError(f"{object_type.name} has no field {each.field!r}")
        if each.when is Condition.MATCHES:
            re.compile(str(each.value))
    transaction.remember(_key(object_type.name), body["rules"])
    return {"object": object_type.name, "rules": len(rules)}


def check(transaction: Transaction, object_name: str, row: Row) -> None:
    """Refuse a row that breaks rules; every broken one is listed."""
    stored = transaction.state(_key(object_name))
    broken = [each for each in (_rule(object_name, one) for one in stored) if each.broken_by(row)] if stored else []
    if broken:
        first, *others = (
            SalesforceError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", each.message, (each.error_field,) if each.error_field else ())
            for each in broken
        )
        raise SalesforceError(first.status, first.code, first.message, first.fields, tuple(others))


def _rule(object_name: str, given: Mapping[str, Any]) -> _Rule:
    try:
        when = Condition(given.get("when", ""))
    except ValueError as problem:
        raise ValueError(f"there is no condition {given.get('when')!r}; it is one of {', '.join(Condition)}") from problem
    return _Rule(object_name, when, given.get("field"), given.get("value"), str(given["message"]), given.get("error_field"))


def _key(object_name: str) -> str:
    return f"validation:{object_name}"
