"""The standard duplicate rules: a new person or account that looks like an existing one is alerted on.

Matching is coarser than Salesforce's: the same e-mail, or the same name at the same company. Leads are compared with contacts too, and
the other way round. Active only while the switch says so.
"""

from typing import Any

from localorg.errors import SalesforceError
from localorg.rules.rule import Context
from localorg.transaction import Row, Transaction

ALERT = "Use one of these records?"
_LEAD_TWIN = """
SELECT * FROM "Lead" WHERE "IsDeleted" = 0 AND "IsConverted" = 0 AND ("Email" = :Email OR ("Name" = :Name AND "Company" = :Company))
"""
_LEAD_BY_EMAIL = 'SELECT * FROM "Lead" WHERE "IsDeleted" = 0 AND "IsConverted" = 0 AND "Email" = :Email'
_CONTACT_TWIN = """
SELECT * FROM "Contact" WHERE "IsDeleted" = 0 AND ("Email" = :Email OR ("Name" = :Name AND "AccountId" = :AccountId))
"""
_CONTACT_BY_EMAIL = 'SELECT * FROM "Contact" WHERE "IsDeleted" = 0 AND "Email" = :Email'
_ACCOUNT_TWIN = 'SELECT * FROM "Account" WHERE "IsDeleted" = 0 AND "Name" = :Name'
_MATCHES: dict[str, dict[str, str]] = {
    "Lead": {"Lead": _LEAD_TWIN, "Contact": _CONTACT_BY_EMAIL},
    "Contact": {"Contact": _CONTACT_TWIN, "Lead": _LEAD_BY_EMAIL},
    "Account": {"Account": _ACCOUNT_TWIN},
}
_GIVEN = ("Email", "Name", "Company", "AccountId")


def check(context: Context, row: Row) -> None:
    """Raise DUPLICATES_DETECTED when a rule alerts and the request did not allow saving."""
    transaction = context.transaction
    if not transaction.switches.duplicate_rules_active or transaction.options.allow_duplicates:
        return
    name = context.object_type.name
    values = {key: row.get(key) for key in _GIVEN}
    found = {}
    for each, sql in _MATCHES[name].items():
        rows = [dict(match) for match in transaction.connection.execute(sql, values)]
        if rows:
            found[each] = rows
    if found:
        raise SalesforceError(400, "DUPLICATES_DETECTED", ALERT, None, details=(("duplicateResut", _result(transaction, name, found)),))


def _result(transaction: Transaction, object_name: str, found: dict[str, list[Row]]) -> dict[str, Any]:
    return {
        "allowSave": True,
        "duplicateRule": f"Standard_{object_name}_Duplicate_Rule",
        "duplicateRuleEntityType": object_name,
        "errorMessage": ALERT,
        "matchResults": [_matches(transaction, each, rows) for each, rows in found.items()],
    }


def _matches(transaction: Transaction, object_name: str, rows: list[Row]) -> dict[str, Any]:
    listed = rows if transaction.switches.duplicate_result_lists_ids else []
    return {
        "entityType": object_name,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": [
            {
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": _record(transaction, object_name, row),
            }
            for row in listed
        ],
        "rule": f"Standard_{object_name}_Match_Rule_v1_1",
        "size": len(listed),
        "success": True,
    }


def _record(transaction: Transaction, object_name: str, row: Row) -> dict[str, Any]:
    url = f"/services/data/v{transaction.settings.versions[-1]}.0/sobjects/{object_name}/{row['Id']}"
    shown: dict[str, Any] = {"attributes": {"type": object_name, "url": url}, "Id": row["Id"]}
    if transaction.options.include_duplicate_details:
        visible = transaction.object(object_name)
        shown |= {name: row[name] for name in ("Name", "Email", "Company", "Phone") if visible.field(name)}
    return shown
