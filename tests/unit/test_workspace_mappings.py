"""What a sync changes of its preset goes into the document that is stored."""

import pytest

from crosswalk.workspace import mappings
from crosswalk.workspace.document import SyncSpec


def mapping(override):
    sync = SyncSpec.model_validate({"name": "events", "connection": "sales", "source": "site", "preset": "kaltura", "override": override})
    return mappings.of(sync, "syncs[0]", "kaltura", {})


@pytest.mark.shows("G-04")
def test_a_step_may_write_another_object_than_its_preset():
    document, problems = mapping({"objects": {"polls": "Kaltura_User_Polls_c__c"}})
    assert ("Kaltura_User_Polls_c__c", []) == (next(step["object"] for step in document["steps"] if step["name"] == "polls"), problems)


def test_a_step_that_the_preset_does_not_have_is_told():
    _, problems = mapping({"objects": {"pools": "Pool__c"}})
    assert ["The preset has no step 'pools' to change; it has lead, contact, member, engagement, polls."] == [
        each.sentence for each in problems
    ]
