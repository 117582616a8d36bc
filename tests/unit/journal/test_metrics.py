import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from crosswalk.errors import RequestRefused
from crosswalk.inbox import refusals
from crosswalk.journal import metrics
from crosswalk.store import tables


async def figures(world):
    async with world.database.read() as tx:
        samples = await metrics.read(tx, world.clock.now())
    return {(sample.name.value, *sample.labels): sample.value for sample in samples}


async def test_what_was_received_and_delivered_is_counted(world):
    await world.receive(world.event(), world.event(type="x"), notices=[world.notice("n")])
    found = await figures(world)
    assert (
        found["crosswalk_received", "webinars 1", "events"],
        found["crosswalk_deliveries", "waiting", "queued"],
        found["crosswalk_notices_to_fetch", "webinars 1"],
    ) == (2, 1, 1)


async def test_waiting_work_shows_its_age(world, clock):
    await world.receive(world.event())
    clock.advance(90)
    found = await figures(world)
    assert (found["crosswalk_lanes_due", "org 1"], found["crosswalk_oldest_due_seconds", "org 1"]) == (1, 90)


async def test_calls_and_records_are_counted(world, history):
    await history.call("lookup")
    await history.change("update")
    async with world.database.write() as tx:
        await tx.execute(update(tables.connection).values(used_seen=123, limit_max=15_000))
        await refusals.record(tx, RequestRefused("bad", "Bad.", 400), None, world.ids, world.clock.now())
    found = await figures(world)
    assert [
        found["crosswalk_api_calls", "org 1", "lookup"],
        found["crosswalk_records_written", "Lead", "update"],
        found["crosswalk_api_calls_used", "org 1"],
        found["crosswalk_api_calls_limit", "org 1"],
        found["crosswalk_refusals", "bad"],
    ] == [1, 1, 123, 15_000, 1]


@pytest.mark.shows("BX-38")
async def test_the_page_holds_every_name_with_its_help(world):
    registry = CollectorRegistry()
    Counter("crosswalk_http_requests", "Requests.", registry=registry).inc()
    async with world.database.read() as tx:
        page = metrics.page(registry, await metrics.read(tx, world.clock.now())).decode()
    families = {one.name: one.documentation for one in text_string_to_metric_families(page) if not one.name.endswith("_created")}
    assert families == {"crosswalk_http_requests": "Requests."} | {name.value: name.help for name in metrics.Name}
