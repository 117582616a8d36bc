"""Every case of answers/*.yaml: a query and what the seeded org says to it.

`rows` leaves the `attributes` of all records out, `records` is the exact JSON, `size` the total alone. `all` asks as queryAll does.
"""

from pathlib import Path

import pytest
import yaml

FILES = sorted((Path(__file__).parent / "answers").glob("*.yaml"))
CASES = [(file.stem, case) for file in FILES for case in yaml.safe_load(file.read_text(encoding="utf-8"))]


def without_attributes(value):
    if isinstance(value, list):
        return [without_attributes(each) for each in value]
    if isinstance(value, dict):
        return {key: without_attributes(each) for key, each in value.items() if key != "attributes"}
    return value


def key_orders(value):
    """Return the keys of every record in order: equal dictionaries may still differ in that."""
    if isinstance(value, list):
        return [key_orders(each) for each in value]
    if isinstance(value, dict):
        return [(key, key_orders(each)) for key, each in value.items()]
    return None


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['query'][:90]}" for file, case in CASES])
def test_the_org_answers_as_salesforce_would(org, file, case):
    found = org.ask(case["query"], include_deleted=case.get("all", False))
    if "size" in case:
        assert case["size"] == found.total_size
    if "rows" in case:
        assert org.resolved(case["rows"]) == without_attributes(found.records)
        assert key_orders(case["rows"]) == key_orders(without_attributes(found.records))
    if "records" in case:
        assert org.resolved(case["records"]) == found.records
        assert key_orders(case["records"]) == key_orders(found.records)
