"""BX-30: each cause raises one alert and one all-clear, whoever dies, flaps or does not answer in between."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from tests import console
from tests.flow.mappings import calls, row
from tests.vendors.alert_receivers import HOST, Receivers
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator
from tests.world import Killed, identify

from crosswalk.alerts import channels, entered, outbox, standing
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.watch import Watch
from crosswalk.engine.housekeeping import Housekeeping
from crosswalk.engine.pulls import Puller
from crosswalk.engine.vendors import Vendors
from crosswalk.journal import settling
from crosswalk.sources import addresses
from crosswalk.store import tables
from crosswalk.turn import pausing
from crosswalk.turn.context import nowhere

PHONE, SCORE = row("Phone", "phone", update="overwrite"), row("Score__c", "description", update="overwrite")
ANN = "ann.planted@x.example"
MINUTE = 60


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


class Watched:
    """A world with a program that is told of everything, and a worker's watch over it."""

    def __init__(self, here, receivers, http):
        self.here, self.receivers, self.http = here, receivers, http
        self.channel = None

    def watch(self, at=nowhere):
        return Watch(self.here.engine, self.http, at)

    async def add(self, **given):
        return await channels.add(self.here.engine, "test", entered.read(given))

    async def minutes(self, number):
        """Let the watch look once a minute."""
        for _ in range(number):
            await self.watch().sweep()
            self.here.clock.advance(MINUTE)

    async def last(self):
        """Let what is over be over for good."""
        await self.minutes(8)


@pytest.fixture
async def watched(here):
    receivers = Receivers()
    async with receivers.client() as http:
        made = Watched(here, receivers, http)
        made.channel = await made.add(kind="webhook", name="Program", url=f"{HOST}/program")
        receivers.secret = made.channel.details["signing_secret"]
        here.app = await here.add_source("rudderstack")
        here.sync = await here.add_sync(here.app, calls(PHONE))
        yield made


# --- what can be wrong: entered, it is; left, it is mended --------------------------------------------------------------------------------


@asynccontextmanager
async def held(here):
    await here.deliver(here.app, identify(ANN, "m1", phone="1" * 90))
    await here.drain()
    yield
    async with here.database.write() as tx:
        stopped = (await tx.scalars(select(tables.delivery.c.id))).all()
        await settling.skip(tx, here.ids, stopped, "", "test", here.clock.now())


@asynccontextmanager
async def behind(here):
    await here.deliver(here.app, identify(ANN, "m1", phone="1"))
    here.clock.advance(2 * 60 * MINUTE)
    yield
    await here.drain()


@asynccontextmanager
async def paused(here):
    await pausing.pause(here.engine, here.connection_id, f"Salesforce refuses the login of {ANN}; sign in again.")
    yield
    await pausing.resume(here.engine, here.connection_id)


@asynccontextmanager
async def drifted(here):
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Score__c", type="string", length=20)
    await here.save_mapping(here.sync, calls(PHONE, SCORE))
    await here.deliver(here.app, identify(ANN, "m1", phone="1", description="many"))
    await here.drain()
    await here.remove_field("Lead", "Score__c")
    await here.deliver(here.app, identify("bob@x.example", "m2", phone="2", description="few"))
    await here.drain()
    yield
    await here.save_mapping(here.sync, calls(PHONE))


@asynccontextmanager
async def spent(here):
    await here.deliver(here.app, identify(ANN, "m1", phone="1"))
    await here.drain()
    await reserve(here, 1_000_000)
    yield
    await reserve(here, 0)


async def reserve(here, number):
    async with here.database.write() as tx:
        await tx.execute(update(tables.connection).values(reserve=number))
    here.configuration.forget()


@asynccontextmanager
async def silent(here):
    async with here.database.write() as tx:
        await tx.execute(update(tables.source).values(silent_after_hours=3))
    here.configuration.forget()
    await here.deliver(here.app, identify(ANN, "m1", phone="1"))
    await here.drain()
    here.clock.advance(4 * 60 * MINUTE)
    yield
    await here.deliver(here.app, identify(ANN, "m2", phone="1"))
    await here.drain()


@asynccontextmanager
async def expiring(here):
    async with console.beside(here) as served:
        ending = (here.clock.now() + timedelta(days=3)).isoformat()
        made = (await served.owner.api("POST", "/api/tokens", json={"name": "nightly", "role": "viewer", "expires_at": ending})).json()
        yield
        await served.owner.api("DELETE", f"/api/tokens/{made['id']}")


