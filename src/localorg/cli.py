"""The command `localorg`: serves an org on a port, and gives one the schema of another."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from localorg import certificates, describes
from localorg.app import create_app
from localorg.clock import SystemClock
from localorg.server import server
from localorg.settings import OrgSettings

app = typer.Typer(help="A Salesforce-compatible org in one process, for tests, demos and development.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Give every command a name of its own."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8070,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data: Annotated[Path | None, typer.Option(help="Database file; without one everything ends with the process.")] = None,
    access_token: Annotated[str | None, typer.Option(help="An access token that is valid for ever.")] = None,
    latency_ms: Annotated[int, typer.Option(min=0, help="How long every call takes.")] = 0,
    max_request_seconds: Annotated[float, typer.Option(min=0, help="How long a call may run before the org ends it.")] = 600.0,
    api_limit: Annotated[int, typer.Option(min=1, help="API calls allowed in 24 hours.")] = 15000,
    row_ms: Annotated[int, typer.Option(min=0, help="Extra time per row written, in bulk jobs too.")] = 0,
    bulk_queue_seconds: Annotated[float, typer.Option(min=0, help="How long a bulk job waits before it begins.")] = 0.0,
    bulk_seed: Annotated[int, typer.Option(help="Decides the order of bulk results, which is never that of the upload.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="Speak https, with a certificate of an authority made for this run.")] = False,
) -> None:
    """Serve an org until interrupted."""
    scheme = "https" if tls else "http"
    settings = OrgSettings(
        data=data,
        access_token=access_token,
        latency_ms=latency_ms,
        max_request_seconds=max_request_seconds,
        api_limit=api_limit,
        row_ms=row_ms,
        bulk_queue_seconds=bulk_queue_seconds,
        bulk_seed=bulk_seed,
    )
    typer.echo(f"org        {settings.org_id}")
    typer.echo(f"look in    {scheme}://{host}:{port}/localorg/")
    typer.echo(f"log in     POST {scheme}://{host}:{port}/services/oauth2/token  grant_type=client_credentials")
    typer.echo(f"           client_id={settings.client_id} client_secret={settings.client_secret}")
    if not tls:
        server(create_app(settings), host, port).run()
        return
    with TemporaryDirectory(prefix="localorg-") as folder:
        made = certificates.make(Path(folder), host, SystemClock().now())
        typer.echo(f"trust      {made.authority}")
        server(create_app(settings), host, port, made).run()


@app.command()
def import_describe(
    source: Annotated[str, typer.Argument(help="Folder of describe answers, or the address of an org to ask for them.")],
    data: Annotated[Path, typer.Option(help="Database file of the org that is to have this schema.")],
    token: Annotated[str | None, typer.Option(help="Access token, when the source is an address.")] = None,
) -> None:
    """Give an org the objects and custom fields that another org describes."""
    try:
        described = describes.fetch(source, token) if source.startswith(("http://", "https://")) else describes.read(Path(source))
        for line in describes.take_over(data, described):
            typer.echo(line)
    except describes.UnreadableError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from problem
