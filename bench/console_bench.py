"""How fast pages of the console are answered with a million deliveries in the log, in process and without a network.

The rows are put straight into a SQLite file, spread over thirty days, with the outcomes of an ordinary month; two in a thousand are held.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from bench.figures import Figure
from sqlalchemy import insert

from crosswalk import runtime
from crosswalk.access import invitations
from crosswalk.access.sessions import Client
from crosswalk.inbox import identity
from crosswalk.inbox.identity import Kind
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.web.callers import SESSION_COOKIE

DELIVERIES = 1_000_000
_PEOPLE = 20_000
_DAYS = 30
_CHUNK = 5_000
_ASKED = 15
_SYNCS = 4
_SHARES = (("written", None, 780), ("unchanged", None, 160), ("skipped", "not_opted_in", 50), ("waiting", "no_campaign", 8))
_HELD = ("rejected", "lossy_value", "too_many")


async def measure(deliveries: int = DELIVERIES) -> list[Figure]:
    """Fill a database and ask each page a few times."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with runtime.opened(Settings(data_dir=folder / "data", key_file=folder / "keys.json", database_url="")) as parts:
            await _fill(parts, deliveries)
            app = parts.app()
            access = app.state.services.access
            token = await invitations.first_owner(access, "Noor Haddad", "noor@harbor.example", "correct horse battery", Client("", ""))
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://bench.example", cookies={SESSION_COOKIE: token}) as http:
                return [await _page(http, title, address) for title, address in await _addresses(http)]


async def _addresses(http: httpx2.AsyncClient) -> list[tuple[str, str]]:
    first = (await http.get("/api/deliveries")).json()["items"][0]["id"]
    await http.get("/?hours=720")  # the hours are counted once
    return [
        ("home, 24 hours", "/"),
        ("home, 30 days", "/?hours=720"),
        ("event log, 24 hours", "/event-log"),
        ("event log, any time", "/event-log?hours=0"),
        ("event log, held", "/event-log?hours=0&state=held"),
        ("event log, one person", "/event-log?find=person.7%40bench.example"),
        ("event log, a rare reason", "/event-log?hours=0&reason=too_many"),
        ("one delivery", f"/event-log/{first}"),
    ]


async def _page(http: httpx2.AsyncClient, title: str, address: str) -> Figure:
    seconds = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        answer = await http.get(address)
        seconds.append(time.perf_counter() - began)
        answer.raise_for_status()
    return Figure(f"page_ms_{title.replace(',', '').replace(' ', '_')}", f"page: {title}", statistics.median(seconds) * 1_000, "ms", "200")


class _Moments:
    """A clock that walks through the month, for ids."""

    def __init__(self, start: datetime, step: timedelta) -> None:
        self._at, self._step = start, step

    def now(self) -> datetime:
        return self._at

    def next(self) -> datetime:
        self._at += self._step
        return self._at


async def _fill(parts: Runtime, deliveries: int) -> None:
    vault, now = parts.engine.vault, datetime.now(UTC)
    moments = _Moments(now - timedelta(days=_DAYS), timedelta(days=_DAYS) / (deliveries + 1))
    ids, random = Ids(moments, Random(1)), Random(2)
    person, payload = vault.seal({"email": "ann@bench.example"}), vault.seal(b'{"messageId": "m"}')
    async with parts.database.write() as tx:
        await tx.execute(
            insert(tables.connection).values(id="conn", name="Harbor Supply", org="00D000000000001EAA", created_at=now, settings={})
        )
        await tx.execute(insert(tables.source).values(id="src", name="App", kind="rudderstack", settings={}, created_at=now))
        syncs = [
            {"id": f"sync{n}", "name": f"Sync {n}", "connection_id": "conn", "source_id": "src", "current_version": 0}
            for n in range(_SYNCS)
        ]
        await tx.execute(insert(tables.sync), syncs)
        lanes = [{"id": f"lane{n}", "org": "conn", "lane_key": f"key{n}"} for n in range(_PEOPLE)]
        await tx.execute(insert(tables.lane), lanes)
        known = [
            {
                "source_id": "src",
                "kind": Kind.EMAIL.value,
                "value_hmac": identity.value_hmac(vault, Kind.EMAIL, f"person.{n}@bench.example"),
                "lane_key": f"key{n}",
            }
            for n in range(_PEOPLE)
        ]
        await tx.execute(insert(tables.identity), known)
    rows = _rows(deliveries, moments, ids, random, person, payload)
    while part := [row for row, _ in zip(rows, range(_CHUNK), strict=False)]:
        async with parts.database.write() as tx:
            await tx.execute(insert(tables.event), [event for event, _, _ in part])
            await tx.execute(insert(tables.delivery), [delivery for _, delivery, _ in part])
            await tx.execute(insert(tables.step_outcome), [outcome for _, _, outcome in part])


def _rows(
    deliveries: int, moments: _Moments, ids: Ids, random: Random, person: bytes, payload: bytes
) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    for number in range(deliveries):
        at = moments.next()
        event_id, delivery_id = ids.new(), ids.new()
        state, reason = _outcome(random)
        event = {
            "id": event_id,
            "source_id": "src",
            "message_key": f"m:{number}",
            "message_id": str(number),
            "type": "identify",
            "occurred_at": at,
            "received_at": at,
            "status": "routed",
            "person_ct": person,
            "payload_ct": payload,
        }
        due = at + timedelta(days=60) if state == "waiting" else None
        delivery = {
            "id": delivery_id,
            "event_id": event_id,
            "sync_id": f"sync{number % _SYNCS}",
            "lane_id": f"lane{random.randrange(_PEOPLE)}",
            "occurred_at": at,
            "state": state,
            "reason": reason,
            "due_at": due,
            "deadline": due,
            "updated_at": at + timedelta(seconds=2),
        }
        outcome = {"delivery_id": delivery_id, "step": "person", "state": state, "reason": reason, "object": "Lead", "at": at}
        yield event, delivery, outcome


def _outcome(random: Random) -> tuple[str, str | None]:
    place = random.randrange(1_000)
    for state, reason, share in _SHARES:
        if place < share:
            return state, reason
        place -= share
    return "held", random.choice(_HELD)
