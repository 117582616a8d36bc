import pytest

V = "/services/data/v60.0"
ANN = {"LastName": "Berg", "Company": "Acme"}


async def count(client, name="Lead"):
    return (await client.get(f"{V}/query", params={"q": f"SELECT count() FROM {name}"})).json()["totalSize"]


async def batch(client, *parts, **options):
    return (await client.post(f"{V}/composite/batch", json={"batchRequests": list(parts), **options})).json()


def insert(**fields):
    return {"method": "POST", "url": "v60.0/sobjects/Lead", "richInput": {**ANN, **fields}}


BAD = {"method": "POST", "url": "v60.0/sobjects/Lead", "richInput": {}}


async def test_a_batch_answers_every_call(client):
    body = await batch(client, insert(), {"method": "GET", "url": "v60.0/limits"}, BAD)
    assert ([each["statusCode"] for each in body["results"]], body["hasErrors"]) == ([201, 200, 400], True)


async def test_a_batch_goes_on_after_a_failure(client):
    await batch(client, BAD, insert())
    assert await count(client) == 1


async def test_a_batch_halts_when_told_to(client):
    body = await batch(client, BAD, insert(), haltOnError=True)
    assert [(each["statusCode"], each["result"][0]["errorCode"]) for each in body["results"]] == [
        (400, "REQUIRED_FIELD_MISSING"),
        (412, "BATCH_PROCESSING_HALTED"),
    ]


async def test_every_call_of_a_batch_counts(client):
    before = (await client.get("/localorg/calls")).json()["used"]
    await batch(client, insert(), insert(), insert())
    assert (await client.get("/localorg/calls")).json()["used"] - before == 3


async def test_a_batch_may_give_whole_paths(client):
    body = await batch(client, {"method": "GET", "url": "/services/data/v60.0/limits"})
    assert body["results"][0]["statusCode"] == 200


async def test_a_version_the_org_lacks_is_not_found_in_a_batch(client):
    assert (await batch(client, {"method": "GET", "url": "v99.0/limits"}))["results"][0]["statusCode"] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"batchRequests": []},
        {"batchRequests": [{}]},
        {"batchRequests": [{"method": "GET", "url": "x"}]},
        {"batchRequests": [BAD] * 26},
    ],
)
async def test_a_batch_that_is_not_well_formed_is_refused(client, body):
    reply = await client.post(f"{V}/composite/batch", json=body)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_REQUEST")


def node(reference, type_="Account", **fields):
    return {"attributes": {"type": type_, "referenceId": reference}, **fields}


async def plant(client, *records, object_name="Account"):
    return await client.post(f"{V}/composite/tree/{object_name}", json={"records": list(records)})


async def test_a_tree_is_created_with_its_children(client):
    children = {"records": [node("c1", "Contact", LastName="Berg"), node("c2", "Contact", LastName="Holt")]}
    reply = await plant(client, node("a1", Name="Acme", Contacts=children))
    found = (await client.get(f"{V}/query", params={"q": "SELECT Account.Name FROM Contact"})).json()["records"]
    assert (reply.status_code, [each["referenceId"] for each in reply.json()["results"]], [each["Account"]["Name"] for each in found]) == (
        201,
        ["a1", "c1", "c2"],
        ["Acme", "Acme"],
    )


async def test_one_bad_record_fells_the_whole_tree(client):
    reply = await plant(client, node("a1", Name="Acme"), node("a2", Contacts={"records": [node("c1", "Contact", LastName="B")]}))
    assert (reply.status_code, reply.json()["results"], await count(client, "Account")) == (
        400,
        [
            {
                "referenceId": "a2",
                "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]", "fields": ["Name"]}],
            }
        ],
        0,
    )


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([node("a1", "Contact", LastName="B")], "INVALID_TYPE"),
        ([node("a1", Name="A", Nothing={"records": [node("c1", "Contact", LastName="B")]})], "INVALID_FIELD"),
    ],
)
async def test_a_record_that_does_not_belong_fells_the_tree(client, records, code):
    assert (await plant(client, *records)).json()["results"][0]["errors"][0]["statusCode"] == code


