"""One wave of drafts that need nobody but records already known: claim, ask, decide, write down.

Persons and other free-standing records come in the first wave, their members and children in the next, each with its own claims taken
before its own look-up. Nothing is sent here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import CrosswalkError, FieldUnknownError, HoldDelivery, SalesforceRefusedError
from crosswalk.journal import outcomes
from crosswalk.ledger import changes, claims, freshness, links
from crosswalk.model import Answers, Change, Decision, Draft, Link, OrgSchema, Outcome, Question, Record
from crosswalk.plan import decide as deciding
from crosswalk.plan import fold, match
from crosswalk.plan.parents import needed, resolve, without
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import faults, lookup
from crosswalk.turn import duplicates
from crosswalk.turn.context import At, Turn

ROUNDS = 4  # keys → conversions and merges → the records behind remembered links → their merges


@dataclass(frozen=True, slots=True)
class Planned:
    """What a wave decided and wrote down, and when its look-up began."""

    decisions: tuple[Decision, ...]
    began: datetime

    @property
    def changes(self) -> list[Change]:
        """The changes to send, in the order in which the admin put the syncs and their steps."""
        changing = [decision for decision in self.decisions if decision.change]
        return [decision.change for decision in sorted(changing, key=_place) if decision.change]


def ready(turn: Turn, pending: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Split drafts into those whose parents are known, resolved, and those that still have to wait for one of this turn.

    A record that is merely referred to, and that its step has skipped, is not waited for: the reference is left out.
    """
    now: list[Draft] = []
    later: list[Draft] = []
    for draft in pending:
        delivery = draft.origins[0].delivery_id
        parents = {step: turn.parents.get((delivery, step)) for step in needed(draft)}
        known = {step: parent for step, parent in parents.items() if parent}
        gone = frozenset(step for step in parents if step not in known and step != draft.parent and _ended_without(turn, delivery, step))
        if len(known) + len(gone) == len(parents):
            now.append(resolve(without(draft, gone), known))
        else:
            later.append(draft)
    return now, later


def _ended_without(turn: Turn, delivery: str, step: str) -> bool:
    """Tell whether a step has ended without a record, for good."""
    end = turn.outcomes.get((delivery, step))
    return end is not None and end.state is State.SKIPPED


def _place(decision: Decision) -> tuple[int, int]:
    """Return the place of the sync and that of the step in it; of folded drafts the oldest counts."""
    draft = decision.draft
    first = next((want for target in draft.targets for want in target.wants), None)
    return first.sync_position if first else 0, draft.origins[0].place


def orphaned(turn: Turn, pending: Sequence[Draft]) -> None:
    """Conclude drafts whose parent ended without a record: skipped with it, or waiting for it."""
    for draft in pending:
        delivery = draft.origins[0].delivery_id
        ends = [turn.outcomes.get((delivery, step)) for step in needed(draft)]
        skipped = next((end for end in ends if end and end.state is State.SKIPPED), None)
        if skipped:
            turn.conclude(draft.origins, State.SKIPPED, skipped.reason, skipped.detail)
            continue
        due = min((end.due_at for end in ends if end and end.due_at), default=turn.after(turn.engine.timings.recheck))
        turn.wait([draft], Reason.PARENT_MISSING, due)


async def plan(turn: Turn, drafts: Sequence[Draft], schema: OrgSchema, before_call: lookup.BeforeCall, at: At) -> Planned:
    """Claim, ask and decide these drafts, and write the decisions down (T4, T5)."""
    folded = fold.fold(drafts, frozenset(work.delivery.id for work in turn.work if work.split))
    turn.wait(folded.later, Reason.CLAIMED, turn.engine.clock.now())
    held = [draft for draft in folded.drafts if draft.held]
    mine = [*held, *await _claimed(turn, [draft for draft in folded.drafts if not draft.held])]
    await at("K2")
    began = turn.engine.clock.now()
    known = await remembered(turn, mine)
    found = await asked(turn, mine, schema, known, before_call, at)
    view = await viewed(turn, schema, found.answers)
    decisions = [decided(draft, known, found, view) for draft in mine]
    unanswered(turn, decisions, found)
    decisions = await _written_down(turn, decisions, view, known)
    await at("K4")
    return Planned(tuple(decisions), began)


async def _claimed(turn: Turn, drafts: Sequence[Draft]) -> list[Draft]:
    """Take the claims of all drafts; losers give theirs back and wait (T4)."""
    engine, lease = turn.engine, turn.lease
    keys = {id(draft): [turn.hmac(claim) for claim in draft.claims] for draft in drafts}
    now = engine.clock.now()
    async with engine.database.write() as tx:
        wanted = {key for several in keys.values() for key in several}
        lost = await claims.take(tx, lease.org, wanted, lease.turn_id, now, turn.after(engine.timings.claim))
        losers = [draft for draft in drafts if lost.intersection(keys[id(draft)])]
        await claims.free(tx, lease.org, {key for draft in losers for key in keys[id(draft)]} - lost, lease.turn_id)
        settles = await claims.settle_times(tx, lease.org, lost)
    for draft in losers:
        blocked = [settles[key] for key in keys[id(draft)] if key in settles]
        due = max([*blocked, turn.after(engine.timings.claimed_retry)])
        turn.wait([draft], Reason.CLAIMED, due)
    return [draft for draft in drafts if not lost.intersection(keys[id(draft)])]


