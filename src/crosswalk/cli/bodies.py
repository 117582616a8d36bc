"""Files of bodies as sources post them, one JSON value a line, and how each would be posted.

A body for a data plane goes to the path of its call; anything else to the hook address of its source.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.model import Accepted
from crosswalk.sources import addresses, registry
from crosswalk.sources.base import Incoming, NewId
from crosswalk.store.configuration import Configuration, SourceConfig
from crosswalk.workspace.compare import HOOK_TOKEN

STDIN = Path("-")
_DATA_PLANE = "rudderstack"


@dataclass(frozen=True, slots=True)
class Body:
    """One line of the file."""

    line: int
    raw: bytes
    value: Any


def read(path: Path) -> list[Body]:
    """Return the bodies of a file, or of standard input for "-"; raise `ConfigurationError` that names the line that is not JSON."""
    try:
        lines = sys.stdin.buffer.read().splitlines() if path == STDIN else path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"The file {path} cannot be read: {error.strerror}.") from error
    found = list(_bodies(lines))
    if not found:
        raise ConfigurationError(f"The file {path} holds no line; it must hold one JSON body a line, as the source posts it.")
    return found


def _bodies(lines: list[bytes]) -> Iterator[Body]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Body(number, line, json.loads(line))
        except ValueError as error:
            raise ConfigurationError(f"Line {number} of the file is not JSON: {error}. Each line holds one whole body.") from error


def source_named(configuration: Configuration, name: str) -> SourceConfig:
    """Return the source, or raise `ConfigurationError` with the names there are."""
    source = configuration.source_named(name)
    if source is None:
        known = ", ".join(sorted(each.name for each in configuration.sources.values())) or "none; apply a workspace first"
        raise ConfigurationError(f"There is no source named {name!r}; known are: {known}.")
    return source


def path_of(source: SourceConfig, body: Body) -> str:
    """Return the path a body is posted to."""
    if source.kind != _DATA_PLANE:
        return addresses.hook_path(source.name, source.secrets.get(HOOK_TOKEN, ""))
    if isinstance(body.value, dict) and "batch" not in body.value:
        return f"/v1/{body.value.get('type') or 'identify'}"
    return "/v1/batch"


def signed(source: SourceConfig, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers with which the source itself would post a body; raise `ConfigurationError` when its secret is not set."""
    kind = registry.source(source.kind)
    name = kind.secret_names[0]
    secret = source.secrets.get(name, "")
    if not secret and not source.settings.get("unsigned"):
        raise ConfigurationError(f"The source {source.name!r} has no {name}; enter it and apply the workspace again.")
    return dict(kind.sign(body, secret, now, source.settings))


def accepted(source: SourceConfig, found: list[Body], now: datetime, new_id: NewId) -> Accepted:
    """Return what the source makes of all bodies, as if they had been posted; a refused one names its line."""
    kind = registry.source(source.kind)
    parts = []
    for body in found:
        request = Incoming("POST", path_of(source, body), signed(source, body.raw, now), body=body.raw)
        try:
            parts.append(kind.accept(request, source, now, new_id))
        except RequestRefused as refused:
            raise RequestRefused(
                refused.request_code, f"Line {body.line} would be refused: {refused.sentence}", refused.status
            ) from refused
    return Accepted(
        events=tuple(event for part in parts for event in part.events),
        notices=tuple(notice for part in parts for notice in part.notices),
        invalid=tuple(item for part in parts for item in part.invalid),
    )
