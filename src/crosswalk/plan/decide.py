"""A draft, the record it is about and what we remember of it become a decision: a change, or none and why."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from crosswalk.model import (
    Answers,
    AutoMatch,
    Change,
    Decision,
    Draft,
    FieldState,
    Headers,
    Note,
    OnMissing,
    Operation,
    OrgSchema,
    Record,
    RecordState,
    Target,
    Want,
)
from crosswalk.plan import match, policies, references, versions
from crosswalk.reasons import Reason, State

_ALWAYS = {
    "Lead": ("IsConverted", "ConvertedContactId", *(name for _, name in match.BECOMES), match.CONVERTED_ON, "MasterRecordId"),
    "Contact": ("MasterRecordId", "IsPersonAccount"),
    "Account": ("MasterRecordId",),
    "User": ("IsActive",),
    "CampaignMemberStatus": ("Label",),
}
_PERSON = frozenset({"Lead", "Contact"})


Aliases = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class View:
    """What a decision may know beside the answers: the described org, what we remember, and how to make ids and digests."""

    schema: OrgSchema
    states: Mapping[str, RecordState]
    org_id: str
    key_field: str | None
    hmac: policies.Hmac
    new_id: Callable[[], str]
    allow_duplicates: bool = False  # the connection saves what a duplicate rule of the org warns of


def wanted_fields(drafts: Iterable[Draft], schema: OrgSchema, key_field: str | None) -> dict[str, tuple[str, ...]]:
    """Return, per object, the fields a look-up must bring back to decide these drafts."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        for target in draft.targets:
            wanted[target.object].update(want.field for want in target.wants)
            for want in target.wants:
                if isinstance(want.value, AutoMatch):
                    wanted[want.value.object].add("Id")
        if draft.member_of:
            wanted["CampaignMemberStatus"].add("CampaignId")
    if _PERSON.intersection(wanted):
        wanted |= {name: wanted[name] for name in sorted(_PERSON)}  # a lead may have become a contact
    for name, fields in wanted.items():
        fields.update(_ALWAYS.get(name, ()))
        fields.update([key_field] if key_field else [])
    return {name: tuple(sorted(field for field in fields if schema.field(name, field))) for name, fields in wanted.items()}


def unique_key(org_id: str, claim: str) -> str:
    """Return the value of the unique key field: derived from org and claim alone, so that every worker and sync makes the same."""
    return "v1:" + hashlib.sha256(f"{org_id}\n{claim}".encode()).hexdigest()


def decide(draft: Draft, links: match.Links, answers: Answers, view: View) -> Decision:
    """Decide one draft. Every question of `match.questions` must have been answered."""
    if draft.held:
        return Decision(draft, State.HELD, draft.held[0], draft.held[1], notes=draft.notes)
    missing_status = _unknown_label(draft, answers)
    if missing_status:
        return Decision(draft, State.HELD, Reason.UNKNOWN_STATUS, missing_status, notes=draft.notes)
    found = match.decide(draft, links, answers)
    if found.held:
        return Decision(draft, State.HELD, found.held, found.detail, notes=draft.notes)
    if found.skipped:
        return Decision(draft, State.SKIPPED, Reason.MAPPED_NOTHING, found.detail, notes=draft.notes)
    if found.disagree:
        note = Note("keys_disagree", "", "Another match key leads to another record; the first key decided.")
        draft = structs.replace(draft, notes=(*draft.notes, note))
    if found.record is None:
        return _missing(draft, answers, view, found.replaces)
    return structs.replace(_update(draft, found.record, found.aliases, answers, view), aliases=found.aliases, became=found.became)


def _remembered(record: Record, aliases: Aliases, view: View) -> dict[str, FieldState]:
    """Return what we remember of the record's fields; a contact takes over what was remembered of the lead it came from."""
    states = [view.states.get(record_id) for record_id in (*(alias for _, alias in aliases), record.id)]
    return {name: state for known in states if known for name, state in known.fields.items()}


def _unknown_label(draft: Draft, answers: Answers) -> str | None:
    """Salesforce turns an unknown member status into the default without a word, so it is checked before sending (LS-45)."""
    if not draft.member_of:
        return None
    known = {str(row.fields.get("Label")).casefold() for row in answers.get(match.status_question(draft.member_of), ())}
    for target in draft.targets:
        for want in target.wants:
            if want.field == "Status" and want.value is not None and str(want.value).casefold() not in known:
                return f"the campaign has no member status “{want.value}”: add it to the campaign or change the row's text"
    return None


def _missing(draft: Draft, answers: Answers, view: View, replaces: str | None) -> Decision:
    if draft.on_missing is OnMissing.WAIT:
        return Decision(draft, State.WAITING, Reason.NO_RECORD, notes=draft.notes)
    target = next((target for target in draft.targets if target.object == draft.create), None)
    if draft.on_missing is OnMissing.SKIP or target is None:
        detail = "no record matches and the step creates none"
        return Decision(draft, State.SKIPPED, Reason.MAPPED_NOTHING, detail, notes=draft.notes)
    return _insert(draft, target, answers, view, draft.key if replaces is None else f"{draft.key}#{replaces}")


