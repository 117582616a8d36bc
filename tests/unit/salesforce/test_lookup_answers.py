"""Every question is answered by the records that fit it, in few calls, and nothing is ever taken for "not found"."""

import json

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswalk import errors
from crosswalk.model import Field, ObjectType, OrgSchema, Question
from crosswalk.salesforce import lookup
from localorg.settings import OrgSettings

FIELDS = {"Lead": ("Email", "Phone"), "Contact": ("Email",), "CampaignMember": ("CampaignId", "LeadId", "Status")}


class Calls:
    """Counts what runs before each call."""

    def __init__(self):
        self.count = 0

    async def __call__(self):
        self.count += 1


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def ask(client, calls):
    async def ask(*questions, schema=None, fields=FIELDS):
        return await lookup.ask(client, questions, fields, calls, schema)

    return ask


async def _seed(controls, object_name, *records):
    return (await controls("seed", {"object": object_name, "records": list(records)}))["ids"]


def _lead(email, **more):
    return {"LastName": "Lead", "Company": "Acme", "Email": email, **more}


async def test_a_record_answers_the_question_for_its_value(ask, controls):
    [lead] = await _seed(controls, "Lead", _lead("ann@x.example", Phone="123"))
    question = Question("Lead", "Email", "ann@x.example")
    [record] = (await ask(question))[question]
    assert (record.id, record.fields["Phone"], record.object) == (lead, "123", "Lead")


async def test_a_question_without_a_record_is_answered_with_none(ask):
    question = Question("Lead", "Email", "nobody@x.example")
    assert await ask(question) == {question: ()}


async def test_no_questions_cost_no_call(ask, calls):
    assert (await ask(), calls.count) == ({}, 0)


async def test_the_answer_says_when_and_by_whom_it_was_modified(ask, controls):
    await _seed(controls, "Lead", _lead("ann@x.example"))
    question = Question("Lead", "Email", "ann@x.example")
    [record] = (await ask(question))[question]
    assert {"Id", "CreatedDate", "LastModifiedDate", "LastModifiedById"} < set(record.fields)


@pytest.mark.parametrize("asked", ["ANN@X.example", "ann@x.EXAMPLE"])
async def test_case_does_not_matter(ask, controls, asked):
    await _seed(controls, "Lead", _lead("ann@x.example"))
    question = Question("Lead", "Email", asked)
    assert len((await ask(question))[question]) == 1


@pytest.mark.shows("BX-42")
async def test_an_apostrophe_in_an_address_is_found(ask, controls):
    [lead] = await _seed(controls, "Lead", _lead("o'brien@x.example"))
    question = Question("Lead", "Email", "o'brien@x.example")
    assert [record.id for record in (await ask(question))[question]] == [lead]


@pytest.mark.shows("BX-42")
@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(lambda text: text.strip() == text))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_finds_its_record_and_no_other(ask, controls, text):
    await controls("reset", {})
    [wanted, _] = await _seed(controls, "Lead", {"LastName": "L", "Company": text}, {"LastName": "L", "Company": f"{text}x"})
    question = Question("Lead", "Company", text)
    assert [record.id for record in (await ask(question, fields={"Lead": ("Company",)}))[question]] == [wanted]


async def test_an_id_is_found_in_either_length(ask, controls):
    [lead] = await _seed(controls, "Lead", _lead("ann@x.example"))
    short, long = Question("Lead", "Id", lead[:15]), Question("Lead", "Id", lead)
    answers = await ask(short, long)
    assert answers[short] == answers[long] != ()


async def test_two_spellings_of_one_value_are_both_answered(ask, controls):
    await _seed(controls, "Lead", _lead("ann@x.example"))
    questions = Question("Lead", "Email", "ann@x.example"), Question("Lead", "Email", "Ann@X.example")
    assert [len(records) for records in (await ask(*questions)).values()] == [1, 1]


async def test_many_hits_of_one_key_are_all_returned(ask, controls):
    await _seed(controls, "Lead", *[_lead("info@x.example")] * 60)
    question = Question("Lead", "Email", "info@x.example")
    assert len((await ask(question))[question]) == 60


