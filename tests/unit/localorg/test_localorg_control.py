import json

import pytest

from localorg.settings import OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
ANN = {"FirstName": "Ann", "LastName": "Berg", "Company": "Acme", "Email": "ann@x.example", "Phone": "1", "City": "Ulm"}


async def seed(client, name, *records):
    reply = await client.post("/localorg/seed", json={"object": name, "records": list(records)})
    assert reply.status_code == 200, reply.text
    return reply.json()["ids"]


async def read(client, name, record_id, *fields):
    found = (await client.get(f"{V}/sobjects/{name}/{record_id}")).json()
    return [found[each] for each in fields]


async def rows(client, soql, resource="query"):
    reply = await client.get(f"{V}/{resource}", params={"q": soql})
    return [[value for key, value in each.items() if key != "attributes"] for each in reply.json()["records"]]


async def test_a_seed_may_say_when_a_record_was_created(client):
    (lead,) = await seed(client, "Lead", {"LastName": "Berg", "CreatedDate": "2020-01-02T03:04:05Z"})
    found = await read(client, "Lead", lead, "CreatedDate", "LastModifiedDate", "Name", "Status", "Company")
    assert found == ["2020-01-02T03:04:05.000+0000", "2020-01-02T03:04:05.000+0000", "Berg", "Open - Not Contacted", None]


async def test_a_seed_may_choose_its_ids(client):
    (lead,) = await seed(client, "Lead", {"Id": "00Q000000000001EAA", **ANN})
    assert (lead, await read(client, "Lead", lead, "Name")) == ("00Q000000000001EAA", ["Ann Berg"])


async def test_a_seed_of_several_types_names_them(client):
    body = {"records": [{"attributes": {"type": "Lead"}, **ANN}, {"attributes": {"type": "Account"}, "Name": "Acme"}]}
    found = (await client.post("/localorg/seed", json=body)).json()["ids"]
    assert [each[:3] for each in found] == ["00Q", "001"]


async def test_a_seeded_member_copies_its_person(client):
    (campaign,) = await seed(client, "Campaign", {"Name": "Web"})
    (lead,) = await seed(client, "Lead", ANN)
    (member,) = await seed(client, "CampaignMember", {"CampaignId": campaign, "LeadId": lead, "Status": "Odd"})
    assert await read(client, "CampaignMember", member, "Email", "Status") == ["ann@x.example", "Odd"]


@pytest.mark.parametrize("body", [{"object": "Nothing", "records": [{}]}, {"object": "Lead", "records": [{"Foo": 1}]}, {"object": "Lead"}])
async def test_a_seed_that_cannot_be_stored_is_refused_whole(client, body):
    reply = await client.post("/localorg/seed", json=body)
    assert (reply.status_code, await rows(client, "SELECT Id FROM Lead")) == (400, [])


@pytest.mark.parametrize("path", ["seed", "edit", "merge", "convert", "fields", "snapshot", "permissions", "calls"])
async def test_a_control_explains_a_body_it_cannot_read(client, path):
    reply = await client.post(f"/localorg/{path}", json=["x"])
    assert (reply.status_code, "error" in reply.json()) == (400, True)


async def test_controls_are_no_api_calls(client, org):
    await seed(client, "Lead", ANN)
    assert org.org.calls.used(org.org.clock.now()) == 0


async def test_an_edit_is_made_by_another_user(client, org, clock):
    (lead,) = await seed(client, "Lead", ANN)
    clock.advance(60)
    await client.post("/localorg/edit", json={"object": "Lead", "id": lead, "fields": {"Phone": "2"}})
    found = await read(client, "Lead", lead, "Phone", "LastModifiedById", "LastModifiedDate")
    assert found == ["2", org.org.human.id, "2026-11-20T10:01:00.000+0000"]


async def test_an_edit_obeys_the_rules(client):
    (lead,) = await seed(client, "Lead", ANN)
    reply = await client.post("/localorg/edit", json={"object": "Lead", "id": lead, "fields": {"LastName": None}})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")


async def test_a_human_may_see_what_the_client_may_not(client):
    await client.post("/localorg/permissions", json={"hidden": ["Lead.Phone"]})
    (lead,) = await seed(client, "Lead", ANN)
    reply = await client.post("/localorg/edit", json={"object": "Lead", "id": lead, "fields": {"Phone": "2"}})
    assert reply.status_code == 200


