"""One call of a wave: mark it sent, send it, read every row's result, write down what is known (T6, K5, K6, T7).

The write itself is handed in by `flow`, the only module that imports the writer. A reply that never came leaves the changes `sent`:
their claims stay, their deliveries wait until the request can no longer be running.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import BudgetSpentError, HoldDelivery, LeaseLostError, PauseConnection, Replan, ReplyLost, RetryLater
from crosswalk.journal import outcomes
from crosswalk.ledger import changes, freshness, links
from crosswalk.ledger.changes import Ended
from crosswalk.model import Call, Change, Decision, Fault, FieldState, Link, Operation, Outcome, Recovery, RowResult
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import faults
from crosswalk.store import tables
from crosswalk.store.statements import insert
from crosswalk.turn import duplicates
from crosswalk.turn.context import At, Turn, Write

_MISTYPED = frozenset({"INVALID_TYPE_ON_FIELD_IN_RECORD", "JSON_PARSER_ERROR"})

PATIENCE = 12  # new plans in a row before a row waits between them: a call of 1,000 rows is halved ten times to find a bad one


@dataclass(frozen=True, slots=True)
class Sending:
    """A call and the decisions behind its rows."""

    call: Call
    decisions: Mapping[str, Decision]  # by change id
    began: datetime

    @property
    def ids(self) -> list[str]:
        """The ids of the changes in the call."""
        return [change.id for change in self.call.changes]


async def send(turn: Turn, sending: Sending, write: Write, at: At) -> None:
    """Send one call and write down what became of it; raise `LeaseLostError` or `PauseConnection` when the turn must stop."""
    engine, timings = turn.engine, turn.engine.timings
    if engine.clock.now() - sending.began > timedelta(seconds=timings.plan_max_age):
        await _requeue(turn, sending, Reason.QUEUED, engine.clock.now())
        return
    try:
        await turn.org.budget.reserve(1, turn.lanes.priority)
    except RetryLater as refused:
        await _requeue(turn, sending, Reason.BUDGET, refused.due, refused.sentence)
        return
    await _mark(turn, sending)
    marked = engine.clock.monotonic()
    await at("K5")
    if engine.clock.monotonic() - marked > timings.pause_guard:
        await _take_back(turn, sending, Reason.QUEUED, engine.clock.now())
        return
    await _exchange(turn, sending, write, at)


async def _mark(turn: Turn, sending: Sending) -> None:
    """Mark the call as sent while the lease is provably ours (T6)."""
    engine = turn.engine
    now = engine.clock.now()
    settle = now + timedelta(seconds=engine.timings.settle)
    when = {change.id: now if _repeatable(change) else settle for change in sending.call.changes}
    async with engine.database.write() as tx:
        await turn.hold(tx)
        if not await changes.mark_sent(tx, turn.lease, sending.call.id, when, now):
            raise LeaseLostError("A successor has voided what was planned.")


def _repeatable(change: Change) -> bool:
    return change.operation is Operation.INSERT and change.keyed


async def _exchange(turn: Turn, sending: Sending, write: Write, at: At) -> None:
    clock = turn.engine.clock
    started = clock.monotonic()
    try:
        results = await write(turn.org.client, sending.call)
    except ReplyLost:
        await at("K6")
        await turn.org.sizes.shrink(sending.call.object)
        _unknown(turn, sending)
        return
    except RetryLater as busy:
        await turn.org.sizes.shrink(sending.call.object)
        reason = Reason.BUDGET if busy.code == BudgetSpentError.code else Reason.QUEUED
        await _take_back(turn, sending, reason, busy.due, busy.sentence)
        return
    except Replan as moved:
        turn.refused.update(*(sending.decisions[change_id].draft.deliveries for change_id in sending.ids))
        await _take_back(turn, sending, Reason.QUEUED, turn.after(turn.engine.timings.busy_retry), moved.sentence)
        return
    except PauseConnection as stop:
        await _take_back(turn, sending, Reason.CONNECTION_PAUSED, turn.after(turn.engine.timings.recheck), stop.sentence)
        raise
    await at("K6")
    await turn.org.sizes.observe(sending.call, clock.monotonic() - started, [one.fault for one in results if one.fault])
    await _read(turn, sending, results)
    await at("K7")
    stopping = next((one.fault for one in results if one.fault and one.fault.recovery is Recovery.PAUSE), None)
    if stopping:
        raise PauseConnection(stopping.sentence, salesforce_code=stopping.code)


def _unknown(turn: Turn, sending: Sending) -> None:
    """Wait until the outcome of a lost reply can be known: at once where a repeat is harmless."""
    settle = turn.after(turn.engine.timings.settle)
    for change in sending.call.changes:
        due = turn.engine.clock.now() if _repeatable(change) else settle
        turn.wait([sending.decisions[change.id].draft], Reason.SETTLING, due)


async def _requeue(turn: Turn, sending: Sending, reason: Reason, due: datetime, why: str = "") -> None:
    """Void what was never marked as sent and let its deliveries come again."""
    async with turn.engine.database.write() as tx:
        await changes.void_planned(tx, sending.ids)
    turn.wait([sending.decisions[change_id].draft for change_id in sending.ids], reason, due, why)


async def _take_back(turn: Turn, sending: Sending, reason: Reason, due: datetime, why: str = "") -> None:
    """Void what was marked but provably not run."""
    async with turn.engine.database.write() as tx:
        await changes.unmark_sent(tx, turn.lease, sending.ids)
    turn.wait([sending.decisions[change_id].draft for change_id in sending.ids], reason, due, why)


async def _read(turn: Turn, sending: Sending, results: Sequence[RowResult]) -> None:
    """Write down what each row's result says (T7)."""
    by_id = {change.id: change for change in sending.call.changes}
    results = await _described_anew(turn, sending, results)
    results, found = await _recognised(turn, sending, results)
    found |= await duplicates.holders(turn, [by_id[one.change_id] for one in results if _hidden_duplicate(one)])
    ended = [_ended(by_id[one.change_id], one, sending.decisions[one.change_id]) for one in results]
    made = [outcome for one in results for outcome in _concluded(turn, sending.decisions[one.change_id], one)]
    now = turn.engine.clock.now()
    async with turn.engine.database.write() as tx:
        closed = await changes.end(tx, turn.engine.vault, ended)
        written = [one for one in ended if one.result == "written" and one.change.id in closed]
        await freshness.save(tx, turn.lease.org, _considered(written))
        await links.save(tx, turn.lease.org, _links(turn, sending, results, found), now)
        await outcomes.save(tx, made, now)
        await _suspend(turn, tx, sending, results, now)


