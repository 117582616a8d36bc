"""No call starts that would eat the reserve, whoever else is at work, and nothing is lost for ever by a crash."""

import asyncio
from datetime import timedelta
from random import Random

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from crosswalk import errors
from crosswalk.model import Priority
from crosswalk.salesforce import limits
from crosswalk.salesforce.budget import BLOCK_CALLS, Budget
from crosswalk.salesforce.calls import Purpose, RecordedCalls
from crosswalk.salesforce.client import Client
from crosswalk.store import tables
from localorg.settings import OrgSettings


async def _set_reserve(database, reserve):
    async with database.write() as tx:
        await tx.execute(update(tables.connection).values(reserve=reserve))


async def _spend(budget, priority=Priority.STREAM):
    """Reserve calls one at a time until no more are given; return how many were."""
    for count in range(10_000):
        try:
            await budget.reserve(1, priority)
        except errors.BudgetSpentError:
            return count
    raise AssertionError("the budget never ended")


async def _blocks(database):
    async with database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(tables.api_block))


@pytest.fixture
def make_budget(database, clock, connection, timings):
    """Return a function that makes the budget of one more process."""
    return lambda: Budget(database, clock, connection, timings)


@pytest.fixture
def budget(make_budget):
    return make_budget()


@pytest.mark.parametrize(("priority", "expected"), [(Priority.INTERACTIVE, 95), (Priority.STREAM, 90), (Priority.BACKFILL, 80)])
@pytest.mark.shows("P9")
async def test_each_priority_leaves_its_part_of_the_reserve(budget, database, priority, expected):
    await _set_reserve(database, 10)
    budget.seen(0, 100)
    assert await _spend(budget, priority) == expected


async def test_without_a_reserve_the_whole_allowance_is_spent(budget):
    budget.seen(40, 100)
    assert await _spend(budget) == 60


async def test_a_refusal_says_when_to_look_again(budget, clock, timings):
    budget.seen(100, 100)
    with pytest.raises(errors.BudgetSpentError, match="reserve") as caught:
        await budget.reserve(1, Priority.STREAM)
    assert caught.value.due - clock.now() == timedelta(seconds=timings.budget_retry)


async def test_several_calls_are_given_together_or_not_at_all(budget):
    budget.seen(95, 100)
    with pytest.raises(errors.BudgetSpentError):
        await budget.reserve(6, Priority.STREAM)
    await budget.reserve(5, Priority.STREAM)


async def test_most_calls_cost_no_visit_to_the_database(budget, database):
    budget.seen(0, 15_000)
    for _ in range(BLOCK_CALLS):
        await budget.reserve(1, Priority.STREAM)
    assert await _blocks(database) == 1


async def test_processes_share_one_allowance(make_budget):
    budgets = [make_budget() for _ in range(3)]
    budgets[0].seen(0, 100)
    assert sum([await _spend(budget) for budget in budgets]) == 100


async def test_a_block_of_a_crashed_process_runs_out(make_budget, clock, timings):
    crashed, other = make_budget(), make_budget()
    crashed.seen(0, 200)
    await crashed.reserve(1, Priority.STREAM)
    clock.advance(timings.usage_max_age * 2 + 1)
    other.seen(1, 200)
    assert await _spend(other) == 199


async def test_what_is_given_back_can_be_used_by_others(make_budget):
    first, second = make_budget(), make_budget()
    first.seen(0, 200)
    await first.reserve(1, Priority.STREAM)
    await first.release()
    assert await _spend(second) == 199


async def test_an_old_block_is_not_spent_any_more(budget, database, clock, timings):
    budget.seen(0, 200)
    await budget.reserve(1, Priority.STREAM)
    clock.advance(timings.usage_max_age)
    budget.seen(200, 200)
    with pytest.raises(errors.BudgetSpentError):
        await budget.reserve(1, Priority.STREAM)


async def test_a_higher_count_than_expected_counts_at_once(budget, clock):
    budget.seen(0, 100)
    for _ in range(5):
        await budget.reserve(1, Priority.STREAM)
    clock.advance(1)
    budget.seen(96, 100)
    assert await _spend(budget) <= 4


async def test_a_lower_reserve_frees_calls_at_once(budget, database):
    await _set_reserve(database, 100)
    budget.seen(0, 100)
    with pytest.raises(errors.BudgetSpentError):
        await budget.reserve(1, Priority.STREAM)
    await _set_reserve(database, 50)
    await budget.reserve(1, Priority.STREAM)


async def test_nobody_to_ask_means_later(budget):
    with pytest.raises(errors.BudgetSpentError, match="Nobody knows"):
        await budget.reserve(1, Priority.STREAM)


async def test_a_removed_connection_is_named(budget, database):
    async with database.write() as tx:
        await tx.execute(delete(tables.connection))
    with pytest.raises(errors.ConfigurationError, match="removed"):
        await budget.reserve(1, Priority.STREAM)


