"""Which record a draft is about: questions first, then a choice from the answers. It never asks itself.

Order of belief: the id the event names, an agent's link, the match keys in order through the objects in order, and last the record we
remember (its key may have been changed or merged away). Contact and Lead are asked together, because a look-up call is dearer than a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crosswalk.model import EPOCH, Answers, AutoMatch, Draft, Link, OnDeleted, OnDuplicates, Question, Record, Target
from crosswalk.plan.canonical import record_id18
from crosswalk.reasons import Reason

MANY = 50  # more hits than this cannot be one person
_PERSON = ("Contact", "Lead")
BECOMES = (("Account", "ConvertedAccountId"), ("Opportunity", "ConvertedOpportunityId"))
"""What a lead is converted into beside its contact, by object, and the lead's field that says so."""
CONVERTED_ON = "ConvertedDate"
_OF_CAMPAIGN = ("CampaignMember", "CampaignMemberStatus")


Links = Mapping[str, Sequence[Link]]  # by claim key


@dataclass(frozen=True, slots=True)
class Match:
    """The record found, or none, or why no choice can be made.

    `aliases` are other ids the same person goes by: the converted lead behind a contact; `became` is what else that lead was converted
    into, where it was after the event. `replaces` is a deleted record that is to be created anew.
    """

    record: Record | None = None
    held: Reason | None = None
    skipped: bool = False
    detail: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    became: tuple[tuple[str, str], ...] = ()
    disagree: bool = False
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    records: tuple[Record, ...] = ()
    converted: tuple[Record, ...] = field(default=())


def questions(draft: Draft, links: Links, answers: Answers) -> list[Question]:
    """Return what must still be asked to decide about the draft; empty when the answers suffice."""
    return [question for question in dict.fromkeys(_wanted(draft, links, answers)) if question not in answers]


def _wanted(draft: Draft, links: Links, answers: Answers) -> Iterator[Question]:
    for target in draft.targets:
        yield from _automatic(target)
    if draft.member_of:
        yield status_question(draft.member_of)
    if draft.record_id:
        yield from _chain(draft, draft.targets[0].object, draft.record_id, answers)
        return
    known = _links(draft, links)
    agents = [link for link in known if link.origin == "agent"]
    for link in agents:
        yield from _chain(draft, link.object, link.record_id, answers)
    by_key = _key_questions(draft)
    for _, question in by_key:
        yield question
        for record in answers.get(question, ()):
            for heir in _heirs(draft, record):
                yield from _chain(draft, *heir, answers)
    open_ones = (question for _, question in by_key if question not in answers)
    if agents or not known or any(open_ones) or _first_hits(draft, answers) != _Found():
        return
    for link in known:
        yield from _chain(draft, link.object, link.record_id, answers)


def _automatic(target: Target) -> Iterator[Question]:
    for want in target.wants:
        if isinstance(want.value, AutoMatch):
            yield auto_question(want.value)


def auto_question(wanted: AutoMatch) -> Question:
    """Return the question an auto-match entry asks."""
    return Question(wanted.object, wanted.field, wanted.value)


def status_question(campaign_id: str) -> Question:
    """Return the question for a campaign's member statuses."""
    return Question("CampaignMemberStatus", "CampaignId", campaign_id)


def _key_questions(draft: Draft) -> list[tuple[str, Question]]:
    """Return (key name, question), strongest key first, objects in search order within a key."""
    found: dict[str, list[tuple[str, Question]]] = {}
    for target in draft.targets:
        within = _within(draft, target)
        for key in target.keys:
            name = _name(key.claim)
            found.setdefault(name, []).append((name, Question(target.object, key.field, key.value, within, spellings=key.spellings)))
    return [one for several in found.values() for one in several]


def _within(draft: Draft, target: Target) -> tuple[str, str] | None:
    if target.object in _OF_CAMPAIGN and draft.member_of:
        return "CampaignId", draft.member_of
    return None


def _name(claim: str) -> str:
    return claim.partition("=")[0]


def _links(draft: Draft, links: Links) -> list[Link]:
    """Return the links of the draft's claims to objects it may land on: an agent may have linked other things to the same person."""
    objects = {target.object for target in draft.targets}
    if objects.intersection(_PERSON):
        objects.update(_PERSON)
    found = (link for claim in draft.claims for link in links.get(claim, ()))
    return list(dict.fromkeys(link for link in found if link.object in objects))


