"""Carries out a workspace file within one transaction: all of it or nothing.

Applying the same file twice changes nothing the second time: a mapping gets a new version only when its document differs, and a hook
token that was made up is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.clock import Clock
from crosswalk.engine import schedules
from crosswalk.inbox import deliveries
from crosswalk.reasons import Reason
from crosswalk.sources import addresses
from crosswalk.store import statements, tables
from crosswalk.store.configuration import SyncState
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault
from crosswalk.workspace import compare, state
from crosswalk.workspace.compare import HOOK_TOKEN, WRITE_KEY, Action, Difference, Plan
from crosswalk.workspace.document import ConnectionSpec, SourceSpec, SyncSpec, Workspace

_WRITTEN = frozenset({Action.ADD, Action.CHANGE, Action.REMOVE})


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `hooks` holds the address of each source that takes webhooks."""

    differences: tuple[Difference, ...]
    hooks: Mapping[str, str]


async def apply(tx: AsyncConnection, vault: Vault, clock: Clock, ids: Ids, workspace: Workspace, actor: str) -> Applied:
    """Apply a workspace and audit each change; raise `WorkspaceError` before anything is written when it cannot be applied.

    The caller makes `ConfigurationCache.forget` known after the commit.
    """
    plan = compare.diff(workspace, await state.read(tx, vault))
    writing = _Writing(tx, vault, ids, plan, clock.now(), actor)
    await writing.everything()
    return Applied(plan.differences, writing.hooks)


class _Writing:
    """One application of one plan."""

    def __init__(self, tx: AsyncConnection, vault: Vault, ids: Ids, plan: Plan, now: datetime, actor: str) -> None:
        self._tx = tx
        self._vault = vault
        self._ids = ids
        self._plan = plan
        self._now = now
        self._actor = actor
        configuration = plan.current.configuration
        self._connections = {connection.name: connection.id for connection in configuration.connections.values()}
        self._sources = {source.name: source.id for source in configuration.sources.values()}
        self._syncs = {sync.name: sync for sync in configuration.syncs.values()}
        self._actions = {(difference.kind, difference.name): difference.action for difference in plan.differences}
        self.hooks: dict[str, str] = {}

    async def everything(self) -> None:
        """Write what differs, in the order in which it refers to one another, and audit it."""
        workspace = self._plan.workspace
        for connection in workspace.connections:
            await self._connection(connection)
        for source in workspace.sources:
            await self._source(source)
        for position, sync in enumerate(workspace.syncs):
            await self._sync(sync, position)
        await self._bindings()
        for planned in self._plan.jobs:
            if self._differs("job", planned.name):
                await schedules.save(self._tx, self._ids, planned.made(self._sources[planned.source]), self._now)
        await self._audit()

    def _differs(self, kind: str, name: str) -> bool:
        return self._actions[kind, name] in _WRITTEN

    async def _connection(self, spec: ConnectionSpec) -> None:
        if not self._differs("connection", spec.name):
            return
        stored = next((one for one in self._plan.current.configuration.connections.values() if one.name == spec.name), None)
        values = compare.wanted_connection(spec, stored)
        values["secret_ct"] = self._vault.seal({**(stored.secrets if stored else {}), **spec.secrets})
        self._connections[spec.name] = await self._save(tables.connection, stored.id if stored else None, spec.name, values)
        if stored and spec.secrets:
            await self._forget_token(stored.id)

    async def _forget_token(self, connection_id: str) -> None:
        """Let the next call log in with the new credentials."""
        token = tables.token
        await self._tx.execute(
            update(token).where(token.c.connection_id == connection_id).values(token_ct=None, version=token.c.version + 1)
        )

    async def _source(self, spec: SourceSpec) -> None:
        stored = self._plan.current.configuration.source_named(spec.name)
        secrets = {**(stored.secrets if stored else {}), **spec.secrets}
        values: dict[str, Any] = compare.wanted_source(spec, stored)
        if WRITE_KEY in secrets:
            values["write_key_hmac"] = addresses.write_key_hmac(self._vault, secrets[WRITE_KEY])
        else:
            known = secrets.get(HOOK_TOKEN)
            secrets[HOOK_TOKEN] = spec.hook_token or known or self._made_token()
            values["hook_token_hmac"] = addresses.hook_hmac(self._vault, secrets[HOOK_TOKEN])
            if known and known != secrets[HOOK_TOKEN]:
                values["previous_hook_token_hmac"] = addresses.hook_hmac(self._vault, known)
            self.hooks[spec.name] = addresses.hook_path(spec.name, secrets[HOOK_TOKEN])
        if not self._differs("source", spec.name):
            return
        values["secret_ct"] = self._vault.seal(secrets)
        self._sources[spec.name] = await self._save(tables.source, stored.id if stored else None, spec.name, values)

    def _made_token(self) -> str:
        """Return a token nobody can guess: the HMAC key is known to this installation alone."""
        return self._vault.hmac(f"hook-token:{self._ids.new()}")

    async def _sync(self, spec: SyncSpec, position: int) -> None:
        if not self._differs("sync", spec.name):
            return
        stored = self._syncs.get(spec.name)
        document = self._plan.documents[spec.name]
        new_version = stored is None or stored.document != document
        version = (stored.version if stored else 0) + new_version
        values = {
            "connection_id": self._connections[spec.connection],
            "source_id": self._sources[spec.source],
            "state": spec.state,
            "position": position,
            "current_version": version,
        }
        sync_id = await self._save(tables.sync, stored.id if stored else None, spec.name, values)
        if spec.state is SyncState.ON:
            await deliveries.wake_sync(self._tx, sync_id, {Reason.SYNC_PAUSED}, self._now)
        if new_version:
            row = {"sync_id": sync_id, "version": version, "document": document, "author": self._actor, "at": self._now}
            await self._tx.execute(insert(tables.mapping_version), [row])

    async def _bindings(self) -> None:
        table = tables.campaign_binding
        for binding in self._plan.bindings:
            if binding.campaign_id == binding.bound_now:
                continue
            connection_id = self._connections[binding.connection]
            key = {"source_id": self._sources[binding.source], "group_id": binding.group_id, "connection_id": connection_id}
            if binding.campaign_id is None:
                await self._tx.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
                continue
            picked = {"campaign_id": binding.campaign_id, "origin": state.PICKED, "at": self._now}
            statement = statements.insert(table).values(**key, **picked)
            columns = [table.c.source_id, table.c.group_id, table.c.connection_id]
            await self._tx.execute(statement.on_conflict_do_update(index_elements=columns, set_=picked))
            await deliveries.wake(self._tx, connection_id, {Reason.NO_CAMPAIGN}, self._now)

    async def _save(self, table: Any, row_id: str | None, name: str, values: Mapping[str, Any]) -> str:
        if row_id is not None:
            await self._tx.execute(update(table).where(table.c.id == row_id).values(**values))
            return row_id
        new_id = self._ids.new()
        dated = {"created_at": self._now} if "created_at" in table.c else {}
        await self._tx.execute(insert(table), [{"id": new_id, "name": name, **values, **dated}])
        return new_id

    async def _audit(self) -> None:
        rows = [
            {
                "id": self._ids.new(),
                "at": self._now,
                "actor": self._actor,
                "action": f"{difference.kind}.{difference.action.value}",
                "subject": difference.name[:120],
                "before": dict(difference.before) or None,
                "after": {**difference.after, **({"secrets": list(difference.secrets)} if difference.secrets else {})} or None,
            }
            for difference in self._plan.differences
            if difference.action in _WRITTEN
        ]
        await statements.every(self._tx, insert(tables.audit), rows)
