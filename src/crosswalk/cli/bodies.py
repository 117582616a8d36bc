"""The file a command is given, opened, and the source it is read for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from crosswalk.engine.files import bodies, lines
from crosswalk.engine.files.bodies import Form, Item
from crosswalk.errors import ConfigurationError
from crosswalk.store.configuration import Configuration, SourceConfig

STDIN = Path("-")
TOLD = "JSON lines of bodies as the source posts them, or a table (.csv); gzip is seen by itself; - reads JSON lines from standard input."
Encoding = Annotated[str, typer.Option(help="Encoding of the file; UTF-16 is seen by itself.")]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file being read: its items, and how far into it and how large it is, in bytes; 0 where nobody knows."""

    items: Iterator[Item]
    stream: IO[bytes]
    size: int = 0

    def at(self) -> int:
        """Return how many bytes have been read."""
        return self.stream.tell() if self.size and not self.stream.closed else self.size


@contextmanager
def opened(path: Path, source: SourceConfig, longest: int, encoding: str = lines.ENCODING) -> Iterator[Opened]:
    """Open a file for reading line by line; raise `ConfigurationError` when it cannot be, `RequestRefused` for a heading that is none.

    What a table's heading gives to think about is written to standard error.
    """
    try:
        stream = sys.stdin.buffer if path == STDIN else path.open("rb", buffering=0)
    except OSError as error:
        raise ConfigurationError(f"The file {path} cannot be read: {error.strerror}.") from error
    with stream:
        found = bodies.read(stream, Form.of(path.name), source, longest, encoding)
        for remark in found.remarks:
            typer.echo(remark, err=True)
        yield Opened(found.items, stream, 0 if path == STDIN else path.stat().st_size)


def source_named(configuration: Configuration, name: str) -> SourceConfig:
    """Return the source, or raise `ConfigurationError` with the names there are."""
    source = configuration.source_named(name)
    if source is None:
        known = ", ".join(sorted(each.name for each in configuration.sources.values())) or "none; apply a workspace first"
        raise ConfigurationError(f"There is no source named {name!r}; known are: {known}.")
    return source
