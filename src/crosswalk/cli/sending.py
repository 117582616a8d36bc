"""`send`: posts the bodies of a file to a running Crosswalk, signed as the source signs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from crosswalk import posting, runtime
from crosswalk.cli import bodies, process
from crosswalk.cli.pace import Pace
from crosswalk.clock import Clock
from crosswalk.engine.files import bodies as files
from crosswalk.engine.files import lines
from crosswalk.engine.files.bodies import BadLine, Item
from crosswalk.errors import ConfigurationError
from crosswalk.posting import Post
from crosswalk.settings import Settings
from crosswalk.store.configuration import SourceConfig

_AT_ONCE = 8


def send(
    file: Annotated[Path, typer.Argument(help=bodies.TOLD, allow_dash=True)],
    source: Annotated[str, typer.Option(help="Name of the source.")],
    url: Annotated[str | None, typer.Option(help="Address of the running Crosswalk; else that of this machine's settings.")] = None,
    encoding: bodies.Encoding = lines.ENCODING,
) -> None:
    """Post the bodies of a file over HTTP, signed as the source would; 1 when a line is no body."""
    process.run(lambda settings: _send(settings, file, source, url or f"http://{settings.host}:{settings.port}", encoding))


async def _send(settings: Settings, file: Path, name: str, url: str, encoding: str) -> int:
    async with runtime.opened(settings) as parts:
        source, clock = bodies.source_named(await parts.engine.configuration.current(), name), parts.engine.clock
    console, sent, bad = process.console(), 0, Counter[str]()
    with bodies.opened(file, source, settings.max_body_bytes, encoding) as opened:
        async with httpx2.AsyncClient(base_url=url) as http:
            with Pace(console, clock, "sending").counting(opened.size) as pace:

                def posted(post: Post) -> None:
                    nonlocal sent
                    sent += post.items
                    pace.reached(opened.at(), f"{sent:,} requests")

                await posting.post_all(http, _posts(source, opened.items, clock, bad), _AT_ONCE, posted)
    if not sent and not bad:
        raise ConfigurationError(f"The file {file} holds no line; it must hold one JSON body a line, as the source posts it.")
    typer.echo(f"{sent:,} requests of {name} accepted by {url}.")
    return process.ERROR if bad else 0


def _posts(source: SourceConfig, items: Iterable[Item], clock: Clock, bad: Counter[str]) -> Iterator[Post]:
    """Return how each body is posted; a line that is none is named and counted."""
    for item in items:
        if isinstance(item, BadLine):
            bad[item.code] += 1
            typer.echo(f"invalid {item.code}: Line {item.line}: {item.sentence}", err=True)
        else:
            yield Post(files.path_of(source, item), files.signed(source, item.raw, clock.now()), item.raw, line=item.line)
