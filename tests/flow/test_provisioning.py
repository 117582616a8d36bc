"""What presets need is declared, compared with an org, and brought there; twice is once, and whoever is cut off goes on."""

from dataclasses import replace

import httpx2
import pytest
from tests.flow.provisioned import fields, labels, names, permission_set, plan, prepared, provision, told
from tests.world import Killed, preset, registration

from crosswalk import errors
from crosswalk.engine.orgs import Orgs
from crosswalk.provisioning import apply, service, survey
from crosswalk.provisioning.service import Wish
from crosswalk.store import tables
from localorg.settings import Login, Switches

LABELS = ["Sent", "Responded", "Registered", "Did not attend", "Attended"]
FIELD = "CampaignMember.Livestorm_Replay_Status__c"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


# --- what is made ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-10")
async def test_a_plan_alone_changes_nothing(fresh):
    before = await fresh.export()
    await plan(fresh, campaigns=(fresh.campaign,))
    assert before == await fresh.export()


@pytest.mark.shows("BX-10")
async def test_fields_are_made_and_the_user_may_write_them(fresh):
    await provision(fresh)
    found = (await fields(fresh, "CampaignMember"))["Livestorm_Replay_Status__c"]
    assert ("string", 255, True, True) == (found["type"], found["length"], found["createable"], found["updateable"])


async def test_the_key_field_stands_on_every_object_a_preset_writes(fresh):
    await provision(fresh)
    found = [(await fields(fresh, name))["Crosswalk_Key__c"] for name in ("Lead", "Contact", "CampaignMember")]
    assert [(80, True, True, True)] * 3 == [(each["length"], each["unique"], each["caseSensitive"], each["externalId"]) for each in found]


async def test_a_second_run_changes_nothing(fresh):
    await provision(fresh, campaigns=(fresh.campaign,))
    assert ((), ()) == ((again := await plan(fresh, campaigns=(fresh.campaign,))).steps, again.obstacles)


@pytest.mark.parametrize("replaces", [True, False], ids=["update replaces", "update adds"])
async def test_a_second_preset_keeps_what_the_first_was_granted(open_fresh, replaces):
    here = await open_fresh(switches=Switches(permission_set_update_replaces=replaces))
    await provision(here, "livestorm")
    await provision(here, "livechat")
    assert {"Livestorm_Replay_Status__c", "Crosswalk_Key__c"} <= (await fields(here, "CampaignMember")).keys()


async def test_two_at_once_come_to_the_same(fresh):
    first, second = [await prepared(fresh, "livestorm", campaigns=(fresh.campaign,)) for _ in range(2)]
    org = await fresh.ready_org()
    applied = [await service.carry_out(fresh.engine, org, each, "test") for each in (first, second)]
    assigned = await fresh.records("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Crosswalk'")
    assert ([(), ()], 1, LABELS) == ([each.obstacles for each in applied], len(assigned), await labels(fresh))


async def test_who_did_it_stands_in_the_audit_trail(fresh):
    await provision(fresh)
    (entry,) = await fresh.rows(tables.audit)
    assert ("test", "provision", "Local org") == (entry["actor"], entry["action"], entry["subject"])


# --- what is there already ------------------------------------------------------------------------------------------------------------


async def test_a_field_that_is_too_short_is_made_longer(fresh):
    await fresh.add_field("CampaignMember", "Livestorm_Replay_Status__c", type="string", length=20)
    await provision(fresh)
    assert (await fields(fresh, "CampaignMember"))["Livestorm_Replay_Status__c"]["length"] == 255


async def test_a_field_of_another_type_is_left_alone_and_told(fresh):
    await fresh.add_field("CampaignMember", "Livestorm_Replay_Status__c", type="boolean")
    found = await plan(fresh)
    assert [(FIELD, "It is a field of type Checkbox and should be Text; rename or delete it, or map another field.")] == told(found)


async def test_a_hidden_field_is_granted(fresh):
    await provision(fresh)
    await fresh.ask("DELETE", f"/services/data/v60.0/sobjects/PermissionSet/{(await permission_set(fresh))[0]['Id']}")
    await provision(fresh)
    assert "Livestorm_Replay_Status__c" in await fields(fresh, "CampaignMember")


