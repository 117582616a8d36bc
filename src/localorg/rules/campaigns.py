"""Campaigns and the statuses their members may have: two statuses from the start, exactly one default, none deleted while in use."""

from localorg import ids, integrity
from localorg.errors import SalesforceError
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row, Transaction

_FIRST_STATUSES = (("Sent", 1, 1, 0), ("Responded", 2, 0, 1))
_RELABEL = """
UPDATE "CampaignMember" SET "Status" = ?, "HasResponded" = ?, "SystemModstamp" = ? WHERE "CampaignId" = ? AND "Status" = ?
"""


class CampaignRule(Rule):
    """The habits of Campaign."""

    def after_insert(self, context: Context, row: Row) -> None:
        """Give the campaign its first two member statuses."""
        transaction = context.transaction
        status_type = transaction.full_schema.object("CampaignMemberStatus")
        if status_type is None or status_type.key_prefix is None:
            return
        for label, order, default, responded in _FIRST_STATUSES:
            status = {
                "Id": ids.record_id(status_type.key_prefix, transaction.next_number(status_type.key_prefix)),
                "IsDeleted": 0,
                "CampaignId": row["Id"],
                "Label": label,
                "SortOrder": order,
                "IsDefault": default,
                "HasResponded": responded,
                "CreatedDate": transaction.stamp,
                "CreatedById": transaction.user.id,
                **transaction.audit(),
            }
            transaction.insert(status_type, status)


class CampaignMemberStatusRule(Rule):
    """The habits of CampaignMemberStatus."""

    def check_insert(self, context: Context, row: Row) -> None:
        """Refuse a label the campaign has; number the status when the client did not."""
        transaction = context.transaction
        _refuse_taken(transaction, row["CampaignId"], "Label", row["Label"], row["Id"])
        if row.get("SortOrder") is None:
            row["SortOrder"] = _next_order(transaction, row["CampaignId"])
        _refuse_taken(transaction, row["CampaignId"], "SortOrder", row["SortOrder"], row["Id"])

    def after_insert(self, context: Context, row: Row) -> None:
        """Take the default mark from the status that had it."""
        if row["IsDefault"]:
            _unmark_others(context, row["CampaignId"], row["Id"])

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Refuse a label the campaign has, and leaving the campaign without a default."""
        for name in ("Label", "SortOrder"):
            if changes.get(name) is not None:
                _refuse_taken(context.transaction, old["CampaignId"], name, changes[name], old["Id"])
        if old["IsDefault"] and changes.get("IsDefault") == 0:
            changes["IsDefault"] = 1

    def after_update(self, context: Context, old: Row, new: Row) -> None:
        """Carry a new label to the members; move the default mark."""
        transaction = context.transaction
        if new["IsDefault"] and not old["IsDefault"]:
            _unmark_others(context, old["CampaignId"], old["Id"])
        if new["Label"] != old["Label"] or new["HasResponded"] != old["HasResponded"]:
            transaction.connection.execute(
                _RELABEL,
                (new["Label"], new["HasResponded"], transaction.stamp, old["CampaignId"], old["Label"]),
            )
            transaction.touched_campaigns.add(old["CampaignId"])

    def before_delete(self, context: Context, old: Row) -> None:
        """Refuse to delete the default status, and one that members have."""
        used = context.transaction.first(
            'SELECT 1 FROM "CampaignMember" WHERE "CampaignId" = ? AND "Status" = ? AND "IsDeleted" = 0',
            old["CampaignId"],
            old["Label"],
        )
        if old["IsDefault"] or used is not None:
            reason = "it is the default status" if old["IsDefault"] else "it is in use"
            text = f"Your attempt to delete {old['Label']} could not be completed because {reason}."
            raise SalesforceError(400, "DELETE_FAILED", text, ())


def _refuse_taken(transaction: Transaction, campaign_id: str, name: str, value: str | int, own_id: str) -> None:
    sql = f'SELECT "Id" FROM "CampaignMemberStatus" WHERE "CampaignId" = ? AND "{name}" = ? AND "Id" <> ? AND "IsDeleted" = 0'  # noqa: S608  # one of two names
    other = transaction.first(sql, campaign_id, value, own_id)
    if other is not None:
        raise integrity.duplicate_value(transaction, name, other["Id"])


def _next_order(transaction: Transaction, campaign_id: str) -> int:
    found = transaction.first(
        'SELECT coalesce(max("SortOrder"), 0) + 1 AS next FROM "CampaignMemberStatus" WHERE "CampaignId" = ? AND "IsDeleted" = 0',
        campaign_id,
    )
    return int(found["next"]) if found else 1


def _unmark_others(context: Context, campaign_id: str, kept_id: str) -> None:
    others = context.transaction.all(
        'SELECT * FROM "CampaignMemberStatus" WHERE "CampaignId" = ? AND "IsDefault" = 1 AND "Id" <> ?', campaign_id, kept_id
    )
    for each in others:
        context.transaction.update(context.object_type, each, {"IsDefault": 0, **context.transaction.audit()})
