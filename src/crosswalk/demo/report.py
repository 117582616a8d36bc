"""The demo's summary on the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from crosswalk.demo.tally import Tally


def show(console: Console, tally: Tally) -> None:
    """Print the tables and the figures below them."""
    console.print(_table("received", ("source", "events", "notices", "repeats", "rejected"), _received(tally)))
    console.print(_table("deliveries", ("outcome", "number", "why"), _deliveries(tally)))
    console.print(_table("records", ("object", "inserted", "updated"), _records(tally)))
    console.print(_table("records by source", ("source", "object", "inserted", "updated"), _records_by_source(tally)))
    console.print(
        f"{tally.people:,} people, {tally.api_calls} API calls ({tally.calls_per_1000_people:g} per 1,000 people), {tally.seconds:.1f} s"
    )
    for problem in tally.problems():
        console.print(f"[bold red]wrong:[/bold red] {problem}")


def _table(title: str, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="left" if column in {"source", "outcome", "object", "why"} else "right")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def _received(tally: Tally) -> Iterable[tuple[object, ...]]:
    for source, one in tally.sources.items():
        yield (source, *one.received.values())


def _deliveries(tally: Tally) -> Iterable[tuple[object, ...]]:
    for (state, reason), number in sorted(tally.outcomes.items(), key=lambda item: -item[1]):
        name = f"{state}({reason})" if reason else state.value
        yield name, number, reason.sentence if reason else ""


def _records(tally: Tally) -> Iterable[tuple[object, ...]]:
    for one in tally.sums.records:
        yield one.object, one.created, one.updated


def _records_by_source(tally: Tally) -> Iterable[tuple[object, ...]]:
    for source, one in tally.sources.items():
        for name, counts in one.records.items():
            yield (source, name, *counts.values())
