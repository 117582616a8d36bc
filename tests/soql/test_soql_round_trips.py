# the statements are SOQL
"""Statements, and values inside them, come out of the printer as they went into the parser."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localorg.soql import literals
from localorg.soql.parser import parse
from localorg.soql.printer import text_of
from localorg.soql.problems import QueryError
from localorg.soql.tokens import Kind, tokenize
from localorg.soql.tree import Comparison, Likeness, Text

IDENTITIES = (Path(__file__).parent / "identity.soql").read_text(encoding="utf-8").splitlines()
KEYWORDS = {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "NULL", "TRUE", "GROUP", "ORDER", "BY", "LIMIT", "OFFSET"}
VALUES = st.text(st.characters(codec=None), max_size=40) | st.text(st.sampled_from("\\'%_\n\r\t\b\f\"abu0"), max_size=12)


@pytest.mark.parametrize("statement", IDENTITIES)
def test_a_canonical_statement_prints_as_it_was_written(statement):
    assert statement == text_of(parse(statement))


@pytest.mark.parametrize("statement", IDENTITIES)
def test_case_and_white_space_of_keywords_mean_nothing(statement):
    loose = "".join(
        f"\n\t{token.text.lower()} " if token.word in {"SELECT", "FROM", "WHERE", "AND", "LIMIT", "BY"} else f" {token.text} "
        for token in tokenize(statement)[:-1]
    )
    assert parse(statement) == parse(loose)


def test_the_identities_differ():
    assert len(IDENTITIES) == len(set(IDENTITIES))


@given(VALUES)
def test_a_quoted_value_means_itself(value):
    query = parse(f"SELECT Id FROM Lead WHERE Name = {literals.quoted(value)}")
    assert Text(_whole(value)) == query.where.value


@given(VALUES)
def test_a_value_quoted_for_a_pattern_matches_itself_literally(value):
    pattern = value.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    query = parse(f"SELECT Id FROM Lead WHERE Name LIKE {literals.quoted_pattern(pattern)}")
    assert _whole(pattern) == query.where.pattern


@given(VALUES)
def test_a_quoted_value_is_one_token(value):
    assert [token.kind for token in tokenize(literals.quoted(value))] == [Kind.STRING, Kind.END]


@given(st.text(st.sampled_from("\\'%_nNrRtTbBfFu0041\"x "), max_size=20))
@settings(max_examples=300)
def test_whatever_parses_prints_to_something_that_parses_the_same(content):
    for operator, kind in (("=", Comparison), ("LIKE", Likeness)):
        try:
            tree = parse(f"SELECT Id FROM Lead WHERE Name {operator} '{content}'")
        except QueryError:
            continue
        assert isinstance(tree.where, kind)
        assert tree == parse(text_of(tree))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"\n\N", "\n\n"),
        (r"\r\R\t\T", "\r\r\t\t"),
        (r"\b\B\f\F", "\b\b\f\f"),
        (r"\"\'\\", "\"'\\"),
        (r"\u0041\u00e9", "Aé"),
        (r"\uD83D\uDE00", "😀"),
        (r"\\n", r"\n"),
    ],
)
def test_every_escape_is_understood(typed, meant):
    assert meant == parse(f"SELECT Id FROM Lead WHERE Name = '{typed}'").where.value.value


def _whole(value):
    """Return text as it is after its surrogates have met: two halves typed apart are one character."""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
