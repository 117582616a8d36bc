"""Every step but the person's: one draft per event, entity, person, or person and entity.

What is made once needs a claim to be made once by: its match keys, or what the step is once per. A Campaign Member has neither before
its person is known; until then its claim is the campaign with each claim of the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crosswalk import record_ids
from crosswalk.mapping import keys
from crosswalk.mapping.conditions import Condition, decide
from crosswalk.mapping.document import Step
from crosswalk.mapping.persons import assigns, is_useful
from crosswalk.mapping.reading import Reader
from crosswalk.mapping.targets import TargetMaker
from crosswalk.mapping.writing import Occasion, Sheet
from crosswalk.model import Draft, JoinedIds, Note, OncePer, OnDeleted, OnDuplicates, OnMissing, Origin, StepRecord, Target, Unmapped
from crosswalk.reasons import Reason


@dataclass(frozen=True, slots=True)
class BoundCampaign:
    """The campaign of an event, and its member statuses where the caller knows them."""

    campaign_id: str
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What other steps of the same delivery have come to. `made` are the steps with a draft, `person` the claims of the person."""

    made: frozenset[str]
    person: tuple[str, ...]
    campaign: BoundCampaign | None


@dataclass(frozen=True, slots=True)
class StepMaker:
    """Makes the draft of one step. Without a target the org lacks the object, or the condition cannot be read: `lacks` says which."""

    step: Step
    source_kind: str
    records: Mapping[str, str]
    target: TargetMaker | None
    condition: Condition | None
    lacks: str = ""
    remark: Reader | None = None

    def make(self, occasion: Occasion, origin: Origin, around: Surroundings) -> Draft | Unmapped:
        """Return the draft, or why there is none."""
        if self.target is None:
            return self._nothing(occasion, Reason.MAPPED_NOTHING, self.lacks)
        parent = self.records.get(self.step.parent, self.step.parent) if self.step.parent else None
        if parent and parent not in around.made:
            return self._nothing(occasion, Reason.NO_MATCH_KEY, f'The step "{parent}", whose record this one belongs to, made nothing.')
        sheet = Sheet()
        if self.condition is not None and not decide(self.condition, self.step.name, occasion, sheet):
            return self._nothing(occasion, Reason.MAPPED_NOTHING, "The step's condition says no.")
        if self.step.campaign and around.campaign is None:
            return self._nothing(occasion, Reason.NO_CAMPAIGN)
        target = _without_missing(self.target.make(occasion, sheet), around, sheet)
        self._remark(occasion, sheet)
        claims = self._claims(target, occasion, around)
        if not claims:
            return self._nothing(occasion, Reason.NO_MATCH_KEY, self._wanted_keys())
        member_of = self._campaign(around)
        if not member_of and sheet.held is None and not is_useful(target, creates=self.target.creates):
            return self._nothing(occasion, Reason.MAPPED_NOTHING)
        return self._draft(target, origin, claims, sheet, parent=parent, member_of=member_of, campaign=around.campaign)

    def _draft(
        self,
        target: Target,
        origin: Origin,
        claims: tuple[str, ...],
        sheet: Sheet,
        *,
        parent: str | None,
        member_of: str | None,
        campaign: BoundCampaign | None,
    ) -> Draft:
        step = self.step
        return Draft(
            origins=(origin,),
            step=step.name,
            targets=(target,),
            claims=claims,
            key=claims[0],
            create=target.object if self.target and self.target.creates else None,
            on_missing=step.on_missing or OnMissing.CREATE,
            on_duplicates=step.on_duplicates or OnDuplicates.OLDEST,
            on_deleted=step.on_deleted or OnDeleted.HOLD,
            member_of=member_of,
            parent=parent,
            auto_assign=assigns(step),
            allow_duplicates=step.allow_duplicates,
            notes=tuple(sheet.notes),
            held=sheet.held or _unknown_status(target, campaign if member_of else None),
        )

    def _remark(self, occasion: Occasion, sheet: Sheet) -> None:
        """Put what the source remarks about the event into the outcome."""
        said = self.remark(occasion.event, occasion.zone) if self.remark else None
        if isinstance(said, str) and said:
            sheet.notes.append(Note("remark", self.step.name, said))

    def _nothing(self, occasion: Occasion, reason: Reason, detail: str = "") -> Unmapped:
        return Unmapped(occasion.delivery_id, self.step.name, reason, detail)

    def _campaign(self, around: Surroundings) -> str | None:
        """Return the campaign a member belongs to."""
        if not self.step.campaign or around.campaign is None:
            return None
        return record_ids.full(around.campaign.campaign_id) or around.campaign.campaign_id

    def _claims(self, target: Target, occasion: Occasion, around: Surroundings) -> tuple[str, ...]:
        """Return the claims that make the record one of its kind, the strongest first."""
        matched = [key.claim for key in target.keys]
        campaign = self._campaign(around)
        if campaign and not matched:
            return tuple(keys.member_claim(campaign, person) for person in around.person)
        if self.step.once_per is None and (matched or self.step.match):
            return tuple(dict.fromkeys(matched))
        once = (keys.entity_claim(self.source_kind, entity, self.step.name) for entity in self._once_per(occasion, around))
        return tuple(dict.fromkeys((*matched, *once)))

    def _once_per(self, occasion: Occasion, around: Surroundings) -> list[str]:
        """Return what the step's record is made once for, under each name it may be known by."""
        event = occasion.event
        match self.step.once_per or OncePer.EVENT:
            case OncePer.EVENT:
                return [keys.event_identity(event)]
            case OncePer.ENTITY:
                return [event.entity_id] if event.entity_id else []
            case OncePer.PERSON:
                return list(around.person)
            case OncePer.PERSON_AND_ENTITY:
                entity = event.group_id or event.entity_id
                return [f"{entity}|{person}" for person in around.person] if entity else []

    def _wanted_keys(self) -> str:
        fields = [reader.field.name for reader in self.target.keys] if self.target else []
        return (
            f"The event has no value for {' or '.join(fields)}." if fields else "The event does not say what the record is made once for."
        )


def _without_missing(target: Target, around: Surroundings, sheet: Sheet) -> Target:
    """Drop wants for the record of a step that made no draft: there will be no such record."""
    gone = [want for want in target.wants if isinstance(want.value, StepRecord | JoinedIds) and not want.value.steps <= around.made]
    if not gone:
        return target
    for want in gone:
        missing = ", ".join(sorted(want.value.steps - around.made)) if isinstance(want.value, StepRecord | JoinedIds) else ""
        sheet.notes.append(Note("no_step_record", want.row, f'The step "{missing}" made nothing, so its record cannot be set.'))
    return Target(target.object, target.step, target.keys, tuple(want for want in target.wants if want not in gone))


def _unknown_status(target: Target, campaign: BoundCampaign | None) -> tuple[Reason, str] | None:
    """Hold a member whose status the campaign does not have: Salesforce would silently take another (A6)."""
    if campaign is None or not campaign.statuses:
        return None
    known = {status.casefold() for status in campaign.statuses}
    for want in target.wants:
        if want.field == "Status" and isinstance(want.value, str) and want.value.casefold() not in known:
            sentence = f'"{want.value}" is not a member status of the campaign; add it or change the label.'
            return Reason.LOSSY_VALUE, f"{want.row}: {sentence}"
    return None