async def _described_anew(turn: Turn, sending: Sending, results: Sequence[RowResult]) -> Sequence[RowResult]:
    """Plan rows of the wrong type again where the object is no longer what we held it for: a field was given another type (drift)."""
    mistyped = [one for one in results if one.fault and one.fault.code in _MISTYPED and one.fault.recovery is Recovery.HOLD]
    if not mistyped:
        return results
    name, describe = sending.call.object, turn.org.describe
    try:
        before = (await describe.schema({name})).object(name)
        describe.invalidate(name)
        if before == (await describe.schema({name})).object(name):
            return results
    except RetryLater:
        return results
    return [_as(one, Recovery.REPLAN) if one in mistyped else one for one in results]


def _considered(written: Sequence[Ended]) -> dict[tuple[str, str], Mapping[str, FieldState]]:
    return {(one.change.object, one.record_id or one.change.record_id or ""): one.change.considered for one in written}


def _hidden_duplicate(result: RowResult) -> bool:
    fault = result.fault
    return bool(fault and fault.code == "DUPLICATE_VALUE" and not fault.record_id)


async def _recognised(turn: Turn, sending: Sending, results: Sequence[RowResult]) -> tuple[Sequence[RowResult], dict[str, Link]]:
    """Plan rows anew that a duplicate rule refused for a record to be used instead; they wait where there are no calls to find it by."""
    if sending.call.operation is not Operation.INSERT:
        return results, {}
    drafts = {change_id: decision.draft for change_id, decision in sending.decisions.items()}
    try:
        found = await duplicates.recognised(turn, drafts, results)
    except RetryLater:
        return [_as(one, Recovery.RETRY_LATER) if _met_a_rule(one) else one for one in results], {}
    except (Replan, HoldDelivery):
        return results, {}  # who cannot be found cannot be used
    return [_as(one, Recovery.REPLAN) if one.change_id in found else one for one in results], found


def _met_a_rule(result: RowResult) -> bool:
    return bool(result.fault and result.fault.reason is Reason.DUPLICATE_RULE)


def _as(result: RowResult, recovery: Recovery) -> RowResult:
    return replace(result, fault=replace(result.fault, recovery=recovery)) if result.fault else result


