"""What the connection's user may do and see: rights on objects, campaigns, sharing that hides records, person accounts."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from crosswalk.findings import Finding, fail, warn
from crosswalk.mapping import check
from crosswalk.mapping.document import Document
from crosswalk.model import OrgSchema, Priority
from crosswalk.salesforce import soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.turn.context import Org

_PRIVATE = "None"
_DEFAULTS = {name: f"Default{name}Access" for name in ("Account", "Contact", "Lead", "Case", "Opportunity", "Campaign")}
_WHOLE = (
    "SELECT SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = TRUE AND SobjectType IN ({objects}) "
    "AND ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {user})"
)
_MEMBER = "CampaignMember"
_PEOPLE = ("Account", "Contact")


def objects(org: Org, documents: Iterable[Document], schema: OrgSchema) -> Iterator[Finding]:
    """Say which rights on the objects of the mappings are missing, each by its smallest name."""
    needed: dict[str, set[str]] = {}
    for each in documents:
        for step in each.steps:
            if step.object:
                wanted = ("Create", "Edit") if check.creates(step, each) else ("Edit",)
                needed.setdefault(step.object, set()).update(wanted)
    for name, rights in needed.items():
        described = schema.object(name)
        if described is None:
            continue  # it may as well not be there: the mapping's check says so
        lacking = [
            right for right, has in (("Create", described.createable), ("Edit", described.updateable)) if right in rights and not has
        ]
        if lacking:
            yield fail(f"rights of {org.connection.name}", f"The user lacks {' and '.join(lacking)} on {name}. {_grant(name, lacking)}")


def _grant(name: str, lacking: Iterable[str]) -> str:
    if name == _MEMBER:
        return 'Tick "Marketing User" on the user and grant Edit on Campaign; until then nothing is written there.'
    return f"Grant {' and '.join(lacking)} on {name} in a permission set; until then its records are not written."


async def hidden(org: Org, written: Iterable[str], schema: OrgSchema) -> list[Finding]:
    """Say what keeps the user from seeing or writing records in spite of its rights."""
    names = set(written)
    user = await _one(org, "SELECT Profile.PermissionsViewAllData, UserPermissionsMarketingUser FROM User WHERE Id = {user}")
    found = []
    if _MEMBER in names and not user.get("UserPermissionsMarketingUser"):
        found.append(
            warn(f"rights of {org.connection.name}", '"Marketing User" is not ticked on the user; campaigns may be read-only to it.')
        )
    if not (user.get("Profile") or {}).get("PermissionsViewAllData"):
        found += await _private(org, names)
    account = schema.object("Account") or (await org.describe.schema(["Account"])).object("Account")
    if account is not None and account.field("IsPersonAccount") is not None and names & {"Contact", "Lead", *_PEOPLE}:
        sentence = (
            "Person accounts are on: a mapping that looks for people in Account, too, writes and makes them there; others hold what they "
            "want to write to a person account's contact as person_account."
        )
        found.append(warn(f"person accounts of {org.connection.name}", sentence))
    return found


async def _private(org: Org, names: set[str]) -> list[Finding]:
    """Say which objects are private while the user may not see all of their records."""
    defaults = await _one(org, f"SELECT {', '.join(_DEFAULTS.values())} FROM Organization")  # noqa: S608  # constants
    private = sorted(name for name in names & _DEFAULTS.keys() if defaults.get(_DEFAULTS[name]) == _PRIVATE)
    if not private:
        return []
    listed = ", ".join(map(soql.literal, private))
    whole = {str(row["SobjectType"]) for row in await _rows(org, _WHOLE.replace("{objects}", listed))}
    return [
        warn(
            f"sharing of {org.connection.name}",
            f"{name} records are private and the user sees its own alone: people of others look as if they were not there and are made "
            f'twice. Grant "View All Records" on {name} in a permission set, or share them with the user.',
        )
        for name in private
        if name not in whole
    ]


async def _one(org: Org, query: str) -> dict[str, Any]:
    return next(iter(await _rows(org, query)), {})


async def _rows(org: Org, query: str) -> list[dict[str, Any]]:
    await org.budget.reserve(1, Priority.INTERACTIVE)
    text = query.replace("{user}", soql.literal(await org.client.user_id()))
    found: list[dict[str, Any]] = (await org.client.get(f"query?q={quote(text, safe='')}", purpose=Purpose.CHECK)).body["records"]
    return found
