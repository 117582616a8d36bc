"""Kaltura's objects, fields and statuses as its tables say, by the API and by files alike; and a conversation of events runs on them."""

import re
import zipfile
from io import BytesIO

import pytest
from tests.flow.provisioned import fields, labels, plan, provision, told
from tests.world import preset

from crosswalk.findings import Level
from crosswalk.provisioning import checks, package, service
from crosswalk.provisioning.service import Wish
from crosswalk.salesforce import xml_text
from localorg.custom_objects import custom_object

ENGAGEMENT, POLLS = "UserSessionEngagement__c", "Kaltura_User_Polls__c"
STATUSES = ["Created", "Invited", "Registered", "Confirmed", "autoConfirmed", "Attended", "Participated", "Blocked", "Un-registered"]
REACTIONS = ("clap", "heart", "think", "wow", "smile")
TEXT = {"campaign_member": 100, "entry_id": 11, "entry_name": 200}
WHOLE = [
    "channel_id",
    "plays",
    *(f"{each}_clicked_count" for each in REACTIONS),
    "answered_polls",
    "messages_sent_group",
    "qna_threads",
    "add_to_calendar",
    "total_reactions_activity",
    "raise_hand",
]
DECIMAL = [
    "vod_minutes_viewed",
    "live_minutes_viewed",
    "total_vod_completion_rate",
    *(f"{each}_live_engagement_rate" for each in ("no", "low", "fair", "good", "high")),
    "combined_live_engaged_play_time_ratio",
    "mic_on",
    "cam_on",
]
SHARED = {"Lead": "reference(Lead)", "email": "email", **{name: f"string({length})" for name, length in TEXT.items()}}
KA_T2 = {
    **SHARED,
    "user": "string(200)",
    "channel_name": "string(200)",
    **dict.fromkeys(WHOLE, "double(18,0)"),
    **dict.fromkeys(DECIMAL, "double(18,2)"),
}
KA_T3 = {**SHARED, **{f"poll_{number}_{part}": "string(255)" for number in range(1, 11) for part in ("type", "answer", "question")}}
"""``Number(16,2)`` has 16 digits before the point, which a describe counts as a precision of 18."""


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


def words(field):
    size = {
        "string": f"({field['length']})",
        "double": f"({field['precision']},{field['scale']})",
        "reference": f"({','.join(field['referenceTo'])})",
    }
    return field["type"] + size.get(field["type"], "")


async def own(here, name):
    found = await fields(here, name)
    return {key.removesuffix("__c"): words(each) for key, each in found.items() if each["custom"] and key != "Crosswalk_Key__c"}


async def picture(here):
    """Return everything that can be described of what Kaltura needs."""
    seen = {}
    for name in (ENGAGEMENT, POLLS, "CampaignMember", "Lead", "Contact"):
        seen[name] = {key: each for key, each in (await fields(here, name)).items() if each["custom"]}
    async with here.org.client() as client:
        tabs = (await client.get("/services/data/v60.0/tabs")).json()
    granted = await here.records("SELECT Field, PermissionsEdit FROM FieldPermissions ORDER BY Field")
    return seen, sorted(each["name"] for each in tabs if each["custom"]), granted


@pytest.mark.shows("KA-11", "KA-15", "KA-22")
async def test_both_objects_are_as_kalturas_tables_say_and_then_nothing_is_missing(fresh):
    missing_before = {step.name for step in (await plan(fresh, "kaltura")).steps}
    await provision(fresh, "kaltura")
    after = await plan(fresh, "kaltura")
    assert (KA_T2, KA_T3, 31, 35) == (await own(fresh, ENGAGEMENT), await own(fresh, POLLS), len(KA_T2), len(KA_T3))
    assert ({ENGAGEMENT, POLLS, "CampaignMember.external_id__c"} <= missing_before, (), ()) == (True, after.steps, after.obstacles)


@pytest.mark.shows("KA-02")
async def test_a_fresh_campaign_gets_the_nine_statuses_once(fresh):
    await provision(fresh, "kaltura", campaigns=(fresh.campaign,))
    await provision(fresh, "kaltura", campaigns=(fresh.campaign,))
    assert ["Sent", "Responded", *STATUSES] == await labels(fresh)


@pytest.mark.shows("KA-06", "C-09")
@pytest.mark.parametrize("required", [True, False])
async def test_the_external_id_is_unique_and_required_only_if_the_admin_wants_it(fresh, required):
    await provision(fresh, "kaltura", required=("CampaignMember.external_id__c",) if required else ())
    found = (await fields(fresh, "CampaignMember"))["external_id__c"]
    assert (50, True, False, True, not required) == tuple(
        found[key] for key in ("length", "unique", "caseSensitive", "externalId", "nillable")
    )


