"""Finds the question that a returned record answers.

Compared the way Salesforce compares: text without regard to case (unless the field is case-sensitive), ids in either length, numbers and
moments by what they mean. Phones alone are compared by their digits, since they are asked for under several spellings.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from crosswalk import phone_numbers, record_ids
from crosswalk.model import OrgSchema, Question
from crosswalk.salesforce import soql

_NUMBERS = frozenset({"int", "double", "percent", "currency", "long"})
_IDS = frozenset({"id", "reference"})


@dataclass(frozen=True, slots=True)
class FieldType:
    """What comparing needs to know of a field."""

    name: str
    case_sensitive: bool = False

    @classmethod
    def of(cls, schema: OrgSchema | None, object_name: str, field: str) -> Self:
        """Return the field's type; a field that is not described is an id if it is called so, else text."""
        described = schema.field(object_name, field) if schema else None
        if described:
            return cls(described.type, described.case_sensitive)
        return cls("reference" if field.lower().endswith("id") else "string")

    def literals(self, question: Question) -> tuple[str, ...]:
        """Return the SOQL literals under which a record may hold the value asked for; none where no record can."""
        texts = [question.value, *question.spellings]
        if self.name == "phone":
            texts = [spelled for text in texts for spelled in phone_numbers.spellings(text)]
        found = (soql.typed(text, self.name) for text in dict.fromkeys(texts))
        return tuple(text for text in found if text)

    def key(self, value: Any) -> Hashable:
        """Return what equal values have in common, or None when the value cannot be compared."""
        if value is None:
            return None
        text = value if isinstance(value, str) else str(value).lower()
        try:
            if self.name in _NUMBERS:
                return Decimal(text)
            if self.name == "datetime":
                return soql.moment(text)
        except (ValueError, InvalidOperation):
            return None
        if self.name == "phone":
            return phone_numbers.digits(text) or text.strip().casefold()
        if self.name in _IDS and (full := record_ids.full(text)):
            return full
        text = unicodedata.normalize("NFC", text.strip())
        return text if self.case_sensitive else text.casefold()


_PARENT = FieldType("reference")


class Index:
    """The questions of one query by the value they ask for, and by the parent they ask within."""

    def __init__(self, field_type: FieldType, questions: Iterable[Question]) -> None:
        self._type = field_type
        self._questions: dict[Hashable, list[tuple[Hashable, Question]]] = defaultdict(list)
        for question in questions:
            parent = _PARENT.key(question.within[1]) if question.within else None
            self._questions[field_type.key(question.value)].append((parent, question))
        self._parents = {parent for pairs in self._questions.values() for parent, _ in pairs}

    def questions(self, value: Any, parent: Any = None) -> Sequence[Question] | None:
        """Return the questions a record with that value and parent answers, or None when it fits nothing that was asked.

        There may be none without anything being wrong: a value of one question with the parent of another.
        """
        pairs = self._questions.get(self._type.key(value))
        within = _PARENT.key(parent)
        if value is None or pairs is None or within not in self._parents:
            return None
        return [question for asked, question in pairs if asked == within]


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """Return the value of a field or parent path, names compared without regard to case; None when there is none."""
    value: Any = fields
    for part in path.lower().split("."):
        if not isinstance(value, Mapping):
            return None
        value = next((inner for name, inner in value.items() if name.lower() == part), None)
    return value
