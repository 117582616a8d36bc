"""Small builders for the plan's tests: wants, drafts, records, a described org, and answers that look like Salesforce's."""

from itertools import count

from crosswalk.model import (
    Draft,
    Field,
    MatchKey,
    ObjectType,
    OrgSchema,
    Origin,
    Question,
    Record,
    Target,
    UpdatePolicy,
    Want,
)
from crosswalk.plan.canonical import record_id18
from crosswalk.plan.decide import View
from crosswalk.plan.match import status_question

ANN = "ann@x.example"
CAMPAIGN = record_id18("701000000000001")
KEY_FIELD = "Crosswalk_Key__c"
ORG = "00D000000000001EAA"


def hmac(text):
    """Return a digest that a failing test can be read by."""
    return f"hmac({text})"


def fresh(at):
    """Return the freshness of an event that happened at second `at`."""
    return f"{at * 1_000_000:017d}.000.e{at}"


def lead_id(number):
    return record_id18(f"00Q{number:012d}")


def contact_id(number):
    return record_id18(f"003{number:012d}")


def described(name="Phone", kind="string", **more):
    return Field(name=name, label=name, type=kind, **more)


def want(field="Phone", value="1", at=1, update=UpdatePolicy.FILL_EMPTY, **more):
    facts = {"freshness": fresh(at), "delivery_id": f"d{at}", "row": f"row.{field}"} | more
    return Want(field=field, value=value, update=update, **facts)


def key(field="Email", value=ANN, namespace="person"):
    return MatchKey(field, value, f"{namespace}:{field.lower()}={value}")


def target(name="Lead", keys=(), wants=(), step=None):
    return Target(name, step or name.lower(), tuple(keys), tuple(wants))


def draft(*targets, at=1, delivery=None, sync="sync", step="person", **more):
    """Return a draft of one delivery whose claims are those of its keys."""
    claims = more.pop("claims", None) or tuple(dict.fromkeys(one.claim for each in targets for one in each.keys))
    origin = Origin(delivery or f"d{at}", sync, 1, step, fresh(at), "lane")
    facts = {"create": targets[-1].object if targets else None, "key": claims[0] if claims else ""} | more
    return Draft(origins=(origin,), step=step, targets=targets, claims=claims, **facts)


def person(keys=None, wants=(), search=("Contact", "Lead"), **more):
    """Return the draft of a person who may be a Contact or a Lead, with the same wants on both."""
    keys = [key()] if keys is None else keys
    return draft(*(target(name, keys, wants) for name in search), **more)


def record(object_name, record_id, **fields):
    return Record(object_name, record_id, {"Id": record_id, **fields})


def lead(number=1, **fields):
    return record("Lead", lead_id(number), **fields)


def contact(number=1, **fields):
    return record("Contact", contact_id(number), **fields)


def converted_lead(number=1, into=1, **fields):
    facts = {"IsConverted": True, "ConvertedContactId": contact_id(into) if into else None}
    return lead(number, **(facts | fields))


def by_key(object_name, *found, field="Email", value=ANN, within=None):
    """Return the answer to the look-up of a match key."""
    return {Question(object_name, field, value, within=within): found}


def by_id(object_name, record_id, *found):
    """Return the answer to the look-up of a known id."""
    return {Question(object_name, "Id", record_id18(record_id), deleted=True): found}


def nobody(*searched, field="Email", value=ANN):
    """Return answers without a hit for the match key in each object."""
    return {Question(name, field, value): () for name in searched or ("Contact", "Lead")}


def statuses(*labels):
    """Return the campaign's member statuses as answered."""
    rows = tuple(record("CampaignMemberStatus", f"01Y{place}", CampaignId=CAMPAIGN, Label=label) for place, label in enumerate(labels))
    return {status_question(CAMPAIGN): rows}


def _object(name, *fields, key_field=True):
    plain = [described("Id", "id", createable=False, updateable=False)]
    plain += [described(KEY_FIELD, "string", unique=True, external_id=True)] if key_field else []
    return ObjectType(name, name, {one.name.lower(): one for one in (*plain, *fields)})


def _person(name, *fields):
    texts = [described(field) for field in ("FirstName", "Phone", "Title", "Description")]
    required = described("LastName", nillable=False)
    owner = described("OwnerId", "reference", reference_to=("User",))
    return _object(name, *texts, required, owner, described("Email", "email"), described("HasOptedOutOfEmail", "boolean"), *fields)


def org(*, key_field=True, person_accounts=False):
    """Return a described org: persons, members, accounts, cases, users."""
    marks = [described("IsPersonAccount", "boolean", createable=False, updateable=False)] if person_accounts else []
    lead_fields = [
        described("Company", nillable=False),
        described("Status", "picklist"),
        described("IsConverted", "boolean", createable=False, updateable=False),
        described("ConvertedContactId", "reference", createable=False, updateable=False),
    ]
    objects = [
        _person("Lead", *lead_fields),
        _person("Contact", described("AccountId", "reference", reference_to=("Account",)), *marks),
        _object("Account", described("Name"), described("PersonEmail", "email"), *marks),
        _object("Case", described("Subject"), described("ContactId", "reference"), described("AccountId", "reference", nillable=False)),
        _object("User", described("Email", "email"), described("IsActive", "boolean")),
        _object("CampaignMemberStatus", described("CampaignId", "reference"), described("Label"), key_field=False),
        _object(
            "CampaignMember",
            described("CampaignId", "reference", updateable=False),
            described("LeadId", "reference", updateable=False),
            described("ContactId", "reference", updateable=False),
            described("Status", "picklist"),
            described("external_id__c", unique=True),
        ),
    ]
    schema = OrgSchema({one.name.lower(): one for one in objects})
    if key_field:
        return schema
    return OrgSchema({name: _without(one, KEY_FIELD) for name, one in schema.objects.items()})


def _without(one, name):
    return ObjectType(one.name, one.label, {key: field for key, field in one.fields.items() if field.name != name})


def view(states=(), schema=None, key_field=KEY_FIELD):
    """Return what a decision may know; change ids are counted."""
    numbers = count(1)
    remembered = {state.record_id: state for state in states}
    return View(schema or org(), remembered, ORG, key_field, hmac, lambda: f"change{next(numbers)}")