class TestAgainstTheOrg:
    @pytest.fixture
    def org_settings(self):
        return OrgSettings(api_limit=60)

    @pytest.fixture
    def worker(self, make_budget, org, org_tokens, clock, ids, timings):
        """Return a function that makes a budget and the client of one more process."""
        https = []

        def make():
            budget = make_budget()
            journal = RecordedCalls("connection-1", ids.new, budget.heard)
            http = httpx2.AsyncClient(transport=org.transport())
            https.append(http)
            client = Client(http, org_tokens, clock, journal, timings=timings)
            budget.ask_through(client)
            return budget, client

        return make

    async def test_the_org_is_asked_when_nothing_is_known(self, worker, org):
        budget, _ = worker()
        await budget.reserve(1, Priority.STREAM)
        assert [call["path"] for call in org.org.calls.summary()["calls"]] == ["/services/data/v60.0/limits"]

    async def test_the_org_is_asked_again_when_the_figure_is_old(self, worker, org, clock, timings):
        budget, _ = worker()
        await budget.reserve(1, Priority.STREAM)
        clock.advance(timings.usage_max_age + 1)
        await budget.reserve(1, Priority.STREAM)
        assert org.org.calls.summary()["total"] == 2

    async def test_the_header_of_another_call_spares_the_question(self, worker, org, clock, timings):
        budget, client = worker()
        await budget.reserve(1, Priority.STREAM)
        clock.advance(timings.usage_max_age + 1)
        await client.get("limits", purpose=Purpose.CHECK)
        await budget.reserve(1, Priority.STREAM)
        assert org.org.calls.summary()["total"] == 2

    async def test_a_spent_allowance_is_not_asked_about_in_vain(self, worker, org, controls, clock, timings, database):
        await _set_reserve(database, 20)
        await controls("calls", {"calls": 45})
        budget, _ = worker()
        for _ in range(10):
            with pytest.raises(errors.BudgetSpentError):
                await budget.reserve(1, Priority.STREAM)
            clock.advance(timings.usage_max_age / 2)
        assert org.org.calls.summary()["total"] == 1

    async def test_calls_that_free_up_are_noticed(self, worker, controls, clock):
        await controls("calls", {"calls": 57})
        budget, _ = worker()
        await budget.reserve(1, Priority.STREAM)
        with pytest.raises(errors.BudgetSpentError):
            await budget.reserve(1, Priority.STREAM)
        clock.advance(24 * 3600 + 1)
        await budget.reserve(1, Priority.STREAM)

    @pytest.mark.shows("RS-27")
    async def test_used_and_left_are_those_of_the_org(self, worker, controls):
        await controls("calls", {"calls": 10})
        _, client = worker()
        usage = await limits.usage(client)
        assert (usage.used, usage.max, usage.left) == (11, 60, 49)

    async def test_limits_without_a_figure_mean_later(self, answering):
        with pytest.raises(errors.SalesforceBusyError):
            await limits.usage(answering(lambda _: httpx2.Response(200, json={"DailyApiRequests": {}})))

    @pytest.mark.shows("P9")
    async def test_ten_busy_processes_never_start_a_call_too_many(self, worker, org, database):
        await _set_reserve(database, 15)
        await asyncio.gather(*(_work(worker()) for _ in range(10)))
        used = [call["used"] for call in org.org.calls.summary()["calls"]]
        assert (max(used) <= 45, max(used) >= 40) == (True, True)

    @pytest.mark.shows("P9")
    @given(seed=st.integers(0, 10_000), lag=st.sampled_from([0.0, 5.0, 30.0]))
    @settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_the_promise_holds_whatever_the_order(self, worker, org, database, clock, controls, seed, lag):
        chance = Random(seed)  # a course of events, no secret
        await controls("reset", {})
        object.__setattr__(org.org.settings, "limit_info_lag_seconds", lag)
        async with database.write() as tx:
            await tx.execute(delete(tables.api_block))
            await tx.execute(update(tables.connection).values(reserve=15, used_seen=None, used_at=None))
        workers = [worker() for _ in range(3)]
        for _ in range(60):
            budget, client = chance.choice(workers)
            clock.advance(chance.choice([0, 0, 0.2, 3, 70]))
            try:
                await budget.reserve(1, Priority.STREAM)
            except errors.BudgetSpentError:
                continue
            await client.get("query?q=SELECT+Id+FROM+Lead", purpose=Purpose.LOOKUP)
        calls = org.org.calls.summary()["calls"]
        assert [call for call in calls if call["used"] > 45 and call["kind"] != "limits"] == []


async def _work(worker):
    budget, client = worker
    for _ in range(12):
        try:
            await budget.reserve(1, Priority.STREAM)
        except errors.BudgetSpentError:
            return
        await client.get("query?q=SELECT+Id+FROM+Lead", purpose=Purpose.LOOKUP)
