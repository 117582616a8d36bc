"""What changed, what was used lately and how much there is: `updated`, `deleted`, `recent`, `recordCount`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from localorg import clock
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import ObjectType
from localorg.transaction import Transaction

_LONGEST = timedelta(days=30)
_SHORTEST = timedelta(minutes=1)
_MOST_REMEMBERED = 200


def updated(call: ApiCall) -> Reply:
    """Return the ids of the records that were created or changed between two moments."""
    object_type, start, end = _window(call)
    live = 'AND "IsDeleted" = 0' if object_type.field("IsDeleted") else ""
    sql = f'SELECT "Id" FROM "{object_type.name}" WHERE "SystemModstamp" BETWEEN ? AND ? {live} ORDER BY "Id"'  # noqa: S608  # from the schema
    ids = [row["Id"] for row in call.transaction.all(sql, clock.stamp(start), clock.stamp(end))]
    return Reply(200, {"ids": ids, "latestDateCovered": clock.stamp(end)}, rows=len(ids))


def deleted(call: ApiCall) -> Reply:
    """Return the records that were deleted between two moments."""
    object_type, start, end = _window(call)
    found: list[dict[str, Any]] = []
    if object_type.field("IsDeleted"):
        sql = f'SELECT "Id", "SystemModstamp" FROM "{object_type.name}" WHERE "IsDeleted" = 1 AND "SystemModstamp" BETWEEN ? AND ?'  # noqa: S608  # from the schema
        rows = call.transaction.all(f'{sql} ORDER BY "Id"', clock.stamp(start), clock.stamp(end))
        found = [{"deletedDate": row["SystemModstamp"], "id": row["Id"]} for row in rows]
    earliest = clock.stamp(call.transaction.now - _LONGEST)
    body = {"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": clock.stamp(end)}
    return Reply(200, body, rows=len(found))


def recent(call: ApiCall) -> Reply:
    """Return the records this user used last, latest first."""
    limit = call.request.query.get("limit", str(_MOST_REMEMBERED))
    shown = items(call)
    return Reply(200, shown[: int(limit)] if limit.isdecimal() else shown)


def items(call: ApiCall, only: ObjectType | None = None) -> list[dict[str, Any]]:
    """Return the records used lately, of one object or of all."""
    shown = []
    for name, record_id in call.transaction.state(_key(call.transaction)) or []:
        object_type = call.transaction.schema.object(name)
        row = call.transaction.row(name, record_id) if object_type is not None else None
        if object_type is None or row is None or row.get("IsDeleted") or (only is not None and only.name != object_type.name):
            continue
        url = f"{call.request.root}/sobjects/{object_type.name}/{record_id}"
        name_field = object_type.name_field
        shown_name = row.get(name_field.name) if name_field is not None else None
        shown.append({"attributes": {"type": object_type.name, "url": url}, "Id": record_id, "Name": shown_name})
    return shown


def remember(call: ApiCall, object_type: ObjectType, record_id: str) -> None:
    """Put a record first in the list of those used lately, when the request asks for it."""
    if "updatemru=true" not in call.request.headers.get("sforce-mru", "").replace(" ", "").lower():
        return
    key, used = _key(call.transaction), [object_type.name, record_id]
    before = [each for each in call.transaction.state(key) or [] if each != used]
    call.transaction.remember(key, [used, *before][:_MOST_REMEMBERED])


def record_count(call: ApiCall) -> Reply:
    """Return how many records objects have; all objects when none is named, and none without records."""
    wanted = [each.strip() for each in call.request.query.get("sObjects", "").split(",") if each.strip()]
    named = [call.transaction.schema.object(each) for each in wanted] if wanted else list(call.transaction.schema.objects())
    counted = [(each.name, _count(call.transaction, each)) for each in named if each is not None]
    return Reply(200, {"sObjects": [{"count": number, "name": name} for name, number in counted if number or wanted]})


def _count(transaction: Transaction, object_type: ObjectType) -> int:
    live = 'WHERE "IsDeleted" = 0' if object_type.field("IsDeleted") else ""
    found = transaction.first(f'SELECT count(*) AS number FROM "{object_type.name}" {live}')  # noqa: S608  # from the schema
    return int(found["number"]) if found is not None else 0


def _key(transaction: Transaction) -> str:
    return f"recent:{transaction.user.id}"


def _window(call: ApiCall) -> tuple[ObjectType, datetime, datetime]:
    object_type = call.transaction.object(call.parts["object"])
    if not object_type.replicateable or object_type.field("SystemModstamp") is None:
        raise SalesforceError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {object_type.name} does not support replication", None)
    start, end = _moment(call, "start"), _moment(call, "end")
    if end - start < _SHORTEST:
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate", None)
    if start < call.transaction.now - _LONGEST:
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago", None)
    return object_type, start, end


def _moment(call: ApiCall, name: str) -> datetime:
    text = call.request.query.get(name)
    if text is None:
        raise SalesforceError(400, "MISSING_ARGUMENT", f"The {name} parameter is required", None)
    try:
        read = datetime.fromisoformat(text.replace(" ", "+"))
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise SalesforceError(400, "INVALID_REPLICATION_DATE", f"The {name} parameter is no ISO 8601 date: {text}", None) from problem
