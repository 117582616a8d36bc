"""Every secret of an installation, looked for as bytes wherever something is written down."""

from pathlib import Path

import pytest
import structlog
from sqlalchemy import update
from tests.world import identify, preset, registration

from crosswalk import workspace
from crosswalk.store import tables

PLANTED = {"signing_secret": "planted-signing-secret", "write_key": "planted-write-key", "api_token": "planted-api-token"}


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


async def written_down(here):
    """Return the database with its log, all that was logged while it worked, and what an export says."""
    with structlog.testing.capture_logs() as said:
        livestorm = await here.add_source("livestorm", secrets=PLANTED)
        rudderstack = await here.add_source("rudderstack", secrets=PLANTED)
        await here.add_sync(livestorm, preset("livestorm"))
        await here.add_sync(rudderstack, preset("rudderstack"))
        await here.deliver(livestorm, registration("ann@x.example", "p-1"))
        await here.drain()
        async with here.database.write() as tx:  # the org throws the token out: the next call renews it
            await tx.execute(update(tables.token).values(token_ct=None, version=tables.token.c.version + 1))
        await here.deliver(rudderstack, identify("ann@x.example", "m-1", lastName="Example") | {"writeKey": PLANTED["write_key"]})
        await here.drain()
    async with here.database.read() as tx:
        exported = await workspace.export(tx, here.vault)
    file = Path(here.database.url.database)
    stored = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    return {"store": stored, "log": str(said).encode(), "export": exported.encode()}


@pytest.mark.shows("BX-35", "P12")
async def test_no_secret_and_no_token_is_written_down_anywhere(here):
    places = await written_down(here)
    tokens = [here.vault.open(row["token_ct"])["access_token"] for row in await here.rows(tables.token)]
    secrets = [*PLANTED.values(), "localorg-secret", *tokens]
    assert (1, []) == (
        len(tokens),
        [(place, secret) for place, text in places.items() for secret in secrets if secret.encode() in text],
    )
