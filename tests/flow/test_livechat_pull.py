"""LiveChat's webhooks and archive against a strict, ill-behaved vendor, on both databases: nothing lost, nothing twice, no secret kept."""

import json

import pytest
from sqlalchemy import select
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.livechat import SECRET, TOKEN, LiveChatSimulator

from crosswalk.engine import discovery
from crosswalk.errors import SourceRefusedError
from crosswalk.inbox import expand
from crosswalk.journal.runs import RunState
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.database import Database

SECRETS = {"webhook_secret": SECRET, "personal_access_token": TOKEN}
CHATS = 250
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which one cannot matter there
PASSING = [
    {"status": 503},
    {"status": 429},
    {"status": 429, "headers": {"Retry-After": "20"}},
    {"status": 200, "body": "<html>"},
    {"drop": True},
]


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
async def chats(database, vault, clock, ids):
    """Return an inbox beside a licence."""
    async with asking(database, vault, clock, ids, LiveChatSimulator(clock), "livechat", SECRETS) as here:
        yield here


@pytest.fixture
def archived(chats):
    """Return the inbox beside a licence with an archive of three pages."""
    for number in range(CHATS):
        chats.vendor.whole(number)
    chats.vendor.take_posted()
    chats.clock.advance(180)
    return chats


def ended(*numbers):
    return [(f"T{number:04}", "chat.ended") for number in numbers or range(CHATS)]


async def arrive(here):
    """Let everything LiveChat posted arrive, fetch what it points at, and return the receipts."""
    receipts = [await here.post(body, {}) for body in here.vendor.take_posted()]
    await here.notices().sweep()
    return receipts


# --- the archive ------------------------------------------------------------------------------------------------------------------


async def test_every_archived_chat_is_pulled_once(archived):
    await archived.pull()
    assert ended() == await archived.facts()


@pytest.mark.shows("P2")
async def test_pulling_again_is_nothing_new(archived):
    await archived.pull()
    (again,) = await archived.pull()
    assert (0, CHATS) == (again.receipt.events, again.receipt.repeats)


@pytest.mark.shows("P1")
@pytest.mark.parametrize("point", ["P1", "P2"])
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_pull_that_dies_at_any_page_goes_on_there(archived, point, nth):
    died = await archived.crash("archives", point, nth)
    await archived.pull()
    assert (True, ended()) == (died, await archived.facts())


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_trouble_on_any_page_loses_nothing(archived, trouble):
    archived.vendor.troubles.order(**trouble, skip=1)
    for _ in range(2):
        await archived.pull()
        archived.clock.advance(120)
    assert ended() == await archived.facts()


async def test_a_token_that_ends_in_the_middle_stops_the_pull_and_a_new_one_goes_on(archived):
    archived.vendor.troubles.order(status=401, skip=1)
    (stopped,) = await archived.pull()
    (done,) = await archived.pull()
    assert (SourceRefusedError, RunState.DONE, 2) == (type(stopped.error), done.state, done.pages)


async def test_chats_archived_while_pages_are_read_are_there_in_the_end(archived):
    late = []

    def meanwhile(path):
        if "list_archives" in path and not late:
            late.append(archived.vendor.whole(CHATS))

    archived.vendor.before_answer.append(meanwhile)
    await archived.pull()
    archived.clock.advance(600)
    await archived.pull()
    assert ended(*range(CHATS + 1)) == await archived.facts()


@ONE_DATABASE
async def test_chats_that_move_up_while_pages_are_read_are_there_in_the_end(archived):
    gone = []

    def meanwhile(path):
        if "list_archives" in path and len(archived.vendor.calls) > 1 and not gone:
            gone.extend(sorted(archived.vendor.archived)[:3])
            archived.vendor.archived.difference_update(gone)

    archived.vendor.before_answer.append(meanwhile)
    await archived.pull()
    archived.clock.advance(600)
    await archived.pull()
    assert (3, ended()) == (len(gone), await archived.facts())