async def test_a_human_may_delete(client):
    (lead,) = await seed(client, "Lead", ANN)
    await client.post("/localorg/delete", json={"object": "Lead", "id": lead})
    assert await rows(client, "SELECT IsDeleted FROM Lead", "queryAll") == [[True]]


async def test_a_human_may_take_a_record_out_of_the_bin(client):
    (lead,) = await seed(client, "Lead", ANN)
    for deed in ("delete", "undelete"):
        await client.post(f"/localorg/{deed}", json={"object": "Lead", "id": lead})
    assert await rows(client, "SELECT IsDeleted FROM Lead", "queryAll") == [[False]]


async def test_the_write_log_tells_before_and_after(client, clock):
    (lead,) = await seed(client, "Lead", ANN)
    clock.advance(1)
    await client.patch(f"{V}/sobjects/Lead/{lead}", json={"Phone": "2"})
    last = (await client.get("/localorg/writes")).json()[-1]
    assert [last["object"], last["id"], last["op"], last["before"]["Phone"], last["after"]["Phone"], last["sent"]] == [
        "Lead",
        lead,
        "update",
        "1",
        "2",
        ["Phone"],
    ]


async def test_an_undone_write_is_not_in_the_log(client):
    rows_ = [{"attributes": {"type": "Lead"}, **ANN}, {"attributes": {"type": "Lead"}}]
    await client.post(f"{V}/composite/sobjects", json={"allOrNone": True, "records": rows_})
    assert (await client.get("/localorg/writes")).json() == []


async def test_the_export_is_stable_when_nothing_changes(client):
    await seed(client, "Lead", ANN)
    first = (await client.get("/localorg/export")).content
    await client.get(f"{V}/sobjects/Lead/describe")
    assert (await client.get("/localorg/export")).content == first


async def test_the_export_has_every_record_deleted_ones_too(client):
    (lead,) = await seed(client, "Lead", ANN)
    await client.delete(f"{V}/sobjects/Lead/{lead}")
    lines = [json.loads(line) for line in (await client.get("/localorg/export")).text.splitlines()]
    assert [each["IsDeleted"] for each in lines if each["object"] == "Lead"] == [1]


async def test_a_reset_leaves_a_fresh_org(client, org):
    fresh = (await client.get("/localorg/export")).text
    await seed(client, "Lead", ANN)
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c"})
    await client.post("/localorg/reset")
    assert ((await client.get("/localorg/export")).text, org.org.schema.object("Lead").field("Key__c")) == (fresh, None)


async def test_a_snapshot_brings_back_records_and_fields(client, org):
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c"})
    await seed(client, "Lead", ANN)
    before = (await client.get("/localorg/export")).text
    await client.post("/localorg/snapshot", json={"name": "a"})
    await client.post("/localorg/reset")
    await client.post("/localorg/restore", json={"name": "a"})
    after = (await client.get("/localorg/export")).text
    assert (after == before, org.org.schema.object("Lead").field("Key__c").name) == (True, "Key__c")


async def test_an_unknown_snapshot_is_explained(client):
    reply = await client.post("/localorg/restore", json={"name": "a"})
    assert reply.json() == {"error": "there is no snapshot 'a'; POST /localorg/snapshot makes one"}


async def test_a_file_keeps_records_and_fields(tmp_path, clock):
    settings = OrgSettings(data=tmp_path / "org.db")
    first = LocalOrg(settings, clock)
    async with first.client() as client:
        await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "type": "picklist", "picklist": ["a"]})
        await seed(client, "Lead", {**ANN, "Key__c": "a"})
    await first.close()
    second = LocalOrg(settings, clock)
    async with second.client() as client:
        found = await rows(client, "SELECT Key__c FROM Lead")
        (new,) = await seed(client, "Lead", ANN)
    await second.close()
    assert (found, new[:15]) == ([["a"]], "00QHr0000000002")


