# the statements are SOQL
"""What crosswalk writes, the local org reads: two pieces of code that share nothing agree on quotes and escapes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswalk.salesforce import soql
from localorg import ids
from localorg.soql.parser import parse
from localorg.soql.tree import Text

# SQLite's comparison of text that ignores case ends at a NUL, so that no such value is looked up here.
STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
TRICKY = st.text(st.sampled_from("\\'%_\n\r\t\b\f\"an "), min_size=1, max_size=12)


@given(st.text(st.characters(), max_size=60) | TRICKY)
def test_a_literal_means_the_value_it_was_made_of(value):
    query = parse(f"SELECT Id FROM Lead WHERE LastName = {soql.literal(value)}")
    assert Text(value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")) == query.where.value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STORABLE | TRICKY)
def test_a_stored_value_is_found_by_its_literal_and_nothing_else_is(scratch_org, value):
    held = [{"Id": ids.record_id("00Q", 1), "LastName": value}, {"Id": ids.record_id("00Q", 2), "LastName": f"{value}!"}]
    scratch_org.replace_all("Lead", held)
    literal = soql.literal(value)
    for condition in (f"LastName = {literal}", f"LastName IN ({literal}, 'nobody at all')"):
        found = scratch_org.ask(f"SELECT Id FROM Lead WHERE {condition}").records
        assert [record["Id"] for record in found] == [ids.record_id("00Q", 1)]
