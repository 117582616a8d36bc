"""Why nothing of a source reaches Salesforce: no job and no webhook, or a connection whose user may not log in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import sources
from crosswalk.engine import schedules
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.web import source_access
from crosswalk.web.services import Services

_DAYS = 7


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason in words, and the page on which it is mended."""

    title: str
    sentence: str
    address: str
    link: str


async def found(services: Services, caller: Caller, source: SourceConfig, title: str) -> Sequence[Trouble]:
    """Return what stands in the way of a source that is on; `title` is what its system is called."""
    if source.state is not SourceState.ON:
        return ()
    configuration = await services.configuration.current()
    paused = [
        Trouble(
            f"{one.name} is paused",
            f"{one.paused_reason} What arrives waits and is written afterwards.",
            "/connections",
            "Open its connection",
        )
        for one in source_access.connections_of(configuration, source)
        if one.paused_reason and caller.may_on(one.id, Permission.LOOK)
    ]
    return [*await _unread(services, source, title), *paused]


async def _unread(services: Services, source: SourceConfig, title: str) -> Sequence[Trouble]:
    """Return that nothing is read: a source that can be asked has no job, and its system has posted nothing for a week."""
    if not sources.hosts(services.vendors, source):
        return ()
    async with services.database.read() as tx:
        if any(one.is_on for one in (await schedules.of_source(tx, source.id)).values()):
            return ()
    address = f"/jobs?source={source.id}"
    if await sources.has_posted(services.engine, source.id, services.clock.now() - timedelta(days=_DAYS)):
        sentence = "Its webhooks arrive, and what they miss stays missing until the periodic job is on."
        return [Trouble("No job is scheduled", sentence, address, "Schedule a job")]
    sentence = (
        f"No webhook has come in the last {_DAYS} days either, so nothing of what happens in {title} reaches Salesforce. "
        f"Schedule a job, or let {title} post to the address below."
    )
    return [Trouble("No job is scheduled, and webhooks are off", sentence, address, "Schedule a job")]
