"""Every write as a row that knows how far it has come: planned → sent → known, or void.

A change is written down before it is sent and closed after its reply is read, each in a transaction of its own. A `sent` change without
a reply is never assumed failed: it settles by asking the org, once the request can no longer be running.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.ledger import freshness
from crosswalk.ledger.claims import free_changes
from crosswalk.model import Change, ChangeState, Headers, Operation, Origin
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert
from crosswalk.store.vault import Vault

_change = tables.change
_involved = tables.change_delivery
_PLAN, _INVOLVE = Repeated(insert(_change)), Repeated(insert(_involved))
_ENDING = {"state": "wanted_state", "result": "wanted_result", "record_id": "wanted_record", "error_ct": "wanted_error"}
_END = Repeated(
    update(_change).where(_change.c.id == bindparam("wanted_id")).values({name: bindparam(bound) for name, bound in _ENDING.items()})
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who plans and sends: the org, its slot, the turn and the lease it holds."""

    org: str
    slot: int | None
    turn_id: str
    lease_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a change ended. `result` is written, rejected, duplicate, not_run or lost; `error` may quote values and is sealed."""

    change: Change
    result: str
    record_id: str | None = None
    error: Mapping[str, Any] | None = None

    @property
    def state(self) -> ChangeState:
        """Known when the org has spoken about the row, void when provably nothing happened."""
        return ChangeState.VOID if self.result in ("not_run", "lost") else ChangeState.KNOWN


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A change left behind by an earlier turn; `unreadable` says why its content cannot be opened."""

    change: Change
    state: ChangeState
    sent_at: datetime | None
    settle_after: datetime | None
    unreadable: str = ""


async def plan(tx: AsyncConnection, vault: Vault, lease: Lease, changes: Sequence[Change], now: datetime, runs: Mapping[str, str]) -> None:
    """Write the changes down as planned; `runs` names the run of each delivery that belongs to one."""
    rows = [_row(change, vault, lease, now, _run_of(change, runs)) for change in changes]
    await _PLAN.execute(tx, rows)
    involved = [
        {
            "change_id": change.id,
            "delivery_id": origin.delivery_id,
            "step": origin.step,
            "mapping_version": origin.mapping_version,
            "fields": sorted(change.fields),
        }
        for change in changes
        for origin in dict.fromkeys(change.origins)
    ]
    await _INVOLVE.execute(tx, involved)


def _row(change: Change, vault: Vault, lease: Lease, now: datetime, run_id: str | None) -> dict[str, Any]:
    body = {
        "fields": dict(change.fields),
        "key": change.key,
        "claims": list(change.claims),
        "origins": [structs.astuple(origin) for origin in change.origins],
        "headers": [change.headers.auto_assign, change.headers.allow_duplicates],
        **({"parent_id": change.parent_id} if change.parent_id else {}),
    }
    return {
        "id": change.id,
        "org": lease.org,
        "slot": lease.slot,
        "turn_id": lease.turn_id,
        "lease_id": lease.lease_id,
        "object": change.object,
        "operation": change.operation.value,
        "record_id": change.record_id,
        "state": ChangeState.PLANNED.value,
        "body_ct": vault.seal(body),
        "before_ct": vault.seal(dict(change.before)) if change.before else None,
        "considered": msgspec.to_builtins(change.considered),
        "reasons": dict(change.reasons),
        "key_hmac": vault.hmac(change.key),
        "keyed": change.keyed,
        "planned_at": now,
        "run_id": run_id,
    }


def _run_of(change: Change, runs: Mapping[str, str]) -> str | None:
    """Return the run a change belongs to: the first of its deliveries that is in one."""
    return next((runs[origin.delivery_id] for origin in change.origins if origin.delivery_id in runs), None)


async def mark_sent(tx: AsyncConnection, lease: Lease, call_id: str, settle_after: Mapping[str, datetime], now: datetime) -> bool:
    """Mark the changes of a call as sent; False when any of them is no longer ours to send, and then nothing may be sent."""
    marked = 0
    by_time: dict[datetime, list[str]] = {}
    for change_id, when in settle_after.items():
        by_time.setdefault(when, []).append(change_id)
    for when, ids in by_time.items():
        for part in chunks(ids):
            ours = _change.c.id.in_(part) & (_change.c.state == ChangeState.PLANNED.value)
            statement = (
                update(_change)
                .where(ours & (_change.c.lease_id == lease.lease_id))
                .values(state=ChangeState.SENT.value, sent_at=now, settle_after=when, call_id=call_id)
            )
            marked += (await tx.execute(statement)).rowcount
    return marked == len(settle_after)


