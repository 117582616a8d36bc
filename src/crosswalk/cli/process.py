"""How every command starts and ends: settings from the environment, one event loop, and errors as one line with a stable code.

Exit codes: 0 done, 1 an error or something held, 2 wrong usage (typer's own).
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console

from crosswalk.errors import ConfigurationError, CrosswalkError, MappingError, RequestRefused
from crosswalk.settings import Settings

ERROR = 1
INTERRUPTED = 130
_WIDTH = 240
_COLLECT_AFTER = (50_000, 20, 100)  # new objects, then collections of the younger generation

Work = Callable[[Settings], Awaitable[int]]


def collect_seldom() -> None:
    """Let the garbage collector look less often, and never at what the start has made: call it once everything is built.

    A turn makes a hundred thousand objects that all live until its end. By default they are looked through hundreds of times and nothing
    is found: a fifth of the time of a turn went into that.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def run(work: Work) -> NoReturn:
    """Run a command with the settings of the environment and leave with its exit code; what went wrong on purpose is told in a line."""
    try:
        code = uvloop.run(_called(work))
    except CrosswalkError as error:
        complain(error)
        code = ERROR
    except KeyboardInterrupt:
        code = INTERRUPTED
    raise typer.Exit(code)


def complain(error: CrosswalkError) -> None:
    """Write an error to standard error: its code, its sentence, and each problem of a mapping on a line of its own."""
    if isinstance(error, MappingError):
        for problem in error.problems:
            typer.echo(f"error {problem.code}: {problem.place}: {problem.sentence}", err=True)
        return
    typer.echo(f"error {code_of(error)}: {error.sentence}", err=True)


def code_of(error: CrosswalkError) -> str:
    """Return the stable code of an error."""
    return error.request_code if isinstance(error, RequestRefused) else error.code


def version() -> str:
    """Return the version of the installed package."""
    return metadata.version("crosswalk")


def stop_on_signal() -> asyncio.Event:
    """Return an event that SIGTERM or Ctrl-C sets; a second one ends the process the hard way."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stopping() -> None:
        stop.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping)
    return stop


def write(file: Path, text: str) -> None:
    """Write a file; raise `ConfigurationError` that says why it cannot be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The file {file} cannot be written: {error.strerror}.") from error


def console() -> Console:
    """Return the terminal, or plain text with room for whole lines where none is."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDTH)


async def _called(work: Work) -> int:
    return await work(_settings())


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "CROSSWALK_" + "__".join(str(part).upper() for part in first["loc"])
        raise ConfigurationError(f"The setting {name} is not usable: {first['msg']}.") from None
