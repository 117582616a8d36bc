"""The side bar: groups and entries in their order. A page adds its entry here.

An entry is shown to whoever has its permission somewhere. A badge counts what waits there for a person.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.journal import health, log
from crosswalk.journal.log import Filter
from crosswalk.reasons import State
from crosswalk.store.configuration import SyncState
from crosswalk.web.services import Services

_MOST = 999  # a badge counts no further


@dataclass(frozen=True, slots=True)
class Badge:
    """A number beside an entry; `kind` is "held" or "warn", `meaning` what is counted."""

    count: int
    kind: str
    meaning: str


Count = Callable[[Services, Caller], Awaitable[Badge | None]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One page in the side bar."""

    title: str
    href: str
    icon: str
    permission: Permission = Permission.LOOK
    badge: Count | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading; the first group has none."""

    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as it stands on a page."""

    entry: Entry
    is_current: bool
    badge: Badge | None


async def _signed_out(services: Services, caller: Caller) -> Badge | None:
    """Count connections that wait for somebody to sign in."""
    configuration = await services.configuration.current()
    seen = [one for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)]
    count = sum(one.paused_reason is not None for one in seen)
    return Badge(count, "warn", "paused connections") if count else None


async def _held(services: Services, caller: Caller) -> Badge | None:
    """Count deliveries that wait for a person."""
    configuration = await services.configuration.current()
    seen = [one.id for one in configuration.syncs.values() if caller.may_on(one.connection_id, Permission.LOOK)]
    async with services.database.read() as tx:
        count = await log.count(tx, Filter(states=(State.HELD,), sync_ids=seen), _MOST)
    return Badge(count, "held", "held deliveries") if count else None


async def _drifted(services: Services, caller: Caller) -> Badge | None:
    """Count mapping rows that drift has put out of use."""
    configuration = await services.configuration.current()
    seen = [one for one in configuration.syncs.values() if caller.may_on(one.connection_id, Permission.LOOK)]
    async with services.database.read() as tx:
        paused = await health.suspended(tx, [(one.id, one.version) for one in seen if one.state is not SyncState.REMOVED])
    count = sum(len(one.fields) for one in paused)
    return Badge(min(count, _MOST), "warn", "paused mapping rows") if count else None


GROUPS: Sequence[Group] = (
    Group("", (Entry("Home", "/", "house"),)),
    Group("Connect", (Entry("Sources", "/sources", "plug"), Entry("Salesforce", "/connections", "cloud", badge=_signed_out))),
    Group("Build", (Entry("Syncs", "/syncs", "workflow"), Entry("Jobs", "/jobs", "calendar-clock"))),
    Group(
        "Watch",
        (
            Entry("Runs", "/runs", "play"),
            Entry("Event log", "/event-log", "scroll-text", badge=_held),
            Entry("Drift", "/drift", "split", badge=_drifted),
        ),
    ),
    Group(
        "Administer",
        (
            Entry("Users and access", "/users", "users"),
            Entry("Audit trail", "/audit", "shield-check"),
            Entry("Settings", "/settings", "settings", permission=Permission.CONFIGURE),
        ),
    ),
)


async def shown(services: Services, caller: Caller, current: str) -> list[tuple[str, list[Shown]]]:
    """Return the groups this caller sees, with the current entry marked; groups without entries are left out."""
    found = []
    for group in GROUPS:
        entries = [
            Shown(entry, entry.href == current, await entry.badge(services, caller) if entry.badge else None)
            for entry in group.entries
            if caller.may_somewhere(entry.permission)
        ]
        if entries:
            found.append((group.title, entries))
    return found