def deep(levels):
    return {"records": [node(f"r{levels}", Name="x", **({"ChildAccounts": deep(levels - 1)} if levels > 1 else {}))]}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"records": []},
        {"records": [{"Name": "x"}]},
        {"records": [node("a"), node("a")]},
        {"records": [node(f"a{number}") for number in range(201)]},
        {"records": [node(f"a{number}", f"T{number}") for number in range(6)]},
        deep(6),
    ],
)
async def test_a_tree_that_is_not_well_formed_is_refused(client, body):
    reply = await client.post(f"{V}/composite/tree/Account", json=body)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_REQUEST")


def step(reference, name="Account", **fields):
    return {"method": "POST", "url": f"{V}/sobjects/{name}", "referenceId": reference, "body": fields}


async def graphs(client, *given):
    reply = await client.post(f"{V}/composite/graph", json={"graphs": list(given)})
    return reply.status_code, reply.json()


async def test_a_graph_refers_to_its_own_nodes(client):
    parts = [step("a", Name="Acme"), step("c", "Contact", LastName="Berg", AccountId="@{a.id}")]
    _, body = await graphs(client, {"graphId": "1", "compositeRequest": parts})
    found = (await client.get(f"{V}/query", params={"q": "SELECT Account.Name FROM Contact"})).json()["records"]
    assert (body["graphs"][0]["isSuccessful"], found[0]["Account"]["Name"]) == (True, "Acme")


async def test_a_graph_that_fails_leaves_the_others(client):
    good, bad = (
        {"graphId": "g", "compositeRequest": [step("a", Name="A")]},
        {"graphId": "b", "compositeRequest": [step("a", Name="B"), step("x")]},
    )
    _, body = await graphs(client, bad, good)
    codes = [part["body"][0]["errorCode"] for part in body["graphs"][0]["graphResponse"]["compositeResponse"]]
    assert (codes, body["graphs"][1]["isSuccessful"], await count(client, "Account")) == (
        ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"],
        True,
        1,
    )


async def test_after_fourteen_failed_graphs_the_rest_is_halted(client):
    bad = [{"graphId": f"b{number}", "compositeRequest": [step("x")]} for number in range(14)]
    _, body = await graphs(client, *bad, {"graphId": "last", "compositeRequest": [step("a", Name="A")]})
    assert body["graphs"][-1]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def chain(length):
    return [step("n0", Name="0"), *(step(f"n{i}", Name=f"{i}", ParentId=f"@{{n{i - 1}.id}}") for i in range(1, length))]


@pytest.mark.parametrize(
    "given",
    [
        [],
        [{}],
        [{"graphId": "-x", "compositeRequest": [step("a", Name="A")]}],
        [{"graphId": "1", "compositeRequest": []}],
        [{"graphId": "1", "compositeRequest": [step("a")]}] * 2,
        [{"graphId": "1", "compositeRequest": [{"method": "GET", "url": f"{V}/limits", "referenceId": "a"}]}],
        [{"graphId": "1", "compositeRequest": [{"method": "GET", "url": "nowhere", "referenceId": "a"}]}],
        [{"graphId": "1", "compositeRequest": [step(f"a{number}", Name="A") for number in range(501)]}],
        [{"graphId": f"g{number}", "compositeRequest": [step("a", Name="A")]} for number in range(76)],
        [{"graphId": "1", "compositeRequest": [step(f"a{number}", f"T{number}") for number in range(16)]}],
        [{"graphId": "1", "compositeRequest": chain(16)}],
    ],
)
async def test_graphs_that_are_not_well_formed_are_refused(client, given):
    status, body = await graphs(client, *given)
    assert (status, body[0]["errorCode"]) == (400, "INVALID_REQUEST")


