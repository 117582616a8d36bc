"""LiveChat, whole: a chat ends, and the records of the preset and of mappings of one's own stand in the org."""

import pytest
from tests.vendors.livechat import MAYA, OMAR, SECRET, TOKEN, LiveChatSimulator
from tests.world import preset

from crosswalk.editing import desk as editing
from crosswalk.editing import lookups
from crosswalk.engine.notices import Notices
from crosswalk.engine.pulls import Puller
from crosswalk.engine.vendors import Vendors
from crosswalk.errors import MappingError
from crosswalk.mapping import check, document
from crosswalk.sources import registry
from localorg import custom_objects

ELIN = {"name": "Elin Berg", "email": "elin.berg@nordkaj.example", "phone_number": "+46700000001"}
CUSTOM = {"LiveChat_Thread_Id__c": 50, "LiveChat_Rating__c": 10, "LiveChat_Rating_Comment__c": 255, "LiveChat_Tags__c": 255}


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


class Chats:
    """A licence, the org its chats go to, and the source between them."""

    def __init__(self, here):
        self.here, self.livechat = here, LiveChatSimulator(here.clock)
        self.http = self.livechat.client()
        self.vendors = Vendors(self.http, here.clock)
        self.source_id = self.sync_id = ""

    async def map(self, mapping=None, **settings):
        """Add the source with a sync; the preset's, unless another mapping is given."""
        secrets = {"webhook_secret": SECRET, "personal_access_token": TOKEN}
        self.source_id = await self.here.add_source("livechat", {**self.livechat.settings, **settings}, secrets)
        self.sync_id = await self.here.add_sync(self.source_id, mapping or preset("livechat"))

    async def arrive(self):
        """Let everything LiveChat posted arrive and work it off."""
        for body in self.livechat.take_posted():
            await self.here.deliver(self.source_id, body)
        await Notices(self.here.engine, self.here.receiver, self.vendors).sweep()
        await self.here.drain()

    async def pull(self):
        source = (await self.here.configuration.current()).sources[self.source_id]
        await Puller(self.here.engine, self.here.receiver, self.vendors).pull(source, "archives")
        await self.here.drain()

    async def chat(self, thread_id="T1", chat_id="C1", **options):
        """Hold a chat from its beginning to its end."""
        self.livechat.open(thread_id, chat_id, **{**ELIN, **options})
        self.livechat.say("Can you ship 40 units?", thread_id)
        self.livechat.close(thread_id)
        await self.arrive()

    async def user(self, email, *, active=True):
        name = email.partition("@")[0]
        (made,) = await self.here.seed(
            "User", {"Username": f"u.{email}", "LastName": name, "Email": email, "Alias": name[:8], "IsActive": active}
        )
        return made

    async def case(self, *fields):
        (found,) = await self.here.records(f"SELECT {', '.join(fields)} FROM Case")
        return found[fields[0]] if len(fields) == 1 else found

    async def count(self, name):
        return len(await self.here.records(f"SELECT Id FROM {name}"))


@pytest.fixture
async def chats(here):
    made = Chats(here)
    yield made
    await made.http.aclose()


@pytest.fixture
async def fields(here):
    """Give Case the custom fields the preset would fill."""
    for name, length in CUSTOM.items():
        await here.add_field("Case", name, type="string", length=length)


def case_of(*rows, **more):
    """Return a mapping that makes a Case of a chat that ended."""
    return {
        "source": "livechat",
        "events": ["chat.ended"],
        "steps": [{"name": "case", "object": "Case", "once_per": "entity", "rows": rows, **more}],
    }


def row(field, attribute, **more):
    return {"field": field, "entry": {"attribute": attribute}, **more}


CHAT_OBJECT = {"label": "Chat", "pluralLabel": "Chats", "nameField": {"label": "Name", "type": "Text"}}
SUBJECT = {"field": "Subject", "entry": {"value": "Chat"}}
OWNER = {"field": "OwnerId", "entry": {"auto_match": {"object": "User", "field": "Email", "attribute": "agent_email"}}}


# --- the preset -------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-22")
async def test_a_chat_that_ended_becomes_a_case(chats):
    await chats.map()
    await chats.chat()
    assert await chats.case("Subject", "Origin", "SuppliedName", "SuppliedEmail", "SuppliedPhone") == {
        "Subject": "Chat with Elin Berg",
        "Origin": "Web",
        "SuppliedName": "Elin Berg",
        "SuppliedEmail": "elin.berg@nordkaj.example",
        "SuppliedPhone": "+46700000001",
    }


