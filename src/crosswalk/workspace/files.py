"""Workspace files on disk, as the command line and `serve --workspace` take them."""

import os
from collections.abc import Mapping
from pathlib import Path

from crosswalk.errors import ConfigurationError
from crosswalk.turn.context import Engine
from crosswalk.workspace.apply import Applied, apply
from crosswalk.workspace.document import Workspace
from crosswalk.workspace.parse import parse

COMMAND_LINE = "command line"


def parse_file(path: Path, environment: Mapping[str, str] | None = None) -> Workspace:
    """Read a workspace file, its references looked up in the environment of this process unless another is given."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"The workspace file {path} cannot be read: {reason}.") from error
    return parse(text, os.environ if environment is None else environment)


async def apply_file(engine: Engine, path: Path, actor: str = COMMAND_LINE, environment: Mapping[str, str] | None = None) -> Applied:
    """Apply a workspace file in one transaction and let this process see it at once; what has to wait is logged."""
    workspace = parse_file(path, environment)
    async with engine.database.write() as tx:
        applied = await apply(tx, engine.vault, engine.clock, engine.ids, workspace, actor)
    engine.configuration.forget()
    return applied
