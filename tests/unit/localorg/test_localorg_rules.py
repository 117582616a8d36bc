import pytest

from localorg.settings import OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"


async def create(client, name, **fields):
    reply = await client.post(f"{V}/sobjects/{name}", json=fields)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def refused(client, name, **fields):
    first = (await client.post(f"{V}/sobjects/{name}", json=fields)).json()[0]
    return first["errorCode"], first["message"]


async def read(client, name, record_id, *fields):
    found = (await client.get(f"{V}/sobjects/{name}/{record_id}")).json()
    return [found[each] for each in fields]


async def rows(client, soql):
    reply = await client.get(f"{V}/query", params={"q": soql})
    return [{key: value for key, value in each.items() if key != "attributes"} for each in reply.json()["records"]]


@pytest.fixture
async def campaign(client):
    return await create(client, "Campaign", Name="Webinar")


@pytest.fixture
async def lead(client):
    return await create(client, "Lead", FirstName="Ann", LastName="Berg", Company="Acme", Email="ann@x.example")


@pytest.fixture
async def contact(client):
    return await create(client, "Contact", LastName="Cole")


async def test_a_new_campaign_has_two_member_statuses(client, campaign):
    soql = "SELECT Label, IsDefault, HasResponded, SortOrder FROM CampaignMemberStatus ORDER BY SortOrder"
    assert await rows(client, soql) == [
        {"Label": "Sent", "IsDefault": True, "HasResponded": False, "SortOrder": 1},
        {"Label": "Responded", "IsDefault": False, "HasResponded": True, "SortOrder": 2},
    ]


async def test_a_member_without_status_gets_the_default(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    assert await read(client, "CampaignMember", member, "Status", "HasResponded", "FirstRespondedDate") == ["Sent", False, None]


async def test_a_status_is_found_whatever_its_case(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="responded")
    found = await read(client, "CampaignMember", member, "Status", "HasResponded", "FirstRespondedDate")
    assert found == ["Responded", True, "2026-11-20"]


async def test_an_unknown_status_becomes_the_default(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="Attended")
    assert await read(client, "CampaignMember", member, "Status") == ["Sent"]


async def test_an_unknown_status_is_refused_where_the_switch_says_so(clock):
    org = LocalOrg(OrgSettings(switches=Switches(unknown_member_status_falls_back=False)), clock)
    async with org.client() as client:
        campaign = await create(client, "Campaign", Name="Webinar")
        lead = await create(client, "Lead", LastName="Berg", Company="Acme")
        found = await refused(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="Attended")
    await org.close()
    assert found == ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Status: bad value for restricted picklist field: Attended")


async def test_the_first_response_keeps_its_date(client, clock, org, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    clock.advance(3 * 86400)
    client.headers["Authorization"] = f"Bearer {org.token}"
    for status in ("Sent", "Responded"):
        await client.patch(f"{V}/sobjects/CampaignMember/{member}", json={"Status": status})
    assert await read(client, "CampaignMember", member, "HasResponded", "FirstRespondedDate") == [True, "2026-11-20"]


async def test_a_second_membership_is_refused(client, campaign, lead):
    await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    assert await refused(client, "CampaignMember", CampaignId=campaign, LeadId=lead) == ("DUPLICATE_VALUE", "Already a campaign member.")


async def test_a_deleted_membership_may_be_made_again(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    await client.delete(f"{V}/sobjects/CampaignMember/{member}")
    assert await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead) != member


async def test_of_a_lead_and_a_contact_only_the_contact_is_stored(client, campaign, lead, contact):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, ContactId=contact)
    assert await read(client, "CampaignMember", member, "LeadId", "ContactId", "Type") == [None, contact, "Contact"]


async def test_a_member_needs_a_person(client, campaign):
    assert (await refused(client, "CampaignMember", CampaignId=campaign))[0] == "REQUIRED_FIELD_MISSING"


async def test_a_member_needs_a_campaign(client, lead):
    assert await refused(client, "CampaignMember", LeadId=lead) == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [CampaignId]",
    )


async def test_the_persons_of_a_member_cannot_change(client, campaign, lead, contact):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    reply = await client.patch(f"{V}/sobjects/CampaignMember/{member}", json={"ContactId": contact})
    assert reply.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


