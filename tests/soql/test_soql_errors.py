# the statements are SOQL
"""Every case of errors.yaml: a statement, the code it is refused with, words of the message, and the place in it.

A case without a place expects none: Salesforce names no row and column there.
"""

import re
from pathlib import Path

import pytest
import yaml

from localorg.errors import SalesforceError

CASES = yaml.safe_load((Path(__file__).parent / "errors.yaml").read_text(encoding="utf-8"))
PLACE = re.compile(r"\A\n.*\n( *)\^\nERROR at Row:(\d+):Column:(\d+)\n")


def refusal(org, statement):
    with pytest.raises(SalesforceError) as caught:
        org.ask(statement)
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=[case["query"][:90] for case in CASES])
def test_a_wrong_statement_is_refused_as_salesforce_would(org, case):
    error = refusal(org, case["query"])
    assert (400, case["code"]) == (error.status, error.code)
    assert org.resolved(case["says"]) in error.message
    place = PLACE.match(error.message)
    expected = tuple(case["at"]) if "at" in case else None
    assert expected == (place and (int(place[2]), int(place[3])))


def test_the_message_quotes_the_line_with_a_caret_under_the_culprit(org):
    error = refusal(org, "SELECT Foo FROM Lead")
    assert error.message.startswith("\nSELECT Foo FROM Lead\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Lead'. ")


def test_a_long_statement_is_quoted_around_the_culprit_only(org):
    error = refusal(org, "select Id, Company from Lead where Company = 3999")
    line = "Company from Lead where Company = 3999"
    assert error.message.startswith(f"\n{line}\n{' ' * 24}^\nERROR at Row:1:Column:36\nvalue of filter criterion for field 'Company' ")


def test_the_error_of_a_query_names_no_fields(org):
    assert sorted(refusal(org, "SELECT Foo FROM Lead").rows()[0]) == ["errorCode", "message"]


def test_a_statement_may_have_100_000_characters_and_no_more(org):
    longest = "SELECT Id FROM Lead WHERE Id = ''".ljust(100_000)
    assert org.ask(longest).total_size == 0
    assert refusal(org, longest + " ").message == "SOQL statements cannot be longer than 100000 characters."


def test_a_string_may_have_4_000_characters_and_no_more(org):
    assert org.ask(f"SELECT Id FROM Lead WHERE Name = '{'x' * 4_000}'").total_size == 0
    assert "maximum of 4000 characters" in refusal(org, f"SELECT Id FROM Lead WHERE Name = '{'x' * 4_001}'").message


@pytest.mark.parametrize("opening", ["(", "NOT ("])
def test_nesting_without_end_is_refused(org, opening):
    error = refusal(org, f"SELECT Id FROM Lead WHERE {opening * 5_000}Name = 'x'{')' * 5_000}")
    assert error.code == "QUERY_TOO_COMPLICATED"


def test_a_condition_too_deep_for_the_database_is_refused(org):
    nested = "Name = 'x'"
    for depth in range(49):
        nested = f"Name = 'y' {'AND' if depth % 2 else 'OR'} ({nested})"
    assert refusal(org, f"SELECT Id FROM Lead WHERE {nested}").code == "QUERY_TOO_COMPLICATED"


def test_nesting_of_one_kind_may_be_as_deep_as_the_grammar_allows(org):
    assert org.ask(f"SELECT Id FROM Lead WHERE {'(' * 50}Name = 'Lea Lund'{')' * 50}").total_size == 1


def test_a_hidden_field_is_as_unknown_as_one_that_does_not_exist(org):
    with pytest.raises(SalesforceError, match="No such column 'Email' on entity 'Lead'"):
        org.ask("SELECT Email FROM Lead", visible=lambda object_name, field_name: (object_name, field_name) != ("Lead", "Email"))


def test_a_hidden_lookup_hides_its_relationship(org):
    with pytest.raises(SalesforceError, match="Didn't understand relationship 'Owner'"):
        org.ask("SELECT Owner.Name FROM Lead", visible=lambda _, field_name: field_name != "OwnerId")


def test_fields_of_everything_leaves_hidden_ones_out(org):
    found = org.ask("SELECT FIELDS(ALL) FROM Session__c LIMIT 1", visible=lambda _, field_name: field_name != "Minutes__c")
    assert list(found.records[0]) == ["attributes", "Id", "Name", "Lead__c"]


def test_subqueries_nest_once_before_version_58(org):
    statement = "SELECT Id, (SELECT Id, (SELECT Id FROM Answers__r) FROM Sessions__r) FROM Lead"
    with pytest.raises(SalesforceError, match="from version 58 on"):
        org.ask(statement, base_path="/services/data/v57.0")
    assert org.ask(statement, base_path="/services/data/v58.0").total_size == 5
