"""Mapping documents for flow tests: small ones, so that a test shows what it is about."""

MATCH = [{"field": "Email", "entry": {"attribute": "email"}}]
PERSON = {"search": ["Contact", "Lead"], "create": "Lead", "on_missing": "create", "on_duplicates": "oldest", "follow_converted": True}
STATUSES = {"people.registered": "Registered", "people.not_attended": "Did not attend", "people.attended": "Attended"}


def row(field, attribute, **more):
    """Return a row that fills a field from an attribute."""
    return {"field": field, "entry": {"attribute": attribute}, **more}


def person_steps(*rows, last_name="lastName", match=MATCH):
    """Return the two steps of a person, each with the rows given."""
    common = [row("Email", "email"), row("LastName", last_name, placeholder="n/a")]
    return [
        {
            "name": "lead",
            "object": "Lead",
            "person": True,
            "match": match,
            "rows": [*common, row("Company", "company", placeholder="n/a"), *rows],
        },
        {"name": "contact", "object": "Contact", "person": True, "match": match, "rows": [*common, *rows]},
    ]


def calls(*rows, match=MATCH, **person):
    """Return a mapping of identify calls to a Lead or Contact; `person` overrides the routing."""
    return {
        "title": "Identify calls",
        "source": "rudderstack",
        "events": ["identify"],
        "person": {**PERSON, **person},
        "steps": person_steps(*rows, match=match),
    }


def webinar(*member_rows, statuses=STATUSES, **person):
    """Return a mapping of webinar webhooks to a Lead or Contact and a Campaign Member."""
    member = {
        "name": "member",
        "object": "CampaignMember",
        "once_per": "person_and_entity",
        "parent": "person",
        "campaign": "bound",
        "rows": [
            {
                "field": "Status",
                "entry": {"attribute": "session_status"},
                "values": statuses,
                "update": "advance",
                "ladder": {"ranks": ["Sent", *statuses.values()]},
            },
            *member_rows,
        ],
    }
    return {
        "title": "Webinar",
        "source": "livestorm",
        "events": list(statuses),
        "person": {**PERSON, **person},
        "steps": [*person_steps(row("Title", "job_title"), last_name="last_name"), member],
    }
