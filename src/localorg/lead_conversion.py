"""Lead conversion: a lead becomes a contact of an account and, when asked for, an opportunity.

Of an existing contact only the empty fields are filled. The lead stays and cannot be changed any more.
"""

from datetime import timedelta
from typing import Any

from localorg import clock, people_actions, records
from localorg.errors import SalesforceError
from localorg.rules import members, people
from localorg.transaction import Row, Transaction

Body = dict[str, Any]

_CONVERTED = "Closed - Converted"
_UNTIL_CLOSE = timedelta(days=90)
_FILLED_FROM_LEAD = ("FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "Fax", "MobilePhone", "LeadSource", "Description")
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def convert(transaction: Transaction, body: Body) -> Body:
    """Convert a lead into a contact of an account, existing ones where ids are given, and into an opportunity when asked for.

    The body is `{leadId, contactId?, accountId?, convertedStatus?, createOpportunity?, opportunityName?, ownerId?, overwriteLeadSource?}`.
    """
    lead_type, lead_id = people_actions.named(transaction, "Lead", body["leadId"])
    lead = records.live_row(transaction, lead_type, lead_id)
    if lead["IsConverted"]:
        raise SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ())
    status = _converted_status(transaction, body.get("convertedStatus"))
    account_id = _account(transaction, lead, body)
    contact_id = _contact(transaction, lead, account_id, body)
    opportunity_id = _opportunity(transaction, lead, account_id, body) if body.get("createOpportunity") else None
    changes = {
        "IsConverted": 1,
        "Status": status,
        "ConvertedDate": clock.day(transaction.now),
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
        **transaction.audit(),
    }
    transaction.update(lead_type, lead, changes, op="convert")
    _settle_members(transaction, lead_id, contact_id)
    return {"leadId": lead_id, "accountId": account_id, "contactId": contact_id, "opportunityId": opportunity_id, "success": True}


def _converted_status(transaction: Transaction, wanted: str | None) -> str:
    rows = transaction.all('SELECT "ApiName" FROM "LeadStatus" WHERE "IsConverted" = 1')
    names = [str(each["ApiName"]) for each in rows] or [_CONVERTED]
    if wanted is not None and wanted not in names:
        raise SalesforceError(400, "INVALID_STATUS", f"invalid convertedStatus: {wanted}", ())
    return wanted or names[0]


def _account(transaction: Transaction, lead: Row, body: Body) -> str:
    account_id, contact_id = body.get("accountId"), body.get("contactId")
    if account_id is not None:
        return people_actions.named(transaction, "Account", account_id)[1]
    if contact_id is not None:
        contact_type, found = people_actions.named(transaction, "Contact", contact_id)
        existing = records.live_row(transaction, contact_type, found)["AccountId"]
        if existing is not None:
            return str(existing)
    account_type = transaction.object("Account")
    given = {"Name": lead["Company"], "Phone": lead["Phone"], "Website": lead["Website"], "OwnerId": body.get("ownerId")}
    return records.insert(transaction, account_type, given)


def _contact(transaction: Transaction, lead: Row, account_id: str, body: Body) -> str:
    contact_id = body.get("contactId")
    contact_type = transaction.object("Contact")
    filled = {name: lead[name] for name in _FILLED_FROM_LEAD if lead[name] is not None}
    filled |= {f"Mailing{name}": lead[name] for name in _ADDRESS if lead[name] is not None}
    if contact_id is None:
        return records.insert(transaction, contact_type, {**filled, "AccountId": account_id, "OwnerId": body.get("ownerId")})
    found = people_actions.named(transaction, "Contact", contact_id)[1]
    contact = records.live_row(transaction, contact_type, found)
    empty = {name: value for name, value in filled.items() if contact[name] is None}
    if contact["AccountId"] is None:
        empty["AccountId"] = account_id
    if body.get("overwriteLeadSource"):
        empty["LeadSource"] = lead["LeadSource"]
    changed = {**contact, **empty}
    transaction.update(contact_type, contact, {**empty, "Name": people.full_name(changed), **transaction.audit()}, op="convert")
    return found


def _opportunity(transaction: Transaction, lead: Row, account_id: str, body: Body) -> str:
    closes = clock.day(transaction.now + _UNTIL_CLOSE)
    given = {
        "Name": body.get("opportunityName") or lead["Company"],
        "AccountId": account_id,
        "StageName": "Prospecting",
        "CloseDate": closes,
    }
    given |= {"LeadSource": lead["LeadSource"], "OwnerId": body.get("ownerId")}
    return records.insert(transaction, transaction.object("Opportunity"), given)


def _settle_members(transaction: Transaction, lead_id: str, contact_id: str) -> None:
    """Have the lead's campaigns counted again and, where the org does so, put the contact on its members."""
    member_type = transaction.full_schema.object("CampaignMember")
    if member_type is None:
        return
    for row in records.children(transaction, member_type, "LeadId", lead_id):
        transaction.touched_campaigns.add(row["CampaignId"])
        if not transaction.switches.converted_lead_member_gets_contact_id:
            continue
        if people_actions.is_member(transaction, "ContactId", contact_id, row["CampaignId"]):
            records.bin_row(transaction, member_type, row)
            continue
        copied = members.person_fields(transaction, {**row, "ContactId": contact_id})
        transaction.update(member_type, row, {**copied, "ContactId": contact_id, "SystemModstamp": transaction.stamp}, op="convert")
