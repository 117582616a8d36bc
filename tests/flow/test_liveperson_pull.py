"""LivePerson's histories and webhooks against a strict, ill-behaved vendor: nothing lost, nothing twice, no secret kept."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.liveperson import APP_KEYS, CLIENT_SECRET, SIGNING_SECRET, LivePersonSimulator, headers_of, sde

from crosswalk.cli import source_checks
from crosswalk.engine import discovery
from crosswalk.errors import RequestRefused, SkipRecord, SourceRefusedError
from crosswalk.inbox import expand, refusals
from crosswalk.journal.runs import RunState
from crosswalk.sources import registry
from crosswalk.sources.base import Verdict, Window
from crosswalk.sources.liveperson.pulling import Position, Pull
from crosswalk.sources.liveperson.records import Reading
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.store import tables

SECRETS = {"signing_secret": SIGNING_SECRET, "client_secret": CLIENT_SECRET, **APP_KEYS}
PAGE, CHATS = 12, 26


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: the tests of the inbox and of other sources show that both keep the same."""
    return sqlite_url


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
async def account(database, vault, clock, ids):
    """Return an inbox beside an account."""
    async with asking(database, vault, clock, ids, LivePersonSimulator(clock), "liveperson", SECRETS) as here:
        yield here


@pytest.fixture
async def busy(account):
    """Return the inbox beside an account with three pages of chats, a minute apart, and small pages."""
    await account.configure(page_size=PAGE, first_pull_days=28)
    for number in range(CHATS):
        account.clock.advance(60)
        account.vendor.chat(number, lines=1)
    account.clock.advance(180)
    return account


def chat_id(number):
    return str(4_294_970_000 + number)


def ended(*numbers):
    return [(chat_id(number), "chat.ended") for number in numbers or range(CHATS)]


async def arrive(here):
    """Let everything LivePerson posted arrive, fetch what it points at, and return the receipts."""
    receipts = [await here.post(body, headers) for body, headers in here.vendor.take_posted()]
    await here.notices().sweep()
    return receipts


async def by_app_keys(here):
    """Log in with app keys instead of OAuth 2."""
    await here.configure(client_id="")


# --- both histories and both logins -----------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-10")
@pytest.mark.parametrize("is_oauth1", [True, False], ids=["app keys", "client credentials"])
async def test_either_login_reads_chats_and_conversations(account, is_oauth1):
    if is_oauth1:
        await by_app_keys(account)
    account.vendor.chat(1)
    conversation = account.vendor.conversation(1)
    account.clock.advance(180)
    await account.pull()
    assert [(conversation, "messaging.ended"), *ended(1)] == await account.facts()


async def test_every_chat_is_pulled_once(busy):
    await busy.pull("chats")
    assert ended() == await busy.facts()


@pytest.mark.shows("P2")
async def test_pulling_again_is_nothing_new(busy):
    await busy.pull("chats")
    (again,) = await busy.pull("chats")
    assert (0, CHATS) <= (again.receipt.events, again.receipt.repeats)


async def test_the_first_pull_looks_back_over_more_than_the_vendor_takes_at_once(account):
    await account.configure(first_pull_days=90)
    account.vendor.chat(1, at=account.clock.now() - timedelta(days=80))
    account.vendor.conversation(2, at=account.clock.now() - timedelta(days=40), minutes=60 * 24 * 20)
    await account.pull()
    assert [("3f0c9a52-7b1e-4c68-9a0d-000000000002", "messaging.ended"), *ended(1)] == await account.facts()


async def test_a_conversation_that_was_open_for_weeks_is_pulled_when_it_ends(account):
    open_since = account.vendor.conversation(1, status="OPEN", minutes=60 * 24 * 30)
    await account.pull("messaging")
    account.clock.advance(3600)
    account.vendor.close(open_since)
    account.clock.advance(180)
    await account.pull("messaging")
    assert [(open_since, "messaging.ended")] == await account.facts()


async def test_what_shows_a_day_late_is_found_by_a_later_pull(account):
    account.vendor.lag = timedelta(hours=24)
    account.vendor.chat(1)
    account.clock.advance(3600)
    await account.pull("chats")
    nothing = await account.facts()
    account.clock.advance(24 * 3600)
    await account.pull("chats")
    assert ([], ended(1)) == (nothing, await account.facts())


