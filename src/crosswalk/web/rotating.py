"""Changing the encryption key from the console: begun within the request, ended beside it, because old values take a while to come in."""

import asyncio

import structlog

from crosswalk.engine import keys
from crosswalk.web.services import Services

log = structlog.get_logger()

_NAME = "key rotation"


def start(services: Services, actor: str) -> None:
    """Put a new key in force and end the change in the background; raise what keeps this process from it."""
    keys.begin(services.engine)
    if any(task.get_name() == _NAME for task in services.background):
        return
    task = asyncio.get_running_loop().create_task(_finish(services, actor), name=_NAME)
    services.background.add(task)
    task.add_done_callback(services.background.discard)


async def _finish(services: Services, actor: str) -> None:
    try:
        await keys.finish(services.engine, actor)
    except Exception:  # the boundary of background work: the key file says that the change has not ended, and the page how to go on
        log.exception("key_rotation_broken")
