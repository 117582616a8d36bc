"""`apply` and `export`: the workspace file against what is stored, shown as a difference first."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from crosswalk import runtime, workspace
from crosswalk.cli import process
from crosswalk.settings import Settings
from crosswalk.workspace import Action, Applied, Difference, shown, state

_SIGNS = {Action.ADD: "[green]+[/green]", Action.CHANGE: "[yellow]~[/yellow]", Action.REMOVE: "[red]-[/red]"}


def apply(
    file: Annotated[Path, typer.Argument(help="Workspace file, YAML.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
) -> None:
    """Show what a workspace file would change, and change it."""
    process.run(lambda settings: _apply(settings, file, asks=not yes))


def export(
    file: Annotated[Path | None, typer.Argument(help="File to write; without one it is written to the terminal.")] = None,
) -> None:
    """Write everything configured as a workspace file; secrets become names of environment variables."""
    process.run(lambda settings: _export(settings, file))


async def _apply(settings: Settings, file: Path, *, asks: bool) -> int:
    wanted = workspace.parse_file(file)
    console = process.console()
    async with runtime.opened(settings) as parts:
        async with parts.database.read() as tx:
            plan = workspace.diff(wanted, await state.read(tx, parts.engine.vault))
        _show(console, plan.differences)
        if plan.is_empty:
            console.print("Nothing changes.")
            return 0
        if asks and not typer.confirm("Apply?"):
            console.print("Nothing was changed.")
            return process.ERROR
        applied = await workspace.apply_file(parts.engine, file)
    _tell(console, applied, settings)
    return 0


async def _export(settings: Settings, file: Path | None) -> int:
    async with runtime.opened(settings) as parts, parts.database.read() as tx:
        text = await workspace.export(tx, parts.engine.vault)
    if file is None:
        typer.echo(text, nl=False)
    else:
        process.write(file, text)
    return 0


def _show(console: Console, differences: Iterable[Difference]) -> None:
    for difference in shown.written(differences):
        console.print(f"{_SIGNS[difference.action]} {difference.kind} [bold]{escape(difference.name)}[/bold]")
        for line in shown.lines(difference):
            said = "(secret)" if line.is_secret else f"{line.before} → {line.after}"
            console.print(f"    {escape(line.name)}: {escape(said)}")


def _tell(console: Console, applied: Applied, settings: Settings) -> None:
    console.print("Applied.")
    for name, path in applied.hooks.items():
        console.print(f"  {escape(name)} posts to http://{settings.host}:{settings.port}{path}")
