"""What a login needs is explained at its field, and the explanation leads to a section of the guide that says it in full."""

import re
from pathlib import Path

import pytest

from crosswalk.workspace import login_help
from crosswalk.workspace.document import Login

GUIDE = (Path(__file__).parents[2] / "docs" / login_help.GUIDE).read_text("utf-8")
SECTIONS = {
    heading.lower().replace(" ", "-"): text for heading, text in re.findall(r"^#+ (.+?)$(.*?)(?=^#|\Z)", GUIDE, re.MULTILINE | re.DOTALL)
}
NEEDED = sorted({name for login in Login for name in (*login.settings, *login.secrets)})


@pytest.mark.parametrize("name", NEEDED)
def test_everything_a_login_needs_has_a_help_that_leads_to_the_guide(name):
    assert login_help.HELP[name].section in SECTIONS


@pytest.mark.shows("RS-26")
@pytest.mark.parametrize("said", ["My Personal Information", "Reset My Security Token"])
def test_help_and_guide_say_where_the_security_token_is_found(said):
    found = login_help.HELP["security_token"]
    assert (True, True) == (said in found.sentence, said in SECTIONS[found.section])