@pytest.mark.shows("LC-22")
async def test_a_chat_makes_nothing_while_it_goes_on(chats):
    await chats.map()
    chats.livechat.open(**ELIN)
    chats.livechat.transfer(OMAR)
    await chats.arrive()
    assert (0, 0) == (await chats.count("Case"), await chats.count("Lead"))


@pytest.mark.shows("LC-22")
async def test_a_switched_off_sync_makes_nothing(chats):
    await chats.map()
    await chats.here.set_sync(chats.sync_id, "off")
    await chats.chat()
    assert (0, 0) == (await chats.count("Case"), await chats.count("Lead"))


async def test_the_transcript_is_the_description(chats):
    await chats.map()
    await chats.chat()
    assert "Elin Berg: Can you ship 40 units?" in await chats.case("Description")


async def test_the_visitor_becomes_a_lead(chats):
    await chats.map()
    await chats.chat()
    assert await chats.here.records("SELECT FirstName, LastName, Email, Phone, Company, LeadSource FROM Lead") == [
        {
            "FirstName": "Elin",
            "LastName": "Berg",
            "Email": "elin.berg@nordkaj.example",
            "Phone": "+46700000001",
            "Company": "n/a",
            "LeadSource": "Web",
        }
    ]


async def test_a_variable_named_company_is_the_company(chats):
    await chats.map()
    await chats.chat(variables={"company": "Nordkaj"})
    assert [{"Company": "Nordkaj"}] == await chats.here.records("SELECT Company FROM Lead")


@pytest.mark.shows("LC-24")
@pytest.mark.parametrize("known_by", [{"Email": "ELIN.berg@nordkaj.example"}, {"Phone": "46700000001"}], ids=["e-mail", "phone"])
async def test_a_visitor_who_is_known_makes_no_second_person(chats, known_by):
    await chats.map()
    await chats.here.seed("Contact", {"LastName": "Berg-Holm", **known_by})
    await chats.chat()
    assert ([{"LastName": "Berg-Holm", "FirstName": "Elin"}], 0) == (
        await chats.here.records("SELECT LastName, FirstName FROM Contact"),
        await chats.count("Lead"),
    )


@pytest.mark.parametrize("known_by", [{"Email": ELIN["email"]}, {"Phone": "46700000001"}], ids=["e-mail", "phone"])
async def test_the_case_of_a_contact_belongs_to_it(chats, known_by):
    await chats.map()
    (contact,) = await chats.here.seed("Contact", {"LastName": "Berg", **known_by})
    await chats.chat()
    assert contact == await chats.case("ContactId")


async def test_the_case_of_a_new_contact_belongs_to_it(chats):
    mapping = preset("livechat")
    mapping["person"]["create"] = "Contact"
    await chats.map(mapping)
    await chats.chat()
    (contact,) = await chats.here.records("SELECT Id FROM Contact")
    assert contact["Id"] == await chats.case("ContactId")


async def test_the_case_of_a_lead_belongs_to_nobody(chats):
    await chats.map()
    await chats.chat()
    assert await chats.case("ContactId") is None


@pytest.mark.shows("LC-26")
async def test_an_anonymous_chat_sends_no_e_mail_and_makes_no_lead(chats):
    await chats.map()
    await chats.chat(name=None, email=None, phone_number=None)
    (sent,) = [write.after for write in chats.here.writes() if write.object == "Case"]
    assert ({"SuppliedEmail", "SuppliedPhone", "SuppliedName", "ContactId"}.isdisjoint(sent), 0) == (True, await chats.count("Lead"))


async def test_one_visitor_in_two_chats_is_one_lead_and_two_cases(chats):
    await chats.map()
    await chats.chat("T1")
    await chats.chat("T2")
    assert (1, 2) == (await chats.count("Lead"), await chats.count("Case"))


async def test_fields_the_org_lacks_hold_nothing_up(chats):
    await chats.map()
    await chats.chat()
    assert {"written": 1} == await chats.here.states()


# --- the owner --------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-16", "LC-17")
async def test_the_agent_of_the_chat_owns_the_case(chats):
    await chats.map()
    maya = await chats.user(MAYA)
    await chats.chat()
    assert maya == await chats.case("OwnerId")


