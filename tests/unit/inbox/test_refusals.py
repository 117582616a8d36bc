from crosswalk.errors import RequestRefused
from crosswalk.inbox import refusals
from crosswalk.store import tables


async def refuse(world, source_id):
    async with world.database.write() as tx:
        refused = RequestRefused("bad_signature", "The signature is wrong.", 401)
        await refusals.record(tx, refused, source_id, world.ids, world.clock.now())


async def test_a_refused_request_leaves_its_reason(world, clock):
    await refuse(world, "src-1")
    [row] = await world.rows(tables.refusal)
    assert (row.source_id, row.at, row.code, row.sentence, row.status) == (
        "src-1",
        clock.now(),
        "bad_signature",
        "The signature is wrong.",
        401,
    )


async def test_a_refused_request_counts_as_rejected(world):
    await refuse(world, "src-1")
    [row] = await world.rows(tables.received_count)
    assert (row.received, row.rejected) == (1, 1)


async def test_a_stranger_is_not_counted(world):
    await refuse(world, None)
    assert await world.count(tables.received_count) == 0