async def test_a_merge_moves_children_and_bins_the_losers(client):
    master, loser = await seed(client, "Contact", {"LastName": "Berg"}, {"LastName": "Burg"})
    (campaign,) = await seed(client, "Campaign", {"Name": "Web"})
    (member,) = await seed(client, "CampaignMember", {"CampaignId": campaign, "ContactId": loser})
    await client.post("/localorg/merge", json={"object": "Contact", "master": master, "losers": [loser]})
    merged = await rows(client, f"SELECT IsDeleted, MasterRecordId FROM Contact WHERE Id = '{loser}'", "queryAll")  # an id of ours
    moved = await read(client, "CampaignMember", member, "ContactId", "LastName", "LeadOrContactId")
    assert (merged, moved) == ([[True, master]], [master, "Berg", master])


async def test_a_merge_keeps_one_membership_of_a_campaign(client):
    master, loser = await seed(client, "Lead", ANN, ANN)
    (campaign,) = await seed(client, "Campaign", {"Name": "Web"})
    await seed(client, "CampaignMember", *({"CampaignId": campaign, "LeadId": each} for each in (master, loser)))
    await client.post("/localorg/merge", json={"object": "Lead", "master": master, "losers": [loser]})
    assert await rows(client, "SELECT LeadId FROM CampaignMember") == [[master]]


async def test_an_update_of_a_merged_record_says_it_is_deleted(client):
    master, loser = await seed(client, "Lead", ANN, ANN)
    await client.post("/localorg/merge", json={"object": "Lead", "master": master, "losers": [loser]})
    reply = await client.patch(f"{V}/sobjects/Lead/{loser}", json={"Phone": "2"})
    assert reply.json()[0]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize("body", [{"object": "Campaign", "master": "x", "losers": []}, {"object": "Lead", "master": "x", "losers": []}])
async def test_a_merge_that_makes_no_sense_is_explained(client, body):
    assert (await client.post("/localorg/merge", json=body)).status_code == 400


async def test_a_conversion_makes_a_contact_of_an_account(client):
    (lead,) = await seed(client, "Lead", ANN)
    done = (await client.post("/localorg/convert", json={"leadId": lead})).json()
    contact = await read(client, "Contact", done["contactId"], "Name", "Email", "AccountId", "MailingCity")
    found = await read(client, "Lead", lead, "IsConverted", "ConvertedContactId", "ConvertedAccountId", "ConvertedDate", "Status")
    assert [contact, found] == [
        ["Ann Berg", "ann@x.example", done["accountId"], "Ulm"],
        [True, done["contactId"], done["accountId"], "2026-11-20", "Closed - Converted"],
    ]


async def test_a_conversion_fills_only_what_an_existing_contact_lacks(client):
    (lead,) = await seed(client, "Lead", ANN)
    (account,) = await seed(client, "Account", {"Name": "Other"})
    (contact,) = await seed(client, "Contact", {"LastName": "Berg", "Phone": "9", "AccountId": account})
    done = (await client.post("/localorg/convert", json={"leadId": lead, "contactId": contact})).json()
    found = await read(client, "Contact", contact, "Phone", "Email", "FirstName")
    assert (done["accountId"], found) == (account, ["9", "ann@x.example", "Ann"])


@pytest.mark.parametrize("gets", [True, False])
async def test_a_conversion_may_put_the_contact_on_members(clock, gets):
    org = LocalOrg(OrgSettings(switches=Switches(converted_lead_member_gets_contact_id=gets)), clock)
    async with org.client() as client:
        (campaign,) = await seed(client, "Campaign", {"Name": "Web"})
        (lead,) = await seed(client, "Lead", ANN)
        (member,) = await seed(client, "CampaignMember", {"CampaignId": campaign, "LeadId": lead})
        contact = (await client.post("/localorg/convert", json={"leadId": lead})).json()["contactId"]
        found = await read(client, "CampaignMember", member, "LeadId", "ContactId", "LeadOrContactId")
        counted = await read(client, "Campaign", campaign, "NumberOfLeads", "NumberOfContacts", "NumberOfConvertedLeads")
    await org.close()
    expected = [lead, contact, contact] if gets else [lead, None, lead]
    assert (found, counted) == (expected, [1, 0, 1])


async def test_a_second_conversion_is_refused(client):
    (lead,) = await seed(client, "Lead", ANN)
    await client.post("/localorg/convert", json={"leadId": lead})
    assert (await client.post("/localorg/convert", json={"leadId": lead})).json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
