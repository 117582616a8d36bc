from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from crosswalk.inbox import forgetting, retention
from crosswalk.inbox.receive import Receipt
from crosswalk.store import tables


async def end_all(world, state="written"):
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(state=state, due_at=None))


async def blank(world, before):
    async with world.database.write() as tx:
        await retention.blank_old_events(tx, "src-1", before)
        await retention.blank_old_notices(tx, "src-1", before)


async def contents(world):
    return [(row.payload_ct is None, row.person_ct is None) for row in await world.rows(tables.event)]


async def test_old_events_that_ended_lose_their_content(world, clock):
    await world.receive(world.event())
    await end_all(world)
    await blank(world, clock.now() + timedelta(seconds=1))
    assert await contents(world) == [(True, True)]


async def test_events_that_still_wait_keep_their_content(world, clock):
    await world.receive(world.event())
    await blank(world, clock.now() + timedelta(seconds=1))
    assert await contents(world) == [(False, False)]


async def test_younger_events_keep_their_content(world, clock):
    await world.receive(world.event())
    await end_all(world)
    await blank(world, clock.now())
    assert await contents(world) == [(False, False)]


async def test_a_blanked_event_is_still_known_as_a_repeat(world, clock):
    await world.receive(world.event(message_id="m"), world.fact("e", rate=1))
    await end_all(world)
    await blank(world, clock.now() + timedelta(seconds=1))
    assert await world.receive(world.event(message_id="m"), world.fact("e", rate=1)) == Receipt(repeats=2)


async def test_only_fetched_notices_lose_their_content(world, clock):
    await world.receive(notices=[world.notice("a"), world.notice("b")])
    async with world.database.write() as tx:
        await tx.execute(update(tables.notice).where(tables.notice.c.message_key == "a").values(state="done"))
    await blank(world, clock.now() + timedelta(seconds=1))
    assert {row.message_key: row.payload_ct is None for row in await world.rows(tables.notice)} == {"a": True, "b": False}


async def change(world, state, delivery_id="d"):
    row = {
        "id": world.ids.new(),
        "org": "00D",
        "turn_id": "t",
        "object": "Lead",
        "operation": "insert",
        "state": state,
        "body_ct": world.vault.seal({"Email": "ann@x.example"}),
        "before_ct": world.vault.seal({}),
        "key_hmac": "k",
        "keyed": True,
        "lease_id": "l",
        "planned_at": world.clock.now(),
    }
    involved = {"change_id": row["id"], "delivery_id": delivery_id, "step": "person", "mapping_version": 1}
    async with world.database.write() as tx:
        await tx.execute(insert(tables.change), [row])
        await tx.execute(insert(tables.change_delivery), [involved])
    return row["id"]


@pytest.mark.parametrize(("state", "is_blank"), [("known", True), ("void", True), ("sent", False), ("planned", False)])
async def test_before_images_of_changes_that_ended_are_blanked(world, clock, state, is_blank):
    await change(world, state)
    async with world.database.write() as tx:
        await retention.blank_old_changes(tx, clock.now() + timedelta(seconds=1))
    [row] = await world.rows(tables.change)
    assert (row.body_ct is None, row.before_ct is None) == (is_blank, is_blank)


async def forget(world, **person):
    return await forgetting.forget(world.database, world.vault, person, (), world.clock.now())


@pytest.mark.shows("BX-47")
async def test_nothing_of_a_forgotten_person_can_be_found(world):
    await world.receive(world.event(person={"email": "Ann@x.example", "user_id": "7"}), world.event(person={"email": "bob@x.example"}))
    await end_all(world)
    [first, _] = await world.rows(tables.delivery)
    await change(world, "known", first.id)
    done = await forget(world, email="ann@x.example")
    again = await forget(world, email="ann@x.example")
    assert (done, again) == (
        forgetting.Forgotten(events=1, changes=1, identities=2, deliveries=(first.id,)),
        forgetting.Forgotten(),
    )


async def test_others_keep_what_is_theirs(world):
    await world.receive(world.event(person={"email": "ann@x.example"}), world.event(person={"email": "bob@x.example"}))
    await forget(world, email="ann@x.example")
    assert await contents(world) == [(True, True), (False, False)]


async def test_a_forgotten_person_does_not_come_back(world):
    await world.receive(world.event(person={"email": "ann@x.example"}))
    await forget(world, email="ann@x.example")
    assert await world.receive(world.event(person={"email": "ANN@x.example"})) == Receipt(invalid=1)


async def test_what_waits_for_a_forgotten_person_ends(world):
    await world.receive(world.event(person={"email": "ann@x.example"}))
    await forget(world, email="ann@x.example")
    assert [(row.state, row.detail) for row in await world.rows(tables.delivery)] == [("skipped", "The person asked to be forgotten.")]


async def test_a_write_that_has_not_settled_is_told(world):
    await world.receive(world.event(person={"email": "ann@x.example"}))
    [delivery] = await world.rows(tables.delivery)
    await change(world, "sent", delivery.id)
    assert (await forget(world, email="ann@x.example")).unsettled == 1
