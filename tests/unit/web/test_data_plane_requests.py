import base64
import gzip
import json
import zlib

import pytest

from crosswalk.settings import Settings
from crosswalk.store import tables
from crosswalk.web.data_plane import CALLS

WRITE_KEY = "2AbCdEfGhIjKlMn"
IDENTIFY = {"userId": "u-1", "messageId": "m-1", "traits": {"email": "ann@x.example"}}
SINGLE = [call for call in CALLS if call not in ("batch", "import")]


async def test_an_identify_is_kept_before_it_is_answered(client, basic, rows):
    answer = await client.post("/v1/identify", json=IDENTIFY, headers=basic())
    assert (answer.status_code, answer.text, [event.message_id for event in await rows(tables.event)]) == (200, "ok", ["m-1"])


@pytest.mark.parametrize("call", SINGLE)
async def test_every_call_is_taken(call, client, basic, rows):
    await client.post(f"/v1/{call}", json=IDENTIFY, headers=basic())
    assert [event.type for event in await rows(tables.event)] == [call]


async def test_the_mixed_batch_is_kept_whole_and_unrouted_without_a_sync(client, basic, sample_bytes, rows):
    await client.post("/v1/batch", content=sample_bytes("rudderstack/batch_mixed.json"), headers=basic())
    assert [event.status for event in await rows(tables.event)] == ["unrouted"] * 8


async def test_the_same_message_twice_is_kept_once(client, basic, rows):
    for _ in range(2):
        await client.post("/v1/identify", json=IDENTIFY, headers=basic())
    assert len(await rows(tables.event)) == 1


@pytest.mark.parametrize("name", ["identify_node_sdk", "identify_python_sdk", "identify_segment_python"])
async def test_what_a_client_sends_is_taken_with_its_own_headers(name, client, basic, sample_bytes, rows):
    request = json.loads(sample_bytes(f"rudderstack/{name}.json"))["request"]
    body = json.dumps(request["body"]).encode()
    headers = {**request["headers"], **basic()}
    headers.pop("Authorization")
    content = gzip.compress(body, mtime=0) if headers.get("Content-Encoding") == "gzip" else body
    answer = await client.post(request["path"], content=content, headers=headers)
    assert (answer.status_code, len(await rows(tables.event))) == (200, 1)


async def test_the_write_key_is_in_no_stored_byte(client, basic, rows, vault):
    await client.post("/v1/identify", json={**IDENTIFY, "writeKey": WRITE_KEY}, headers=basic())
    (event,) = await rows(tables.event)
    assert WRITE_KEY.encode() not in vault.open(event.payload_ct)


# --- the order of checks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer abc"},
        {"authorization": "Basic"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b":pw").decode()},
        {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
    ],
)
async def test_a_missing_write_key_is_401(headers, client):
    answer = await client.post("/v1/identify", content=b"{", headers=headers)
    assert (answer.status_code, answer.text) == (401, "failed to read writekey from header")


async def test_an_unknown_key_with_a_bad_body_is_401(client, basic):
    answer = await client.post("/v1/identify", content=b"{", headers=basic("other"))
    assert (answer.status_code, answer.text) == (401, "invalid write key")


async def test_any_password_passes(client):
    headers = {"authorization": "Basic " + base64.b64encode(f"{WRITE_KEY}:whatever".encode()).decode()}
    assert (await client.post("/v1/identify", json=IDENTIFY, headers=headers)).status_code == 200


async def test_a_source_that_is_off_is_404(client, basic, switched_off):
    answer = await client.post("/v1/identify", content=b"{", headers=basic())
    assert (answer.status_code, answer.text) == (404, "source is disabled")


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/v1/identify", b"{", 400, "invalid json"),
        ("/v1/identify", b"", 400, "invalid json"),
        ("/v1/batch", b"{}", 400, "empty batch payload"),
        ("/v1/batch", b'{"batch": [1]}', 400, "event is not a valid rudder event"),
        ("/v1/identify", b"{}", 400, "request neither has anonymousId nor userId"),
        ("/v1/identify", b" " * 5_000_000, 413, "request size exceeds max limit"),
    ],
)
async def test_a_bad_body_gets_the_gateways_answer(path, body, status, text, client, basic):
    answer = await client.post(path, content=body, headers=basic())
    assert (answer.status_code, answer.text, answer.headers["content-type"].partition(";")[0]) == (status, text, "text/plain")


async def test_a_refusal_leaves_a_trace_without_the_key(client, basic, rows):
    await client.post("/v1/identify", content=b"{", headers=basic())
    assert [(trace.source_id, trace.code) for trace in await rows(tables.refusal)] == [("rs", "invalid_json")]


async def test_a_bad_item_among_good_ones_does_not_fail_the_batch(client, basic, rows):
    body = {"batch": [{"type": "track", "userId": "u"}, {"type": "track"}]}
    answer = await client.post("/v1/batch", json=body, headers=basic())
    assert (answer.status_code, sorted(event.status for event in await rows(tables.event))) == (200, ["invalid", "unrouted"])


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000", "\\ud83d\\ude00"])
async def test_poison_in_a_trait_is_taken(name, client, basic):
    answer = await client.post("/v1/identify", content=b'{"userId":"u","traits":{"name":"' + name.encode() + b'"}}', headers=basic())
    assert answer.status_code == 200


