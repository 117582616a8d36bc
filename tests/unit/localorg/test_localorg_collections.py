import pytest

from localorg.settings import OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
ROWS = f"{V}/composite/sobjects"


def lead(number, **fields):
    return {"attributes": {"type": "Lead"}, "LastName": f"L{number}", "Company": "Acme", **fields}


async def make(client, number):
    reply = await client.post(ROWS, json={"records": [lead(each) for each in range(number)]})
    return [each["id"] for each in reply.json()]


async def count(client, soql="SELECT count() FROM Lead"):
    return (await client.get(f"{V}/query", params={"q": soql})).json()["totalSize"]


def codes(reply):
    return [None if each["success"] else each["errors"][0]["statusCode"] for each in reply.json()]


async def test_every_record_has_its_result_in_order(client):
    reply = await client.post(ROWS, json={"allOrNone": False, "records": [lead(1), {**lead(2), "Company": None}, lead(3)]})
    good, bad, last = reply.json()
    expected = {
        "success": False,
        "errors": [
            {"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Company]", "fields": ["Company"]},
        ],
    }
    assert (reply.status_code, good["errors"], bad, last["success"]) == (200, [], expected, True)


async def test_all_or_none_undoes_the_good_rows(client):
    reply = await client.post(ROWS, json={"allOrNone": True, "records": [lead(1), {**lead(2), "Company": None}]})
    assert (codes(reply), await count(client)) == (["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"], 0)


async def test_all_or_none_keeps_what_is_good_throughout(client):
    reply = await client.post(ROWS, json={"allOrNone": True, "records": [lead(1), lead(2)]})
    assert (codes(reply), await count(client)) == ([None, None], 2)


async def test_more_than_200_records_are_refused(client):
    reply = await client.post(ROWS, json={"records": [lead(each) for each in range(201)]})
    assert (reply.status_code, await count(client)) == (400, 0)


async def test_eleven_changes_of_type_are_refused(client):
    mixed = [lead(1), {"attributes": {"type": "Account"}, "Name": "A"}] * 6
    assert (await client.post(ROWS, json={"records": mixed})).status_code == 400


async def test_records_of_several_types_are_created(client):
    mixed = [lead(1), {"attributes": {"type": "Account"}, "Name": "A"}]
    reply = await client.post(ROWS, json={"records": mixed})
    assert [each["id"][:3] for each in reply.json()] == ["00Q", "001"]


@pytest.mark.parametrize("body", [{}, {"records": 1}, {"records": [1]}, {"records": [{"LastName": "x"}]}, []])
async def test_a_malformed_body_is_refused(client, body):
    assert (await client.post(ROWS, json=body)).status_code == 400


async def test_an_unknown_type_is_refused(client):
    reply = await client.post(ROWS, json={"records": [{"attributes": {"type": "Nothing"}}]})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_TYPE")


async def test_an_unknown_field_fails_its_row(client):
    reply = await client.post(ROWS, json={"records": [lead(1, Foo=1), lead(2)]})
    assert codes(reply) == ["INVALID_FIELD", None]


async def test_an_unknown_field_fails_the_call_where_the_switch_says_so(clock):
    org = LocalOrg(OrgSettings(switches=Switches(unreadable_row_fails_whole_collection=True)), clock)
    async with org.client() as client:
        reply = await client.post(ROWS, json={"records": [lead(1), lead(2, Foo=1)]})
        found = reply.status_code, reply.json()[0]["errorCode"], await count(client)
    await org.close()
    assert found == (400, "INVALID_FIELD", 0)


async def test_an_update_names_its_records_by_id(client):
    first, second = await make(client, 2)
    rows = [{"attributes": {"type": "Lead"}, "id": first, "Title": "A"}, {"attributes": {"type": "Lead"}, "Id": second[:15], "Title": "B"}]
    reply = await client.patch(ROWS, json={"records": rows})
    assert (reply.json(), await count(client, "SELECT count() FROM Lead WHERE Title IN ('A', 'B')")) == (
        [{"id": first, "success": True, "errors": []}, {"id": second, "success": True, "errors": []}],
        2,
    )


async def test_an_update_without_an_id_fails_its_row(client):
    reply = await client.patch(ROWS, json={"records": [{"attributes": {"type": "Lead"}, "Title": "A"}]})
    assert reply.json()[0]["errors"] == [
        {"statusCode": "MISSING_ARGUMENT", "message": "Id not specified in an update call", "fields": []},
    ]


async def test_an_update_of_a_malformed_id_fails_its_row(client):
    reply = await client.patch(ROWS, json={"records": [{"attributes": {"type": "Lead"}, "id": "xyz", "Title": "A"}]})
    assert codes(reply) == ["MALFORMED_ID"]


