"""`provision`: bring into an org what presets need, after showing it; or write it as files for an admin's own deployment tool."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from crosswalk import runtime
from crosswalk.cli import process
from crosswalk.errors import ConfigurationError
from crosswalk.provisioning import service
from crosswalk.provisioning.apply import Applied
from crosswalk.provisioning.declare import KEY_FIELD, Declaration
from crosswalk.provisioning.plan import Action, Obstacle, Plan
from crosswalk.provisioning.service import Wish
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration, ConnectionConfig

_SIGNS = {Action.ADD: "[green]+[/green]", Action.CHANGE: "[yellow]~[/yellow]"}
_ACTOR = "command line"


def provision(
    presets: Annotated[list[str], typer.Argument(help="Presets whose needs the org shall meet, such as livestorm.")],
    connection: Annotated[str | None, typer.Option("--connection", help="Name of the connection; needed where there are several.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Change the org without asking.")] = False,
    sfdx: Annotated[Path | None, typer.Option("--sfdx", help="Write the definitions into this folder in source format instead.")] = None,
    campaign: Annotated[list[str] | None, typer.Option("--campaign", help="Id of a campaign that shall have the member statuses.")] = None,
    require: Annotated[list[str] | None, typer.Option("--require", help="Field to make required where that is a choice.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="Option of a preset, such as file_too, to be provided for.")] = None,
    lookup: Annotated[list[str] | None, typer.Option("--lookup", help="Object that the preset's own records shall be linked to.")] = None,
) -> None:
    """Create the objects, fields, permissions and member statuses that presets need."""
    wish = Wish(tuple(presets), tuple(require or ()), tuple(lookup or ()), tuple(campaign or ()), tuple(option or ()))
    if sfdx is not None:
        process.run(lambda _settings: _write(wish, sfdx))
    process.run(lambda settings: _provision(settings, wish, connection, asks=not yes))


async def _write(wish: Wish, folder: Path) -> int:
    wanted = wish.declaration()
    console = process.console()
    files = service.write_source(folder, wanted)
    console.print(f"{len(files)} files written to {escape(str(folder))}; deploy them with: sf project deploy start --source-dir force-app")
    console.print("Afterwards assign the permission sets to Crosswalk's user.")
    for need in wanted.values:
        console.print(f"Add by hand, as files would replace what is there: {escape(', '.join(need.values))} in {need.object}.{need.field}.")
    if wanted.statuses:
        labels = escape(", ".join(each.label for each in wanted.statuses))
        console.print(f"Member statuses belong to campaigns and are no files; each campaign needs: {labels}.")
    return 0


async def _provision(settings: Settings, wish: Wish, name: str | None, *, asks: bool) -> int:
    console = process.console()
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        org = await parts.orgs.of(_connection(configuration, name))
        wish = _chosen(console, wish, wish.declaration(), asks=asks)
        try:
            prepared = await service.prepare(parts.engine, org, wish)
            _show(console, prepared.plan)
            if not prepared.plan.steps:
                console.print("Nothing to do: the org has what these presets need.")
                return process.ERROR if prepared.plan.obstacles else 0
            if asks and not typer.confirm(f"Change {org.connection.name}?"):
                console.print("Nothing was changed.")
                return process.ERROR
            applied = await service.carry_out(parts.engine, org, prepared, _ACTOR)
        finally:
            await _counted(parts, org.connection.id)
    return _told(console, applied, org.connection)


async def _counted(parts: Runtime, connection_id: str) -> None:
    """Write down the API calls made, however it went."""
    configuration = await parts.engine.configuration.current()
    org = await parts.orgs.of(configuration.connections[connection_id])
    async with parts.database.write() as tx:
        await org.calls.flush(tx)


def _connection(configuration: Configuration, name: str | None) -> ConnectionConfig:
    known = {each.name: each for each in configuration.connections.values()}
    names = ", ".join(sorted(known)) or "none; apply a workspace that has one: crosswalk apply FILE"
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        raise ConfigurationError(f"Say which connection with --connection; there is: {names}.")
    if name not in known:
        raise ConfigurationError(f"There is no connection named {name!r}; there is: {names}.")
    return known[name]


def _chosen(console: Console, wish: Wish, wanted: Declaration, *, asks: bool) -> Wish:
    """Ask what the admin has not said: whether fields shall be required."""
    required = list(wish.required)
    for need in wanted.choices if asks else ():
        if wanted.is_required(need):
            continue
        console.print(
            f"{escape(need.path)}: {escape(need.why)} Required means that records made without it are refused, people's own included."
        )
        if typer.confirm("Make it required? (no is recommended where anything else adds records)", default=False):
            required.append(need.path)
    return replace(wish, required=tuple(required))


def _show(console: Console, plan: Plan) -> None:
    for step in plan.steps:
        console.print(f"{_SIGNS[step.action]} {escape(step.sentence)}")
    _complain(console, plan.obstacles)


def _complain(console: Console, obstacles: Iterable[Obstacle]) -> None:
    for each in obstacles:
        console.print(f"[red]![/red] {escape(each.name)}: {escape(each.sentence)}")


def _told(console: Console, applied: Applied, connection: ConnectionConfig) -> int:
    console.print(f"Done: {len(applied.steps)} changes.")
    _complain(console, applied.obstacles)
    for hint in applied.hints:
        console.print(escape(hint))
    if connection.key_field is None:
        console.print(f"Set key_field: {KEY_FIELD} for {escape(connection.name)} in the workspace file, so that it is used.")
    return process.ERROR if applied.obstacles else 0