async def unmark_sent(tx: AsyncConnection, lease: Lease, change_ids: Collection[str]) -> None:
    """Take back a mark when the sender itself knows that it never sent."""
    for part in chunks(sorted(change_ids)):
        mine = _change.c.id.in_(part) & (_change.c.lease_id == lease.lease_id) & (_change.c.state == ChangeState.SENT.value)
        await tx.execute(update(_change).where(mine).values(state=ChangeState.VOID.value, result="not_run", body_ct=None))
    await free_changes(tx, change_ids)


async def void_planned(tx: AsyncConnection, change_ids: Collection[str]) -> None:
    """Void changes that were planned and provably never sent, and free their claims."""
    for part in chunks(sorted(change_ids)):
        planned = _change.c.id.in_(part) & (_change.c.state == ChangeState.PLANNED.value)
        voided = await tx.execute(
            update(_change).where(planned).values(state=ChangeState.VOID.value, result="not_run").returning(_change.c.id)
        )
        await free_changes(tx, list(voided.scalars()))


async def void_turn(tx: AsyncConnection, lease: Lease) -> None:
    """Void whatever this turn planned and did not come to send."""
    mine = (_change.c.lease_id == lease.lease_id) & (_change.c.state == ChangeState.PLANNED.value)
    left = (await tx.execute(select(_change.c.id).where(mine & (_change.c.org == lease.org)))).scalars().all()
    await void_planned(tx, left)


async def end(tx: AsyncConnection, vault: Vault, ended: Sequence[Ended]) -> set[str]:
    """Close sent changes and free their claims; returns the ids that were still open.

    Facts are accepted from anyone, also from a sender that has lost its lease; a change that somebody else closed stays as it is.
    """
    still_open: set[str] = set()
    for part in chunks(sorted(one.change.id for one in ended)):
        sent = _change.c.id.in_(part) & (_change.c.state == ChangeState.SENT.value)
        query = select(_change.c.id).where(sent).order_by(_change.c.id).with_for_update()
        still_open.update((await tx.execute(query)).scalars())
    rows = [
        {
            "wanted_id": one.change.id,
            "wanted_state": one.state.value,
            "wanted_result": one.result,
            "wanted_record": one.record_id or one.change.record_id,
            "wanted_error": vault.seal(dict(one.error)) if one.error else None,
        }
        for one in ended
        if one.change.id in still_open
    ]
    await _END.execute(tx, rows)
    await free_changes(tx, still_open)
    return still_open


async def ripe(tx: AsyncConnection, now: datetime) -> frozenset[tuple[str, int]]:
    """Return the orgs and slots that hold a write without a reply which may be looked up by now."""
    is_ripe = (_change.c.state == ChangeState.SENT.value) & (_change.c.settle_after <= now) & _change.c.slot.is_not(None)
    rows = await tx.execute(select(_change.c.org, _change.c.slot).where(is_ripe).distinct())
    return frozenset((row.org, row.slot) for row in rows)


async def unsettled(tx: AsyncConnection, vault: Vault, org: str, slot: int | None, lease_id: str) -> list[Unsettled]:
    """Return what earlier turns of this slot left planned or sent."""
    left_by_others = (_change.c.org == org) & (_change.c.lease_id != lease_id)
    in_slot = _change.c.slot.is_(None) if slot is None else _change.c.slot == slot
    open_states = _change.c.state.in_([ChangeState.PLANNED.value, ChangeState.SENT.value])
    rows = await tx.execute(select(_change).where(left_by_others & in_slot & open_states).order_by(_change.c.id))
    return [await _unsettled(tx, row, vault) for row in rows.all()]


async def _unsettled(tx: AsyncConnection, row: Row[Any], vault: Vault) -> Unsettled:
    try:
        change, unreadable = _read(row, vault), ""
    except ConfigurationError as error:
        change, unreadable = await _without_content(tx, row), error.sentence
    return Unsettled(change, ChangeState(row.state), row.sent_at, row.settle_after, unreadable)


async def _without_content(tx: AsyncConnection, row: Row[Any]) -> Change:
    """Return a change as far as it is known without opening anything: one that cannot be opened must not stop its slot for ever."""
    involved = await tx.execute(select(_involved).where(_involved.c.change_id == row.id))
    origins = tuple(Origin(one.delivery_id, "", one.mapping_version, one.step, "") for one in involved)
    return Change(row.id, row.object, Operation(row.operation), {}, "", (), origins, row.record_id)


def _read(row: Row[Any], vault: Vault) -> Change:
    body = vault.open(row.body_ct)
    return Change(
        id=row.id,
        object=row.object,
        operation=Operation(row.operation),
        fields=body["fields"],
        key=body["key"],
        claims=tuple(body["claims"]),
        origins=tuple(Origin(*origin) for origin in body["origins"]),
        record_id=row.record_id,
        before=vault.open(row.before_ct) if row.before_ct else {},
        considered=freshness.states(row.considered or {}),
        reasons=row.reasons or {},
        headers=Headers(*body["headers"]),
        parent_id=body.get("parent_id"),
        keyed=row.keyed,
    )
