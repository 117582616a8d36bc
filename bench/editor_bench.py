"""How fast the mapping editor is answered with 5,000 attributes, 800 fields and 300 mapped rows, in process and without a network.

The org is the practice org with custom fields added to Lead; the attributes are people attributes of a Livestorm workspace.
"""

import gc
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from bench.figures import Figure
from sqlalchemy import insert

from crosswalk import runtime
from crosswalk.access import invitations
from crosswalk.access.sessions import Client
from crosswalk.demo.practice import URL, PracticeOrg
from crosswalk.presets import loader
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.web.callers import SESSION_COOKIE

_ATTRIBUTES, _FIELDS, _ROWS = 5_000, 800, 300
_ASKED = 9
_CUSTOM = ({"type": "string", "length": 120}, {"type": "double", "precision": 9, "scale": 2}, {"type": "datetime"}, {"type": "url"})


async def measure() -> list[Figure]:
    """Make an org, a source and a sync of that size, and ask for what a page of the editor asks."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        practice = PracticeOrg(folder)
        settings = Settings(data_dir=folder / "data", key_file=folder / "keys.json", database_url="", allow_plain_http_orgs=True)
        async with runtime.opened(settings, practice=practice) as parts:
            await _widen(practice)
            await _configure(parts, practice)
            app = parts.app()
            token = await invitations.first_owner(
                app.state.services.access, "Noor Haddad", "noor@harbor.example", "correct horse battery", Client("", "")
            )
            headers = {"x-csrf-token": parts.engine.vault.hmac(f"csrf:{token}")}
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app), base_url="http://bench.example", cookies={SESSION_COOKIE: token}, headers=headers
            ) as http:
                found = await _measured(http)
        await practice.close()
    return found


async def _measured(http: httpx2.AsyncClient) -> list[Figure]:
    (await http.post("/api/sources/src/example")).raise_for_status()  # an event, so that each row shows what it would send
    options = "/api/syncs/sync/mapping/options?object=Lead"
    document = (await http.get("/api/syncs/sync/mapping")).json()["document"]
    known = (await http.get(options)).json()
    counted = (len(known["attributes"]), len(known["fields"]), len(document["steps"][0]["rows"]))
    if counted < (_ATTRIBUTES, _FIELDS, _ROWS):
        raise RuntimeError(f"the editor shows {counted} attributes, fields and rows")
    gc.freeze()  # as `serve` does once it has started
    asked: list[tuple[str, str, Callable[[], Awaitable[httpx2.Response]]]] = [
        ("page", "the page", lambda: http.get("/syncs/sync")),
        ("redraw", "drawn again after an edit", lambda: http.post("/syncs/sync/sheet", json={"document": document, "step": 0})),
        ("options", "what both pickers search in, read once a page", lambda: http.get(options)),
    ]
    return [await _figure(name, title, ask) for name, title, ask in asked]


async def _figure(name: str, title: str, ask: Callable[[], Awaitable[httpx2.Response]]) -> Figure:
    seconds = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        answer = await ask()
        seconds.append(time.perf_counter() - began)
        answer.raise_for_status()
    return Figure(
        f"editor_ms_{name}", f"mapping editor, 5,000 attributes, 800 fields: {title}", statistics.median(seconds) * 1_000, "ms", "200"
    )


async def _widen(practice: PracticeOrg) -> None:
    """Add fields to Lead until it has as many as are measured."""
    async with httpx2.AsyncClient(transport=practice.transport(), base_url=URL) as org:
        for number in range(_FIELDS):
            definition = {"object": "Lead", "name": f"Answer_{number}__c", "label": f"Answer {number}", **_CUSTOM[number % len(_CUSTOM)]}
            (await org.post("/localorg/fields", json=definition)).raise_for_status()


async def _configure(parts: Runtime, practice: PracticeOrg) -> None:
    now = datetime.now(UTC)
    own = len(registry.source("livestorm").catalogue({}))
    attributes = [{"slug": f"question_{number}", "name": f"Question {number}"} for number in range(_ATTRIBUTES - own)]
    login = {"login": "client_credentials", "login_url": URL, "client_id": practice.client_id, "zone": "UTC"}
    connection = {"id": "conn", "name": "Harbor Supply", "settings": login, "created_at": now}
    secret = parts.engine.vault.seal({"client_secret": practice.client_secret})
    source = {"id": "src", "name": "Webinars", "kind": "livestorm", "settings": {"people_attributes": attributes}, "created_at": now}
    sync = {"id": "sync", "name": "Wide", "connection_id": "conn", "source_id": "src", "current_version": 1}
    async with parts.database.write() as tx:
        await tx.execute(insert(tables.connection).values(**connection, secret_ct=secret))
        await tx.execute(insert(tables.source).values(**source, secret_ct=parts.engine.vault.seal({"signing_secret": "s"})))
        await tx.execute(insert(tables.sync).values(**sync))
        await tx.execute(insert(tables.mapping_version).values(sync_id="sync", version=1, document=_document(), author="bench", at=now))
    parts.engine.configuration.forget()


def _document() -> dict[str, Any]:
    document: dict[str, Any] = dict(loader.load("livestorm").document)
    lead, *others = document["steps"]
    wide = [{"field": f"Answer_{number}__c", "entry": {"attribute": f"question_{number}"}} for number in range(_ROWS)]
    return {**document, "steps": [{**lead, "rows": [*lead["rows"], *wide]}, *others]}
