import pytest

V = "/services/data/v60.0"


@pytest.fixture
async def many(client):
    leads = [{"LastName": f"L{number:04}", "Company": "Acme"} for number in range(450)]
    await client.post("/localorg/seed", json={"object": "Lead", "records": leads})
    return client


async def ask(client, soql, size=200, resource="query"):
    reply = await client.get(f"{V}/{resource}", params={"q": soql}, headers={"Sforce-Query-Options": f"batchSize={size}"})
    return reply.json()


async def test_an_answer_comes_in_pages(many):
    page = await ask(many, "SELECT LastName FROM Lead ORDER BY Id")
    names = [each["LastName"] for each in page["records"]]
    sizes = [len(page["records"])]
    while not page["done"]:
        page = (await many.get(page["nextRecordsUrl"])).json()
        names += [each["LastName"] for each in page["records"]]
        sizes.append(len(page["records"]))
    assert (sizes, page["totalSize"], names) == ([200, 200, 50], 450, [f"L{number:04}" for number in range(450)])


async def test_the_locator_is_the_last_part_of_the_address(many):
    page = await ask(many, "SELECT Id FROM Lead")
    locator = page["nextRecordsUrl"].rpartition("/")[2]
    assert (locator[:3], locator.endswith("-200")) == ("01g", True)


async def test_a_page_has_at_least_200_records(many):
    assert len((await ask(many, "SELECT Id FROM Lead", size=1))["records"]) == 200


async def test_a_page_has_at_most_2000_records(many):
    assert (await ask(many, "SELECT Id FROM Lead", size=99999))["done"] is True


async def test_every_page_is_a_call(many, org):
    page = await ask(many, "SELECT Id FROM Lead")
    await many.get(page["nextRecordsUrl"])
    assert org.org.calls.used(org.org.clock.now()) == 2


@pytest.mark.parametrize("locator", ["01gHr0000000009IAA-200", "x", "01g"])
async def test_an_unknown_locator_is_refused(client, locator):
    reply = await client.get(f"{V}/query/{locator}")
    assert reply.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


async def test_a_locator_lives_two_days(many, clock, org):
    page = await ask(many, "SELECT Id FROM Lead")
    clock.advance(2 * 86400 + 1)
    reply = await many.get(page["nextRecordsUrl"], headers={"Authorization": f"Bearer {org.token}"})
    assert reply.status_code == 400


async def test_a_query_without_a_statement_is_malformed(client):
    assert (await client.get(f"{V}/query")).json()[0]["errorCode"] == "MALFORMED_QUERY"


async def test_deleted_records_are_in_query_all_only(many):
    lead = (await ask(many, "SELECT Id FROM Lead LIMIT 1"))["records"][0]["Id"]
    await many.delete(f"{V}/sobjects/Lead/{lead}")
    soql = "SELECT count() FROM Lead"
    assert [(await ask(many, soql))["totalSize"], (await ask(many, soql, resource="queryAll"))["totalSize"]] == [449, 450]


async def test_addresses_of_records_have_the_version_of_the_call(many):
    reply = await many.get("/services/data/v55.0/query", params={"q": "SELECT Id FROM Lead LIMIT 1"})
    assert reply.json()["records"][0]["attributes"]["url"].startswith("/services/data/v55.0/sobjects/Lead/00Q")