async def remembered(turn: Turn, drafts: Sequence[Draft]) -> dict[str, list[Link]]:
    """Return the links of the drafts' claims, by claim."""
    hmacs = {turn.hmac(claim): claim for draft in drafts for claim in draft.claims}
    async with turn.engine.database.read() as tx:
        found = await links.load(tx, turn.lease.org, hmacs.keys())
    return {hmacs[key]: several for key, several in found.items()}


async def asked(
    turn: Turn,
    drafts: Sequence[Draft],
    schema: OrgSchema,
    known: match.Links,
    before_call: lookup.BeforeCall,
    at: At,
) -> lookup.Asked:
    """Ask in rounds until the drafts have no more questions, or none that Salesforce answers."""
    fields = deciding.wanted_fields(drafts, schema, turn.org.connection.key_field)
    answers: dict[Question, tuple[Record, ...]] = {}
    refused: dict[Question, CrosswalkError] = {}
    asking = list(drafts)
    for _ in range(ROUNDS):
        open_questions = [(draft, match.questions(draft, known, answers)) for draft in asking]
        asking = [draft for draft, several in open_questions if several]  # who has no question left will have none later
        wanted = dict.fromkeys(one for _, several in open_questions for one in several if one not in refused)
        if not wanted:
            break
        found = await lookup.inquire(turn.org.client, list(wanted), fields, before_call, schema)
        answers |= found.answers
        refused |= found.refused
        await at("K3")
    return lookup.Asked(answers, refused)


def decided(draft: Draft, known: match.Links, found: lookup.Asked, view: deciding.View) -> Decision:
    """Decide a draft; one with a question that Salesforce does not answer is held or waits, and nobody else with it (P10)."""
    left = match.questions(draft, known, found.answers) if found.refused else ()
    refusal = next((found.refused[one] for one in left if one in found.refused), None)
    if refusal is None or draft.held:
        return deciding.decide(draft, known, found.answers, view)
    if isinstance(refusal, HoldDelivery):
        reason, told = (
            (refusal.fault.reason, faults.told(refusal.fault))
            if isinstance(refusal, SalesforceRefusedError)
            else (Reason.REJECTED, refusal.sentence)
        )
        return Decision(draft, State.HELD, reason, told, notes=draft.notes)
    return Decision(draft, State.WAITING, Reason.QUEUED, refusal.sentence, notes=draft.notes)


def unanswered(turn: Turn, decisions: Sequence[Decision], found: lookup.Asked) -> None:
    """Count a try for whoever comes again for want of an answer, and describe anew what the org does not know."""
    for decision in decisions:
        if decision.reason is Reason.QUEUED:
            turn.refused |= decision.draft.deliveries
    for refusal in found.refused.values():
        if isinstance(refusal, FieldUnknownError):
            turn.org.describe.invalidate(refusal.object_name)


async def viewed(turn: Turn, schema: OrgSchema, answers: Answers) -> deciding.View:
    """Gather what the decisions may know: the schema, and what we remember of every record that was answered."""
    ids = {record.id for records in answers.values() for record in records}
    async with turn.engine.database.read() as tx:
        states = await freshness.load(tx, turn.lease.org, ids)
    return deciding.View(
        schema,
        states,
        turn.lease.org,
        turn.org.connection.key_field,
        turn.engine.vault.hmac,
        turn.engine.ids.new,
        duplicates.allowed(turn),
    )


async def _written_down(turn: Turn, decisions: Sequence[Decision], view: deciding.View, known: match.Links) -> list[Decision]:
    """Claim the records, check that nobody moved them since, and write plans and conclusions in one transaction (T5)."""
    engine, lease = turn.engine, turn.lease
    kept, dropped = one_per_record(decisions)
    async with engine.database.write() as tx:
        await turn.hold(tx)
        kept, expired = await _still_claimed(turn, tx, kept)
        kept, taken = await _records_claimed(turn, tx, kept, view)
        dropped += [*expired, *taken]
        planned = [decision.change for decision in kept if decision.change]
        await changes.plan(tx, engine.vault, lease, planned, engine.clock.now(), turn.runs)
        await claims.attach(tx, lease.org, {change.id: [turn.hmac(claim) for claim in change.claims] for change in planned}, lease.turn_id)
        settled = [decision for decision in kept if not decision.change]
        await _conclude(turn, tx, settled, known)
        unused = {turn.hmac(claim) for one in [*settled, *dropped] for claim in one.draft.claims}
        await claims.free(tx, lease.org, unused, lease.turn_id)
    for one in dropped:
        turn.wait([one.draft], Reason.CLAIMED, engine.clock.now())
    return kept


