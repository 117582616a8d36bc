"""For anything Crosswalk wrote: which event, mapping version, run and API call, with before and after of every field.

Values are sealed in the database and blanked by retention; what is gone is told as gone, never guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.journal import calls
from crosswalk.model import ChangeState, Operation
from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables
from crosswalk.store.vault import Vault


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change: what stood there, what was written, and why."""

    field: str
    before: Any
    after: Any
    why: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A delivery that asked for a change: its step, and the mapping version it was mapped by."""

    delivery_id: str
    step: str
    mapping_version: int


@dataclass(frozen=True, slots=True)
class Written:
    """One change and where it came from. `fields` is None when retention has blanked the values or their key is lost."""

    change_id: str
    org: str  # 00D…, as the connection names it
    object: str
    operation: Operation
    record_id: str | None
    state: ChangeState
    result: str | None
    error: Mapping[str, Any] | None
    fields: tuple[FieldChange, ...] | None
    causes: tuple[Cause, ...]
    planned_at: datetime
    sent_at: datetime | None
    run_id: str | None
    call: calls.Entry | None


async def of_delivery(tx: AsyncConnection, vault: Vault, delivery_id: str) -> list[Written]:
    """Return the changes a delivery led to, oldest first, those that were never sent included."""
    involved = select(tables.change_delivery.c.change_id).where(tables.change_delivery.c.delivery_id == delivery_id)
    rows = (await tx.execute(select(tables.change).where(tables.change.c.id.in_(involved)).order_by(tables.change.c.id))).all()
    return [await _written(tx, vault, row) for row in rows]


async def of_record(tx: AsyncConnection, vault: Vault, record_id: str, field: str | None = None, limit: int = 50) -> list[Written]:
    """Return what was written to a record, newest first; with `field`, only the changes that wrote that field."""
    change, involved = tables.change, tables.change_delivery
    orgs = select(tables.connection.c.org)
    of_record = select(change).where(change.c.org.in_(orgs), change.c.record_id == record_id, change.c.result == "written")
    found: list[Written] = []
    for row in (await tx.execute(of_record.order_by(change.c.id.desc()))).all():
        fields = (await tx.scalars(select(involved.c.fields).where(involved.c.change_id == row.id))).all()
        if field is None or any(field in (names or ()) for names in fields):
            found.append(await _written(tx, vault, row))
        if len(found) == limit:
            break
    return found


async def _written(tx: AsyncConnection, vault: Vault, row: Row[Any]) -> Written:
    involved = tables.change_delivery
    causes = await tx.execute(select(involved).where(involved.c.change_id == row.id).order_by(involved.c.delivery_id, involved.c.step))
    return Written(
        change_id=row.id,
        org=row.org,
        object=row.object,
        operation=Operation(row.operation),
        record_id=row.record_id,
        state=ChangeState(row.state),
        result=row.result,
        error=_opened(vault, row.error_ct),
        fields=_fields(vault, row),
        causes=tuple(Cause(cause.delivery_id, cause.step, cause.mapping_version) for cause in causes),
        planned_at=row.planned_at,
        sent_at=row.sent_at,
        run_id=row.run_id,
        call=_call(row, await calls.of_turn(tx, row.turn_id)),
    )


def _fields(vault: Vault, row: Row[Any]) -> tuple[FieldChange, ...] | None:
    body = _opened(vault, row.body_ct)
    if body is None:
        return None
    before, reasons = _opened(vault, row.before_ct) or {}, row.reasons or {}
    return tuple(FieldChange(name, before.get(name), value, reasons.get(name, "")) for name, value in sorted(body["fields"].items()))


def _opened(vault: Vault, sealed: bytes | None) -> Any:
    try:
        return vault.open(sealed) if sealed else None
    except ConfigurationError:
        return None


def _call(row: Row[Any], of_turn: Sequence[calls.Entry]) -> calls.Entry | None:
    """Return the call that carried a change: a turn writes one call after the other, and marks its changes just before."""
    if row.sent_at is None:
        return None
    return next((call for call in of_turn if call.purpose == Purpose.WRITE and call.started_at >= row.sent_at), None)
