# the statements are SOQL
"""The database and plain Python agree on what a query keeps, and in which order.

A condition is generated as a pair: its SOQL, and a function that judges one record by the rules of the language alone. Text is ASCII:
beyond it, comparison is left to SQLite, which knows no case there.
"""

import re
from operator import eq, ge, gt, le, lt, ne

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localorg import ids

EMAILS = st.none() | st.text("aAbB_%\\'[^", min_size=1, max_size=3)
CODES = st.none() | st.text("aA*?[]", min_size=1, max_size=3)
SCORES = st.none() | st.integers(-3, 3).map(float) | st.sampled_from([0.5, -1.25])
DAYS = st.none() | st.integers(10, 28).map(lambda day: f"2026-11-{day}T12:00:00.000+0000")
TOPICS = st.none() | st.lists(st.sampled_from(["api", "crm", "web"]), min_size=1, unique=True).map(lambda chosen: ";".join(sorted(chosen)))

RECORDS = st.lists(
    st.fixed_dictionaries(
        {"Email": EMAILS, "Code__c": CODES, "Score__c": SCORES, "IsConverted": st.booleans(), "CreatedDate": DAYS, "Topics__c": TOPICS}
    ),
    max_size=8,
)


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def null_or(literal):
    return lambda value: "NULL" if value is None else literal(value)


def moment(stored):
    return stored.replace("+0000", "Z")


def lowered(value):
    return value.lower() if isinstance(value, str) else value


# field → (values to compare with, how to write one, how two compare)
COLUMNS = {
    "Email": (EMAILS, null_or(quoted), lowered),
    "Code__c": (CODES, null_or(quoted), lambda value: value),
    "Score__c": (SCORES, null_or(repr), lambda value: value),
    "CreatedDate": (DAYS, null_or(moment), lambda value: value),
}
EQUALITIES = {"=": eq, "!=": ne, "<>": ne}
ORDERINGS = {"<": lt, "<=": le, ">": gt, ">=": ge}


@st.composite
def comparisons(draw):
    name = draw(st.sampled_from(sorted(COLUMNS)))
    values, literal, fold = COLUMNS[name]
    value = draw(values)
    operator = draw(st.sampled_from(sorted(EQUALITIES if value is None else EQUALITIES | ORDERINGS)))

    def judge(record):
        held = record[name]
        if operator in EQUALITIES:
            return EQUALITIES[operator](fold(held), fold(value))
        return held is not None and ORDERINGS[operator](fold(held), fold(value))

    return f"{name} {operator} {literal(value)}", judge


@st.composite
def memberships(draw):
    name = draw(st.sampled_from(sorted(COLUMNS)))
    values, literal, fold = COLUMNS[name]
    listed = draw(st.lists(values, min_size=1, max_size=4))
    negated = draw(st.booleans())
    text = f"{name} {'NOT IN' if negated else 'IN'} ({', '.join(literal(value) for value in listed)})"
    return text, lambda record: (fold(record[name]) in {fold(value) for value in listed}) != negated


@st.composite
def likenesses(draw):
    name, flags = draw(st.sampled_from([("Email", re.IGNORECASE), ("Code__c", 0)]))
    pieces = draw(st.lists(st.sampled_from("aAbB*?[]^%_") | st.sampled_from([r"\%", r"\_", r"\\", r"\'"]), max_size=4))
    expression = "".join({"%": ".*", "_": "."}.get(piece, re.escape(piece[-1])) for piece in pieces)
    negated = draw(st.booleans())

    def judge(record):
        held = record[name]
        return (held is not None and re.fullmatch(expression, held, flags | re.DOTALL) is not None) != negated

    return f"{name} {'NOT LIKE' if negated else 'LIKE'} '{''.join(pieces)}'", judge


@st.composite
def choices(draw):
    wanted = draw(st.lists(st.lists(st.sampled_from(["api", "crm", "web", "zip"]), min_size=1, max_size=2), min_size=1, max_size=3))
    negated = draw(st.booleans())

    def judge(record):
        held = set((record["Topics__c"] or "").split(";"))
        return any(set(group) <= held for group in wanted) != negated

    listed = ", ".join(quoted(";".join(group)) for group in wanted)
    return f"Topics__c {'EXCLUDES' if negated else 'INCLUDES'} ({listed})", judge