async def test_a_member_copies_its_person(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    found = await read(client, "CampaignMember", member, "Name", "Email", "CompanyOrAccount", "LeadOrContactId")
    assert found == ["Ann Berg", "ann@x.example", "Acme", lead]


async def test_a_member_follows_its_person(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    await client.patch(f"{V}/sobjects/Lead/{lead}", json={"FirstName": "Anna"})
    assert await read(client, "CampaignMember", member, "FirstName", "Name") == ["Anna", "Anna Berg"]


async def test_a_campaign_counts_its_members(client, campaign, lead, contact):
    await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    await create(client, "CampaignMember", CampaignId=campaign, ContactId=contact, Status="Responded")
    found = await read(client, "Campaign", campaign, "NumberOfLeads", "NumberOfContacts", "NumberOfResponses")
    assert found == [1, 1, 1]


async def test_deleting_a_lead_takes_its_memberships_along(client, campaign, lead):
    await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    await client.delete(f"{V}/sobjects/Lead/{lead}")
    left = await rows(client, "SELECT Id FROM CampaignMember")
    assert (left, await read(client, "Campaign", campaign, "NumberOfLeads")) == ([], [0])


async def test_a_campaign_takes_further_statuses(client, campaign, lead):
    await create(client, "CampaignMemberStatus", CampaignId=campaign, Label="Attended", HasResponded=True)
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="Attended")
    assert await read(client, "CampaignMember", member, "Status", "HasResponded") == ["Attended", True]


async def test_a_status_label_is_taken_once(client, campaign):
    assert (await refused(client, "CampaignMemberStatus", CampaignId=campaign, Label="sent"))[0] == "DUPLICATE_VALUE"


async def test_a_new_default_status_replaces_the_old_one(client, campaign):
    await create(client, "CampaignMemberStatus", CampaignId=campaign, Label="Registered", IsDefault=True)
    found = await rows(client, "SELECT Label FROM CampaignMemberStatus WHERE IsDefault = TRUE")
    assert found == [{"Label": "Registered"}]


async def status_id(client, label):
    found = await rows(client, "SELECT Id, Label FROM CampaignMemberStatus")
    return next(each["Id"] for each in found if each["Label"] == label)


async def test_a_campaign_always_has_a_default_status(client, campaign):
    sent = await status_id(client, "Sent")
    await client.patch(f"{V}/sobjects/CampaignMemberStatus/{sent}", json={"IsDefault": False})
    assert await read(client, "CampaignMemberStatus", sent, "IsDefault") == [True]


async def test_a_renamed_status_renames_itself_on_members(client, campaign, lead):
    member = await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead)
    await client.patch(f"{V}/sobjects/CampaignMemberStatus/{await status_id(client, 'Sent')}", json={"Label": "Invited"})
    assert await read(client, "CampaignMember", member, "Status") == ["Invited"]


async def test_the_default_status_cannot_be_deleted(client, campaign):
    reply = await client.delete(f"{V}/sobjects/CampaignMemberStatus/{await status_id(client, 'Sent')}")
    assert reply.json()[0]["errorCode"] == "DELETE_FAILED"


