import json
from pathlib import Path

import pytest

from crosswalk.mapping import forms
from crosswalk.sources.livestorm import Livestorm

SAMPLES = Path(__file__).parents[2] / "samples" / "livestorm"
WORKSPACE = {"people_attributes": [{"slug": "topics_of_interest", "type": "multiple_select"}]}
ATTRIBUTES = {attribute.key: attribute for attribute in Livestorm().catalogue(WORKSPACE)}


@pytest.fixture
def unanswered():
    """Return somebody who left two optional questions of the form unanswered."""
    people = json.loads((SAMPLES / "list_session_people_page.json").read_text("utf-8"))["data"]
    return {"data": next(one for one in people if one["attributes"]["first_name"] == "Tomasz")}


@pytest.mark.shows("LS-15")
@pytest.mark.parametrize("key", ["phone", "city", "country", "website"])
def test_what_the_form_does_not_have_is_not_asked_for(unanswered, key):
    assert forms.asks(ATTRIBUTES[key], unanswered) is False


@pytest.mark.parametrize("key", ["company", "job_title", "topics_of_interest", "email"])
def test_what_the_form_has_is_asked_for_whether_or_not_it_was_answered(unanswered, key):
    assert forms.asks(ATTRIBUTES[key], unanswered) is True


@pytest.mark.parametrize("key", ["utm_source", "session_status", "connection_link"])
def test_what_is_no_field_of_a_form_is_neither(unanswered, key):
    assert forms.asks(ATTRIBUTES[key], unanswered) is None
