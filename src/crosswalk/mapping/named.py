"""Steps whose object the event itself names: one draft for each entry of a list such as `[{type: "Salesforce-Contact", id: "003…"}]`.

An entry with an id is an update of exactly that record, one without is a new record. An entry that says in which field its id stands, as
warehouses map them, is looked up by that field and made where nothing is found. Each entry has its own draft, so a wrong one is held alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from crosswalk import record_ids
from crosswalk.mapping import keys, paths
from crosswalk.mapping.conditions import Condition, decide
from crosswalk.mapping.convert import converter
from crosswalk.mapping.document import Document, ObjectFrom, Row, Step
from crosswalk.mapping.paths import Getter
from crosswalk.mapping.persons import assigns
from crosswalk.mapping.reading import fixed
from crosswalk.mapping.rows import Makings
from crosswalk.mapping.targets import KeyReader, TargetMaker, compile_target
from crosswalk.mapping.writing import Occasion, Sheet
from crosswalk.model import Draft, Event, Field, LossyPolicy, ObjectType, OnDeleted, OnDuplicates, OnMissing, Origin, Target
from crosswalk.reasons import Reason

_LONGEST_NAME = 80
_MOST = 20  # entries of one event


@dataclass(frozen=True, slots=True)
class Named:
    """One entry of the list: an object, and a record of it or a wish for a new one; with `field`, the id is the value of that field."""

    object: str
    record_id: str | None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class NamedMaker:
    """Makes the drafts of a step with `object_from`. Targets are compiled when an event first names their object."""

    step: Step
    source: ObjectFrom
    entries: Getter
    rows: Mapping[str, tuple[Row, ...]]
    makings: Makings
    condition: Condition | None
    targets: dict[tuple[str, bool], TargetMaker] = field(default_factory=dict, compare=False)

    def make(self, occasion: Occasion, origin: Origin) -> list[Draft]:
        """Return a draft for each entry; none when the event names nothing or the condition says no."""
        drafts: list[Draft] = []
        for entry in _named(self.source, self.entries(occasion.event.payload)):
            sheet = Sheet()
            if self.condition is not None and not decide(self.condition, self.step.name, occasion, sheet):
                return []
            name = _unlike(f"{self.step.name}:{entry.object}", drafts)
            make = self._draft if entry.field is None else self._looked_up
            drafts.append(make(name, entry, occasion, origin, sheet))
        return drafts

    def _draft(self, name: str, entry: Named, occasion: Occasion, origin: Origin, sheet: Sheet) -> Draft:
        maker = self._target(entry.object)
        record_id = record_ids.full(entry.record_id) if entry.record_id else None
        target = maker.make(occasion, sheet) if maker else Target(entry.object, self.step.name, (), ())
        claim = self._claim(name, entry, record_id, occasion)
        wrong = _wrong(entry, record_id, known=maker is not None)
        return Draft(
            origins=(structs.replace(origin, step=name),),
            step=name,
            targets=(target,),
            claims=(claim,),
            key=claim,
            create=None if entry.record_id else target.object,
            record_id=record_id,
            on_missing=OnMissing.SKIP if entry.record_id else OnMissing.CREATE,
            on_deleted=self.step.on_deleted or OnDeleted.HOLD,
            auto_assign=assigns(self.step),
            allow_duplicates=self.step.allow_duplicates,
            notes=tuple(sheet.notes),
            held=wrong or sheet.held,
        )

    def _looked_up(self, name: str, entry: Named, occasion: Occasion, origin: Origin, sheet: Sheet) -> Draft:
        """Return the draft of a record that is known by the value of a field. Of several nobody can tell which is meant."""
        described = self.makings.schema.object(entry.object)
        found = described.field(entry.field or "") if described else None
        value = keys.normalised(found, entry.record_id) if found else None
        target, wrong = Target(entry.object, self.step.name, (), ()), _unknown_key(entry, described, found, value)
        if described and found and not wrong:
            claims, read = keys.match_claim(described.name, found.name, ""), fixed(entry.record_id)
            reader = KeyReader(claims, found, read, converter(found, LossyPolicy.LEAVE_OUT), None, covered=False)
            target = replace(self._compiled(described, self.step.rows), keys=(reader,)).make(occasion, sheet)
        claim = target.keys[0].claim if target.keys else self._claim(name, entry, None, occasion)
        return Draft(
            origins=(structs.replace(origin, step=name),),
            step=name,
            targets=(target,),
            claims=(claim,),
            key=claim,
            create=target.object,
            on_duplicates=OnDuplicates.HOLD,
            on_deleted=self.step.on_deleted or OnDeleted.HOLD,
            auto_assign=assigns(self.step),
            allow_duplicates=self.step.allow_duplicates,
            notes=tuple(sheet.notes),
            held=wrong or sheet.held,
        )

    def _claim(self, name: str, entry: Named, record_id: str | None, occasion: Occasion) -> str:
        if record_id:
            return keys.record_claim(record_id)
        asked = f"{name}#{entry.record_id[:40]}" if entry.record_id else name
        return keys.entity_claim(self.makings.sources.kind, keys.event_identity(occasion.event), asked)

    def _target(self, name: str) -> TargetMaker | None:
        """Return the compiled rows for an object; None when the org has no such object."""
        described = self.makings.schema.object(name)
        if described is None:
            return None
        return self._compiled(described, self.rows.get(described.name.lower(), self.step.rows))

    def _compiled(self, described: ObjectType, rows: tuple[Row, ...]) -> TargetMaker:
        place = described.name, rows is self.step.rows
        if place not in self.targets:
            self.targets[place] = compile_target(self.step.name, described, rows, (), self.makings, creates=True)
        return self.targets[place]


def compile_named(step: Step, source: ObjectFrom, document: Document, makings: Makings, condition: Condition | None) -> NamedMaker:
    """Compile a step with `object_from`."""
    by_name = {other.name: other.rows for other in document.steps}
    rows = {name.lower(): by_name[owner] for name, owner in source.rows_of.items() if owner in by_name}
    return NamedMaker(step, source, paths.compile(source.path), rows, makings, condition)


def named_objects(document: Document, events: Iterable[Event]) -> frozenset[str]:
    """Return the objects that events name themselves, so that the caller can have them described before compiling."""
    sources = [(step.object_from, paths.compile(step.object_from.path)) for step in document.steps if step.object_from]
    return frozenset(entry.object for event in events for source, get in sources for entry in _named(source, get(event.payload)))


def _named(source: ObjectFrom, listed: Any) -> Iterator[Named]:
    """Yield the entries meant for Salesforce; entries of other tools are none of our business."""
    for entry in listed[:_MOST] if isinstance(listed, list) else ():
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str):
            continue
        prefix = next((one for one in source.prefixes if kind.startswith(one)), None)
        if prefix is None:
            continue
        name = kind.removeprefix(prefix).strip()
        record_id = entry.get(source.id)
        if name and len(name) <= _LONGEST_NAME:
            yield Named(name, str(record_id).strip() or None if record_id is not None else None, _field(source, entry))


def _field(source: ObjectFrom, entry: Mapping[str, Any]) -> str | None:
    """Return the field that identifies the record, where the entry names one; the record id itself is none."""
    named = entry.get(source.key) if source.key else None
    return named if isinstance(named, str) and named.strip().lower() not in ("", "id") else None


def _unlike(name: str, drafts: list[Draft]) -> str:
    """Return the name with a number when an earlier entry has it: outcomes are kept by step name."""
    taken = {draft.step for draft in drafts}
    number = 2
    unlike = name
    while unlike in taken:
        unlike, number = f"{name}:{number}", number + 1
    return unlike


def _unknown_key(entry: Named, described: ObjectType | None, found: Field | None, value: str | None) -> tuple[Reason, str] | None:
    """Say why a record cannot be looked up as the entry asks."""
    if described is None:
        return _wrong(entry, None, known=False)
    shown = (entry.field or "")[:_LONGEST_NAME]
    if found is None or not found.filterable:
        sentence = f"The org's {described.label} has no field {shown} to look records up by; correct the event's key, or create the field."
        return Reason.REJECTED, sentence
    if value is None:
        return Reason.REJECTED, f"The event names a {described.label} by {shown}, but without a value that this field can hold."
    return None


def _wrong(entry: Named, record_id: str | None, *, known: bool) -> tuple[Reason, str] | None:
    if not known:
        return Reason.REJECTED, f"The org has no object {entry.object}, or the connection's user may not see it; correct the event's type."
    if entry.record_id and record_id is None:
        return Reason.REJECTED, f"The event names a {entry.object} by an id that is no record id of 15 or 18 characters."
    return None