@st.composite
def flags(draw):
    value, differs = draw(st.booleans()), draw(st.booleans())
    return f"IsConverted {'!=' if differs else '='} {value}", lambda record: (record["IsConverted"] == value) != differs


def joined(terms):
    joint, parts = terms
    together = all if joint == "AND" else any
    return f" {joint} ".join(f"({text})" for text, _ in parts), lambda record: together(judge(record) for _, judge in parts)


def opposite(term):
    text, judge = term
    return f"NOT ({text})", lambda record: not judge(record)


CONDITIONS = st.recursive(
    comparisons() | memberships() | likenesses() | choices() | flags(),
    lambda inner: inner.map(opposite) | st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=4)).map(joined),
    max_leaves=8,
)
KEYS = st.lists(
    st.tuples(st.sampled_from([*sorted(COLUMNS), "IsConverted"]), st.booleans(), st.sampled_from([None, False, True])),
    max_size=3,
    unique_by=lambda key: key[0],
)


def order_by(keys):
    nulls = {None: "", False: " NULLS FIRST", True: " NULLS LAST"}
    return ", ".join([f"{name}{' DESC' if descending else ''}{nulls[last]}" for name, descending, last in keys] + ["Id"])


def in_order(records, keys):
    found = sorted(records, key=lambda record: record["Id"])
    # Sorting is stable, so the last key goes first.
    for name, descending, nulls_last in reversed(keys):
        fold = COLUMNS[name][2] if name in COLUMNS else bool
        present = [record for record in found if record[name] is not None]
        absent = [record for record in found if record[name] is None]
        present.sort(key=lambda record, name=name, fold=fold: fold(record[name]), reverse=descending)
        found = present + absent if nulls_last else absent + present
    return found


def stored(records):
    return [{"Id": ids.record_id("00Q", number), **record} for number, record in enumerate(records, start=1)]


def test_rows_are_those_the_language_keeps_in_the_order_it_says(scratch_org, examples):
    @settings(max_examples=examples(400, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(RECORDS, CONDITIONS, KEYS, st.none() | st.integers(0, 5), st.none() | st.integers(0, 3))
    def agree(records, condition, keys, limit, offset):
        text, judge = condition
        records = stored(records)
        scratch_org.replace_all("Lead", records)
        window = slice(offset or 0, None if limit is None else (offset or 0) + limit)
        clauses = ("" if limit is None else f" LIMIT {limit}") + ("" if offset is None else f" OFFSET {offset}")
        found = scratch_org.ask(f"SELECT Id FROM Lead WHERE {text} ORDER BY {order_by(keys)}{clauses}")
        kept = in_order([record for record in records if judge(record)], keys)[window]
        assert [record["Id"] for record in kept] == [record["Id"] for record in found.records]

    agree()


def test_a_count_is_the_number_of_rows(scratch_org, examples):
    @settings(max_examples=examples(100, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(RECORDS, CONDITIONS)
    def agree(records, condition):
        text, judge = condition
        scratch_org.replace_all("Lead", stored(records))
        assert sum(map(judge, records)) == scratch_org.ask(f"SELECT count() FROM Lead WHERE {text}").total_size

    agree()


def test_groups_count_what_plain_python_counts(scratch_org, examples):
    @settings(max_examples=examples(100, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(RECORDS, CONDITIONS)
    def agree(records, condition):
        text, judge = condition
        scratch_org.replace_all("Lead", stored(records))
        expected = {}
        for record in filter(judge, records):
            expected[lowered(record["Email"])] = expected.get(lowered(record["Email"]), 0) + 1
        found = scratch_org.ask(f"SELECT Email, COUNT(Id) n FROM Lead WHERE {text} GROUP BY Email").records
        assert expected == {lowered(record["Email"]): record["n"] for record in found}

    agree()