async def test_a_row_that_drift_put_out_of_use_runs_again_once_its_field_is_back(fresh):
    source = await fresh.add_source("livestorm")
    sync = await fresh.add_sync(source, preset("livestorm"))
    row = {"object": "CampaignMember", "field": "Livestorm_Replay_Status__c", "code": "not_in_org", "sentence": "gone"}
    async with fresh.database.write() as tx:
        await tx.execute(tables.suspended_row.insert().values(sync_id=sync, version=1, at=fresh.clock.now(), **row))
    await provision(fresh)
    assert [] == await fresh.rows(tables.suspended_row)


# --- member statuses ------------------------------------------------------------------------------------------------------------------


async def test_missing_statuses_are_made_on_a_campaign(fresh):
    await provision(fresh, campaigns=(fresh.campaign,))
    assert LABELS == await labels(fresh)


@pytest.mark.shows("LS-45")
async def test_the_texts_a_sync_writes_are_made_on_the_campaigns_bound_to_it(fresh):
    source = await fresh.add_source("livestorm")
    mapping = preset("livestorm")
    mapping["steps"][2]["rows"][0]["values"]["people.registered"] = "Signed up"
    mapping["steps"][2]["rows"][0]["ladder"]["ranks"].append("Signed up")
    await fresh.add_sync(source, mapping)
    await provision(fresh)
    assert ["Sent", "Responded", "Signed up", "Did not attend", "Attended"] == await labels(fresh)


async def test_a_campaign_that_is_not_there_is_told(fresh):
    found = await plan(fresh, campaigns=("701Hr000000AAAAIA4",))
    assert ["Campaign 701Hr000000AAAAIA4"] == [name for name, _ in told(found)]


# --- and then events run --------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-11")
async def test_a_row_without_its_field_waits_for_it_and_the_rest_is_sent(fresh):
    await fresh.seed("CampaignMemberStatus", *({"CampaignId": fresh.campaign, "Label": label} for label in LABELS[2:]))
    source = await fresh.add_source("livestorm")
    await fresh.add_sync(source, preset("livestorm"))
    answers = {"first_name": "Ann", "last_name": "Lee", "company": "Acme"}
    await arrive(fresh, source, registration("ann@x.example", "p-1", event="people.watched_replay", fields=answers))
    before = await fresh.records("SELECT LeadId FROM CampaignMember")
    notes = [note for row in await fresh.rows(tables.step_outcome) for note in row["notes"] or ()]
    await provision(fresh)
    await arrive(fresh, source, registration("bob@x.example", "p-2", event="people.watched_replay", fields=answers))
    after = await fresh.records("SELECT Livestorm_Replay_Status__c FROM CampaignMember ORDER BY CreatedDate")
    assert (1, True) == (len(before), any("Livestorm_Replay_Status__c" in str(note) for note in notes))
    assert "Watched replay" in {row["Livestorm_Replay_Status__c"] for row in after}


async def test_events_run_on_an_org_that_was_fresh(fresh):
    source = await fresh.add_source("livestorm")
    await fresh.add_sync(source, preset("livestorm"))
    await provision(fresh)
    await arrive(fresh, source, registration("ann@x.example", "p-1", fields={"last_name": "Lee"}))
    found = await fresh.records("SELECT Status, Crosswalk_Key__c, Lead.Email, Lead.Crosswalk_Key__c FROM CampaignMember")
    assert [("Registered", "ann@x.example", True, True)] == [
        (row["Status"], row["Lead"]["Email"], bool(row["Crosswalk_Key__c"]), bool(row["Lead"]["Crosswalk_Key__c"])) for row in found
    ]


async def arrive(here, source, body):
    await here.deliver(source, body)
    await here.drain()
    here.clock.advance(60)


# --- what Salesforce refuses ----------------------------------------------------------------------------------------------------------


