"""Plays the demo: lets everything come in, lets a worker drain it, tells what it came to.

It has two acts: the webinar and the app's calls first, then those who chat, attend and talk, half of whom are in the org by then. In each
act all has come in before the worker begins, so that the figures do not depend on how fast either is.
"""

import asyncio
import json
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.markup import escape
from sqlalchemy import func, select

from crosswalk.demo import report, sending
from crosswalk.demo.stage import Stage, stage
from crosswalk.demo.tally import Tally, tally
from crosswalk.reasons import State
from crosswalk.store import tables

INTERRUPTED = 130
_SEED = 2026
_PULLED = ("kaltura", "liveperson")
_SHOWN_EVERY_SECONDS = 0.25
_LONGEST_NAP_SECONDS = 0.5
_PATIENCE_SECONDS = 300


async def play(console: Console, stop: asyncio.Event, json_file: Path | None = None, *, once: bool = False) -> int:
    """Play everything in a folder that is gone afterwards; return 0 when nothing waits and the sums hold, else 1."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-demo-") as folder:
        async with stage(Path(folder), Random(_SEED)) as set_up:  # noqa: S311  # made-up people are no secret
            result = await _unless(stop, perform(set_up, console))
            if result is None:
                return INTERRUPTED
            report.show(console, result)
            if json_file:
                text = json.dumps(result.as_json(), indent=2) + "\n"
                await asyncio.to_thread(json_file.write_text, text, encoding="utf-8")
            if not once:
                await _stay(set_up, console, stop)
    return 1 if result.problems() else 0


async def perform(set_up: Stage, console: Console) -> Tally:
    """Send everything, drain, and read the figures."""
    parts, clock = set_up.parts, set_up.parts.engine.clock
    calls_before, began = await api_calls(set_up), clock.monotonic()
    sent = await play_all(set_up, console)
    seconds = clock.monotonic() - began
    calls = await api_calls(set_up) - calls_before
    configuration = await parts.engine.configuration.current()
    async with parts.database.read() as tx:
        return await tally(tx, parts.engine.vault, configuration, sent=sent, api_calls=calls, seconds=seconds)


async def play_all(set_up: Stage, console: Console) -> int:
    """Play both acts and return how many items were sent, by posting them or by handing them out when asked."""
    sent = await sending.webinar_and_calls(set_up, console)
    await drain(set_up, console)
    told_before = set_up.vendors.told
    sent += await sending.chat_webhooks(set_up, console)
    await ask(set_up, console)
    await drain(set_up, console)
    return sent + set_up.vendors.told - told_before


async def ask(set_up: Stage, console: Console) -> None:
    """Fetch the chats that webhooks told of, and pull what the other two systems hold; raise what ended a pull early."""
    parts = set_up.parts
    with console.status("asking LiveChat, Kaltura and LivePerson"):
        await parts.notices().sweep()
        for name in _PULLED:
            source = set_up.sources[name]
            for stream in parts.vendors.of(source).kind.streams(source.settings):
                pulled = await parts.puller().pull(source, stream)
                if pulled and pulled.error:
                    raise pulled.error


async def drain(set_up: Stage, console: Console) -> None:
    """Let a worker work until nothing waits, or until patience ends; what is left over then shows in the figures."""
    worker, clock = set_up.parts.worker(), set_up.parts.engine.clock
    deadline = clock.monotonic() + _PATIENCE_SECONDS
    showing = asyncio.create_task(_show(set_up, console))
    try:
        while (due := await _next_due(set_up)) is not None and clock.monotonic() < deadline:
            await clock.sleep(min(due, _LONGEST_NAP_SECONDS))
            await worker.sweep(linger=False)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def api_calls(set_up: Stage) -> int:
    """Return the API calls the org has counted."""
    answer = await set_up.org.get("/localorg/calls")
    answer.raise_for_status()
    return int(answer.json()["used"])


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Tally]) -> Tally | None:
    """Return what the work returns, or None when told to stop before."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopped = not working.done()
    for task in (working, stopping):
        task.cancel()
    await asyncio.gather(working, stopping, return_exceptions=True)
    return None if stopped else working.result()


async def _stay(set_up: Stage, console: Console, stop: asyncio.Event) -> None:
    """Keep everything running, worker included, until told to stop."""
    console.print("\nStill running; look around, or post something of your own. Ctrl-C ends it and leaves nothing behind.", style="bold")
    for name, address in set_up.addresses.items():
        console.print(f"  {name:<11} {escape(address)}")
    await set_up.parts.worker().run(stop)


async def _show(set_up: Stage, console: Console) -> None:
    """Say how many API calls have been made so far, as long as it is going on."""
    before = await api_calls(set_up)
    with console.status("writing to Salesforce") as status:
        while True:
            await asyncio.sleep(_SHOWN_EVERY_SECONDS)
            status.update(f"writing to Salesforce: {await api_calls(set_up) - before} API calls so far")


async def _next_due(set_up: Stage) -> float | None:
    """Return in how many seconds the next waiting delivery is due, or None when none waits."""
    now, delivery = set_up.parts.engine.clock.now(), tables.delivery
    async with set_up.parts.database.read() as tx:
        due = await tx.scalar(select(func.min(delivery.c.due_at)).where(delivery.c.state == State.WAITING.value))
    return None if due is None else max(0.0, (due - now).total_seconds())