async def test_empty_text_is_never_asked_for(ask, controls, calls):
    await _seed(controls, "Lead", {"LastName": "L", "Company": "Acme"})
    question = Question("Lead", "Email", "")
    assert (await ask(question), calls.count) == ({question: ()}, 0)


async def test_a_thousand_people_on_two_objects_cost_one_call(ask, calls):
    questions = [Question(name, "Email", f"p{number}@x.example") for name in ("Lead", "Contact") for number in range(1_000)]
    await ask(*questions)
    assert (calls.count, lookup.calls_needed(questions)) == (1, 1)


async def test_more_than_five_lists_take_another_call(ask, calls):
    questions = [Question("Lead", "Email", f"p{number}@x.example") for number in range(5_001)]
    await ask(*questions)
    assert (calls.count, lookup.calls_needed(questions)) == (2, 2)


async def test_long_values_share_a_statement_only_as_far_as_it_goes():
    questions = [Question("Lead", "Email", f"{number:03}" + "x" * 3_900) for number in range(200)]
    assert lookup.calls_needed(questions) == 2


async def test_pages_are_followed_and_each_is_a_call(ask, controls, calls):
    for start in range(0, 4_500, 900):
        await _seed(controls, "Lead", *[_lead(f"p{number % 900}@x.example") for number in range(start, start + 900)])
    questions = [Question("Lead", "Email", f"p{number}@x.example") for number in range(900)]
    answers = await ask(*questions)
    assert ({len(records) for records in answers.values()}, calls.count) == ({5}, 3)


async def test_members_are_asked_within_their_campaign(ask, controls):
    first, second = await _seed(controls, "Campaign", {"Name": "One"}, {"Name": "Two"})
    [lead] = await _seed(controls, "Lead", _lead("ann@x.example"))
    [member, _] = await _seed(controls, "CampaignMember", {"CampaignId": first, "LeadId": lead}, {"CampaignId": second, "LeadId": lead})
    question = Question("CampaignMember", "LeadId", lead, within=("CampaignId", first))
    assert [record.id for record in (await ask(question))[question]] == [member]


async def test_members_of_a_few_campaigns_are_asked_in_one_list(ask, controls, calls):
    campaigns = await _seed(controls, "Campaign", *({"Name": f"C{number}"} for number in range(20)))
    leads = await _seed(controls, "Lead", *(_lead(f"p{number}@x.example") for number in range(20)))
    pairs = list(zip(campaigns, leads, strict=True))
    members = await _seed(controls, "CampaignMember", *({"CampaignId": campaign, "LeadId": lead} for campaign, lead in pairs))
    await _seed(controls, "CampaignMember", {"CampaignId": campaigns[0], "LeadId": leads[1]})
    questions = [Question("CampaignMember", "LeadId", lead, within=("CampaignId", campaign)) for campaign, lead in pairs]
    answers = await ask(*questions)
    assert ([[record.id for record in answers[question]] for question in questions], calls.count) == ([[one] for one in members], 1)


async def test_members_of_many_campaigns_are_asked_in_several_lists():
    questions = [Question("CampaignMember", "LeadId", f"00Q{n:012}", within=("CampaignId", f"701{n:012}")) for n in range(101)]
    assert lookup.calls_needed(questions) == 2


async def test_a_merged_record_names_its_master(ask, controls):
    master, loser = await _seed(controls, "Lead", _lead("ann@x.example"), _lead("ann.b@x.example"))
    await controls("merge", {"object": "Lead", "master": master, "losers": [loser]})
    question = Question("Lead", "Id", loser, deleted=True)
    [record] = (await ask(question))[question]
    assert (record.fields["IsDeleted"], record.fields["MasterRecordId"]) == (True, master)


async def test_the_bin_is_asked_only_on_demand(ask, controls):
    [lead] = await _seed(controls, "Lead", _lead("ann@x.example"))
    await controls("delete", {"object": "Lead", "id": lead})
    question = Question("Lead", "Email", "ann@x.example")
    assert await ask(question) == {question: ()}


