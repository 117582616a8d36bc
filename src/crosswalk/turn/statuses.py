"""Member statuses that a campaign lacks, made before its members are written, where the admin allows it.

Salesforce turns an unknown status into the default without a word, so one that is missing and may not be made holds its members. Several
turns may find the same one missing: each is claimed like any record that many share.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from crosswalk.mapping.campaigns import Rules
from crosswalk.model import Draft, MatchKey, OnMissing, Origin, Question, Target, UpdatePolicy, Want
from crosswalk.salesforce import lookup
from crosswalk.turn.bound import Bound
from crosswalk.turn.context import Turn
from crosswalk.turn.gather import Mappings
from crosswalk.turn.imagined import STAND_IN

OBJECT = "CampaignMemberStatus"
_FIRST = ("Sent", "Responded")  # what Salesforce gives every new campaign
_STEP_LENGTH = 80

Known = Callable[[Iterable[str]], Awaitable[Mapping[str, tuple[str, ...]]]]


async def missing(
    turn: Turn, pending: Sequence[Draft], ready: Mappings, bound: Bound, known: Known, before_call: lookup.BeforeCall
) -> list[Draft]:
    """Return drafts for the statuses that the pending members' campaigns lack and that may be made."""
    members: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in pending:
        rules = ready.rules.get(draft.origins[0].sync_id)
        if draft.member_of and rules and _may(rules, draft.member_of, bound):
            members[draft.member_of].append(draft)
    if not members:
        return []
    templates = {campaign: _template(ready, drafts, campaign, bound) for campaign, drafts in members.items()}
    standing: dict[str, tuple[str, ...]] = {one: _FIRST for one in members if one.startswith(STAND_IN)}
    standing |= await known([one for one in members if one not in standing])
    made: list[Draft] = []
    for campaign, drafts in members.items():
        has = {label.casefold() for label in standing[campaign]}
        lacking = {label.casefold(): label for label in _wanted(ready, drafts) if label.casefold() not in has}
        responded = set(ready.rules[drafts[0].origins[0].sync_id].responded)
        template = templates[campaign]
        if template and lacking:
            lent = await _lent(turn, template, before_call)
            lacking |= {label.casefold(): label for label in lent if label.casefold() not in has}
            responded |= {label.casefold() for label, counts in lent.items() if counts}
        made += [_draft(campaign, label, drafts[0], responded=name in responded) for name, label in lacking.items()]
    turn.org.describe.forget_statuses({draft.member_of for draft in made if draft.member_of})
    return made


async def _lent(turn: Turn, template: str, before_call: lookup.BeforeCall) -> dict[str, bool]:
    """Return the statuses of a template, and whether each counts as a response."""
    question = Question(OBJECT, "CampaignId", template)
    asked = await lookup.inquire(turn.org.client, [question], {OBJECT: ("HasResponded", "Label")}, before_call)
    return {str(one.fields["Label"]): bool(one.fields.get("HasResponded")) for one in asked.answers.get(question, ())}


def _may(rules: Rules, campaign: str, bound: Bound) -> bool:
    """Whether statuses may be made: the admin said so, or had the campaign made from a template, whose statuses belong to it."""
    return rules.creates_statuses or (campaign in bound.created and rules.template is not None)


def _template(ready: Mappings, drafts: Sequence[Draft], campaign: str, bound: Bound) -> str | None:
    template = ready.rules[drafts[0].origins[0].sync_id].template
    return template.campaign_id if template and campaign in bound.created else None


def _wanted(ready: Mappings, drafts: Sequence[Draft]) -> Iterable[str]:
    """Yield the labels the members want now, and those their mapping is known to write later."""
    for draft in drafts:
        yield from (str(want.value) for target in draft.targets for want in target.wants if want.field == "Status" and want.value)
    yield from ready.rules[drafts[0].origins[0].sync_id].labels


def _draft(campaign: str, label: str, member: Draft, *, responded: bool) -> Draft:
    first = member.origins[0]
    step = f"(status {label})"[:_STEP_LENGTH]
    origin = Origin(first.delivery_id, first.sync_id, first.mapping_version, step, first.freshness, first.lane_id)
    claim = f"{OBJECT}:Label={campaign}:{label.casefold()}"
    wants = tuple(
        Want(name, value, first.freshness, first.delivery_id, "member_statuses", UpdatePolicy.CREATE_ONLY)
        for name, value in (("CampaignId", campaign), ("Label", label), ("HasResponded", responded))
    )
    target = Target(OBJECT, step, (MatchKey("Label", label.lower(), claim),), wants)
    return Draft((origin,), step, (target,), (claim,), claim, create=OBJECT, on_missing=OnMissing.CREATE, member_of=campaign)
