from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"


async def test_every_answer_tells_the_calls_used(client):
    first = await client.get(f"{V}/limits")
    second = await client.get(f"{V}/limits")
    assert [first.headers["Sforce-Limit-Info"], second.headers["Sforce-Limit-Info"]] == ["api-usage=1/15000", "api-usage=2/15000"]


async def test_limits_tell_what_is_left(client):
    assert (await client.get(f"{V}/limits")).json()["DailyApiRequests"] == {"Max": 15000, "Remaining": 14999}


async def test_the_allowance_rolls_over_a_day(client, clock, org):
    await client.get(f"{V}/limits")
    clock.advance(86400)
    reply = await client.get(f"{V}/limits", headers={"Authorization": f"Bearer {org.token}"})
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=1/15000"


async def test_calls_of_others_count(client):
    await client.post("/localorg/calls", json={"calls": 100})
    assert (await client.get(f"{V}/limits")).headers["Sforce-Limit-Info"] == "api-usage=101/15000"


async def test_a_spent_allowance_refuses_calls(client):
    await client.post("/localorg/calls", json={"calls": 15000})
    reply = await client.get(f"{V}/limits")
    assert (reply.status_code, reply.json()) == (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])


async def test_a_call_that_is_refused_for_its_session_does_not_count(client):
    await client.get(f"{V}/limits", headers={"Authorization": "Bearer x"})
    assert (await client.get(f"{V}/limits")).headers["Sforce-Limit-Info"] == "api-usage=1/15000"


async def test_the_figure_may_lag_behind_the_truth(clock):
    org = LocalOrg(OrgSettings(limit_info_lag_seconds=60), clock)
    async with org.client() as client:
        first = await client.get(f"{V}/limits")
        clock.advance(60)
        second = await client.get(f"{V}/limits")
    await org.close()
    assert [first.headers["Sforce-Limit-Info"], second.headers["Sforce-Limit-Info"]] == ["api-usage=0/15000", "api-usage=1/15000"]


async def test_the_org_lists_its_calls(client, org):
    await client.post(f"{V}/sobjects/Lead", json={})
    found = (await client.get("/localorg/calls")).json()
    call = found["calls"][0]
    assert [found["total"], found["by_kind"], call["method"], call["status"], call["path"], call["used"]] == [
        1,
        {"sobject:POST:Lead": 1},
        "POST",
        400,
        f"{V}/sobjects/Lead",
        1,
    ]


async def test_the_list_of_calls_can_be_cleared(client):
    await client.get(f"{V}/limits")
    await client.request("DELETE", "/localorg/calls")
    found = (await client.get("/localorg/calls")).json()
    assert [found["total"], found["used"]] == [0, 0]