async def test_a_chat_that_cannot_be_read_is_kept_once_and_stops_no_other(archived):
    archived.vendor.garbage.append({"id": "no thread"})
    await archived.pull()
    await archived.pull()
    assert (1, ended()) == (await archived.count(tables.event, tables.event.c.status == "invalid"), await archived.facts())


# --- webhooks ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P2")
async def test_a_webhook_and_a_pull_are_one_event(chats):
    chats.vendor.whole(1, form={"name": "Elin Berg"}, variables={"plan": "gold"})
    await arrive(chats)
    chats.clock.advance(180)
    (pulled,) = await chats.pull()
    assert (0, 1) == (pulled.receipt.events, pulled.receipt.repeats)


@pytest.mark.shows("P2")
async def test_a_pull_and_a_webhook_are_one_event(chats):
    chats.vendor.whole(1)
    chats.clock.advance(180)
    await chats.pull()
    await arrive(chats)
    assert ended(1) == await chats.facts()


@pytest.mark.shows("P2")
async def test_a_chat_deactivated_twice_is_one_event(chats):
    chats.vendor.open()
    chats.vendor.close()
    chats.vendor.posted *= 2
    await arrive(chats)
    assert [("T1", "chat.ended"), ("T1", "chat.started")] == await chats.facts()


async def test_a_chat_deactivated_twice_is_fetched_once(chats):
    chats.vendor.open()
    chats.vendor.close()
    (body,) = (raw for raw in chats.vendor.take_posted() if json.loads(raw)["action"] == "chat_deactivated")
    chats.vendor.posted = [body, body]
    await arrive(chats)
    assert 1 == len(chats.vendor.calls)


async def test_a_chat_closed_by_the_router_is_fetched_too(chats):
    chats.vendor.open(agent=None)
    chats.vendor.close(by=None, kind="routing.archived_inactive")
    await arrive(chats)
    assert ("T1", "chat.ended") in await chats.facts()


@pytest.mark.shows("LC-28")
@pytest.mark.parametrize(
    "late",
    [lambda livechat: livechat.tag("quote"), lambda livechat: livechat.rate(1), lambda livechat: livechat.answer_postchat(Solved="Yes")],
    ids=["tag", "rating", "post-chat answer"],
)
async def test_what_comes_after_the_close_is_one_more_event(chats, late):
    chats.vendor.open()
    chats.vendor.close()
    await arrive(chats)
    chats.clock.advance(30)
    late(chats.vendor)
    chats.vendor.posted *= 2
    await arrive(chats)
    assert [("T1", "chat.ended")] * 2 == [fact for fact in await chats.facts() if fact[1] == "chat.ended"]


@pytest.mark.shows("LC-28")
async def test_what_no_webhook_told_is_found_by_the_next_pull(chats):
    chats.vendor.open()
    chats.vendor.close()
    await arrive(chats)
    chats.vendor.tag("quote")
    chats.vendor.take_posted()
    chats.clock.advance(600)
    (pulled,) = await chats.pull()
    assert 1 == pulled.receipt.events


async def test_a_chat_started_that_was_held_up_tells_nothing_after_the_end(chats):
    chats.vendor.open()
    started = chats.vendor.take_posted()
    chats.clock.advance(60)
    chats.vendor.close()
    await arrive(chats)
    chats.vendor.posted = started
    (receipt,) = await arrive(chats)
    assert (0, 1) == (receipt.events, receipt.repeats)


async def test_a_thread_that_livechat_shows_late_is_fetched_then(chats):
    chats.vendor.open()
    chats.vendor.close()
    chats.vendor.troubles.order(status=404, path="get_chat")
    await arrive(chats)
    chats.clock.advance(20)
    await chats.notices().sweep()
    assert ("T1", "chat.ended") in await chats.facts()


