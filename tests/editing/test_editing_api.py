"""The REST API of mappings and syncs: who may, what is refused, and what the pickers are told."""

import copy

import pytest
from tests import console
from tests.world import preset, registration

from localorg import custom_objects

FORM = {"first_name": "Ann", "last_name": "Ray", "company": "Acme"}


@pytest.fixture
async def app(here, webinar_sync):
    here.sync = webinar_sync
    async with console.beside(here) as served:
        yield served


@pytest.fixture
def ask(app, here):
    """Return a function that asks about the sync's mapping as the owner, or as somebody else."""

    async def asked(method, path="", who=None, **options):
        return await (who or app.owner).api(method, f"/api/syncs/{here.sync}/mapping{path}", **options)

    return asked


def with_lead_row(**row):
    document = copy.deepcopy(preset("livestorm"))
    document["steps"][0]["rows"].append(row)
    return document


@pytest.mark.shows("LS-01")
async def test_only_owners_and_admins_save(app, here, ask):
    body = {"expected_version": 1, "document": preset("livestorm")}
    statuses = {"owner": (await ask("PUT", json=body)).status_code}
    for role in ("admin", "operator", "viewer", "agent"):
        who = await app.user(role, {here.connection_id: role})
        statuses[role] = (await ask("PUT", who=who, json=body)).status_code
    assert {"owner": 200, "admin": 200, "operator": 403, "viewer": 403, "agent": 403} == statuses


@pytest.mark.shows("LS-21")
async def test_incompatible_types_get_422_that_names_row_and_both_types(here, ask):
    await here.add_field("Lead", "Seen__c", type="datetime")
    body = {"expected_version": 1, "document": with_lead_row(field="Seen__c", entry={"attribute": "messages_count"})}
    answer = await ask("PUT", json=body)
    (problem,) = answer.json()["problems"]
    named = [word in problem["sentence"] for word in ("integer", "datetime")]
    assert (422, "steps[0].rows[9].entry.attribute", [True, True]) == (answer.status_code, problem["place"], named)


async def test_a_save_of_an_old_version_gets_409_with_both_changes_put_together(ask):
    mine = with_lead_row(field="Industry", entry={"attribute": "utm_source"})
    theirs = with_lead_row(field="Rating", entry={"value": "Hot"})
    await ask("PUT", json={"expected_version": 1, "document": theirs})
    answer = await ask("PUT", json={"expected_version": 1, "document": mine})
    fields = {row["field"] for row in answer.json()["document"]["steps"][0]["rows"]}
    told = (answer.status_code, answer.json()["code"], answer.json()["author"], {"Industry", "Rating"} <= fields)
    assert (409, "saved_meanwhile", "Noor Haddad", True) == told


@pytest.mark.shows("LS-20")
async def test_options_say_of_every_pair_of_types_whether_it_fits(ask):
    found = (await ask("GET", "/options?object=Lead")).json()
    assert ("fits", "cannot", "converts") == tuple(
        found["verdicts"][source][target]["fit"] for source, target in (("text", "string"), ("integer", "datetime"), ("number", "string"))
    )


@pytest.mark.shows("LS-13", "LS-30")
async def test_every_attribute_of_the_catalogue_is_offered_in_its_group(ask):
    found = (await ask("GET", "/options?object=Lead")).json()["attributes"]
    groups = {one["group"] for one in found}
    assert {"Registration", "Technical", "UTM", "Attendance and engagement", "Links"} <= groups
    assert "password_key" in {one["key"] for one in found}


TYPES = {  # name of a field, its definition, the control for its default value, and a value it does not take
    "Picklist__c": ({"type": "picklist", "picklist": ["Hot", "Cold"], "restricted": True}, "list", "Cool"),
    "Choices__c": ({"type": "multipicklist", "picklist": ["api", "web"], "restricted": True}, "choices", "mail"),
    "Switch__c": ({"type": "boolean"}, "switch", "perhaps"),
    "Date__c": ({"type": "date"}, "date", "soon"),
    "Moment__c": ({"type": "datetime"}, "datetime", "soon"),
    "Number__c": ({"type": "double", "precision": 4, "scale": 1}, "number", "many"),
    "Text__c": ({"type": "string", "length": 4}, "text", "too long"),
    "Link__c": ({"type": "url"}, "url", "x" * 256),
    "Mail__c": ({"type": "email"}, "email", "nobody"),
    "Phone__c": ({"type": "phone"}, "tel", "1" * 41),
    "Campaign__c": ({"type": "reference", "referenceTo": "Campaign"}, "record", "Spring"),
}


@pytest.fixture
async def typed_fields(here):
    for name, (definition, _, _) in TYPES.items():
        await here.add_field("Lead", name, **definition)