@pytest.mark.shows("LP-63")
async def test_a_range_of_last_week_brings_exactly_its_conversations(account):
    now = account.clock.now()
    for number, days in enumerate((12, 8, 6, 2)):
        account.vendor.chat(number, at=now - timedelta(days=days))
    window = Window(now - timedelta(days=10), now - timedelta(days=4))
    pulled = await account.puller().pull_range(await account.source(), "chats", window)
    assert (RunState.DONE, ended(1, 2)) == (pulled.state, await account.facts())


# --- trouble ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P1")
@pytest.mark.parametrize(("point", "nth"), [("P1", 1), ("P1", 2), ("P2", 2), ("P1", 3), ("P2", 3)])
async def test_a_pull_that_dies_at_any_page_goes_on_there(busy, point, nth):
    died = await busy.crash("chats", point, nth)
    await busy.pull("chats")
    assert (True, ended()) == (died, await busy.facts())


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 503},
        {"status": 429},
        {"status": 429, "headers": {"Retry-After": "2"}},
        {"status": 429, "headers": {"Retry-After": "300"}},
        {"status": 200, "body": '{"_metadata": {}}'},
        {"drop": True},
    ],
    ids=str,
)
async def test_trouble_on_any_page_loses_nothing(busy, trouble):
    busy.vendor.troubles.order(**trouble, path="interactions", skip=1)
    for _ in range(2):
        await busy.pull("chats")
        busy.clock.advance(400)
    assert ended() == await busy.facts()


async def test_a_signed_request_that_waited_is_signed_anew(account):
    await by_app_keys(account)
    account.vendor.chat(1)
    account.vendor.troubles.order(status=429, headers={"Retry-After": "1"}, path="interactions")
    account.clock.advance(180)
    await account.pull("chats")
    assert ended(1) == await account.facts()


async def test_a_token_that_ends_in_the_middle_is_made_anew(busy):
    busy.vendor.before_answer.append(lambda _: busy.vendor.revoke_tokens() if len(busy.vendor.calls) == 5 else None)
    (pulled,) = await busy.pull("chats")
    assert (RunState.DONE, ended()) == (pulled.state, await busy.facts())


async def test_credentials_that_end_in_the_middle_stop_the_pull_and_new_ones_go_on(busy):
    busy.vendor.troubles.order(status=401, path="interactions", skip=1, times=2)
    (stopped,) = await busy.pull("chats")
    (done,) = await busy.pull("chats")
    assert (SourceRefusedError, RunState.DONE, 2) == (type(stopped.error), done.state, done.pages)


async def test_shards_that_fail_are_waited_for(account):
    account.vendor.chat(1)
    account.vendor.partial_answers = 2
    account.clock.advance(180)
    await account.pull("chats")
    assert ended(1) == await account.facts()


@pytest.mark.parametrize("gone", [3, 9])
async def test_conversations_forgotten_while_pages_are_read_push_no_other_out_of_sight(busy, gone):
    def meanwhile(path):
        if "interactions" in path and sum("interactions" in asked for _, asked in busy.vendor.calls) == 2:
            for number in range(gone):
                busy.vendor.forget(chat_id(number))

    busy.vendor.before_answer.append(meanwhile)
    await busy.pull("chats")
    assert ended() == await busy.facts()


async def test_chats_that_end_while_pages_are_read_are_there_in_the_end(busy):
    def meanwhile(path):
        if "interactions" in path and chat_id(900) not in busy.vendor.chats:
            busy.vendor.chat(900, minutes=120)

    busy.vendor.before_answer.append(meanwhile)
    for _ in range(2):
        await busy.pull("chats")
        busy.clock.advance(600)
    assert ended(*range(CHATS), 900) == await busy.facts()


async def test_reading_goes_on_by_time_deep_in_a_long_list(busy):
    vendor, source = await busy.vendor_of(), await busy.source()
    window = Window(busy.clock.now() - timedelta(days=2), busy.clock.now())
    reading = Reading(source.id, LivePersonSettings.model_validate(source.settings), busy.clock.now())
    pull, position, found = Pull(vendor.api, reading, "chats", window, deepest=PAGE), Position.of(None, window), set()
    while position:
        page = await pull.page(position, busy.ids.new)
        found |= {event.entity_id for event in page.accepted.events}
        position = Position.of(page.position, window) if page.position else None
    asked = [body["offset"] for body in busy.vendor.pages]
    assert ({fact[0] for fact in ended()}, 0) == (found, max(asked))