@pytest.mark.shows("LC-17")
async def test_after_a_transfer_the_last_agent_owns_the_case(chats):
    await chats.map()
    omar = await chats.user(OMAR)
    chats.livechat.open(**ELIN)
    chats.livechat.transfer(OMAR)
    chats.livechat.close()
    await chats.arrive()
    assert omar == await chats.case("OwnerId")


@pytest.mark.shows("LC-18")
@pytest.mark.parametrize("seeded", [(), ({"active": False},)], ids=["unknown", "inactive"])
async def test_an_agent_who_is_no_active_user_leaves_the_owner_to_the_org(chats, seeded):
    await chats.map()
    users = [await chats.user(MAYA, **options) for options in seeded]
    await chats.chat()
    assert (await chats.case("OwnerId") not in users, {"written": 1}) == (True, await chats.here.states())


async def test_an_assignment_rule_of_the_org_does_not_take_the_case_away(chats):
    await chats.map()
    maya, other = await chats.user(MAYA), await chats.user(OMAR)
    await chats.here.ask("POST", "/localorg/assignment", json={"object": "Case", "owner": other})
    await chats.chat()
    assert maya == await chats.case("OwnerId")


async def test_an_owner_in_the_mapping_keeps_assignment_rules_away_even_where_a_step_allows_them(chats):
    await chats.map(case_of(SUBJECT, OWNER, auto_assign=True))
    maya, other = await chats.user(MAYA), await chats.user(OMAR)
    await chats.here.ask("POST", "/localorg/assignment", json={"object": "Case", "owner": other})
    await chats.chat()
    assert maya == await chats.case("OwnerId")


# --- once -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-23", "P2")
async def test_a_chat_closed_twice_and_pulled_is_one_case(chats):
    await chats.map()
    await chats.chat()
    chats.livechat._post("chat_deactivated", chats.livechat._ids("T1"))
    await chats.arrive()
    chats.here.clock.advance(600)
    await chats.pull()
    assert (1, 1) == (await chats.count("Case"), await chats.count("Lead"))