async def test_fields_of_a_parent_come_as_a_mapping(ask, controls):
    [lead] = await _seed(controls, "Lead", _lead("ann@x.example"))
    await controls("convert", {"leadId": lead})
    question = Question("Lead", "Email", "ann@x.example")
    [record] = (await ask(question, fields={"Lead": ("IsConverted", "ConvertedContact.Email")}))[question]
    assert record.fields["ConvertedContact"]["Email"] == "ann@x.example"


async def test_a_field_the_org_lacks_is_named(ask):
    with pytest.raises(errors.FieldUnknownError) as caught:
        await ask(Question("Lead", "Email", "ann@x.example"), fields={"Lead": ("Nothing__c",)})
    assert (caught.value.object_name, caught.value.field) == ("Lead", "Nothing__c")


async def test_an_object_the_org_lacks_is_named(ask):
    with pytest.raises(errors.FieldUnknownError) as caught:
        await ask(Question("Nothing__c", "Name", "x"))
    assert (caught.value.object_name, caught.value.field) == ("Nothing__c", "")


def _answer(*records):
    part = {"body": {"totalSize": len(records), "done": True, "records": list(records)}, "httpHeaders": {}}
    return httpx2.Response(200, json={"compositeResponse": [part | {"httpStatusCode": 200, "referenceId": "q0"}]})


@pytest.mark.parametrize("value", ["bob@x.example", None, "a*****@x.example"])
async def test_a_record_that_fits_no_question_is_an_error(answering, calls, value):
    client = answering(lambda _: _answer({"attributes": {"type": "Lead"}, "Id": "00QB0000002qCRTMA2", "Email": value}))
    with pytest.raises(errors.LookupUnjoinedError, match="none of those asked for"):
        await lookup.ask(client, [Question("Lead", "Email", "ann@x.example")], FIELDS, calls)


@pytest.mark.parametrize("parent", ["701B0000000qCRT", None])
async def test_a_member_of_a_campaign_nobody_asked_for_is_an_error(answering, calls, parent):
    row = {"attributes": {"type": "CampaignMember"}, "Id": "00vB0000002qCRTMA2", "LeadId": "00QB0000002qCRTMA2", "CampaignId": parent}
    question = Question("CampaignMember", "LeadId", "00QB0000002qCRTMA2", within=("CampaignId", "701B0000000qCRS"))
    with pytest.raises(errors.LookupUnjoinedError):
        await lookup.ask(answering(lambda _: _answer(row)), [question], FIELDS, calls)


@pytest.mark.parametrize("body", [{"done": True}, {"records": [], "done": False}, None, []])
async def test_an_answer_without_records_is_not_an_empty_answer(answering, calls, body):
    part = {"body": body, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "q0"}
    client = answering(lambda _: httpx2.Response(200, json={"compositeResponse": [part]}))
    with pytest.raises(errors.SalesforceBusyError):
        await lookup.ask(client, [Question("Lead", "Email", "ann@x.example")], FIELDS, calls)


async def test_a_query_that_takes_too_long_is_asked_in_halves(answering, calls):
    sizes = []

    def answer(request):
        parts = []
        for part in httpx2.Response(200, content=request.content).json()["compositeRequest"]:
            values = part["url"].count("%27") // 2
            sizes.append(values)
            failed = [{"errorCode": "QUERY_TIMEOUT", "message": "too long"}]
            body = failed if values > 1 else {"done": True, "records": []}
            parts.append({"body": body, "httpStatusCode": 400 if values > 1 else 200, "referenceId": part["referenceId"]})
        return httpx2.Response(200, json={"compositeResponse": parts})

    await lookup.ask(answering(answer), [Question("Lead", "Email", f"{n}@x.example") for n in range(4)], FIELDS, calls)
    assert sizes == [4, 2, 2, 1, 1, 1, 1]


