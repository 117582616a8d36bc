"""Pieces of SQL."""

import sqlite3

import pytest

from localorg.soql import sql
from localorg.soql.sql import Sql


def test_parameters_keep_the_order_of_their_question_marks():
    found = sql.of("{} AND {}", Sql("a = ?", (1,)), Sql("b IN (?, ?)", (2, 3)))
    assert Sql("a = ? AND b IN (?, ?)", (1, 2, 3)) == found


def test_braces_in_a_piece_are_left_alone():
    assert sql.of("({})", Sql("'{}'")).text == "('{}')"


def test_a_quote_in_a_name_is_doubled():
    assert sql.name('odd"name') == '"odd""name"'


def test_one_term_needs_no_parentheses():
    assert sql.all_of([Sql("a")]).text == "a"


@pytest.mark.parametrize("count", [2, 200, 201, 12_000])
@pytest.mark.parametrize(("join", "value", "expected"), [(sql.all_of, 1, 1), (sql.any_of, 0, 0)])
def test_a_chain_of_any_length_is_understood(count, join, value, expected):
    chain = join([Sql("?", (value,))] * count)
    connection = sqlite3.connect(":memory:")
    assert (expected,) == connection.execute(f"SELECT {chain.text}", chain.parameters).fetchone()
    connection.close()


@pytest.mark.parametrize("value", ["\ud800", "a\udc00b", "😀"])
def test_storable_text_can_be_a_parameter(value):
    assert sql.storable(value).encode("utf-8")
