"""The records every org is born with: the organization itself, profiles, users and the lead statuses."""

from localorg import ids
from localorg.permissions import ADMINISTRATOR, PROFILES
from localorg.settings import OrgSettings
from localorg.transaction import Row, Transaction
from localorg.users import User

_INTEGRATION, _HUMAN = ids.record_id("005", 1), ids.record_id("005", 2)
_CONVERTED = "Closed - Converted"


def integration_user(settings: OrgSettings) -> User:
    """Return the user that API clients log in as."""
    return User(_INTEGRATION, settings.username, "Integration User", settings.username)


def human_user() -> User:
    """Return the person whose edits `/localorg/edit` makes."""
    return User(_HUMAN, "mara.holt@localorg.example", "Mara Holt", "mara.holt@localorg.example")


def further_users(settings: OrgSettings) -> tuple[User, ...]:
    """Return the other users that may log in."""
    first = 3
    return tuple(
        User(ids.record_id("005", number), each.username, each.name, each.username) for number, each in enumerate(settings.users, first)
    )


def populate(transaction: Transaction) -> None:
    """Write the first records, unless they are there."""
    if transaction.row("User", _INTEGRATION) is not None:
        return
    settings = transaction.settings
    _insert(transaction, "Organization", {"Id": ids.canonical(settings.org_id) or settings.org_id, "Name": settings.org_name, **_ORG})
    profiles = _insert_profiles(transaction)
    everybody = {integration_user(settings): PROFILES[0], human_user(): PROFILES[0]}
    everybody |= dict(zip(further_users(settings), (each.profile for each in settings.users), strict=True))
    for user, profile in everybody.items():
        _insert_user(transaction, user, profiles[profile])
    for order, row in enumerate(_lead_statuses(transaction), start=1):
        _insert(transaction, "LeadStatus", {"Id": ids.record_id("01J", order), "SortOrder": order, **row})
    transaction.counters |= {"005": len(everybody), "00e": len(PROFILES), "0PS": len(PROFILES), "01J": transaction.counters.get("01J", 0)}


def _insert_profiles(transaction: Transaction) -> dict[str, str]:
    """Write the profiles, each with the permission set that holds its grants; return their ids by name."""
    found = {}
    for number, name in enumerate(PROFILES, start=1):
        profile_id = ids.record_id("00e", number)
        everything = dict.fromkeys(("PermissionsModifyAllData", "PermissionsViewAllData"), int(name == ADMINISTRATOR))
        _insert(transaction, "Profile", {"Id": profile_id, "Name": name, "UserType": "Standard", **everything})
        owned = {"Id": ids.record_id("0PS", number), "Name": f"X{profile_id}", "Label": f"X{profile_id}"}
        _insert(transaction, "PermissionSet", {**owned, "IsOwnedByProfile": 1, "IsCustom": 0, "ProfileId": profile_id})
        found[name] = profile_id
    return found


def _insert_user(transaction: Transaction, user: User, profile_id: str) -> None:
    first, _, last = user.name.partition(" ")
    names = {"FirstName": first, "LastName": last or first, "Name": user.name, "Alias": first[:8].lower()}
    login = {"Username": user.username, "Email": user.email, "IsActive": 1, "ProfileId": profile_id, "UserType": "Standard"}
    login["UserPermissionsMarketingUser"] = 1  # campaigns are read-only to everybody else
    _insert(transaction, "User", {"Id": user.id, **names, **login, **_LOCALE})


def _lead_statuses(transaction: Transaction) -> list[Row]:
    lead = transaction.full_schema.object("Lead")
    status = lead.field("Status") if lead is not None else None
    return [
        {
            "MasterLabel": each.label,
            "ApiName": each.value,
            "IsDefault": int(each.default),
            "IsConverted": int(each.value == _CONVERTED),
        }
        for each in (status.picklist if status is not None else ())
    ]


def _insert(transaction: Transaction, object_name: str, given: Row) -> None:
    object_type = transaction.full_schema.object(object_name)
    if object_type is None:
        return
    row: Row = {each.name: 0 for each in object_type.columns if each.type == "boolean"}
    row |= {"CreatedDate": transaction.stamp, "CreatedById": _INTEGRATION}
    row |= {"LastModifiedDate": transaction.stamp, "LastModifiedById": _INTEGRATION, "SystemModstamp": transaction.stamp}
    transaction.insert(object_type, {**row, **given})


_ORG: Row = {
    "OrganizationType": "Developer Edition",
    "InstanceName": "LOCAL1",
    "LanguageLocaleKey": "en_US",
    "DefaultLocaleSidKey": "en_US",
    "TimeZoneSidKey": "GMT",
    "IsSandbox": 0,
}
_LOCALE: Row = {
    "TimeZoneSidKey": "GMT",
    "LocaleSidKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "LanguageLocaleKey": "en_US",
}
