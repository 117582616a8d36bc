"""The person of an event: one draft that may land on a Lead or a Contact.

All steps with the role person are alternatives for the same record, so they make one draft with a target each, in the order in which the
person is looked for; later steps call its record "person". Where such a step hangs on it, the draft is made even if it wants nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crosswalk.mapping.conditions import Condition, decide
from crosswalk.mapping.document import PersonRouting, Step
from crosswalk.mapping.rows import PERSON
from crosswalk.mapping.targets import TargetMaker
from crosswalk.mapping.writing import Occasion, Sheet
from crosswalk.model import Draft, OnMissing, Origin, Target, Unmapped, UpdatePolicy
from crosswalk.reasons import Reason

_IDS = ("user_id", "anonymous_id")  # what a source calls a person by, of whom a later event may tell more


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the objects the person may be, with its condition."""

    target: TargetMaker
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class PersonMaker:
    """Makes the person's draft. `needed` says that another step hangs on it."""

    alternatives: tuple[Alternative, ...]
    routing: PersonRouting
    create: str | None
    allow_duplicates: bool
    auto_assign: bool
    needed: bool

    def make(self, occasion: Occasion, origin: Origin) -> Draft | Unmapped:
        """Return the draft, or why there is none."""
        sheet = Sheet()
        targets: list[Target] = []
        useful = self.needed
        for alternative in self.alternatives:
            if alternative.condition is not None and not decide(alternative.condition, alternative.target.step, occasion, sheet):
                continue
            target = alternative.target.make(occasion, sheet)
            if not useful:
                useful = is_useful(target, creates=alternative.target.creates)
            targets.append(target)
        claims = tuple(dict.fromkeys([key.claim for target in targets for key in target.keys]))
        if not claims and sheet.held is None:
            return Unmapped(occasion.delivery_id, PERSON, self._nameless(occasion, targets), self._why(targets))
        if not useful and sheet.held is None:
            return Unmapped(occasion.delivery_id, PERSON, Reason.MAPPED_NOTHING)
        create = self.create if self.create in [target.object for target in targets] else None
        claims = claims or (f"delivery:{occasion.delivery_id}",)
        return Draft(
            origins=(origin,),
            step=PERSON,
            targets=tuple(targets),
            claims=claims,
            key=claims[0],
            create=create,
            on_missing=self.routing.on_missing,
            on_duplicates=self.routing.on_duplicates,
            on_deleted=self.routing.on_deleted,
            follow_converted=self.routing.follow_converted,
            auto_assign=self.auto_assign,
            allow_duplicates=self.allow_duplicates,
            notes=tuple(sheet.notes),
            held=sheet.held,
        )

    def _nameless(self, occasion: Occasion, targets: Sequence[Target]) -> Reason:
        """Say why nobody is meant; another id the source gave the person may yet be told to be somebody's, so that can be waited for."""
        if not targets:
            return Reason.MAPPED_NOTHING
        may_be_learnt = any(occasion.event.person.get(one) for one in _IDS)
        return Reason.NO_IDENTITY if may_be_learnt and self.routing.on_nameless == "wait" else Reason.NO_MATCH_KEY

    def _why(self, targets: Sequence[Target]) -> str:
        if not targets:
            return "The conditions of all person steps say no, or none of their objects is in this org."
        fields = dict.fromkeys(key.field.name for alternative in self.alternatives for key in alternative.target.keys)
        return (
            f"The event has no value for {' or '.join(fields)}."
            if fields
            else "No match key of the person steps can be searched in this org."
        )


def is_useful(target: Target, *, creates: bool) -> bool:
    """Tell whether a target wants anything that could be written."""
    for want in target.wants:  # noqa: SIM110 - the first will nearly always do, and a generator costs more than that
        if not want.placeholder and (creates or want.update is not UpdatePolicy.CREATE_ONLY):
            return True
    return False


def compile_person(
    steps: Sequence[Step],
    makers: Mapping[str, TargetMaker],
    conditions: Mapping[str, Condition],
    routing: PersonRouting,
    *,
    needed: bool,
) -> PersonMaker:
    """Put the person steps in search order; steps whose object the org lacks have no maker and fall out."""
    order = {name.lower(): place for place, name in enumerate(routing.search)}
    known = [step for step in steps if step.name in makers]
    known.sort(key=lambda step: order.get((step.object or "").lower(), len(order)))
    creating = next((step for step in known if makers[step.name].creates), None)
    return PersonMaker(
        alternatives=tuple(Alternative(makers[step.name], conditions.get(step.name)) for step in known),
        routing=routing,
        create=makers[creating.name].object if creating and routing.on_missing is OnMissing.CREATE else None,
        allow_duplicates=bool(creating and creating.allow_duplicates),
        auto_assign=bool(creating and assigns(creating)),
        needed=needed,
    )


def assigns(step: Step) -> bool:
    """Tell whether assignment rules may run: never when a row sets the owner, which they would replace (C-16)."""
    return step.auto_assign and not any(getattr(row, "field", "").lower() == "ownerid" for row in step.rows)
