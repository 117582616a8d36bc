"""Mapping + event → drafts: what the event wants, still ignorant of what stands in the org.

A mapping is compiled once per version and org schema; applying it is the hot path. Steps run in their order: the person first among
them, then what hangs on the person. Where the event names its records itself (`object_from`), it is about those and not about a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from msgspec import Struct

from crosswalk.errors import ConfigurationError
from crosswalk.mapping import members
from crosswalk.mapping.conditions import Condition, compile_condition
from crosswalk.mapping.document import AttributeEntry, Document, JoinEntry, OptIn, Step, StepEntry
from crosswalk.mapping.named import NamedMaker, compile_named, named_objects
from crosswalk.mapping.optin import opted_in
from crosswalk.mapping.persons import PersonMaker, compile_person
from crosswalk.mapping.reading import Reader, Sources
from crosswalk.mapping.rows import PERSON, Makings, entry_reader
from crosswalk.mapping.steps import BoundCampaign, StepMaker, Surroundings
from crosswalk.mapping.targets import PERSON_KINDS, TargetMaker, compile_target
from crosswalk.mapping.writing import Occasion
from crosswalk.model import Attribute, Draft, Event, Note, OnMissing, OrgSchema, Origin, Unmapped
from crosswalk.reasons import Reason

__all__ = ["Applied", "BoundCampaign", "CompiledMapping", "Context", "compile", "named_objects"]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the event: keys of the person learnt from other events, the event's campaign, the connection's zone."""

    person: Mapping[str, str]
    campaign: BoundCampaign | None
    zone: ZoneInfo


class Applied(Struct, frozen=True):
    """What a mapping made of one event: drafts, and steps that make none with the reason."""

    drafts: tuple[Draft, ...]
    unmapped: tuple[Unmapped, ...] = ()


