"""What a campaign member shows of its person, and what a campaign counts of its members.

Both are copies in Salesforce's own answers, not facts of their own: they follow the person and the members without a new
LastModifiedDate.
"""

from localorg.transaction import Row, Transaction

COPIED = (
    "Salutation",
    "FirstName",
    "LastName",
    "Name",
    "Title",
    "Email",
    "Phone",
    "Fax",
    "MobilePhone",
    "Description",
    "DoNotCall",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
    "LeadSource",
)
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def person_fields(transaction: Transaction, member: Row) -> Row:
    """Return the fields that a member copies from its contact or lead."""
    if member.get("ContactId"):
        return _of_contact(transaction, member["ContactId"])
    return _of_lead(transaction, member["LeadId"])


def refresh_members(transaction: Transaction, lookup: str, person_id: str) -> None:
    """Copy a person's fields to its members again."""
    sql = f'SELECT * FROM "CampaignMember" WHERE "{lookup}" = ? AND "IsDeleted" = 0'  # noqa: S608  # one of two names
    for member in transaction.all(sql, person_id):
        copied = person_fields(transaction, member)
        parts = ", ".join(f'"{name}" = ?' for name in copied)
        statement = f'UPDATE "CampaignMember" SET {parts} WHERE "Id" = ?'  # noqa: S608  # names are ours
        transaction.connection.execute(statement, (*copied.values(), member["Id"]))


def count_members(transaction: Transaction) -> None:
    """Bring the counters of every campaign touched in this transaction up to date."""
    for campaign_id in sorted(transaction.touched_campaigns):
        transaction.connection.execute(_COUNT, {"campaign": campaign_id, "stamp": transaction.stamp})
    transaction.touched_campaigns.clear()


_COUNT = """
UPDATE "Campaign" SET
    ("NumberOfLeads", "NumberOfContacts", "NumberOfResponses", "SystemModstamp") = (
        SELECT count(m."LeadId"), count(m."ContactId") - count(CASE WHEN m."LeadId" IS NOT NULL THEN m."ContactId" END),
            total(m."HasResponded"), :stamp
        FROM "CampaignMember" m WHERE m."CampaignId" = :campaign AND m."IsDeleted" = 0
    ),
    "NumberOfConvertedLeads" = (
        SELECT count(*) FROM "CampaignMember" m JOIN "Lead" l ON l."Id" = m."LeadId"
        WHERE m."CampaignId" = :campaign AND m."IsDeleted" = 0 AND l."IsConverted" = 1
    ),
    ("NumberOfOpportunities", "NumberOfWonOpportunities", "AmountAllOpportunities", "AmountWonOpportunities") = (
        SELECT count(*), total(o."IsWon"), total(o."Amount"), total(CASE WHEN o."IsWon" THEN o."Amount" END)
        FROM "Opportunity" o WHERE o."CampaignId" = :campaign AND o."IsDeleted" = 0
    )
WHERE "Id" = :campaign
"""


def _of_contact(transaction: Transaction, contact_id: str) -> Row:
    contact = transaction.row("Contact", contact_id) or {}
    account = transaction.row("Account", contact["AccountId"]) if contact.get("AccountId") else None
    copied = {name: contact.get(name) for name in COPIED}
    copied |= {name: contact.get(f"Mailing{name}") for name in _ADDRESS}
    return copied | {
        "CompanyOrAccount": account["Name"] if account else None,
        "Type": "Contact",
        "LeadOrContactId": contact_id,
        "LeadOrContactOwnerId": contact.get("OwnerId"),
    }


def _of_lead(transaction: Transaction, lead_id: str) -> Row:
    lead = transaction.row("Lead", lead_id) or {}
    copied = {name: lead.get(name) for name in (*COPIED, *_ADDRESS)}
    return copied | {
        "CompanyOrAccount": lead.get("Company"),
        "Type": "Lead",
        "LeadOrContactId": lead_id,
        "LeadOrContactOwnerId": lead.get("OwnerId"),
    }
