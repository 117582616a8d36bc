"""A small org, a small catalogue, and `mapped`, which applies a document to an event."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from crosswalk.mapping import apply, document
from crosswalk.model import Attribute, Event, Field, ObjectType, OrgSchema, SourceType

NOW = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)


def text(name, length=255, kind="string", **facts):
    return Field(name, name, kind, length=length, **facts)


def described(name, *fields):
    return ObjectType(name, name, {field.name.lower(): field for field in fields})


@pytest.fixture(scope="session")
def org():
    person = (
        text("Email", 80, "email"),
        text("FirstName", 40),
        text("LastName", 80, nillable=False),
        text("Title", 20),
        text("Phone", 40, "phone"),
        text("Number__c", 18, "string", external_id=True, case_sensitive=True),
        text("Rating", 40, "picklist", restricted=True, picklist=("Hot", "Warm", "Cold")),
        text("HasOptedOut", 0, "boolean"),
        text("Score__c", 0, "double", precision=6, scale=2),
        text("SeenAt__c", 0, "datetime"),
        text("SeenOn__c", 0, "date"),
        text("Topics__c", 4099, "multipicklist", restricted=True, picklist=("api", "reporting")),
        text("OwnerId", 18, "reference", nillable=False, defaulted=True, reference_to=("User",)),
    )
    objects = (
        described(
            "Lead",
            *person,
            text("Company", nillable=False),
            text("newProp__c"),
            text("IsConverted", 0, "boolean", createable=False, updateable=False),
            text("CleanStatus", 40, updateable=False),
            text("Secret__c", filterable=False),
        ),
        described("Contact", *person, text("AccountId", 18, "reference", reference_to=("Account",))),
        described("Account", text("Name", nillable=False), text("Notes", 32_000, "textarea", filterable=False)),
        described(
            "CampaignMember",
            text("CampaignId", 18, "reference", nillable=False, updateable=False),
            text("LeadId", 18, "reference", updateable=False),
            text("ContactId", 18, "reference", updateable=False),
            text("Status", 40, "picklist", restricted=True, picklist=("Sent", "Responded")),
        ),
        described("Case", text("Subject"), text("ContactId", 18, "reference", reference_to=("Contact",))),
        described("Invoice__c", text("Amount__c", 0, "currency", precision=18, scale=2), text("Name")),
    )
    return OrgSchema({found.name.lower(): found for found in objects})


@pytest.fixture(scope="session")
def catalogue():
    kinds = {
        "email": SourceType.EMAIL,
        "first_name": SourceType.TEXT,
        "last_name": SourceType.TEXT,
        "job_title": SourceType.TEXT,
        "company": SourceType.TEXT,
        "phone": SourceType.PHONE,
        "user_id": SourceType.TEXT,
        "rating": SourceType.SELECT,
        "opted_out": SourceType.BOOLEAN,
        "score": SourceType.NUMBER,
        "count": SourceType.INTEGER,
        "seen_at": SourceType.DATETIME,
        "topics": SourceType.LIST,
        "link": SourceType.URL,
    }
    attributes = [Attribute(key, key, kind, (f"traits.{key}", f"context.traits.{key}")) for key, kind in kinds.items()]
    attributes.append(Attribute("status", "status", SourceType.SELECT, ("@type",)))
    attributes.append(
        Attribute("rate", "rate", SourceType.NUMBER, ("traits.rate",), event_types=frozenset({"people.attended"}), varies=True),
    )
    return tuple(attributes)


@pytest.fixture
def event():
    def make(payload=None, **facts):
        given = {"id": "e1", "source_id": "s1", "type": "people.registered", "occurred_at": NOW, "received_at": NOW, **facts}
        return Event(payload={} if payload is None else payload, **given)

    return make


def a_row(field, attribute=None, **more):
    return {"field": field, "entry": {"attribute": attribute} if isinstance(attribute, str | list) else attribute, **more}


@pytest.fixture
def row():
    return a_row


@pytest.fixture
def lead_step(row):
    """Return a function that makes a person step on Lead with the given rows."""

    def make(*rows, **more):
        return {"name": "lead", "object": "Lead", "person": True, "match": [row("Email", "email")], "rows": list(rows), **more}

    return make


@pytest.fixture
def whole():
    """Return a function that makes a document of steps."""

    def make(*steps, **more):
        searched = [step["object"] for step in steps if step.get("person")]
        person = {"search": searched or ["Lead"], "create": "Lead" if "Lead" in searched else None, **more.pop("person", {})}
        return {"source": "test", "steps": list(steps), "person": person, **more}

    return make


@pytest.fixture
def mapped(org, catalogue):
    """Return a function that applies a document (as plain data) to an event."""

    def apply_to(data, event, *, learnt=None, campaign=None, schema=None, zone="Europe/Paris", **more):
        compiled = apply.compile(
            document.parse(data),
            catalogue,
            schema or org,
            sync_id="sync",
            version=3,
            position=2,
            source_kind="test",
            **more,
        )
        context = apply.Context(learnt or {}, campaign, ZoneInfo(zone))
        applied = compiled.apply(event, "d1", "lane", context)
        drafts = {draft.step: draft for draft in applied.drafts}
        return SimpleNamespace(drafts=drafts, unmapped=applied.unmapped, notes=compiled.notes, applied=applied)

    return apply_to


@pytest.fixture
def wants():
    """Return a function from a draft to {field: value} of what is wanted, placeholders left out."""

    def of(draft, target=0):
        return {want.field: want.value for want in draft.targets[target].wants if not want.placeholder}

    return of