@pytest.mark.shows("LC-12")
async def test_a_default_value_is_entered_by_the_control_that_fits_the_field(typed_fields, ask):
    controls = (await ask("GET", "/options?object=Lead")).json()["controls"]
    assert {name: kind for name, (_, kind, _) in TYPES.items()} == {name: controls[name]["kind"] for name in TYPES}


@pytest.mark.shows("LC-12")
async def test_every_wrong_default_value_is_refused_at_save(typed_fields, ask):
    document = copy.deepcopy(preset("livestorm"))
    rows = document["steps"][0]["rows"]
    places = {f"steps[0].rows[{len(rows) + number}].entry.value" for number in range(len(TYPES))}
    rows += [{"field": name, "entry": {"value": wrong}} for name, (_, _, wrong) in TYPES.items()]
    answer = await ask("PUT", json={"expected_version": 1, "document": document})
    assert (422, places) == (answer.status_code, {one["place"] for one in answer.json()["problems"]})


@pytest.mark.shows("LC-06")
async def test_a_custom_object_of_the_org_is_offered_for_a_new_step(here, ask):
    org = here.org.org
    org.add_object(custom_objects.custom_object("Visit__c", {"label": "Visit", "pluralLabel": "Visits", "nameField": {"label": "Name"}}, 7))
    assert {"name": "Visit__c", "label": "Visit", "custom": True} in (await ask("GET", "/objects")).json()


@pytest.mark.shows("LC-14")
async def test_records_are_found_by_name_whatever_characters_it_holds(here, ask):
    (record,) = await here.seed("Campaign", {"Name": "50% off_O'Neill"})
    await here.seed("Campaign", {"Name": "50x offxO'Neill"})
    found = (await ask("GET", "/records", params={"object": "Campaign", "q": "50% off_O'N"})).json()
    assert [{"id": record, "name": "50% off_O'Neill", "object": "Campaign"}] == found


@pytest.mark.shows("LC-14")
async def test_a_record_that_was_deleted_has_no_name_any_more(here, ask):
    await here.delete("Campaign", here.campaign)
    assert "" == (await ask("GET", "/record", params={"id": here.campaign, "objects": "Campaign"})).json()["name"]


async def test_an_auto_match_tells_what_it_would_find_and_what_it_costs(here, ask):
    (account,) = await here.seed("Account", {"Name": "Acme"})
    await here.deliver(here.source_id, registration("ann@acme.example", "person-1", fields=FORM))
    match = {"object": "Account", "field": "Name", "attribute": "company"}
    told = (await ask("POST", "/auto-match", json={"match": match})).json()
    assert ("Acme, Account, for Acme.", [account], 1) == (told["sentence"], [one["id"] for one in told["found"]], told["calls"])


async def test_a_formula_error_has_its_place(ask):
    told = (await ask("POST", "/formula", json={"formula": "IF({email}, 1"})).json()
    assert (13, True) == (told["position"], "stops making sense at character 14" in told["error"])


async def test_a_formula_shows_its_result_for_the_latest_events(here, ask):
    await here.deliver(here.source_id, registration("ann@acme.example", "person-1", fields=FORM))
    told = (await ask("POST", "/formula", json={"formula": 'UPPER({company}) & "!"', "object": "Lead", "field": "Description"})).json()
    assert ("text", [("Ann Ray", "registered", "ACME!")]) == (
        told["gives"],
        [(one["person"], one["what"], one["value"]) for one in told["results"]],
    )


@pytest.mark.shows("BX-45")
async def test_known_pairs_are_proposed_first(here, ask):
    document = copy.deepcopy(preset("livestorm"))
    lead = document["steps"][0]
    lead["rows"] = [row for row in lead["rows"] if row["field"] in ("LastName", "Company", "Email")]
    await here.add_field("Lead", "Time_zone__c", type="string", length=80, label="Time zone")
    found = (await ask("POST", "/suggestions", json={"document": document})).json()
    assert ["City", "Country", "FirstName", "Phone", "Title", "Website", "Time_zone__c"] == [one["field"] for one in found]


async def test_who_may_not_see_people_gets_marks_for_samples(app, here, ask):
    await here.deliver(here.source_id, registration("ann@acme.example", "person-1", fields=FORM))
    viewer = await app.user("viewer", {here.connection_id: "viewer"})
    assert "•••••" == (await ask("GET", "/options?object=Lead", who=viewer)).json()["samples"]["company"]


