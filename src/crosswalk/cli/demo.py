"""`demo`: a whole installation for a minute, with five systems and a Salesforce of its own."""

from pathlib import Path
from typing import Annotated

import typer

from crosswalk.cli import process
from crosswalk.settings import Settings


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave after the summary.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the figures to.")] = None,
) -> None:
    """Play all five systems into a local org, a webinar of 500 people among them, and look at the result."""

    async def work(settings: Settings) -> int:
        del settings  # the demo keeps to a folder and ports of its own, whatever the environment says
        from crosswalk.demo import play  # no other command needs a Salesforce of its own

        return await play.play(process.console(), process.stop_on_signal(), json_file, once=once)

    process.run(work)
