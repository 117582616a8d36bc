"""A person who asked to be forgotten: nothing of them is found any more, wherever one looks, and no pull brings them back."""

from pathlib import Path

import pytest
import structlog
from sqlalchemy import select, update
from tests.world import identify, preset, registration

from crosswalk import workspace
from crosswalk.engine import erasure
from crosswalk.engine.housekeeping import Housekeeping
from crosswalk.journal import audit
from crosswalk.model import Accepted, Notice
from crosswalk.sources.kaltura import records as kaltura
from crosswalk.store import tables

MAIL, NAME = "ann.forgetme@x.example", "Forgetmenot"
OTHER = "bob@x.example"
SEALED = {
    tables.event: ("payload_ct", "person_ct"),
    tables.notice: ("payload_ct",),
    tables.change: ("body_ct", "before_ct", "error_ct"),
    tables.identity: ("strong_keys_ct",),
}


@pytest.fixture
def database_url(request):
    """Return the address of a SQLite database unless a test asks for PostgreSQL."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")


BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
async def known(here):
    """Ann and Bob, met by a webinar and by a customer data platform, written and read back."""
    livestorm = await here.add_source("livestorm")
    rudderstack = await here.add_source("rudderstack")
    await here.add_sync(livestorm, preset("livestorm"))
    await here.add_sync(rudderstack, preset("rudderstack"))
    for mail, person in ((MAIL, "p-ann"), (OTHER, "p-bob")):
        await here.deliver(livestorm, registration(mail, person, fields={"first_name": "A", "last_name": NAME}))
        await here.deliver(rudderstack, identify(mail, f"m-{person}", lastName=NAME, phone="+33 1 55 55 01 02"))
    await here.drain()
    return livestorm, rudderstack


@pytest.fixture
def file(here):
    return Path(here.database.url.database)


async def sealed(here):
    """Return everything sealed, with the row it stands in."""
    found = {}
    for table, columns in SEALED.items():
        for number, row in enumerate(await here.rows(table)):
            found |= {(table.name, number, name): row[name] for name in columns if row[name]}
    return found


def opened(here, content):
    return [str(here.vault.open(one)) for one in content.values()]


async def erase(here, **person):
    return await erasure.erase(here.engine, person or {"email": MAIL.upper()}, "tester")


@BOTH
@pytest.mark.shows("BX-47", "P12")
async def test_nothing_that_is_stored_tells_of_the_person(here, known):
    await erase(here)
    left = opened(here, await sealed(here))
    assert (0, True) == (sum(MAIL in one.lower() for one in left), any(OTHER in one for one in left))


@pytest.mark.shows("BX-47", "P12")
async def test_nothing_of_the_person_stands_in_files_log_export_or_audit_trail_as_bytes(here, known, file):
    theirs = {content for content in (await sealed(here)).values() if MAIL in str(here.vault.open(content)).lower()}
    with structlog.testing.capture_logs() as said:
        await erase(here)
        await Housekeeping(here.engine).sweep()
    async with here.database.read() as tx:
        told = [str(said), await workspace.export(tx, here.vault), *map(str, await audit.page(tx, 100))]
    files = [path.read_bytes() for path in file.parent.glob(f"{file.name}*")]
    everything = b"".join([*files, *(text.encode() for text in told)])
    needles = [MAIL.encode(), b"forgetme", *theirs]
    assert [] == [needle for needle in needles if needle in everything.lower() or needle in everything]


@pytest.mark.shows("BX-47")
async def test_the_next_overlapping_pull_does_not_bring_the_person_back(here, known):
    livestorm, rudderstack = known
    await erase(here)
    before = len(here.writes())
    for _ in range(2):
        await here.deliver(livestorm, registration(MAIL, "p-ann", fields={"last_name": NAME}, event="people.attended", at=1_772_700_000))
        await here.deliver(rudderstack, identify(MAIL, "m-new", lastName=NAME))
    nameless = await here.deliver(rudderstack, identify(MAIL, "m-later") | {"traits": {"lastName": NAME}})  # by the user id alone
    await here.drain()
    left = opened(here, await sealed(here))
    assert (before, 0, 0) == (len(here.writes()), nameless.events, sum(MAIL in one.lower() for one in left))


async def test_others_go_on_as_before(here, known):
    livestorm, _ = known
    await erase(here)
    await here.deliver(livestorm, registration(OTHER, "p-bob", event="people.attended", at=1_772_700_000, attendance_rate=80))
    await here.drain()
    (member,) = await here.records(f"SELECT Status FROM CampaignMember WHERE Lead.Email = '{OTHER}'")
    assert "Attended" == member["Status"]


async def test_the_proof_tells_what_was_erased_lists_what_stands_in_salesforce_and_is_audited(here, known):
    (lead,) = await here.records(f"SELECT Id FROM Lead WHERE Email = '{MAIL}'")
    proof = await erase(here)
    async with here.database.read() as tx:
        (entry,) = [one for one in await audit.page(tx, 10) if one.action == "person.forget"]
    listed = {(record.object, record.id) for record in proof.records}
    assert (2, proof.digest, f"person {proof.person}", True, {"Lead", "CampaignMember"}) == (
        proof.events,
        entry.after["digest"],
        entry.subject,
        ("Lead", lead["Id"]) in listed,
        {name for name, _ in listed},
    )


@pytest.mark.shows("BX-47")
async def test_a_write_under_way_is_told_and_its_content_goes_once_it_has_settled_though_nothing_else_is_to_do(here, known):
    _, rudderstack = known
    await here.deliver(rudderstack, identify(MAIL, "m-2", "2026-03-04T08:30:00.000Z", lastName="Renamed", company="Example"))
    assert await here.crash("K6")
    unsettled = (await erase(here)).unsettled
    for seconds in (here.settings.timings.lease, here.settings.timings.settle):  # after the first, nothing waits in its lane any more
        here.clock.advance(seconds)
        await here.drain()
    await Housekeeping(here.engine).sweep()
    left = opened(here, await sealed(here))
    assert (True, 0) == (unsettled > 0, sum(MAIL in one.lower() for one in left))


async def test_what_quotes_the_address_goes_and_an_address_within_another_is_somebody_elses(here, known):
    livestorm, rudderstack = known
    source = (await here.configuration.current()).sources[livestorm]
    notice = Notice(here.ids.new(), source.id, "person", "n-1", {"about": f"<{MAIL}>"}, here.clock.now())
    await here.receiver.receive(source, Accepted(notices=(notice,)), fingerprint=dict)
    await here.deliver(rudderstack, identify(f"jo{MAIL}", "m-jo", lastName="Example"))
    proof = await erase(here)
    async with here.database.read() as tx:
        kept = await tx.scalar(select(tables.event.c.payload_ct).where(tables.event.c.message_id == "m-jo"))
    assert (1, True) == (proof.notices, kept is not None)


async def test_interrupted_between_two_tables_it_is_finished_by_the_next_request(here, known):
    async with here.database.write() as tx:  # as a first request leaves it that died after the events
        await tx.execute(update(tables.event).values(code="forgotten", payload_ct=None, person_ct=None))
    proof = await erase(here)
    assert (0, True) == (proof.events, proof.changes > 0)


def test_an_attendee_known_by_an_address_alone_has_an_id_that_does_not_show_it():
    of = kaltura.identifiers.disguised
    assert (False, True) == ("@" in of(MAIL), of(MAIL) == of(MAIL))
