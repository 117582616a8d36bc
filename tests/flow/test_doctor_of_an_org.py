"""What the doctor finds in an org: what is missing, hidden, retyped or private, each with the smallest thing that mends it."""

import dataclasses

import pytest
from tests.flow.provisioned import provision
from tests.world import preset

from crosswalk.cli import org_checks
from crosswalk.engine.orgs import Orgs
from crosswalk.findings import Level
from crosswalk.presets import loader
from crosswalk.provisioning import checks
from crosswalk.runtime import Runtime
from crosswalk.store import tables
from localorg.schema import FieldType
from localorg.settings import Login

REPLAY = "CampaignMember.Livestorm_Replay_Status__c"
KALTURA = loader.load("kaltura").member_statuses
WEAK = "weak@localorg.example"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
async def synced(fresh):
    """Return a world with a Livestorm sync, bound to a campaign; nothing is provisioned."""
    source = await fresh.add_source("livestorm")
    await fresh.add_sync(source, preset("livestorm"))
    return fresh


@pytest.fixture
async def whole(synced):
    await provision(synced)
    return synced


async def findings(here):
    org = await here.ready_org()
    return [each async for each in checks.examine(here.engine, org, await here.configuration.current())]


async def trouble(here, level=None):
    """Return the sentences of everything that is not well."""
    return [each.sentence for each in await findings(here) if each.level is not Level.OK and level in (None, each.level)]


def change(here, **facts):
    """Change what kind of field the replay status is, behind the back of whoever has described it."""
    org = here.org.org
    field = org.schema.object("CampaignMember").field("Livestorm_Replay_Status__c")
    org.remove_field("CampaignMember", field.name)
    org.add_field("CampaignMember", dataclasses.replace(field, **facts))


async def test_a_provisioned_org_is_well(whole):
    assert [] == await trouble(whole)


@pytest.mark.shows("KA-22")
async def test_what_kaltura_needs_is_listed_whole_and_then_nothing_is_missing(fresh):
    source = await fresh.add_source("kaltura")
    await fresh.add_sync(source, preset("kaltura"))
    await fresh.bind(source)
    before = "\n".join(await trouble(fresh))
    needs = loader.load("kaltura").needs
    named = [each.name for each in needs.objects] + [each.path for each in needs.every_field()] + [f'"{label}"' for label in KALTURA]
    await provision(fresh, "kaltura")
    assert ([], []) == ([name for name in named if name not in before], await trouble(fresh))


async def test_a_missing_field_is_named_with_what_makes_it(synced):
    sentence = f"{REPLAY} is not in this org: `crosswalk provision livestorm` makes it; until then the row is kept and not sent."
    assert sentence in await trouble(synced)


async def test_missing_statuses_are_named_by_campaign(synced):
    told = [each for each in await trouble(synced, Level.FAIL) if "lacks" in each]
    assert [f'Campaign {synced.campaign} lacks "Registered", "Did not attend", "Attended"; members with these are held.'] == [
        each.partition(" `")[0] for each in told
    ]


async def test_statuses_that_a_sync_makes_on_the_way_are_not_missed(fresh):
    source = await fresh.add_source("livestorm")
    await fresh.add_sync(source, {**preset("livestorm"), "member_statuses": {"missing": "create"}})
    assert [] == [each for each in await trouble(fresh) if "lacks" in each]


# --- drift ----------------------------------------------------------------------------------------------------------------------------


async def test_a_deleted_field_is_found(whole):
    await findings(whole)
    await whole.remove_field("CampaignMember", "Livestorm_Replay_Status__c")
    assert f"{REPLAY} was deleted: `crosswalk provision livestorm` makes it; until then the row is kept and not sent." in await trouble(
        whole
    )


async def test_a_retyped_field_is_found(whole):
    await findings(whole)
    change(whole, type=FieldType.BOOLEAN, length=0)
    told = await trouble(whole)
    assert (True, True) == (
        any(each.startswith(f"{REPLAY} was of type string and is now boolean") for each in told),
        any(f"{REPLAY}: It is a field of type Checkbox and should be Text" in each for each in told),
    )


@pytest.mark.shows("LS-41")
async def test_a_field_that_was_deleted_is_told_as_such_however_often_the_org_is_described_since(whole):
    await findings(whole)
    whole.clock.advance(60)
    await whole.remove_field("CampaignMember", "Livestorm_Replay_Status__c")
    told = [await trouble(whole) for _ in range(2)]
    assert [True, True] == [any(each.startswith(f"{REPLAY} was deleted: ") for each in one) for one in told]


