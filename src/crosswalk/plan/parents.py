"""Drafts that need the record of an earlier step wait for it, then take its id.

A Campaign Member has no key of its own before its person is known: its claim is the pair (campaign, person), and a converted lead's
member row is looked for under the lead as well as under the contact.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec import structs

from crosswalk import record_ids
from crosswalk.model import CAMPAIGN, AutoMatch, Draft, JoinedIds, MatchKey, Note, StepRecord, Target, UpdatePolicy, Want
from crosswalk.plan.match import BECOMES

_PEOPLE = ("Lead", "Contact")
_REFERENCES = (StepRecord, JoinedIds)
_MEMBER_FIELD = {"Lead": "LeadId", "Contact": "ContactId", "Account": "AccountId"}


@dataclass(frozen=True, slots=True)
class Parent:
    """The record a step ended on, other ids the same person goes by, and what their lead was converted into, as object and id."""

    object: str
    id: str
    aliases: tuple[tuple[str, str], ...] = ()
    became: tuple[tuple[str, str], ...] = ()

    def of(self, object_name: str | None) -> str | AutoMatch | None:
        """Return the person's or step's record of an object: its id, how to find it, or None when there is none."""
        wanted = (object_name or self.object).lower()
        if wanted == self.object.lower():
            return self.id
        if wanted == "contact" and self.object == "Account":
            return AutoMatch("Contact", "AccountId", self.id, is_twin=True)
        return next((record_id for name, record_id in self.became if name.lower() == wanted), None)

    def may_become(self, object_name: str | None) -> bool:
        """Tell whether a person may have such a record after a conversion only, so that there being none is nothing to tell of."""
        return self.object in _PEOPLE and (object_name or "").lower() in {name.lower() for name, _ in BECOMES}


def needed(draft: Draft) -> frozenset[str]:
    """Return the names of the steps whose records this draft needs first."""
    referring = [want for target in draft.targets for want in target.wants if isinstance(want.value, _REFERENCES)]
    referenced = frozenset[str]().union(*(_steps(want) for want in referring))
    return referenced | ({draft.parent} if draft.parent else frozenset())


def without(draft: Draft, gone: frozenset[str]) -> Draft:
    """Leave out what refers to the records of these steps, which there will never be."""
    if not gone:
        return draft
    notes = [
        Note("no_step_record", want.row, f'The step "{name}" made nothing, so its record cannot be set.')
        for target in draft.targets
        for want in target.wants
        for name in sorted(_steps(want) & gone)
    ]
    targets = tuple(
        structs.replace(target, wants=tuple(want for want in target.wants if not _steps(want) & gone)) for target in draft.targets
    )
    return structs.replace(draft, targets=targets, notes=(*draft.notes, *notes))


def _steps(want: Want) -> frozenset[str]:
    return want.value.steps if isinstance(want.value, _REFERENCES) else frozenset()


def resolve(draft: Draft, parents: Mapping[str, Parent]) -> Draft:
    """Put the ids of `parents` into the draft; every step in `needed(draft)` must be there."""
    if draft.parent is None and not any(isinstance(want.value, _REFERENCES) for target in draft.targets for want in target.wants):
        return draft  # as most drafts of people do
    notes: list[Note] = []
    targets = tuple(
        structs.replace(target, wants=tuple(_resolved(target.wants, draft.member_of, parents, notes))) for target in draft.targets
    )
    draft = structs.replace(draft, targets=targets, notes=(*draft.notes, *notes))
    if not draft.member_of or not draft.parent:
        return draft
    return _member(draft, draft.member_of, parents[draft.parent])


def _resolved(wants: Iterable[Want], campaign: str | None, parents: Mapping[str, Parent], notes: list[Note]) -> Iterator[Want]:
    """Yield the wants with ids; what no record stands for is left out and noted."""
    for want in wants:
        value = want.value
        if isinstance(value, StepRecord):
            parent = parents[value.step]
            record = parent.of(value.object)
            if record is None and parent.may_become(value.object):
                continue
            if record is None:
                notes.append(Note("no_step_record", want.row, f"The record is a {parent.object} and no {value.object}; it was left out."))
                continue
            yield structs.replace(want, value=record)
        elif isinstance(value, JoinedIds):
            ids = [campaign if part == CAMPAIGN else parents[part].id for part in value.parts]
            if None in ids:
                notes.append(Note("no_step_record", want.row, "The step has no campaign, so its id cannot be joined; it was left out."))
                continue
            yield structs.replace(want, value="_".join(record_ids.full(one) or one for one in ids if one))
        else:
            yield want


def _member(draft: Draft, campaign: str, person: Parent) -> Draft:
    claim = f"member:{campaign}:{person.id}"
    field = _MEMBER_FIELD[person.object]
    keys = (MatchKey(field, person.id, claim), *(MatchKey(name, record_id, claim) for name, record_id in person.aliases))
    target = draft.targets[0]
    first = draft.origins[0]
    position = min((want.sync_position for want in target.wants), default=0)
    fixed = tuple(
        Want(name, value, first.freshness, first.delivery_id, row, UpdatePolicy.CREATE_ONLY, sync_position=position)
        for name, value, row in (("CampaignId", campaign, "campaign"), (field, person.id, "person"))
    )
    member = Target(target.object, target.step, keys, (*target.wants, *fixed))
    return structs.replace(draft, targets=(member,), claims=(claim,), key=claim)
