"""`resume`: let a connection that was paused work again, once its cause is mended."""

from typing import Annotated

import typer
from rich.markup import escape

from crosswalk import runtime
from crosswalk.cli import process
from crosswalk.errors import ConfigurationError
from crosswalk.settings import Settings
from crosswalk.turn import pausing


def resume(name: Annotated[str, typer.Argument(help="Name of the connection.")]) -> None:
    """Let a paused Salesforce connection work again; what waited for it goes on at once."""
    process.run(lambda settings: _resume(settings, name))


async def _resume(settings: Settings, name: str) -> int:
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        found = next((one for one in configuration.connections.values() if one.name == name), None)
        if found is None:
            names = ", ".join(sorted(one.name for one in configuration.connections.values())) or "none"
            raise ConfigurationError(f"There is no connection named {name!r}; there is: {names}.")
        if found.paused_reason is None:
            process.console().print(f"{escape(name)} is not paused.")
            return 0
        await pausing.resume(parts.engine, found.id)
        process.console().print(f"{escape(name)} works again. It was paused because: {escape(found.paused_reason)}")
    return 0
