"""Content whose key is lost stops nobody but itself, and says so."""

import pytest
from sqlalchemy import select, update
from tests.world import identify, preset

from crosswalk.inbox import expand
from crosswalk.model import Accepted, Notice
from crosswalk.store import tables
from crosswalk.store.vault import Vault

STRANGE = Vault.in_memory("a key nobody has any more")


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def lost(here):
    """One delivery whose event cannot be opened, and one of somebody else."""
    source = await here.add_source("rudderstack")
    await here.add_sync(source, preset("rudderstack"))
    await here.deliver(source, identify("ann@x.example", "m-1", lastName="Example"))
    await here.deliver(source, identify("bob@x.example", "m-2", lastName="Example"))
    async with here.database.write() as tx:
        sealed = {"payload_ct": STRANGE.seal(b"{}"), "person_ct": STRANGE.seal({})}
        await tx.execute(update(tables.event).where(tables.event.c.message_id == "m-1").values(sealed))
    return source


@pytest.mark.shows("P10")
async def test_an_event_that_cannot_be_opened_is_held_alone(here, lost):
    await here.drain()
    assert {"held(unreadable)": 1, "written": 1} == await here.states()


async def test_the_held_delivery_says_that_its_key_is_missing(here, lost):
    await here.drain()
    async with here.database.read() as tx:
        detail = await tx.scalar(select(tables.delivery.c.detail).where(tables.delivery.c.state == "held"))
    assert "the key file does not hold" in detail


async def test_a_sent_write_that_cannot_be_opened_holds_its_delivery_alone(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, preset("rudderstack"))
    await here.deliver(source, identify("ann@x.example", "m-1", lastName="Example"))
    assert await here.crash("K6")
    async with here.database.write() as tx:
        await tx.execute(update(tables.change).values(body_ct=STRANGE.seal({})))
    await here.deliver(source, identify("bob@x.example", "m-2", lastName="Example"))
    await here.drain()
    assert {"held(unreadable)": 1, "written": 1} == await here.states()


async def test_a_notice_that_cannot_be_opened_is_held(here):
    source_id = await here.add_source("livechat", secrets={"secret": "s"})
    source = (await here.configuration.current()).sources[source_id]
    notice = Notice(here.ids.new(), source_id, "chat", "n-1", {}, here.clock.now())
    await here.receiver.receive(source, Accepted(notices=(notice,)), fingerprint=dict)
    async with here.database.write() as tx:
        await tx.execute(update(tables.notice).values(payload_ct=STRANGE.seal({})))
        await expand.due_notices(tx, here.vault, 10, here.clock.now())
    assert ["held"] == [row["state"] for row in await here.rows(tables.notice)]