@pytest.mark.parametrize("record", ["text", {"info": {"skillName": "Orders"}}, {"info": {"engagementId": "1"}, "deep": [[[[[[[]]]]]]] * 1}])
async def test_a_chat_that_cannot_be_read_is_kept_once_and_stops_no_other(account, record):
    account.vendor.chat(1)
    deep = record if not isinstance(record, dict) or "deep" not in record else {**record, "deep": json.loads("[" * 60 + "]" * 60)}
    account.vendor.garbage.append(deep)
    account.clock.advance(180)
    for _ in range(2):
        await account.pull("chats")
    assert (1, ended(1)) == (await account.count(tables.event, tables.event.c.status == "invalid"), await account.facts())


async def test_an_account_that_moved_is_found_again(account):
    account.vendor.chat(1)
    await account.pull("chats")
    account.vendor.hosts["engHistDomain"] = "127.0.0.1:31"
    account.clock.advance(3600)
    vendor = await account.vendor_of()
    window = Window(account.clock.now() - timedelta(days=2), account.clock.now())
    page = await vendor.kind.pull(vendor.api, vendor.source, "chats", window, None, account.clock.now(), account.ids.new)
    assert 1 == len(page.accepted.events)


async def test_hosts_are_looked_up_once_in_ten_minutes(busy):
    await busy.pull("chats")
    assert 1 == sum("baseURI" in path for _, path in busy.vendor.calls)


@pytest.mark.parametrize("host", ["collector.example", "127.0.0.1.collector.example", "127.0.0.1:21/x@collector.example", ""])
async def test_a_host_that_is_of_somebody_else_is_not_called(account, host):
    account.vendor.hosts["engHistDomain"] = host
    (pulled,) = await account.pull("chats")
    assert (SourceRefusedError, 1) == (type(pulled.error), len(account.vendor.calls))


async def test_without_the_simulator_only_hosts_of_the_vendor_are_called(account):
    source = await account.source()
    kind = registry.source("liveperson")
    real = source.settings | {"api_url": None}
    api = kind.api(type(source)(source.id, source.name, source.kind, source.state, real, source.secrets), account.http, account.clock)
    schemes = [api._scheme("va.enghist.liveperson.net")]
    for host in ("127.0.0.1:21", "liveperson.net.collector.example", "notliveperson.net"):
        with pytest.raises(SourceRefusedError):
            api._scheme(host)
    assert ["https"] == schemes


@pytest.mark.shows("LP-66")
async def test_nothing_is_ever_written_to_the_vendor(account):
    account.vendor.chat(1)
    account.vendor.conversation(1)
    account.clock.advance(180)
    await arrive(account)
    await account.pull()
    await discovery.refresh(account.engine, await account.vendor_of())
    reads = ("baseURI.json", "app/token", "interactions/search", "conversations/search", "conversation/search", "skills")
    assert [] == [(method, path) for method, path in account.vendor.calls if not path.endswith(reads)]


# --- webhooks ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P2")
@pytest.mark.parametrize("webhook_first", [True, False])
async def test_a_webhook_and_a_pull_are_one_event(account, webhook_first):
    older = sde("CUSTOMER_INFO", 1_000, customerId="C-1", imei=None)
    account.vendor.conversation(1, sdes=[sde("PERSONAL_INFO", 1, surname="B"), older, sde("CUSTOMER_INFO", 2_000, customerId="C-2")])
    account.clock.advance(180)
    steps = [arrive, lambda here: here.pull("messaging")]
    for step in steps if webhook_first else reversed(steps):
        await step(account)
        account.clock.advance(60)
    assert 1 == len(await account.facts())


async def test_an_end_posted_twice_is_fetched_once(account):
    account.vendor.conversation(1)
    account.vendor.posted *= 2
    await arrive(account)
    assert 1 == sum(path.endswith("conversation/search") for _, path in account.vendor.calls)


async def test_a_conversation_that_shows_late_is_fetched_then(account):
    account.vendor.lag = timedelta(seconds=60)
    conversation = account.vendor.conversation(1)
    await arrive(account)
    nothing = await account.facts()
    account.clock.advance(300)
    await account.notices().sweep()
    assert ([], [(conversation, "messaging.ended")]) == (nothing, await account.facts())


async def test_refused_credentials_hold_the_notice_and_new_ones_release_it(account):
    conversation = account.vendor.conversation(1)
    account.vendor.troubles.order(status=401, path="conversation/search", times=2)
    await arrive(account)
    rows = await account.rows(tables.notice, tables.notice.c.id, tables.notice.c.state)
    async with account.database.write() as tx:
        await expand.release_notices(tx, [row.id for row in rows], account.clock.now())
    await account.notices().sweep()
    assert (["held"], [(conversation, "messaging.ended")]) == ([row.state for row in rows], await account.facts())


