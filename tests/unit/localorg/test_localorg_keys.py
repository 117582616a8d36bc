import pytest

from localorg.settings import OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
LEADS = f"{V}/sobjects/Lead"
ANN = {"LastName": "Berg", "Company": "Acme"}


@pytest.fixture
async def keyed(client):
    field = {"object": "Lead", "name": "Key__c", "type": "string", "length": 64, "unique": True, "externalId": True}
    assert (await client.post("/localorg/fields", json=field)).status_code == 200
    assert (await client.post("/localorg/fields", json={**field, "object": "Account"})).status_code == 200
    return client


def error(reply):
    first = reply.json()[0]
    return reply.status_code, first["errorCode"], first["message"]


async def test_a_unique_value_is_taken_once(keyed):
    first = (await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})).json()["id"]
    reply = await keyed.post(LEADS, json={**ANN, "Key__c": "K1"})
    assert error(reply) == (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: Key__c duplicates value on record with id: {first[:15]}",
    )


async def test_an_update_may_not_take_a_unique_value_either(keyed):
    await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})
    second = (await keyed.post(LEADS, json={**ANN, "Key__c": "k2"})).json()["id"]
    assert error(await keyed.patch(f"{LEADS}/{second}", json={"Key__c": "k1"}))[1] == "DUPLICATE_VALUE"


async def test_a_record_may_keep_its_own_unique_value(keyed):
    first = (await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})).json()["id"]
    assert (await keyed.patch(f"{LEADS}/{first}", json={"Key__c": "k1"})).status_code == 204


async def test_the_unique_value_of_a_binned_record_is_free(keyed):
    first = (await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})).json()["id"]
    await keyed.delete(f"{LEADS}/{first}")
    assert (await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})).status_code == 201


async def switched(clock, **switches):
    org = LocalOrg(OrgSettings(switches=Switches(**switches)), clock)
    async with org.client() as client:
        await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "unique": True, "externalId": True})
        first = (await client.post(LEADS, json={**ANN, "Key__c": "k1"})).json()["id"]
        if "binned_unique_values_block" in switches:
            await client.delete(f"{LEADS}/{first}")
        reply = await client.post(LEADS, json={**ANN, "Key__c": "k1"})
    await org.close()
    return reply


async def test_the_unique_value_of_a_binned_record_blocks_where_the_switch_says_so(clock):
    assert error(await switched(clock, binned_unique_values_block=True))[1] == "DUPLICATE_VALUE"


async def test_the_id_of_the_duplicate_is_hidden_where_the_switch_says_so(clock):
    assert error(await switched(clock, duplicate_value_hides_id=True))[2].endswith("record with id: <unknown>")


async def test_an_upsert_creates_and_then_updates(keyed):
    first = await keyed.patch(f"{LEADS}/Key__c/k1", json=ANN)
    second = await keyed.patch(f"{LEADS}/Key__c/K1", json={"Title": "CEO"})
    new_id = first.json()["id"]
    assert [(first.status_code, first.json()), (second.status_code, second.json())] == [
        (201, {"id": new_id, "success": True, "errors": [], "created": True}),
        (200, {"id": new_id, "success": True, "errors": [], "created": False}),
    ]


async def test_an_old_version_answers_an_update_with_nothing(clock):
    org = LocalOrg(OrgSettings(versions=(45,)), clock)
    async with org.client() as client:
        await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "unique": True, "externalId": True})
        path = "/services/data/v45.0/sobjects/Lead/Key__c/k1"
        await client.patch(path, json=ANN)
        reply = await client.patch(path, json={"Title": "CEO"})
    await org.close()
    assert (reply.status_code, reply.content) == (204, b"")


async def test_an_upsert_may_not_repeat_its_key_in_the_body(keyed):
    reply = await keyed.patch(f"{LEADS}/Key__c/k1", json={**ANN, "Key__c": "k1"})
    assert error(reply) == (400, "INVALID_FIELD", "The Key__c field should not be specified in the sobject data.")


async def test_an_upsert_by_an_ordinary_field_is_not_found(keyed):
    assert error(await keyed.patch(f"{LEADS}/Title/CEO", json=ANN))[:2] == (404, "NOT_FOUND")


async def test_an_upsert_that_only_updates_never_creates(keyed):
    reply = await keyed.patch(f"{LEADS}/Key__c/k1", json=ANN, params={"updateOnly": "true"})
    assert error(reply) == (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: k1")


async def test_an_upsert_that_meets_several_records_lists_them(keyed):
    ids = [(await keyed.post(LEADS, json={**ANN, "Email": "a@x.example"})).json()["id"] for _ in range(2)]
    reply = await keyed.patch(f"{LEADS}/Email/a@x.example", json={"Title": "CEO"})
    assert (reply.status_code, reply.json()) == (300, [f"{LEADS}/{each}" for each in ids])


async def test_a_record_is_read_by_its_key(keyed):
    new_id = (await keyed.post(LEADS, json={**ANN, "Key__c": "a/b c"})).json()["id"]
    assert (await keyed.get(f"{LEADS}/Key__c/a%2Fb%20c")).json()["Id"] == new_id


async def test_a_key_nobody_has_is_not_found(keyed):
    reply = await keyed.get(f"{LEADS}/Key__c/none")
    assert error(reply) == (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: none")


async def test_a_record_is_deleted_by_its_key(keyed):
    await keyed.post(LEADS, json={**ANN, "Key__c": "k1"})
    gone = await keyed.delete(f"{LEADS}/Key__c/k1")
    assert (gone.status_code, (await keyed.get(f"{LEADS}/Key__c/k1")).status_code) == (204, 404)


async def test_a_parent_may_be_named_by_its_external_id(keyed):
    account = (await keyed.post(f"{V}/sobjects/Account", json={"Name": "Acme", "Key__c": "a1"})).json()["id"]
    contact = (await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "Account": {"Key__c": "A1"}})).json()["id"]
    assert (await keyed.get(f"{V}/sobjects/Contact/{contact}")).json()["AccountId"] == account


async def test_a_parent_that_is_not_there_is_named_in_the_error(keyed):
    reply = await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "Account": {"Key__c": "A1"}})
    assert error(reply) == (400, "INVALID_FIELD", "Foreign key external ID: a1 not found for field Key__c in entity Account")


async def test_a_parent_cannot_be_named_by_an_ordinary_field(keyed):
    reply = await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "Account": {"Phone": "1"}})
    assert error(reply)[1] == "INVALID_FIELD"


async def test_two_parents_of_one_key_are_an_error(keyed):
    for _ in range(2):
        await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Boss", "Email": "b@x.example"})
    reply = await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "ReportsTo": {"Email": "b@x.example"}})
    assert error(reply)[1] == "DUPLICATE_EXTERNAL_ID"


async def test_null_for_a_relationship_clears_the_lookup(keyed):
    account = (await keyed.post(f"{V}/sobjects/Account", json={"Name": "Acme"})).json()["id"]
    contact = (await keyed.post(f"{V}/sobjects/Contact", json={"LastName": "Berg", "AccountId": account})).json()["id"]
    await keyed.patch(f"{V}/sobjects/Contact/{contact}", json={"Account": None})
    assert (await keyed.get(f"{V}/sobjects/Contact/{contact}")).json()["AccountId"] is None
