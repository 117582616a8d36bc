"""Permission records: they name fields and objects that exist, and a change of them changes what users see."""

from localorg.errors import SalesforceError
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row


class PermissionRule(Rule):
    """The habits of FieldPermissions, ObjectPermissions, PermissionSetAssignment and of a user's profile."""

    def check_insert(self, context: Context, row: Row) -> None:
        """Refuse a permission on something that does not exist, and a second assignment; reading goes with editing."""
        if context.object_type.name == "PermissionSetAssignment":
            _refuse_second(context, row)
        object_name = row.get("SobjectType")
        owner = context.transaction.full_schema.object(object_name) if object_name else None
        if object_name and owner is None:
            raise _bad("Object Type Name", object_name, "SobjectType")
        if row.get("Field") and owner is not None:
            name = str(row["Field"]).partition(".")[2]
            if owner.field(name) is None:
                raise _bad("Field Name", row["Field"], "Field")
        if row.get("PermissionsEdit") and "PermissionsRead" in row:
            row["PermissionsRead"] = 1

    def after_insert(self, context: Context, _row: Row) -> None:
        """Have every user's view made anew."""
        context.transaction.permissions_touched = True

    def after_update(self, context: Context, _old: Row, _new: Row) -> None:
        """Have every user's view made anew."""
        context.transaction.permissions_touched = True

    def before_delete(self, context: Context, _old: Row) -> None:
        """Have every user's view made anew."""
        context.transaction.permissions_touched = True


def _refuse_second(context: Context, row: Row) -> None:
    sql = 'SELECT 1 FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "PermissionSetId" = ? AND "Id" <> ?'
    if context.transaction.first(sql, row["AssigneeId"], row["PermissionSetId"], row["Id"]) is not None:
        text = f"Duplicate PermissionSetAssignment. Assignee: {row['AssigneeId']}; Permission Set: {row['PermissionSetId']}"
        raise SalesforceError(400, "DUPLICATE_VALUE", text, ())


def _bad(label: str, value: str, field: str) -> SalesforceError:
    text = f"{label}: bad value for restricted picklist field: {value}"
    return SalesforceError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, (field,))