def _insert(draft: Draft, target: Target, answers: Answers, view: View, claim: str) -> Decision:
    """Decide a new record. `claim` makes its unique key; one that replaces a deleted record has another, which may still block its own."""
    grouped, notes, held = references.grouped(draft, target, answers)
    held = held or references.lacking(target, grouped, view.schema) or _person_account(target, grouped, view.schema)
    if held:
        return Decision(draft, State.HELD, held.reason, held.detail, object=target.object, notes=(*draft.notes, *notes))
    fields: dict[str, Any] = {}
    considered: dict[str, FieldState] = {}
    reasons: dict[str, str] = {}
    for name, wants in grouped.items():
        described = view.schema.field(target.object, name)
        if described is None or not described.createable:
            continue
        verdict = policies.on_insert(wants, described, view.hmac)
        considered[described.name] = versions.stamped(verdict.considered, FieldState(), versions.rule_of(draft, wants))
        if verdict.send:
            fields[described.name] = verdict.value
            reasons[described.name] = verdict.why
    if not fields:
        return Decision(draft, State.SKIPPED, Reason.MAPPED_NOTHING, object=target.object, notes=(*draft.notes, *notes))
    key_field = view.schema.field(target.object, view.key_field) if view.key_field else None
    keyed = key_field is not None and key_field.createable
    if key_field and keyed:
        fields[key_field.name] = unique_key(view.org_id, claim)
    change = _change(draft, target, Operation.INSERT, fields, view, considered, reasons)
    return Decision(
        draft,
        State.WRITTEN,
        object=target.object,
        change=structs.replace(change, keyed=keyed, parent_id=_parent_of(fields)),
        considered=considered,
        notes=(*draft.notes, *notes),
    )


def _update(draft: Draft, record: Record, aliases: Aliases, answers: Answers, view: View) -> Decision:
    target = next((target for target in draft.targets if target.object == record.object), None)
    if target is None:
        detail = f"the mapping has no rows for {record.object}"
        return Decision(draft, State.UNCHANGED, None, detail, record.object, record.id, notes=draft.notes)
    grouped, notes, held = references.grouped(draft, target, answers)
    notes = (*draft.notes, *notes)
    if held:
        return Decision(draft, State.HELD, held.reason, held.detail, record.object, record.id, notes=notes)
    remembered_fields = _remembered(record, aliases, view)
    fields: dict[str, Any] = {}
    considered: dict[str, FieldState] = {}
    reasons: dict[str, str] = {}
    for name, wants in grouped.items():
        described = view.schema.field(record.object, name)
        if described is None or not described.updateable or described.name not in record.fields:
            continue  # what was not read is never judged empty
        known = remembered_fields.get(described.name, FieldState())
        current = record.fields.get(described.name)
        rule = versions.rule_of(draft, wants)
        verdict = policies.on_update(wants, current, described, versions.reopened(known, wants, rule), view.hmac)
        if verdict.held:
            return Decision(draft, State.HELD, verdict.held, verdict.why, record.object, record.id, notes=notes)
        if (remembered := versions.stamped(verdict.considered, known, rule)) != known:
            considered[described.name] = remembered
        reasons[described.name] = verdict.why
        if verdict.send:
            fields[described.name] = verdict.value
    if not fields:
        detail = "; ".join(sorted(set(reasons.values())))
        return Decision(draft, State.UNCHANGED, None, detail, record.object, record.id, considered=considered, notes=notes)
    if record.fields.get("IsPersonAccount"):
        detail = "the contact belongs to a person account, whose fields are written on the account"
        return Decision(draft, State.HELD, Reason.PERSON_ACCOUNT, detail, record.object, record.id, notes=notes)
    change = _change(draft, target, Operation.UPDATE, fields, view, considered, reasons)
    before = {name: record.fields.get(name) for name in fields}
    change = structs.replace(change, record_id=record.id, before=before, keyed=False, parent_id=_parent_of(record.fields))
    return Decision(draft, State.WRITTEN, None, "", record.object, record.id, change=change, considered=considered, notes=notes)


def _change(
    draft: Draft,
    target: Target,
    operation: Operation,
    fields: Mapping[str, Any],
    view: View,
    considered: Mapping[str, FieldState],
    reasons: Mapping[str, str],
) -> Change:
    change_id = view.new_id()
    remembered = {name: structs.replace(state, change_id=change_id) if name in fields else state for name, state in considered.items()}
    return Change(
        id=change_id,
        object=target.object,
        operation=operation,
        fields=fields,
        key=draft.key,
        claims=draft.claims,
        origins=draft.origins,
        considered=remembered,
        reasons={name: why for name, why in reasons.items() if name in fields},
        headers=Headers(operation is Operation.INSERT and _assigned(draft, target), draft.allow_duplicates or view.allow_duplicates),
    )


def _assigned(draft: Draft, target: Target) -> bool:
    """Whether assignment rules may give a new record its owner: never where a row is mapped to the owner (C-16)."""
    return draft.auto_assign and all(want.field != "OwnerId" for want in target.wants)


def _person_account(target: Target, grouped: Mapping[str, Sequence[Want]], schema: OrgSchema) -> references.Held | None:
    """Hold an account that would be half a person: a last name without a name is what makes an account one (B19)."""
    names = [name for name in grouped if name in ("FirstName", "LastName") or name.startswith("Person")]
    if target.object != "Account" or not names or schema.field("Account", "IsPersonAccount") is None:
        return None
    has_name, has_last_name = (any(want.value is not None for want in grouped.get(name, ())) for name in ("Name", "LastName"))
    if has_last_name and not has_name:
        return None
    sentence = f"{', '.join(sorted(names))} would make it a person account, which needs a LastName and takes no Name"
    return references.Held(Reason.PERSON_ACCOUNT, sentence)


def _parent_of(fields: Mapping[str, Any]) -> str | None:
    """Return the record whose row lock a write takes: rows are grouped by it."""
    parent = fields.get("CampaignId") or fields.get("AccountId")
    return str(parent) if parent else None
