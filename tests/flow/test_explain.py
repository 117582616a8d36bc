"""P11, the explaining half: for any field that was written, which event, mapping version, run and API call."""

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.journal import explain
from crosswalk.model import Operation
from crosswalk.store import tables

PHONE = row("Phone", "phone", update="overwrite")


@pytest.fixture
async def told(here):
    """Return a world with a lead whose phone was told twice."""
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, calls(PHONE))
    for number, phone in enumerate(("111", "222")):
        await here.deliver(here.app, identify("ann@x.example", f"m{number}", at=f"2026-03-04T08:0{number}:00.000Z", phone=phone))
        await here.drain()
    [lead] = await here.records("SELECT Id FROM Lead")
    here.lead = lead["Id"]
    return here


async def of_record(here, field=None):
    async with here.database.read() as tx:
        return await explain.of_record(tx, here.vault, here.lead, field)


async def deliveries(here):
    return [one["id"] for one in sorted(await here.rows(tables.delivery), key=lambda one: one["id"])]


@pytest.mark.shows("BX-40", "P11")
async def test_the_newest_change_of_a_field_comes_first_with_before_and_after(told):
    newest, first = await of_record(told, "Phone")
    shown = [(one.operation, field.before, field.after) for one in (newest, first) for field in one.fields if field.field == "Phone"]
    assert shown == [(Operation.UPDATE, "111", "222"), (Operation.INSERT, None, "111")]


async def test_a_field_that_only_one_change_wrote_has_one_explanation(told):
    assert [one.operation for one in await of_record(told, "LastName")] == [Operation.INSERT]


async def test_a_change_names_the_delivery_and_the_mapping_version_behind_it(told):
    found = [(cause.delivery_id, cause.mapping_version) for one in await of_record(told) for cause in one.causes]
    assert found == [(one, 1) for one in reversed(await deliveries(told))]


async def test_a_change_names_the_api_call_that_carried_it(told):
    called = {one["id"] for one in await told.rows(tables.api_call, purpose="write")}
    assert called == {one.call.id for one in await of_record(told)}


async def test_a_delivery_shows_the_changes_it_led_to(told):
    first, _ = await deliveries(told)
    async with told.database.read() as tx:
        assert [one.record_id for one in await explain.of_delivery(tx, told.vault, first)] == [told.lead]


async def test_values_that_are_no_longer_kept_are_told_as_gone(told):
    async with told.database.write() as tx:
        await tx.execute(tables.change.update().values(body_ct=None, before_ct=None))
    assert [one.fields for one in await of_record(told)] == [None, None]


async def test_a_record_that_was_never_written_has_no_explanation(told):
    told.lead = "00Q000000000001EAA"
    assert await of_record(told) == []
