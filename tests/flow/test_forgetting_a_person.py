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
async def test_nothing_of_the_person_stands_in_the_files_as_bytes(here, known, file):
    before = await sealed(here)
    theirs = {content for content in before.values() if MAIL in str(here.vault.open(content)).lower()}
    await erase(here)
    files = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    needles = [MAIL.encode(), b"forgetme", *theirs]
    assert [] == [needle for needle in needles if needle in files.lower() or needle in files]


@pytest.mark.shows("BX-47")
async def test_neither_the_log_nor_an_export_names_the_person(here, known):
    with structlog.testing.capture_logs() as said:
        await erase(here)
        await Housekeeping(here.engine).sweep()
    async with here.database.read() as tx:
        exported = await workspace.export(tx, here.vault)
        audited = [str(entry) for entry in await audit.page(tx, 100)]
    assert [] == [text for text in (str(said), exported, *audited) if "forgetme" in text.lower()]


@pytest.mark.shows("BX-47")
async def test_the_next_overlapping_pull_does_not_bring_the_person_back(here, known):
    livestorm, rudderstack = known
    await erase(here)
    before = len(here.writes())
    for _ in range(2):
        await here.deliver(livestorm, registration(MAIL, "p-ann", fields={"last_name": NAME}, event="people.attended", at=1_772_700_000))
        await here.deliver(rudderstack, identify(MAIL, "m-new", lastName=NAME))
    await here.drain()
    left = opened(here, await sealed(here))
    assert (before, 0) == (len(here.writes()), sum(MAIL in one.lower() for one in left))


async def test_an_event_that_only_has_the_persons_user_id_is_not_taken_either(here, known):
    _, rudderstack = known
    await erase(here)
    call = identify(MAIL, "m-later", lastName=NAME)
    receipt = await here.deliver(rudderstack, call | {"traits": {"lastName": NAME}})
    assert (0, 1) == (receipt.events, receipt.invalid)


async def test_others_go_on_as_before(here, known):
    livestorm, _ = known
    await erase(here)
    await here.deliver(livestorm, registration(OTHER, "p-bob", event="people.attended", at=1_772_700_000, attendance_rate=80))
    await here.drain()
    (member,) = await here.records(f"SELECT Status FROM CampaignMember WHERE Lead.Email = '{OTHER}'")
    assert "Attended" == member["Status"]


async def test_the_proof_tells_what_was_erased_and_stands_in_the_audit_trail(here, known):
    proof = await erase(here)
    async with here.database.read() as tx:
        (entry,) = [one for one in await audit.page(tx, 10) if one.action == "person.forget"]
    assert (2, proof.digest, f"person {proof.person}") == (proof.events, entry.after["digest"], entry.subject)


async def test_records_in_salesforce_are_listed_and_left(here, known):
    (lead,) = await here.records(f"SELECT Id FROM Lead WHERE Email = '{MAIL}'")
    proof = await erase(here)
    listed = {(record.object, record.id) for record in proof.records}
    assert (True, {"Lead", "CampaignMember"}) == (("Lead", lead["Id"]) in listed, {name for name, _ in listed})


async def test_forgotten_twice_nothing_more_is_found(here, known):
    await erase(here)
    again = await erase(here)
    assert (0, 0, 0, 0, 0) == (again.events, again.notices, again.changes, again.identities, again.unsettled)


@pytest.mark.shows("BX-47")
async def test_a_write_under_way_is_told_and_its_content_goes_once_it_has_settled(here, known):
    _, rudderstack = known
    await here.deliver(rudderstack, identify(MAIL, "m-2", "2026-03-04T08:30:00.000Z", lastName="Renamed", company="Example"))
    assert await here.crash("K6")
    unsettled = (await erase(here)).unsettled
    here.clock.advance(here.settings.timings.settle)
    await here.deliver(rudderstack, identify(OTHER, "m-3", "2026-03-04T08:30:00.000Z", lastName="Renamed"))
    await here.drain()
    await Housekeeping(here.engine).sweep()
    left = opened(here, await sealed(here))
    assert (True, 0) == (unsettled > 0, sum(MAIL in one.lower() for one in left))


async def test_bodies_that_only_quote_the_address_go_too(here, known):
    source = (await here.configuration.current()).sources[known[0]]
    notice = Notice(here.ids.new(), source.id, "person", "n-1", {"about": f"<{MAIL}>"}, here.clock.now())
    await here.receiver.receive(source, Accepted(notices=(notice,)), fingerprint=dict)
    assert 1 == (await erase(here)).notices


async def test_an_address_within_another_is_somebody_elses(here, known):
    _, rudderstack = known
    await here.deliver(rudderstack, identify(f"jo{MAIL}", "m-jo", lastName="Example"))
    await here.drain()
    await erase(here)
    async with here.database.read() as tx:
        kept = await tx.scalar(select(tables.event.c.payload_ct).where(tables.event.c.message_id == "m-jo"))
    assert kept is not None


async def test_interrupted_between_two_tables_it_is_finished_by_the_next_request(here, known):
    async with here.database.write() as tx:  # as a first request leaves it that died after the events
        await tx.execute(update(tables.event).values(code="forgotten", payload_ct=None, person_ct=None))
    proof = await erase(here)
    assert (0, True) == (proof.events, proof.changes > 0)


def test_an_attendee_known_by_an_address_alone_has_an_id_that_does_not_show_it():
    of = kaltura.identifiers.disguised
    assert (False, True) == ("@" in of(MAIL), of(MAIL) == of(MAIL))
