"""`bind`: shows which sessions and events have no campaign yet, and picks one."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.markup import escape

from crosswalk import runtime
from crosswalk.cli import process
from crosswalk.engine import bindings
from crosswalk.errors import ConfigurationError
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig
from crosswalk.workspace.files import COMMAND_LINE


def bind(
    source: Annotated[str | None, typer.Argument(help="Name of the source; without it, what waits for a campaign is listed.")] = None,
    group: Annotated[str | None, typer.Argument(help="Id of the session or event as listed; * for all others of the source.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Id of the campaign.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the campaign.")] = None,
    field: Annotated[str | None, typer.Option(help="Another field of the campaign and its value, as Webinar__c=event-1.")] = None,
    connection: Annotated[str | None, typer.Option(help="Name of the connection, where the source has several.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Take the binding away.")] = False,
) -> None:
    """List sessions and events without a campaign, or bind one to a campaign; what waited for it goes on."""
    if source is None:
        process.run(_list)
    if group is None:
        raise typer.BadParameter("name the session or event too, as `crosswalk bind` lists it", param_hint="GROUP")
    wanted = [("Id", campaign), ("Name", name), *([(field.partition("=")[0], field.partition("=")[2])] if field else [])]
    given = [(key, value) for key, value in wanted if value]
    if len(given) != (0 if off else 1):
        raise typer.BadParameter("name the campaign in one way: --campaign, --name or --field; with --off in none")
    process.run(lambda settings: _bind(settings, source, group, connection, given[0] if given else None))


async def _list(settings: Settings) -> int:
    console = process.console()
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        found = await bindings.waiting(parts.engine)
    for one in found:
        source, connection = configuration.sources[one.source_id].name, configuration.connections[one.connection_id].name
        title = f" “{one.title}”" if one.title else ""
        console.print(
            f"{source} {one.group_id or '*'}{title}: {one.deliveries:,} wait since {one.since:%Y-%m-%d %H:%M} for {connection}",
            markup=False,
        )
        if one.why:
            console.print(f"    {one.why}", markup=False)
    if not found:
        console.print("Nothing waits for a campaign.")
    return 0


async def _bind(settings: Settings, source_name: str, group: str, connection_name: str | None, wanted: tuple[str, str] | None) -> int:
    console = process.console()
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        source = configuration.source_named(source_name)
        if source is None:
            raise ConfigurationError(f"There is no source named {source_name!r}; there is: {_names(configuration.sources.values())}.")
        connection = _connection(configuration, source, connection_name)
        if wanted is None:
            was = await bindings.unbind(parts.engine, source.id, connection.id, group, COMMAND_LINE)
            console.print(f"{escape(source.name)} {escape(group)} is {'no longer' if was else 'not'} bound.")
            return 0
        return await _pick(parts, source, connection, group, wanted)


async def _pick(parts: Runtime, source: SourceConfig, connection: ConnectionConfig, group: str, wanted: tuple[str, str]) -> int:
    org = await parts.orgs.of(connection)
    try:
        found = await bindings.campaign(org, *wanted)
    finally:
        async with parts.database.write() as tx:
            await org.calls.flush(tx)
    released = await bindings.bind(parts.engine, source.id, connection.id, group, found.id, COMMAND_LINE)
    told = f"{source.name} {group} is bound to {found.name} ({found.id}). {released:,} go on."
    process.console().print(told, markup=False)
    return 0


def _connection(configuration: Configuration, source: SourceConfig, name: str | None) -> ConnectionConfig:
    ids = {sync.connection_id for sync in configuration.syncs_of(source.id)}
    found = [one for one in configuration.connections.values() if one.id in ids and name in (None, one.name)]
    if len(found) != 1:
        known = _names(configuration.connections[one] for one in ids)
        raise ConfigurationError(f"Name one connection of {source.name} with --connection; it has: {known}.")
    return found[0]


def _names(items: Iterable[ConnectionConfig | SourceConfig]) -> str:
    return ", ".join(sorted(one.name for one in items)) or "none"
