"""`doctor`: looks at everything an installation needs and says, line by line, what is well and what to mend.

It changes nothing: a database that does not exist yet is not made, and an old schema is not migrated.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from rich.markup import escape

from crosswalk import runtime
from crosswalk.alerts import standing
from crosswalk.cli import org_checks, process, source_checks
from crosswalk.clock import Time
from crosswalk.errors import CrosswalkError, Problem
from crosswalk.findings import Finding, Level, fail, ok, warn
from crosswalk.journal import stats
from crosswalk.reasons import State
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings, Timings
from crosswalk.sources import registry
from crosswalk.store import key_file, migrate
from crosswalk.store.configuration import ConnectionConfig, SourceConfig
from crosswalk.store.database import Database

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def doctor() -> None:
    """Check database, keys, connections, sources, syncs and timings."""
    process.run(_doctor)


async def _doctor(settings: Settings) -> int:
    console = process.console()
    worst = 0
    async for finding in examine(settings):
        colour = _COLOURS[finding.level]
        console.print(f"[{colour}]{finding.level:<4}[/{colour}]  {escape(finding.subject)}: {escape(finding.sentence)}")
        worst = max(worst, int(finding.level is Level.FAIL))
    return worst


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Give every finding in the order in which things depend on each other; what rests on something broken is not looked at."""
    usable = True
    for finding in [_keys(settings), await _schema(settings)]:
        usable = usable and finding.level is Level.OK
        yield finding
    if not usable:
        return
    async with AsyncExitStack() as stack:
        try:
            parts = await stack.enter_async_context(runtime.opened(settings))
        except CrosswalkError as error:
            yield fail("key file", error.sentence)
            return
        async for finding in _installation(parts):
            yield finding


async def _installation(parts: Runtime) -> AsyncIterator[Finding]:
    configuration = await parts.engine.configuration.current()
    for source in configuration.sources.values():
        yield _source(source)
        async for finding in source_checks.examine(parts, source):
            yield finding
        async for finding in source_checks.refused(parts, source):
            yield finding
        async for finding in source_checks.reworded(parts, source):
            yield finding
    if not configuration.connections:
        yield warn("connection", "There is none; apply a workspace that has one: crosswalk apply FILE.")
    for connection in configuration.connections.values():
        yield _timings(parts.settings.timings, connection)
        async for finding in org_checks.examine(parts, configuration, connection):
            yield finding
    yield await _queue(parts)
    async for finding in raised(parts):
        yield finding


async def raised(parts: Runtime) -> AsyncIterator[Finding]:
    """Tell of each alert that is raised."""
    async with parts.database.read() as tx:
        found = await standing.raised(tx)
    for alert in found:
        yield warn("alert", f"{alert.title}, since {alert.raised_at:%d %b, %H:%M} UTC. {alert.sentence}")


def _keys(settings: Settings) -> Finding:
    path = settings.key_file or key_file.default_path()
    if not path.exists():
        return warn("key file", f"{path} does not exist yet; `crosswalk serve` makes it on the first start.")
    try:
        key_file.read(path)
    except CrosswalkError as error:
        return fail("key file", error.sentence)
    return ok("key file", f"{path} is readable by its owner only.")


async def _schema(settings: Settings) -> Finding:
    clock = Time()
    try:
        database = Database(settings.url, clock)
    except CrosswalkError as error:
        return fail("database", error.sentence)
    shown = database.url.render_as_string(hide_password=True)
    try:
        if not database.is_postgres and not await asyncio.to_thread(Path(database.url.database or "").exists):
            return warn("database", f"{shown} does not exist yet; `crosswalk serve` makes it on the first start.")
        await migrate.check(database)
    except CrosswalkError as error:
        return fail("database", error.sentence)
    finally:
        await database.close()
    return ok("database", f"{shown} answers and has schema {migrate.newest_version()}.")


def _source(source: SourceConfig) -> Finding:
    subject = f"source {source.name}"
    try:
        kind = registry.source(source.kind)
    except CrosswalkError as error:
        return fail(subject, error.sentence)
    if found := kind.problems(source.settings):
        return fail(subject, _listed(found))
    missing = [name for name in kind.secret_names if not source.secrets.get(name)]
    if missing and not source.settings.get("unsigned"):
        return fail(
            subject, f"It lacks {', '.join(missing)}; enter it in the environment the workspace names, and apply the workspace again."
        )
    if source.state != "on":
        return warn(subject, "It is switched off and refuses what is posted to it.")
    return ok(subject, f"A {source.kind} source with its secrets.")


def _timings(timings: Timings, connection: ConnectionConfig) -> Finding:
    subject = f"timings for {connection.name}"
    if timings.settle <= timings.send_timeout:
        report = fail if org_checks.is_real(connection) else warn
        return report(
            subject,
            f"settle ({timings.settle:g} s) must be longer than send_timeout ({timings.send_timeout:g} s), or a write that still runs is "
            "taken for lost; raise CROSSWALK_TIMINGS__SETTLE.",
        )
    return ok(subject, f"A write without an answer is asked about after {timings.settle:g} s.")


async def _queue(parts: Runtime) -> Finding:
    async with parts.database.read() as tx:
        sums = await stats.sums(tx)
    if not sums.hold:
        return fail("sums", "What was received and what became of it do not add up; report this with the output of `crosswalk log`.")
    held, waiting = sums.by_state[State.HELD], sums.by_state[State.WAITING]
    if held:
        return warn("deliveries", f"{held:,} held, {waiting:,} waiting; see `crosswalk log --state held`.")
    return ok("deliveries", f"None held, {waiting:,} waiting.")


def _listed(problems: tuple[Problem, ...]) -> str:
    return "; ".join(f"{problem.place}: {problem.sentence}" for problem in problems)