@ONE_DATABASE
@pytest.mark.shows("P1")
@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_trouble_with_a_chat_that_a_webhook_told_of_is_waited_for(chats, trouble):
    chats.vendor.open()
    chats.vendor.close()
    chats.vendor.troubles.order(**trouble, times=3)
    await arrive(chats)
    for _ in range(4):
        chats.clock.advance(600)
        await chats.notices().sweep()
    assert [("T1", "chat.ended"), ("T1", "chat.started")] == await chats.facts()


async def test_a_refused_token_holds_the_notice_and_a_new_one_releases_it(chats):
    chats.vendor.open()
    chats.vendor.close()
    chats.vendor.troubles.order(status=401)
    await arrive(chats)
    rows = await chats.rows(tables.notice, tables.notice.c.id, tables.notice.c.state)
    async with chats.database.write() as tx:
        await expand.release_notices(tx, [row.id for row in rows], chats.clock.now())
    await chats.notices().sweep()
    assert (["held"], True) == ([row.state for row in rows], ("T1", "chat.ended") in await chats.facts())


@pytest.mark.shows("P7")
async def test_everything_posted_is_counted(chats):
    chats.vendor.open()
    chats.vendor.say("Hello?")
    chats.vendor.close()
    chats.vendor.tag("quote")
    chats.vendor._post("routing_status_set", {"status": "accepting_chats"})
    posted = len(chats.vendor.posted)
    receipts = await arrive(chats)
    assert posted == sum(one.events + one.notices + one.repeats + one.invalid for one in receipts)


# --- secrets ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P12")
async def test_no_secret_stands_in_the_database(chats, database_url):
    chats.vendor.open(variables={"plan": "gold"})
    chats.vendor.say("Hello?")
    chats.vendor.close()
    chats.vendor.tag("quote")
    chats.vendor._post("group_created", {"id": 5})
    await arrive(chats)
    assert [] == [place async for place, content in kept(chats) if SECRET.encode() in content or TOKEN.encode() in content]


async def test_the_search_for_secrets_finds_what_is_kept(chats):
    chats.vendor.open()
    chats.vendor.say("Hello?")
    await arrive(chats)
    assert ["event.payload_ct opened"] == [place async for place, content in kept(chats) if b"Hello?" in content]


async def kept(here):
    """Return every value of every table but the source's own secrets, as bytes, sealed ones both as stored and opened."""
    for table in tables.metadata.sorted_tables:
        async with here.database.read() as tx:
            rows = [dict(row._mapping) for row in await tx.execute(select(table))]
        for row in rows:
            for name, value in row.items():
                yield f"{table.name}.{name}", value if isinstance(value, bytes) else str(value).encode()
                if name.endswith("_ct") and value is not None and name != "secret_ct":
                    opened = here.vault.open(value)
                    yield f"{table.name}.{name} opened", opened if isinstance(opened, bytes) else json.dumps(opened).encode()


@pytest.mark.shows("P12")
async def test_no_secret_stands_in_the_database_file(sqlite_url, vault, clock, ids, tmp_path):
    database = await Database.open(sqlite_url, clock)
    async with asking(database, vault, clock, ids, LiveChatSimulator(clock), "livechat", SECRETS) as here:
        here.vendor.open()
        here.vendor.close()
        await arrive(here)
    await database.close()
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert [] == [path.name for path in files if any(secret.encode() in path.read_bytes() for secret in (SECRET, TOKEN))]


# --- discovery --------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-10")
async def test_a_scan_adds_variables_and_form_fields_to_the_catalogue(chats):
    chats.vendor.whole(1, variables={"plan": "gold"}, form={"Topics": ["Delivery"]})
    await discovery.refresh(chats.engine, await chats.vendor_of())
    settings = (await chats.source()).settings
    keys = {attribute.key for attribute in registry.source("livechat").catalogue(settings)}
    assert {"variable.plan", "prechat.Topics"} <= keys