def _id_question(object_name: str, record_id: str) -> Question:
    return Question(object_name, "Id", record_id18(record_id), deleted=True)


def _chain(
    draft: Draft, object_name: str, record_id: str, answers: Answers, passed: frozenset[Question] = frozenset()
) -> Iterator[Question]:
    """Yield the question for a known id and, as answers come, for the records it was merged or converted into."""
    question = _id_question(object_name, record_id)
    if question in passed:
        return
    yield question
    for record in answers.get(question, ()):
        for heir in _heirs(draft, record):
            yield from _chain(draft, *heir, answers, passed | {question})


def _heirs(draft: Draft, record: Record) -> Iterator[tuple[str, str]]:
    """Yield object and id of what a record was merged or, where the draft follows that, converted into."""
    master, contact = record.fields.get("MasterRecordId"), record.fields.get("ConvertedContactId")
    if record.fields.get("IsDeleted") and master:
        yield record.object, str(master)
    elif record.object == "Lead" and record.fields.get("IsConverted") and contact and draft.follow_converted:
        yield "Contact", str(contact)


def decide(draft: Draft, links: Links, answers: Answers) -> Match:
    """Choose the record from the answers; every question of `questions` must have been asked."""
    if draft.record_id:
        return _named(draft, draft.record_id, answers)
    known = _links(draft, links)
    agents = [link for link in known if link.origin == "agent"]
    if agents:
        return _remembered(draft, agents, answers)
    hits = _first_hits(draft, answers)
    if hits.records:
        return _chosen(draft, hits, answers)
    if hits.converted:
        return _converted(draft, hits.converted, answers)
    return _remembered(draft, known, answers) if known else Match()


def _named(draft: Draft, record_id: str, answers: Answers) -> Match:
    object_name = draft.targets[0].object
    record = _by_id(object_name, record_id, answers)
    if record is None:
        return Match(held=Reason.REJECTED, detail=f"the event names {object_name} {record_id}, which the org does not have")
    return _alive(draft, record, answers)


def _remembered(draft: Draft, known: Sequence[Link], answers: Answers) -> Match:
    """Return the first link's record that still stands; when none does, say so of the first link."""
    matches: list[Match] = []
    for link in known:
        record = _by_id(link.object, link.record_id, answers)
        matches.append(_gone(draft, link.record_id) if record is None else _alive(draft, record, answers))
    return next((match for match in matches if match.record), matches[0])


def _alive(draft: Draft, record: Record, answers: Answers) -> Match:
    """Follow a merge or a conversion, and treat a deleted record by the step's choice."""
    survivor = _survivor(record, answers)
    if survivor is None:
        return _gone(draft, record.id)
    if survivor.fields.get("IsConverted"):
        return _converted(draft, (survivor,), answers)
    return _met(draft, survivor, _leads_behind(draft, survivor, answers))


def _survivor(record: Record, answers: Answers) -> Record | None:
    """Return the record that merges have left of this one, or None when it was deleted."""
    passed: set[str] = set()
    while record.fields.get("IsDeleted"):
        master = record.fields.get("MasterRecordId")
        heir = _by_id(record.object, str(master), answers) if master and record.id not in passed else None
        if heir is None:
            return None
        passed.add(record.id)
        record = heir
    return record


def _gone(draft: Draft, record_id: str) -> Match:
    if draft.on_deleted is OnDeleted.RECREATE:
        return Match(replaces=record_id)
    if draft.on_deleted is OnDeleted.SKIP:
        return Match(skipped=True, detail="the known record was deleted in Salesforce")
    return Match(held=Reason.DELETED_RECORD)


def _by_id(object_name: str, record_id: str, answers: Answers) -> Record | None:
    found = answers.get(_id_question(object_name, record_id), ())
    return found[0] if found else None


