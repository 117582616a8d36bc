"""Runs as pages and the API show them: which a caller may see, what each came to, and what is happening in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from crosswalk.access import caller as access
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.engine import asking
from crosswalk.engine.asking import Estimate
from crosswalk.errors import RequestRefused
from crosswalk.journal import callouts, calls, health, run_words, runs
from crosswalk.journal.runs import PULLS, Cause, Result, Run, RunKind, RunState
from crosswalk.reasons import State
from crosswalk.salesforce.calls import Purpose
from crosswalk.sources.base import Window
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig
from crosswalk.web import callers, source_access
from crosswalk.web.services import Services

_FEED = 8
_MOST_RUNNING = 50
_MINUTE = 60
_DID = MappingProxyType(
    {
        Purpose.LOOKUP.value: "Looked records up, {rows:,} found",
        Purpose.WRITE.value: "Wrote {records}",
        Purpose.SETTLE.value: "Asked what became of a write",
        Purpose.DESCRIBE.value: "Read which fields objects have",
        Purpose.LIMITS.value: "Asked how many calls are left",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs somebody wants to see."""

    source_id: str | None = None
    kind: RunKind | None = None
    state: RunState | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One run in a list."""

    run: Run
    title: str
    may_stop: bool

    @property
    def start(self) -> datetime | None:
        """Where the window of a pull begins."""
        return _moment(self.run.progress.start)

    @property
    def end(self) -> datetime | None:
        """Where the window of a pull ends."""
        return _moment(self.run.progress.end)

    @property
    def last_hours(self) -> float | None:
        """How far a scheduled pull looked back; None for others, whose window says more."""
        if self.run.kind not in {RunKind.PERIODIC, RunKind.DAILY} or not self.start or not self.end:
            return None
        return round((self.end - self.start) / timedelta(hours=1), 1)

    @property
    def read(self) -> int:
        """How many items a pull has read, or deliveries another run has taken."""
        return self.run.progress.read if self.run.kind in PULLS else sum(self.run.totals.deliveries.values())

    def ended(self, state: str) -> int:
        """How many deliveries of the run are in a state."""
        return self.run.totals.deliveries.get(state, 0)

    @property
    def result(self) -> tuple[str, str, str]:
        """The result as a pill: its words, its colour, its icon; green only when every record has an end state."""
        run = self.run
        match run.result:
            case Result.RUNNING:
                return ("Stopping", "waiting", "circle-pause") if run.stop_requested_at else ("Running", "info", "play")
            case Result.WRITING:
                return f"{run.totals.waiting:,} waiting", "waiting", "clock"
            case Result.NEEDS_A_PERSON:
                return (f"{run.totals.held:,} held" if run.totals.held else f"{run.progress.invalid:,} unreadable"), "held", "hand"
            case Result.STOPPED:
                return "Stopped", "waiting", "circle-pause"
            case Result.FAILED:
                return "Failed", "held", "circle-x"
        return "Complete", "written", "circle-check"


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what is happening."""

    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Story:
    """One run in full."""

    line: Line
    causes: Sequence[Cause]
    happened: Sequence[Happened]
    expected: Estimate | None
    free: Sequence[tuple[ConnectionConfig, int | None]]

    @property
    def told(self) -> str:
        """How far it has come, as a sentence."""
        return told(self.line.run, self.expected)

    def bars(self) -> Sequence[tuple[State, float, float]]:
        """Return the bar by outcome: each state with where it begins and how wide it is, in percent of what is expected."""
        return bars(self.line.run, self.expected)

    def pace(self, now: datetime) -> str:
        """Return how fast it reads, and how long that will probably go on."""
        return pace(self.line, self.expected, now)


async def listing(services: Services, caller: Caller, asked: Asked, limit: int, before: str | None = None) -> list[Line]:
    """Return the newest runs the caller may see, or those before one."""
    configuration = await services.configuration.current()
    async with services.database.read() as tx:
        found = await runs.recent(
            tx,
            limit,
            before,
            source_id=asked.source_id,
            kind=asked.kind,
            state=asked.state,
            seen=source_access.runs_seen(configuration, caller),
        )
    return [_line(configuration, caller, run) for run in found]


async def running(services: Services, caller: Caller) -> list[Line]:
    """Return the runs under way that the caller may see."""
    return await listing(services, caller, Asked(state=RunState.RUNNING), _MOST_RUNNING)


async def line_of(request: Request, caller: Caller, run_id: str, permission: Permission = Permission.LOOK) -> Line:
    """Return a run the caller has that permission on; raise 403 where not, 404 when there is none."""
    services = callers.services(request)
    configuration = await services.configuration.current()
    if "\x00" in run_id:
        raise _unknown()
    async with services.database.read() as tx:
        found = await runs.get(tx, run_id)
        if found is None:
            raise _unknown()
        visible = await _is_seen(tx, configuration, caller, found)
    if not visible or not _may(configuration, caller, found, permission):
        raise access.refused(permission)
    return _line(configuration, caller, found)