NUMBER = Field("Score__c", "Score", "double", precision=5, scale=2)
MOMENT = Field("CreatedDate", "Created", "datetime")
TYPED = OrgSchema({"lead": ObjectType("Lead", "Lead", {"score__c": NUMBER, "createddate": MOMENT})})


@pytest.mark.parametrize("asked", ["7", "7.0", "7.00"])
async def test_numbers_are_compared_by_what_they_mean(ask, controls, asked):
    await controls("fields", {"object": "Lead", "name": "Score__c", "type": "double", "precision": 5, "scale": 2})
    await _seed(controls, "Lead", _lead("ann@x.example", Score__c=7))
    question = Question("Lead", "Score__c", asked)
    assert len((await ask(question, schema=TYPED, fields={}))[question]) == 1


@pytest.mark.parametrize("asked", ["2026-03-04T09:00:00Z", "2026-03-04T10:00:00+01:00", "2026-03-04T09:00:00.000+0000"])
async def test_moments_are_compared_by_what_they_mean(ask, controls, asked):
    await _seed(controls, "Lead", _lead("ann@x.example"))
    question = Question("Lead", "CreatedDate", asked)
    assert len((await ask(question, schema=TYPED, fields={}))[question]) == 1


async def test_a_value_its_field_cannot_hold_has_no_record(ask, controls, calls):
    question = Question("Lead", "Score__c", "seven")
    assert (await ask(question, schema=TYPED), calls.count) == ({question: ()}, 0)


class TestWithHiddenField:
    @pytest.fixture
    def org_settings(self):
        return OrgSettings(hidden_fields=frozenset({"Lead.Phone"}))

    async def test_a_field_hidden_from_the_user_is_named(self, ask):
        with pytest.raises(errors.FieldUnknownError) as caught:
            await ask(Question("Lead", "Phone", "123"))
        assert caught.value.field == "Phone"


# --- refusals -------------------------------------------------------------------------------------------------------------------------


def _refusing(field, code, message=""):
    """Return an org that refuses every query by one field and finds nobody by any other."""

    def answer(request):
        parts = json.loads(request.content)["compositeRequest"]
        refused = [{"errorCode": code, "message": message}]
        found = {"totalSize": 0, "done": True, "records": []}
        bodies = [(400, refused) if f"WHERE%20{field}" in part["url"] else (200, found) for part in parts]
        replies = [
            {"referenceId": part["referenceId"], "httpStatusCode": status, "httpHeaders": {}, "body": body}
            for part, (status, body) in zip(parts, bodies, strict=True)
        ]
        return httpx2.Response(200, json={"compositeResponse": replies})

    return answer


EMAIL, PHONE = Question("Lead", "Email", "ann@x.example"), Question("Lead", "Phone", "123")


@pytest.mark.shows("P10")
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_QUERY_FILTER_OPERATOR", errors.SalesforceRefusedError),
        ("INVALID_FIELD", errors.FieldUnknownError),
        ("QUERY_TIMEOUT", errors.Replan),
        ("INVALID_QUERY_LOCATOR", errors.Replan),
    ],
)
async def test_a_refused_query_stops_only_its_own_questions(answering, calls, code, kind):
    asked = await lookup.inquire(answering(_refusing("Phone", code)), [EMAIL, PHONE], {}, calls)
    assert (asked.answers, [PHONE], True) == ({EMAIL: ()}, list(asked.refused), isinstance(asked.refused[PHONE], kind))


@pytest.mark.parametrize("code", ["SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"])
async def test_a_query_refused_for_the_whole_org_stops_all(answering, calls, code):
    with pytest.raises(errors.RetryLater):
        await lookup.inquire(answering(_refusing("Phone", code)), [EMAIL, PHONE], {}, calls)


async def test_who_needs_every_answer_is_told_of_the_first_refusal(answering, calls):
    with pytest.raises(errors.SalesforceRefusedError):
        await lookup.ask(answering(_refusing("Phone", "MALFORMED_QUERY")), [EMAIL, PHONE], {}, calls)
