"""Tokens, and the places errors quote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localorg.soql.problems import QueryError, place
from localorg.soql.tokens import Kind, tokenize


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Name__c", Kind.WORD),
        ("'it\\'s'", Kind.STRING),
        ("''", Kind.STRING),
        ("-5.25e3", Kind.NUMBER),
        (".5", Kind.NUMBER),
        ("2026-11-20", Kind.DATE),
        ("2026-11-20T10:00:00.5+01:00", Kind.MOMENT),
        ("2026-11-20T10:00:00Z", Kind.MOMENT),
        ("10:00:00Z", Kind.TIME),
        ("LAST_N_DAYS:7", Kind.RELATIVE),
        ("USD5.50", Kind.MONEY),
        ("<>", Kind.SYMBOL),
        (">=", Kind.SYMBOL),
        ("#", Kind.SYMBOL),
        ("é", Kind.SYMBOL),
    ],
)
def test_a_token_has_a_kind(text, kind):
    assert [kind, Kind.END] == [token.kind for token in tokenize(text)]


def test_tokens_know_where_they_stand():
    assert [token.at for token in tokenize("SELECT\n Id FROM")] == [0, 8, 11, 15]


def test_an_unclosed_string_is_refused_where_it_begins():
    with pytest.raises(QueryError) as caught:
        tokenize("Name = 'x")
    assert caught.value.at == 7


@given(st.text(max_size=60))
def test_no_letter_is_lost(text):
    try:
        tokens = tokenize(text)
    except QueryError:
        return
    assert "".join(text.split()) == "".join("".join(token.text for token in tokens[:-1]).split())


def test_a_short_line_is_quoted_whole():
    assert place("SELECT Foo FROM Lead", 7) == "\nSELECT Foo FROM Lead\n       ^\nERROR at Row:1:Column:8"


def test_a_row_is_a_line_of_the_statement():
    assert place("SELECT Id\nFROM Nope\nLIMIT 1", 15) == "\nFROM Nope\n     ^\nERROR at Row:2:Column:6"


def test_the_end_of_the_statement_is_a_place():
    assert place("SELECT Id FROM", 14) == "\nSELECT Id FROM\n              ^\nERROR at Row:1:Column:15"


def test_four_words_stand_before_the_culprit_and_five_after():
    assert place("a b c d e X f g h i j k", 10) == "\nb c d e X f g h i j\n        ^\nERROR at Row:1:Column:11"


def test_a_string_counts_as_one_word():
    assert place("a b 'one two' c d X", 18).startswith("\nb 'one two' c d X\n")
