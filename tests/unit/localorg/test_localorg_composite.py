import pytest

V = "/services/data/v60.0"
BERG = {"LastName": "Berg", "Company": "Acme"}


def part(name, method, url, body=None, **more):
    return {"method": method, "url": V + url, "referenceId": name, **({"body": body} if body is not None else {}), **more}


async def run(client, *parts, all_or_none=False):
    body = {"allOrNone": all_or_none, "collateSubrequests": False, "compositeRequest": list(parts)}
    return await client.post(f"{V}/composite", json=body)


def answers(reply):
    return {each["referenceId"]: each for each in reply.json()["compositeResponse"]}


async def test_parts_are_answered_as_calls_of_their_own(client):
    found = answers(await run(client, part("a", "POST", "/sobjects/Lead", BERG), part("b", "GET", "/limits")))
    assert [found["a"]["httpStatusCode"], found["a"]["body"]["success"], found["b"]["httpStatusCode"]] == [201, True, 200]


async def test_a_create_tells_its_place_in_the_headers_of_its_part(client):
    found = answers(await run(client, part("a", "POST", "/sobjects/Lead", BERG)))["a"]
    assert found["httpHeaders"] == {"Location": f"{V}/sobjects/Lead/{found['body']['id']}"}


async def test_a_part_uses_the_answer_of_an_earlier_one(client):
    reply = await run(
        client,
        part("new", "POST", "/sobjects/Lead", BERG),
        part("find", "GET", "/query?q=SELECT+Id+FROM+Lead"),
        part("set", "PATCH", "/sobjects/Lead/@{new.id}", {"Title": "@{find.records[0].Id}"}),
    )
    lead = answers(reply)["new"]["body"]["id"]
    assert (await client.get(f"{V}/sobjects/Lead/{lead}")).json()["Title"] == lead


async def test_a_reference_may_stand_inside_text(client):
    reply = await run(
        client, part("new", "POST", "/sobjects/Lead", BERG), part("set", "PATCH", "/sobjects/Lead/@{new.id}", {"Title": "is @{new.id}!"})
    )
    lead = answers(reply)["new"]["body"]["id"]
    assert (await client.get(f"{V}/sobjects/Lead/{lead}")).json()["Title"] == f"is {lead}!"


async def test_a_reference_to_a_failed_part_is_halted(client):
    reply = await run(client, part("new", "POST", "/sobjects/Lead", {}), part("set", "PATCH", "/sobjects/Lead/@{new.id}", {}))
    found = answers(reply)["set"]
    assert (found["httpStatusCode"], found["body"]) == (
        400,
        [{"message": "Invalid reference specified. No value for new.id found in new", "errorCode": "PROCESSING_HALTED"}],
    )


async def test_a_failed_part_leaves_the_others(client):
    found = answers(await run(client, part("bad", "POST", "/sobjects/Lead", {}), part("good", "POST", "/sobjects/Lead", BERG)))
    assert [found["bad"]["httpStatusCode"], found["good"]["httpStatusCode"]] == [400, 201]


async def test_all_or_none_undoes_everything(client):
    reply = await run(client, part("good", "POST", "/sobjects/Lead", BERG), part("bad", "POST", "/sobjects/Lead", {}), all_or_none=True)
    found = answers(reply)
    left = (await client.get(f"{V}/query", params={"q": "SELECT count() FROM Lead"})).json()["totalSize"]
    assert [found["good"]["body"], found["bad"]["body"][0]["errorCode"], left] == [
        [
            {
                "errorCode": "PROCESSING_HALTED",
                "message": "The transaction was rolled back since another operation in the same transaction failed.",
            }
        ],
        "REQUIRED_FIELD_MISSING",
        0,
    ]


async def test_all_or_none_keeps_what_is_good_throughout(client):
    found = answers(await run(client, part("a", "POST", "/sobjects/Lead", BERG), all_or_none=True))
    assert (await client.get(f"{V}/sobjects/Lead/{found['a']['body']['id']}")).status_code == 200


async def test_rows_may_fail_in_a_collection_that_is_a_part(client):
    rows = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, **BERG}, {"attributes": {"type": "Lead"}}]}
    found = answers(await run(client, part("rows", "POST", "/composite/sobjects", rows)))["rows"]
    assert (found["httpStatusCode"], [each["success"] for each in found["body"]]) == (200, [True, False])


async def test_a_part_has_headers_of_its_own(client, clock):
    lead = (await client.post(f"{V}/sobjects/Lead", json=BERG)).json()["id"]
    clock.advance(60)
    await client.patch(f"{V}/sobjects/Lead/{lead}", json={"Phone": "1"})
    headers = {"If-Unmodified-Since": "Fri, 20 Nov 2026 10:00:30 GMT"}
    found = answers(await run(client, part("set", "PATCH", f"/sobjects/Lead/{lead}", {"Phone": "2"}, httpHeaders=headers)))
    assert found["set"]["httpStatusCode"] == 412


async def test_a_describe_in_a_part_may_be_not_modified(client):
    first = answers(await run(client, part("d", "GET", "/sobjects/Lead/describe")))["d"]
    since = {"If-Modified-Since": first["httpHeaders"]["Last-Modified"]}
    again = answers(await run(client, part("d", "GET", "/sobjects/Lead/describe", httpHeaders=since)))["d"]
    assert (again["httpStatusCode"], again["body"]) == (304, None)


async def test_a_composite_is_one_call(client, org):
    await run(client, *(part(f"a{each}", "GET", "/limits") for each in range(25)))
    assert org.org.calls.used(org.org.clock.now()) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [part(f"a{each}", "GET", "/limits") for each in range(26)],
        [part(f"a{each}", "GET", "/query?q=x") for each in range(3)]
        + [part(f"b{each}", "POST", "/composite/sobjects", {}) for each in range(3)],
        [part("a", "GET", "/limits"), part("a", "GET", "/limits")],
        [part("1a", "GET", "/limits")],
        [{"method": "GET", "url": f"{V}/limits"}],
        [],
        ["x"],
    ],
    ids=["26 parts", "6 heavy parts", "a name twice", "a bad name", "no name", "nothing", "not an object"],
)
async def test_a_composite_that_is_not_well_formed_is_refused(client, parts):
    assert (await run(client, *parts)).status_code == 400


async def test_five_heavy_parts_are_allowed(client):
    found = answers(await run(client, *(part(f"a{each}", "GET", "/query?q=SELECT+Id+FROM+Lead") for each in range(5))))
    assert [each["httpStatusCode"] for each in found.values()] == [200] * 5


async def test_a_composite_cannot_hold_a_composite(client):
    found = answers(await run(client, part("a", "POST", "/composite", {"compositeRequest": []})))
    assert found["a"]["httpStatusCode"] == 400