async def test_a_status_in_use_cannot_be_deleted(client, campaign, lead):
    await create(client, "CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    reply = await client.delete(f"{V}/sobjects/CampaignMemberStatus/{await status_id(client, 'Responded')}")
    assert reply.json()[0]["errorCode"] == "DELETE_FAILED"


async def test_a_status_nobody_has_can_be_deleted(client, campaign):
    reply = await client.delete(f"{V}/sobjects/CampaignMemberStatus/{await status_id(client, 'Responded')}")
    assert reply.status_code == 204


async def test_a_converted_lead_cannot_be_changed(client, lead):
    await client.post("/localorg/convert", json={"leadId": lead})
    reply = await client.patch(f"{V}/sobjects/Lead/{lead}", json={"Title": "CEO"})
    assert reply.json() == [{"message": "cannot reference converted lead", "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD", "fields": []}]


async def test_a_converted_lead_cannot_join_a_campaign(client, campaign, lead):
    await client.post("/localorg/convert", json={"leadId": lead})
    assert (await refused(client, "CampaignMember", CampaignId=campaign, LeadId=lead))[0] == "CANNOT_UPDATE_CONVERTED_LEAD"


async def test_an_active_assignment_rule_chooses_the_owner(client, org):
    await client.post("/localorg/assignment", json={"object": "Lead", "owner": org.org.human.id})
    lead = await create(client, "Lead", LastName="Berg", Company="Acme")
    assert await read(client, "Lead", lead, "OwnerId") == [org.org.human.id]


async def test_a_request_may_switch_assignment_off(client, org):
    await client.post("/localorg/assignment", json={"object": "Lead", "owner": org.org.human.id})
    client.headers["Sforce-Auto-Assign"] = "false"
    lead = await create(client, "Lead", LastName="Berg", Company="Acme")
    assert await read(client, "Lead", lead, "OwnerId") == [org.org.user.id]


async def test_an_inactive_assignment_rule_leaves_the_owner(client, org):
    await client.post("/localorg/assignment", json={"object": "Lead", "owner": org.org.human.id, "active": False})
    lead = await create(client, "Lead", LastName="Berg", Company="Acme")
    assert await read(client, "Lead", lead, "OwnerId") == [org.org.user.id]


async def test_cases_are_assigned_too(client, org):
    await client.post("/localorg/assignment", json={"object": "Case", "owner": org.org.human.id})
    case = await create(client, "Case", Subject="Help")
    assert await read(client, "Case", case, "OwnerId") == [org.org.human.id]


@pytest.fixture
async def wary(clock):
    org = LocalOrg(OrgSettings(switches=Switches(duplicate_rules_active=True)), clock)
    async with org.client() as client:
        await create(client, "Lead", LastName="Berg", Company="Acme", Email="ann@x.example")
        yield client
    await org.close()


async def test_a_likely_duplicate_is_alerted_on_with_the_misspelt_key(wary):
    reply = await wary.post(f"{V}/sobjects/Lead", json={"LastName": "Other", "Company": "Else", "Email": "ANN@x.example"})
    first = reply.json()[0]
    record = first["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]["attributes"]["type"]
    assert (first["errorCode"], first["message"], record) == ("DUPLICATES_DETECTED", "Use one of these records?", "Lead")


async def test_a_collection_spells_the_duplicate_result_right(wary):
    row = {"attributes": {"type": "Lead"}, "LastName": "Other", "Company": "Else", "Email": "ann@x.example"}
    reply = await wary.post(f"{V}/composite/sobjects", json={"records": [row]})
    found = reply.json()[0]["errors"][0]
    assert (found["statusCode"], found["duplicateResult"]["allowSave"]) == ("DUPLICATES_DETECTED", True)


async def test_a_contact_is_compared_with_leads(wary):
    found = await refused(wary, "Contact", LastName="Other", Email="ann@x.example")
    assert found == ("DUPLICATES_DETECTED", "Use one of these records?")


async def test_the_header_allows_saving_a_duplicate(wary):
    wary.headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    assert await create(wary, "Lead", LastName="Berg", Company="Acme", Email="ann@x.example")


async def test_a_task_of_a_lead_concerns_nothing_else(client, campaign, lead):
    found = await refused(client, "Task", Subject="Call", WhoId=lead, WhatId=campaign)
    assert found[0] == "FIELD_INTEGRITY_EXCEPTION"


async def test_a_completed_task_is_closed(client, lead):
    task = await create(client, "Task", Subject="Call", WhoId=lead, Status="Completed", Priority="High")
    assert await read(client, "Task", task, "IsClosed", "IsHighPriority", "CompletedDateTime") == [
        True,
        True,
        "2026-11-20T10:00:00.000+0000",
    ]


async def test_a_task_belongs_to_the_account_of_its_contact(client):
    account = await create(client, "Account", Name="Acme")
    contact = await create(client, "Contact", LastName="Cole", AccountId=account)
    task = await create(client, "Task", Subject="Call", WhoId=contact)
    assert await read(client, "Task", task, "AccountId", "Status", "Priority") == [account, "Not Started", "Normal"]


async def test_an_event_needs_a_time(client):
    assert await refused(client, "Event", Subject="Visit") == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [ActivityDateTime]",
    )


async def test_a_case_gets_a_number_and_its_contacts_channels(client):
    contact = await create(client, "Contact", LastName="Cole", Email="c@x.example")
    case = await create(client, "Case", Subject="Help", ContactId=contact, Status="Closed")
    found = await read(client, "Case", case, "CaseNumber", "ContactEmail", "IsClosed", "ClosedDate")
    assert found == ["00001001", "c@x.example", True, "2026-11-20T10:00:00.000+0000"]


async def test_the_stage_of_an_opportunity_says_how_likely_it_is(client):
    deal = await create(client, "Opportunity", Name="Deal", StageName="Closed Won", CloseDate="2026-12-01")
    found = await read(client, "Opportunity", deal, "Probability", "IsClosed", "IsWon", "ForecastCategory", "FiscalQuarter")
    assert found == [100.0, True, True, "Closed", 4]


async def test_a_contact_does_not_report_to_itself(client, contact):
    reply = await client.patch(f"{V}/sobjects/Contact/{contact}", json={"ReportsToId": contact})
    assert reply.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


async def test_a_new_account_is_not_yet_cleaned(client):
    account = await create(client, "Account", Name="Acme")
    assert await read(client, "Account", account, "CleanStatus") == ["Pending"]
