"""Record types: which an object has, and which picklist values they allow.

A record without a record type has the Master one, which allows every value.
"""

from typing import Any

from localorg import components, ids
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.metadata_values import listed, text
from localorg.schema import ObjectType
from localorg.transaction import Row, Transaction
from localorg.values import bad_picklist

MASTER = "012000000000000AAA"
_FIELD = "RecordTypeId"


def infos(call: ApiCall, object_type: ObjectType) -> list[dict[str, Any]]:
    """Return the `recordTypeInfos` of a describe: the Master type last."""
    layout = f"{call.request.root}/sobjects/{object_type.name}/describe/layouts"
    rows = _rows(call.transaction, object_type) if object_type.field(_FIELD) else []
    own = [_info(row["Name"], row["DeveloperName"], row["Id"], layout, active=bool(row["IsActive"])) for row in rows]
    return [*own, _info("Master", "Master", MASTER, layout, active=True) | {"defaultRecordTypeMapping": True, "master": True}]


def check_known(call: ApiCall, object_type: ObjectType, record_type_id: str) -> None:
    """Refuse the id of a record type that the object does not have."""
    wanted = ids.canonical(record_type_id)
    if wanted not in {each["recordTypeId"] for each in infos(call, object_type)}:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)


def offered(transaction: Transaction, object_type: ObjectType, record_type_id: str) -> dict[str, set[str]]:
    """Return the values a record type allows, by picklist; one that is missing allows all of its own."""
    row = transaction.row("RecordType", ids.canonical(record_type_id) or "")
    kept = components.find(transaction.connection, "RecordType", f"{object_type.name}.{row['DeveloperName']}") if row else None
    found = {}
    for each in listed(kept.content, "picklistValues") if kept is not None else []:
        field = object_type.field(text(each, "picklist") or "")
        if field is not None:
            found[field.name] = {text(value, "fullName") or "" for value in listed(each, "values")}
    return found


def check(transaction: Transaction, object_type: ObjectType, row: Row, given: Row) -> None:
    """Refuse a record type of another object or an inactive one, and values that the row's record type does not allow."""
    wanted = row.get(_FIELD)
    if wanted is None:
        return
    record_type = transaction.row("RecordType", wanted)
    if record_type is None or record_type["SobjectType"] != object_type.name or (_FIELD in given and not record_type["IsActive"]):
        message = f"Record Type ID: this ID value isn't valid for the user: {wanted}"
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", message, (_FIELD,))
    for name, allowed in offered(transaction, object_type, wanted).items():
        field, value = object_type.field(name), given.get(name)
        if field is None or value is None or not field.restricted_picklist:
            continue
        for part in str(value).split(";"):
            if part not in allowed:
                raise bad_picklist(field, part)


def _rows(transaction: Transaction, object_type: ObjectType) -> list[Row]:
    return transaction.all('SELECT * FROM "RecordType" WHERE "SobjectType" = ? ORDER BY "Id"', object_type.name)


def _info(name: str, developer_name: str, record_type_id: str, layout: str, *, active: bool) -> dict[str, Any]:
    return {
        "active": active,
        "available": active,
        "defaultRecordTypeMapping": False,
        "developerName": developer_name,
        "master": False,
        "name": name,
        "recordTypeId": record_type_id,
        "urls": {"layout": f"{layout}/{record_type_id}"},
    }
