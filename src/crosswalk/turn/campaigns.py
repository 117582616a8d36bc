"""Campaigns that nobody has picked: found or made by the rules of a sync, before its events are mapped.

First the org is asked without a claim, as for any parent that many share; only what is missing is claimed, asked for again and made, in a
wave of its own. A turn that dies in between leaves a link, by which the next one finds what was made.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from msgspec import structs

from crosswalk.inbox.deliveries import Work
from crosswalk.mapping.apply import Context
from crosswalk.mapping.campaigns import OBJECT, STEP, Template, Wish
from crosswalk.mapping.writing import Occasion
from crosswalk.model import Decision, Draft, Event, Origin, Question, Record, Target, UpdatePolicy, Want
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import lookup
from crosswalk.turn import wave
from crosswalk.turn.bound import BindingOrigin, Bound, Group, group
from crosswalk.turn.context import At, Turn
from crosswalk.turn.gather import Mappings

Decide = Callable[[Sequence[Draft]], Awaitable[Sequence[Decision]]]
Strong = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Unbound:
    """A session or event without a campaign: the deliveries that need one, and what the rules wish for."""

    wish: Wish
    works: list[Work] = field(default_factory=list)

    @property
    def first(self) -> Work:
        """The delivery in whose name the campaign is made."""
        return self.works[0]


def unbound(turn: Turn, ready: Mappings, bound: Bound, strong: Strong) -> dict[Group, Unbound]:
    """Return what needs a campaign that nobody has picked and that rules may find; only what a step would really be bound to one for."""
    zone = ZoneInfo(str(turn.org.connection.settings.get("zone", "UTC")))
    found: dict[Group, Unbound] = {}
    for work in turn.work:
        rules = ready.rules.get(work.delivery.sync_id)
        sync = turn.configuration.syncs.get(work.delivery.sync_id)
        if (
            rules is None
            or not rules.rules
            or sync is None
            or sync.state != "on"
            or work.unreadable
            or group(work.event) in bound.campaigns
        ):
            continue
        context = Context(strong.get(work.event.id, {}), None, zone)
        applied = ready.compiled[sync.id].apply(work.event, work.delivery.id, work.delivery.lane_id, context)
        if all(unmapped.reason is not Reason.NO_CAMPAIGN for unmapped in applied.unmapped):
            continue
        origin = Origin(work.delivery.id, sync.id, sync.version, STEP, work.event.freshness, work.delivery.lane_id)
        position = (work.delivery.lane_id, work.event.freshness, sync.position, strong.get(work.event.id, {}))
        wish = rules.wish(Occasion(work.event, zone, work.delivery.id, *position), origin)
        known = found.setdefault(group(work.event), Unbound(wish))
        if known.works and known.wish.why and not wish.why:
            known.wish, known.works = wish, [work, *known.works]  # a later event says more than the first
        else:
            known.works.append(work)
    return found


async def find(bound: Bound, wanted: Mapping[Group, Unbound], decide: Decide) -> dict[Group, Unbound]:
    """Bind what a rule names or finds, note why where it does not, and return what is to be made."""
    missing: dict[Group, Unbound] = {}
    for key, one in wanted.items():
        if one.wish.campaign_id:
            bound.campaigns[key] = one.wish.campaign_id
        elif one.wish.why:
            bound.why[key] = one.wish.why
    asked = {key: one for key, one in wanted.items() if one.wish.draft}
    decisions = await decide([one.wish.draft for one in asked.values() if one.wish.draft]) if asked else ()
    for (key, one), decision in zip(asked.items(), decisions, strict=True):
        if decision.record_id:
            bound.campaigns[key] = decision.record_id
        elif decision.change:
            missing[key] = one
        else:
            bound.why[key] = _why(one.wish, decision)
    return missing


def decider(turn: Turn, ready: Mappings, at: At) -> Decide:
    """Return what asks the org about drafts and decides them, without a claim and without writing anything down."""

    async def decide(drafts: Sequence[Draft]) -> Sequence[Decision]:
        known = await wave.remembered(turn, drafts)
        found = await wave.asked(turn, drafts, ready.schema, known, turn.spend, at)
        view = await wave.viewed(turn, ready.schema, found.answers)
        return [wave.decided(draft, known, found, view) for draft in drafts]

    return decide


async def drafts(turn: Turn, ready: Mappings, bound: Bound, missing: dict[Group, Unbound], before_call: lookup.BeforeCall) -> list[Draft]:
    """Return the drafts of campaigns to make, each with what its template lends; one whose template is gone is not made."""
    templates = {one.wish.template for one in missing.values() if one.wish.template}
    questions = {template: Question(OBJECT, "Id", template.campaign_id) for template in templates}
    fields = {OBJECT: tuple(sorted({name for template in templates for name in template.copied if ready.schema.field(OBJECT, name)}))}
    answers = (
        (await lookup.inquire(turn.org.client, list(questions.values()), fields, before_call, ready.schema)).answers if templates else {}
    )
    made: list[Draft] = []
    for key, one in list(missing.items()):
        template, draft = one.wish.template, one.wish.draft
        lender = next(iter(answers.get(questions[template], ())), None) if template else None
        if template and lender is None:
            bound.why[key] = f"The template campaign {template.campaign_id} is not in the org; name another one in the rule."
            del missing[key]
        elif draft:
            made.append(_with_loan(draft, template, lender) if template and lender else draft)
    return made


def conclude(turn: Turn, bound: Bound, missing: Mapping[Group, Unbound]) -> None:
    """Bind what was made; where it was refused, its other deliveries are held with the one that tried."""
    for key, one in missing.items():
        delivery = one.first.delivery
        made = turn.parents.get((delivery.id, STEP))
        if made:
            bound.campaigns[key] = made.id
            outcome = turn.outcomes.get((delivery.id, STEP))
            if outcome and outcome.state is State.WRITTEN:
                bound.created.add(made.id)
            continue
        outcome = turn.outcomes.get((delivery.id, STEP))
        bound.why[key] = "Its campaign is being made." if outcome is None else outcome.detail or "Its campaign is being made."
        if outcome and outcome.state is State.HELD:
            for work in one.works[1:]:
                origin = Origin(work.delivery.id, work.delivery.sync_id, work.sync_version, STEP, work.event.freshness)
                turn.conclude([origin], State.HELD, outcome.reason, outcome.detail, object_name=OBJECT)


def news(bound: Bound, wanted: Mapping[Group, Unbound]) -> list[tuple[Event, str, BindingOrigin]]:
    """Return the bindings that rules have come to, to be remembered."""
    return [
        (one.first.event, bound.campaigns[key], BindingOrigin.CREATED if bound.campaigns[key] in bound.created else BindingOrigin.FOUND)
        for key, one in wanted.items()
        if key in bound.campaigns
    ]


def _why(wish: Wish, decision: Decision) -> str:
    if decision.state is State.HELD:
        return decision.detail or (decision.reason.sentence if decision.reason else "")
    keys = wish.draft.targets[0].keys if wish.draft else ()
    return f"No campaign has {' or '.join(f'{key.field} {key.value!r}' for key in keys)}." if keys else decision.detail


def _with_loan(draft: Draft, template: Template, lender: Record) -> Draft:
    """Let a new campaign take fields of its template that no row fills."""
    target, origin = draft.targets[0], draft.origins[0]
    taken = {want.field for want in target.wants}
    loans = tuple(
        Want(name, lender.fields[name], origin.freshness, origin.delivery_id, f"template.{name}", UpdatePolicy.CREATE_ONLY)
        for name in template.copied
        if name not in taken and lender.fields.get(name) is not None
    )
    return structs.replace(draft, targets=(Target(target.object, target.step, target.keys, (*target.wants, *loans)),))
