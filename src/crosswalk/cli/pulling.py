"""`pull`: asks a source's system what changed, and takes it into the inbox; a running `serve` or `worker` writes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from crosswalk import runtime
from crosswalk.cli import bodies, process
from crosswalk.engine import discovery, jobs, orders
from crosswalk.engine.orders import Order
from crosswalk.engine.pulls import Pulled, Puller
from crosswalk.engine.vendors import Vendor
from crosswalk.errors import ConfigurationError, CrosswalkError
from crosswalk.inbox import expand
from crosswalk.journal.runs import RunKind
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
    split: Annotated[bool, typer.Option("--split", help="Split a range of more than 30 days into several runs.")] = False,
    one: Annotated[str | None, typer.Option(help="Read only this session or conversation, by the id its system gives it.")] = None,
) -> None:
    """Ask a source's system what changed, and queue it; 1 when a pull did not come to its end."""
    if one is not None and (start or end or stream):
        raise typer.BadParameter("--one stands alone; a range or a stream is another pull.")
    process.run(lambda settings: _pull(settings, source, stream, _Asked(start, end, split, one)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a person asks for; nothing of it means what is new."""

    start: datetime | None
    end: datetime | None
    split: bool
    one: str | None

    def orders(self, streams: tuple[str, ...], now: datetime, name: str) -> list[Order]:
        """Return the pulls to run, one after the other."""
        if self.one is not None:
            return [orders.of_one(RunKind.ON_DEMAND, self.one, name)]
        if self.start is None and self.end is None:
            return [orders.since_last(stream) for stream in streams]
        if self.start is None:
            raise ConfigurationError("A range needs its begin; give --from as well as --to.")
        window = Window(_utc(self.start), _utc(self.end) if self.end else now)
        return [orders.of_range(stream, part) for part in jobs.parts(window, now, split=self.split) for stream in streams]


async def _pull(settings: Settings, name: str, stream: str | None, asked: _Asked) -> int:
    console, stop = process.console(), process.stop_on_signal()
    async with runtime.opened(settings) as parts:
        engine = parts.engine
        source = bodies.source_named(await engine.configuration.current(), name)
        vendor = parts.vendors.of(source)
        wanted = asked.orders(_streams(vendor, stream), engine.clock.now(), engine.ids.new())
        await _discover(parts, vendor, console)
        puller = Puller(engine, parts.receiver, parts.vendors, ending=stop.is_set)
        codes = [await _one(puller, vendor, each, console) for each in wanted if not stop.is_set()]
        await _notices(parts, vendor, console)
    return process.INTERRUPTED if stop.is_set() else max(codes)


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


async def _one(puller: Puller, vendor: Vendor, order: Order, console: Console) -> int:
    pulled = await puller.run(vendor.source, order)
    if pulled is None:
        console.print(f"{order.stream}: another pull of it is running; it was left to that one.", markup=False)
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
