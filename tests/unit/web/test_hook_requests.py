import json

import pytest

from crosswalk.store import tables
from crosswalk.web.refusal_traces import STRANGERS_A_MINUTE

TOKEN = "hook-token-1"
HOOK = f"/hooks/webinars/{TOKEN}"


async def test_a_signed_webhook_is_kept_before_it_is_answered(client, signed, sample_bytes, rows):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    answer = await client.post(HOOK, content=body, headers=signed(body))
    assert (answer.status_code, [event.type for event in await rows(tables.event)]) == (200, ["people.registered"])


async def test_the_answer_counts_what_became_of_the_items(client, signed, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    answer = await client.post(HOOK, content=body, headers=signed(body))
    assert answer.json() == {"events": 1, "notices": 0, "repeats": 0, "invalid": 0}


async def test_a_redelivery_is_a_repeat(client, signed, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    await client.post(HOOK, content=body, headers=signed(body))
    answer = await client.post(HOOK, content=body, headers=signed(body))
    assert answer.json()["repeats"] == 1


async def test_the_end_of_a_session_is_kept_as_a_notice(client, signed, sample_bytes, rows):
    body = sample_bytes("livestorm/webhook_session_ended.json")
    await client.post(HOOK, content=body, headers=signed(body))
    assert [(notice.kind, notice.state) for notice in await rows(tables.notice)] == [("session.ended", "to_fetch")]


async def test_attendance_after_registration_is_news(client, signed, sample_bytes):
    receipts = []
    for name in ("registered", "attended"):
        body = sample_bytes(f"livestorm/webhook_people_{name}.json")
        receipts.append((await client.post(HOOK, content=body, headers=signed(body))).json()["events"])
    assert receipts == [1, 1]


async def test_a_bad_signature_is_401_with_a_stable_code(client):
    answer = await client.post(HOOK, content=b"{}", headers={"x-livestorm-signature": "1,2"})
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (
        401,
        "application/problem+json",
        "signature_mismatch",
    )


async def test_a_bad_signature_leaves_a_trace_with_its_source(client, rows):
    await client.post(HOOK, content=b"{}", headers={"x-livestorm-signature": "1,2"})
    assert [(trace.source_id, trace.code, trace.status) for trace in await rows(tables.refusal)] == [("ls", "signature_mismatch", 401)]


async def test_a_refusal_counts_as_rejected(client, rows):
    await client.post(HOOK, content=b"{}", headers={"x-livestorm-signature": "1,2"})
    assert [(count.received, count.rejected) for count in await rows(tables.received_count)] == [(1, 1)]


async def test_nothing_is_kept_of_an_unproven_body(client, rows):
    await client.post(HOOK, content=b'{"data": {"id": "x"}}', headers={"x-livestorm-signature": "1,2"})
    assert await rows(tables.event) == []


async def test_an_unknown_token_is_404(client, signed):
    answer = await client.post("/hooks/webinars/other", content=b"{}", headers=signed(b"{}"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_hook")


async def test_strangers_cannot_fill_the_database(client, rows):
    for _ in range(STRANGERS_A_MINUTE + 5):
        await client.post("/hooks/webinars/other", content=b"{}")
    assert len(await rows(tables.refusal)) == STRANGERS_A_MINUTE


async def test_a_source_that_is_off_is_404(client, signed, switched_off):
    answer = await client.post(HOOK, content=b"{}", headers=signed(b"{}"))
    assert (answer.status_code, answer.json()["code"]) == (404, "source_off")


async def test_only_post_is_taken(client):
    assert (await client.get(HOOK)).status_code == 405


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_the_content_type_does_not_matter(content_type, client, signed, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    answer = await client.post(HOOK, content=body, headers={**signed(body), "content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\x00\x01", 400, "invalid_json"),
        (b'"text"', 400, "not_an_object"),
        (b"[" * 50_000, 400, "too_deep"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 400, "too_deep"),
        (b" " * 5_000_000, 413, "body_too_large"),
    ],
)
async def test_a_malformed_body_is_refused_with_its_code(body, status, code, client, signed):
    answer = await client.post(HOOK, content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"data": 7}', b'{"data": {"id": "\\ud800\\u0000", "meta": {"webhook": {"event": "people.attended"}}}}']
)
async def test_a_record_that_cannot_be_used_is_kept_as_invalid(body, client, signed, rows):
    answer = await client.post(HOOK, content=body, headers=signed(body))
    assert (answer.json()["invalid"], [event.status for event in await rows(tables.event)]) == (1, ["invalid"])


async def test_names_with_poison_are_kept_clean(client, signed, sample_bytes, rows, vault):
    body = sample_bytes("livestorm/webhook_people_registered.json").replace("Inès".encode(), b"In\\u0000\\ud800s")
    await client.post(HOOK, content=body, headers=signed(body))
    (event,) = await rows(tables.event)
    assert json.loads(vault.open(event.payload_ct))["data"]["attributes"]["first_name"] == "In\ufffds"


async def test_neither_token_nor_secret_nor_body_is_logged(client, signed, sample_bytes, log):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    await client.post(HOOK, content=body, headers=signed(body))
    await client.post(HOOK, content=body, headers={"x-livestorm-signature": "1,2"})
    await client.post("/hooks/webinars/secret-guess", content=body)
    await client.get(f"/nowhere/{TOKEN}")
    written = log()
    assert [word for word in (TOKEN, "signing-secret-1", "atelier-lumen", "secret-guess") if word in written] == []


async def test_the_route_is_logged_as_its_template(client, log):
    await client.post(HOOK, content=b"{}")
    assert '"route": "/hooks/{source}/{token}"' in log()
