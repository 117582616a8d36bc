"""Mail, webhook and chat as they leave: sealed, signed, to whom it concerns, and with a sentence where they do not arrive."""

import json

import httpx2
import pytest
import structlog
from tests.vendors import smtp
from tests.vendors.alert_receivers import HOST, Receivers
from tests.vendors.smtp import PASSWORD, USER, mail_server

from crosswalk.alerts import channels, entered, sending
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.messages import Message
from crosswalk.errors import AlertNotSentError, MappingError
from crosswalk.settings import Settings
from crosswalk.store import tables
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.turn.context import Engine

OPS, DESK = "ops@harbor.example", "desk@harbor.example"


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def engine(database, vault, clock, ids):
    settings = Settings(public_url="https://crosswalk.example/")
    return Engine(database, vault, clock, ids, settings, ConfigurationCache(database, vault, clock))


@pytest.fixture
def message(clock):
    """Return an alert whose title tries to get out of its place."""
    title = "Harbor <!channel> & Sons: 2 deliveries held"
    return Message("m-1", "a-1", "raised", Kind.DELIVERIES_HELD, title, "Mend it.", "https://crosswalk.example/x", clock.now())


@pytest.fixture
def receivers():
    return Receivers()


@pytest.fixture
def add(engine):
    async def added(**given):
        return await channels.add(engine, "user:noor", entered.read({"name": given["kind"], **given}))

    return added


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """Return a certificate of this machine that is believed."""
    file = smtp.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


async def mailed(engine, add, message, server, **more):
    channel = await add(**{"kind": "mail", "recipients": [OPS, DESK], **server.settings, **more})
    await sending.send(engine, None, channel, message)


async def refusal(engine, add, message, server, **more):
    with pytest.raises(AlertNotSentError) as caught:
        await mailed(engine, add, message, server, **more)
    return caught.value.sentence


# --- mail -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30")
async def test_mail_goes_to_all_recipients_over_tls_and_with_a_login(engine, add, message, trusted):
    async with mail_server(certificate=trusted, login=True) as server:
        await mailed(engine, add, message, server)
    [mail] = server.mails
    assert ((OPS, DESK), "<m-1@harbor.example>", True) == (mail.recipients, mail["Message-ID"], "Mend it." in mail.get_content())


async def test_mail_says_in_its_subject_what_it_is_about(engine, add, message):
    async with mail_server() as server:
        await mailed(engine, add, message, server)
    assert ["Alert: Harbor <!channel> & Sons: 2 deliveries held"] == server.subjects()


async def test_a_wrong_password_is_told_and_not_repeated(engine, add, message, trusted):
    async with mail_server(certificate=trusted, login=True) as server:
        said = await refusal(engine, add, message, server, password="a wrong one")
    assert ("The mail server refuses user and password (535); enter them anew.", []) == (said, server.mails)


