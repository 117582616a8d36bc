"""`pull`: asks a source's system what changed, and takes it into the inbox; a running `serve` or `worker` writes it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from crosswalk import runtime
from crosswalk.cli import bodies, process
from crosswalk.engine import discovery
from crosswalk.engine.pulls import Pulled
from crosswalk.engine.vendors import Vendor
from crosswalk.errors import ConfigurationError, CrosswalkError
from crosswalk.inbox import expand
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.sources.base import Window

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def pull(
    source: Annotated[str, typer.Argument(help="Name of the source.")],
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMATS, help="Begin of a range, UTC; else since the last pull.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_FORMATS, help="End of the range, UTC; else now.")] = None,
    stream: Annotated[str | None, typer.Option(help="Pull this stream only.")] = None,
) -> None:
    """Ask a source's system what changed, and queue it; 1 when a pull did not come to its end."""
    process.run(lambda settings: _pull(settings, source, stream, start, end))


async def _pull(settings: Settings, name: str, stream: str | None, start: datetime | None, end: datetime | None) -> int:
    console = process.console()
    async with runtime.opened(settings) as parts:
        source = bodies.source_named(await parts.engine.configuration.current(), name)
        vendor = parts.vendors.of(source)
        window = _window(start, end, parts.engine.clock.now())
        streams = _streams(vendor, stream)
        await _discover(parts, vendor, console)
        codes = [await _one(parts, vendor, each, window, console) for each in streams]
        await _notices(parts, vendor, console)
    return max(codes)


def _window(start: datetime | None, end: datetime | None, now: datetime) -> Window | None:
    if start is None and end is None:
        return None
    if start is None:
        raise ConfigurationError("A range needs its begin; give --from as well as --to.")
    begin, until = _utc(start), _utc(end) if end else now
    if not begin < until <= now:
        raise ConfigurationError("The range must begin before it ends and must not end in the future; correct --from and --to.")
    return Window(begin, until)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _streams(vendor: Vendor, wanted: str | None) -> tuple[str, ...]:
    known = vendor.kind.streams(vendor.source.settings)
    if wanted is None:
        return known
    if wanted not in known:
        raise ConfigurationError(f"The source {vendor.source.name!r} has no stream {wanted!r}; it has: {', '.join(known)}.")
    return (wanted,)


async def _discover(parts: Runtime, vendor: Vendor, console: Console) -> None:
    """Refresh the attributes; a system that does not tell them may still be pulled."""
    try:
        if await discovery.refresh(parts.engine, vendor):
            console.print("attributes: the list of the source's own attributes has changed")
    except CrosswalkError as error:
        console.print(f"attributes: {error.sentence}", markup=False)


async def _one(parts: Runtime, vendor: Vendor, stream: str, window: Window | None, console: Console) -> int:
    puller, source = parts.puller(), vendor.source
    pulled = await (puller.pull_range(source, stream, window) if window else puller.pull(source, stream))
    if pulled is None:
        console.print(f"{stream}: another pull of it is running; it was left to that one.", markup=False)
        return 0
    for line in _told(pulled):
        console.print(line, markup=False)
    return process.ERROR if pulled.error or pulled.receipt.invalid else 0


def _told(pulled: Pulled) -> Iterator[str]:
    receipt, window = pulled.receipt, pulled.window
    yield f"{pulled.stream}: {window.start:%Y-%m-%dT%H:%MZ} to {window.end:%Y-%m-%dT%H:%MZ}, run {pulled.run_id} {pulled.state}"
    yield f"    {receipt.events:,} events, {receipt.repeats:,} known before, {receipt.invalid:,} invalid, {pulled.calls:,} calls"
    if pulled.error:
        yield f"    {pulled.error.sentence} The next pull goes on where this one stood."
    yield from (f"    {remark}" for remark in pulled.remarks)


async def _notices(parts: Runtime, vendor: Vendor, console: Console) -> None:
    """Fetch what is due, and what was held for want of credentials: they have just worked."""
    async with parts.database.write() as tx:
        released = await expand.release_source(tx, vendor.source.id, parts.engine.clock.now())
    fetched = await parts.notices().sweep()
    if released or fetched:
        console.print(f"notices: {fetched:,} fetched, of which {released:,} were held")