@pytest.fixture
async def people(client):
    for first, last, email in (
        ("Ann", "Berg", "ann@acme.example"),
        ("Bo", "Bergman", "bo@north.example"),
        ("Cy", "Holt", "cy@acme.example"),
    ):
        await client.post(f"{V}/sobjects/Contact", json={"FirstName": first, "LastName": last, "Email": email})
    await client.post(f"{V}/sobjects/Lead", json={**ANN, "Title": "Chief of Acme"})
    return client


async def find(client, text, version=60):
    return (await client.get(f"/services/data/v{version}.0/search", params={"q": text})).json()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("FIND {Berg} IN ALL FIELDS RETURNING Contact(LastName)", ["Berg"]),
        ("FIND {berg*} RETURNING Contact(LastName)", ["Berg", "Bergman"]),
        ("FIND {B?rg} RETURNING Contact(LastName)", ["Berg"]),
        ("FIND {Berg OR Holt} RETURNING Contact(LastName ORDER BY LastName DESC)", ["Holt", "Berg"]),
        ("FIND {acme AND NOT Holt} RETURNING Contact(LastName)", ["Berg"]),
        ('FIND {"Ann Berg"} IN NAME FIELDS RETURNING Contact(LastName)', ["Berg"]),
        ("FIND {acme} IN EMAIL FIELDS RETURNING Contact(LastName WHERE FirstName = 'Cy')", ["Holt"]),
        ("FIND {acme} IN NAME FIELDS RETURNING Contact(LastName)", []),
        ("FIND {acme} RETURNING Contact(LastName LIMIT 1)", ["Berg"]),
        (r"FIND {ann\@acme.example} RETURNING Contact(LastName)", ["Berg"]),
    ],
)
async def test_words_are_found_where_they_are_looked_for(people, text, names):
    assert [each["LastName"] for each in (await find(people, text))["searchRecords"]] == names


async def test_a_search_goes_over_several_objects(people):
    found = await find(people, "FIND {acme} RETURNING Contact, Lead(Id, Company) LIMIT 10")
    assert [each["attributes"]["type"] for each in found["searchRecords"]] == ["Contact", "Contact", "Lead"]


async def test_a_search_without_objects_looks_everywhere(people):
    found = await find(people, "FIND {Berg}")
    assert {each["attributes"]["type"] for each in found["searchRecords"]} == {"Contact", "Lead"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FIND Berg",
        "FIND {B}",
        "FIND {Berg} RETURNING",
        "FIND {Berg} RETURNING Contact(Id",
        "FIND {Berg} magic",
        "FIND {Berg} RETURNING Contact magic",
    ],
)
async def test_a_search_that_does_not_read_is_refused(people, text):
    assert (await find(people, text))[0]["errorCode"] == "MALFORMED_SEARCH"


async def test_a_search_in_an_unknown_object_is_refused(people):
    assert (await find(people, "FIND {Berg} RETURNING Nothing"))[0]["errorCode"] == "INVALID_TYPE"


async def test_a_search_may_be_given_as_json(people):
    given = {"q": "acme", "fields": ["LastName"], "sobjects": [{"name": "Contact", "limit": 1}], "in": "EMAIL"}
    body = (await people.post(f"{V}/parameterizedSearch", json=given)).json()
    assert [each["LastName"] for each in body["searchRecords"]] == ["Berg"]


async def test_a_search_may_be_given_as_parameters(people):
    params = {"q": "acme", "sobject": "Contact,Lead", "Contact.fields": "LastName", "Lead.limit": "0", "overallLimit": "1"}
    body = (await people.get(f"{V}/parameterizedSearch", params=params)).json()
    assert [each["LastName"] for each in body["searchRecords"]] == ["Berg"]


@pytest.mark.parametrize(
    "given", [{}, [], {"q": "acme", "sobjects": "Contact"}, {"q": "acme", "fields": "Id", "sobjects": [{"name": "Contact"}]}]
)
async def test_parameters_that_make_no_search_are_refused(people, given):
    assert (await people.post(f"{V}/parameterizedSearch", json=given)).json()[0]["errorCode"] == "MALFORMED_SEARCH"
