"""`log --callouts`: the calls to sources and to Salesforce that failed, and what happens next."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import typer
from rich.markup import escape
from rich.table import Table

from crosswalk import runtime
from crosswalk.cli import bodies, process
from crosswalk.journal import callouts
from crosswalk.journal.callouts import Entry
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration


async def show(settings: Settings, source: str | None, since: datetime | None, limit: int, *, as_json: bool) -> int:
    """Write the newest failed calls, those of one source where one is named."""
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        source_id = bodies.source_named(configuration, source).id if source else None
        async with parts.database.read() as tx:
            found = await callouts.page(tx, limit, source_id=source_id, since=since)
    if as_json:
        for entry in found:
            typer.echo(json.dumps({**asdict(entry), "of": _owner(entry, configuration)}, ensure_ascii=False, default=str))
    elif found:
        process.console().print(_table(found, configuration))
    else:
        process.console().print("No call has failed.")
    return 0


def _table(found: Sequence[Entry], configuration: Configuration) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("time, UTC", no_wrap=True)
    for title in ("whose", "request", "answer", "what happened", "next"):
        table.add_column(title, overflow="fold")
    for entry in found:
        answer = "none" if entry.status is None else str(entry.status)
        at = entry.at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, _owner(entry, configuration), escape(entry.request), answer, escape(entry.sentence), escape(entry.next_step))
    return table


def _owner(entry: Entry, configuration: Configuration) -> str:
    owner = configuration.sources.get(entry.source_id or "") or configuration.connections.get(entry.connection_id or "")
    return owner.name if owner else entry.system
