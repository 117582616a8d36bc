"""What earlier turns left behind: planned changes are voided, sent ones are looked up in the org and closed.

A planned change was provably never sent. A sent one may have run: an insert with the unique key is found by it; one without is found by
its match keys among records made since, even where somebody has deleted or merged the record meanwhile; an update is compared field by
field. What cannot be found is void, and its deliveries plan anew.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crosswalk.journal import outcomes
from crosswalk.ledger import changes, freshness, links
from crosswalk.ledger.changes import Ended, Unsettled
from crosswalk.model import Answers, Change, ChangeState, Link, Operation, OrgSchema, Outcome, Question, Record
from crosswalk.plan.canonical import canonical, record_id18
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import lookup
from crosswalk.salesforce.calls import Purpose
from crosswalk.turn.context import Engine, Org

_CLOCK_SKEW = timedelta(seconds=5)  # Salesforce stamps whole seconds, by its own clock


async def leftovers(engine: Engine, org: Org, slot: int | None, lease_id: str, before_call: lookup.BeforeCall) -> list[Outcome]:
    """Close what dead or replaced turns of this slot left open and whose time has come; return the outcomes learnt."""
    now = engine.clock.now()
    async with engine.database.read() as tx:
        left = await changes.unsettled(tx, engine.vault, org.org_id, slot, lease_id)
    if not left:
        return []
    planned = [one.change.id for one in left if one.state is ChangeState.PLANNED]
    if planned:
        async with engine.database.write() as tx:
            await changes.void_planned(tx, planned)
    ripe = [one for one in left if one.state is ChangeState.SENT and one.settle_after and one.settle_after <= now]
    sealed = [one for one in ripe if one.unreadable]
    readable = [one for one in ripe if not one.unreadable]
    learnt = await _give_up(engine, sealed) if sealed else []
    return [*learnt, *(await _settle(engine, org, readable, before_call) if readable else [])]


async def _give_up(engine: Engine, sealed: Sequence[Unsettled]) -> list[Outcome]:
    """Hold what rests on writes whose content cannot be opened: nobody can tell any more what to look for in the org."""
    now = engine.clock.now()
    learnt = [
        Outcome(
            origin.delivery_id,
            origin.step,
            State.HELD,
            Reason.UNREADABLE,
            one.unreadable,
            one.change.object,
            one.change.record_id,
            one.change.id,
            origin.mapping_version,
        )
        for one in sealed
        for origin in one.change.origins
    ]
    async with engine.database.write() as tx:
        await changes.end(tx, engine.vault, [Ended(one.change, "lost") for one in sealed])
        await outcomes.save(tx, learnt, now)
    return learnt


async def _settle(engine: Engine, org: Org, ripe: Sequence[Unsettled], before_call: lookup.BeforeCall) -> list[Outcome]:
    schema = await org.describe.schema({one.change.object for one in ripe})
    key_field = org.connection.key_field
    asked = {one.change.id: _questions(one.change, key_field) for one in ripe}
    fields = _fields(ripe, schema)
    answers = await lookup.ask(
        org.client, list({q for several in asked.values() for q in several}), fields, before_call, schema, purpose=Purpose.SETTLE
    )
    ended = [_ending(one, asked[one.change.id], answers, schema) for one in ripe]
    suspects = _suspects(ripe, asked, answers)
    return await _close(engine, org, ended, suspects)


def _questions(change: Change, key_field: str | None) -> tuple[Question, ...]:
    if change.operation is Operation.UPDATE:
        return (Question(change.object, "Id", record_id18(change.record_id or ""), deleted=True),)
    if change.keyed and key_field:
        return (Question(change.object, key_field, str(change.fields[key_field]), deleted=True),)
    return _natural(change)


def _natural(change: Change) -> tuple[Question, ...]:
    """Find a keyless insert by what makes it one: the member pair, or the values behind its claims."""
    if change.object == "CampaignMember":
        person = "ContactId" if change.fields.get("ContactId") else "LeadId"
        within = ("CampaignId", str(change.fields["CampaignId"]))
        return (Question(change.object, person, record_id18(str(change.fields[person])), within=within, deleted=True),)
    if change.object == "CampaignMemberStatus":
        return (
            Question(change.object, "Label", str(change.fields["Label"]).lower(), within=("CampaignId", str(change.fields["CampaignId"]))),
        )
    names = {claim.partition(":")[2].partition("=")[0].lower() for claim in change.claims if "=" in claim}
    found = ((name, str(value)) for name, value in change.fields.items() if name.lower() in names and value)
    return tuple(Question(change.object, name, value, deleted=True) for name, value in found)


def _fields(ripe: Sequence[Unsettled], schema: OrgSchema) -> dict[str, tuple[str, ...]]:
    wanted: dict[str, set[str]] = {}
    for one in ripe:
        names = wanted.setdefault(one.change.object, set())
        names.update(name for name in one.change.fields if schema.field(one.change.object, name))
    return {name: tuple(sorted(fields)) for name, fields in wanted.items()}


def _ending(one: Unsettled, asked: Sequence[Question], answers: Answers, schema: OrgSchema) -> Ended:
    change = one.change
    records = [record for question in asked for record in answers.get(question, ())]
    if change.operation is Operation.UPDATE:
        landed = [record for record in records if _as_sent(change, record, schema)]
    elif change.keyed:
        landed = records
    else:
        landed = [record for record in records if one.sent_at and _created(record) >= one.sent_at - _CLOCK_SKEW]
    if not landed:
        return Ended(change, "lost")
    oldest = min(landed, key=lambda record: (_is_deleted(record), _created(record), record.id))
    return Ended(change, "written", oldest.id)


def _as_sent(change: Change, record: Record, schema: OrgSchema) -> bool:
    for name, value in change.fields.items():
        field = schema.field(change.object, name)
        if field and canonical(field.type, record.fields.get(field.name)) != canonical(field.type, value):
            return False
    return True


def _is_deleted(record: Record) -> bool:
    return bool(record.fields.get("IsDeleted"))


def _created(record: Record) -> datetime:
    text = str(record.fields.get("CreatedDate") or "")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z") if text else datetime.min.replace(tzinfo=UTC)


def _suspects(ripe: Sequence[Unsettled], asked: dict[str, tuple[Question, ...]], answers: Answers) -> set[str]:
    """Return keyless inserts whose key has several new records: a paused sender may have sent after all (P3's stated limit)."""
    suspects = set()
    for one in ripe:
        if one.change.operation is Operation.UPDATE or one.change.keyed or one.sent_at is None:
            continue
        since = one.sent_at - _CLOCK_SKEW
        found = (record for question in asked[one.change.id] for record in answers.get(question, ()))
        new = Counter(record.id for record in found if _created(record) >= since and not _is_deleted(record))
        if len(new) > 1:
            suspects.add(one.change.id)
    return suspects


async def _close(engine: Engine, org: Org, ended: Sequence[Ended], suspects: set[str]) -> list[Outcome]:
    now = engine.clock.now()
    async with engine.database.write() as tx:
        closed = await changes.end(tx, engine.vault, ended)
        landed = [one for one in ended if one.result == "written" and one.change.id in closed]
        considered = {(one.change.object, one.record_id or ""): one.change.considered for one in landed}
        await freshness.save(tx, org.org_id, considered)
        await links.save(tx, org.org_id, _created_links(engine, landed), now)
        learnt = [outcome for one in landed for outcome in _outcomes(one, suspected=one.change.id in suspects)]
        await outcomes.save(tx, learnt, now)
    return learnt


def _created_links(engine: Engine, landed: Sequence[Ended]) -> dict[str, list[Link]]:
    return {
        engine.vault.hmac(claim): [Link(one.change.object, one.record_id or "", "created")]
        for one in landed
        if one.change.operation is Operation.INSERT
        for claim in one.change.claims
    }


def _outcomes(one: Ended, *, suspected: bool) -> list[Outcome]:
    state, reason = (State.HELD, Reason.DUPLICATE_SUSPECTED) if suspected else (State.WRITTEN, None)
    return [
        Outcome(
            origin.delivery_id,
            origin.step,
            state,
            reason,
            "found after its reply was lost",
            one.change.object,
            one.record_id,
            one.change.id,
            origin.mapping_version,
        )
        for origin in one.change.origins
    ]