@pytest.mark.shows("P7")
async def test_everything_posted_is_counted(account):
    conversation = account.vendor.conversation(1)
    account.vendor._post(conversation, state="OPEN")
    account.vendor._post(conversation, state="OPEN")
    account.vendor.posted += [json.dumps({"type": "ms.MessagingEventNotification.ContentEvent"}).encode(), b"[]", b'{"body": 1}']
    posted = len(account.vendor.posted)
    receipts = await arrive(account)
    assert [1] * posted == [one.events + one.notices + one.repeats + one.invalid for one in receipts]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"X-LivePerson-Signature": None}, "signature_missing"),
        ({"X-LivePerson-Signature": "sha1=AAAA"}, "signature_mismatch"),
        ({"X-LivePerson-Signature": "sha1=é"}, "signature_mismatch"),
        ({"X-LivePerson-Signature": "sha256=AAAA"}, "signature_malformed"),
        ({"X-LivePerson-Account-Id": "11111111"}, "account_mismatch"),
    ],
)
async def test_a_webhook_that_does_not_prove_its_sender_is_refused(account, change, code):
    account.vendor.conversation(1)
    ((body, headers),) = account.vendor.take_posted()
    with pytest.raises(RequestRefused) as refused:
        await account.post(body, {name: value for name, value in (headers | change).items() if value is not None})
    assert (code, 401) == (refused.value.request_code, refused.value.status)


async def test_a_changed_body_does_not_match_its_signature(account):
    account.vendor.conversation(1)
    ((body, headers),) = account.vendor.take_posted()
    with pytest.raises(RequestRefused, match="does not match"):
        await account.post(body + b" ", headers)


# --- late and partial data --------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-71")
async def test_after_partial_and_full_partial_tells_nothing(account):
    chat = account.vendor.chat(1, lines=4, surveys={"preChat": {"Email": "elin@nordkaj.example"}}, isPartial=True, chatDataEnriched=False)
    whole = account.vendor.chats[chat]
    part = {**whole, "transcript": {"lines": whole["transcript"]["lines"][:1]}, "surveys": {}}
    full = {**whole, "info": {**whole["info"], "isPartial": False, "chatDataEnriched": True}}
    events = []
    for record in (part, full, part):
        account.vendor.chats[chat] = record
        account.clock.advance(600)
        (pulled,) = await account.pull("chats")
        events.append(pulled.receipt.events)
    assert [1, 1, 0] == events


async def test_attributes_that_come_later_are_news(account):
    chat = account.vendor.chat(1)
    account.clock.advance(600)
    await account.pull("chats")
    account.vendor.chats[chat]["sdes"]["events"].append(sde("CUSTOMER_INFO", 5, customerId="C-1"))
    (pulled,) = await account.pull("chats")
    assert 1 == pulled.receipt.events


async def test_what_only_a_single_conversation_tells_is_news_after_the_list(account):
    account.vendor.conversation(
        1, sdes=[sde("CUSTOMER_INFO", 1, customerId="C-1", role="Owner"), sde("CUSTOMER_INFO", 2, customerId="C-1")]
    )
    account.clock.advance(180)
    await account.pull("messaging")
    account.clock.advance(60)
    await arrive(account)
    assert 2 == len(await account.facts())


async def test_lists_lack_older_attributes_and_single_conversations_do_not(account):
    await account.configure(every_attribute=True)
    account.vendor.conversation(
        1, sdes=[sde("CUSTOMER_INFO", 1, customerId="C-1", role="Owner"), sde("CUSTOMER_INFO", 2, customerId="C-1")]
    )
    account.clock.advance(180)
    vendor = await account.vendor_of()
    window = Window(account.clock.now() - timedelta(days=2), account.clock.now())
    page = await vendor.kind.pull(vendor.api, vendor.source, "messaging", window, None, account.clock.now(), account.ids.new)
    payload = page.accepted.events[0].payload
    assert {"customerId": "C-1", "role": "Owner"} == payload["sdes"]["events"][0]["customerInfo"]["customerInfo"]


# --- one conversation on demand ---------------------------------------------------------------------------------------------------


async def read_one(here, subject):
    vendor = await here.vendor_of()
    return await vendor.kind.refetch(vendor.api, vendor.source, subject, None, here.clock.now(), here.ids.new)


