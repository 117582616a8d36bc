"""What the home page and `/api/home` tell: everything together, as far as the caller may look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.journal import health, runs, totals
from crosswalk.journal.health import Calls, Cause, Door, Freshness, Suspended
from crosswalk.journal.runs import Run, RunState
from crosswalk.reasons import State
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SyncConfig, SyncState
from crosswalk.web.services import Services

RANGES = {24: "24 hours", 168: "7 days", 720: "30 days"}
_BARS = {24: 1, 168: 6, 720: 24}  # hours in one bar of the chart
_RECENT_RUNS = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """The deliveries received in some hours, by outcome."""

    start: datetime
    by_state: Mapping[State, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """How everything stands."""

    hours: int
    by_state: Mapping[State, int]
    door: Door
    bars: Sequence[Bar]
    held: Sequence[tuple[SyncConfig, Cause]]
    suspended: Sequence[tuple[SyncConfig, Suspended]]
    paused: Sequence[ConnectionConfig]
    calls: Sequence[tuple[ConnectionConfig, Calls]]
    freshness: Sequence[tuple[SourceConfig, Freshness]]
    running: Sequence[Run]

    @property
    def deliveries(self) -> int:
        """All deliveries of the range; the five outcomes add up to this."""
        return sum(self.by_state.values())

    @property
    def troubles(self) -> int:
        """How many causes wait for a person."""
        return len(self.held) + len(self.suspended) + len(self.paused)


async def overview(services: Services, caller: Caller, hours: int, connection_id: str | None = None) -> Overview:
    """Return how everything stands that the caller may look at, of one connection where one is given."""
    now = services.clock.now()
    configuration = await services.configuration.current()
    connections = [
        one for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK) and connection_id in (None, one.id)
    ]
    seen = {one.id for one in connections}
    syncs = {one.id: one for one in configuration.syncs.values() if one.connection_id in seen}
    sources = [one for one in configuration.sources.values() if any(sync.source_id == one.id for sync in syncs.values())]
    since = now - timedelta(hours=hours - 1)
    counted = await totals.between(services.database, since, now, now, list(syncs))
    async with services.database.read() as tx:
        live = {one.id for one in syncs.values() if one.state is not SyncState.REMOVED}
        held = await health.held(tx, live)
        suspended = await health.suspended(tx, [(one.id, one.version) for one in syncs.values() if one.id in live])
        called = [(one, await health.calls(tx, one.id, now)) for one in connections]
        fresh = [(one, await health.freshness(tx, one.id, _of(one, syncs), now, one.silent_after)) for one in sources]
        recent = await runs.recent(tx, _RECENT_RUNS)
        entered = await health.door(tx, since, [one.id for one in sources])
    return Overview(
        hours=hours,
        by_state={state: sum(one.number for one in counted if one.state is state) for state in State},
        door=entered,
        bars=_bars(counted, since, now, _BARS.get(hours, 1)),
        held=[(syncs[one.sync_id], one) for one in held],
        suspended=[(syncs[one.sync_id], one) for one in suspended],
        paused=[one for one in connections if one.paused_reason is not None],
        calls=called,
        freshness=fresh,
        running=[one for one in recent if one.state is RunState.RUNNING and _concerns(one, syncs, sources)],
    )


def _of(source: SourceConfig, syncs: Mapping[str, SyncConfig]) -> list[str]:
    return [one.id for one in syncs.values() if one.source_id == source.id]


def _concerns(run: Run, syncs: Mapping[str, SyncConfig], sources: Sequence[SourceConfig]) -> bool:
    """Tell whether a run is about something the caller sees; a replay may be about anything."""
    if run.sync_id is not None:
        return run.sync_id in syncs
    return run.source_id is None or any(one.id == run.source_id for one in sources)


def _bars(counted: Sequence[totals.Total], since: datetime, now: datetime, hours: int) -> list[Bar]:
    first = since.replace(minute=0, second=0, microsecond=0)
    width = timedelta(hours=hours)
    found: list[Bar] = []
    while first <= now:
        within = [one for one in counted if first <= one.hour < first + width]
        found.append(Bar(first, {state: sum(one.number for one in within if one.state is state) for state in State}))
        first += width
    return found
