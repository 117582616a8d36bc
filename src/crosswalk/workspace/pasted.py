"""A workspace file that came over the web: read, compared, applied.

Whoever sends it is an admin of Crosswalk and not of the machine, so the environment of the process is not theirs to read: a secret is
looked up under the name that an export gives it and under no other, and other settings hold no references. Where no variable is set, the
stored secret stays, so that an export comes back to its own installation without one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk.errors import RequestRefused
from crosswalk.turn.context import Engine
from crosswalk.workspace import compare, state
from crosswalk.workspace.apply import Applied, apply
from crosswalk.workspace.compare import HOOK_TOKEN, Plan
from crosswalk.workspace.document import Workspace
from crosswalk.workspace.export import variable
from crosswalk.workspace.parse import loaded, parse
from crosswalk.workspace.shown import lines, written
from crosswalk.workspace.state import Current

MOST = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class Compared:
    """What applying a text would change, and a mark of just these changes."""

    plan: Plan
    mark: str


async def compared(engine: Engine, text: str, environment: Mapping[str, str]) -> Compared:
    """Compare a text with what is stored; raise `WorkspaceError` with every reason why it cannot be applied."""
    async with engine.database.read() as tx:
        current = await state.read(tx, engine.vault)
    plan = compare.diff(_parsed(text, current, environment), current)
    return Compared(plan, _mark(plan))


async def applied(engine: Engine, text: str, environment: Mapping[str, str], mark: str, actor: str) -> Applied:
    """Apply a text if it changes what was shown under the mark, else raise `RequestRefused`; all of it or nothing."""
    async with engine.database.write() as tx:
        current = await state.read(tx, engine.vault)
        workspace = _parsed(text, current, environment)
        if _mark(compare.diff(workspace, current)) != mark:
            sentence = "Something was changed since the differences were shown; nothing was applied. Look at them again."
            raise RequestRefused("differences_changed", sentence, 409)
        done = await apply(tx, engine.vault, engine.clock, engine.ids, workspace, actor)
    engine.configuration.forget()
    return done


def _parsed(text: str, current: Current, environment: Mapping[str, str]) -> Workspace:
    if len(text) > MOST:
        raise RequestRefused("too_large", f"The file is longer than {MOST:,} characters; nothing was read.", 413)
    stored = current.configuration
    offered = {
        variable(one.name, name): value
        for holder in (stored.connections, stored.sources)
        for one in holder.values()
        for name, value in one.secrets.items()
    }
    offered |= {name: environment[name] for name in _named(loaded(text)) if environment.get(name)}
    return parse(text, {}, offered)


def _named(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the variable of each secret that a file names."""
    for key in ("connections", "sources"):
        listed = data.get(key)
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, dict) and isinstance(secrets := item.get("secrets") or {}, dict):
                yield from (variable(str(item.get("name")), str(name)) for name in (*secrets, HOOK_TOKEN))


def _mark(plan: Plan) -> str:
    """Return a text that differs whenever anything that would be written does; secrets count by their names."""
    told = [
        (one.action, one.kind, one.name, dict(one.before), dict(one.after), [line.name for line in lines(one)])
        for one in written(plan.differences)
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
