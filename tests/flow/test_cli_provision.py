"""`provision` at the command line: it shows, asks, changes, and leaves with a code."""

import httpx2
import pytest
import structlog
from tests.flow.test_cli_commands import Installation
from tests.processes import org_in_a_thread


@pytest.fixture(scope="module")
def org_address():
    with org_in_a_thread() as address:
        yield address


@pytest.fixture
def installed(tmp_path, org_address):
    """Return an installation with the workspace applied, beside an org as Salesforce hands it out."""
    with httpx2.Client(base_url=org_address) as org:
        org.post("/localorg/reset").raise_for_status()
        made = Installation(tmp_path, org)
        made.run("apply", made.workspace, "--yes")
        yield made
    structlog.reset_defaults()


@pytest.mark.shows("BX-10")
def test_the_list_is_shown_and_nothing_happens_without_a_yes(installed):
    found = installed.run("provision", "livestorm", answer="n\n")
    shown = (
        "+ Custom field CampaignMember.Livestorm_Replay_Status__c, Text(255): Holds whether the person watched the replay." in found.output
    )
    assert (1, True, True) == (found.exit_code, shown, "Nothing was changed." in found.output)


def test_a_yes_changes_the_org_and_the_second_run_finds_nothing_to_do(installed):
    first, second = (installed.run("provision", "livestorm", "--yes") for _ in range(2))
    assert (0, 0, True) == (first.exit_code, second.exit_code, "Nothing to do" in second.output)


def test_the_doctor_fails_on_a_fresh_org_and_is_content_after_provisioning(installed):
    before = installed.run("doctor").exit_code
    installed.run("provision", "livestorm", "rudderstack", "--yes")
    assert (1, 0) == (before, installed.run("doctor").exit_code)


@pytest.mark.shows("C-09")
def test_what_is_a_choice_is_asked(installed):
    found = installed.run("provision", "kaltura", answer="y\nn\n")
    assert "Custom field CampaignMember.external_id__c, Text(50), required, unique, External ID" in found.output


def test_files_are_written_without_asking_any_org(installed):
    found = installed.run("provision", "livestorm", "--sfdx", str(installed.folder / "sf"))
    field = installed.folder / "sf/force-app/main/default/objects/CampaignMember/fields/Livestorm_Replay_Status__c.field-meta.xml"
    assert (0, True, True) == (
        found.exit_code,
        field.exists(),
        "each campaign needs: Registered, Did not attend, Attended." in found.output,
    )


def test_an_unknown_connection_is_told(installed):
    found = installed.run("provision", "livestorm", "--connection", "nowhere")
    assert (1, True) == (found.exit_code, "there is: sales" in found.output)
