"""`send`: posts the bodies of a file to a running Crosswalk, signed as the source signs."""

from pathlib import Path
from typing import Annotated

import httpx2
import typer
from rich.progress import Progress

from crosswalk import posting, runtime
from crosswalk.cli import bodies, process
from crosswalk.posting import Post
from crosswalk.settings import Settings
from crosswalk.store.configuration import SourceConfig

_AT_ONCE = 8


def send(
    file: Annotated[Path, typer.Argument(help="JSON lines of bodies as the source posts them; - reads standard input.", allow_dash=True)],
    source: Annotated[str, typer.Option(help="Name of the source.")],
    url: Annotated[str | None, typer.Option(help="Address of the running Crosswalk; else that of this machine's settings.")] = None,
) -> None:
    """Post the bodies of a file over HTTP, signed as the source would."""
    process.run(lambda settings: _send(settings, file, source, url or f"http://{settings.host}:{settings.port}"))


async def _send(settings: Settings, file: Path, name: str, url: str) -> int:
    found = bodies.read(file)
    async with runtime.opened(settings) as parts:
        source = bodies.source_named(await parts.engine.configuration.current(), name)
        clock = parts.engine.clock
        posts = [_post(source, body, bodies.signed(source, body.raw, clock.now())) for body in found]
    async with httpx2.AsyncClient(base_url=url) as http:
        console = process.console()
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("sending", total=len(posts))
            await posting.post_all(http, posts, _AT_ONCE, lambda _: progress.advance(task))
    typer.echo(f"{len(posts)} requests of {name} accepted by {url}.")
    return 0


def _post(source: SourceConfig, body: bodies.Body, headers: dict[str, str]) -> Post:
    return Post(bodies.path_of(source, body), headers, body.raw, line=body.line)
