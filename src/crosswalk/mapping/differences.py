"""Two mappings row by row, in words: for the list of versions, the audit trail, and for two people who edited at the same time.

Both documents are plain data, because an old version may no longer parse against the present rules and is compared all the same. A row is
known by its step and field, a step by its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crosswalk.mapping import faces
from crosswalk.mapping.drafts import KEY
from crosswalk.model import Attribute

Plain = Mapping[str, Any]
Label = Callable[[str, str], str]

PASS_THROUGH: Final = "pass_through"  # noqa: S105  # a kind of row
_STEP_WORDS: Final = {
    "match": "Match keys",
    "when": "Filter of events",
    "on_missing": "If none is found",
    "on_duplicates": "If several are found",
    "on_deleted": "If it was deleted",
    "once_per": "Once per",
    "object": "Object",
}
_WHOLE_WORDS: Final = {"title": "Title", "events": "Events", "person": "People", "opt_in": "Opt-in", "source": "Kind of source"}


class Kind(StrEnum):
    """What happened to a row or setting."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: which row or setting, what of it, and both values in words."""

    kind: Kind
    step: str
    object: str
    field: str
    label: str
    what: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """The difference as the audit trail says it."""
        place = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ".join(part for part in (self.object or self.step, self.label) if part)
        if self.kind is Kind.ADDED:
            return f"{place} added: {self.after}"
        if self.kind is Kind.REMOVED:
            return f"{place} removed; it was {self.before}"
        if self.kind is Kind.MOVED:
            return f"{place} in another order"
        what = f", {self.what}" if self.what else ""
        return f"{place}{what}: from {self.before} to {self.after}"


def compare(before: Plain, after: Plain, catalogue: Sequence[Attribute], label: Label = lambda _object, field: field) -> list[Difference]:
    """Return everything that differs, step by step, in the order of the newer document."""
    return list(_Comparison({attribute.key: attribute for attribute in catalogue}, label).documents(before, after))


def keyed(step: Plain) -> dict[str, Plain]:
    """Return the rows of a step by what they are known by; unfinished rows without a field keep the page's own key."""
    found: dict[str, Plain] = {}
    for number, row in enumerate(step.get("rows") or ()):
        name = PASS_THROUGH if PASS_THROUGH in row else str(row.get("field") or "").lower() or f"{KEY}{row.get(KEY, number)}"
        found.setdefault(name, {key: value for key, value in row.items() if key != KEY})
    return found


def named(document: Plain) -> dict[str, Plain]:
    """Return the steps of a document by name."""
    return {str(step.get("name")): step for step in document.get("steps") or ()}


@dataclass(frozen=True, slots=True)
class _Comparison:
    catalogue: Mapping[str, Attribute]
    label: Label

    def documents(self, before: Plain, after: Plain) -> Iterator[Difference]:
        for key, words in _WHOLE_WORDS.items():
            if before.get(key) != after.get(key):
                yield self._setting("", "", words, before.get(key), after.get(key))
        old, new = named(before), named(after)
        for name, step in new.items():
            yield from self._step(name, old.get(name), step)
        for name, step in old.items():
            if name not in new:
                count = len(step.get("rows") or ())
                yield Difference(Kind.REMOVED, name, str(step.get("object") or ""), "", "the step", "", f"{count} rows", "nothing")
        if [name for name in new if name in old] != [name for name in old if name in new]:
            yield Difference(Kind.MOVED, "", "", "", "Steps", "", " then ".join(old), " then ".join(new))

    def _step(self, name: str, before: Plain | None, after: Plain) -> Iterator[Difference]:
        title = str(after.get("object") or name)
        if before is None:
            rows = len(after.get("rows") or ())
            yield Difference(Kind.ADDED, name, title, "", "the step", "", "nothing", f"{rows} rows")
        before = before or {}
        for key, words in _STEP_WORDS.items():
            if before and before.get(key) != after.get(key):
                yield self._setting(name, title, words, before.get(key), after.get(key))
        old, new = keyed(before), keyed(after)
        for key, row in new.items():
            yield from self._row(name, title, old.get(key), row)
        for key, row in old.items():
            if key not in new:
                yield Difference(Kind.REMOVED, name, title, self._name(row), self._label(title, row), "", self.row_words(row), "nothing")
        if [key for key in new if key in old] != [key for key in old if key in new]:
            yield Difference(Kind.MOVED, name, title, "", "rows", "", "", "")

    def _row(self, step: str, title: str, before: Plain | None, after: Plain) -> Iterator[Difference]:
        field, label = self._name(after), self._label(title, after)
        if before is None:
            yield Difference(Kind.ADDED, step, title, field, label, "", "nothing", self.row_words(after))
            return
        for part, words in faces.SETTING_WORDS.items():
            old, new = before.get(part), after.get(part)
            if old != new:
                told = (faces.setting_words(part, value, self.catalogue) for value in (old, new))
                yield Difference(Kind.CHANGED, step, title, field, label, words, *told)

    def _setting(self, step: str, title: str, words: str, before: Any, after: Any) -> Difference:
        return Difference(Kind.CHANGED, step, title, "", words, "", self._plain(before), self._plain(after))

    def _plain(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{key} {self._plain(inner)}" for key, inner in value.items()) or "none"
        if isinstance(value, list | tuple):
            return ", ".join(self._key(item) if isinstance(item, Mapping) else str(item) for item in value) or "none"
        return "none" if value is None else str(value)

    def _key(self, item: Plain) -> str:
        return (
            f"{item.get('field')} from {faces.entry_words(item.get('entry'), self.catalogue)[0]}" if "field" in item else self._plain(item)
        )

    def row_words(self, row: Plain) -> str:
        return row_words(row, self.catalogue)

    def _name(self, row: Plain) -> str:
        return PASS_THROUGH if PASS_THROUGH in row else str(row.get("field") or "")

    def _label(self, title: str, row: Plain) -> str:
        name = self._name(row)
        return "All other traits" if name == PASS_THROUGH else self.label(title, name)


def row_words(row: Plain, catalogue: Mapping[str, Attribute]) -> str:
    """Return a row in words: where its value comes from, and its policy."""
    if PASS_THROUGH in row:
        return f"all members of {', '.join(row[PASS_THROUGH].get('roots', ()))}"
    source = faces.entry_words(row.get("entry"), catalogue)[0] or "nothing yet"
    return f"{source}, {faces.setting_words('update', row.get('update'), catalogue)}"
