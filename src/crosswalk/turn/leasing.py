"""Taking lanes at the start of a turn and giving them back at the end.

The slot of the org is an exclusive lease for the whole turn: with one slot, one worker at a time writes to an org.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import deliveries, lanes
from crosswalk.inbox.deliveries import Fate, Work
from crosswalk.inbox.routing import QUEUE_DEADLINE
from crosswalk.journal import outcomes
from crosswalk.ledger import changes, claims
from crosswalk.model import Delivery, Outcome, Priority
from crosswalk.reasons import Reason, State
from crosswalk.turn.context import Engine, Org, Turn

MAX_ATTEMPTS = 50  # that Salesforce refused; waiting for calls, claims or an outage to end is none
_WORST = (State.HELD, State.WAITING, State.WRITTEN, State.UNCHANGED, State.SKIPPED)
_MOVING = {Reason.QUEUED, Reason.CLAIMED, Reason.BUDGET, Reason.SETTLING}
_PATIENT = {Reason.NO_RECORD, Reason.NO_IDENTITY, Reason.PARENT_MISSING, Reason.NO_CAMPAIGN}


async def take(engine: Engine, org: Org, slot: int) -> Turn | None:
    """Lease the slot and the lanes due in it (T1); None when another worker has the slot or nothing is due.

    A write without a reply is something to do as well, though no lane may be left that waits for it.
    """
    lease_id = engine.ids.new()
    now, seconds = engine.clock.now(), engine.timings.lease
    connection = org.connection.id
    async with engine.database.write() as tx:
        if not await lanes.lease_slot(tx, connection, slot, lease_id, now, seconds):
            return None
        leased = await lanes.lease(tx, connection, slot, lease_id, engine.settings.lanes_per_turn, seconds, now)
        if leased is None and (org.org_id, slot) in await changes.ripe(tx, now):
            leased = lanes.Lease(lease_id, connection, slot, (), Priority.BACKFILL)
        if leased is None:
            await lanes.release_slot(tx, connection, slot, lease_id)
            return None
    mine = changes.Lease(org.org_id, slot, engine.ids.new(), lease_id)
    return Turn(engine, org, await engine.configuration.current(), mine, leased)


async def release(turn: Turn) -> None:
    """Conclude the deliveries, give back leftover claims, lanes and the slot (T8)."""
    engine, now = turn.engine, turn.engine.clock.now()
    steps: defaultdict[str, list[Outcome]] = defaultdict(list)
    for (delivery_id, _), outcome in turn.outcomes.items():
        steps[delivery_id].append(outcome)
    fates = {work.delivery.id: _fate(turn, work, steps[work.delivery.id]) for work in turn.work}
    async with engine.database.write() as tx:
        await changes.void_turn(tx, turn.lease)
        fates = await _as_recorded(turn, tx, fates)
        finished = await deliveries.finish(tx, turn.lanes, fates, now)
        await outcomes.save(tx, _unsaved(turn, finished), now)
        await claims.free_turn(tx, turn.lease.turn_id)
        if any(outcome.state is State.WRITTEN for outcome in turn.outcomes.values()):
            await deliveries.wake(tx, turn.org.connection.id, {Reason.NO_RECORD, Reason.PARENT_MISSING}, now)
        runs = set(turn.runs.values())
        await turn.org.calls.flush(tx, turn.lease.turn_id, runs.pop() if len(runs) == 1 else None)
    async with engine.database.write() as tx:
        await lanes.release(tx, turn.lanes, turn.lanes.lane_ids, now)
        if turn.lease.slot is not None:
            await lanes.release_slot(tx, turn.org.connection.id, turn.lease.slot, turn.lease.lease_id)


async def _as_recorded(turn: Turn, tx: AsyncConnection, fates: Mapping[str, Fate]) -> dict[str, Fate]:
    """Let a delivery be written when a step of it was, although the turn that wrote it died and this one found nothing left to do."""
    versions = {work.delivery.id: work.sync_version for work in turn.work if fates[work.delivery.id].state is State.UNCHANGED}
    written = await outcomes.written(tx, versions)
    return {name: Fate(State.WRITTEN) if name in written else fate for name, fate in fates.items()}


def _unsaved(turn: Turn, finished: Collection[str]) -> list[Outcome]:
    """Return the steps nobody has written down yet: those that wait and those that made no draft."""
    states = (State.WAITING, State.SKIPPED)
    return [one for one in turn.outcomes.values() if one.state in states and one.step and one.delivery_id in finished]


def _fate(turn: Turn, work: Work, steps: Sequence[Outcome]) -> Fate:
    """Return the worst of a delivery's steps, and when it goes on if it waits.

    A step that goes on by itself is not given up for another that is held: the delivery is held once nothing moves any more.
    """
    now = turn.engine.clock.now()
    if not steps:
        return Fate(State.WAITING, Reason.QUEUED, due_at=now, split=work.split, attempted=False)
    moving = [outcome for outcome in steps if outcome.state is State.WAITING and outcome.reason in _MOVING]
    worst = min(moving or steps, key=lambda outcome: (_WORST.index(outcome.state), outcome.due_at or now))
    if worst.state is not State.WAITING:
        return Fate(worst.state, worst.reason, worst.detail)
    refused = work.delivery.id in turn.refused
    if refused and work.delivery.attempts >= MAX_ATTEMPTS:
        return Fate(State.HELD, Reason.REJECTED, f"tried {work.delivery.attempts} times: {worst.detail}")
    due = min(outcome.due_at or now for outcome in steps if outcome.state is State.WAITING)
    split = work.split or work.delivery.id in turn.split
    return Fate(worst.state, worst.reason, worst.detail, due, _deadline(turn, worst, work.delivery), split, attempted=refused)


def _deadline(turn: Turn, outcome: Outcome, delivery: Delivery) -> datetime:
    """Keep the deadline of a wait for something outside; a wait of our own making never runs out while we work on it."""
    timings, now = turn.engine.timings, turn.engine.clock.now()
    if outcome.reason not in _PATIENT:
        return now + QUEUE_DEADLINE
    if outcome.reason is delivery.reason and delivery.deadline:
        return delivery.deadline
    longest = {Reason.NO_CAMPAIGN: timings.campaign_deadline, Reason.NO_IDENTITY: timings.identity_deadline}
    return now + timedelta(seconds=longest.get(outcome.reason, timings.waiting_deadline))