@pytest.mark.shows("LC-23")
async def test_a_case_the_org_refuses_is_held_with_the_reason_and_can_be_replayed(chats):
    await chats.map(case_of(SUBJECT, row("SuppliedEmail", "email")))
    await chats.here.fault(match={"object": "Case", "times": 1}, do="reject_row", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No")
    await chats.chat()
    refused = await chats.here.states()
    await chats.here.replay()
    assert ({"held(rejected)": 1}, 1) == (refused, await chats.count("Case"))


@pytest.mark.shows("P1", "P3")
@pytest.mark.parametrize("point", [f"K{n}" for n in range(9)])
async def test_a_worker_that_dies_anywhere_leaves_one_case_and_one_lead(chats, point):
    await chats.map()
    chats.livechat.open(**ELIN)
    chats.livechat.close()
    for body in chats.livechat.take_posted():
        await chats.here.deliver(chats.source_id, body)
    await Notices(chats.here.engine, chats.here.receiver, chats.vendors).sweep()
    await chats.here.crash(point)
    await chats.here.drain()
    assert (1, 1) == (await chats.count("Case"), await chats.count("Lead"))


# --- what comes after the close ---------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-28")
async def test_late_answers_reach_the_case(chats, fields):
    await chats.map()
    await chats.chat()
    chats.here.clock.advance(60)
    chats.livechat.answer_postchat(**{"Anything to add?": "Fast answer"})
    chats.livechat.rate(1, comment="Great help")
    chats.livechat.tag("quote")
    await chats.arrive()
    found = await chats.case("Description", "LiveChat_Rating__c", "LiveChat_Rating_Comment__c", "LiveChat_Tags__c")
    assert (True, "Good", "Great help", "quote") == ("Fast answer" in found.pop("Description"), *found.values())


@pytest.mark.shows("LC-28")
async def test_a_late_answer_updates_the_case_once(chats, fields):
    await chats.map()
    await chats.chat()
    before = len(chats.here.writes())
    chats.here.clock.advance(1)
    chats.livechat.tag("quote")
    chats.livechat.posted *= 2
    await chats.arrive()
    await chats.pull()
    assert 1 == len(chats.here.writes()) - before


@pytest.mark.shows("LC-28")
async def test_a_second_tag_without_any_time_still_counts(chats, fields):
    await chats.map()
    await chats.chat()
    for tag in ("sales", "quote"):
        chats.here.clock.advance(5)
        chats.livechat.tag(tag)
        await chats.arrive()
    assert "sales, quote" == await chats.case("LiveChat_Tags__c")


@pytest.mark.shows("LC-28")
@pytest.mark.parametrize(("off", "left"), [(["sales"], "quote"), (["sales", "quote"], None)], ids=["one", "all"])
async def test_a_tag_taken_off_again_is_taken_off_the_case(chats, fields, off, left):
    await chats.map()
    chats.livechat.open(**ELIN)
    for tag in ("sales", "quote"):
        chats.livechat.tag(tag)
    chats.livechat.close()
    await chats.arrive()
    for tag in off:
        chats.here.clock.advance(5)
        chats.livechat.untag(tag)
        await chats.arrive()
    assert left == await chats.case("LiveChat_Tags__c")


@pytest.mark.shows("LC-28")
async def test_a_tag_that_went_without_a_webhook_is_taken_off_by_the_next_pull(chats, fields):
    await chats.map()
    chats.livechat.open(**ELIN)
    chats.livechat.tag("sales")
    chats.livechat.close()
    await chats.arrive()
    chats.livechat.untag("sales")
    chats.livechat.take_posted()
    chats.here.clock.advance(600)
    await chats.pull()
    assert await chats.case("LiveChat_Tags__c") is None


@pytest.mark.shows("P5")
async def test_tags_that_the_plan_hides_stay_on_the_case(chats, fields):
    await chats.map()
    chats.livechat.open(**ELIN)
    chats.livechat.tag("sales")
    chats.livechat.close()
    await chats.arrive()
    thread = chats.livechat.chats["T1"]["thread"]
    thread |= {"restricted_access": "plan limit"}
    del thread["tags"], thread["events"]
    chats.here.clock.advance(600)
    await chats.pull()
    assert "sales" == await chats.case("LiveChat_Tags__c")


@pytest.mark.shows("LC-28")
async def test_a_rating_taken_back_to_bad_is_bad(chats, fields):
    await chats.map()
    await chats.chat()
    for score in (1, 0):
        chats.here.clock.advance(5)
        chats.livechat.rate(score)
        await chats.arrive()
    assert "Bad" == await chats.case("LiveChat_Rating__c")


@pytest.mark.shows("P5")
async def test_what_an_agent_wrote_over_a_filled_field_stays(chats, fields):
    await chats.map()
    await chats.chat()
    (case,) = await chats.here.records("SELECT Id FROM Case")
    await chats.here.edit("Case", case["Id"], Subject="Quote for 40 units", OwnerId=await chats.user(OMAR))
    chats.livechat.tag("quote")
    await chats.arrive()
    assert "Quote for 40 units" == await chats.case("Subject")


# --- mappings of one's own --------------------------------------------------------------------------------------------------------


async def test_one_chat_makes_a_lead_a_case_of_it_and_a_custom_object_of_that(chats):
    chats.here.org.org.add_object(custom_objects.custom_object("Chat__c", CHAT_OBJECT, 1))
    for object_name in ("Case", "Chat__c"):
        await chats.here.add_field(object_name, "Parent__c", type="string", length=18)
    mapping = preset("livechat")
    mapping["steps"][2]["rows"].append({"field": "Parent__c", "entry": {"step": "lead"}})
    rows = [row("Name", "thread_id"), {"field": "Parent__c", "entry": {"step": "case"}}]
    mapping["steps"].append({"name": "own", "object": "Chat__c", "once_per": "entity", "rows": rows})
    await chats.map(mapping)
    await chats.chat()
    assert ["Lead", "Case", "Chat__c"] == [write.object for write in chats.here.writes()]


@pytest.fixture
def own_object(chats):
    """Give the org a custom object for chats."""
    chats.here.org.org.add_object(custom_objects.custom_object("Chat__c", CHAT_OBJECT, 1))


OBJECTS = {
    "lead": {"object": "Lead", "person": True, "match": [row("Email", "email")], "rows": [row("LastName", "last_name", placeholder="n/a")]},
    "case": {"object": "Case", "once_per": "entity", "rows": [SUBJECT]},
    "own": {"object": "Chat__c", "once_per": "entity", "rows": [row("Name", "thread_id")]},
}
NAMES = {"lead": "Lead", "case": "Case", "own": "Chat__c"}


def objects(*names, **switches):
    """Return a mapping of these objects in this order; a switch turns the automation of one off."""
    steps = [{"name": name, **OBJECTS[name], **({"automation": False} if switches.get(name) is False else {})} for name in names]
    steps[names.index("lead")]["rows"] = [*OBJECTS["lead"]["rows"], row("Email", "email"), {"field": "Company", "entry": {"value": "n/a"}}]
    person = {"search": ["Lead"], "create": "Lead"}
    return {"source": "livechat", "events": ["chat.ended"], "person": person, "steps": steps}


@pytest.mark.shows("LC-25")
@pytest.mark.parametrize("order", [("lead", "case", "own"), ("own", "case", "lead"), ("case", "lead", "own")], ids=" ".join)
async def test_one_chat_makes_a_record_of_every_object_in_the_order_of_the_mapping(chats, own_object, order):
    await chats.map(objects(*order))
    await chats.chat()
    assert [NAMES[name] for name in order] == [write.object for write in chats.here.writes()]


@pytest.mark.shows("LC-25")
async def test_several_chats_at_once_keep_the_order_of_the_mapping_too(chats, own_object):
    await chats.here.seed("Lead", {"LastName": "Berg", "Company": "n/a", "Email": ELIN["email"]})
    await chats.map(objects("lead", "case", "own"))
    for number, email in enumerate((ELIN["email"], "odd@nordkaj.example")):
        chats.livechat.open(f"T{number}", f"C{number}", **{**ELIN, "email": email})
        chats.livechat.close(f"T{number}")
    await chats.arrive()
    assert ["Lead", "Case", "Case", "Chat__c", "Chat__c"] == [write.object for write in chats.here.writes()]


@pytest.mark.shows("LC-22", "LC-25")
@pytest.mark.parametrize("off", ["lead", "case", "own"])
async def test_an_object_whose_automation_is_off_is_left_to_agents_and_the_others_are_made(chats, own_object, off):
    await chats.map(objects("lead", "case", "own", **{off: False}))
    await chats.chat()
    assert [NAMES[name] for name in NAMES if name != off] == [write.object for write in chats.here.writes()]


@pytest.mark.shows("LC-25")
async def test_every_object_has_its_own_searchable_fields(chats, own_object, fields):
    mapping = objects("lead", "case", "own")
    mapping["steps"][1] = {"name": "case", "object": "Case", "match": [row("LiveChat_Thread_Id__c", "thread_id")], "rows": [SUBJECT]}
    await chats.here.seed("Case", {"LiveChat_Thread_Id__c": "T1"})
    await chats.here.seed("Lead", {"LastName": "Berg", "Company": "n/a", "Email": ELIN["email"]})
    await chats.map(mapping)
    await chats.chat()
    assert (1, 1, 1) == (await chats.count("Lead"), await chats.count("Case"), await chats.count("Chat__c"))


async def test_the_case_of_a_visitor_nobody_may_make_belongs_to_nobody(chats):
    mapping = preset("livechat")
    mapping["person"]["on_missing"] = "skip"
    await chats.map(mapping)
    await chats.chat()
    assert (None, 0) == (await chats.case("ContactId"), await chats.count("Lead"))


@pytest.mark.shows("LC-13")
async def test_a_static_entry_is_the_same_for_every_chat(chats):
    await chats.map(case_of({"field": "Subject", "entry": {"value": "From LiveChat"}}))
    for number, options in enumerate(({}, {"name": None, "email": None}, {"variables": {"plan": "gold"}})):
        await chats.chat(f"T{number}", f"C{number}", **options)
    assert [{"Subject": "From LiveChat"}] * 3 == await chats.here.records("SELECT Subject FROM Case")


async def test_variables_and_answers_found_by_a_scan_can_be_mapped(chats):
    settings = {"custom_variables": ["plan"], "prechat_fields": [{"label": "Topics", "type": "list"}]}
    mapping = case_of(row("Subject", "variable.plan"), row("Description", "prechat.Topics"))
    await chats.map(mapping, **settings)
    await chats.chat(variables={"plan": "gold"}, form={"Topics": ["Delivery", "Invoices"]})
    assert {"Subject": "gold", "Description": "Delivery, Invoices"} == await chats.case("Subject", "Description")


async def test_an_answer_left_empty_does_not_clear_a_field(chats):
    mapping = case_of(SUBJECT, row("SuppliedCompany", "prechat.Company", update="overwrite"))
    await chats.map(mapping, prechat_fields=[{"label": "Company"}])
    await chats.chat(form={"Company": ""})
    (sent,) = [write.after for write in chats.here.writes()]
    assert "SuppliedCompany" not in sent


# --- saving a mapping -------------------------------------------------------------------------------------------------------------


async def problems(chats, *rows, **more):
    """Return the codes of what is wrong with a mapping that has these rows, checked against the org."""
    org = await chats.here.ready_org()
    schema = await org.describe.schema({"Case", "User", "Group", "Contact", "Account"})
    catalogue = registry.source("livechat").catalogue({})
    return [problem.code for problem in check.check(document.parse(case_of(*rows, **more)), catalogue, schema)]


async def test_the_preset_suits_the_org_but_for_its_own_fields(chats):
    org = await chats.here.ready_org()
    mapping = document.parse(preset("livechat"))
    schema = await org.describe.schema(document.objects(mapping))
    found = check.check(mapping, registry.source("livechat").catalogue({}), schema)
    assert ["not_in_org"] * len(CUSTOM) == [problem.code for problem in found]


@pytest.mark.shows("LC-06")
async def test_every_object_that_may_be_created_can_be_chosen_custom_ones_too(chats, own_object):
    await chats.map()
    desk = await editing.open_sync(chats.here.engine, chats.here.orgs, chats.sync_id)
    offered = {one.name: one.custom for one in await lookups.objects(desk)}
    assert {"Lead": False, "Case": False, "Chat__c": True} == {name: offered.get(name) for name in ("Lead", "Case", "Chat__c")}


@pytest.mark.shows("LC-16")
@pytest.mark.parametrize(("field", "expected"), [("Subject", ["type_mismatch"]), ("ContactId", [])])
async def test_auto_match_suits_reference_fields_only(chats, field, expected):
    entry = {"auto_match": {"object": "Contact", "field": "Email", "attribute": "email"}}
    assert expected == await problems(chats, {"field": field, "entry": entry})


@pytest.mark.shows("LC-19")
@pytest.mark.parametrize(
    ("object_name", "field", "expected"), [("User", "Email", []), ("Group", "DeveloperName", []), ("Account", "Name", ["type_mismatch"])]
)
async def test_an_owner_is_looked_for_among_users_or_queues(chats, object_name, field, expected):
    rows = {"field": "OwnerId", "entry": {"auto_match": {"object": object_name, "field": field, "attribute": "agent_name"}}}
    assert expected == await problems(chats, rows)


@pytest.mark.shows("LC-19")
def test_an_owner_without_a_chosen_object_is_refused():
    entry = {"auto_match": {"field": "Email", "attribute": "agent_email"}}
    with pytest.raises(MappingError, match="object"):
        document.parse(case_of({"field": "OwnerId", "entry": entry}))


@pytest.mark.shows("LC-20")
def test_several_fields_are_searchable_in_the_order_they_are_given():
    keys = [{"field": name, "entry": {"attribute": name.lower()}} for name in ("Phone", "Email")]
    mapping = preset("livechat")
    mapping["steps"][0]["match"] = keys
    assert keys == document.dump(document.parse(mapping))["steps"][0]["match"]


STATICS = {
    "string": ("Chat", None),
    "textarea": ("Chat", None),
    "email": ("ann@x.example", "ann"),
    "phone": ("+46700000001", None),
    "url": ("https://x.example", None),
    "boolean": (True, "maybe"),
    "int": (5, "five"),
    "double": (5.5, "five"),
    "date": ("2026-03-04", "yesterday"),
    "datetime": ("2026-03-04T10:00:00Z", "yesterday"),
    "picklist": ("High", "Highest"),
    "multipicklist": ("High;Low", "High;Highest"),
}


@pytest.mark.shows("LC-12")
@pytest.mark.parametrize("kind", STATICS)
async def test_a_static_value_is_checked_when_it_is_saved(chats, kind):
    choices = {"picklist": ["High", "Low"], "restricted": True} if "picklist" in kind else {}
    sizes = {"length": 255} if kind in ("string", "textarea") else {}
    await chats.here.add_field("Case", "Own__c", type=kind, **choices, **sizes)
    right, wrong = STATICS[kind]
    found = [await problems(chats, {"field": "Own__c", "entry": {"value": value}}) for value in (right, wrong) if value is not None]
    assert [[], ["bad_value"]][: len(found)] == found