async def test_a_server_with_the_certificate_of_another_gets_neither_mail_nor_password(engine, add, message, tmp_path, monkeypatch):
    file = smtp.certificate(tmp_path, "elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with mail_server(certificate=file, login=True) as server:
        said = await refusal(engine, add, message, server)
    assert ("certificate" in said, server.mails) == (True, [])


async def test_a_server_that_offers_no_encryption_gets_neither_mail_nor_password(engine, add, message):
    async with mail_server() as server:
        said = await refusal(engine, add, message, server, security="starttls", username=OPS, password=PASSWORD)
    assert ("does not offer" in said, server.mails) == (True, [])


async def test_a_recipient_that_is_refused_keeps_the_others_from_nothing(engine, add, message):
    async with mail_server() as server:
        server.refuse = {DESK}
        await mailed(engine, add, message, server)
    assert [(OPS,)] == [one.recipients for one in server.mails]


async def test_recipients_that_are_all_refused_are_told(engine, add, message):
    async with mail_server() as server:
        server.refuse = {DESK, OPS}
        assert "all recipients" in await refusal(engine, add, message, server)


async def test_a_server_that_is_out_of_order_is_told(engine, add, message):
    async with mail_server() as server:
        server.broken = True
        assert "(451)" in await refusal(engine, add, message, server)


async def test_a_server_that_is_away_is_told(engine, add, message):
    async with mail_server() as server:
        pass
    assert "cannot be reached" in await refusal(engine, add, message, server)


# --- webhook and chat -----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30")
async def test_a_webhook_is_believed_by_a_receiver_that_checks_it(engine, add, message, receivers):
    channel = await add(kind="webhook", url=f"{HOST}/program")
    receivers.secret = channel.details["signing_secret"]
    async with receivers.client() as http:
        await sending.send(engine, http, channel, message)
    [told] = receivers.taken
    assert ("m-1", "alert.raised", "deliveries_held") == (told["id"], told["type"], told["cause"])


async def test_a_webhook_with_another_secret_is_refused(engine, add, message, receivers):
    channel = await add(kind="webhook", url=f"{HOST}/program")
    receivers.secret = "whsec_" + "A" * 44
    async with receivers.client() as http:
        with pytest.raises(AlertNotSentError, match="401"):
            await sending.send(engine, http, channel, message)


@pytest.mark.shows("BX-30")
async def test_a_chat_gets_a_text_that_calls_nobody(engine, add, message, receivers):
    async with receivers.client() as http:
        await sending.send(engine, http, await add(kind="chat", url=f"{HOST}/chat"), message)
    assert "Alert: Harbor &lt;!channel&gt; &amp; Sons: 2 deliveries held" == receivers.texts[0].splitlines()[0]


async def test_a_redirect_is_not_followed(engine, add, message, receivers):
    async with receivers.client() as http:
        with pytest.raises(AlertNotSentError, match="307"):
            await sending.send(engine, http, await add(kind="chat", url=f"{HOST}/moved"), message)


async def test_a_receiver_that_is_away_is_told(engine, add, message):
    async with httpx2.AsyncClient() as http:
        with pytest.raises(AlertNotSentError, match="cannot be reached"):
            await sending.send(engine, http, await add(kind="chat", url="http://127.0.0.1:9/chat"), message)


async def test_a_channel_whose_key_is_lost_is_told(engine, add, message, database):
    made = await add(kind="chat", url=f"{HOST}/chat")
    async with database.write() as tx:
        await tx.execute(tables.alert_channel.update().values(details_ct=b"\x01lost"))
        stored = await channels.get(tx, engine.vault, made.id)
    with pytest.raises(AlertNotSentError, match="key that sealed"):
        await sending.send(engine, None, stored, message)


# --- what is entered ------------------------------------------------------------------------------------------------------------------

MAIL = {"kind": "mail", "name": "Mail", "host": "smtp.harbor.example", "sender": OPS, "recipients": [OPS]}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({**MAIL, "security": "none"}, "security"),
        ({**MAIL, "host": "smtp.harbor.example/x"}, "host"),
        ({**MAIL, "recipients": []}, "recipients"),
        ({**MAIL, "recipients": ["Ops <ops@harbor.example>"]}, "recipients"),
        ({**MAIL, "sender": "ops@harbor.example\r\nBcc: all@harbor.example"}, "sender"),
        ({**MAIL, "port": 0}, "port"),
        ({**MAIL, "causes": []}, "causes"),
        ({**MAIL, "name": "two\nlines"}, "name"),
        ({"kind": "chat", "name": "Chat", "url": "http://chat.example/hook"}, "url"),
        ({"kind": "chat", "name": "Chat", "url": "file:///etc/passwd"}, "url"),
        ({"kind": "webhook", "name": "Program", "url": "https://"}, "url"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(given, place):
    with pytest.raises(MappingError) as caught:
        entered.read(given)
    assert [place] == [one.place for one in caught.value.problems]


@pytest.mark.parametrize("url", ["https://chat.example/hook", "http://127.0.0.1:9/hook", "http://localhost/hook"])
def test_an_address_nobody_can_listen_to_is_taken(url):
    assert url == entered.read({"kind": "chat", "name": "Chat", "url": url}).details()["url"]


async def test_a_user_needs_a_password(add):
    with pytest.raises(MappingError) as caught:
        await add(**MAIL, username=OPS)
    assert ["password"] == [one.place for one in caught.value.problems]


@pytest.mark.shows("P12")
@pytest.mark.parametrize("change", [{"host": "smtp.elsewhere.example"}, {"port": 25}, {"username": DESK}])
async def test_a_stored_password_does_not_follow_to_another_server(engine, add, change):
    given = {**MAIL, "username": OPS}
    stored = await add(**given, password=PASSWORD)
    with pytest.raises(MappingError, match="Enter the password again"):
        await channels.change(engine, "user:noor", stored.id, entered.read({**given, **change}))


async def test_secrets_that_are_left_out_stay(engine, add):
    mail, hook = await add(**MAIL, username=OPS, password=PASSWORD), await add(kind="webhook", url=f"{HOST}/program")
    changed = [
        await channels.change(engine, "user:noor", mail.id, entered.read({**MAIL, "username": OPS, "recipients": [DESK]})),
        await channels.change(engine, "user:noor", hook.id, entered.read({"kind": "webhook", "name": "Other"})),
    ]
    assert (PASSWORD, hook.details) == (changed[0].details["password"], changed[1].details)


@pytest.mark.shows("P12", "BX-35")
async def test_no_secret_and_no_address_stands_in_the_trail_the_log_or_the_database(engine, add, message, database):
    with structlog.testing.capture_logs() as log:
        channel = await add(**MAIL, username=OPS, password=PASSWORD)
        await channels.change(engine, "user:noor", channel.id, entered.read({**MAIL, "username": OPS, "name": "Post"}))
    async with database.read() as tx:
        trail = [dict(row._mapping) for row in await tx.execute(tables.audit.select())]
        rows = [bytes(row.details_ct) for row in await tx.execute(tables.alert_channel.select())]
    told, stored = json.dumps([trail, log], default=str), b"".join(rows)
    assert (2, [False] * 4) == (len(trail), [one in told or one.encode() in stored for one in (PASSWORD, OPS, USER, MAIL["host"])])
