"""The Metadata API over SOAP: definitions, deploys, sessions that end, and refusals that say what to do."""

import httpx2
import pytest

from crosswalk import errors
from crosswalk.salesforce import xml_text
from crosswalk.salesforce.metadata_api import MetadataApi


async def free():
    """Stand where a budget is not asked."""


@pytest.fixture
def metadata(client):
    return MetadataApi(client, free)


async def test_what_exists_is_read_by_the_name_asked_for(metadata):
    found = await metadata.read("CustomObject", ["Lead", "Nowhere__c"])
    assert ["Lead"] == list(found)


async def test_more_than_ten_names_take_several_calls(metadata, journal):
    names = [f"Nowhere_{number}__c" for number in range(11)]
    assert ({}, 2) == (await metadata.read("CustomObject", names), len(journal.pending))


async def test_a_session_that_has_ended_is_renewed(metadata, org, org_tokens):
    await metadata.read("CustomObject", ["Lead"])
    org.org.sessions.expire(org_tokens.token.access_token)
    await metadata.read("CustomObject", ["Lead"])
    assert 2 == org_tokens.logins


async def test_a_zip_that_is_none_is_refused_and_nothing_is_left_open(metadata):
    with pytest.raises(errors.SalesforceRefusedError):
        await metadata.deploy(b"no zip")


@pytest.mark.parametrize("text", ["<!DOCTYPE a><a/>", "<a>"])
def test_xml_that_is_none_or_declares_entities_is_refused(text):
    with pytest.raises(ValueError, match=r"entities|no element"):
        xml_text.read(text.encode())


def test_what_is_written_is_read_back():
    content = {"fullName": "A & B", "list": [{"name": "1"}, {"name": "2"}], "flag": "true", "none": None}
    found = xml_text.read(xml_text.document("Thing", content).encode())
    assert {"fullName": "A & B", "flag": "true", "list": [{"name": "1"}, {"name": "2"}]} == found


async def test_a_lost_answer_to_a_deploy_is_told_as_such(answering):
    def cut(_request):
        raise httpx2.ReadError("cut")

    with pytest.raises(errors.ReplyLost):
        await MetadataApi(answering(cut), free).deploy(b"zip")


async def test_an_answer_that_is_no_envelope_is_a_lost_one(answering):
    with pytest.raises(errors.ReplyLost):
        await MetadataApi(answering(lambda _request: httpx2.Response(200, text="<html/>")), free).deploy(b"zip")