Maker = PersonMaker | NamedMaker | StepMaker


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping ready to run against one org. `notes` says which rows and keys are suspended there, and why.

    `names_records` says that a step takes from the event which records it is about.
    """

    sync_id: str
    version: int
    position: int
    source_kind: str
    opt_in: OptIn | None
    makers: tuple[tuple[str, Maker], ...]
    notes: tuple[Note, ...]
    names_records: bool

    def apply(self, event: Event, delivery_id: str, lane_id: str, context: Context) -> Applied:
        """Return the drafts of one delivery. Never raises for anything an event may hold."""
        if self.opt_in is not None and not opted_in(self.opt_in, event.payload):
            return Applied((), tuple(Unmapped(delivery_id, name, Reason.NOT_OPTED_IN) for name, _ in self.makers))
        freshness = event.freshness
        occasion = Occasion(event, context.zone, delivery_id, lane_id, freshness, self.position, context.person)
        drafts = self._named(occasion) if self.names_records else []
        names_records = bool(drafts)
        unmapped: list[Unmapped] = []
        made: set[str] = set()
        person: tuple[str, ...] | None = None
        for place, (name, maker) in enumerate(self.makers):
            if isinstance(maker, NamedMaker) or (names_records and isinstance(maker, PersonMaker)):
                continue
            origin = Origin(delivery_id, self.sync_id, self.version, name, freshness, lane_id, place)
            if isinstance(maker, PersonMaker):
                result = maker.make(occasion, origin)
            else:
                around = Surroundings(frozenset(made), person or _claims_of(event, context.person), context.campaign)
                result = maker.make(occasion, origin, around)
            if isinstance(result, Unmapped):
                unmapped.append(result)
                continue
            drafts.append(result)
            made.add(name)
            person = result.claims if name == PERSON else person
        return Applied(tuple(drafts), tuple(unmapped))

    def _named(self, occasion: Occasion) -> list[Draft]:
        """Return the drafts of records the event names itself."""
        drafts: list[Draft] = []
        for place, (name, maker) in enumerate(self.makers):
            if isinstance(maker, NamedMaker):
                origin = Origin(occasion.delivery_id, self.sync_id, self.version, name, occasion.freshness, occasion.lane_id, place)
                drafts.extend(maker.make(occasion, origin))
        return drafts


def _claims_of(event: Event, learnt: Mapping[str, str]) -> tuple[str, ...]:
    """Return what tells persons apart where the mapping has no person step."""
    found = ((kind, str(event.person.get(kind) or learnt.get(kind) or "").strip().lower()) for kind in PERSON_KINDS)
    return tuple(f"person:{kind}={value}" for kind, value in found if value)


def compile(  # noqa: A001 - read as apply.compile, like re.compile
    document: Document,
    catalogue: Sequence[Attribute],
    schema: OrgSchema,
    *,
    sync_id: str,
    version: int,
    position: int,
    source_kind: str,
    one_based: bool = False,
) -> CompiledMapping:
    """Compile a mapping for an org. What the org or the catalogue lacks is suspended with a note; this never fails for drift."""
    sources = Sources({attribute.key: attribute for attribute in catalogue}, source_kind, one_based=one_based)
    records = {step.name: PERSON if step.person else step.name for step in document.steps}
    makings = Makings(sources, schema, records)
    compiled = _Steps(document, makings)
    makers = compiled.makers()
    names_records = any(isinstance(maker, NamedMaker) for _, maker in makers)
    return CompiledMapping(sync_id, version, position, source_kind, document.opt_in, makers, tuple(compiled.notes), names_records)


class _Steps:
    """Compiles the steps of one document and gathers what is to be said about them."""

    def __init__(self, document: Document, makings: Makings) -> None:
        self._document = document
        self._steps = [step for step in document.steps if step.automation]
        self._makings = makings
        self.notes: list[Note] = []

    def makers(self) -> tuple[tuple[str, Maker], ...]:
        """Return every step's maker by the name of its record; the person's stands where the first person step stands."""
        makers: dict[str, Maker] = {}
        for step in self._steps:
            if step.person:
                if PERSON not in makers:
                    makers[PERSON] = self._person()
            elif step.object_from is not None:
                condition, broken = self._condition(step)
                if not broken:
                    makers[step.name] = compile_named(step, step.object_from, self._document, self._makings, condition)
            else:
                makers[step.name] = self._step(step)
        return tuple(makers.items())

    def _person(self) -> PersonMaker:
        steps = [step for step in self._steps if step.person]
        makers: dict[str, TargetMaker] = {}
        conditions: dict[str, Condition] = {}
        for step in steps:
            condition, broken = self._condition(step)
            target, _ = self._target(step)
            if broken or target is None:
                continue
            makers[step.name] = target
            if condition is not None:
                conditions[step.name] = condition
        return compile_person(steps, makers, conditions, self._document.person, needed=self._needed())

    def _step(self, step: Step) -> StepMaker:
        condition, broken = self._condition(step)
        target, lacks = self._target(step)
        return StepMaker(
            step=step,
            source_kind=self._makings.sources.kind,
            records=self._makings.records,
            target=None if broken else target,
            condition=condition,
            lacks=broken or lacks,
            remark=self._remark(step),
        )

    def _remark(self, step: Step) -> Reader | None:
        """Return what reads the step's remark; None where it has none, or one that the catalogue does not know."""
        if step.remark is None:
            return None
        try:
            return entry_reader(AttributeEntry(attribute=(step.remark,)), self._makings)
        except ConfigurationError as error:
            self.notes.append(Note(error.code, f"{step.name}.remark", error.sentence))
            return None

    def _condition(self, step: Step) -> tuple[Condition | None, str]:
        """Return the compiled condition, or the sentence that says why it cannot be read."""
        if step.when is None:
            return None, ""
        compiled = compile_condition(step.name, step.when, self._makings)
        if not isinstance(compiled, Note):
            return compiled, ""
        self.notes.append(compiled)
        return None, compiled.sentence

    def _target(self, step: Step) -> tuple[TargetMaker | None, str]:
        """Return the compiled keys and rows, or the sentence that says what the org lacks."""
        described = self._makings.schema.object(step.object or "")
        if described is None:
            sentence = f"The org has no object {step.object}, or the connection's user may not see it."
            self.notes.append(Note("not_in_org", step.name, sentence))
            return None, sentence
        target = compile_target(
            step.name, described, members.rows_with_ids(step, described), step.match, self._makings, creates=self._creates(step)
        )
        self.notes.extend(target.notes)
        return target, ""

    def _creates(self, step: Step) -> bool:
        """Tell whether a step may create its record; of the person steps one may."""
        if not step.person:
            return (step.on_missing or OnMissing.CREATE) is OnMissing.CREATE
        routing = self._document.person
        wanted = (routing.create or "").lower()
        return routing.on_missing is OnMissing.CREATE and (step.object or "").lower() == wanted

    def _needed(self) -> bool:
        """Tell whether any step hangs on the person's record."""
        others = [step for step in self._steps if not step.person]
        if any(step.parent and self._makings.records.get(step.parent, step.parent) == PERSON for step in others):
            return True
        entries = (getattr(row, "entry", None) for step in others for row in step.rows)
        names = {name for entry in entries if isinstance(entry, StepEntry | JoinEntry) for name in entry.steps}
        return any(self._makings.records.get(name, name) == PERSON for name in names)
