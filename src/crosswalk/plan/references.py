"""Auto-match entries become ids: the record of another object whose field equals a value.

A look-up without a hit leaves its field out and says so, because one unknown company must not keep a person out of the org; only where
a new record cannot be without the field is the draft held.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from crosswalk.model import Answers, AutoMatch, Draft, Note, OnDuplicates, OrgSchema, Record, Target, Want
from crosswalk.plan import match
from crosswalk.reasons import Reason


@dataclass(frozen=True, slots=True)
class Held:
    """Why a draft cannot be decided."""

    reason: Reason
    detail: str


def grouped(draft: Draft, target: Target, answers: Answers) -> tuple[dict[str, list[Want]], tuple[Note, ...], Held | None]:
    """Group the target's wants by field, with look-ups replaced by ids; several hits follow the step's choice on duplicates."""
    found: defaultdict[str, list[Want]] = defaultdict(list)
    notes: list[Note] = []
    for want in target.wants:
        if not isinstance(want.value, AutoMatch):
            found[want.field].append(want)
            continue
        hits = _usable(answers.get(match.auto_question(want.value), ()), want.value)
        if not hits:
            notes.append(_left_out(want, want.value))
        elif len(hits) > 1 and draft.on_duplicates is OnDuplicates.HOLD:
            return {}, tuple(notes), Held(Reason.TOO_MANY, f"{len(hits)} {want.value.object} records match {want.field}")
        else:
            found[want.field].append(structs.replace(want, value=match.pick(hits, draft.on_duplicates).id))
    return dict(found), tuple(notes), None


def lacking(target: Target, found: Mapping[str, Sequence[Want]], schema: OrgSchema) -> Held | None:
    """Hold a new record that cannot be without a field whose look-up had no hit (LC-18)."""
    for want in target.wants:
        if not isinstance(want.value, AutoMatch) or want.field in found:
            continue
        described = schema.field(target.object, want.field)
        if described and described.required:
            sentence = f"{want.field} is required and no {want.value.object} has this {want.value.field}"
            return Held(Reason.REJECTED, f"{sentence}: create it or map another field, then replay")
    return None


def _left_out(want: Want, wanted: AutoMatch) -> Note:
    return Note("auto_match_none", want.row, f"No {wanted.object} has this {wanted.field}; {want.field} is left out.")


def _usable(records: Sequence[Record], wanted: AutoMatch) -> tuple[Record, ...]:
    """Leave out inactive users, whom Salesforce refuses as owners, and contacts of a company where a person account's is wanted."""
    if wanted.is_twin:
        return tuple(record for record in records if record.fields.get("IsPersonAccount"))
    return tuple(record for record in records if record.object != "User" or record.fields.get("IsActive") is not False)
