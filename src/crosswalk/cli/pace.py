"""How far long work has come: a bar on a terminal, a plain line every so often elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from crosswalk.clock import Clock

_LINE_SECONDS = 10.0


class Pace:
    """Shows one piece of work."""

    def __init__(self, console: Console, clock: Clock, title: str) -> None:
        self._console = console
        self._clock = clock
        self._title = title
        self._total = 0
        self._bar: tuple[Progress, TaskID] | None = None
        self._told_at = clock.monotonic()

    @contextmanager
    def counting(self, total: int) -> Iterator["Pace"]:
        """Show the work while it lasts; `total` is 0 where nobody knows it."""
        self._total = total
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            self._bar = progress, progress.add_task(self._title, total=total or None, told="")
            yield self

    def reached(self, done: int, told: str, total: int | None = None) -> None:
        """Tell how much is done, and the same in words."""
        self._total = self._total if total is None else total
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, completed=done, total=self._total or None, told=told)
        now = self._clock.monotonic()
        if not self._console.is_terminal and now - self._told_at >= _LINE_SECONDS:
            self._told_at = now
            share = f"{100 * done // self._total} %, " if self._total else ""
            self._console.print(f"{self._title}: {share}{told}")