@pytest.mark.shows("LP-109")
async def test_lookups_are_offered_with_the_name_pages_give_them_and_what_is_not_exposed_with_its_reason(ask):
    case = {one["name"]: (one["label"], one["also"]) for one in (await ask("GET", "/options?object=Case")).json()["fields"]}
    lead = (await ask("GET", "/options?object=Lead")).json()
    assert (("Account ID", "Account Name"), ["Campaign"], False) == (
        case["AccountId"],
        [one["label"] for one in lead["unexposed"]],
        "Campaign" in {one["label"] for one in lead["fields"]},
    )


async def test_the_newest_value_of_an_attribute_stays_known_when_later_events_lack_it(app, here, ask):
    await here.deliver(here.source_id, registration("ann@acme.example", "person-1", fields=FORM))
    here.clock.advance(60)
    await here.deliver(here.source_id, registration("bo@acme.example", "person-2", fields={"last_name": "Bo"}))
    viewer = await app.user("viewer", {here.connection_id: "viewer"})
    seen, masked = [(await ask("GET", "/options?object=Lead", who=who)).json() for who in (app.owner, viewer)]
    told = seen["last_seen"]
    assert (False, "Acme", "•••••", True, False) == (
        "company" in seen["samples"],
        told["company"]["value"],
        masked["last_seen"]["company"]["value"],
        told["company"]["at"] < told["last_name"]["at"],
        "utm_source" in told,
    )


async def test_a_draft_of_any_shape_is_answered_with_its_problems(ask):
    shapes = [
        {},
        {"steps": []},
        {"steps": [{"rows": [{"entry": {"attribute": 5}}]}]},
        {"steps": [{"rows": [{"field": 7, "entry": []}], "match": 3}]},
    ]
    shapes += [{"source": "livestorm", "steps": [{"name": "a", "object": "Lead", "rows": [{"field": "X", "entry": {"auto_match": 1}}]}]}]
    assert [200] * len(shapes) == [(await ask("POST", "/check", json={"document": shape})).status_code for shape in shapes]


# --- syncs ---------------------------------------------------------------------------------------------------------------------------


async def test_a_sync_is_made_from_a_preset_switched_off(app, here):
    body = {"name": "Webinars", "source_id": here.source_id, "connection_id": here.connection_id, "preset": "livestorm"}
    made = (await app.owner.api("POST", "/api/syncs", json=body)).json()["id"]
    found = (await app.owner.api("GET", f"/api/syncs/{made}")).json()
    assert ("Webinars", "off", 1, 3) == (found["name"], found["state"], found["version"], len(found["document"]["steps"]))


async def test_a_copy_has_the_same_mapping(app, here):
    made = (await app.owner.api("POST", f"/api/syncs/{here.sync}/duplicate", json={"name": "Copy"})).json()["id"]
    one, other = [(await app.owner.api("GET", f"/api/syncs/{sync}/mapping")).json()["document"] for sync in (here.sync, made)]
    assert one == other


async def test_a_deleted_sync_frees_its_name(app, here):
    name = (await app.owner.api("GET", f"/api/syncs/{here.sync}")).json()["name"]
    wrong = (await app.owner.api("DELETE", f"/api/syncs/{here.sync}?name=other")).status_code
    right = (await app.owner.api("DELETE", f"/api/syncs/{here.sync}", params={"name": name})).status_code
    body = {"name": name, "source_id": here.source_id, "connection_id": here.connection_id}
    again = (await app.owner.api("POST", "/api/syncs", json=body)).status_code
    assert (422, 204, 201) == (wrong, right, again)


async def test_syncs_are_put_in_an_order(app, here):
    other = await here.add_sync(here.source_id, preset("livestorm"), position=1)
    await app.owner.api("PUT", "/api/syncs/order", json={"ids": [other, here.sync]})
    assert [other, here.sync] == [one["id"] for one in (await app.owner.api("GET", "/api/syncs")).json()["items"]]


async def test_every_page_of_syncs_is_shown(app, here, ask):
    await ask("PUT", json={"expected_version": 1, "document": with_lead_row(field="Industry", entry={"attribute": "utm_source"})})
    own = [f"/{here.sync}{path}" for path in ("", "/mapping", "/versions", "/versions?older=1&newer=2", "/delete", "/preview")]
    addresses = [f"/syncs{path}" for path in ("", "/new", f"?connection={here.connection_id}", *own)]
    answers = {address: await app.owner.get(address) for address in addresses}
    assert dict.fromkeys(addresses, (200, True)) == {
        address: (answer.status_code, "<h1" in answer.text) for address, answer in answers.items()
    }


async def test_the_page_of_versions_restores_one(app, here, ask):
    await ask("PUT", json={"expected_version": 1, "document": with_lead_row(field="Industry", entry={"attribute": "utm_source"})})
    await app.owner.post(f"/syncs/{here.sync}/versions/1/restore", {"expected": "2"})
    assert 3 == (await ask("GET")).json()["version"]