def _first_hits(draft: Draft, answers: Answers) -> _Found:
    """Return the hits of the first key, in key order then object order, that has any."""
    converted: list[Record] = []
    current = None
    for name, question in _key_questions(draft):
        if current is not None and name != current and converted:
            break
        current = name
        hits = answers.get(question, ())
        dead = [record for record in hits if record.object == "Lead" and record.fields.get("IsConverted")]
        converted.extend(dead)
        if dead and not draft.follow_converted and len(dead) == len(hits):
            return _Found(converted=tuple(converted))
        living = tuple(record for record in hits if record not in dead)
        if living:
            return _Found(living, tuple(converted))
    return _Found(converted=tuple(converted))


def _chosen(draft: Draft, hits: _Found, answers: Answers) -> Match:
    if len(hits.records) > MANY:
        return Match(held=Reason.TOO_MANY, detail=f"{len(hits.records)} records share one key")
    if len(hits.records) > 1 and draft.on_duplicates is OnDuplicates.HOLD:
        return Match(held=Reason.TOO_MANY, detail=f"{len(hits.records)} records match")
    record = pick(hits.records, draft.on_duplicates)
    found = _met(draft, record, _leads_behind(draft, record, answers))
    return replace(found, disagree=_disagree(draft, record, answers))


def pick(records: Sequence[Record], choice: OnDuplicates) -> Record:
    """Return one of several records by the step's choice; equal dates fall back to the id."""
    if choice is OnDuplicates.NEWEST:
        return max(records, key=lambda record: (str(record.fields.get("CreatedDate") or ""), record.id))
    if choice is OnDuplicates.LAST_MODIFIED:
        return max(records, key=lambda record: (str(record.fields.get("LastModifiedDate") or ""), record.id))
    return min(records, key=lambda record: (str(record.fields.get("CreatedDate") or ""), record.id))


def _converted(draft: Draft, leads: Sequence[Record], answers: Answers) -> Match:
    if not draft.follow_converted:
        return Match(held=Reason.CONVERTED_LEAD)
    persons = {lead.fields.get("ConvertedContactId") for lead in leads}
    if len(leads) > MANY or (len(persons) > 1 and draft.on_duplicates is OnDuplicates.HOLD):
        return Match(held=Reason.TOO_MANY, detail=f"{len(leads)} converted leads match")
    lead = pick(leads, draft.on_duplicates)
    contact_id = lead.fields.get("ConvertedContactId")
    known = _by_id("Contact", str(contact_id), answers) if contact_id else None
    contact = _survivor(known, answers) if known else None
    if contact is None:
        return Match(held=Reason.CONVERTED_LEAD, detail="the converted lead's contact is not to be found")
    return _met(draft, contact, (*_leads_behind(draft, contact, answers), lead))


def _met(draft: Draft, record: Record, leads: Sequence[Record]) -> Match:
    """Return a found record with the leads behind it: a campaign may still hold their member row, and their event its place with them."""
    behind = {lead.id: lead for lead in leads}
    aliases = tuple(("LeadId", lead_id) for lead_id in sorted(behind))
    before = [behind[lead_id] for lead_id in sorted(behind) if _precedes(draft, behind[lead_id])]
    became = {name: str(lead.fields[field]) for lead in before for name, field in BECOMES if lead.fields.get(field)}
    return Match(record, aliases=aliases, became=tuple(became.items()))


def _leads_behind(draft: Draft, record: Record, answers: Answers) -> tuple[Record, ...]:
    """Return the converted leads among the answers that became this contact."""
    if record.object != "Contact":
        return ()
    asked = [found for _, question in _key_questions(draft) for found in answers.get(question, ())]
    became = [lead for lead in asked if lead.object == "Lead" and lead.fields.get("ConvertedContactId")]
    return tuple(lead for lead in became if record_id18(str(lead.fields["ConvertedContactId"])) == record.id)


def _precedes(draft: Draft, lead: Record) -> bool:
    """Tell whether the event was with the lead before it was converted; the org tells the day alone, in a zone of its own."""
    day = lead.fields.get(CONVERTED_ON)
    latest = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=2) if day else EPOCH
    return any(int(origin.freshness.partition(".")[0]) < (latest - EPOCH) // datetime.resolution for origin in draft.origins)


def _disagree(draft: Draft, record: Record, answers: Answers) -> bool:
    """Whether another key of the draft finds only other records of the same object."""
    for _, question in _key_questions(draft):
        hits = answers.get(question, ())
        if question.object == record.object and hits and all(hit.id != record.id for hit in hits):
            return True
    return False
