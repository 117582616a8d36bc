"""Objects are described once for all workers, and again when they may have changed."""

import pytest
from sqlalchemy import select

from crosswalk import errors
from crosswalk.salesforce.describe import OrgDescribe
from crosswalk.store import tables

HOUR = 3_600


@pytest.fixture
def describe(client, database, connection, clock):
    return OrgDescribe(client, database, connection.id, clock)


def _calls(journal):
    return len(journal.pending)


async def test_an_object_is_described_with_its_fields(describe):
    schema = await describe.schema(["Lead"])
    company = schema.field("lead", "COMPANY")
    assert (company.name, company.type, company.length, company.required) == ("Company", "string", 255, True)


async def test_references_name_their_objects(describe):
    field = (await describe.schema(["CampaignMember"])).field("CampaignMember", "LeadId")
    assert (field.reference_to, field.relationship, field.updateable) == (("Lead",), "Lead", False)


async def test_a_restricted_picklist_lists_its_values(describe, controls):
    await controls("fields", {"object": "Lead", "name": "Tier__c", "type": "picklist", "picklist": ["Gold", "Silver"], "restricted": True})
    field = (await describe.schema(["Lead"])).field("Lead", "Tier__c")
    assert (field.restricted, field.picklist, field.custom) == (True, ("Gold", "Silver"), True)


async def test_twenty_five_objects_share_a_call(describe, journal):
    await describe.schema(["Lead", "Contact", "Account", "Campaign", "CampaignMember", "Task", "Case", "User", "Opportunity", "Nothing__c"])
    assert _calls(journal) == 1


async def test_a_second_use_costs_nothing(describe, journal):
    first = await describe.schema(["Lead", "Contact"])
    assert (first, _calls(journal)) == (await describe.schema(["LEAD", "contact"]), 1)


async def test_another_worker_uses_what_is_stored(describe, client, database, connection, clock, journal):
    first = await describe.schema(["Lead"])
    second = await OrgDescribe(client, database, connection.id, clock).schema(["Lead"])
    assert (first, _calls(journal)) == (second, 1)


async def test_an_object_the_org_lacks_is_remembered_as_absent(describe, journal):
    for _ in range(2):
        assert (await describe.schema(["Nothing__c", "Lead"])).object("Nothing__c") is None
    assert _calls(journal) == 1


async def test_after_an_hour_the_org_is_asked_whether_anything_changed(describe, clock, database, journal):
    await describe.schema(["Lead"])
    clock.advance(HOUR)
    await describe.schema(["Lead"])
    async with database.read() as tx:
        read_at = await tx.scalar(select(tables.describe_cache.c.at))
    assert (_calls(journal), (clock.now() - read_at).total_seconds()) == (2, HOUR)


async def test_an_unchanged_object_is_not_asked_about_again_for_an_hour(describe, clock, journal):
    await describe.schema(["Lead"])
    clock.advance(HOUR)
    await describe.schema(["Lead"])
    await describe.schema(["Lead"])
    assert _calls(journal) == 2


async def test_a_new_field_is_seen_within_the_hour(describe, clock, controls):
    await describe.schema(["Lead"])
    clock.advance(HOUR)
    await controls("fields", {"object": "Lead", "name": "New__c"})
    assert (await describe.schema(["Lead"])).field("Lead", "New__c").label == "New"


async def test_a_change_of_permissions_is_seen_within_the_day(describe, clock, controls):
    await describe.schema(["Lead"])
    await controls("permissions", {"hidden": ["Lead.Phone"]})
    clock.advance(24 * HOUR)
    assert (await describe.schema(["Lead"])).field("Lead", "Phone") is None


async def test_a_contradicted_object_is_read_anew_at_once(describe, controls):
    await describe.schema(["Lead"])
    await controls("permissions", {"hidden": ["Lead.Phone"]})
    describe.invalidate("Lead")
    assert (await describe.schema(["Lead"])).field("Lead", "Phone") is None


async def test_what_one_worker_reads_anew_the_others_see(describe, client, database, connection, clock, controls):
    other = OrgDescribe(client, database, connection.id, clock)
    await other.schema(["Lead"])
    await controls("permissions", {"hidden": ["Lead.Phone"]})
    describe.invalidate("Lead")
    await describe.schema(["Lead"])
    assert (await other.schema(["Lead"])).field("Lead", "Phone") is None


async def test_an_org_that_is_busy_means_later(describe, controls):
    await controls("faults", {"do": "html"})
    with pytest.raises(errors.SalesforceBusyError):
        await describe.schema(["Lead"])


async def test_what_is_no_name_is_not_asked_for(describe):
    with pytest.raises(errors.ConfigurationError):
        await describe.schema(["Lead/../User"])


async def test_each_call_asks_the_budget_first(client, database, connection, clock, journal):
    asked = []

    async def before_call():
        asked.append(len(journal.pending))

    await OrgDescribe(client, database, connection.id, clock, before_call=before_call).schema(["Lead"])
    assert asked == [0]


async def test_the_statuses_of_a_campaign_come_in_their_order(describe, controls):
    [campaign] = (await controls("seed", {"object": "Campaign", "records": [{"Name": "Webinar"}]}))["ids"]
    assert await describe.member_statuses([campaign]) == {campaign: ("Sent", "Responded")}


async def test_statuses_are_asked_once_in_half_a_minute(describe, controls, journal, clock):
    first, second = (await controls("seed", {"object": "Campaign", "records": [{"Name": "A"}, {"Name": "B"}]}))["ids"]
    await describe.member_statuses([first, second])
    await describe.member_statuses([second])
    before = _calls(journal)
    clock.advance(30)
    await describe.member_statuses([second])
    assert (before, _calls(journal)) == (1, 2)
