# the statements are SOQL
"""What the database does for a query: the indexes it uses, and that a long list costs one statement."""

import re
from datetime import UTC, datetime

import pytest

from localorg import ids
from localorg.soql import to_sql
from localorg.soql.parser import parse
from localorg.soql.scope import Request


@pytest.fixture(scope="module")
def busy_org(scratch_org):
    """Build an org with 2,000 leads and indexes on what is looked up."""
    scratch_org.connection.execute('CREATE UNIQUE INDEX lead_id ON "Lead" ("Id")')
    scratch_org.connection.execute('CREATE INDEX lead_email ON "Lead" ("Email")')
    scratch_org.insert("Lead", [{"Id": ids.record_id("00Q", number), "Email": f"p{number}@x.example"} for number in range(2_000)])
    return scratch_org


def compiled(org, statement):
    request = Request(org.schema, lambda *_: True, datetime(2026, 11, 20, tzinfo=UTC), include_deleted=False, base_path="")
    return to_sql.compile_rows(request, parse(statement)).statement


def steps(org, statement):
    found = compiled(org, statement)
    return [row[3] for row in org.connection.execute(f"EXPLAIN QUERY PLAN {found.text}", found.parameters)]


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("Email = 'p1@x.example'", "lead_email (Email=?)"),
        ("Email IN ('p1@x.example', 'p2@x.example')", "lead_email (Email=?)"),
        ("Email LIKE 'p1%'", "lead_email (Email>? AND Email<?)"),
        ("Email = 'p1@x.example' AND Status = 'x'", "lead_email (Email=?)"),
        ("Id = '00QHr0000000001MAA'", "lead_id (Id=?)"),
        ("Id IN ('00QHr0000000001MAA')", "lead_id (Id=?)"),
        ("Id > '00QHr0000000001MAA'", "lead_id (Id>?)"),
        ("Id IN (SELECT LeadId FROM CampaignMember)", "lead_id (Id=?)"),
    ],
)
def test_a_lookup_uses_the_index(busy_org, condition, index):
    assert f"SEARCH t USING INDEX {index}" in steps(busy_org, f"SELECT Id, Name, Owner.Name FROM Lead WHERE {condition}")


def test_a_thousand_addresses_are_one_parameter(busy_org):
    listed = ", ".join(f"'P{number}@X.example'" for number in range(1_000))
    assert re.fullmatch(
        r'SELECT t\."Id" FROM "Lead" t WHERE \(t\."Email" IN .*\)', compiled(busy_org, _by_email(listed)).text.partition(" LIMIT")[0]
    )
    assert busy_org.ask(_by_email(listed)).total_size == 1_000


def test_no_value_becomes_part_of_the_sql(busy_org):
    statement = compiled(
        busy_org, "SELECT Id FROM Lead WHERE Name = 'needle' AND Email LIKE 'needle%' AND Phone IN ('needle') AND LastName != 'needle'"
    )
    assert "needle" not in statement.text


def _by_email(listed):
    return f"SELECT Id FROM Lead WHERE Email IN ({listed})"
