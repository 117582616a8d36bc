"""Which campaign an event belongs to, by the rules of its sync: fixed, found by a field, or made where none is there.

A rule is compiled as a step that writes a Campaign. It says what is wanted; whether such a campaign stands in the org is asked later. What
is there is never changed by a rule: everything it wants counts on creation only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from crosswalk import record_ids
from crosswalk.mapping import keys
from crosswalk.mapping.conditions import Condition, compile_condition, decide
from crosswalk.mapping.document import CampaignRule, Document, FieldRow, Step
from crosswalk.mapping.reading import Sources
from crosswalk.mapping.rows import Makings
from crosswalk.mapping.targets import TargetMaker, compile_target
from crosswalk.mapping.writing import Occasion, Sheet
from crosswalk.model import Attribute, Draft, Note, OnMissing, OrgSchema, Origin, UpdatePolicy

OBJECT = "Campaign"
STEP = "(campaign)"  # the name of the step in outcomes; no step of a mapping is likely to be called so
_STATUS = "Status"


@dataclass(frozen=True, slots=True)
class Template:
    """A campaign that lends a new one fields and member statuses."""

    campaign_id: str
    copied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a rule makes of an event: a campaign by its id, or a draft that finds or makes one. Without both `why` says what is lacking."""

    campaign_id: str | None = None
    draft: Draft | None = None
    template: Template | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    place: str
    rule: CampaignRule
    condition: Condition | None
    target: TargetMaker | None
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one sync, ready to run, and what its members' statuses may be."""

    rules: tuple[_Rule, ...]
    source_kind: str
    creates_statuses: bool
    responded: frozenset[str]
    labels: tuple[str, ...]

    @property
    def template(self) -> Template | None:
        """The first template of the rules: what a campaign that was made by them has its statuses from."""
        return next((found for one in self.rules if (found := _template(one.rule))), None)

    def wish(self, occasion: Occasion, origin: Origin) -> Wish:
        """Return what the first rule that has anything to say makes of the event."""
        why: list[str] = []
        for one in self.rules:
            sheet = Sheet()
            if one.condition is not None and not decide(one.condition, one.place, occasion, sheet):
                continue
            if sheet.held:
                why.append(sheet.held[1])
                continue
            if one.rule.campaign:
                return Wish(record_ids.full(one.rule.campaign) or one.rule.campaign)
            draft = self._draft(one, occasion, structs.replace(origin, step=STEP)) if one.target else None
            if draft:
                return Wish(draft=draft, template=_template(one.rule))
            why.append(one.broken or f"{one.place}: The event has no value for {_fields(one.rule)}.")
        return Wish(why=" ".join(why) or "No rule of the sync speaks of such an event.")

    def _draft(self, one: _Rule, occasion: Occasion, origin: Origin) -> Draft | None:
        if one.target is None:
            return None
        sheet = Sheet()
        target = one.target.make(occasion, sheet)
        group = occasion.event.group_id
        own = [keys.entity_claim(self.source_kind, group, STEP)] if group and one.rule.create else []
        claims = tuple(dict.fromkeys([*(key.claim for key in target.keys), *own]))
        if not claims:
            return None
        wants = tuple(structs.replace(want, update=UpdatePolicy.CREATE_ONLY) for want in target.wants)
        return Draft(
            origins=(origin,),
            step=STEP,
            targets=(structs.replace(target, wants=wants),),
            claims=claims,
            key=claims[0],
            create=OBJECT if one.rule.create else None,
            on_missing=OnMissing.CREATE if one.rule.create else OnMissing.SKIP,
            on_duplicates=one.rule.on_duplicates,
            notes=tuple(sheet.notes),
            held=sheet.held,
        )


def compile_rules(document: Document, catalogue: Sequence[Attribute], schema: OrgSchema) -> Rules:
    """Compile the rules for an org. One that cannot be read there finds nothing and says why."""
    makings = Makings(Sources({attribute.key: attribute for attribute in catalogue}, document.source), schema, {})
    return Rules(
        rules=tuple(_compiled(step, rule, makings) for step, rule in zip(steps(document), document.campaigns, strict=True)),
        source_kind=document.source,
        creates_statuses=document.member_statuses.missing == "create",
        responded=frozenset(label.casefold() for label in document.member_statuses.responded),
        labels=tuple(dict.fromkeys(_labels(document))),
    )


def steps(document: Document) -> tuple[Step, ...]:
    """Return the rules as the steps they are, so that they are checked and compiled like any other."""
    return tuple(
        Step(
            name=f"campaigns[{number}]",
            object=OBJECT,
            match=rule.match,
            rows=rule.rows,
            when=rule.when,
            on_missing=OnMissing.CREATE if rule.create else OnMissing.SKIP,
        )
        for number, rule in enumerate(document.campaigns)
    )


def _compiled(step: Step, rule: CampaignRule, makings: Makings) -> _Rule:
    condition = compile_condition(step.name, step.when, makings) if step.when else None
    if isinstance(condition, Note):
        return _Rule(step.name, rule, None, None, condition.sentence)
    described = makings.schema.object(OBJECT)
    if described is None:
        return _Rule(step.name, rule, condition, None, "The org has no object Campaign, or the connection's user may not see it.")
    target = compile_target(step.name, described, step.rows, step.match, makings, creates=rule.create)
    return _Rule(step.name, rule, condition, target)


def _template(rule: CampaignRule) -> Template | None:
    if not rule.template:
        return None
    filled = {row.field.lower() for row in rule.rows}
    copied = tuple(name for name in rule.copied if name.lower() not in filled)
    return Template(record_ids.full(rule.template) or rule.template, copied)


def _labels(document: Document) -> Iterator[str]:
    """Yield the member statuses that the mapping is known to write: its ladders and fixed texts."""
    for step in document.steps:
        for row in step.rows if step.campaign else ():
            if isinstance(row, FieldRow) and row.field == _STATUS:
                yield from (*row.ladder.ranks, *row.ladder.resets) if row.ladder else ()
                yield from (str(value) for value in (row.values or {}).values() if value is not None)
                yield from _fixed(row)


def _fixed(row: FieldRow) -> Iterator[str]:
    for value in (getattr(row.entry, "value", None), row.placeholder):
        if value is not None:
            yield str(value)


def _fields(rule: CampaignRule) -> str:
    return " or ".join(key.field for key in rule.match) or "a session or event"