async def test_a_failed_update_says_which_record_it_was(client):
    (only,) = await make(client, 1)
    await client.delete(f"{V}/sobjects/Lead/{only}")
    reply = await client.patch(ROWS, json={"records": [{"attributes": {"type": "Lead"}, "id": only, "Title": "A"}]})
    assert reply.json() == [
        {"id": only, "success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}]},
    ]


async def test_a_delete_names_its_records_in_the_address(client):
    first, second = await make(client, 2)
    reply = await client.delete(ROWS, params={"ids": f"{first},{second},xyz"})
    assert (codes(reply), await count(client)) == ([None, None, "MALFORMED_ID"], 0)


async def test_a_delete_of_all_or_none_undoes_itself(client):
    first, second = await make(client, 2)
    await client.delete(f"{V}/sobjects/Lead/{second}")
    reply = await client.delete(ROWS, params={"ids": f"{first},{second}", "allOrNone": "true"})
    assert (codes(reply), await count(client)) == (["ALL_OR_NONE_OPERATION_ROLLED_BACK", "ENTITY_IS_DELETED"], 1)


async def test_records_are_read_in_the_order_of_their_ids(client):
    first, second = await make(client, 2)
    reply = await client.post(f"{ROWS}/Lead", json={"ids": [second, "00QHr0000000099IAA", first], "fields": ["LastName"]})
    assert [each and each["LastName"] for each in reply.json()] == ["L1", None, "L0"]


async def test_records_are_read_by_get_too(client):
    (only,) = await make(client, 1)
    reply = await client.get(f"{ROWS}/Lead", params={"ids": only, "fields": "Id,LastName"})
    assert reply.json() == [{"attributes": {"type": "Lead", "url": f"{V}/sobjects/Lead/{only}"}, "Id": only, "LastName": "L0"}]


async def test_a_deleted_record_reads_as_null(client):
    (only,) = await make(client, 1)
    await client.delete(f"{V}/sobjects/Lead/{only}")
    assert (await client.get(f"{ROWS}/Lead", params={"ids": only, "fields": "Id"})).json() == [None]


async def test_reading_an_unknown_field_is_refused(client):
    reply = await client.post(f"{ROWS}/Lead", json={"ids": ["x"], "fields": ["Foo"]})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


async def test_reading_needs_ids_and_fields(client):
    assert (await client.post(f"{ROWS}/Lead", json={"ids": ["x"]})).status_code == 400


@pytest.fixture
async def keyed(client):
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "unique": True, "externalId": True})
    return client


async def test_an_upsert_says_what_it_created(keyed):
    await keyed.patch(f"{ROWS}/Lead/Key__c", json={"records": [lead(1, Key__c="a")]})
    reply = await keyed.patch(f"{ROWS}/Lead/Key__c", json={"records": [lead(1, Key__c="A"), lead(2, Key__c="b")]})
    assert [each["created"] for each in reply.json()] == [False, True]


async def test_a_key_given_twice_fails_every_row_that_has_it(keyed):
    rows = [lead(1, Key__c="a"), lead(2, Key__c="b"), lead(3, Key__c="A")]
    reply = await keyed.patch(f"{ROWS}/Lead/Key__c", json={"records": rows})
    assert [each["errors"] and each["errors"][0]["message"] for each in reply.json()] == [
        "Duplicate external id specified: a",
        [],
        "Duplicate external id specified: A",
    ]


async def test_an_upsert_row_without_its_key_fails(keyed):
    reply = await keyed.patch(f"{ROWS}/Lead/Key__c", json={"records": [lead(1)]})
    assert codes(reply) == ["MISSING_ARGUMENT"]


async def test_an_upsert_by_id_creates_where_the_id_is_null(client):
    (only,) = await make(client, 1)
    reply = await client.patch(f"{ROWS}/Lead/Id", json={"records": [lead(1, Id=None), {"attributes": {"type": "Lead"}, "Id": only}]})
    assert [each["created"] for each in reply.json()] == [True, False]


async def test_an_upsert_by_an_unknown_field_is_not_found(client):
    assert (await client.patch(f"{ROWS}/Lead/Foo", json={"records": []})).status_code == 404


async def test_an_e_mail_that_several_records_have_fails_an_upsert(client):
    await client.post(ROWS, json={"records": [lead(1, Email="a@x.example"), lead(2, Email="a@x.example")]})
    reply = await client.patch(f"{ROWS}/Lead/Email", json={"records": [lead(3, Email="a@x.example")]})
    assert codes(reply) == ["DUPLICATE_EXTERNAL_ID"]


async def test_one_collection_is_one_call(client, org):
    before = org.org.calls.used(org.org.clock.now())
    await make(client, 200)
    assert org.org.calls.used(org.org.clock.now()) == before + 1