async def story(services: Services, caller: Caller, line: Line) -> Story:
    """Return what is known of a run."""
    configuration = await services.configuration.current()
    run, now = line.run, services.clock.now()
    source = configuration.sources.get(run.source_id or "")
    connections = source_access.connections_of(configuration, source) if source else []
    async with services.database.read() as tx:
        causes = await runs.causes(tx, run.id, source_access.syncs_seen(configuration, caller))
        happened = await _happened(tx, run)
        expected = await expectation(tx, source, line)
        seen = [one for one in connections if caller.may_on(one.id, Permission.LOOK)]
        free = [(one, (await health.calls(tx, one.id, now)).free) for one in seen]
    return Story(line, causes, happened, expected, free)


async def expectation(tx: AsyncConnection, source: SourceConfig | None, line: Line) -> Estimate | None:
    """Return what a run under way will probably have read in the end; None when nothing tells."""
    if source is None or line.run.state is not RunState.RUNNING or not line.start or not line.end or line.start >= line.end:
        return None
    return await asking.estimate(tx, source, Window(line.start, line.end), line.run.stream)


def told(run: Run, expected: Estimate | None) -> str:
    """Return how far a run has come, as a sentence."""
    progress = run.progress
    if run.kind not in PULLS:
        return f"{sum(run.totals.deliveries.values()):,} deliveries"
    read = progress.read
    share = f" of about {expected.items:,}" if expected and expected.items and expected.items > read else ""
    return f"{read:,}{share} read: {progress.events:,} new, {progress.repeats:,} known before, {progress.invalid:,} unreadable"


def pace(line: Line, expected: Estimate | None, now: datetime) -> str:
    """Return how fast a run reads, and how long that will probably go on."""
    seconds = (now - line.run.started_at).total_seconds()
    if not line.read or seconds < 1:
        return "Live events go first, so they are not delayed."
    rate = line.read / seconds
    fast = f"{rate:,.0f} a second" if rate >= 1 else f"{rate * _MINUTE:,.0f} a minute"
    left = ""
    if expected and expected.items and expected.items > line.read:
        minutes = round((expected.items - line.read) / rate / _MINUTE)
        left = f"About {minutes:,} {'minute' if minutes == 1 else 'minutes'} left. " if minutes else "Less than a minute left. "
    return f"{left}{fast}. Live events go first, so they are not delayed."


def bars(run: Run, expected: Estimate | None) -> Sequence[tuple[State, float, float]]:
    """Return where each outcome begins in the bar and how wide it is, in percent."""
    whole = max(sum(run.totals.deliveries.values()), (expected.items or 0) if expected else 0, 1)
    found, x = [], 0.0
    for state in State:
        width = 100 * run.totals.deliveries.get(state.value, 0) / whole
        found.append((state, round(x, 2), round(width, 2)))
        x += width
    return found


def _line(configuration: Configuration, caller: Caller, run: Run) -> Line:
    source, sync = configuration.sources.get(run.source_id or ""), configuration.syncs.get(run.sync_id or "")
    about = source.name if source else sync.name if sync else "a removed source" if run.source_id else ""
    title = f"{run_words.KINDS[run.kind]}, {about}" if about else run_words.KINDS[run.kind]
    can_stop = run.state is RunState.RUNNING and run.kind in PULLS and run.stop_requested_at is None
    return Line(run, title, can_stop and _may(configuration, caller, run, Permission.OPERATE))


def _may(configuration: Configuration, caller: Caller, run: Run, permission: Permission) -> bool:
    """Tell whether the caller has a permission on a run that he sees."""
    if permission is Permission.LOOK:
        return True
    source, sync = configuration.sources.get(run.source_id or ""), configuration.syncs.get(run.sync_id or "")
    if source is not None:
        return source_access.may(configuration, caller, source, permission)
    return caller.may_on(sync.connection_id, permission) if sync else caller.may(permission)


async def _is_seen(tx: AsyncConnection, configuration: Configuration, caller: Caller, run: Run) -> bool:
    seen = source_access.runs_seen(configuration, caller)
    return seen is None or await runs.is_seen(tx, run.id, seen)


async def _happened(tx: AsyncConnection, run: Run) -> list[Happened]:
    """Return what the run did last: calls to Salesforce, and calls that failed meanwhile."""
    found = [Happened(one.started_at, _said(one)) for one in await calls.of_run(tx, run.id, _FEED)]
    if run.source_id is not None:
        failed = await callouts.page(tx, _FEED, source_id=run.source_id, since=run.started_at)
        found += [Happened(one.at, one.sentence) for one in failed if run.ended_at is None or one.at <= run.ended_at]
    return sorted(found, key=lambda one: one.at, reverse=True)[:_FEED]


def _said(call: calls.Entry) -> str:
    records = f"{call.rows:,} {'record' if call.rows == 1 else 'records'}"
    did = _DID.get(call.purpose, "Asked Salesforce").format(rows=call.rows, records=records)
    return f"{did}, 1 call" if call.status is not None else f"{did}; no answer came, so it is looked up before anything is repeated"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _unknown() -> RequestRefused:
    return RequestRefused("unknown_run", "There is no run with this id; look for it among the runs.", 404)