async def test_a_user_who_may_not_change_definitions_is_told_what_to_do(open_fresh):
    here = await open_fresh(users=(Login("weak@localorg.example", "secret"),))
    weak = here.org.org.user_named("weak@localorg.example")
    here.org.org.user = weak
    with pytest.raises(errors.SalesforceRefusedError, match="--sfdx"):
        await plan(here)


async def test_what_salesforce_refuses_is_left_out_and_told_and_the_rest_is_made(fresh):
    for number in range(25):
        await fresh.add_field("Lead", f"Ext_{number}__c", type="string", length=20, externalId=True)
    applied = await provision(fresh)
    assert (["Lead.Crosswalk_Key__c"], True) == ([name for name, _ in told(applied)], FIELD in names(applied))


# --- whoever is cut off goes on -------------------------------------------------------------------------------------------------------


class Dying(httpx2.AsyncBaseTransport):
    """Leads to an org, and ends the process before the nth call, or after the nth call that changes something has run."""

    def __init__(self, inner, number, *, ran):
        self.inner, self.number, self.ran, self.calls = inner, number, ran, 0

    async def handle_async_request(self, request):
        self.calls += not self.ran or b"<deploy " in request.content or request.url.path.endswith("/composite/sobjects")
        due = self.calls == self.number
        if due and not self.ran:
            raise Killed
        reply = await self.inner.handle_async_request(request)
        if due:
            await reply.aread()
            raise Killed
        return reply


SMALL = replace(Wish(("livestorm",)).declaration(), standard_rights={})
SMALL = replace(SMALL, fields=SMALL.fields_of("CampaignMember"))


async def provision_through(here, transport):
    """Bring a small declaration into the org in a process of its own; tells whether it lived to the end."""
    statuses = {here.campaign: SMALL.statuses}
    async with httpx2.AsyncClient(transport=transport) as http:
        org = await Orgs(here.engine, http).of((await here.configuration.current()).connections[here.connection_id])
        try:
            state = await survey.survey(org, SMALL, statuses)
            await apply.apply(org, here.clock, SMALL, state, statuses)
        except Killed:
            return False
    return True


@pytest.mark.parametrize(("ran", "calls"), [(False, 12), (True, 4)], ids=["before", "after"])
async def test_a_kill_at_any_call_is_made_good_by_the_next_run(fresh, ran, calls):
    await provision_through(fresh, fresh.org.transport())
    whole = await picture(fresh)
    await undo_all(fresh)
    pictures, alive = [], False
    while not alive:
        alive = await provision_through(fresh, Dying(fresh.org.transport(), len(pictures) + 1, ran=ran))
        assert await provision_through(fresh, fresh.org.transport())
        pictures.append(await picture(fresh))
        await undo_all(fresh)
    assert ([whole] * len(pictures), True) == (pictures, len(pictures) >= calls)


async def picture(here):
    """Return all that provisioning makes."""
    assigned = await here.records("SELECT PermissionSet.Name FROM PermissionSetAssignment")
    made = sorted(name for name in await fields(here, "CampaignMember") if name.endswith("__c"))
    return (
        made,
        [each["Name"] for each in await permission_set(here)],
        [each["PermissionSet"]["Name"] for each in assigned],
        await labels(here),
    )


async def undo_all(here):
    """Take everything away again, so that the next attempt begins afresh."""
    for name in ("Livestorm_Replay_Status__c", "Crosswalk_Key__c"):
        await here.remove_field("CampaignMember", name)
    for row in await permission_set(here):
        await here.delete("PermissionSet", row["Id"])
    for row in await here.records("SELECT Id, Label FROM CampaignMemberStatus"):
        if row["Label"] in LABELS[2:]:
            await here.delete("CampaignMemberStatus", row["Id"])


async def test_a_lost_answer_says_to_provision_again(fresh):
    class Cut(Dying):
        async def handle_async_request(self, request):
            reply = await self.inner.handle_async_request(request)
            if b"<deploy " in request.content:
                raise httpx2.ReadError("cut")
            return reply

    with pytest.raises(errors.ReplyLost, match="provision again"):
        await provision_through(fresh, Cut(fresh.org.transport(), 0, ran=True))