@asynccontextmanager
async def unsigned(here):
    source_id, hmac = await here.add_source("livestorm"), addresses.hook_hmac(here.vault, "token-1")
    async with here.database.write() as tx:
        await tx.execute(update(tables.source).where(tables.source.c.id == source_id).values(hook_token_hmac=hmac))
    here.configuration.forget()
    async with console.beside(here) as served:
        name = (await here.configuration.current()).sources[source_id].name
        answer = await served.owner.http.post(addresses.hook_path(name, "token-1"), json={"data": {}})
        assert answer.status_code == 401
        yield
    here.clock.advance(60 * MINUTE)


@asynccontextmanager
async def refused(here):
    livestorm = LivestormSimulator(here.clock)
    async with pulling(here, livestorm) as pull:
        livestorm.token = "another"
        await pull()
        yield
        livestorm.token = TOKEN
        here.clock.advance(1)
        await pull()


@asynccontextmanager
async def stopped(here):
    livestorm = LivestormSimulator(here.clock)
    async with pulling(here, livestorm) as pull:
        livestorm.troubles.order(status=503, headers={"Retry-After": "6000"}, times=60)
        for _ in range(3):
            await pull()
        yield
        livestorm.troubles.ordered.clear()
        await pull()


@asynccontextmanager
async def pulling(here, livestorm):
    """Give a function that pulls once from a vendor."""
    secrets = {"signing_secret": "example-signing-secret", "api_token": TOKEN}
    source_id = await here.add_source("livestorm", settings=livestorm.settings, secrets=secrets)
    async with livestorm.client() as http:
        puller = Puller(here.engine, here.receiver, Vendors(http, here.clock))

        async def pull():
            await puller.pull((await here.configuration.current()).sources[source_id], "sessions")

        yield pull


CAUSES = {
    Kind.DELIVERIES_HELD: held,
    Kind.DELIVERIES_BEHIND: behind,
    Kind.CONNECTION_PAUSED: paused,
    Kind.MAPPING_DRIFTED: drifted,
    Kind.BUDGET_RESERVE: spent,
    Kind.SOURCE_SILENT: silent,
    Kind.LOGIN_EXPIRING: expiring,
    Kind.WEBHOOKS_REFUSED: unsigned,
    Kind.SOURCE_REFUSED: refused,
    Kind.SOURCE_STOPPED: stopped,
}


def test_there_is_a_test_for_each_kind_of_cause():
    assert set(Kind) == set(CAUSES)


# --- once, and once more when it is over -------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30")
@pytest.mark.parametrize("kind", CAUSES)
async def test_each_cause_raises_one_alert_and_one_all_clear(watched, kind):
    async with CAUSES[kind](watched.here):
        await watched.minutes(6)
    await watched.last()
    assert [("raised", kind), ("cleared", kind)] == watched.receivers.told()


@pytest.mark.shows("BX-30", "P12")
@pytest.mark.parametrize("kind", [Kind.DELIVERIES_HELD, Kind.CONNECTION_PAUSED, Kind.MAPPING_DRIFTED])
async def test_an_alert_says_what_to_do_and_where_and_names_nobody(watched, kind):
    async with CAUSES[kind](watched.here):
        await watched.minutes(4)
    [told] = watched.receivers.taken
    assert (True, True, False) == (told["link"].startswith("http://127.0.0.1:8300/"), told["sentence"].endswith("."), ANN in str(told))


@pytest.mark.shows("BX-30")
async def test_a_cause_that_flaps_stays_one_alert(watched):
    for _ in range(6):
        async with paused(watched.here):
            await watched.minutes(3)
        await watched.minutes(3)
    await watched.last()
    assert ["raised", "cleared"] == [about for about, _ in watched.receivers.told()]


async def test_what_is_over_in_a_minute_is_not_told(watched):
    async with paused(watched.here):
        await watched.minutes(1)
    await watched.last()
    assert [] == watched.receivers.told()


async def test_what_comes_again_after_its_all_clear_is_a_new_alert(watched):
    for _ in range(2):
        async with paused(watched.here):
            await watched.minutes(3)
        await watched.last()
    assert ["raised", "cleared"] * 2 == [about for about, _ in watched.receivers.told()]


