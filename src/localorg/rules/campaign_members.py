"""Campaign members: one per campaign and person, a status the campaign knows, and a response date that is set once."""

from localorg import clock, values
from localorg.errors import SalesforceError
from localorg.rules import members
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row, Transaction


class CampaignMemberRule(Rule):
    """The habits of CampaignMember."""

    def before_insert(self, _context: Context, row: Row) -> None:
        """Keep the contact alone when both persons are given."""
        if row.get("ContactId"):
            row.pop("LeadId", None)
        if row.get("CampaignId") and not row.get("ContactId") and not row.get("LeadId"):
            raise SalesforceError(
                400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [ContactId, LeadId]", ("ContactId", "LeadId")
            )

    def check_insert(self, context: Context, row: Row) -> None:
        """Refuse converted leads and second memberships; settle the status."""
        transaction = context.transaction
        lead = transaction.row("Lead", row["LeadId"]) if row.get("LeadId") else None
        if lead is not None and lead["IsConverted"]:
            raise SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ())
        _refuse_second(transaction, row)
        row |= _status_fields(context, row["CampaignId"], row.get("Status"), row.get("FirstRespondedDate"))
        row |= members.person_fields(transaction, row)

    def after_insert(self, context: Context, row: Row) -> None:
        """Have the campaign counted again."""
        context.transaction.touched_campaigns.add(row["CampaignId"])

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Settle the status."""
        if "Status" in changes:
            changes |= _status_fields(context, old["CampaignId"], changes["Status"], old["FirstRespondedDate"])

    def after_update(self, context: Context, old: Row, _new: Row) -> None:
        """Have the campaign counted again."""
        context.transaction.touched_campaigns.add(old["CampaignId"])

    def after_delete(self, context: Context, old: Row) -> None:
        """Have the campaign counted again."""
        context.transaction.touched_campaigns.add(old["CampaignId"])


def _refuse_second(transaction: Transaction, row: Row) -> None:
    lookup = "ContactId" if row.get("ContactId") else "LeadId"
    sql = f'SELECT 1 FROM "CampaignMember" WHERE "{lookup}" = ? AND "CampaignId" = ? AND "IsDeleted" = 0'  # noqa: S608  # one of two names
    if transaction.first(sql, row[lookup], row["CampaignId"]) is not None:
        raise SalesforceError(400, "DUPLICATE_VALUE", "Already a campaign member.", ())


def _status_fields(context: Context, campaign_id: str, wanted: str | None, first_responded: str | None) -> Row:
    """Return status, response flag and date; the facts of the campaign's status row decide."""
    transaction = context.transaction
    statuses = transaction.all(
        'SELECT * FROM "CampaignMemberStatus" WHERE "CampaignId" = ? AND "IsDeleted" = 0 ORDER BY "IsDefault" DESC, "SortOrder"',
        campaign_id,
    )
    chosen = next((each for each in statuses if wanted and each["Label"].lower() == wanted.lower()), None)
    if chosen is None:
        field = context.object_type.field("Status")
        if wanted is not None and field is not None and not transaction.switches.unknown_member_status_falls_back:
            raise values.bad_picklist(field, wanted)
        chosen = statuses[0] if statuses else {"Label": wanted, "HasResponded": 0}
    if chosen["HasResponded"] and first_responded is None:
        first_responded = clock.day(transaction.now)
    return {"Status": chosen["Label"], "HasResponded": chosen["HasResponded"], "FirstRespondedDate": first_responded}
