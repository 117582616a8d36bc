"""What an org has of a declaration: definitions as an administrator sees them, and objects as the connection's user sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from crosswalk.model import OrgSchema, Priority
from crosswalk.provisioning import definitions
from crosswalk.provisioning.declare import Declaration
from crosswalk.salesforce import member_statuses, soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.metadata_api import MetadataApi
from crosswalk.salesforce.xml_text import Content, listed
from crosswalk.turn.context import Org

PERMISSION_SET = "Crosswalk"
STANDARD_SET = "Crosswalk_Standard_Objects"
_SETS = (PERMISSION_SET, STANDARD_SET)


@dataclass(frozen=True, slots=True)
class State:
    """One look at an org. Names of `components` are lower case; `missing_statuses` are by campaign."""

    components: Mapping[tuple[str, str], Content]
    seen: OrgSchema
    assigned: frozenset[str] = frozenset()
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def component(self, type_: str, name: str) -> Content | None:
        """Return a definition, or None when the org has none of that name."""
        return self.components.get((type_, name.lower()))

    def field(self, object_name: str, name: str) -> Content | None:
        """Return the definition of a custom field, or None."""
        owner = self.component("CustomObject", object_name)
        every = listed(owner, "fields")
        return next((each for each in every if str(each.get("fullName", "")).lower() == name.lower()), None)


def api(org: Org) -> MetadataApi:
    """Return the Metadata API of a connection; its calls come from the part of the budget that people wait for."""
    return MetadataApi(org.client, org.budget.spender(Priority.INTERACTIVE))


async def survey(org: Org, wanted: Declaration, campaigns: Iterable[str] = ()) -> State:
    """Look at everything a declaration speaks of, and at the member statuses of these campaigns."""
    definitions_of = api(org)
    found: dict[tuple[str, str], Content] = {}
    for type_, names in _components(wanted).items():
        read = await definitions_of.read(type_, names) if names else {}
        found |= {(type_, name.lower()): content for name, content in read.items()}
    return State(found, await seen(org, wanted), await _assigned(org), await _statuses(org, campaigns))


async def seen(org: Org, wanted: Declaration) -> OrgSchema:
    """Return the objects of a declaration as the connection's user sees them now."""
    names = {*wanted.surveyed, *wanted.standard_rights}
    for name in names:
        org.describe.invalidate(name)
    return await org.describe.schema(names)


def _components(wanted: Declaration) -> dict[str, list[str]]:
    return {
        "CustomObject": list(wanted.surveyed),
        "StandardValueSet": [each.value_set for each in wanted.values],
        "CustomTab": [each.name for each in wanted.objects if each.tab],
        "Layout": [definitions.layout_name(each) for each in wanted.objects],
        "ReportType": [each.name for each in wanted.report_types],
        "PermissionSet": list(_SETS),
    }


async def _assigned(org: Org) -> frozenset[str]:
    names = ", ".join(soql.literal(name) for name in _SETS)
    assignee = soql.literal(await org.client.user_id())
    query = f"SELECT PermissionSet.Name FROM PermissionSetAssignment WHERE AssigneeId = {assignee} AND PermissionSet.Name IN ({names})"  # noqa: S608  # literals
    await org.budget.reserve(1, Priority.INTERACTIVE)
    body = (await org.client.get(f"query?q={quote(query, safe='')}", purpose=Purpose.CHECK)).body
    return frozenset(str(row["PermissionSet"]["Name"]) for row in body["records"])


async def _statuses(org: Org, campaigns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = await member_statuses.read(org.client, campaigns, org.budget.spender(Priority.INTERACTIVE))
    return {campaign: tuple(each.label for each in rows) for campaign, rows in found.items()}
