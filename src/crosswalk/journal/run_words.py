"""Runs in words, for the command line, the console and the API."""

from collections.abc import Mapping
from types import MappingProxyType

from crosswalk.journal.runs import PULLS, Result, Run, RunKind

RESULTS: Mapping[Result, str] = MappingProxyType(
    {
        Result.RUNNING: "under way",
        Result.WRITING: "read; some of it still waits to be written",
        Result.GREEN: "done",
        Result.NEEDS_A_PERSON: "done; some of it needs a person",
        Result.STOPPED: "stopped",
        Result.FAILED: "failed",
    }
)
KINDS: Mapping[RunKind, str] = MappingProxyType(
    {
        RunKind.PULL: "Pull",
        RunKind.PERIODIC: "Periodic",
        RunKind.DAILY: "Daily",
        RunKind.ON_DEMAND: "On demand",
        RunKind.REREAD: "Read again",
        RunKind.BACKFILL: "Backfill",
        RunKind.MANUAL: "Manual",
        RunKind.REPLAY: "Replay",
        RunKind.TEST: "Test delivery",
        RunKind.UNDO: "Undo",
    }
)


def in_words(run: Run) -> str:
    """Return what a run came to as a sentence: items read, then what became of their deliveries."""
    told, progress = f"{run.stream or run.kind} {RESULTS[run.result]}", run.progress
    if run.kind in PULLS or progress.pages:
        told += f": {progress.events:,} new, {progress.repeats:,} known before, {progress.invalid:,} invalid"
        if progress.start and progress.end:
            told += f", on {progress.pages:,} {'page' if progress.pages == 1 else 'pages'} with {progress.calls:,} calls"
    ended = ", ".join(f"{number:,} {state}" for state, number in sorted(run.totals.deliveries.items()))
    return f"{told}. Deliveries: {ended}." if ended else f"{told}."