async def test_an_ended_chat_of_any_age_is_read_by_its_id(account):
    chat = account.vendor.chat(1, at=account.clock.now() - timedelta(days=200))
    page = await read_one(account, chat)
    assert [(chat, "chat.ended")] == [(event.entity_id, event.type) for event in page.accepted.events]


async def test_an_ended_conversation_is_read_by_its_id(account):
    conversation = account.vendor.conversation(1)
    page = await read_one(account, conversation)
    assert [(conversation, "messaging.ended")] == [(event.entity_id, event.type) for event in page.accepted.events]


@pytest.mark.parametrize("subject", ["open", "4294970999", "3f0c9a52-0000-0000-0000-000000000000"])
async def test_what_goes_on_or_is_not_there_says_so(account, subject):
    wanted = account.vendor.conversation(1, status="OPEN") if subject == "open" else subject
    with pytest.raises(SkipRecord, match=r"once it has ended|does not have"):
        await read_one(account, wanted)


# --- checks and discovery ---------------------------------------------------------------------------------------------------------


async def findings(here):
    vendor = await here.vendor_of()
    return await vendor.kind.check(vendor.api, vendor.source)


async def test_a_check_says_that_all_is_well(account):
    assert [(Verdict.OK, "LivePerson takes the credentials for account 87412093.")] == [
        (one.verdict, one.sentence) for one in await findings(account)
    ]


@pytest.mark.shows("LP-09")
@pytest.mark.parametrize(("lacking", "named"), [("Engagement History", "Data > Engagement History"), ("Skills", "Administration > Skills")])
async def test_a_check_names_the_permission_that_is_missing(account, lacking, named):
    await by_app_keys(account)
    account.vendor.permissions.discard(lacking)
    found = [one for one in await findings(account) if "permission" in one.sentence and "OAuth" not in one.sentence]
    assert [True] * len(found) == [named in one.sentence for one in found] != []


async def test_a_check_warns_of_app_keys(account):
    await by_app_keys(account)
    assert [Verdict.OK, Verdict.WARN] == [one.verdict for one in await findings(account)]


async def test_a_check_says_that_credentials_are_refused(account):
    account.secrets = {**SECRETS, "client_secret": "another"}
    await account.configure()
    assert {Verdict.FAIL, Verdict.WARN} == {one.verdict for one in await findings(account)}


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_check_says_that_the_account_is_unknown(account, status):
    account.vendor.troubles.order(status=status, path="baseURI", times=3)
    assert [True] * 3 == ["knows no account 87412093; correct account_id" in one.sentence for one in await findings(account)]


async def test_the_doctor_tells_of_webhooks_whose_signature_did_not_match(account):
    refused = RequestRefused("signature_mismatch", "The signature does not match; compare signing_secret.", 401)
    async with account.database.write() as tx:
        for _ in range(2):
            await refusals.record(tx, refused, account.source_id, account.ids, account.clock.now())
    parts = SimpleNamespace(engine=account.engine, database=account.database)
    (finding,) = [one async for one in source_checks.refused(parts, await account.source())]
    assert finding.sentence == "2 refused in the last day, the last at 09:00 UTC: The signature does not match; compare signing_secret."


async def test_a_scan_adds_questions_and_skills(account):
    account.vendor.chat(1, surveys={"preChat": {"What is your Account Number?": "C-1"}, "operator": {"Satisfied?": "Yes"}})
    account.clock.advance(60)
    await discovery.refresh(account.engine, await account.vendor_of())
    settings = (await account.source()).settings
    keys = {attribute.key for attribute in registry.source("liveperson").catalogue(settings)}
    assert ({"prechat.What is your Account Number?", "agent_survey.Satisfied?"} <= keys, ["Orders", "Returns"]) == (
        True,
        [skill["name"] for skill in settings["skills"]],
    )


# --- secrets ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P12")
async def test_no_secret_stands_in_the_database(account):
    account.vendor.chat(1)
    account.vendor.conversation(1)
    account.clock.advance(180)
    await arrive(account)
    await account.pull()
    planted = [secret.encode() for secret in (*SECRETS.values(), *account.vendor.tokens)]
    assert [] == [place async for place, content in kept(account) if any(secret in content for secret in planted)]


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


def test_the_signature_of_the_simulator_is_an_hmac_in_base64():
    assert "sha1=oYmR/35FE6HC0u5R46jpnKiR2c0=" == headers_of(b"body", "secret")["X-LivePerson-Signature"]
