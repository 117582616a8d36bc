import pytest
from typer.testing import CliRunner

from localorg.cli import app


@pytest.fixture
async def contact(client):
    account = (await client.post("/localorg/seed", json={"object": "Account", "records": [{"Name": "Acme"}]})).json()["ids"][0]
    body = {"object": "Contact", "records": [{"LastName": "<b>Berg</b>", "AccountId": account}]}
    return (await client.post("/localorg/seed", json=body)).json()["ids"][0]


async def test_the_first_page_counts_records(client, contact):
    page = (await client.get("/localorg/")).text
    assert '<a href="/localorg/objects/Contact">Contact</a>' in page


async def test_the_page_of_an_object_links_its_records(client, contact):
    assert f'<a href="/localorg/records/{contact}">' in (await client.get("/localorg/objects/contact")).text


async def test_values_are_escaped(client, contact):
    page = (await client.get(f"/localorg/records/{contact}")).text
    assert ("<b>Berg" in page, "&lt;b&gt;Berg" in page) == (False, True)


async def test_a_record_links_the_records_it_refers_to(client, contact):
    assert '<a href="/localorg/records/001Hr0000000001IAA">' in (await client.get(f"/localorg/records/{contact}")).text


async def test_a_record_lists_its_children(client, contact):
    assert contact in (await client.get("/localorg/records/001Hr0000000001IAA")).text


async def test_long_lists_come_in_pages(client):
    body = {"object": "Lead", "records": [{"LastName": f"L{number}"} for number in range(101)]}
    await client.post("/localorg/seed", json=body)
    first, second = [(await client.get("/localorg/objects/Lead", params={"start": start})).text for start in ("0", "100")]
    assert ["?start=100" in first, "?start=" in second, "L100" in second] == [True, False, True]


async def test_the_page_of_calls_shows_the_last_one(client):
    await client.get("/services/data/v60.0/limits")
    assert "/services/data/v60.0/limits" in (await client.get("/localorg/activity")).text


@pytest.mark.parametrize("path", ["/localorg/objects/Nothing", "/localorg/records/xyz", "/localorg/records/00QHr0000000009IAA"])
async def test_what_is_not_there_is_a_page_that_says_so(client, path):
    reply = await client.get(path)
    assert (reply.status_code, "Not found" in reply.text) == (404, True)


def test_the_command_explains_its_options():
    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert [each in shown.output for each in ("--port", "--data", "--access-token", "--latency-ms", "--max-request-seconds")] == [True] * 5