async def test_a_read_only_field_is_found(whole):
    change(whole, createable=False, updateable=False)
    assert any(each.startswith(f"{REPLAY} is read-only to the user: grant Edit on it") for each in await trouble(whole))


async def test_a_field_of_salesforces_own_that_became_hidden_is_found(whole):
    await findings(whole)
    await whole.ask("POST", "/localorg/permissions", json={"hidden": ["Lead.Website"]})
    (told,) = await trouble(whole)
    assert told.startswith("Lead.Website was deleted or hidden from the user: grant Read and Edit on it")


async def test_rows_that_no_org_lets_anybody_write_share_one_line(fresh):
    source = await fresh.add_source("rudderstack")
    await fresh.add_sync(source, preset("rudderstack"))
    await provision(fresh, "rudderstack")
    (told,) = await trouble(fresh)
    assert (True, True) == (told.startswith("Not available in this org or to its user, kept and not sent:"), "Lead.CreatedDate" in told)


async def test_a_hidden_field_is_told_from_a_deleted_one(whole):
    await whole.ask("POST", "/localorg/permissions", json={"hidden": [REPLAY]})
    (told,) = await trouble(whole)
    assert told.startswith(f"{REPLAY} is hidden from the user: grant Read and Edit on it in a permission set")


async def test_a_row_that_a_run_put_out_of_use_is_found(whole):
    (sync,) = await whole.rows(tables.sync)
    row = {"object": "Lead", "field": "City", "code": "not_writable", "sentence": "refused"}
    async with whole.database.write() as tx:
        await tx.execute(tables.suspended_row.insert().values(sync_id=sync["id"], version=1, at=whole.clock.now(), **row))
    assert ["Lead.City was put out of use by a run (refused); mend it, then save the mapping again or provision."] == await trouble(whole)


# --- what the user may do and see -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def weak(open_fresh):
    """Return a function that makes a world whose connection's user has that profile and no more."""

    async def make(profile="Standard User"):
        here = await open_fresh(users=(Login(WEAK, "secret", profile=profile),))
        source = await here.add_source("livestorm")
        await here.add_sync(source, preset("livestorm"))
        await provision(here)
        here.org.org.user = here.org.org.user_named(WEAK)
        here.orgs = Orgs(here.engine, here.http)
        async with here.database.write() as tx:
            await tx.execute(tables.token.delete())
        return here

    return make


@pytest.mark.shows("RS-28")
async def test_a_weak_user_is_told_exactly_which_rights_are_missing(weak):
    here = await weak("Read Only")
    told = [each.sentence for each in await findings(here) if each.subject.startswith("rights")]
    until = "in a permission set; until then its records are not written."
    assert [
        f"The user lacks Create and Edit on Lead. Grant Create and Edit on Lead {until}",
        f"The user lacks Edit on Contact. Grant Edit on Contact {until}",
        "The user lacks Create and Edit on CampaignMember.",
    ] == [*told[:2], told[2].partition(" Tick")[0]]


async def test_definitions_that_may_not_be_read_are_told_and_the_rest_is_looked_at(weak):
    told = await trouble(await weak())
    assert (1, True) == (sum("--sfdx" in each for each in told), any("hidden from the user" in each for each in told))


async def test_private_records_that_the_user_cannot_see_are_told(weak):
    here = await weak()
    here.org.org.connection.execute("UPDATE Organization SET DefaultLeadAccess = 'None', DefaultContactAccess = 'Read'")
    told = [each.sentence for each in await findings(here) if each.subject.startswith("sharing")]
    assert ["Lead records are private and the user sees its own alone"] == [each.partition(":")[0] for each in told]


async def test_private_records_do_not_matter_to_who_sees_all_data(whole):
    whole.org.org.connection.execute("UPDATE Organization SET DefaultLeadAccess = 'None'")
    assert [] == await trouble(whole)


async def test_person_accounts_are_told(open_fresh):
    here = await open_fresh(person_accounts=True)
    await here.add_sync(await here.add_source("livestorm"), preset("livestorm"))
    assert any(each.startswith("Person accounts are on") for each in await trouble(here))


async def test_an_edition_without_api_is_told(open_fresh):
    here = await open_fresh(api_enabled=False)
    parts = Runtime(here.engine, here.orgs, None, here.receiver, here.http)
    configuration = await here.configuration.current()
    found = [each async for each in org_checks.examine(parts, configuration, configuration.connections[here.connection_id])]
    assert [(Level.FAIL, True)] == [(each.level, "edition or user has no API access" in each.sentence) for each in found]