async def _conclude(turn: Turn, tx: AsyncConnection, settled: Sequence[Decision], known: match.Links) -> None:
    """Write down what needs no change: outcomes, freshness, and links that were found by matching."""
    now, org = turn.engine.clock.now(), turn.lease.org
    together = [one for one in settled if one.state is State.HELD and len(one.draft.deliveries) > 1]
    final = [one for one in settled if one not in together]
    await freshness.save(tx, org, {(one.object or "", one.record_id): one.considered for one in final if one.record_id})
    found: dict[str, list[Link]] = {}
    for one in final:
        found |= new_links(turn, one, one.record_id, "matched", known) if one.record_id else {}
    await links.save(tx, org, found, now)
    await outcomes.save(tx, [made for one in final for made in _concluded(turn, one)], now)
    for one in together:
        turn.split_up(one.draft)


def one_per_record(decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Keep one decision a record: a second draft that found the same record by another key comes in the next turn."""
    seen: set[str] = set()
    kept: list[Decision] = []
    dropped: list[Decision] = []
    for decision in decisions:
        if decision.record_id and decision.record_id in seen:
            dropped.append(decision)
            continue
        kept.append(decision)
        seen.update([decision.record_id] if decision.record_id else [])
    return kept, dropped


async def _still_claimed(turn: Turn, tx: AsyncConnection, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Drop writes whose claims ran out while this turn stood still: another may have taken them over and be about to write."""
    hmac = turn.hmac
    keys = {one.change.id: {hmac(claim) for claim in one.change.claims} for one in decisions if one.change}
    mine = await claims.held(tx, turn.lease.org, {key for several in keys.values() for key in several}, turn.lease.turn_id)
    gone = {change_id for change_id, several in keys.items() if not several <= mine}
    kept = [one for one in decisions if not one.change or one.change.id not in gone]
    return kept, [one for one in decisions if one.change and one.change.id in gone]


async def _records_claimed(
    turn: Turn, tx: AsyncConnection, decisions: Sequence[Decision], view: deciding.View
) -> tuple[list[Decision], list[Decision]]:
    """Claim each found record by its id and drop decisions about records that somebody moved since they were read."""
    engine, lease = turn.engine, turn.lease
    ids = {one.record_id: turn.hmac(f"id:{one.record_id}") for one in decisions if one.record_id}
    lost = await claims.take(tx, lease.org, ids.values(), lease.turn_id, engine.clock.now(), turn.after(engine.timings.claim))
    versions = await freshness.versions(tx, lease.org, ids.keys())
    moved = {
        record_id
        for record_id, key in ids.items()
        if key in lost or versions.get(record_id, 0) != (view.states[record_id].version if record_id in view.states else 0)
    }
    unused = {key for record_id, key in ids.items() if record_id in moved or not _changes(decisions, record_id)}
    await claims.free(tx, lease.org, unused - lost, lease.turn_id)
    kept = [_holding(one) for one in decisions if one.record_id not in moved]
    return kept, [one for one in decisions if one.record_id in moved]


def _changes(decisions: Sequence[Decision], record_id: str) -> bool:
    return any(one.record_id == record_id and one.change for one in decisions)


def _holding(decision: Decision) -> Decision:
    """Let an update hold the claim on its record's id as long as the claims on its keys."""
    if not decision.change or not decision.record_id:
        return decision
    change = structs.replace(decision.change, claims=(*decision.change.claims, f"id:{decision.record_id}"))
    return structs.replace(decision, change=change)


def _concluded(turn: Turn, decision: Decision) -> list[Outcome]:
    if decision.record_id:
        turn.found(decision, decision.record_id)
    due = _due(turn, decision) if decision.state is State.WAITING else None
    return turn.conclude(
        decision.draft.origins,
        decision.state,
        decision.reason,
        decision.detail,
        object_name=decision.object,
        record_id=decision.record_id,
        notes=decision.notes,
        due_at=due,
    )


def _due(turn: Turn, decision: Decision) -> datetime:
    """Return when a waiting draft looks again: for a record that is missing steadily, after a refusal in growing pauses."""
    if decision.reason is Reason.QUEUED:
        return turn.again(decision.draft, turn.engine.timings.busy_retry)
    return turn.after(turn.engine.timings.recheck)


def new_links(turn: Turn, decision: Decision, record_id: str, origin: str, known: match.Links) -> dict[str, list[Link]]:
    """Return the links worth remembering: the draft's keys that do not lead to this record yet."""
    link = Link(decision.object or "", record_id, origin)
    return {
        turn.hmac(claim): [link]
        for claim in decision.draft.claims
        if not claim.startswith("id:") and all(one.record_id != record_id for one in known.get(claim, ()))
    }
