"""From nothing to the first record: where to write, where events come from, an event, a look, on.

Each step is told from what is stored, so that leaving and coming back is safe.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
from sqlalchemy import select

from crosswalk import workspace
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import connections, kinds
from crosswalk.connecting.connections import Entered
from crosswalk.connecting.practice import Practice
from crosswalk.engine.orgs import Orgs
from crosswalk.provisioning import service
from crosswalk.provisioning.service import Wish
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SyncConfig, SyncState
from crosswalk.turn.bound import EVERY
from crosswalk.turn.context import Engine
from crosswalk.workspace.document import SourceSpec, SyncSpec, Workspace

PRACTICE = "Practice org"
STEPS = 5
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Written:
    """The record the first event became."""

    delivery_id: str
    object: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody has come."""

    connection: ConnectionConfig | None = None
    source: SourceConfig | None = None
    sync: SyncConfig | None = None
    events: int = 0
    written: Written | None = None
    rows: int = 0
    objects: Sequence[str] = ()

    @property
    def is_on(self) -> bool:
        """Whether the sync writes."""
        return self.sync is not None and self.sync.state is SyncState.ON

    @property
    def step(self) -> int:
        """The step that is next, one to five; six when all are done."""
        if self.connection is None:
            return 1
        if self.sync is None:
            return 2
        if not self.events:
            return 3
        if not self.is_on:
            return 4
        return STEPS + 1 if self.written else STEPS


async def progress(engine: Engine, caller: Caller) -> Progress:
    """Return how far the caller has come: with the newest sync he may see, or with the first connection."""
    configuration = await engine.configuration.current()
    syncs = [one for one in configuration.syncs.values() if one.state is not SyncState.REMOVED]
    mine = [one for one in syncs if caller.may_on(one.connection_id, Permission.LOOK)]
    if not mine:
        seen = [one for one in configuration.connections.values() if caller.may_on(one.id, Permission.CONFIGURE)]
        return Progress(min(seen, key=lambda one: one.name) if seen else None)
    sync = max(mine, key=lambda one: one.id)
    steps = sync.document.get("steps") or ()
    return Progress(
        configuration.connections[sync.connection_id],
        configuration.sources[sync.source_id],
        sync,
        await _events(engine, sync.id),
        await _written(engine, sync.id),
        sum(len(step.get("rows") or ()) for step in steps),
        list(dict.fromkeys(str(step["object"]) for step in steps if step.get("object"))),
    )


async def use_practice(engine: Engine, http: httpx2.AsyncClient, caller: Caller, practice: Practice) -> str:
    """Connect the practice org, once, and return the connection's id."""
    configuration = await engine.configuration.current()
    known = next((one for one in configuration.connections.values() if one.settings.get("login_url") == practice.url), None)
    if known:
        return known.id
    await practice.prepared()
    settings = {"login": "client_credentials", "login_url": practice.url, "client_id": practice.client_id}
    entered = Entered(PRACTICE, settings, {"client_secret": practice.client_secret}, practice.key_field)
    return await connections.save(engine, http, caller, entered)


async def use_source(engine: Engine, orgs: Orgs, caller: Caller, connection: ConnectionConfig, kind: str, practice: Practice | None) -> str:
    """Add a source of a kind with its ready sync, which keeps events until it is switched on; return the sync's id.

    The practice org gets the objects and fields the sync wants; in a real org that is for an admin to decide (`provision`).
    The secrets are made up here, so that an example can be sent; those of the real system are entered in the source's settings.
    """
    known = kinds.of(kind)
    configuration = await engine.configuration.current()
    name = _free(known.line or known.title, configuration)
    made = {secret: secrets.token_urlsafe(_TOKEN_BYTES) for secret in known.secrets}
    campaign = await practice.prepared() if practice and connection.settings.get("login_url") == practice.url else None
    source = SourceSpec(name=name, kind=kind, secrets=made)
    campaigns = {EVERY: campaign} if campaign else {}
    sync = SyncSpec(name=name, connection=connection.name, source=name, preset=kind, state=SyncState.PAUSED, campaigns=campaigns)
    async with engine.database.write() as tx:
        wanted = Workspace(sources=(source,), syncs=(sync,))
        await workspace.apply(tx, engine.vault, engine.clock, engine.ids, wanted, caller.actor)
        found = (await tx.execute(select(tables.sync.c.id).where(tables.sync.c.name == name))).scalar_one()
    engine.configuration.forget()
    if campaign:
        org = await orgs.of(connection)
        await service.carry_out(engine, org, await service.prepare(engine, org, Wish((kind,))), caller.actor)
    return str(found)


def _free(title: str, configuration: Configuration) -> str:
    taken = {source.name for source in configuration.sources.values()} | {sync.name for sync in configuration.syncs.values()}
    names = (title, *(f"{title} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


async def _events(engine: Engine, sync_id: str) -> int:
    delivery = tables.delivery
    first = select(delivery.c.id).where(delivery.c.sync_id == sync_id).limit(1)
    async with engine.database.read() as tx:
        return int(await tx.scalar(first) is not None)


async def _written(engine: Engine, sync_id: str) -> Written | None:
    delivery, outcome = tables.delivery, tables.step_outcome
    statement = (
        select(delivery.c.id, outcome.c.object, outcome.c.record_id)
        .join(outcome, outcome.c.delivery_id == delivery.c.id)
        .where(delivery.c.sync_id == sync_id, delivery.c.state == State.WRITTEN.value, outcome.c.record_id.is_not(None))
        .order_by(outcome.c.object.desc())  # the person before the member
        .limit(1)
    )
    async with engine.database.read() as tx:
        row = (await tx.execute(statement)).one_or_none()
    return Written(row.id, row.object, row.record_id) if row else None
