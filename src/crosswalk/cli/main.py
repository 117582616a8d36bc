"""The command `crosswalk`: every command in the order one meets them."""

from typing import Annotated

import typer

from crosswalk.cli import (
    bind,
    connections,
    demo,
    doctor,
    explain,
    forget,
    history,
    jobs,
    keeping,
    logs,
    preview,
    process,
    provision,
    pulling,
    running,
    runs,
    sending,
    serve,
    workspaces,
)

app = typer.Typer(
    help="Keeps Salesforce true to webinars, chats and customer events: mapped, written once, explainable.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crosswalk {process.version()}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_tell_version)] = False,
) -> None:
    """Set up what all commands share."""
    del version  # its callback has told it
    logs.for_command()


app.command()(demo.demo)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(serve.migrate)
app.command()(workspaces.apply)
app.command()(workspaces.export)
app.command()(sending.send)
app.command()(preview.preview)
app.command()(running.run)
app.command()(pulling.pull)
app.command()(jobs.jobs)
app.command()(runs.runs)
app.command()(runs.stop)
app.command()(history.log)
app.command()(history.replay)
app.command()(explain.explain)
app.command()(bind.bind)
app.command()(connections.resume)
app.command()(forget.forget)
app.command()(keeping.backup)
app.command()(keeping.rotate_keys)
app.command()(provision.provision)
app.command()(doctor.doctor)
