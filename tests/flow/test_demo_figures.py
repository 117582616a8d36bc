"""The demo at its real size: the sums hold, the figures are the org's own, and sending everything again changes nothing."""

import asyncio
import io
import json
from random import Random

import pytest
from rich.console import Console
from sqlalchemy import select

from crosswalk.demo import play
from crosswalk.demo.stage import stage
from crosswalk.inbox import deliveries
from crosswalk.reasons import State
from crosswalk.store import tables

QUIET = Console(file=io.StringIO())


async def export(set_up):
    return (await set_up.org.get("/localorg/export")).text


@pytest.mark.shows("P7")
async def test_every_item_of_the_demo_is_accounted_for(tmp_path):
    async with stage(tmp_path, Random(7)) as set_up:
        tally = await play.perform(set_up, QUIET)
        writes = (await set_up.org.get("/localorg/writes")).json()
    ours = [one for one in writes if one["object"] == "Lead" and (one["after"] or {}).get("Crosswalk_Key__c")]
    assert tally.problems() == []
    shown = tally.as_json()
    assert {"livestorm": len(set_up.played.webhooks), "rudderstack": 500} == shown["received"]
    assert sum(shown["received"].values()) == sum(shown["events"].values()) == sum(shown["deliveries"].values())
    assert len(ours) == shown["records"]["Lead"]["inserted"]
    assert shown["calls_per_1000_people"] < 25


@pytest.mark.shows("P2")
async def test_sending_the_demo_twice_leaves_the_org_byte_for_byte_the_same(tmp_path):
    async with stage(tmp_path, Random(8), 60, 50) as set_up:
        await play.send(set_up, QUIET)
        await play.drain(set_up, QUIET)
        before = await export(set_up)
        await play.send(set_up, QUIET)
        await play.drain(set_up, QUIET)
        assert before == await export(set_up)


@pytest.mark.shows("P2")
async def test_replaying_everything_under_the_same_mapping_leaves_the_org_the_same(tmp_path):
    async with stage(tmp_path, Random(9), 40, 30) as set_up:
        await play.send(set_up, QUIET)
        await play.drain(set_up, QUIET)
        before = await export(set_up)
        async with set_up.parts.database.write() as tx:
            everything = (await tx.scalars(select(tables.delivery.c.id))).all()
            await deliveries.replay(tx, everything, set_up.parts.engine.clock.now())
        await play.drain(set_up, QUIET)
        assert before == await export(set_up)


@pytest.mark.shows("P3")
async def test_one_person_of_the_demo_has_one_record_however_often_they_registered(tmp_path):
    async with stage(tmp_path, Random(10), 50, 16) as set_up:
        await play.perform(set_up, QUIET)
        created = [json.loads(line) for line in (await export(set_up)).splitlines()]
    made = [row["Email"].lower() for row in created if row["object"] == "Lead" and row.get("Crosswalk_Key__c")]
    assert sorted(set(made)) == sorted(made)


async def test_figures_that_do_not_add_up_are_a_failure(tmp_path):
    async with stage(tmp_path, Random(11), 40, 8) as set_up:
        await play.send(set_up, QUIET)
        async with set_up.parts.database.read() as tx:
            waiting = await tx.scalar(select(tables.delivery.c.id).where(tables.delivery.c.state == State.WAITING.value).limit(1))
        assert waiting
        configuration = await set_up.parts.engine.configuration.current()
        async with set_up.parts.database.read() as tx:
            told = await play.tally(tx, set_up.parts.engine.vault, configuration, sent=1, api_calls=0, seconds=1)
    assert [next(part for part in ("deliveries still wait", "items were sent") if part in problem) for problem in told.problems()] == [
        "deliveries still wait",
        "items were sent",
    ]


async def test_a_stopped_demo_leaves_with_the_code_of_an_interruption(tmp_path):
    stop = asyncio.Event()
    stop.set()
    assert await play.play(QUIET, stop) == play.INTERRUPTED