# --- size and compression -----------------------------------------------------------------------------------------------------------


async def test_a_gzip_bomb_is_refused(client, basic):
    bomb = gzip.compress(b" " * 200_000_000, mtime=0)
    answer = await client.post("/v1/batch", content=bomb, headers={**basic(), "content-encoding": "gzip"})
    assert (answer.status_code, answer.text) == (413, "request size exceeds max limit")


async def test_a_body_without_a_declared_length_is_cut_off(client, basic):
    taken = 0

    async def endless():
        nonlocal taken
        while taken < 100_000_000:
            taken += 65_536
            yield b" " * 65_536

    answer = await client.post("/v1/batch", content=endless(), headers=basic())
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "content", [b"not gzip", gzip.compress(b'{"userId":"u"}', mtime=0)[:-9], gzip.compress(b"{}", mtime=0) + b"more", zlib.compress(b"{}")]
)
async def test_a_broken_gzip_stream_is_500_so_that_it_is_sent_again(content, client, basic):
    answer = await client.post("/v1/identify", content=content, headers={**basic(), "content-encoding": "gzip"})
    assert (answer.status_code, answer.text) == (500, "failed to read body from request")


class TestSmallLimit:
    @pytest.fixture
    def settings(self):
        return Settings(commit_wait_ms=0, max_body_bytes=1_000)

    @pytest.mark.parametrize(("size", "status"), [(1_000, 200), (1_001, 413)])
    @pytest.mark.parametrize("encoding", [None, "gzip"])
    async def test_the_limit_is_exact_after_decompression(self, size, status, encoding, client, basic):
        body = b'{"userId":"u"}'
        body += b" " * (size - len(body))
        headers = basic() | ({"content-encoding": encoding} if encoding else {})
        answer = await client.post("/v1/identify", content=gzip.compress(body, mtime=0) if encoding else body, headers=headers)
        assert answer.status_code == status


# --- pages of other origins ---------------------------------------------------------------------------------------------------------


async def test_a_preflight_is_answered_for_every_origin(client):
    headers = {"origin": "https://shop.example", "access-control-request-method": "POST", "access-control-request-headers": "anonymousid"}
    answer = await client.options("/v1/batch", headers=headers)
    assert {
        name: answer.headers.get(f"access-control-{name}") for name in ("allow-origin", "allow-credentials", "allow-headers", "max-age")
    } == {
        "allow-origin": "https://shop.example",
        "allow-credentials": "true",
        "allow-headers": "anonymousid",
        "max-age": "900",
    }


@pytest.mark.parametrize("key", [WRITE_KEY, "other"])
async def test_answers_and_errors_alike_are_readable_across_origins(key, client, basic):
    answer = await client.post("/v1/identify", json=IDENTIFY, headers={**basic(key), "origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


async def test_hooks_are_not_open_to_other_origins(client):
    answer = await client.post("/hooks/webinars/x", content=b"{}", headers={"origin": "https://shop.example"})
    assert "access-control-allow-origin" not in answer.headers


# --- beacon and pixel ---------------------------------------------------------------------------------------------------------------


async def test_a_beacon_brings_its_key_in_the_address(client, rows):
    await client.post(f"/beacon/v1/batch?writeKey={WRITE_KEY}", json={"batch": [{"type": "track", "userId": "u"}]})
    assert len(await rows(tables.event)) == 1


async def test_a_beacon_without_a_key_is_401(client):
    answer = await client.post("/beacon/v1/batch", json={"batch": []})
    assert (answer.status_code, answer.text) == (401, "failed to read writekey from query params")


async def test_a_pixel_call_is_an_event(client, rows):
    await client.get("/pixel/v1/track", params={"writeKey": WRITE_KEY, "anonymousId": '"amp-9d2"', "event": "Newsletter Opened"})
    assert [event.type for event in await rows(tables.event)] == ["track"]


@pytest.mark.parametrize(
    "params", [{}, {"writeKey": "other"}, {"writeKey": WRITE_KEY}, {"writeKey": WRITE_KEY, "anonymousId": "a", "event": "e"}]
)
async def test_a_pixel_is_always_an_image(params, client):
    answer = await client.get("/pixel/v1/track", params=params)
    assert (answer.status_code, answer.headers["content-type"], answer.content[:3]) == (200, "image/gif", b"GIF")


async def test_a_refused_pixel_leaves_a_trace(client, rows):
    await client.get("/pixel/v1/track", params={"writeKey": WRITE_KEY, "anonymousId": "a"})
    assert [(trace.source_id, trace.code) for trace in await rows(tables.refusal)] == [("rs", "event_missing")]


async def test_no_key_in_an_address_is_logged(client, log):
    await client.get("/pixel/v1/track", params={"writeKey": WRITE_KEY})
    assert WRITE_KEY not in log()