def _ended(change: Change, result: RowResult, decision: Decision) -> Ended:
    if result.fault is None:
        return Ended(change, "written", result.record_id)
    fault = result.fault
    error = {"code": fault.code, "message": fault.message, "fields": list(fault.fields)}
    if fault.recovery is Recovery.REPLAN and fault.code not in _MISTYPED:
        return Ended(change, "duplicate", fault.record_id, error)
    if fault.recovery is Recovery.HOLD and len(decision.draft.deliveries) == 1:
        return Ended(change, "rejected", None, error)
    return Ended(change, "not_run", None, error)


def _concluded(turn: Turn, decision: Decision, result: RowResult) -> list[Outcome]:
    if result.fault is None:
        return _written(turn, decision, result)
    fault = result.fault
    waits_for = _waits_for(fault)
    if waits_for is Reason.QUEUED:
        turn.refused |= decision.draft.deliveries
    if fault.recovery is Recovery.HOLD and len(decision.draft.deliveries) > 1:
        turn.split_up(decision.draft)
        return []
    if fault.recovery is Recovery.HOLD:
        return turn.conclude(
            decision.draft.origins,
            State.HELD,
            fault.reason,
            faults.told(fault),
            object_name=decision.object,
            record_id=decision.record_id,
            change_id=result.change_id,
            notes=decision.notes,
        )
    turn.wait([decision.draft], waits_for, _again(turn, fault, decision), fault.sentence)
    return []


def _waits_for(fault: Fault) -> Reason:
    """Return what a refused row waits for: what a person or the org has to give is no attempt, all else is."""
    if fault.recovery is Recovery.PAUSE:
        return Reason.CONNECTION_PAUSED
    if fault.recovery is Recovery.RETRY_LATER and fault.reason in (Reason.BUDGET, Reason.PARENT_MISSING):
        return fault.reason
    return Reason.QUEUED


def _again(turn: Turn, fault: Fault, decision: Decision) -> datetime:
    """Return when a row comes again: at once after a new plan (but not for ever), spread out after a lock, later after a limit."""
    at_once = fault.recovery in (Recovery.REPLAN, Recovery.SUSPEND_FIELD, Recovery.HALVE)
    if at_once and turn.tries(decision.draft) < PATIENCE:
        return turn.engine.clock.now()
    if fault.reason is Reason.BUDGET:
        return turn.after(turn.engine.timings.budget_retry)
    return turn.again(decision.draft, turn.engine.timings.busy_retry if fault.recovery is Recovery.RETRY_LATER else 1.0)


def _written(turn: Turn, decision: Decision, result: RowResult) -> list[Outcome]:
    record_id = result.record_id or decision.record_id or ""
    turn.found(decision, record_id)
    return turn.conclude(
        decision.draft.origins,
        State.WRITTEN,
        object_name=decision.object,
        record_id=record_id,
        change_id=result.change_id,
        notes=decision.notes,
    )


def _links(turn: Turn, sending: Sending, results: Sequence[RowResult], found: Mapping[str, Link]) -> dict[str, list[Link]]:
    """Remember which record each key of a written or already existing record leads to."""
    made: dict[str, list[Link]] = {}
    for result in results:
        decision = sending.decisions[result.change_id]
        inserted = sending.call.operation is Operation.INSERT
        named = result.fault.record_id if result.fault and result.fault.recovery is Recovery.REPLAN and inserted else None
        record_id = result.record_id or decision.record_id or named
        link = found.get(result.change_id)
        if record_id:
            link = Link(sending.call.object, record_id, "created" if inserted and not result.fault else "matched")
        if link is None:
            continue
        made |= {turn.hmac(claim): [link] for claim in decision.draft.claims if not claim.startswith("id:")}
    return made


async def _suspend(turn: Turn, tx: AsyncConnection, sending: Sending, results: Sequence[RowResult], now: datetime) -> None:
    """Put mapping rows out of use whose field the org no longer takes, so that the rest goes on (drift)."""
    rows = [
        {
            "sync_id": origin.sync_id,
            "version": origin.mapping_version,
            "object": sending.call.object,
            "field": field,
            "code": result.fault.code,
            "sentence": result.fault.sentence,
            "at": now,
        }
        for result in results
        if result.fault and result.fault.recovery is Recovery.SUSPEND_FIELD
        for origin in sending.decisions[result.change_id].draft.origins
        for field in result.fault.fields
    ]
    if rows:
        await tx.execute(insert(tables.suspended_row).values(rows).on_conflict_do_nothing())
        turn.org.describe.invalidate(sending.call.object)
