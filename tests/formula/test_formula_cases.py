"""Formulas as data: each line of the text files is a case."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.mapping.formula.compile import formula_reader
from crosswalk.mapping.formula.functions import ARITIES
from crosswalk.mapping.formula.tokens import FormulaSyntaxError
from crosswalk.mapping.formula.values import FormulaError
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.reading import Sources
from crosswalk.mapping.rows import formula_resolver
from crosswalk.model import Attribute, Event, SourceType

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
TYPES = {
    "t": SourceType.TEXT,
    "n": SourceType.NUMBER,
    "b": SourceType.BOOLEAN,
    "d": SourceType.DATE,
    "m": SourceType.DATETIME,
}
SOURCES = Sources({key: Attribute(key, key, kind, (key,)) for key, kind in TYPES.items()}, "test")


def lines(name):
    """Return the cases of a file with their line number, which names the test."""
    text = (HERE / f"{name}.txt").read_text().splitlines()
    return [pytest.param(*line.split("\t"), id=f"{name}:{number}") for number, line in enumerate(text, 1) if line and line[0] != "#"]


def evaluate(formula, payload):
    event = Event("1", "s", "e", NOW, NOW, payload)
    return formula_reader(formula, formula_resolver(SOURCES))(event, PARIS)


def spelled(value):
    """Write a result as the files do."""
    if value is ABSENT:
        return "@ absent"
    if isinstance(value, FormulaError):
        return f"! {value.position + 1}: {value.message}"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.shows("BX-01")
@pytest.mark.parametrize(("formula", "payload", "expected"), [*lines("text"), *lines("logic"), *lines("numbers"), *lines("dates")])
def test_a_formula_gives(formula, payload, expected):
    assert expected == spelled(evaluate(formula, json.loads(payload)))


@pytest.mark.parametrize(("formula", "character", "expected"), lines("refused"))
def test_a_formula_that_cannot_be_read_says_where_and_what_was_expected(formula, character, expected):
    with pytest.raises(FormulaSyntaxError) as refused:
        evaluate(formula, {})
    assert (int(character), True) == (refused.value.position + 1, expected in refused.value.sentence)


def test_every_function_has_a_case():
    text = "".join((HERE / f"{name}.txt").read_text().upper() for name in ("text", "logic", "numbers", "dates"))
    assert [name for name in ARITIES if f"{name}(" not in text] == []


@pytest.mark.parametrize(
    "formula",
    ["(" * 100 + "1" + ")" * 100, "+".join(["1"] * 400), "NOT(" * 100 + "TRUE" + ")" * 100, "1" * 10_001, "-" * 200 + "1"],
)
def test_a_formula_too_deep_or_too_long_is_refused(formula):
    with pytest.raises(FormulaSyntaxError):
        evaluate(formula, {})


def test_the_deepest_formula_allowed_runs():
    assert evaluate("+".join(["1"] * 301), {}) == 301


def test_text_cannot_be_made_to_explode():
    formula = 'SUBSTITUTE(SUBSTITUTE({t}, "a", {t}), "a", {t})'
    assert evaluate(formula, {"t": "a" * 5_000}).message == "the text becomes too long"


LEAVES = ["{t}", "{n}", "{b}", "{d}", "{m}", "{x.y}", "1", "0", '"a"', ")", ",", "+", "-", "/", "&", "=", "<", "^", " "]
fragments = st.sampled_from([*(f"{name}(" for name in ARITIES), *LEAVES])
payloads = st.fixed_dictionaries(
    {},
    optional={key: st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.text()) for key in "tnbdmx"},
)


@settings(deadline=None)
@given(st.lists(fragments, max_size=12).map("".join), payloads)
def test_a_formula_is_refused_or_never_raises_and_always_gives_the_same(formula, payload):
    try:
        first = evaluate(formula, payload)
    except FormulaSyntaxError:
        return
    assert spelled(first) == spelled(evaluate(formula, payload))


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)


@settings(deadline=None)
@given(st.sampled_from(sorted(ARITIES)), st.lists(values, min_size=6, max_size=6), st.permutations("tnbdm"))
def test_every_function_takes_any_value_without_raising(name, held, order):
    count = {"CASE": 4}.get(name, ARITIES[name].least)
    formula = f"{name}({', '.join('{' + key + '}' for key in order[:count])})"
    spelled(evaluate(formula, dict(zip(order, held, strict=False))))
