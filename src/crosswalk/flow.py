"""The whole product on one page: read `turn` from top to bottom.

    source → inbox → mapping → ledger → plan → salesforce → journal

Sources and the inbox have run when a turn starts: accepted events wait as deliveries in lanes. A turn leases lanes of one org, maps their
deliveries to drafts, claims every key, asks the org, decides, writes the plan down, sends it, reads each row's result, and gives the lanes
back. It may die on any line: whatever it left behind, the next turn voids (never sent) or looks up (perhaps sent). The letters K0 to K8
mark where the tests kill it.

Worker, preview and, later, widget and undo all go through here. Nothing else writes to Salesforce.
"""

from collections.abc import Mapping, Sequence

from crosswalk.errors import CrosswalkError, FieldUnknownError, HoldDelivery, LeaseLostError, PauseConnection, Replan, RetryLater
from crosswalk.inbox import deliveries
from crosswalk.mapping.campaigns import STEP
from crosswalk.model import Draft, Event
from crosswalk.plan import batch
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import writer
from crosswalk.store.configuration import SourceConfig, SyncConfig
from crosswalk.turn import bound, campaigns, gather, leasing, pausing, rehearsal, send, settle, statuses, wave
from crosswalk.turn.bound import Bound
from crosswalk.turn.context import At, Engine, Org, Turn, nowhere
from crosswalk.turn.gather import Mappings
from crosswalk.turn.rehearsal import Preview


async def turn(engine: Engine, org: Org, slot: int = 0, at: At = nowhere) -> int:
    """Work off what is due in one slot of one org; return how many deliveries were looked at."""
    held = await leasing.take(engine, org, slot)
    if held is None:
        return 0
    await at("K0")
    try:
        await _work(held, at)
    except LeaseLostError:
        return len(held.work)  # a successor owns everything now: leave it to it
    await at("K8")
    await leasing.release(held)
    return len(held.work)


async def _work(held: Turn, at: At) -> None:
    engine, org = held.engine, held.org
    pending: list[Draft] = []
    try:
        learnt = await settle.leftovers(engine, org, held.lease.slot, held.lease.lease_id, held.spend)
        await at("K1")
        async with engine.database.read() as tx:
            held.work = await deliveries.due(tx, engine.vault, held.lanes, engine.clock.now(), engine.settings.deliveries_per_lane)
            strong = await deliveries.strong_keys(tx, engine.vault, held.work)
        ready = await gather.mappings(engine, org, held.configuration, held.work)
        held.suspect(learnt)
        chosen = await _campaigns(held, ready, strong, at)
        pending = gather.drafts(held, ready, chosen, strong)
        lacking = await statuses.missing(held, pending, ready, chosen, org.describe.member_statuses, held.spend)
        await _waves(held, lacking, ready, at)
        await _waves(held, pending, ready, at)
    except LeaseLostError:
        raise
    except PauseConnection as stop:
        await pausing.pause(engine, org.connection.id, stop.sentence)
        _postpone(held, pending, Reason.CONNECTION_PAUSED, stop)
    except RetryLater as later:
        _postpone(held, pending, Reason.BUDGET if later.code == "budget_spent" else Reason.QUEUED, later)
    except FieldUnknownError as drifted:
        org.describe.invalidate(drifted.object_name)
        _postpone(held, pending, Reason.QUEUED, drifted)
    except (Replan, HoldDelivery) as surprise:
        _postpone(held, pending, Reason.QUEUED, surprise)


async def _campaigns(held: Turn, ready: Mappings, strong: Mapping[str, Mapping[str, str]], at: At) -> Bound:
    """Find the campaign of every event: as an admin picked it, else as a rule of the sync finds or makes it."""
    engine, connection_id = held.engine, held.org.connection.id
    found = await bound.load(engine, connection_id, [work.event for work in held.work])
    wanted = campaigns.unbound(held, ready, found, strong)
    if wanted:
        missing = await campaigns.find(found, wanted, campaigns.decider(held, ready, at))
        await _waves(held, await campaigns.drafts(held, ready, found, missing, held.spend), ready, at)
        campaigns.conclude(held, found, missing)
        await bound.keep(engine, connection_id, campaigns.news(found, wanted))
    return found


async def _waves(held: Turn, pending: Sequence[Draft], ready: Mappings, at: At) -> None:
    """Persons and other free-standing records first, then what belongs to them, each wave claimed and asked for itself."""
    while pending:
        now, later = wave.ready(held, pending)
        if not now:
            wave.orphaned(held, later)
            return
        planned = await wave.plan(held, now, ready.schema, held.spend, at)
        await _write(held, planned, at)
        pending = later


async def _write(held: Turn, planned: wave.Planned, at: At) -> None:
    """Send the wave's changes call by call; each call is as large as the org bore the one before."""
    decisions = {decision.change.id: decision for decision in planned.decisions if decision.change}
    left = planned.changes
    while left:
        call = batch.pack(left, await held.org.sizes.rows(), held.engine.ids.new)[0]
        await send.send(held, send.Sending(call, decisions, planned.began), writer.send, at)
        sent = {change.id for change in call.changes}
        left = [change for change in left if change.id not in sent]


def _postpone(held: Turn, pending: Sequence[Draft], reason: Reason, cause: CrosswalkError) -> None:
    """Let everything this turn has not concluded wait for what stopped it."""
    if not isinstance(cause, RetryLater | PauseConnection):
        held.refused.update(work.delivery.id for work in held.work)  # what surprises every time must not go on for ever
    due = cause.due if isinstance(cause, RetryLater) else held.after(held.engine.timings.busy_retry)
    for draft in pending:
        if any((origin.delivery_id, origin.step) not in held.outcomes for origin in draft.origins):
            held.wait([draft], reason, due, cause.sentence)
    started = {delivery for delivery, step in held.outcomes if step != STEP}
    for work in held.work:
        if work.delivery.id not in started:
            held.conclude(gather.whole(work, 0), State.WAITING, reason, cause.sentence, due_at=due)


async def preview(engine: Engine, org: Org, source: SourceConfig, events: Sequence[Event], only: SyncConfig | None = None) -> Preview:
    """Return what a run over these events of one source would change, without writing, and a bound on its API calls (P8)."""
    return await rehearsal.preview(engine, org, source, events, only)