@pytest.mark.shows("KA-06")
async def test_each_deviation_of_the_external_id_is_told(fresh):
    await fresh.add_field("CampaignMember", "external_id__c", type="string", length=255, required=True)
    found = await plan(fresh, "kaltura")
    changes = next(step.sentence for step in found.steps if step.name == "CampaignMember.external_id__c")
    assert ("Custom field CampaignMember.external_id__c: unique; External ID", 2) == (changes, len(told(found)))


@pytest.mark.shows("BX-10")
async def test_files_deployed_by_an_admin_make_the_same_org(open_fresh, tmp_path):
    by_api, by_files = await open_fresh(), await open_fresh(connected=False)
    await provision(by_api, "kaltura", "livestorm")
    service.write_source(tmp_path, Wish(("kaltura", "livestorm")).declaration())
    await deploy(by_files, converted(tmp_path))
    await assign(by_files)
    assert await picture(by_api) == await picture(by_files)


@pytest.mark.shows("G-04")
async def test_the_polls_object_is_accepted_under_the_name_that_set_up_makes_of_it(fresh):
    given = {"label": "Polls", "pluralLabel": "Polls", "nameField": {"label": "Name", "type": "Text"}}
    fresh.org.org.add_object(custom_object("Kaltura_User_Polls_c__c", given, 1))
    applied = await provision(fresh, "kaltura")
    made = [step.name for step in applied.steps if step.type == "CustomObject"]
    assert ([ENGAGEMENT], KA_T3, True) == (made, await own(fresh, "Kaltura_User_Polls_c__c"), "Kaltura_User_Polls_c__c" in applied.hints[0])
    assert () == (await plan(fresh, "kaltura")).steps


async def test_the_polls_object_is_made_under_the_name_that_the_sync_writes(fresh):
    mapping = preset("kaltura")
    next(step for step in mapping["steps"] if step["name"] == "polls")["object"] = "Kaltura_User_Polls_c__c"
    await fresh.add_sync(await fresh.add_source("kaltura"), mapping)
    await provision(fresh, "kaltura")
    findings = checks.examine(fresh.engine, await fresh.ready_org(), await fresh.configuration.current())
    assert [] == [each.sentence async for each in findings if each.level is not Level.OK]


def converted(folder):
    """Return the zip that the vendor's tool makes of a project: fields go into their objects, and a manifest is added."""
    root = folder / "force-app" / "main" / "default"
    objects, files, members = {}, {}, {}
    for path in sorted(root.rglob("*-meta.xml")):
        type_ = re.search(r"<(\w+) xmlns", path.read_text())[1]
        name = path.name.removesuffix("-meta.xml").rpartition(".")[0]
        content = xml_text.read(path.read_bytes())
        if type_ == "CustomField":
            owner = path.parent.parent.name
            objects.setdefault(owner, {}).setdefault("fields", []).append(content)
            name = f"{owner}.{name}"
        elif type_ == "CustomObject":
            objects.setdefault(name, {}).update(content)
        else:
            files[str(path.relative_to(root)).removesuffix("-meta.xml")] = path.read_text()
        members.setdefault(type_, []).append(name)
    files |= {f"objects/{name}.object": xml_text.document("CustomObject", held) for name, held in objects.items()}
    types = [{"members": names, "name": type_} for type_, names in members.items()]
    files["package.xml"] = xml_text.document("Package", {"types": types, "version": package.API_VERSION})
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


async def deploy(here, archive):
    async with here.org.client() as client:
        parts = {"json": (None, '{"deployOptions": {}}', "application/json"), "file": ("package.zip", archive, "application/zip")}
        begun = (await client.post("/services/data/v60.0/metadata/deployRequest", files=parts)).json()
        status = await client.get(f"/services/data/v60.0/metadata/deployRequest/{begun['id']}?includeDetails=true")
    result = status.json()["deployResult"]
    assert ("Succeeded", []) == (result["status"], result["details"]["componentFailures"])


async def assign(here):
    (found,) = await here.records("SELECT Id FROM PermissionSet WHERE Name = 'Crosswalk'")
    row = {"AssigneeId": here.org.org.user.id, "PermissionSetId": found["Id"]}
    async with here.org.client() as client:
        assert (await client.post("/services/data/v60.0/sobjects/PermissionSetAssignment", json=row)).is_success