@pytest.mark.shows("BX-30")
async def test_of_several_processes_one_looks_and_each_message_is_sent_once(watched):
    watches = [watched.watch() for _ in range(4)]
    async with paused(watched.here):
        for _ in range(6):
            await asyncio.gather(*(one.sweep() for one in watches))
            watched.here.clock.advance(MINUTE)
    assert [("raised", Kind.CONNECTION_PAUSED)] == watched.receivers.told()


# --- whoever dies, or does not answer ------------------------------------------------------------------------------------------------


def dies_at(point):
    async def die(here):
        if here == point:
            raise Killed

    return die


@pytest.mark.shows("BX-30")
@pytest.mark.parametrize(("point", "times"), [("looked", 1), ("sent", 2)])
async def test_after_a_death_at_any_line_it_is_told_and_a_repeat_has_the_same_id(watched, point, times):
    async with paused(watched.here):
        await watched.minutes(2)
        with pytest.raises(Killed):
            await watched.watch(dies_at(point)).sweep()
        watched.here.clock.advance(MINUTE)
        await watched.minutes(8)
    assert (times, 1) == (len(watched.receivers.ids), len(set(watched.receivers.ids)))


@pytest.mark.shows("BX-30")
async def test_a_receiver_that_was_away_hears_both_in_their_order(watched):
    watched.receivers.status = 503
    async with paused(watched.here):
        await watched.minutes(5)
    await watched.last()
    watched.receivers.status = 200
    for _ in range(2):
        watched.here.clock.advance(60 * MINUTE)
        await watched.minutes(1)
    assert ["raised", "cleared"] == [about for about, _ in watched.receivers.told()]


async def test_a_receiver_that_does_not_come_back_is_given_up_and_hears_no_all_clear(watched):
    watched.receivers.status = 410
    async with paused(watched.here):
        await watched.minutes(3)
        for _ in range(outbox.MOST_ATTEMPTS):
            watched.here.clock.advance(60 * MINUTE)
            await watched.minutes(1)
        watched.receivers.status = 200
    await watched.last()
    async with watched.here.database.read() as tx:
        doing = (await outbox.doing(tx, [watched.channel.id]))[watched.channel.id]
    assert ([], None, 0, True) == (watched.receivers.told(), doing.sent_at, doing.waiting, "410" in doing.trouble)


async def test_a_channel_that_does_not_answer_keeps_nobody_else_from_hearing(watched):
    await watched.add(kind="chat", name="A chat elsewhere", url=f"{HOST}/nowhere")
    await watched.add(kind="chat", name="Chat", url=f"{HOST}/chat")
    async with paused(watched.here):
        await watched.minutes(4)
    assert (1, 1) == (len(watched.receivers.taken), len(watched.receivers.texts))


async def test_a_channel_hears_of_the_causes_it_asked_for(watched):
    await watched.add(kind="chat", name="Chat", url=f"{HOST}/chat", causes=[Kind.SOURCE_SILENT])
    async with silent(watched.here), paused(watched.here):
        await watched.minutes(4)
    assert (2, ["Alert: No event of"]) == (len(watched.receivers.taken), [text[:18] for text in watched.receivers.texts])


async def test_what_waits_for_a_paused_connection_is_not_behind(watched):
    async with paused(watched.here):
        await watched.here.deliver(watched.here.app, identify(ANN, "m1", phone="1"))
        watched.here.clock.advance(2 * 60 * MINUTE)
        await watched.minutes(4)
    assert [("raised", Kind.CONNECTION_PAUSED)] == watched.receivers.told()


async def test_a_channel_that_came_later_hears_of_nothing_that_was_told_before(watched):
    async with paused(watched.here):
        await watched.minutes(4)
        await watched.add(kind="chat", name="Chat", url=f"{HOST}/chat")
    await watched.last()
    assert [] == watched.receivers.texts


async def test_what_is_over_is_kept_with_its_times_and_deleted_like_other_traces(watched):
    async with paused(watched.here):
        await watched.minutes(4)
    await watched.last()
    async with watched.here.database.read() as tx:
        [over] = await standing.cleared(tx, 10)
    watched.here.clock.advance(timedelta(days=31).total_seconds())
    await Housekeeping(watched.here.engine).sweep()
    kept = await watched.here.rows(tables.alert) + await watched.here.rows(tables.alert_message)
    assert (True, []) == (over.cleared_at > over.raised_at, kept)
